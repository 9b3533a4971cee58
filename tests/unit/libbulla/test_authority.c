/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: what an owner lets a reader do, and what is built on a suite's digest.
 */
#include "suite/suite.h"
#include "tests/unit/libbulla/trust_support.h"

/* The header's table, written down by hand. */
static void the_format_is_what_the_header_says(void **state)
{
    (void)state;
    struct bulla_authority authority = {
        .kind = 1, .suite = 4, .subject = READER_ID, .rights = 0x0203, .from_s = 0x0A0B0C0D, .until_s = 0x1A1B1C1D};
    struct bulla_authority got;
    struct bulla_fault fault;
    uint8_t bytes[BULLA_AUTHORITY_SIZE];
    memset(authority.issuer, 0x11, sizeof authority.issuer);
    memset(authority.public_key, 0x22, sizeof authority.public_key);
    memset(authority.signature, 0x33, sizeof authority.signature);
    assert_int_equal(bulla_authority_encode(&authority, bytes, &fault), BULLA_OK);
    assert_memory_equal(bytes, "\x01\x04\x01\x02\x03\x04\x05\x06\x07\x08\x02\x03\x0a\x0b\x0c\x0d\x1a\x1b\x1c\x1d\x11\x11\x11\x11\x22", 25);
    assert_int_equal(bytes[56], 0x22);
    assert_int_equal(bytes[57], 0x33);
    assert_int_equal(bytes[120], 0x33);
    assert_int_equal(bulla_authority_decode((struct bulla_bytes){bytes, sizeof bytes}, &got, &fault), BULLA_OK);
    assert_int_equal(got.kind, 1);
    assert_int_equal(got.suite, 4);
    assert_int_equal(got.subject, READER_ID);
    assert_int_equal(got.rights, 0x0203);
    assert_int_equal(got.from_s, 0x0A0B0C0D);
    assert_int_equal(got.until_s, 0x1A1B1C1D);
    assert_memory_equal(got.issuer, authority.issuer, sizeof got.issuer);
    assert_memory_equal(got.public_key, authority.public_key, sizeof got.public_key);
    assert_memory_equal(got.signature, authority.signature, sizeof got.signature);
    assert_int_equal(bulla_authority_seal(0x4A11, 0xC0FFEE01), UINT64_C(0x00004A11C0FFEE01));
}

struct wrong {
    struct bulla_authority authority;
    const char *field;
    unsigned at;
};

static void what_cannot_be_is_refused_by_both(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {{.kind = 0, .until_s = 1}, "kind", 0},
        {{.kind = 3, .until_s = 1}, "kind", 0},
        {{.kind = 2, .until_s = 1, .subject = UINT64_C(1) << 48}, "subject", 2},
        {{.kind = 1, .until_s = 1, .rights = 0x0400}, "rights", 10},
        {{.kind = 2, .until_s = 1, .rights = 1}, "rights", 10},
        {{.kind = 1, .from_s = 5, .until_s = 5}, "until", 16},
        {{.kind = 1, .from_s = 6, .until_s = 5}, "until", 16},
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct bulla_authority *wrong = &wrongs[i].authority;
        struct bulla_authority right = {.kind = BULLA_AUTHORITY_READER, .until_s = 1}, got = {.subject = 77};
        struct bulla_fault fault = {0};
        uint8_t bytes[BULLA_AUTHORITY_SIZE] = {0xA5};
        assert_int_equal(bulla_authority_encode(wrong, bytes, &fault), BULLA_REFUSED);
        assert_string_equal(fault.field, wrongs[i].field);
        assert_int_equal(fault.at, wrongs[i].at);
        assert_int_equal(bytes[0], 0xA5);
        assert_int_equal(bulla_authority_encode(&right, bytes, &fault), BULLA_OK);
        bytes[0] = wrong->kind;
        bytes[3] = (uint8_t)(wrong->subject >> 48);
        bytes[10] = (uint8_t)(wrong->rights >> 8);
        bytes[11] = (uint8_t)wrong->rights;
        bytes[15] = (uint8_t)wrong->from_s;
        bytes[19] = (uint8_t)wrong->until_s;
        assert_int_equal(bulla_authority_decode((struct bulla_bytes){bytes, sizeof bytes}, &got, &fault), BULLA_INSANE);
        assert_string_equal(fault.field, wrongs[i].field);
        assert_int_equal(got.subject, 77);
        assert_int_equal(bulla_authority_decode((struct bulla_bytes){bytes, 120}, &got, &fault), BULLA_DAMAGED);
        assert_string_equal(fault.field, "length");
        struct world world;
        world_make(&world, BULLA_SUITE_INTERNATIONAL, 3);
        struct bulla_authority made = *wrong;
        assert_int_equal(bulla_authority_sign(&world.suite[0], world.owner.secret, world.owner.public_key, &made), BULLA_REFUSED);
    }
    struct bulla_authority most = {.kind = BULLA_AUTHORITY_SEAL, .subject = (UINT64_C(1) << 48) - 1, .until_s = 1};
    struct bulla_fault fault;
    uint8_t bytes[BULLA_AUTHORITY_SIZE];
    assert_int_equal(bulla_authority_encode(&most, bytes, &fault), BULLA_OK);
    most = (struct bulla_authority){.kind = BULLA_AUTHORITY_READER, .subject = UINT64_MAX, .rights = BULLA_RIGHTS_ALL, .until_s = 1};
    assert_int_equal(bulla_authority_encode(&most, bytes, &fault), BULLA_OK);
}

/* The algorithm is in what is signed: the same bytes under another name of the suite do not hold. [WCO-9.3-T7] */
static void the_suite_is_signed(void **state)
{
    (void)state;
    struct world world;
    struct bulla_authority got;
    enum bulla_doubt doubt;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 4);
    const struct bulla_bytes certificate = {world.certificate[0], BULLA_AUTHORITY_SIZE};
    assert_int_equal(
        bulla_authority_check(&world.suite[0], &world.trust, &world.moment[0], BULLA_AUTHORITY_READER, certificate, &got, &doubt),
        BULLA_OK);
    assert_int_equal(got.subject, READER_ID);
    world.suite[0].name = "x25519-ed25519-sha256-aes256gcm";
    assert_int_equal(
        bulla_authority_check(&world.suite[0], &world.trust, &world.moment[0], BULLA_AUTHORITY_READER, certificate, &got, &doubt),
        BULLA_REFUSED);
    assert_int_equal(doubt, BULLA_DOUBT_SIGNATURE);
    world.suite[0].id = BULLA_SUITE_P256;
    assert_int_equal(
        bulla_authority_check(&world.suite[0], &world.trust, &world.moment[0], BULLA_AUTHORITY_READER, certificate, &got, &doubt),
        BULLA_REFUSED);
    assert_int_equal(doubt, BULLA_DOUBT_SUITE);
}

static void withdrawing_is_optional(void **state)
{
    (void)state;
    struct world world;
    struct bulla_authority got;
    enum bulla_doubt doubt;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 5);
    world.trust.withdrawn = NULL;
    world.all_withdrawn = true;
    assert_int_equal(bulla_authority_check(&world.suite[0], &world.trust, &world.moment[0], BULLA_AUTHORITY_SEAL,
                                           (struct bulla_bytes){world.certificate[1], BULLA_AUTHORITY_SIZE}, &got, &doubt),
                     BULLA_OK);
    assert_int_equal(got.subject, SEAL_ID);
}

static uint32_t seconds(int64_t now_ms, int64_t floor_ms, bool good, bool expected)
{
    struct bulla_moment moment = {now_ms, floor_ms, good};
    bool got;
    uint32_t s = bulla_moment_seconds(&moment, &got);
    assert_int_equal(got, expected);
    return s;
}

static void a_moment_is_what_is_surely_known(void **state)
{
    (void)state;
    assert_int_equal(seconds(5999, 5000, true, true), 5);
    assert_int_equal(seconds(5999, 5999, true, true), 5);
    assert_int_equal(seconds(5999, INT64_MIN, true, true), 5);
    assert_int_equal(seconds(5999, 7000, true, false), 7);
    assert_int_equal(seconds(5999, 4000, false, false), 4);
    assert_int_equal(seconds(INT64_MIN, INT64_MIN, true, false), 0);
    assert_int_equal(seconds(5999, INT64_MIN, false, false), 0);
    assert_int_equal(seconds(-1, -2, true, true), 0);
    assert_int_equal(seconds(INT64_C(1000) * UINT32_MAX + 999, 0, true, true), UINT32_MAX);
    assert_int_equal(seconds(INT64_MAX, 0, true, true), UINT32_MAX);
}

static void rights_at(int64_t now_s, int64_t floor_s, bool good, uint32_t from_s, uint32_t until_s, unsigned expected, enum bulla_doubt why)
{
    struct bulla_moment moment = {now_s * 1000, floor_s * 1000, good};
    enum bulla_doubt doubt;
    assert_int_equal(bulla_authority_rights(BULLA_RIGHTS_ALL, from_s, until_s, &moment, &doubt), expected);
    assert_int_equal(doubt, why);
}

static void rights_need_their_time(void **state)
{
    (void)state;
    rights_at(100, 0, true, 100, 101, BULLA_RIGHTS_ALL, BULLA_DOUBT_GOOD);
    rights_at(99, 0, true, 100, 101, 0, BULLA_DOUBT_EARLY);
    rights_at(101, 0, true, 100, 101, 0, BULLA_DOUBT_LATE);
    rights_at(0, 50, false, 100, 101, BULLA_RIGHTS_UNDATED, BULLA_DOUBT_GOOD); /* perhaps it is 100 */
    rights_at(0, 101, false, 100, 101, 0, BULLA_DOUBT_LATE);
    rights_at(100, 200, true, 100, 101, 0, BULLA_DOUBT_LATE); /* the clock was set back */
    rights_at(0, 0, false, 0, UINT32_MAX, BULLA_RIGHTS_ALL, BULLA_DOUBT_GOOD);
    rights_at(0, 0, false, 1, UINT32_MAX, BULLA_RIGHTS_UNDATED, BULLA_DOUBT_GOOD);
    rights_at(0, 0, false, 0, UINT32_MAX - 1, BULLA_RIGHTS_UNDATED, BULLA_DOUBT_GOOD);
    rights_at(INT64_C(5000000000), 0, true, 7, UINT32_MAX, BULLA_RIGHTS_ALL, BULLA_DOUBT_GOOD);
    assert_int_equal(BULLA_RIGHTS_ALL, 0x3FF);
    assert_int_equal(BULLA_RIGHTS_UNDATED, BULLA_RIGHT_READ | BULLA_RIGHT_CLOCK);
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(bulla_right_text(3), "unseal");
    assert_string_equal(bulla_right_text(10), "");
    assert_string_equal(bulla_doubt_text(BULLA_DOUBT_GOOD), "good");
    assert_string_equal(bulla_doubt_text(BULLA_DOUBTS), "");
    for (unsigned i = 0; i < BULLA_DOUBTS; i++)
        assert_string_not_equal(bulla_doubt_text(i), "");
}

/* ---- bulla/suite.h ---- */

static void secrets_are_the_same_or_not(void **state)
{
    (void)state;
    uint8_t a[40], b[40];
    struct random random = {6};
    random_fill(&random, a, sizeof a);
    memcpy(b, a, sizeof b);
    for (size_t n = 0; n <= sizeof a; n++)
        assert_true(bulla_same_secret(a, b, n));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(bulla_same_secret(a, b, sizeof a));
        assert_true(bulla_same_secret(a, b, bit / 8));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    bulla_wipe(a, 39);
    for (size_t i = 0; i < 39; i++)
        assert_int_equal(a[i], 0);
    assert_int_equal(a[39], b[39]);
}

static void the_limits_of_hmac_and_keys(void **state)
{
    (void)state;
    struct world world;
    uint8_t mac[BULLA_HASH], other[BULLA_HASH], key[BULLA_HASH + 1] = {1};
    struct bulla_bytes parts[BULLA_PARTS_MAX + 1];
    world_make(&world, BULLA_SUITE_NATIONAL, 7);
    for (unsigned i = 0; i <= BULLA_PARTS_MAX; i++)
        parts[i] = (struct bulla_bytes){key, i};
    for (unsigned own = 0; own < 2; own++) {
        struct bulla_suite suite = world.suite[0];
        if (own)
            suite.hmac = NULL;
        assert_int_equal(bulla_suite_hmac(&suite, (struct bulla_bytes){key, 5}, parts, BULLA_PARTS_MAX + 1, mac), BULLA_REFUSED);
        assert_int_equal(bulla_suite_hmac(&suite, (struct bulla_bytes){key, 5}, parts, BULLA_PARTS_MAX, own ? mac : other), BULLA_OK);
        assert_int_equal(bulla_suite_expand(&suite, key, parts[1], other, BULLA_HASH + 1), BULLA_REFUSED);
    }
    assert_memory_equal(mac, other, sizeof mac);
}

/* Keys around a block of the digest are used as they are, or digested. */
static void hmac_is_that_of_the_library_for_keys_of_any_length(void **state)
{
    (void)state;
    static const unsigned suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_NATIONAL};
    for (unsigned i = 0; i < 2; i++) {
        struct world world;
        uint8_t key[150], mac[BULLA_HASH], other[BULLA_HASH];
        world_make(&world, suites[i], 8);
        struct bulla_suite own = world.suite[0];
        own.hmac = NULL;
        random_fill(&world.random, key, sizeof key);
        for (size_t n = 0; n <= sizeof key; n++) {
            const struct bulla_bytes part = {key, sizeof key - n};
            assert_int_equal(bulla_suite_hmac(&world.suite[0], (struct bulla_bytes){key, n}, &part, 1, mac), BULLA_OK);
            assert_int_equal(bulla_suite_hmac(&own, (struct bulla_bytes){key, n}, &part, 1, other), BULLA_OK);
            assert_memory_equal(mac, other, sizeof mac);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_what_the_header_says),
        cmocka_unit_test(what_cannot_be_is_refused_by_both),
        cmocka_unit_test(the_suite_is_signed),
        cmocka_unit_test(withdrawing_is_optional),
        cmocka_unit_test(a_moment_is_what_is_surely_known),
        cmocka_unit_test(rights_need_their_time),
        cmocka_unit_test(words),
        cmocka_unit_test(secrets_are_the_same_or_not),
        cmocka_unit_test(the_limits_of_hmac_and_keys),
        cmocka_unit_test(hmac_is_that_of_the_library_for_keys_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
