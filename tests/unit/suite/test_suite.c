/* SPDX-License-Identifier: Apache-2.0
 *
 * Suites of a host: what a suite of the table promises, each of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "suite/suite.h"
#include "tests/support/random.h"

static const unsigned all_suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_INTERNATIONAL_256, BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};

#define SUITES (sizeof all_suites / sizeof *all_suites)

static enum bulla_status fill(void *context, uint8_t *to, size_t n)
{
    random_fill(context, to, n);
    return BULLA_OK;
}

static enum bulla_status fill_same(void *context, uint8_t *to, size_t n)
{
    memset(to, *(const uint8_t *)context, n);
    return BULLA_OK;
}

static enum bulla_status fill_fails(void *context, uint8_t *to, size_t n)
{
    memset(to, 0x11, n);
    return *(const enum bulla_status *)context;
}

static void names_are_those_of_the_table(void **state)
{
    (void)state;
    static const struct {
        unsigned id;
        const char *name;
    } table[] = {
#define X(name, number, text, what) {number, text},
        BULLA_SUITE_TABLE(X)
#undef X
    };
    assert_int_equal(sizeof table / sizeof *table, SUITES);
    for (size_t i = 0; i < SUITES; i++) {
        struct bulla_suite suite = {0};
        assert_int_equal(bulla_host_suite_make(table[i].id, &bulla_host_random_system, &suite), BULLA_OK);
        assert_int_equal(suite.id, table[i].id);
        assert_string_equal(suite.name, table[i].name);
        assert_int_equal(bulla_host_suite_find(table[i].name), table[i].id);
    }
    struct bulla_suite suite = {.id = 99}, before = suite;
    uint8_t secret[BULLA_SECRET], public_key[BULLA_PUBLIC];
    assert_int_equal(bulla_host_suite_make(99, &bulla_host_random_system, &suite), BULLA_REFUSED);
    assert_memory_equal(&suite, &before, sizeof suite);
    assert_int_equal(bulla_host_suite_find("md5"), 0);
    assert_int_equal(bulla_host_key_make(&suite, secret, public_key), BULLA_REFUSED);
    assert_int_equal(bulla_host_key_public(&suite, secret, public_key), BULLA_REFUSED);
}

/* [WCO-4.3-E2] [WCO-9.3-S1] [WCO-9.3-R2] */
static void both_sides_of_an_agreement_share_a_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        struct bulla_suite suite;
        uint8_t secret[2][BULLA_SECRET], public_key[2][BULLA_PUBLIC] = {{0}}, shared[3][BULLA_SHARED];
        assert_int_equal(bulla_host_suite_make(all_suites[i], &bulla_host_random_system, &suite), BULLA_OK);
        for (unsigned side = 0; side < 2; side++)
            assert_int_equal(suite.pair(suite.context, secret[side], public_key[side]), BULLA_OK);
        for (unsigned side = 0; side < 2; side++) {
            struct bulla_agreement agreement = {(enum bulla_side)side, secret[side], public_key[side], public_key[1 - side]};
            assert_int_equal(suite.agree(suite.context, &agreement, shared[side]), BULLA_OK);
        }
        assert_memory_equal(shared[0], shared[1], BULLA_SHARED);
        struct bulla_agreement other = {BULLA_SIDE_READER, secret[0], public_key[0], public_key[0]};
        assert_int_equal(suite.agree(suite.context, &other, shared[2]), BULLA_OK);
        assert_memory_not_equal(shared[2], shared[0], BULLA_SHARED);
    }
}

/* Points that are on no curve, and what is no point. */
static void what_is_no_public_key_is_refused(void **state)
{
    (void)state;
    for (size_t i = 2; i < SUITES; i++) {
        struct bulla_suite suite;
        uint8_t secret[BULLA_SECRET], public_key[BULLA_PUBLIC], other[BULLA_PUBLIC], shared[BULLA_SHARED], digest[BULLA_HASH] = {1},
                                                                                                           signature[BULLA_SIGNATURE];
        unsigned refused = 0;
        struct random random = {3};
        assert_int_equal(bulla_host_suite_make(all_suites[i], &bulla_host_random_system, &suite), BULLA_OK);
        assert_int_equal(suite.pair(suite.context, secret, public_key), BULLA_OK);
        assert_int_equal(suite.sign(suite.context, secret, digest, signature), BULLA_OK);
        struct bulla_agreement agreement = {BULLA_SIDE_SEAL, secret, public_key, other};
        for (unsigned k = 0; k < 200; k++) {
            random_fill(&random, other, sizeof other);
            other[0] = 2;
            enum bulla_status status = suite.agree(suite.context, &agreement, shared);
            assert_true(status == BULLA_OK || status == BULLA_REFUSED);
            refused += status == BULLA_REFUSED;
        }
        assert_in_range(refused, 60, 140);
        static const uint8_t forms[] = {0, 1, 4, 6, 0xFF};
        for (unsigned k = 0; k < sizeof forms; k++) {
            memcpy(other, public_key, sizeof other);
            other[0] = forms[k];
            assert_int_equal(suite.agree(suite.context, &agreement, shared), BULLA_REFUSED);
            assert_int_equal(suite.verify(suite.context, other, digest, signature), BULLA_REFUSED);
        }
        memset(other, 0, sizeof other);
        assert_int_equal(suite.agree(suite.context, &agreement, shared), BULLA_REFUSED);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

/* [WCO-9.3-T4] [WCO-9.3-T7] */
static void only_the_owner_of_a_key_signs(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        struct bulla_suite suite;
        uint8_t secret[BULLA_SECRET], other[BULLA_SECRET], public_key[BULLA_PUBLIC], again[BULLA_PUBLIC], digest[BULLA_HASH] = {1, 2, 3};
        uint8_t signature[BULLA_SIGNATURE];
        assert_int_equal(bulla_host_suite_make(all_suites[i], &bulla_host_random_system, &suite), BULLA_OK);
        assert_int_equal(bulla_host_key_make(&suite, other, again), BULLA_OK);
        assert_int_equal(bulla_host_key_make(&suite, secret, public_key), BULLA_OK);
        assert_int_equal(bulla_host_key_public(&suite, secret, again), BULLA_OK);
        assert_memory_equal(again, public_key, sizeof again);
        assert_int_equal(suite.sign(suite.context, other, digest, signature), BULLA_OK);
        assert_int_equal(suite.verify(suite.context, public_key, digest, signature), BULLA_REFUSED);
        assert_int_equal(suite.sign(suite.context, secret, digest, signature), BULLA_OK);
        assert_int_equal(suite.verify(suite.context, public_key, digest, signature), BULLA_OK);
        for (size_t bit = 0; bit < 8 * sizeof signature; bit += 5) {
            signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(suite.verify(suite.context, public_key, digest, signature), BULLA_REFUSED);
            signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * sizeof digest; bit += 5) {
            digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(suite.verify(suite.context, public_key, digest, signature), BULLA_REFUSED);
            digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * sizeof public_key; bit += 7) {
            public_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(suite.verify(suite.context, public_key, digest, signature), BULLA_REFUSED);
            public_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        static const uint8_t zeros[BULLA_SIGNATURE], ones[BULLA_SIGNATURE] = {[0 ... BULLA_SIGNATURE - 1] = 0xFF};
        assert_int_equal(suite.verify(suite.context, public_key, digest, zeros), BULLA_REFUSED);
        assert_int_equal(suite.verify(suite.context, public_key, digest, ones), BULLA_REFUSED);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

/* What is given as a source gives the same keys again. */
static void randomness_is_an_argument(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        struct random one = {7}, two = {7}, three = {8};
        const struct bulla_host_random sources[] = {{fill, &one}, {fill, &two}, {fill, &three}};
        uint8_t secret[3][BULLA_SECRET], public_key[3][BULLA_PUBLIC] = {{0}};
        for (unsigned k = 0; k < 3; k++) {
            struct bulla_suite suite;
            assert_int_equal(bulla_host_suite_make(all_suites[i], &sources[k], &suite), BULLA_OK);
            assert_int_equal(suite.pair(suite.context, secret[k], public_key[k]), BULLA_OK);
        }
        assert_memory_equal(public_key[0], public_key[1], BULLA_PUBLIC);
        assert_memory_not_equal(public_key[0], public_key[2], BULLA_PUBLIC);
    }
}

/* A source that fails makes no key; one that is stuck at what is no scalar is found. */
static void a_bad_source_makes_no_key(void **state)
{
    (void)state;
    static uint8_t zero = 0, all = 0xFF;
    static enum bulla_status failed = BULLA_FAILED, full = BULLA_FULL;
    for (size_t i = 0; i < SUITES; i++) {
        const struct bulla_host_random sources[] = {{fill_fails, &failed}, {fill_fails, &full}, {fill_same, &zero}, {fill_same, &all}};
        bool curve = all_suites[i] == BULLA_SUITE_P256 || all_suites[i] == BULLA_SUITE_NATIONAL;
        for (unsigned k = 0; k < (curve ? 4 : 2); k++) {
            struct bulla_suite suite;
            uint8_t secret[BULLA_SECRET], public_key[BULLA_PUBLIC];
            assert_int_equal(bulla_host_suite_make(all_suites[i], &sources[k], &suite), BULLA_OK);
            assert_int_not_equal(suite.pair(suite.context, secret, public_key), BULLA_OK);
            assert_int_not_equal(bulla_host_key_make(&suite, secret, public_key), BULLA_OK);
            assert_int_not_equal(suite.random(suite.context, secret, 4), k < 2 ? BULLA_OK : BULLA_FAILED);
        }
    }
}

/* The largest scalar is n - 2: SM2 signs with none above, and for P-256 nothing is lost. */
static void what_is_no_scalar_signs_nothing(void **state)
{
    (void)state;
    static const char *const order[] = {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
                                        "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"};
    for (unsigned i = 0; i < 2; i++) {
        struct bulla_suite suite;
        uint8_t secret[BULLA_SECRET], public_key[BULLA_PUBLIC], signature[BULLA_SIGNATURE] = {0};
        assert_int_equal(bulla_host_suite_make(all_suites[2 + i], &bulla_host_random_system, &suite), BULLA_OK);
        for (unsigned less = 0; less < 3; less++) {
            assert_true(bulla_hex_get(secret, order[i], BULLA_SECRET));
            secret[31] = (uint8_t)(secret[31] - less);
            enum bulla_status expected = less == 2 ? BULLA_OK : BULLA_REFUSED;
            assert_int_equal(bulla_host_key_public(&suite, secret, public_key), expected);
            assert_int_equal(suite.sign(suite.context, secret, public_key, signature), expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_table),     cmocka_unit_test(both_sides_of_an_agreement_share_a_secret),
        cmocka_unit_test(what_is_no_public_key_is_refused), cmocka_unit_test(only_the_owner_of_a_key_signs),
        cmocka_unit_test(randomness_is_an_argument),        cmocka_unit_test(a_bad_source_makes_no_key),
        cmocka_unit_test(what_is_no_scalar_signs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
