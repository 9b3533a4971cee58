/* SPDX-License-Identifier: Apache-2.0 */
/* Risk, decisions and policies: every generated case honours the tables. [WCO-8-G1] [WCO-9.1-15] [WCO-13.3-6] */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "platform/flow/decide.h"
#include "platform/flow/escalate.h"

static struct decide_input clean(void)
{
    return (struct decide_input){.risk_known = true,
                                 .lock = DECIDE_LOCK_SEALED,
                                 .supervision = DECIDE_SUPERVISION_COMPLETE,
                                 .integrity = DECIDE_INTEGRITY_WHOLE,
                                 .alarms_known = true,
                                 .seal_class = SEAL_CLASS_ACTIVE};
}

static const char *const grade_members[] = {"none", "inform", "check", "intervene"};

/* Every grade table, every worst grade, every level of risk: the decision is what the table says. */
static void the_table_is_honoured(void **state)
{
    (void)state;
    for (unsigned table = 0; table < 64; table++) {
        json_t *grades = json_object();
        for (unsigned m = 0; m < 4; m++)
            json_object_set_new(grades, grade_members[m], json_string(table >> m & 1 ? "inspect" : "release"));
        json_object_set_new(grades, "medium_risk", json_string(table >> 4 & 1 ? "inspect" : "release"));
        json_object_set_new(grades, "high_risk", json_string(table >> 5 & 1 ? "inspect" : "release"));
        for (unsigned open = 0; open < 8; open++)
            for (unsigned level = RISK_LOW; level <= RISK_HIGH; level++) {
                struct decide_input in = clean();
                struct decided d;
                unsigned worst = open & 4 ? 3 : open & 2 ? 2 : open & 1 ? 1 : 0;
                for (unsigned g = 1; g <= 3; g++)
                    in.open[g] = open >> (g - 1) & 1;
                in.risk.level = (enum risk_level)level;
                decide(&in, grades, NULL, &d);
                bool by_risk = level > RISK_LOW && (table >> (3 + level) & 1);
                assert_int_equal(d.inspect, (table >> worst & 1) || by_risk);
                assert_int_equal(d.n_missing, 0);
                assert_true(d.n_reasons >= 2);
            }
        json_decref(grades);
    }
}

static void what_is_not_known_blocks(void **state)
{
    (void)state;
    json_t *automatic = json_pack("{s:b, s:i}", "enabled", 1, "risk_most", 20);
    struct decide_input in = clean();
    struct decided d;
    decide(&in, NULL, automatic, &d);
    assert_true(!d.inspect && d.may_release_itself);
    decide(&in, NULL, NULL, &d); /* nobody allowed it */
    assert_true(!d.inspect && !d.may_release_itself);
    static const char *const names[] = {"risk", "lock", "supervision", "alarms", "integrity"};
    for (unsigned i = 0; i < 5; i++) {
        in = clean();
        in.risk_known = i != 0;
        in.lock = i == 1 ? DECIDE_LOCK_UNKNOWN : DECIDE_LOCK_SEALED;
        in.supervision = i == 2 ? DECIDE_SUPERVISION_UNKNOWN : DECIDE_SUPERVISION_COMPLETE;
        in.alarms_known = i != 3;
        in.integrity = i == 4 ? DECIDE_INTEGRITY_UNKNOWN : DECIDE_INTEGRITY_WHOLE;
        decide(&in, NULL, automatic, &d);
        assert_int_equal(d.n_missing, 1);
        assert_string_equal(d.missing[0], names[i]);
        assert_false(d.may_release_itself);
    }
    in = clean();
    in.skipped = 1;
    decide(&in, NULL, automatic, &d);
    assert_false(d.may_release_itself);
    in = clean();
    in.risk.score = 21;
    decide(&in, NULL, automatic, &d);
    assert_false(d.may_release_itself);
    json_object_set_new(automatic, "classes", json_pack("[s]", "passive"));
    in = clean();
    decide(&in, NULL, automatic, &d);
    assert_false(d.may_release_itself);
    json_decref(automatic);
}

static void what_is_wrong_is_inspected(void **state)
{
    (void)state;
    struct decided d;
    struct decide_input cases[5];
    for (unsigned i = 0; i < 5; i++)
        cases[i] = clean();
    cases[0].integrity = DECIDE_INTEGRITY_VIOLATED;
    cases[1].lock = DECIDE_LOCK_OPEN;
    cases[2].supervision = DECIDE_SUPERVISION_GAPS;
    cases[3].differences = 1;
    cases[4].found_true = 1;
    for (unsigned i = 0; i < 5; i++) {
        decide(&cases[i], NULL, NULL, &d);
        assert_true(d.inspect);
    }
}

/* [WCO-7.1-13] Past violations raise the score by the stated amount, and are its reason. */
static void risk_names_its_parts(void **state)
{
    (void)state;
    struct risk_input in = {.carrier_journeys = 40, .carrier_known = true, .carrier_registered = true};
    struct risk r;
    risk_assess(&in, NULL, &r);
    assert_true(r.score == 0 && r.level == RISK_LOW && r.n_parts == 0);
    in.carrier_violations = 9;
    in.alarms[2] = 1;
    in.dangerous = true;
    risk_assess(&in, NULL, &r);
    assert_int_equal(r.score, 40 + 10 + 15); /* violations no more than their most */
    assert_int_equal(r.level, RISK_HIGH);
    assert_string_equal(r.parts[0].why, "9 violations of the carrier in 40 journeys of a year");
    int sum = 0;
    for (size_t i = 0; i < r.n_parts; i++)
        sum += r.parts[i].points;
    assert_int_equal(sum, r.score);
    in.alarms[3] = 3;
    risk_assess(&in, NULL, &r);
    assert_int_equal(r.score, 100);
    json_t *weights = json_pack("{s:[s], s:i}", "watched_hs", "2402", "watched_goods", 33);
    in = (struct risk_input){.hs = {"240220"}, .n_hs = 1};
    risk_assess(&in, weights, &r);
    assert_int_equal(r.score, 33);
    assert_string_equal(r.parts[0].name, "goods");
    json_decref(weights);
    in = (struct risk_input){.route_journeys = 19, .route_violations = 19};
    risk_assess(&in, NULL, &r);
    assert_int_equal(r.score, 0); /* too few to say anything of a route */
    in.route_journeys = 40;
    in.route_violations = 2;
    risk_assess(&in, NULL, &r);
    assert_int_equal(r.score, 10); /* 5 %: half of its weight */
}

static void the_past_is_judged(void **state)
{
    (void)state;
    struct risk_backtest b;
    const struct risk_past sorted[] = {{5, false}, {10, false}, {20, false}, {70, true}, {100, true}};
    risk_backtest(sorted, 5, &b);
    assert_true(fabs(b.auc - 1) < 1e-9);
    assert_true(b.n == 5 && b.found == 2 && b.count[9] == 1 && b.hits[9] == 1 && b.count[7] == 1 && b.count[0] == 1);
    const struct risk_past same[] = {{30, true}, {30, false}};
    risk_backtest(same, 2, &b);
    assert_true(fabs(b.auc - 0.5) < 1e-9);
    risk_backtest(same, 1, &b);
    assert_true(isnan(b.auc));
}

static void a_policy_is_checked_at_its_member(void **state)
{
    (void)state;
    char why[MODEL_WHY_SIZE];
    for (size_t i = 0; policy_names[i]; i++) {
        json_t *body = policy_default(policy_names[i]);
        assert_true(policy_check(policy_names[i], body, why));
        json_decref(body);
    }
    assert_null(policy_default("none"));
    static const struct {
        const char *name, *body, *why;
    } wrong[] = {
        {"grade-table", "{\"check\": \"wave\"}", "check: expected one of inspect|release, got \"wave\""},
        {"grade-table", "{\"chekc\": \"inspect\"}", "chekc: expected a member of this policy, got \"inspect\""},
        {"risk", "{\"violation\": 101}", "violation: expected a number from 0 to 100, got 101"},
        {"risk", "{\"medium_from\": 70, \"high_from\": 60}", "high_from: expected more than medium_from, got 60"},
        {"automatic-release", "{\"enabled\": 1}", "enabled: expected true or false, got 1"},
        {"goods-excepted", "{\"hs\": \"24\"}", "hs: expected a list of short texts, got \"24\""},
        {"phasing", "{\"phases\": [{\"from\": \"soon\"}]}",
         "phases: expected a list of {from: a time, mode: a mode or any, hs: headings, class: any or active}, got [{\"from\":\"soon\"}]"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *body = json_loads(wrong[i].body, 0, NULL);
        assert_false(policy_check(wrong[i].name, body, why));
        assert_string_equal(why, wrong[i].why);
        json_decref(body);
    }
}

/* Every paper ends: from each state that it can have, an end can be reached. */
static void no_paper_is_stuck(void **state)
{
    (void)state;
    for (int kind = PAPER_TASK; kind <= PAPER_ESCALATION; kind++) {
        bool can[128] = {0}, ends[128] = {0};
        for (int to = 1; to < 128; to++)
            can[to] = paper_may((enum paper_kind)kind, 0, (enum paper_state)to);
        for (int round = 0; round < 20; round++)
            for (int from = 1; from < 128; from++)
                for (int to = 1; to < 128; to++)
                    if (paper_may((enum paper_kind)kind, from, (enum paper_state)to)) {
                        can[to] |= can[from];
                        ends[from] |= to >= PAPER_ENDED || ends[to];
                    }
        for (int s = 1; s < PAPER_ENDED; s++)
            assert_true(!can[s] || ends[s]);
    }
    assert_false(paper_may(PAPER_TASK, PAPER_CLOSED, PAPER_OPEN));
    assert_false(paper_may(PAPER_TASK, PAPER_OPEN, PAPER_CLOSED)); /* nothing is closed without a report */
}

/* [WCO-9.1-13] What nobody takes goes up in its time, and what somebody has does not. */
static void nobody_acts(void **state)
{
    (void)state;
    enum { MINUTE = 60000 };
    json_t *policy = json_pack("{s:i}", "check_minutes", 7);
    struct alarm a = {.state = ALARM_STATE_RAISED, .grade = 3, .raised_ms = 1000};
    assert_true(escalate_alarm_due(&a, policy) == 1000 + 5 * MINUTE);
    a.grade = 2;
    assert_true(escalate_alarm_due(&a, policy) == 1000 + 7 * MINUTE);
    assert_true(escalate_alarm_due(&a, NULL) == 1000 + 20 * MINUTE);
    a.state = ALARM_STATE_ACKNOWLEDGED;
    assert_true(escalate_alarm_due(&a, policy) == BULLA_TIME_NONE);
    static struct paper t = {.kind = PAPER_TASK, .state = PAPER_OPEN, .created_ms = 5000, .changed_ms = 9000, .due_ms = BULLA_TIME_NONE};
    assert_true(escalate_task_due(&t, NULL) == 5000 + 10 * MINUTE);
    t.due_ms = 6000; /* its own time is sooner */
    assert_true(escalate_task_due(&t, NULL) == 6000);
    t.state = PAPER_ARRIVED;
    assert_true(escalate_task_due(&t, NULL) == 9000 + 480 * MINUTE);
    t.state = PAPER_CLOSED;
    assert_true(escalate_task_due(&t, NULL) == BULLA_TIME_NONE);
    json_decref(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_honoured),
        cmocka_unit_test(what_is_not_known_blocks),
        cmocka_unit_test(what_is_wrong_is_inspected),
        cmocka_unit_test(risk_names_its_parts),
        cmocka_unit_test(the_past_is_judged),
        cmocka_unit_test(a_policy_is_checked_at_its_member),
        cmocka_unit_test(no_paper_is_stuck),
        cmocka_unit_test(nobody_acts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
