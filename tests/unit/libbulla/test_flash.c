/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the flash port's helpers and CRC-32; and that the simulated chip keeps to its rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/crc32.h"
#include "bulla/flash.h"
#include "tests/support/nor.h"

#define SECTOR  64u
#define SECTORS 4u

static uint8_t chip[SECTOR * SECTORS];

static void crc32_is_the_one_bit_by_bit(void **state)
{
    (void)state;
    assert_int_equal(bulla_crc32(0, (struct bulla_bytes){(const uint8_t *)"123456789", 9}), 0xCBF43926);
    struct random random = {5};
    for (int round = 0; round < 500; round++) {
        uint8_t bytes[80];
        size_t n = random_below(&random, sizeof bytes + 1), cut = random_below(&random, n + 1);
        random_fill(&random, bytes, sizeof bytes);
        uint32_t slow = 0xFFFFFFFF;
        for (size_t bit = 0; bit < 8 * n; bit++) {
            uint32_t low = (slow ^ (uint32_t)bytes[bit / 8] >> bit % 8) & 1;
            slow = slow >> 1 ^ low * 0xEDB88320;
        }
        uint32_t first = bulla_crc32(0, (struct bulla_bytes){bytes, cut});
        assert_int_equal(bulla_crc32(first, (struct bulla_bytes){bytes + cut, n - cut}), (uint32_t)~slow);
    }
}

static void an_area_ends_where_it_ends(void **state)
{
    (void)state;
    struct nor nor;
    nor_init(&nor, chip, SECTOR, SECTORS, 1);
    struct bulla_flash flash = nor_flash(&nor);
    struct bulla_flash part = bulla_flash_part(&flash, 1, 2);
    uint8_t bytes[SECTOR * 2] = {1, 2, 3, 4, 5, 6, 7, 8};
    assert_int_equal(bulla_flash_put(&part, 2 * SECTOR - 8, bytes, 8), BULLA_OK);
    assert_memory_equal(chip + 3 * SECTOR - 8, bytes, 8);
    assert_int_equal(bulla_flash_read(&part, 0, bytes, 2 * SECTOR), BULLA_OK);
    assert_int_equal(bulla_flash_read(&part, 1, bytes, 2 * SECTOR), BULLA_FAILED);
    assert_int_equal(bulla_flash_read(&part, 2 * SECTOR + 1, bytes, 0), BULLA_FAILED);
    assert_int_equal(bulla_flash_read(&part, UINT32_MAX, bytes, 2), BULLA_FAILED);
    assert_int_equal(bulla_flash_put(&part, 2 * SECTOR, bytes, 8), BULLA_FAILED);
    assert_int_equal(bulla_flash_erase(&part, 1), BULLA_OK);
    assert_int_equal(chip[3 * SECTOR - 8], 0xFF);
    assert_int_equal(bulla_flash_erase(&part, 2), BULLA_FAILED);
    assert_int_equal(nor.broken, 0);
}

static void a_place_that_is_not_blank_is_not_programmed(void **state)
{
    (void)state;
    struct nor nor;
    nor_init(&nor, chip, SECTOR, SECTORS, 1);
    struct bulla_flash flash = nor_flash(&nor);
    uint8_t bytes[40] = {0};
    bool blank = false;
    for (unsigned bit = 0; bit < 8 * sizeof bytes; bit++) {
        nor_flip(&nor, bit);
        assert_int_equal(bulla_flash_blank(&flash, 0, sizeof bytes, &blank), BULLA_OK);
        assert_false(blank);
        assert_int_equal(bulla_flash_put(&flash, 0, bytes, sizeof bytes), BULLA_DAMAGED);
        nor_flip(&nor, bit);
    }
    assert_int_equal(bulla_flash_blank(&flash, 0, sizeof bytes, &blank), BULLA_OK);
    assert_true(blank);
    assert_int_equal(nor.bytes_programmed, 0);
}

static bool program_that_lies(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    (void)context, (void)at, (void)from, (void)n;
    return true;
}

static void a_chip_that_says_done_is_not_believed(void **state)
{
    (void)state;
    struct nor nor;
    nor_init(&nor, chip, SECTOR, SECTORS, 1);
    struct bulla_flash flash = nor_flash(&nor);
    struct bulla_flash_ops lying = *flash.ops;
    lying.program = program_that_lies;
    flash.ops = &lying;
    assert_int_equal(bulla_flash_put(&flash, 0, (const uint8_t *)"12345678", 8), BULLA_FAILED);
}

/* Every call of a put can fail: the look before, the program, the look after. */
static void each_failing_call_is_said(void **state)
{
    (void)state;
    struct nor nor;
    for (unsigned nth = 1; nth <= 4; nth++) {
        nor_init(&nor, chip, SECTOR, SECTORS, nth);
        struct bulla_flash flash = nor_flash(&nor);
        nor.fail_at = nth;
        enum bulla_status expected = nth <= 3 ? BULLA_FAILED : BULLA_OK;
        assert_int_equal(bulla_flash_put(&flash, 0, (const uint8_t *)"12345678", 8), expected);
        assert_int_equal(nor.broken, 0);
        nor_power(&nor);
        nor.fail_at = 1;
        assert_int_equal(bulla_flash_erase(&flash, 0), BULLA_FAILED);
    }
}

/* The simulated chip: what is programmed against the rules is counted, a cut leaves what comes after it untouched. */
static void the_simulated_chip_keeps_its_rules(void **state)
{
    (void)state;
    struct nor nor;
    nor_init(&nor, chip, SECTOR, SECTORS, 1);
    struct bulla_flash flash = nor_flash(&nor);
    assert_true(flash.ops->program(&nor, 0, (const uint8_t *)"12345678", 8));
    assert_int_equal(nor.broken, 0);
    assert_true(flash.ops->program(&nor, 0, (const uint8_t *)"12345678", 8));
    assert_int_equal(nor.broken, 8);
    assert_true(flash.ops->program(&nor, 20, (const uint8_t *)"1234", 4));
    assert_int_equal(nor.broken, 9);
    assert_false(flash.ops->read(&nor, SECTOR * SECTORS, (uint8_t[1]){0}, 1));
    assert_int_equal(nor.broken, 10);

    nor_init(&nor, chip, SECTOR, SECTORS, 1);
    nor.cut_at = 5;
    assert_false(flash.ops->program(&nor, 8, (const uint8_t *)"12345678", 8));
    assert_memory_equal(chip + 8, "1234", 4);
    assert_int_equal(chip[12] & '5', '5');
    for (unsigned i = 13; i < SECTOR; i++)
        assert_int_equal(chip[i], 0xFF);
    assert_false(flash.ops->erase(&nor, 0));
    assert_memory_equal(chip + 8, "1234", 4);
    nor_power(&nor);
    assert_true(flash.ops->erase(&nor, 0));
    assert_int_equal(nor.wear[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32_is_the_one_bit_by_bit),
        cmocka_unit_test(an_area_ends_where_it_ends),
        cmocka_unit_test(a_place_that_is_not_blank_is_not_programmed),
        cmocka_unit_test(a_chip_that_says_done_is_not_believed),
        cmocka_unit_test(each_failing_call_is_said),
        cmocka_unit_test(the_simulated_chip_keeps_its_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
