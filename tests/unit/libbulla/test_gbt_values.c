/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: values of a GB/T 23678 record, of every kind, in every field; seal ids; classes of mechanical seals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/seal_id.h"
#include "tests/support/random.h"
#include "tests/unit/libbulla/gbt_support.h"

static size_t random_time(struct random *random, char *to, unsigned digits)
{
    char all[16];
    snprintf(all, sizeof all, "%04u%02u%02u%02u%02u%02u", (unsigned)(2000 + random_below(random, 100)),
             (unsigned)(1 + random_below(random, 12)), (unsigned)(1 + random_below(random, 28)), (unsigned)random_below(random, 24),
             (unsigned)random_below(random, 60), (unsigned)random_below(random, 60));
    memcpy(to, all, digits);
    return digits;
}

static size_t random_chars(struct random *random, char *to, size_t most, const char *from)
{
    size_t n = 1 + random_below(random, most);
    for (size_t i = 0; i < n; i++)
        to[i] = from[random_below(random, strlen(from))];
    if (to[n - 1] == ' ')
        to[n - 1] = '.';
    return n;
}

static size_t random_word(struct random *random, char *to, const char *const *words, size_t n_words)
{
    const char *word = words[random_below(random, n_words)];
    memcpy(to, word, strlen(word));
    return strlen(word);
}

static size_t random_container(struct random *random, char *to)
{
    char number[12] = "AAAU";
    for (int i = 0; i < 3; i++)
        number[i] = (char)('A' + random_below(random, 26));
    snprintf(number + 4, 8, "%06u0", (unsigned)random_below(random, 1000000));
    number[10] = (char)('0' + bulla_container_remainder(number) % 10);
    memcpy(to, number, 11);
    return 11;
}

#define WORDS(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static size_t random_value(struct random *random, unsigned kind, size_t bytes, char *to)
{
    static const char printable[] = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCXYZ[\\]^_`abcxyz{|}~";
    static const char word[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    switch (kind) {
    case BULLA_GBT_KIND_ID:
        random_fill(random, to, bytes);
        to[0] = (char)0xE2;
        return bytes;
    case BULLA_GBT_KIND_DATE:
        return random_time(random, to, 8);
    case BULLA_GBT_KIND_TIME:
        return random_time(random, to, random_below(random, 2) ? 12 : 14);
    case BULLA_GBT_KIND_CODE:
        return random_chars(random, to, bytes, word);
    case BULLA_GBT_KIND_TEXT:
        return random_chars(random, to, bytes, printable);
    case BULLA_GBT_KIND_CONTAINER:
        return random_container(random, to);
    case BULLA_GBT_KIND_SIZE_TYPE:
        return random_word(random, to, WORDS("22G1", "45R1", "L5G1", "20TN", "APU5"));
    case BULLA_GBT_KIND_STATE:
        return random_word(random, to, WORDS("Y", "N"));
    case BULLA_GBT_KIND_DANGER:
        return random_word(random, to, WORDS("1", "1.4", "2.1", "3", "6.1", "9"));
    case BULLA_GBT_KIND_UNIT:
        return random_word(random, to, WORDS("F", "C"));
    case BULLA_GBT_KIND_NODE:
        return random_word(random, to, WORDS("VC", "TY", "YT", "YV", "VT", "UC", "IC", "ZC", "XC"));
    case BULLA_GBT_KIND_TEMPERATURE:
        to[0] = random_below(random, 2) ? '-' : '0';
        snprintf(to + 1, 4, "%03u", (unsigned)(1 + random_below(random, 999)));
        return 4;
    default: /* numbers, and the UN number, which is not 0000 */
        for (size_t i = 0; i < bytes; i++)
            to[i] = (char)('1' + random_below(random, 9));
        return bytes;
    }
}

/* Each field of each layout holds each value of its kind, gives it back, and touches no byte outside its own.
 * [GBT-A1-1] to [GBT-A1-38] */
static void what_is_put_is_got_and_nothing_else_changes(void **state)
{
    (void)state;
    struct random random = {21};
    for (int round = 0; round < 120; round++) {
        struct bulla_gbt record = blank((enum bulla_gbt_reading)(round & 1), (enum bulla_gbt_cargo)(round % 3), 3, ALL_RIGHTS);
        for (unsigned i = 0; i < BULLA_GBT_FIELDS; i++) {
            enum bulla_gbt_field field = (enum bulla_gbt_field)i;
            const struct bulla_gbt_about *about = &bulla_gbt_about[i];
            for (unsigned j = 0; j < bulla_gbt_count(&record, field); j++) {
                char chars[1501];
                uint8_t before[sizeof memory];
                struct bulla_bytes got;
                struct bulla_fault fault;
                size_t bytes = about->bytes / (record.reading == BULLA_GBT_READING_RING ? about->entries : 1u);
                size_t n = random_value(&random, about->kind, bytes, chars);
                struct bulla_bytes value = {(const uint8_t *)chars, n};
                memcpy(before, memory, sizeof memory);
                assert_int_equal(bulla_gbt_put(&record, field, j, value, &fault), BULLA_OK);
                assert_int_equal(bulla_gbt_get(&record, field, j, &got, &fault), BULLA_OK);
                assert_int_equal(got.len, n);
                assert_memory_equal(got.at, chars, n);
                size_t at = bulla_gbt_at(&record, field, j);
                assert_memory_equal(memory, before, at);
                assert_memory_equal(memory + at + bytes, before + at + bytes, sizeof memory - at - bytes);
            }
        }
    }
}

/* Records of random bytes near a right one: what passes the check and is read field by field can be written field by field,
 * and the bytes are the same. */
static void what_is_got_is_put_again(void **state)
{
    (void)state;
    struct random random = {22};
    static uint8_t copy[sizeof memory];
    unsigned right = 0;
    for (int round = 0; round < 4000; round++) {
        struct bulla_gbt record = hung((enum bulla_gbt_reading)(round & 1), (enum bulla_gbt_cargo)(round % 3), 2), again = record;
        struct bulla_fault fault;
        for (unsigned n = (unsigned)random_below(&random, 4); n > 0; n--)
            memory[random_below(&random, record.len)] = (uint8_t) "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ \x80"[random_below(&random, 38)];
        if (bulla_gbt_check(&record, &fault) != BULLA_OK)
            continue;
        right++;
        again.at = copy;
        record.rights = again.rights = ALL_RIGHTS;
        bulla_gbt_init(&again);
        for (unsigned i = 0; i < BULLA_GBT_FIELDS; i++)
            for (unsigned j = 0; j < bulla_gbt_count(&record, (enum bulla_gbt_field)i); j++) {
                struct bulla_bytes value;
                assert_int_equal(bulla_gbt_get(&record, (enum bulla_gbt_field)i, j, &value, &fault), BULLA_OK);
                assert_int_equal(bulla_gbt_put(&again, (enum bulla_gbt_field)i, j, value, &fault), BULLA_OK);
            }
        assert_memory_equal(memory, copy, record.len);
    }
    assert_true(right > 1000 && right < 3900);
}

static void numbers(void **state)
{
    (void)state;
    struct bulla_gbt record = blank(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_SHORT, 0, ALL_RIGHTS);
    struct bulla_fault fault;
    const struct {
        enum bulla_gbt_field field;
        int32_t number;
        const char *text; /* NULL: refused */
    } cases[] = {
        {BULLA_GBT_TARE, 0, "00000"},
        {BULLA_GBT_TARE, 2300, "02300"},
        {BULLA_GBT_TARE, 99999, "99999"},
        {BULLA_GBT_TARE, 100000, NULL},
        {BULLA_GBT_TARE, -1, NULL},
        {BULLA_GBT_LENGTH, 40, "40"},
        {BULLA_GBT_TEMPERATURE, 25, "0025"},
        {BULLA_GBT_TEMPERATURE, -25, "-025"},
        {BULLA_GBT_TEMPERATURE, -999, "-999"},
        {BULLA_GBT_TEMPERATURE, -1000, NULL},
        {BULLA_GBT_TEMPERATURE, INT32_MIN, NULL},
        {BULLA_GBT_OPERATOR, 1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum bulla_status status = bulla_gbt_put_number(&record, cases[i].field, cases[i].number, &fault);
        assert_int_equal(status, cases[i].text ? BULLA_OK : BULLA_REFUSED);
        if (!cases[i].text)
            continue;
        struct bulla_bytes got;
        assert_value(&record, cases[i].field, 0, cases[i].text);
        assert_int_equal(bulla_gbt_get(&record, cases[i].field, 0, &got, &fault), BULLA_OK);
        assert_int_equal(bulla_gbt_number(got), cases[i].number);
    }
    assert_int_equal(bulla_gbt_number((struct bulla_bytes){NULL, 0}), 0);
}

/* ---- seal id and strength ---- */

static void seal_ids(void **state)
{
    (void)state;
    struct random random = {23};
    struct bulla_fault fault;
    for (int round = 0; round < 2000; round++) {
        struct bulla_seal_id id = {(uint16_t)random_below(&random, 4096), (uint16_t)random_below(&random, 4096),
                                   random_next(&random) >> 16},
                             got;
        uint8_t bytes[BULLA_SEAL_ID_SIZE];
        assert_int_equal(bulla_seal_id_encode(&id, bytes, &fault), BULLA_OK);
        assert_int_equal(bytes[0], 0xE2);
        assert_int_equal(bulla_seal_id_decode(bytes, &got, &fault), BULLA_OK);
        assert_int_equal(got.designer, id.designer);
        assert_int_equal(got.model, id.model);
        assert_true(got.serial == id.serial);
    }
    const struct bulla_seal_id largest = {4095, 4095, BULLA_SEAL_ID_SERIAL_MAX};
    uint8_t all_ones[BULLA_SEAL_ID_SIZE];
    assert_int_equal(bulla_seal_id_encode(&largest, all_ones, &fault), BULLA_OK);
    for (size_t i = 1; i < sizeof all_ones; i++)
        assert_int_equal(all_ones[i], 0xFF);
    const struct bulla_seal_id wrong[] = {{4096, 0, 0}, {0, 4096, 0}, {0, 0, UINT64_C(1) << 48}};
    const unsigned at[] = {8, 20, 32};
    for (size_t i = 0; i < 3; i++) {
        uint8_t bytes[BULLA_SEAL_ID_SIZE] = {0x5A};
        assert_int_equal(bulla_seal_id_encode(&wrong[i], bytes, &fault), BULLA_REFUSED);
        assert_int_equal(fault.at, at[i]);
        assert_int_equal(bytes[0], 0x5A);
    }
    struct bulla_seal_id got = {1, 2, 3};
    const uint8_t other[BULLA_SEAL_ID_SIZE] = {0xE0};
    assert_int_equal(bulla_seal_id_decode(other, &got, &fault), BULLA_NOT_MINE);
    assert_int_equal(got.designer, 1);
}

/* [WCO-3.1-2] */
static void strengths(void **state)
{
    (void)state;
    assert_int_equal(bulla_strength_from('H'), BULLA_STRENGTH_HIGH);
    assert_int_equal(bulla_strength_from('I'), BULLA_STRENGTH_INDICATIVE);
    assert_int_equal(bulla_strength_from('h'), 0);
    assert_string_equal(bulla_strength_text(BULLA_STRENGTH_SECURITY), "security");
    assert_string_equal(bulla_strength_text(0), "not classified");
    for (unsigned has = 0; has <= BULLA_STRENGTH_HIGH; has++)
        for (unsigned demanded = 0; demanded <= BULLA_STRENGTH_HIGH; demanded++)
            assert_int_equal(bulla_strength_satisfies(has, demanded), demanded == 0 || has == demanded || has > demanded);
    assert_false(bulla_strength_satisfies(bulla_strength_from('S'), BULLA_STRENGTH_HIGH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_got_and_nothing_else_changes),
        cmocka_unit_test(what_is_got_is_put_again),
        cmocka_unit_test(numbers),
        cmocka_unit_test(seal_ids),
        cmocka_unit_test(strengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
