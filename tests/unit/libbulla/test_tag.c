/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: what a passive seal has room for. [WCO-7.2-P5]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/bits.h"
#include "bulla/crc.h"
#include "bulla/tag.h"
#include "tests/support/random.h"

static void random_text(struct random *random, char *to, size_t most)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/. ";
    size_t n = 1 + random_below(random, most);
    for (size_t i = 0; i < n; i++)
        to[i] = alphabet[random_below(random, sizeof alphabet - 1)];
    to[n] = '\0';
}

static void put_crc(uint8_t bytes[BULLA_TAG_SIZE])
{
    bulla_bits_set(bytes, 240, 16, bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, 30}));
}

/* The codes, written down by hand: 0001, A = 000001, 9 = 100100, end, blank = 101000, B = 000010, end. */
static void the_format_is_what_the_header_says(void **state)
{
    (void)state;
    const struct bulla_tag tag = {"A9", " B"};
    struct bulla_fault fault;
    uint8_t bytes[BULLA_TAG_SIZE];
    assert_int_equal(bulla_tag_encode(&tag, bytes, &fault), BULLA_OK);
    const unsigned codes[] = {1, 36, 0, 40, 2, 0};
    assert_int_equal(bulla_bits_at(bytes, 0, 4), 1);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(bulla_bits_at(bytes, 4 + 6 * i, 6), codes[i]);
    for (unsigned bit = 40; bit < 240; bit++)
        assert_int_equal(bulla_bits_at(bytes, bit, 1), 0);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct random random = {51};
    struct bulla_fault fault;
    for (int round = 0; round < 5000; round++) {
        struct bulla_tag tag = {"", ""}, got;
        uint8_t bytes[BULLA_TAG_SIZE], again[BULLA_TAG_SIZE];
        random_text(&random, tag.document, BULLA_TAG_DOCUMENT_MAX);
        random_text(&random, tag.plate, BULLA_TAG_PLATE_MAX);
        assert_int_equal(bulla_tag_encode(&tag, bytes, &fault), BULLA_OK);
        assert_int_equal(bulla_tag_decode(bytes, &got, &fault), BULLA_OK);
        assert_string_equal(got.document, tag.document);
        assert_string_equal(got.plate, tag.plate);
        bytes[random_below(&random, 30)] ^= (uint8_t)(1u << random_below(&random, 8));
        struct bulla_tag before = got;
        assert_int_equal(bulla_tag_decode(bytes, &got, &fault), BULLA_DAMAGED);
        put_crc(bytes);
        if (bulla_tag_decode(bytes, &got, &fault) == BULLA_OK) {
            assert_int_equal(bulla_tag_encode(&got, again, &fault), BULLA_OK);
            assert_memory_equal(again, bytes, sizeof bytes);
        } else {
            assert_memory_equal(&got, &before, sizeof got);
        }
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    const struct {
        struct bulla_tag tag;
        const char *field;
        unsigned at;
    } cases[] = {
        {{"", "A"}, "document", 4}, {{"A", ""}, "plate", 16},     {{"a", "A"}, "document", 4},
        {{"A", "A_"}, "plate", 16}, {{"A[", "A"}, "document", 4},
    };
    struct bulla_fault fault;
    uint8_t bytes[BULLA_TAG_SIZE] = {0x5A};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(bulla_tag_encode(&cases[i].tag, bytes, &fault), BULLA_REFUSED);
        assert_string_equal(fault.field, cases[i].field);
        assert_int_equal(fault.at, cases[i].at);
    }
    struct bulla_tag unended = {"A", "B"};
    memset(unended.plate, 'B', sizeof unended.plate);
    assert_int_equal(bulla_tag_encode(&unended, bytes, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "plate");
    memset(unended.document, 'A', sizeof unended.document);
    assert_int_equal(bulla_tag_encode(&unended, bytes, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "document");
    assert_int_equal(bytes[0], 0x5A);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    const struct {
        unsigned at, width, value;
        enum bulla_status status;
        unsigned fault_at;
    } cases[] = {
        {0, 4, 2, BULLA_NOT_MINE, 0},  {4, 6, 0, BULLA_INSANE, 4},     {4, 6, 41, BULLA_INSANE, 4},  {16, 6, 0, BULLA_INSANE, 16},
        {16, 6, 63, BULLA_INSANE, 16}, {239, 1, 1, BULLA_INSANE, 239}, {28, 1, 1, BULLA_INSANE, 28},
    };
    const struct bulla_tag tag = {"A", "B"}; /* version, A, end, B, end: 28 bits */
    struct bulla_fault fault;
    struct bulla_tag got, before;
    memset(&got, 0x5A, sizeof got);
    memcpy(&before, &got, sizeof before);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[BULLA_TAG_SIZE];
        assert_int_equal(bulla_tag_encode(&tag, bytes, &fault), BULLA_OK);
        bulla_bits_set(bytes, cases[i].at, cases[i].width, cases[i].value);
        put_crc(bytes);
        assert_int_equal(bulla_tag_decode(bytes, &got, &fault), cases[i].status);
        assert_int_equal(fault.at, cases[i].fault_at);
    }
    uint8_t unended[BULLA_TAG_SIZE];
    memset(unended, 0x04, sizeof unended);
    bulla_bits_set(unended, 0, 4, 1);
    for (unsigned at = 4; at + 6 <= 240; at += 6)
        bulla_bits_set(unended, at, 6, 1);
    put_crc(unended);
    assert_int_equal(bulla_tag_decode(unended, &got, &fault), BULLA_INSANE);
    assert_string_equal(fault.field, "document");
    assert_memory_equal(&got, &before, sizeof got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_what_the_header_says),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
