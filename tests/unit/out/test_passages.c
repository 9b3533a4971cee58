/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/out/passages.h"

#define MINUTE  INT64_C(60000)
#define ARRIVED (INT64_C(1772323200) * 1000)

static void arrive(struct passages *p, const char *id, enum journey_regime regime, int64_t minutes)
{
    struct journey *j = journey_new();
    snprintf(j->id, sizeof j->id, "%s", id);
    j->regime = regime;
    j->arrived_at_ms = ARRIVED;
    j->unsealed_at_ms = minutes < 0 ? BULLA_TIME_NONE : ARRIVED + minutes * MINUTE;
    passages_journey(p, j);
    journey_free(j);
}

static void decide_on(struct passages *p, const char *journey, const char *decision, int64_t minutes)
{
    static struct paper paper;
    memset(&paper, 0, sizeof paper);
    snprintf(paper.journey, sizeof paper.journey, "%s", journey);
    snprintf(paper.body, sizeof paper.body, "{\"decision\": \"%s\"}", decision);
    paper.created_ms = ARRIVED + minutes * MINUTE;
    passages_decision(p, &paper);
}

static void raise(struct passages *p, const char *journey, int grade, enum alarm_state state, enum alarm_finding finding)
{
    struct alarm a = {.grade = grade, .state = state, .finding = finding};
    snprintf(a.journey, sizeof a.journey, "%s", journey);
    passages_alarm(p, &a);
}

static void expect(struct passages *p, const char *wanted)
{
    json_t *got = passages_json(p), *want = json_loads(wanted, 0, NULL);
    char *text = json_dumps(got, JSON_SORT_KEYS);
    if (!json_equal(got, want))
        fail_msg("got %s", text);
    free(text);
    json_decref(got);
    json_decref(want);
    passages_free(p);
}

static void nothing(void **state)
{
    (void)state;
    struct passages *p = passages_new();
    struct journey *under_way = journey_new();
    under_way->arrived_at_ms = BULLA_TIME_NONE;
    passages_journey(p, under_way);
    journey_free(under_way);
    arrive(p, "stands-there", JOURNEY_REGIME_TRANSIT, -1);
    expect(p, "{\"clean\": {\"journeys\": 0, \"median_minutes\": null, \"p90_minutes\": null}, \"abnormal\": {\"journeys\": 0, "
              "\"median_minutes\": null, \"p90_minutes\": null}, \"unexamined\": 0, \"examined\": 0, \"regimes\": {}}");
}

/* [WCO-7.1-12] [WCO-8-4] Release times of journeys with nothing odd, beside those of the others. */
static void clean_beside_abnormal(void **state)
{
    (void)state;
    struct passages *p = passages_new();
    raise(p, "d", 3, ALARM_STATE_RESOLVED, ALARM_FINDING_TRUE); /* in whatever order they come */
    raise(p, "a", 1, ALARM_STATE_RAISED, ALARM_FINDING_NONE);
    raise(p, "b", 3, ALARM_STATE_WITHDRAWN, ALARM_FINDING_NONE);
    raise(p, "c", 3, ALARM_STATE_RESOLVED, ALARM_FINDING_FALSE);
    raise(p, "", 3, ALARM_STATE_RAISED, ALARM_FINDING_NONE);
    for (int i = 0; i < 3; i++)
        arrive(p, (const char *[]){"a", "b", "c"}[i], JOURNEY_REGIME_IMPORT, 10 * (i + 1));
    arrive(p, "d", JOURNEY_REGIME_TRANSIT, 240);
    raise(p, "d", 2, ALARM_STATE_RAISED, ALARM_FINDING_NONE);
    expect(p, "{\"clean\": {\"journeys\": 3, \"median_minutes\": 20.0, \"p90_minutes\": 30.0}, \"abnormal\": {\"journeys\": 1, "
              "\"median_minutes\": 240.0, \"p90_minutes\": 240.0}, \"unexamined\": 4, \"examined\": 0, \"regimes\": {\"import\": 3, "
              "\"transit\": 1}}");
}

/* [WCO-9.1-16] [WCO-13.5-8] How many pass unexamined; an examination that a release followed was one. */
static void examined(void **state)
{
    (void)state;
    struct passages *p = passages_new();
    decide_on(p, "a", "release", 4);
    decide_on(p, "b", "inspect", 5);
    decide_on(p, "b", "release", 90);
    decide_on(p, "c", "inspect", 5);
    decide_on(p, "d", "", 1);
    arrive(p, "a", JOURNEY_REGIME_TRANSIT, -1);
    arrive(p, "b", JOURNEY_REGIME_TRANSIT, -1);
    arrive(p, "c", JOURNEY_REGIME_TRANSIT, -1); /* still being looked at */
    arrive(p, "d", JOURNEY_REGIME_TRANSIT, 6);
    expect(p, "{\"clean\": {\"journeys\": 2, \"median_minutes\": 6.0, \"p90_minutes\": 6.0}, \"abnormal\": {\"journeys\": 1, "
              "\"median_minutes\": 90.0, \"p90_minutes\": 90.0}, \"unexamined\": 2, \"examined\": 1, \"regimes\": {\"transit\": 3}}");
}

static void many(void **state)
{
    (void)state;
    struct passages *p = passages_new();
    char id[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "%d", i);
        arrive(p, id, JOURNEY_REGIME_TRANSIT, i + 1);
        if (i % 2)
            decide_on(p, id, "inspect", 1);
    }
    json_t *got = passages_json(p);
    assert_int_equal(json_integer_value(json_object_get(got, "examined")), 500);
    assert_int_equal((int)json_real_value(json_object_get(json_object_get(got, "clean"), "median_minutes")), 501);
    json_decref(got);
    passages_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing), cmocka_unit_test(clean_beside_abnormal), cmocka_unit_test(examined),
                                       cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
