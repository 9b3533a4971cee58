/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: how a file comes to a seal, with the digests of OpenSSL.
 */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/attachment.h"
#include "platform/model/digest.h"
#include "tests/support/random.h"

#define IMAGE_SIZE (5u << 20)

static alignas(max_align_t) uint8_t state_memory[256];

static void digest_of(unsigned kind, struct bulla_bytes bytes, uint8_t out[BULLA_DIGEST_MAX])
{
    const struct bulla_digest *digest = digest_find(kind);
    assert_non_null(digest);
    assert_true(digest->state_size <= sizeof state_memory);
    digest->begin(state_memory);
    digest->add(state_memory, (struct bulla_bytes){bytes.at, bytes.len / 2});
    digest->add(state_memory, (struct bulla_bytes){bytes.at + bytes.len / 2, bytes.len - bytes.len / 2});
    digest->end(state_memory, out);
}

/* The examples of the standards: FIPS 180-2, GB/T 32905, RFC 1321, all over "abc". */
static void digests_have_their_check_values(void **state)
{
    (void)state;
    static const char *const expected[] = {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                                           "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
                                           "900150983cd24fb0d6963f7d28e17f72"};
    for (unsigned kind = BULLA_DIGEST_SHA256; kind <= BULLA_DIGEST_MD5; kind++) {
        uint8_t out[BULLA_DIGEST_MAX] = {0}, want[BULLA_DIGEST_MAX] = {0};
        assert_true(bulla_hex_get(want, expected[kind - 1], strlen(expected[kind - 1]) / 2));
        digest_of(kind, (struct bulla_bytes){(const uint8_t *)"abc", 3}, out);
        assert_memory_equal(out, want, sizeof out);
    }
    assert_null(digest_find(0));
    assert_null(digest_find(4));
}

struct memory { /* a medium that fails when it is told to */
    uint8_t *bytes;
    unsigned writes, reads;
    unsigned fail_write, fail_read; /* the nth call fails; 0: none */
};

static bool memory_write(void *context, uint32_t offset, struct bulla_bytes bytes)
{
    struct memory *m = context;
    if (++m->writes == m->fail_write)
        return false;
    memcpy(m->bytes + offset, bytes.at, bytes.len);
    return true;
}

static bool memory_read(void *context, uint32_t offset, uint8_t *to, size_t n)
{
    struct memory *m = context;
    if (++m->reads == m->fail_read)
        return false;
    memcpy(to, m->bytes + offset, n);
    return true;
}

static enum bulla_status finish(struct bulla_transfer *t, struct memory *memory, struct bulla_fault *fault)
{
    static uint8_t chunk[4096];
    const struct bulla_medium medium = {memory, memory_write, memory_read};
    const struct bulla_scratch scratch = {chunk, sizeof chunk, state_memory};
    return bulla_transfer_finish(t, &medium, digest_find(t->about.decides), digest_find(BULLA_DIGEST_MD5), &scratch, fault);
}

static struct bulla_attachment describe(struct bulla_bytes file, unsigned decides, bool md5)
{
    struct bulla_attachment a = {.decides = (uint8_t)decides, .size = (uint32_t)file.len, .has_md5 = md5, .name = "image.jpg"};
    uint8_t out[BULLA_DIGEST_MAX];
    digest_of(decides, file, a.digest);
    if (md5) {
        digest_of(BULLA_DIGEST_MD5, file, out);
        memcpy(a.md5, out, sizeof a.md5);
    }
    return a;
}

/* [WCO-7.1-10] [WCO-8-G4] [WCO-13.1-3] An image of 5 MB in chunks that are lost, repeated, reordered and overlapping, over restarts that
 * keep the transfer, arrives whole. */
static void an_image_arrives_over_a_bad_link(void **state)
{
    (void)state;
    struct random random = {42};
    uint8_t *image = malloc(IMAGE_SIZE);
    struct memory memory = {.bytes = malloc(IMAGE_SIZE), .fail_write = 50};
    const struct bulla_medium medium = {&memory, memory_write, memory_read};
    assert_true(image && memory.bytes);
    random_fill(&random, image, IMAGE_SIZE);
    struct bulla_attachment about = describe((struct bulla_bytes){image, IMAGE_SIZE}, BULLA_DIGEST_SM3, true);
    struct bulla_transfer t = bulla_transfer_of(&about);
    struct bulla_fault fault;
    unsigned gaps = 0, repeats = 0, failures = 0;
    while (t.received < IMAGE_SIZE) {
        uint32_t before = t.received;
        uint32_t offset = before > 3000 ? before - 3000 + (uint32_t)random_below(&random, 4000) : before;
        if (offset > IMAGE_SIZE)
            continue;
        size_t n = random_below(&random, 20000), left = IMAGE_SIZE - offset;
        n = n < left ? n : left;
        assert_int_equal(finish(&t, &memory, &fault), BULLA_MORE);
        assert_int_equal(fault.at, before);
        enum bulla_status status = bulla_transfer_take(&t, offset, (struct bulla_bytes){image + offset, n}, &medium, &fault);
        if (offset > before) {
            assert_int_equal(status, BULLA_REFUSED);
            assert_int_equal(fault.at, before);
            gaps++;
        } else if (status == BULLA_FULL) {
            failures++;
        } else {
            assert_int_equal(status, BULLA_OK);
            repeats += offset + n <= before;
            assert_int_equal(t.received, offset + n > before ? offset + n : before);
        }
        if (status != BULLA_OK)
            assert_int_equal(t.received, before);
        struct bulla_transfer kept = t; /* a restart: nothing but this and the medium is left */
        t = kept;
    }
    assert_true(gaps > 10 && repeats > 10 && failures == 1);
    assert_int_equal(finish(&t, &memory, &fault), BULLA_OK);
    assert_true(t.whole);
    assert_memory_equal(memory.bytes, image, IMAGE_SIZE);
    free(image);
    free(memory.bytes);
}

static void chunks_beyond_the_file_are_refused(void **state)
{
    (void)state;
    const uint8_t file[10] = {1, 2, 3};
    uint8_t stored[10] = {0};
    struct memory memory = {.bytes = stored};
    const struct bulla_medium medium = {&memory, memory_write, memory_read};
    struct bulla_attachment about = describe((struct bulla_bytes){file, 10}, BULLA_DIGEST_SHA256, false);
    struct bulla_transfer t = bulla_transfer_of(&about);
    struct bulla_fault fault;
    assert_int_equal(bulla_transfer_take(&t, 11, (struct bulla_bytes){file, 0}, &medium, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_transfer_take(&t, 0, (struct bulla_bytes){file, 11}, &medium, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_transfer_take(&t, 5, (struct bulla_bytes){file, 6}, &medium, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_transfer_take(&t, UINT32_MAX, (struct bulla_bytes){file, 1}, &medium, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_transfer_take(&t, 0, (struct bulla_bytes){file, 0}, &medium, &fault), BULLA_OK);
    assert_int_equal(memory.writes, 0);
    assert_int_equal(bulla_transfer_take(&t, 0, (struct bulla_bytes){file, 10}, &medium, &fault), BULLA_OK);
    assert_int_equal(finish(&t, &memory, &fault), BULLA_OK);
}

/* What counts is what is stored: a byte that the medium lost is found by either digest, and the transfer begins anew. */
static void a_wrong_file_is_found(void **state)
{
    (void)state;
    uint8_t file[9000], stored[9000];
    struct random random = {43};
    struct bulla_fault fault;
    random_fill(&random, file, sizeof file);
    for (unsigned decides = BULLA_DIGEST_SHA256; decides <= BULLA_DIGEST_SM3; decides++) {
        struct bulla_attachment about = describe((struct bulla_bytes){file, sizeof file}, decides, true);
        struct bulla_transfer t = bulla_transfer_of(&about);
        struct memory memory = {.bytes = stored};
        memcpy(stored, file, sizeof file);
        t.received = sizeof file;
        assert_int_equal(finish(&t, &memory, &fault), BULLA_OK);
        t = bulla_transfer_of(&about);
        t.received = sizeof file;
        stored[8999] ^= 1;
        assert_int_equal(finish(&t, &memory, &fault), BULLA_DAMAGED);
        assert_string_equal(fault.field, "digest");
        assert_int_equal(t.received, 0);
        assert_false(t.whole);
        stored[8999] ^= 1;
        t.received = sizeof file;
        t.about.md5[15] ^= 1;
        assert_int_equal(finish(&t, &memory, &fault), BULLA_DAMAGED);
        assert_string_equal(fault.field, "md5");
    }
}

static void finishing_needs_its_digests_and_its_medium(void **state)
{
    (void)state;
    uint8_t file[9000] = {0}, chunk[100];
    struct memory memory = {.bytes = file, .fail_read = 3};
    const struct bulla_medium medium = {&memory, memory_write, memory_read};
    const struct bulla_scratch scratch = {chunk, sizeof chunk, state_memory};
    struct bulla_attachment about = describe((struct bulla_bytes){file, sizeof file}, BULLA_DIGEST_SHA256, true);
    struct bulla_transfer t = bulla_transfer_of(&about);
    struct bulla_fault fault;
    const struct bulla_digest *sha256 = digest_find(BULLA_DIGEST_SHA256), *md5 = digest_find(BULLA_DIGEST_MD5);
    t.received = sizeof file;
    assert_int_equal(bulla_transfer_finish(&t, &medium, NULL, md5, &scratch, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_transfer_finish(&t, &medium, digest_find(BULLA_DIGEST_SM3), md5, &scratch, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_transfer_finish(&t, &medium, sha256, NULL, &scratch, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "md5");
    assert_int_equal(bulla_transfer_finish(&t, &medium, sha256, sha256, &scratch, &fault), BULLA_REFUSED);
    assert_int_equal(memory.reads, 0);
    assert_int_equal(bulla_transfer_finish(&t, &medium, sha256, md5, &scratch, &fault), BULLA_FULL);
    assert_int_equal(fault.at, 200);
    assert_int_equal(t.received, sizeof file);
    assert_int_equal(bulla_transfer_finish(&t, &medium, sha256, md5, &scratch, &fault), BULLA_OK);
    t.about.has_md5 = false;
    assert_int_equal(bulla_transfer_finish(&t, &medium, sha256, NULL, &scratch, &fault), BULLA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_have_their_check_values),
        cmocka_unit_test(an_image_arrives_over_a_bad_link),
        cmocka_unit_test(chunks_beyond_the_file_are_refused),
        cmocka_unit_test(a_wrong_file_is_found),
        cmocka_unit_test(finishing_needs_its_digests_and_its_medium),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
