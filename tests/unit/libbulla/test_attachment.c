/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: what describes a file that a seal carries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/attachment.h"
#include "tests/support/random.h"

static struct bulla_attachment random_attachment(struct random *random)
{
    struct bulla_attachment a = {
        .decides = (uint8_t)(1 + random_below(random, 2)), .size = (uint32_t)random_next(random), .has_md5 = random_below(random, 2)};
    size_t n = 1 + random_below(random, BULLA_ATTACHMENT_NAME - 1);
    random_fill(random, a.digest, sizeof a.digest);
    if (a.has_md5)
        random_fill(random, a.md5, sizeof a.md5);
    for (size_t i = 0; i < n; i++)
        a.name[i] = (char)(0x20 + random_below(random, 95));
    return a;
}

/* [WCO-7.2-R7] */
static void descriptions_round_trip(void **state)
{
    (void)state;
    struct random random = {41};
    for (int round = 0; round < 5000; round++) {
        struct bulla_attachment a = random_attachment(&random), got;
        struct bulla_fault fault;
        uint8_t bytes[BULLA_ATTACHMENT_SIZE], again[BULLA_ATTACHMENT_SIZE];
        size_t n, n_again;
        assert_int_equal(bulla_attachment_encode(&a, bytes, &n, &fault), BULLA_OK);
        assert_int_equal(bulla_attachment_decode((struct bulla_bytes){bytes, n}, &got, &fault), BULLA_OK);
        assert_int_equal(got.decides, a.decides);
        assert_int_equal(got.size, a.size);
        assert_int_equal(got.has_md5, a.has_md5);
        assert_memory_equal(got.digest, a.digest, sizeof a.digest);
        assert_memory_equal(got.md5, a.md5, sizeof a.md5);
        assert_string_equal(got.name, a.name);
        bytes[random_below(&random, n)] = (uint8_t)random_next(&random);
        if (bulla_attachment_decode((struct bulla_bytes){bytes, n}, &got, &fault) == BULLA_OK) {
            assert_int_equal(bulla_attachment_encode(&got, again, &n_again, &fault), BULLA_OK);
            assert_int_equal(n_again, n);
            assert_memory_equal(again, bytes, n);
        }
    }
}

static void descriptions_are_refused_and_nothing_is_touched(void **state)
{
    (void)state;
    struct bulla_attachment a = {.decides = BULLA_DIGEST_SM3, .size = 7, .name = "scan.jpg"}, got;
    uint8_t bytes[BULLA_ATTACHMENT_SIZE], spoilt[BULLA_ATTACHMENT_SIZE] = {0x5A};
    struct bulla_fault fault;
    size_t n, untouched = 77;
    assert_int_equal(bulla_attachment_encode(&a, bytes, &n, &fault), BULLA_OK);
    memset(&got, 0x5A, sizeof got);
    struct bulla_attachment before = got;
    for (size_t cut = 0; cut < 39; cut++)
        assert_int_equal(bulla_attachment_decode((struct bulla_bytes){bytes, cut}, &got, &fault), BULLA_MORE);
    assert_int_equal(bulla_attachment_decode((struct bulla_bytes){bytes, 39}, &got, &fault), BULLA_INSANE); /* no name */
    const struct {
        size_t at;
        uint8_t value;
        enum bulla_status status;
        size_t fault_at;
    } cases[] = {{0, 2, BULLA_NOT_MINE, 0},    {1, BULLA_DIGEST_MD5, BULLA_INSANE, 1}, {1, 0, BULLA_INSANE, 1},
                 {39, 0x1F, BULLA_INSANE, 39}, {40, 0x7F, BULLA_INSANE, 39},           {40, 0x1F, BULLA_INSANE, 39},
                 {38, 1, BULLA_MORE, 47}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(spoilt, bytes, n);
        spoilt[cases[i].at] = cases[i].value;
        assert_int_equal(bulla_attachment_decode((struct bulla_bytes){spoilt, n}, &got, &fault), cases[i].status);
        assert_int_equal(fault.at, cases[i].fault_at);
    }
    memcpy(spoilt, bytes, n);
    memset(spoilt + n, 'x', sizeof spoilt - n);
    assert_int_equal(bulla_attachment_decode((struct bulla_bytes){spoilt, 39 + 64}, &got, &fault), BULLA_INSANE); /* too long a name */
    spoilt[38] = 2;
    assert_int_equal(bulla_attachment_decode((struct bulla_bytes){spoilt, 80}, &got, &fault), BULLA_INSANE);
    assert_int_equal(fault.at, 38);
    assert_memory_equal(&got, &before, sizeof got);

    memset(spoilt, 0x5A, sizeof spoilt);
    a.decides = BULLA_DIGEST_MD5;
    assert_int_equal(bulla_attachment_encode(&a, spoilt, &untouched, &fault), BULLA_REFUSED);
    a.decides = BULLA_DIGEST_SHA256;
    a.name[0] = '\0';
    assert_int_equal(bulla_attachment_encode(&a, spoilt, &untouched, &fault), BULLA_REFUSED);
    assert_int_equal(fault.at, 39);
    memset(a.name, 'x', sizeof a.name);
    a.has_md5 = true;
    assert_int_equal(bulla_attachment_encode(&a, spoilt, &untouched, &fault), BULLA_REFUSED);
    assert_int_equal(fault.at, 55);
    assert_int_equal(spoilt[0], 0x5A);
    assert_int_equal(untouched, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptions_round_trip),
        cmocka_unit_test(descriptions_are_refused_and_nothing_is_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
