/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: profiles and the nine functions of the three classes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/profile.h"

static bool has(unsigned profile, enum bulla_trait trait)
{
    return (bulla_profile_row(profile)->has & BULLA_TRAIT_BIT(trait)) != 0;
}

/* The table of the report, written down a second time as it is printed there: passive, semi-active, active.
 * [WCO-4.3-F1] */
static void the_matrix_is_the_reports(void **state)
{
    (void)state;
    static const char *const printed[BULLA_FUNCTIONS] = {"***", "***", "--*", "--*", "--*", "--*", "--*", "--*", "--*"};
    static const unsigned of_class[3] = {BULLA_PROFILE_PASSIVE, BULLA_PROFILE_SEMI_ACTIVE, BULLA_PROFILE_ACTIVE};
    for (unsigned f = 1; f <= BULLA_FUNCTIONS; f++)
        for (unsigned c = 0; c < 3; c++) {
            bool allowed = printed[f - 1][c] == '*';
            assert_int_equal(bulla_class_functions((enum bulla_class)c) >> (f - 1) & 1, allowed);
            assert_int_equal(bulla_profile_refuses(of_class[c], (enum bulla_function)f),
                             allowed ? BULLA_REFUSAL_NONE : BULLA_REFUSAL_CLASS);
        }
}

static void no_profile_has_more_than_its_class(void **state)
{
    (void)state;
    const uint32_t all = BULLA_FUNCTION_BIT(BULLA_FUNCTIONS + 1) - 1;
    for (unsigned p = 1; p <= BULLA_PROFILES; p++) {
        const struct bulla_profile_row *row = bulla_profile_row(p);
        assert_int_equal(row->profile, p);
        assert_int_equal(row->has & all & ~bulla_class_functions(row->seal_class), 0);
        /* What keeps data from being written again and what makes it writable again exclude each other. */
        assert_false(has(p, BULLA_TRAIT_REUSABLE) && (has(p, BULLA_TRAIT_WRITE_ONCE) || has(p, BULLA_TRAIT_READ_ONLY)));
        assert_false(has(p, BULLA_TRAIT_CLOCKED) && !has(p, BULLA_TRAIT_POWERED));
        /* Passive and semi-active: written once, read with a password, void once broken, ciphered towards the reader. */
        bool simple = p == BULLA_PROFILE_PASSIVE || p == BULLA_PROFILE_SEMI_ACTIVE;
        assert_int_equal(has(p, BULLA_TRAIT_WRITE_ONCE), simple);
        assert_int_equal(has(p, BULLA_TRAIT_PASSWORD), simple);
        assert_int_equal(has(p, BULLA_TRAIT_VOID), simple);
        assert_int_equal(has(p, BULLA_TRAIT_CIPHERED_LINK), p != BULLA_PROFILE_ISO);
    }
    assert_int_equal(bulla_profile_refuses(BULLA_PROFILE_GBT, BULLA_FUNCTION_POSITION), BULLA_REFUSAL_PROFILE);
    assert_int_equal(bulla_profile_refuses(BULLA_PROFILE_ISO, BULLA_FUNCTION_POSITION), BULLA_REFUSAL_CLASS);
}

static void what_is_in_no_table_has_no_text(void **state)
{
    (void)state;
    assert_null(bulla_profile_row(0));
    assert_null(bulla_profile_row(BULLA_PROFILES + 1));
    assert_int_equal(bulla_profile_refuses(0, BULLA_FUNCTION_SEAL), BULLA_REFUSAL_PROFILE);
    assert_string_equal(bulla_class_text(BULLA_CLASS_SEMI_ACTIVE), "semi-active");
    assert_string_equal(bulla_class_text(3), "");
    assert_string_equal(bulla_function_text(BULLA_FUNCTION_UPGRADE), "wireless upgrading");
    assert_string_equal(bulla_function_text(0), "");
    assert_string_equal(bulla_trait_text(BULLA_TRAIT_VOID), "void");
    assert_string_equal(bulla_trait_meaning(BULLA_TRAIT_VOID), "once broken it cannot be read");
    assert_string_equal(bulla_refusal_text(BULLA_REFUSAL_CLOCK), "clock");
    assert_string_equal(bulla_refusal_words(BULLA_REFUSAL_VOID), "it is broken; its data is void");
    assert_string_equal(bulla_refusal_words(99), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_is_the_reports),
        cmocka_unit_test(no_profile_has_more_than_its_class),
        cmocka_unit_test(what_is_in_no_table_has_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
