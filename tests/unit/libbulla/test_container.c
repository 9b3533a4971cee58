/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: container numbers, slips, size and type codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/container.h"
#include "tests/support/random.h"

static struct bulla_bytes view(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, strlen(text)};
}

/* A right number; its remainder may be ten. */
static void random_number(struct random *random, char number[12])
{
    for (int i = 0; i < 3; i++)
        number[i] = (char)('A' + random_below(random, 26));
    number[3] = "UJZR"[random_below(random, 4)];
    snprintf(number + 4, 8, "%06u0", (unsigned)random_below(random, 1000000));
    number[10] = (char)('0' + bulla_container_remainder(number) % 10);
}

/* Numbers seen on containers, and the example of ISO 6346 itself. [ISO-0-2] [GBT-A1-5] */
static void right_numbers_are_right(void **state)
{
    (void)state;
    static const char *const numbers[] = {"CSQU3054383", "MSKU9070323", "TOLU4734787", "HLXU2008419", "ZEPU0037255"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct bulla_container c;
        struct bulla_fault fault;
        assert_int_equal(bulla_container_decode(view(numbers[i]), &c, &fault), BULLA_OK);
        assert_string_equal(c.number, numbers[i]);
        assert_string_equal(c.category, "freight container");
        assert_int_equal(c.remarks, 0);
    }
}

/* [ISO-1-7] */
static void remarks_tell_of_ten_and_of_other_categories(void **state)
{
    (void)state;
    struct random random = {3};
    unsigned tens = 0, others = 0;
    for (int i = 0; i < 5000; i++) {
        char number[12];
        struct bulla_container c;
        struct bulla_fault fault;
        random_number(&random, number);
        assert_int_equal(bulla_container_decode(view(number), &c, &fault), BULLA_OK);
        bool ten = bulla_container_remainder(number) == 10, other = number[3] == 'R';
        assert_int_equal(c.remarks, (ten ? BULLA_CONTAINER_REMAINDER_TEN : 0) | (other ? BULLA_CONTAINER_CATEGORY_OTHER : 0));
        assert_string_equal(c.category, number[3] == 'U'   ? "freight container"
                                        : number[3] == 'J' ? "detachable equipment"
                                        : number[3] == 'Z' ? "trailer or chassis"
                                                           : "refrigerated container");
        tens += ten;
        others += other;
    }
    assert_true(tens > 200 && others > 500);
}

static void a_wrong_number_says_where_and_touches_nothing(void **state)
{
    (void)state;
    const struct {
        const char *number;
        enum bulla_status status;
        unsigned at;
        const char *expected;
    } cases[] = {
        {"", BULLA_DAMAGED, 0, "eleven characters"},
        {"CSQU305438", BULLA_DAMAGED, 10, "eleven characters"},
        {"CSQU30543831", BULLA_DAMAGED, 11, "eleven characters"},
        {"CSQU3054383X", BULLA_DAMAGED, 11, "eleven characters"},
        {"cSQU3054383", BULLA_DAMAGED, 0, "a capital letter of the owner code"},
        {"CS[U3054383", BULLA_DAMAGED, 2, "a capital letter of the owner code"},
        {"CSQX3054383", BULLA_DAMAGED, 3, "category U, J, Z or R"},
        {"CSQU3O54383", BULLA_DAMAGED, 5, "a digit of the serial number"},
        {"CSQU30543/3", BULLA_DAMAGED, 9, "a digit of the serial number"},
        {"CSQU305438X", BULLA_DAMAGED, 10, "a check digit"},
        {"CSQU3054384", BULLA_INSANE, 10, "check digit 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_container c, before;
        struct bulla_fault fault;
        memset(&c, 0x5A, sizeof c);
        memcpy(&before, &c, sizeof c);
        assert_int_equal(bulla_container_decode(view(cases[i].number), &c, &fault), cases[i].status);
        assert_int_equal(fault.at, cases[i].at);
        assert_string_equal(fault.expected, cases[i].expected);
        assert_string_equal(fault.field, "container number");
        assert_memory_equal(&c, &before, sizeof c);
    }
}

static void numbers_as_people_write_them(void **state)
{
    (void)state;
    char number[12] = "before";
    assert_int_equal(bulla_container_tidy(view(" csqu 305438-3 "), number), BULLA_OK);
    assert_string_equal(number, "CSQU3054383");
    assert_int_equal(bulla_container_tidy(view("{z"), number), BULLA_OK);
    assert_string_equal(number, "{Z");
    assert_int_equal(bulla_container_tidy(view("CSQU30543830"), number), BULLA_FULL);
    assert_string_equal(number, "{Z");
}

static bool offered(const char *text, const char *wanted, struct bulla_candidate *which)
{
    struct bulla_candidate found[BULLA_CANDIDATES_MAX];
    size_t n = bulla_container_candidates(view(text), found, BULLA_CANDIDATES_MAX);
    assert_true(n <= BULLA_CANDIDATES_MAX);
    for (size_t i = 0; i < n; i++)
        if (strcmp(found[i].number, wanted) == 0) {
            *which = found[i];
            return true;
        }
    return false;
}

static void check_candidates(const char *text)
{
    struct bulla_candidate found[BULLA_CANDIDATES_MAX];
    size_t n = bulla_container_candidates(view(text), found, BULLA_CANDIDATES_MAX);
    for (size_t i = 0; i < n; i++) {
        struct bulla_container c;
        struct bulla_fault fault;
        unsigned differ = 0;
        assert_int_equal(bulla_container_decode(view(found[i].number), &c, &fault), BULLA_OK);
        for (int j = 0; j < 11; j++)
            differ += found[i].number[j] != text[j];
        assert_int_equal(differ, found[i].slip == BULLA_SLIP_TRANSPOSED ? 2 : 1);
        assert_true(found[i].number[found[i].at] != text[found[i].at]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(found[i].number, found[j].number);
    }
}

/* Every swap of neighbours and every single wrong character of a right number: the number is among the candidates. */
static void every_single_slip_is_found_again(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct random random = {5};
    for (int round = 0; round < 12; round++) {
        char number[12], slip[12];
        struct bulla_candidate which;
        random_number(&random, number);
        for (int at = 0; at < 11; at++) {
            for (const char *c = alphabet; *c; c++) {
                memcpy(slip, number, 12);
                slip[at] = *c;
                if (*c == number[at])
                    continue;
                assert_true(offered(slip, number, &which));
                assert_int_equal(which.at, at);
                check_candidates(slip);
            }
            memcpy(slip, number, 12);
            if (at == 10 || slip[at] == slip[at + 1])
                continue;
            slip[at] = number[at + 1];
            slip[at + 1] = number[at];
            assert_true(offered(slip, number, &which));
            assert_int_equal(which.slip, BULLA_SLIP_TRANSPOSED);
        }
    }
}

static void likely_slips_come_first(void **state)
{
    (void)state;
    const struct {
        const char *text, *first;
        enum bulla_slip slip;
    } cases[] = {
        {"CSQU3504383", "CSQU3054383", BULLA_SLIP_TRANSPOSED},
        {"CSQU3O54383", "CSQU3054383", BULLA_SLIP_LOOK_ALIKE},
        {"C5QU3054383", "CSQU3054383", BULLA_SLIP_LOOK_ALIKE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_candidate first;
        assert_true(bulla_container_candidates(view(cases[i].text), &first, 1) >= 1);
        assert_string_equal(first.number, cases[i].first);
        assert_int_equal(first.slip, cases[i].slip);
    }
    struct bulla_candidate untouched;
    memset(&untouched, 0x5A, sizeof untouched);
    assert_true(bulla_container_candidates(view("CSQU3054384"), &untouched, 0) > 1);
    assert_int_equal(untouched.slip, 0x5A);
    assert_int_equal(bulla_container_candidates(view("CSQU305438"), &untouched, 1), 0);
    assert_int_equal(bulla_container_candidates(view("5SQU305438!"), &untouched, 0), 0); /* two are wrong */
    assert_string_equal(bulla_slip_text(BULLA_SLIP_CHECK_DIGIT), "check-digit");
    assert_string_equal(bulla_slip_text(0), "unknown");
    assert_string_equal(bulla_slip_text(5), "unknown");
}

/* [GBT-A1-6] */
static void size_and_type_codes(void **state)
{
    (void)state;
    struct bulla_size_type t;
    struct bulla_fault fault;
    assert_int_equal(bulla_size_type_decode(view("22G1"), &t, &fault), BULLA_OK);
    assert_int_equal(t.length_mm, 6068);
    assert_int_equal(t.length_ft, 20);
    assert_int_equal(t.height_from_mm, 2591);
    assert_int_equal(t.width_to_mm, 2438);
    assert_int_equal(t.group, 'G');
    assert_string_equal(t.kind, "general purpose");
    assert_int_equal(bulla_size_type_decode(view("L6RT"), &t, &fault), BULLA_OK);
    assert_int_equal(t.length_ft, 45);
    assert_int_equal(t.height_to_mm, BULLA_MM_OPEN);
    assert_string_equal(t.detail, "");
    const struct {
        const char *code;
        enum bulla_status status;
        unsigned at;
    } wrong[] = {{"22G", BULLA_DAMAGED, 3},
                 {"22G11", BULLA_DAMAGED, 4},
                 {"52G1", BULLA_INSANE, 0},
                 {"21G1", BULLA_INSANE, 1},
                 {"22G4", BULLA_INSANE, 2}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bulla_size_type before = t;
        assert_int_equal(bulla_size_type_decode(view(wrong[i].code), &t, &fault), wrong[i].status);
        assert_int_equal(fault.at, wrong[i].at);
        assert_memory_equal(&t, &before, sizeof t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_numbers_are_right),
        cmocka_unit_test(remarks_tell_of_ten_and_of_other_categories),
        cmocka_unit_test(a_wrong_number_says_where_and_touches_nothing),
        cmocka_unit_test(numbers_as_people_write_them),
        cmocka_unit_test(every_single_slip_is_found_again),
        cmocka_unit_test(likely_slips_come_first),
        cmocka_unit_test(size_and_type_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
