/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/attachment.h"

#include "bulla/cursor.h"

#define FORMAT_VERSION 1

struct layout { /* of the table: where its fields lie when all are there */
#define X(field, name, bytes, meaning) uint8_t field[bytes];
    BULLA_ATTACHMENT_TABLE(X)
#undef X
};

#define DECIDES_AT offsetof(struct layout, DECIDES)
#define HAS_MD5_AT offsetof(struct layout, HAS_MD5)
#define FIXED      offsetof(struct layout, MD5) /* what lies before MD5 and name */

_Static_assert(sizeof(((struct layout *)0)->NAME) == BULLA_ATTACHMENT_NAME - 1 && sizeof(struct layout) <= BULLA_ATTACHMENT_SIZE,
               "one length");

/* ---- description ---- */

static bool may_decide(uint8_t kind)
{
    return kind == BULLA_DIGEST_SHA256 || kind == BULLA_DIGEST_SM3;
}

static size_t name_length(const char name[BULLA_ATTACHMENT_NAME])
{
    size_t n = 0;
    while (n < BULLA_ATTACHMENT_NAME && name[n])
        n++;
    return n;
}

static bool is_name(struct bulla_bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] < 0x20 || name.at[i] > 0x7E)
            return false;
    return name.len > 0 && name.len < BULLA_ATTACHMENT_NAME;
}

#define NAME_EXPECTED "1 to 63 printable ASCII characters"

enum bulla_status bulla_attachment_encode(const struct bulla_attachment *a, uint8_t bytes[BULLA_ATTACHMENT_SIZE], size_t *n,
                                          struct bulla_fault *fault)
{
    struct bulla_bytes name = {(const uint8_t *)a->name, name_length(a->name)};
    if (!may_decide(a->decides))
        return bulla_fault_set(fault, BULLA_REFUSED, "digest", "SHA-256 or SM3 to decide", DECIDES_AT);
    if (!is_name(name))
        return bulla_fault_set(fault, BULLA_REFUSED, "name", NAME_EXPECTED, FIXED + (a->has_md5 ? sizeof a->md5 : 0));
    struct bulla_writer w = bulla_writer_over(bytes, BULLA_ATTACHMENT_SIZE);
    bulla_writer_put_u8(&w, FORMAT_VERSION);
    bulla_writer_put_u8(&w, a->decides);
    bulla_writer_put_u32(&w, a->size);
    bulla_writer_put(&w, a->digest, sizeof a->digest);
    bulla_writer_put_u8(&w, a->has_md5);
    bulla_writer_put(&w, a->md5, a->has_md5 ? sizeof a->md5 : 0);
    bulla_writer_put(&w, name.at, name.len);
    *n = w.len;
    return BULLA_OK;
}

enum bulla_status bulla_attachment_decode(struct bulla_bytes bytes, struct bulla_attachment *attachment, struct bulla_fault *fault)
{
    struct bulla_cursor c = bulla_cursor_over(bytes.at, bytes.len);
    struct bulla_attachment got = {0};
    uint8_t version = bulla_cursor_get_u8(&c);
    got.decides = bulla_cursor_get_u8(&c);
    got.size = bulla_cursor_get_u32(&c);
    struct bulla_bytes digest = bulla_cursor_take(&c, sizeof got.digest);
    uint8_t has_md5 = bulla_cursor_get_u8(&c);
    struct bulla_bytes md5 = bulla_cursor_take(&c, has_md5 ? sizeof got.md5 : 0);
    struct bulla_bytes name = {c.at, c.left};
    if (c.failed)
        return bulla_fault_set(fault, BULLA_MORE, "attachment", "the rest of the description", bytes.len);
    if (version != FORMAT_VERSION)
        return bulla_fault_set(fault, BULLA_NOT_MINE, "version", "1", 0);
    if (!may_decide(got.decides))
        return bulla_fault_set(fault, BULLA_INSANE, "digest", "SHA-256 or SM3 to decide", DECIDES_AT);
    if (has_md5 > 1)
        return bulla_fault_set(fault, BULLA_INSANE, "md5", "0 or 1", HAS_MD5_AT);
    if (!is_name(name))
        return bulla_fault_set(fault, BULLA_INSANE, "name", NAME_EXPECTED, bytes.len - name.len);
    bulla_copy(got.digest, digest.at, sizeof got.digest);
    got.has_md5 = has_md5;
    if (has_md5)
        bulla_copy(got.md5, md5.at, sizeof got.md5);
    bulla_copy(got.name, name.at, name.len);
    *attachment = got;
    return BULLA_OK;
}

/* ---- transfer ---- */

enum bulla_status bulla_transfer_take(struct bulla_transfer *t, uint32_t offset, struct bulla_bytes chunk,
                                      const struct bulla_medium *medium, struct bulla_fault *fault)
{
    if (offset > t->about.size || chunk.len > t->about.size - offset)
        return bulla_fault_set(fault, BULLA_REFUSED, "chunk", "no more than the size of the file", t->about.size);
    if (offset > t->received)
        return bulla_fault_set(fault, BULLA_REFUSED, "chunk", "the byte that follows what is there", t->received);
    size_t known = t->received - offset;
    if (chunk.len <= known)
        return BULLA_OK;
    struct bulla_bytes rest = {chunk.at + known, chunk.len - known};
    if (!medium->write(medium->context, t->received, rest))
        return bulla_fault_set(fault, BULLA_FULL, "chunk", "a medium that takes it", t->received);
    t->received += (uint32_t)rest.len;
    return BULLA_OK;
}

/* The stored file through one digest. False with the offset that cannot be read. */
static bool digest_stored(const struct bulla_transfer *t, const struct bulla_medium *medium, const struct bulla_digest *digest,
                          const struct bulla_scratch *scratch, uint8_t out[BULLA_DIGEST_MAX], uint32_t *at)
{
    bool good = true;
    digest->begin(scratch->state);
    for (*at = 0; *at < t->about.size;) {
        size_t left = t->about.size - *at, n = left < scratch->chunk_size ? left : scratch->chunk_size;
        good = medium->read(medium->context, *at, scratch->chunk, n);
        if (!good)
            break;
        digest->add(scratch->state, (struct bulla_bytes){scratch->chunk, n});
        *at += (uint32_t)n;
    }
    digest->end(scratch->state, out); /* always, for a state that holds more than its bytes */
    return good;
}

enum bulla_status bulla_transfer_finish(struct bulla_transfer *t, const struct bulla_medium *medium, const struct bulla_digest *decides,
                                        const struct bulla_digest *md5, const struct bulla_scratch *scratch, struct bulla_fault *fault)
{
    const struct {
        const struct bulla_digest *digest;
        const uint8_t *expected;
        size_t size;
        uint8_t kind;
        const char *name;
    } checks[] = {
        {decides, t->about.digest, sizeof t->about.digest, t->about.decides, "digest"},
        {md5, t->about.md5, sizeof t->about.md5, BULLA_DIGEST_MD5, "md5"},
    };
    size_t n = t->about.has_md5 ? 2 : 1;
    if (t->received < t->about.size)
        return bulla_fault_set(fault, BULLA_MORE, "file", "the rest of it", t->received);
    for (size_t i = 0; i < n; i++)
        if (!checks[i].digest || checks[i].digest->kind != checks[i].kind)
            return bulla_fault_set(fault, BULLA_REFUSED, checks[i].name, "the digest that the description names", 0);
    for (size_t i = 0; i < n; i++) {
        uint8_t out[BULLA_DIGEST_MAX] = {0};
        uint32_t at;
        if (!digest_stored(t, medium, checks[i].digest, scratch, out, &at))
            return bulla_fault_set(fault, BULLA_FULL, "file", "a medium that can be read", at);
        if (bulla_compare(out, checks[i].expected, checks[i].size) != 0) {
            t->received = 0;
            return bulla_fault_set(fault, BULLA_DAMAGED, checks[i].name, "the digest of the description", 0);
        }
    }
    t->whole = true;
    return BULLA_OK;
}
