/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "platform/flow/duty.h"

static json_t *excepted, *compulsory, *phasing;
static int64_t may, july;

static int set_up(void **state)
{
    (void)state;
    excepted = json_pack("{s:[s], s:[s]}", "hs", "0601", "un", "1234");
    compulsory = json_pack("{s:[s, s], s:[s], s:s}", "hs", "2402", "06", "un", "1203", "class", "active");
    phasing = json_loads("{\"phases\": [{\"from\": \"2026-03-01T00:00:00Z\", \"mode\": \"rail\", \"hs\": [\"87\"]},"
                         "{\"from\": \"2026-06-01T00:00:00Z\", \"mode\": \"any\"}]}",
                         0, NULL);
    may = bulla_time_get("2026-05-01T00:00:00Z");
    july = bulla_time_get("2026-07-01T00:00:00Z");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(excepted);
    json_decref(compulsory);
    json_decref(phasing);
    return 0;
}

static struct duty of(const char *hs, const char *un, enum journey_mode mode, int64_t at_ms)
{
    struct duty_policies p = {excepted, compulsory, phasing};
    struct duty d;
    duty_of(&p, &(struct duty_goods){hs, un}, mode, at_ms, &d);
    return d;
}

/* [WCO-13.5-B13] [WCO-13.5-2] [WCO-13.5-5] [WCO-10-3] Goods that must be sealed, goods that need not be, and phases by mode and goods. */
static void goods_and_phases(void **state)
{
    (void)state;
    static const struct {
        const char *hs, *un;
        enum journey_mode mode;
        bool in_july;
        enum duty_kind kind;
        bool active;
        const char *why;
    } cases[] = {
        {"060110", "", JOURNEY_MODE_ROAD, true, DUTY_EXCEPTED, false, "goods 060110 are excepted from sealing"},
        {"0601.10", "", JOURNEY_MODE_ROAD, true, DUTY_EXCEPTED, false, "goods 0601.10 are excepted from sealing"},
        {"240220", "", JOURNEY_MODE_ROAD, false, DUTY_COMPULSORY, true, "goods 240220 must be sealed, by an active seal"},
        {"2402.20", "", JOURNEY_MODE_ROAD, false, DUTY_COMPULSORY, true, "goods 2402.20 must be sealed, by an active seal"},
        {"060299", "", JOURNEY_MODE_ROAD, false, DUTY_COMPULSORY, true, "goods 060299 must be sealed, by an active seal"},
        {"870323", "", JOURNEY_MODE_ROAD, false, DUTY_NONE, false, "no rule asks for a seal"},
        {"870323", "", JOURNEY_MODE_RAIL, false, DUTY_COMPULSORY, false, "sealing is compulsory by rail since 2026-03-01T00:00:00Z"},
        {"999999", "", JOURNEY_MODE_ROAD, true, DUTY_COMPULSORY, false, "sealing is compulsory by road since 2026-06-01T00:00:00Z"},
        {"", "", JOURNEY_MODE_ROAD, false, DUTY_NONE, false, "no rule asks for a seal"},
        {"", "", JOURNEY_MODE_ROAD, true, DUTY_COMPULSORY, false, "sealing is compulsory by road since 2026-06-01T00:00:00Z"},
        {"271012", "1203", JOURNEY_MODE_ROAD, false, DUTY_COMPULSORY, true, "goods 271012 must be sealed, by an active seal"},
        {"120300", "", JOURNEY_MODE_ROAD, false, DUTY_NONE, false, "no rule asks for a seal"}, /* a heading that reads like a UN number */
        {"", "1234", JOURNEY_MODE_ROAD, true, DUTY_EXCEPTED, false, "goods 1234 are excepted from sealing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct duty d = of(cases[i].hs, cases[i].un, cases[i].mode, cases[i].in_july ? july : may);
        assert_string_equal(d.why, cases[i].why);
        assert_int_equal(d.kind, cases[i].kind);
        assert_int_equal(d.active, cases[i].active);
    }
}

static struct duty of_all(const char *goods)
{
    struct duty_policies p = {excepted, compulsory, phasing};
    json_t *list = json_loads(goods, 0, NULL);
    struct duty d;
    duty_of_all(&p, list, JOURNEY_MODE_RAIL, may, &d);
    json_decref(list);
    return d;
}

static void the_gravest_of_all_goods_counts(void **state)
{
    (void)state;
    assert_int_equal(of_all("[]").kind, DUTY_NONE);
    assert_int_equal(of_all("[{\"hs\": \"0601\"}, {\"hs\": \"060120\"}]").kind, DUTY_EXCEPTED);
    assert_int_equal(of_all("[{\"hs\": \"0601\"}, {\"hs\": \"9999\"}]").kind, DUTY_NONE);
    assert_int_equal(of_all("[{\"hs\": \"9999\"}, {\"hs\": \"0601\"}]").kind, DUTY_NONE);
    assert_int_equal(of_all("[{\"description\": \"tea\"}]").kind, DUTY_NONE);
    struct duty d = of_all("[{\"hs\": \"0601\"}, {\"hs\": \"8703\"}, {\"hs\": \"9999\"}]");
    assert_true(d.kind == DUTY_COMPULSORY && !d.active);
    d = of_all("[{\"hs\": \"8703\"}, {\"un\": \"1203\"}, {\"hs\": \"8704\"}]");
    assert_true(d.kind == DUTY_COMPULSORY && d.active);
    assert_string_equal(d.why, "goods 1203 must be sealed, by an active seal");
}

static void nobody_has_written_a_policy(void **state)
{
    (void)state;
    struct duty_policies none = {NULL, NULL, NULL};
    struct duty d;
    duty_of(&none, &(struct duty_goods){"2402", "1203"}, JOURNEY_MODE_ROAD, july, &d);
    assert_int_equal(d.kind, DUTY_NONE);
    assert_string_equal(duty_text(DUTY_COMPULSORY), "compulsory");
    assert_string_equal(duty_text(9), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(goods_and_phases), cmocka_unit_test(the_gravest_of_all_goods_counts),
                                       cmocka_unit_test(nobody_has_written_a_policy)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
