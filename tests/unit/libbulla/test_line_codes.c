/* SPDX-License-Identifier: Apache-2.0 */
/* Line codes: what is put is got, in each code; what no code puts is a violation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bulla/line.h"

/* [ISO-T3-F8] [ISO-T4-R8] [ISO-T7-F7] [ISO-T8-R7] */
static void what_is_put_is_got(void **state)
{
    (void)state;
    for (uint8_t code = BULLA_LINE_MANCHESTER; code <= BULLA_LINE_NRZ; code++)
        for (uint8_t level = 0; level < 2; level++)
            for (unsigned bits = 0; bits < 256; bits++) {
                struct bulla_line to = {code, level}, from = {code, level};
                for (unsigned i = 0; i < 8; i++) {
                    unsigned bit = bits >> i & 1u;
                    assert_int_equal(bulla_line_get(&from, bulla_line_put(&to, bit)), bit);
                    assert_int_equal(from.level, to.level);
                }
            }
}

/* One is low, high in Manchester; FM0 changes at every bit, and within a zero. */
static void the_codes_are_those_of_the_standards(void **state)
{
    (void)state;
    struct bulla_line manchester = {BULLA_LINE_MANCHESTER, 0}, fm0 = {BULLA_LINE_FM0, 1}, nrz = {BULLA_LINE_NRZ, 0};
    assert_int_equal(bulla_line_put(&manchester, 1), 1);
    assert_int_equal(bulla_line_put(&manchester, 0), 2);
    assert_int_equal(bulla_line_put(&fm0, 1), 0);
    assert_int_equal(bulla_line_put(&fm0, 1), 3);
    assert_int_equal(bulla_line_put(&fm0, 0), 1);
    assert_int_equal(bulla_line_put(&nrz, 1), 3);
    assert_int_equal(bulla_line_put(&nrz, 0), 0);
}

static void what_no_code_puts_is_a_violation(void **state)
{
    (void)state;
    struct bulla_line manchester = {BULLA_LINE_MANCHESTER, 0}, fm0 = {BULLA_LINE_FM0, 1}, nrz = {BULLA_LINE_NRZ, 0};
    assert_int_equal(bulla_line_get(&manchester, 0), BULLA_LINE_VIOLATION);
    assert_int_equal(bulla_line_get(&manchester, 3), BULLA_LINE_VIOLATION);
    assert_int_equal(bulla_line_get(&fm0, 3), BULLA_LINE_VIOLATION);
    assert_int_equal(bulla_line_get(&fm0, 0), 1); /* and reads on after it */
    assert_int_equal(bulla_line_get(&fm0, 1), BULLA_LINE_VIOLATION);
    assert_int_equal(bulla_line_get(&nrz, 1), BULLA_LINE_VIOLATION);
    assert_int_equal(bulla_line_get(&nrz, 2), BULLA_LINE_VIOLATION);
}

static void codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(bulla_line_text(BULLA_LINE_MANCHESTER), "manchester");
    assert_string_equal(bulla_line_text(BULLA_LINE_FM0), "fm0");
    assert_string_equal(bulla_line_text(BULLA_LINE_NRZ), "nrz");
    assert_string_equal(bulla_line_text(3), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_got),
        cmocka_unit_test(the_codes_are_those_of_the_standards),
        cmocka_unit_test(what_no_code_puts_is_a_violation),
        cmocka_unit_test(codes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
