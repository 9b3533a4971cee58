/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/authority.h"

#include "bulla/cursor.h"
#include "bulla/time.h"
#include "libbulla/src/signed.h"
#include "libbulla/src/word.h"

#define SEAL_MAX ((UINT64_C(1) << 48) - 1)

enum {
#define X(name, offset, bytes, text, meaning) AT_##name = (offset), END_##name = (offset) + (bytes),
    BULLA_AUTHORITY_TABLE(X)
#undef X
};

_Static_assert((int)END_SIGNATURE == BULLA_AUTHORITY_SIZE && (int)AT_SIGNATURE == BULLA_AUTHORITY_SIGNED, "the table is the format");
_Static_assert(END_PUBLIC - AT_PUBLIC == BULLA_PUBLIC && END_SIGNATURE - AT_SIGNATURE == BULLA_SIGNATURE, "keys of a suite fit");

static const char label[] = "bulla authority 1";

static enum bulla_status fields_judge(const struct bulla_authority *authority, enum bulla_status wrong, struct bulla_fault *fault)
{
    bool reader = authority->kind == BULLA_AUTHORITY_READER;
    if (!reader && authority->kind != BULLA_AUTHORITY_SEAL)
        return bulla_fault_set(fault, wrong, "kind", "1 or 2", AT_KIND);
    if (!reader && authority->subject > SEAL_MAX)
        return bulla_fault_set(fault, wrong, "subject", "two zeros, maker and serial number of a seal", AT_SUBJECT);
    if (authority->rights & ~(reader ? (unsigned)BULLA_RIGHTS_ALL : 0u))
        return bulla_fault_set(fault, wrong, "rights", "rights of the table, and none of a seal", AT_RIGHTS);
    if (authority->until_s <= authority->from_s)
        return bulla_fault_set(fault, wrong, "until", "an end after the beginning", AT_UNTIL);
    return BULLA_OK;
}

enum bulla_status bulla_authority_encode(const struct bulla_authority *authority, uint8_t bytes[BULLA_AUTHORITY_SIZE],
                                         struct bulla_fault *fault)
{
    enum bulla_status status = fields_judge(authority, BULLA_REFUSED, fault);
    if (status != BULLA_OK)
        return status;
    struct bulla_writer w = bulla_writer_over(bytes, BULLA_AUTHORITY_SIZE);
    bulla_writer_put_u8(&w, authority->kind);
    bulla_writer_put_u8(&w, authority->suite);
    bulla_writer_put_u64(&w, authority->subject);
    bulla_writer_put_u16(&w, authority->rights);
    bulla_writer_put_u32(&w, authority->from_s);
    bulla_writer_put_u32(&w, authority->until_s);
    bulla_writer_put(&w, authority->issuer, sizeof authority->issuer);
    bulla_writer_put(&w, authority->public_key, sizeof authority->public_key);
    bulla_writer_put(&w, authority->signature, sizeof authority->signature);
    return BULLA_OK;
}

enum bulla_status bulla_authority_decode(struct bulla_bytes bytes, struct bulla_authority *authority, struct bulla_fault *fault)
{
    struct bulla_authority got;
    if (bytes.len != BULLA_AUTHORITY_SIZE)
        return bulla_fault_set(fault, BULLA_DAMAGED, "length", "121 bytes", bytes.len);
    struct bulla_cursor c = bulla_cursor_over(bytes.at, bytes.len);
    got.kind = bulla_cursor_get_u8(&c);
    got.suite = bulla_cursor_get_u8(&c);
    got.subject = bulla_cursor_get_u64(&c);
    got.rights = bulla_cursor_get_u16(&c);
    got.from_s = bulla_cursor_get_u32(&c);
    got.until_s = bulla_cursor_get_u32(&c);
    bulla_copy(got.issuer, bytes.at + AT_ISSUER, sizeof got.issuer);
    bulla_copy(got.public_key, bytes.at + AT_PUBLIC, sizeof got.public_key);
    bulla_copy(got.signature, bytes.at + AT_SIGNATURE, sizeof got.signature);
    enum bulla_status status = fields_judge(&got, BULLA_INSANE, fault);
    if (status == BULLA_OK)
        *authority = got;
    return status;
}

enum bulla_status bulla_authority_sign(const struct bulla_suite *suite, const uint8_t secret[BULLA_SECRET],
                                       const uint8_t issuer_public[BULLA_PUBLIC], struct bulla_authority *authority)
{
    struct bulla_authority made = *authority;
    uint8_t bytes[BULLA_AUTHORITY_SIZE];
    struct bulla_fault fault;
    made.suite = suite->id;
    enum bulla_status status = bulla_suite_key_id(suite, issuer_public, made.issuer);
    if (status == BULLA_OK)
        status = bulla_authority_encode(&made, bytes, &fault);
    if (status == BULLA_OK)
        status = signed_make(suite, label, (struct bulla_bytes){bytes, BULLA_AUTHORITY_SIGNED}, secret, made.signature);
    if (status == BULLA_OK)
        *authority = made;
    return status;
}

uint32_t bulla_moment_seconds(const struct bulla_moment *moment, bool *good)
{
    *good = moment->good && moment->now_ms >= moment->floor_ms && moment->now_ms != BULLA_TIME_NONE;
    int64_t ms = *good ? moment->now_ms : moment->floor_ms;
    if (ms < 0)
        return 0;
    return ms / 1000 < UINT32_MAX ? (uint32_t)(ms / 1000) : UINT32_MAX;
}

unsigned bulla_authority_rights(unsigned rights, uint32_t from_s, uint32_t until_s, const struct bulla_moment *moment,
                                enum bulla_doubt *doubt)
{
    bool good, endless = until_s == UINT32_MAX;
    uint32_t now_s = bulla_moment_seconds(moment, &good);
    *doubt = BULLA_DOUBT_GOOD;
    if (!endless && now_s >= until_s)
        *doubt = BULLA_DOUBT_LATE;
    else if (good && now_s < from_s)
        *doubt = BULLA_DOUBT_EARLY;
    if (*doubt != BULLA_DOUBT_GOOD)
        return 0;
    return good || (from_s == 0 && endless) ? rights : rights & BULLA_RIGHTS_UNDATED;
}

static enum bulla_doubt certificate_judge(const struct bulla_suite *suite, const struct bulla_trust *trust, unsigned kind,
                                          struct bulla_bytes bytes, struct bulla_authority *got)
{
    struct bulla_fault fault;
    uint8_t issuer[BULLA_PUBLIC];
    if (bulla_authority_decode(bytes, got, &fault) != BULLA_OK)
        return BULLA_DOUBT_SHAPE;
    if (got->kind != kind)
        return BULLA_DOUBT_KIND;
    if (got->suite != suite->id)
        return BULLA_DOUBT_SUITE;
    if (!trust->issuer(trust->context, kind, got->issuer, issuer))
        return BULLA_DOUBT_ISSUER;
    enum bulla_status status = signed_check(suite, label, (struct bulla_bytes){bytes.at, BULLA_AUTHORITY_SIGNED}, issuer, got->signature);
    if (status == BULLA_REFUSED)
        return BULLA_DOUBT_SIGNATURE;
    return status == BULLA_OK ? BULLA_DOUBT_GOOD : BULLA_DOUBT_BELOW;
}

enum bulla_status bulla_authority_check(const struct bulla_suite *suite, const struct bulla_trust *trust, const struct bulla_moment *moment,
                                        unsigned kind, struct bulla_bytes bytes, struct bulla_authority *authority, enum bulla_doubt *doubt)
{
    struct bulla_authority got;
    *doubt = certificate_judge(suite, trust, kind, bytes, &got);
    if (*doubt == BULLA_DOUBT_GOOD)
        (void)bulla_authority_rights(got.rights, got.from_s, got.until_s, moment, doubt);
    if (*doubt == BULLA_DOUBT_GOOD && trust->withdrawn && trust->withdrawn(trust->context, &got))
        *doubt = BULLA_DOUBT_WITHDRAWN;
    if (*doubt == BULLA_DOUBT_BELOW)
        return BULLA_FAILED;
    if (*doubt != BULLA_DOUBT_GOOD)
        return BULLA_REFUSED;
    *authority = got;
    return BULLA_OK;
}

const char *bulla_right_text(unsigned bit)
{
    static const struct word words[] = {
#define X(name, number, text, what) {number, text},
        BULLA_RIGHT_TABLE(X)
#undef X
    };
    return WORD_FIND(words, bit);
}

const char *bulla_doubt_text(unsigned doubt)
{
    static const struct word words[] = {
#define X(name, number, text) {number, text},
        BULLA_DOUBT_TABLE(X)
#undef X
    };
    return WORD_FIND(words, doubt);
}
