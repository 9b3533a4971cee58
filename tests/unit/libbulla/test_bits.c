/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: bits and CRC-16, against a calculation bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/bits.h"
#include "bulla/crc.h"
#include "tests/support/random.h"

#define ROUNDS 20000

static uint16_t crc_of(uint16_t start, const char *text)
{
    return bulla_crc16(start, (struct bulla_bytes){(const uint8_t *)text, strlen(text)});
}

/* [ISO-5.2.11] */
static void crc_has_its_check_values(void **state)
{
    (void)state;
    assert_int_equal(crc_of(BULLA_CRC_FFFF, "123456789"), 0x29B1);
    assert_int_equal(crc_of(BULLA_CRC_0000, "123456789"), 0x31C3);
    assert_int_equal(bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){NULL, 0}), 0xFFFF);
}

static void crc_is_the_same_in_pieces_and_in_bits(void **state)
{
    (void)state;
    struct random random = {7};
    for (int round = 0; round < 500; round++) {
        uint8_t bytes[64];
        size_t n = random_below(&random, sizeof bytes + 1);
        size_t cut = random_below(&random, n + 1);
        random_fill(&random, bytes, sizeof bytes);
        uint16_t start = (uint16_t)random_below(&random, 65536);
        uint16_t whole = bulla_crc16(start, (struct bulla_bytes){bytes, n});
        uint16_t first = bulla_crc16(start, (struct bulla_bytes){bytes, cut});
        assert_int_equal(bulla_crc16(first, (struct bulla_bytes){bytes + cut, n - cut}), whole);
        uint16_t bitwise = start;
        for (size_t bit = 0; bit < 8 * n; bit++)
            bitwise = bulla_crc16_bit(bitwise, bytes[bit / 8] >> (7 - bit % 8) & 1);
        assert_int_equal(bitwise, whole);
    }
}

static uint64_t slow_bits(const uint8_t *bytes, size_t at, unsigned width)
{
    uint64_t value = 0;
    for (size_t bit = at; bit < at + width; bit++)
        value = value << 1 | ((unsigned)bytes[bit / 8] >> (7 - bit % 8) & 1u);
    return value;
}

static void a_field_is_read_and_written_where_it_lies(void **state)
{
    (void)state;
    struct random random = {11};
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t bytes[16], before[16];
        random_fill(&random, bytes, sizeof bytes);
        memcpy(before, bytes, sizeof bytes);
        unsigned width = 1 + (unsigned)random_below(&random, 64);
        size_t at = random_below(&random, 128 - width + 1);
        assert_true(bulla_bits_at(bytes, at, width) == slow_bits(bytes, at, width));
        uint64_t value = random_next(&random) >> (64 - width);
        bulla_bits_set(bytes, at, width, value);
        assert_true(slow_bits(bytes, at, width) == value);
        for (size_t bit = 0; bit < 128; bit++)
            if (bit < at || bit >= at + width)
                assert_int_equal(slow_bits(bytes, bit, 1), slow_bits(before, bit, 1));
    }
}

static void the_reader_sticks(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0xA5, 0xF0};
    struct bulla_bit_reader r = bulla_bit_reader_over(bytes, 13);
    assert_int_equal(bulla_bit_reader_get(&r, 4), 0xA);
    assert_int_equal(bulla_bit_reader_get(&r, 5), 0xB);
    assert_int_equal(bulla_bit_reader_get(&r, 5), 0); /* four are left */
    assert_true(r.failed);
    assert_int_equal(r.at, 9);
    assert_int_equal(bulla_bit_reader_get(&r, 1), 0); /* a one is there, but the reader has failed */
    r = bulla_bit_reader_over(bytes, 13);
    bulla_bit_reader_get(&r, 0);
    assert_true(r.failed);
    r = bulla_bit_reader_over(bytes, 16);
    bulla_bit_reader_get(&r, 65);
    assert_true(r.failed);
}

static void the_writer_refuses_what_does_not_fit(void **state)
{
    (void)state;
    const struct {
        unsigned width;
        uint64_t value;
        bool fits;
    } cases[] = {{4, 15, true}, {4, 16, false}, {0, 0, false}, {65, 0, false}, {64, UINT64_MAX, true}, {63, UINT64_MAX, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[9] = {0};
        struct bulla_bit_writer w = bulla_bit_writer_over(bytes, 72);
        bulla_bit_writer_put(&w, 3, 5);
        bulla_bit_writer_put(&w, cases[i].width, cases[i].value);
        assert_int_equal(w.failed, !cases[i].fits);
        assert_int_equal(w.at, cases[i].fits ? 3 + cases[i].width : 3);
        size_t at = w.at;
        bulla_bit_writer_put(&w, 1, 1);
        assert_int_equal(w.at, cases[i].fits ? at + 1 : at);
    }
    uint8_t byte = 0;
    struct bulla_bit_writer w = bulla_bit_writer_over(&byte, 5);
    bulla_bit_writer_put(&w, 5, 31);
    assert_int_equal(byte, 0xF8);
    bulla_bit_writer_put(&w, 1, 0);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_has_its_check_values),
        cmocka_unit_test(crc_is_the_same_in_pieces_and_in_bits),
        cmocka_unit_test(a_field_is_read_and_written_where_it_lies),
        cmocka_unit_test(the_reader_sticks),
        cmocka_unit_test(the_writer_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
