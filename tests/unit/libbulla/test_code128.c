/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: Code 128, both ways; every wrong symbol is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/code128.h"
#include "tests/support/random.h"

enum { SYMBOL = BULLA_CODE128_WIDTHS, START_A = 103, START_B, START_C, TO_C = 99, TO_B, TO_A, SHIFT = 98 };

/* Widths of every value. */
static uint8_t patterns[106][SYMBOL];

static struct bulla_bytes view(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, strlen(text)};
}

static size_t encode(const char *text, uint8_t *widths)
{
    struct bulla_fault fault;
    size_t n = 0;
    assert_int_equal(bulla_code128_encode(view(text), widths, &n, &fault), BULLA_OK);
    return n;
}

/* Symbols for themselves, with their check symbol and the stop. */
static size_t frame(const uint8_t *values, size_t n_values, uint8_t *widths)
{
    static const uint8_t stop[] = {2, 3, 3, 1, 1, 1, 2};
    unsigned sum = values[0];
    for (size_t i = 0; i < n_values; i++) {
        sum += (unsigned)i * values[i];
        memcpy(widths + i * SYMBOL, patterns[values[i]], SYMBOL);
    }
    memcpy(widths + n_values * SYMBOL, patterns[sum % 103], SYMBOL);
    memcpy(widths + (n_values + 1) * SYMBOL, stop, sizeof stop);
    return (n_values + 1) * SYMBOL + sizeof stop;
}

/* A pair of digits is its own value in set C; the rest is as the code has it, one digit a width. */
static void learn_patterns(void)
{
    static const char *const shown[][3] = {

        {"\x62", "SHIFT", "411311"}, {"\x63", "TO_C", "113141"},    {"\x64", "TO_B", "114131"},    {"\x65", "TO_A", "311141"},
        {"\x66", "FNC1", "411131"},  {"\x67", "START_A", "211412"}, {"\x68", "START_B", "211214"}, {"\x69", "START_C", "211232"},
    };
    uint8_t widths[BULLA_CODE128_WIDTHS_MAX];
    for (unsigned value = 0; value < 100; value++) {
        char digits[5] = {'0', '0', (char)('0' + value / 10), (char)('0' + value % 10), '\0'};
        encode(digits, widths);
        memcpy(patterns[value], widths + 2 * SYMBOL, SYMBOL);
    }
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        for (unsigned j = 0; j < SYMBOL; j++)
            patterns[(uint8_t)shown[i][0][0]][j] = (uint8_t)(shown[i][2][j] - '0');
}

/* [WCO-3.1-1] What an independent program makes of the same texts. */
static void widths_are_those_of_the_code(void **state)
{
    (void)state;
    static const struct {
        const char *text, *widths;
    } known[] = {
        {"Wikipedia", "2112143113211421122412111421121112421122141412211421121211244212112331112"},
        {"CSQU3054383", "2112141313212131132113312131312211321131411312221123311142121133212331112"},
        {"1234567890", "2112321122321311233311212411122141211242112331112"},
        {"A", "2112141113231311232331112"},
        {"~!@ []{}", "2112141311412221222321212122223321112214114121211113411224112331112"},
        {"ab123456cd", "2112141211241214211131411122321311233311211141311411221412211221322331112"},
        {"12345", "2112321122321311231141312132123111232331112"},
        {"MSKU9070323 / seal ABC1234567", "211214113123213113112331213131321122113141122312121223312131114131212222113222212222114212112214"
                                          "1211242211142122221113231311231313211232211131413121311131231411221211242331112"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint8_t widths[BULLA_CODE128_WIDTHS_MAX];
        char text[BULLA_CODE128_TEXT_MAX + 1], digits[BULLA_CODE128_WIDTHS_MAX + 1];
        struct bulla_fault fault;
        size_t n = encode(known[i].text, widths);
        for (size_t j = 0; j < n; j++)
            digits[j] = (char)('0' + widths[j]);
        digits[n] = '\0';
        assert_string_equal(digits, known[i].widths);
        assert_int_equal(bulla_code128_decode(widths, n, text, &fault), BULLA_OK);
        assert_string_equal(text, known[i].text);
    }
}

/* [WCO-3.1-1] Ten thousand identifiers of digits, letters, and runs of both. */
static void random_identifiers_round_trip(void **state)
{
    (void)state;
    struct random random = {128};
    for (unsigned round = 0; round < 10000; round++) {
        uint8_t widths[BULLA_CODE128_WIDTHS_MAX];
        char text[BULLA_CODE128_TEXT_MAX + 1], got[BULLA_CODE128_TEXT_MAX + 1];
        struct bulla_fault fault;
        size_t n = 1 + random_below(&random, BULLA_CODE128_TEXT_MAX);
        bool digits = random_below(&random, 2);
        for (size_t i = 0; i < n; i++) {
            digits ^= random_below(&random, 5) == 0;
            text[i] = (char)(digits ? '0' + random_below(&random, 10) : ' ' + random_below(&random, 95));
        }
        text[n] = '\0';
        assert_int_equal(bulla_code128_decode(widths, encode(text, widths), got, &fault), BULLA_OK);
        assert_string_equal(got, text);
    }
}

/* [WCO-3.1-1] Each symbol of some codes replaced by each other one: nothing is read, and nothing is touched. */
static void every_wrong_symbol_is_found(void **state)
{
    (void)state;
    static const char *const texts[] = {"CSQU3054383", "1234567890", "E-2026/00042 Mombasa 123456", "A"};
    for (unsigned t = 0; t < 4; t++) {
        uint8_t widths[BULLA_CODE128_WIDTHS_MAX], kept[SYMBOL];
        size_t n = encode(texts[t], widths);
        for (size_t at = 0; at + BULLA_CODE128_STOP < n; at += SYMBOL) {
            memcpy(kept, widths + at, SYMBOL);
            for (unsigned value = 0; value < 106; value++) {
                char text[BULLA_CODE128_TEXT_MAX + 1] = "untouched";
                struct bulla_fault fault;
                memcpy(widths + at, patterns[value], SYMBOL);
                if (memcmp(kept, patterns[value], SYMBOL) == 0)
                    continue;
                assert_int_not_equal(bulla_code128_decode(widths, n, text, &fault), BULLA_OK);
                assert_string_equal(text, "untouched");
            }
            memcpy(widths + at, kept, SYMBOL);
        }
        for (size_t at = 0; at < n; at++) /* and each width that is another one */
            for (uint8_t width = 0; width < 6; width++) {
                char text[BULLA_CODE128_TEXT_MAX + 1];
                struct bulla_fault fault;
                uint8_t was = widths[at];
                widths[at] = width;
                assert_true(width == was || bulla_code128_decode(widths, n, text, &fault) != BULLA_OK);
                widths[at] = was;
            }
    }
}

static void the_sets_and_shifts_are_read(void **state)
{
    (void)state;
    static const struct {
        uint8_t values[8];
        size_t n;
        enum bulla_status status;
        const char *text;
    } cases[] = {
        {{START_A, 33, 16}, 3, BULLA_OK, "A0"},
        {{START_A, SHIFT, 65, 33}, 4, BULLA_OK, "aA"}, /* a small letter between capitals */
        {{START_B, SHIFT, 33, 65}, 4, BULLA_OK, "Aa"},
        {{START_A, TO_B, 65, TO_C, 12, TO_A, 33}, 7, BULLA_OK, "a12A"},
        {{START_C, 99, TO_B, 33}, 4, BULLA_OK, "99A"},
        {{START_A, 64}, 2, BULLA_INSANE, NULL}, /* control characters */
        {{START_B, SHIFT, 95}, 3, BULLA_INSANE, NULL},
        {{START_B, 95}, 2, BULLA_INSANE, NULL},
        {{START_B, 96}, 2, BULLA_INSANE, NULL}, /* functions */
        {{START_C, 102}, 2, BULLA_INSANE, NULL},
        {{START_B, TO_B}, 2, BULLA_INSANE, NULL},
        {{START_A, TO_A}, 2, BULLA_INSANE, NULL},
        {{START_B, START_B}, 2, BULLA_INSANE, NULL},
        {{START_B, SHIFT, SHIFT}, 3, BULLA_INSANE, NULL},
        {{START_B, 33, SHIFT}, 3, BULLA_INSANE, NULL}, /* nothing is shifted */
        {{START_B, TO_C}, 2, BULLA_INSANE, NULL},      /* no text */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t widths[BULLA_CODE128_WIDTHS_MAX];
        char text[BULLA_CODE128_TEXT_MAX + 1] = "untouched";
        struct bulla_fault fault;
        size_t n = frame(cases[i].values, cases[i].n, widths);
        assert_int_equal(bulla_code128_decode(widths, n, text, &fault), cases[i].status);
        assert_string_equal(text, cases[i].text ? cases[i].text : "untouched");
    }
}

static void what_is_no_code_is_refused(void **state)
{
    (void)state;
    uint8_t widths[BULLA_CODE128_WIDTHS_MAX + SYMBOL] = {0}, values[200];
    char text[BULLA_CODE128_TEXT_MAX + 1] = "untouched", longest[BULLA_CODE128_TEXT_MAX + 2];
    struct bulla_fault fault;
    size_t n = encode("AB", widths), untouched = 77;
    assert_int_equal(bulla_code128_decode(widths, 24, text, &fault), BULLA_MORE);
    assert_int_equal(bulla_code128_decode(widths, n - 1, text, &fault), BULLA_DAMAGED);
    assert_string_equal(fault.field, "stop");
    assert_int_equal(bulla_code128_decode(widths, n - SYMBOL, text, &fault), BULLA_DAMAGED);
    assert_int_equal(bulla_code128_decode(widths + SYMBOL, n - SYMBOL, text, &fault), BULLA_NOT_MINE);
    widths[0] = 4;
    assert_int_equal(bulla_code128_decode(widths, n, text, &fault), BULLA_NOT_MINE);
    memset(values, 12, sizeof values);
    values[0] = START_C;
    assert_int_equal(bulla_code128_decode(widths, frame(values, 42, widths), text, &fault), BULLA_FULL); /* 82 digits */
    assert_string_equal(fault.field, "text");
    assert_int_equal(bulla_code128_decode(widths, frame(values, 162, widths), text, &fault), BULLA_FULL);
    assert_string_equal(fault.field, "code");
    assert_string_equal(text, "untouched");

    memset(longest, 'x', sizeof longest);
    widths[0] = 0x5A;
    assert_int_equal(bulla_code128_encode((struct bulla_bytes){(uint8_t *)longest, 81}, widths, &untouched, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_code128_encode((struct bulla_bytes){(uint8_t *)longest, 0}, widths, &untouched, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_code128_encode(view("caf\xc3\xa9"), widths, &untouched, &fault), BULLA_REFUSED);
    assert_int_equal(fault.at, 3);
    assert_int_equal(bulla_code128_encode(view("a\tb"), widths, &untouched, &fault), BULLA_REFUSED);
    assert_int_equal(untouched, 77);
    assert_int_equal(widths[0], 0x5A);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_are_those_of_the_code), cmocka_unit_test(random_identifiers_round_trip),
        cmocka_unit_test(every_wrong_symbol_is_found),  cmocka_unit_test(the_sets_and_shifts_are_read),
        cmocka_unit_test(what_is_no_code_is_refused),
    };
    learn_patterns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
