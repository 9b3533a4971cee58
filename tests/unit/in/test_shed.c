/* SPDX-License-Identifier: Apache-2.0
 *
 * What is kept under pressure, rule by rule, and how the measure moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "platform/in/shed.h"

#define E(name) BULLA_EVENT_BIT(BULLA_EVENT_##name)
#define NOW     INT64_C(1714522480000)
#define ROWS    8192

/* A sealed seal with a fix, standing, 80 %: what the others differ from. */
static struct bulla_observation plain(void)
{
    struct bulla_observation o;
    memset(&o, 0, sizeof o);
    bulla_observation_init(&o, "jt701");
    o.has = BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_PERCENT;
    o.fix_valid = true;
    o.percent = 80;
    o.state = (struct bulla_state){BULLA_SEAL_SEALED, BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_COVER_CLOSED, 0};
    bulla_observation_add_event(&o, BULLA_EVENT_STATE_REPORT);
    return o;
}

static void sensor(struct bulla_observation *o, enum bulla_sensor_kind kind, int32_t milli)
{
    bulla_observation_add_sensor(o, "", kind, milli);
}

#define CASE(name, change, expected)                                                                                                       \
    static void name(struct bulla_observation *o)                                                                                          \
    {                                                                                                                                      \
        change;                                                                                                                            \
    }
#define CASES                                                                                                                              \
    X(nothing_new, (void)o, SHED_NO)                                                                                                       \
    X(rope_cut, o->events |= E(ROPE_CUT), KEEP_EVENT)                                                                                      \
    X(woken, o->events |= E(WAKE) | E(POSITION_CELL), SHED_NO)                                                                             \
    X(battery_flag_comes, o->events |= E(LOW_BATTERY), KEEP_EVENT)                                                                         \
    X(heartbeat, o->events |= E(HEARTBEAT), KEEP_SESSION)                                                                                  \
    X(unlock, o->has |= BULLA_HAS_UNLOCK, KEEP_UNLOCK)                                                                                     \
    X(result, o->has |= BULLA_HAS_RESULT, KEEP_RESULT)                                                                                     \
    X(shackle_out, o->state.shackle = BULLA_SHACKLE_OUT, KEEP_STATE)                                                                       \
    X(door_open, o->state.door = BULLA_COVER_OPEN, KEEP_STATE)                                                                             \
    X(fix_lost, o->fix_valid = false, KEEP_STATE)                                                                                          \
    X(sub_lock, bulla_observation_add_sublock(o, "1")->state.shackle = BULLA_SHACKLE_CUT, KEEP_STATE)                                      \
    X(sub_lock_event, bulla_observation_add_sublock(o, "1")->events = E(ROPE_CUT), KEEP_EVENT)                                             \
    X(battery_one_less, o->percent = 79, SHED_NO)                                                                                          \
    X(battery_band, o->percent = 19, KEEP_POWER)                                                                                           \
    X(charging, (o->has |= BULLA_HAS_CHARGING, o->charging = true), KEEP_POWER)                                                            \
    X(starts, o->speed_cmh = 4000, KEEP_MOTION)                                                                                            \
    X(creeps, o->speed_cmh = 400, SHED_NO)                                                                                                 \
    X(hot, sensor(o, BULLA_SENSOR_TEMPERATURE, 28500), KEEP_SENSOR)                                                                        \
    X(signal_strength, sensor(o, BULLA_SENSOR_RSSI, -90000), SHED_NO)                                                                      \
    X(kilometres, sensor(o, BULLA_SENSOR_MILEAGE, 1000000), SHED_NO)

#define X CASE
CASES
#undef X

#define X(name, change, expected) {#name, name, expected},
static const struct {
    const char *name;
    void (*change)(struct bulla_observation *o);
    enum shed_keep expected;
} cases[] = {CASES};
#undef X

static void each_rule_keeps_its_own(void **state)
{
    (void)state;
    for (int full = 0; full < 2; full++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct shed s;
            struct shed_seal seal = {0};
            struct bulla_observation o = plain();
            shed_init(&s, ROWS);
            assert_int_equal(shed_judge(&s, &seal, &o, &(struct shed_case){NOW, true, false}), KEEP_CALM);
            s.interval_ms = 60000;
            cases[i].change(&o);
            enum shed_keep kept = shed_judge(&s, &seal, &o, &(struct shed_case){NOW + 1000, false, full});
            if (kept != cases[i].expected)
                fail_msg("%s: expected \"%s\", got \"%s\"", cases[i].name, shed_keep_text(cases[i].expected), shed_keep_text(kept));
            if (kept != SHED_NO && cases[i].expected != KEEP_EVENT && cases[i].expected != KEEP_SESSION &&
                cases[i].expected != KEEP_UNLOCK && cases[i].expected != KEEP_RESULT) /* said twice it is no news */
                assert_int_equal(shed_judge(&s, &seal, &o, &(struct shed_case){NOW + 2000, false, full}), SHED_NO);
        }
}

static void a_lasting_condition_is_kept_when_it_comes_and_goes(void **state)
{
    (void)state;
    struct shed s;
    struct shed_seal seal = {0};
    struct bulla_observation calm = plain(), low = plain();
    struct shed_case c = {NOW, false, true};
    low.events |= E(LOW_BATTERY);
    shed_init(&s, ROWS);
    s.interval_ms = 60000;
    shed_judge(&s, &seal, &calm, &(struct shed_case){NOW, true, false});
    assert_int_equal(shed_judge(&s, &seal, &low, &c), KEEP_EVENT);
    assert_int_equal(shed_judge(&s, &seal, &low, &c), SHED_NO);
    assert_int_equal(shed_judge(&s, &seal, &calm, &c), KEEP_EVENT);
    assert_int_equal(shed_judge(&s, &seal, &calm, &c), SHED_NO);
}

/* Nothing is known of a seal and there is no room: what is plainly shut waits, what is not does not. */
static void an_unknown_seal(void **state)
{
    (void)state;
    struct shed s;
    struct shed_seal seal = {0};
    struct bulla_observation o = plain(), open = plain();
    open.state.shackle = BULLA_SHACKLE_CUT;
    shed_init(&s, ROWS);
    s.interval_ms = 60000;
    assert_int_equal(shed_judge(&s, &seal, &o, &(struct shed_case){NOW, true, true}), SHED_NO);
    assert_false(seal.known); /* what was not kept is not what it last said */
    assert_int_equal(shed_judge(&s, &seal, &open, &(struct shed_case){NOW, false, true}), KEEP_STATE);
    memset(&seal, 0, sizeof seal);
    assert_int_equal(shed_judge(&s, &seal, &o, &(struct shed_case){NOW, true, false}), KEEP_FIRST);
}

static void one_report_in_each_interval(void **state)
{
    (void)state;
    struct shed s;
    struct shed_seal seal = {0};
    struct bulla_observation o = plain(), old = plain();
    unsigned kept = 0, kept_old = 0;
    old.stored = true;
    shed_init(&s, ROWS);
    s.interval_ms = 10000;
    for (int64_t t = 0; t < 100000; t += 500) {
        kept += shed_judge(&s, &seal, &o, &(struct shed_case){NOW + t, false, false}) != SHED_NO;
        kept_old += shed_judge(&s, &seal, &old, &(struct shed_case){NOW + t, false, false}) != SHED_NO;
    }
    assert_int_equal(kept, 10);
    assert_int_equal(kept_old, 10);
    assert_in_range(seal.gap_ms, 450, 550);
    /* history that differs from the present is kept, and does not become the present */
    old.state.shackle = BULLA_SHACKLE_OUT;
    assert_int_equal(shed_judge(&s, &seal, &old, &(struct shed_case){NOW + 100100, false, true}), KEEP_STATE);
    assert_int_equal(shed_judge(&s, &seal, &o, &(struct shed_case){NOW + 100200, false, true}), SHED_NO);
}

/* One that takes 2,000 rows a second. */
static void known_store(struct shed *s)
{
    shed_init(s, ROWS);
    for (int n = 0; n < 50; n++)
        shed_cost(s, n % 2 ? 300 : 32, n % 2 ? 155 : 21, 0, ROWS);
}

/* Nobody knows yet what a row costs: nothing is shed for being too much. Then one batch tells it well enough. */
static void the_first_batches(void **state)
{
    struct shed s;
    (void)state;
    shed_init(&s, ROWS);
    assert_int_equal(s.most_rows, SHED_ROWS_FIRST);
    shed_measure(&s, SHED_ROWS_FIRST, 0, NOW);
    assert_int_equal(s.interval_ms, 0);
    shed_cost(&s, SHED_ROWS_LEAST - 1, 100, 0, ROWS);
    assert_false(s.told);
    shed_init(&s, ROWS);
    shed_cost(&s, SHED_ROWS_FIRST, 256, 0, ROWS); /* a weak one: half a millisecond each */
    assert_true(s.told);
    assert_in_range(s.most_rows, 290, 300);
    shed_init(&s, ROWS);
    shed_cost(&s, SHED_ROWS_FIRST, 8, 0, ROWS); /* a strong one: trusted with four times as much, without pressure meanwhile */
    assert_int_equal(s.most_rows, 4 * SHED_ROWS_FIRST);
    shed_measure(&s, s.most_rows, 0, NOW);
    assert_int_equal(s.interval_ms, 0);
}

/* What a turn does besides its rows leaves them less room, and is not taken for their cost. */
static void other_work_counts_apart(void **state)
{
    struct shed s;
    (void)state;
    known_store(&s);
    double row_ms = s.row_ms;
    for (int n = 0; n < 50; n++)
        shed_cost(&s, n % 2 ? 300 : 32, n % 2 ? 155 : 21, 60, ROWS);
    assert_true(s.row_ms > row_ms * 0.9 && s.row_ms < row_ms * 1.1);
    assert_in_range(s.most_rows, 160, 190);
    for (int n = 0; n < 50; n++)
        shed_cost(&s, 1, 5, 5000, ROWS); /* alarms alone, and each takes long: half of the time stays for rows */
    assert_true(s.most_rows >= 100);
}

/* Engine and devices in a loop: 10 seals a row of capacity. The interval settles, the store stays busy, and it all ends. */
static void the_interval_settles_and_goes(void **state)
{
    (void)state;
    struct shed s;
    int64_t now = NOW, highest = 0;
    known_store(&s);
    for (int i = 0; i < 40; i++, now += 250) {
        shed_measure(&s, s.most_rows, 250, now);
        highest = s.interval_ms > highest ? s.interval_ms : highest;
    }
    assert_int_equal(highest, SHED_MOST_MS);
    assert_int_equal(shed_level(&s), 3);
    for (int i = 0; i < 8; i++, now += 250)
        shed_measure(&s, s.most_rows / 2, 200, now); /* neither pressed nor calm: it stays */
    assert_int_equal(s.interval_ms, SHED_MOST_MS);
    int steps = 0;
    for (; s.interval_ms && steps < 1000; steps++, now += 250)
        shed_measure(&s, 0, 0, now);
    assert_in_range(steps, 20, 100); /* slower than it came */
    assert_int_equal(shed_level(&s), 0);
}

static void the_clock_set_back_does_not_freeze_it(void **state)
{
    (void)state;
    struct shed s;
    struct shed_seal seal = {0};
    struct bulla_observation o = plain();
    known_store(&s);
    shed_measure(&s, ROWS, 0, NOW);
    shed_measure(&s, ROWS, 0, NOW - 3600 * 1000);
    assert_int_equal(s.interval_ms, 2 * SHED_FIRST_MS);
    shed_judge(&s, &seal, &o, &(struct shed_case){NOW, true, false});
    assert_int_equal(shed_judge(&s, &seal, &o, &(struct shed_case){NOW - 3600 * 1000, false, false}), KEEP_TURN);
}

static void the_most_rows_follow_the_store(void **state)
{
    static const struct {
        double fixed_ms, row_ms;
        size_t least, most;
    } stores[] = {
        {3, 0.01, ROWS, ROWS},    /* 100,000 a second: no limit but the batch's */
        {5, 0.5, 270, 310},       /* 2,000 a second */
        {5, 100, 64, 64},         /* nearly nothing */
        {400, 0.001, 4000, ROWS}, /* a slow disk, but one that takes many rows at once */
    };
    (void)state;
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        struct shed s;
        shed_init(&s, ROWS);
        for (int n = 0; n < 200; n++) {
            size_t rows = n % 8 ? s.most_rows : 32;
            shed_cost(&s, rows, (int64_t)(stores[i].fixed_ms + (double)rows * stores[i].row_ms), 0, ROWS);
        }
        assert_in_range(s.most_rows, stores[i].least, stores[i].most);
    }
}

static void the_pipeline_asks(void **state)
{
    (void)state;
    struct shed s;
    shed_init(&s, ROWS);
    shed_ask(&s, 2);
    assert_int_equal(s.interval_ms, 60000);
    for (int64_t t = 0; t < 60000; t += 250)
        shed_measure(&s, 0, 0, NOW + t);
    assert_int_equal(s.interval_ms, 60000); /* as long as it is asked for */
    shed_ask(&s, 0);
    for (int64_t t = 60000; t < 120000; t += 250)
        shed_measure(&s, 0, 0, NOW + t);
    assert_int_equal(s.interval_ms, 0);
    shed_ask(&s, 99);
    assert_int_equal(shed_level(&s), 3);
}

static void answers_that_name_their_message(void **state)
{
    static const struct {
        const char *protocol, *answer;
        bool names;
    } answers[] = {{"jt701", "(P69,0,86)", true}, {"jt701", "(P35)", false},    {"jt701", "(P46)", false},
                   {"jt808", "~\x80\x01", true},  {"teratrack", "\x01", false}, {"eseal", "##S,eSeal", true},
                   {"upro", "*HQ20YBA#", false},  {"niot", "XX!", true},        {"meitrack", "@@z27,", false}};
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        assert_int_equal(shed_answer_names(answers[i].protocol, (const uint8_t *)answers[i].answer, strlen(answers[i].answer)),
                         answers[i].names);
}

static void quotas(void **state)
{
    (void)state;
    struct shed_quota q = {.per_second = 10};
    unsigned taken = 0;
    for (int64_t t = 0; t < 10000; t += 10) /* 100 a second for ten seconds */
        taken += shed_quota_take(&q, false, NOW + t);
    assert_in_range(taken, 100, 112);
    for (int i = 0; i < 100; i++)
        assert_true(shed_quota_take(&q, true, NOW + 10000)); /* what must be kept is, and is paid for: at most a second's worth */
    assert_false(shed_quota_take(&q, false, NOW + 10900));
    assert_true(shed_quota_take(&q, false, NOW + 12200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_keeps_its_own),
        cmocka_unit_test(a_lasting_condition_is_kept_when_it_comes_and_goes),
        cmocka_unit_test(an_unknown_seal),
        cmocka_unit_test(one_report_in_each_interval),
        cmocka_unit_test(the_first_batches),
        cmocka_unit_test(other_work_counts_apart),
        cmocka_unit_test(the_interval_settles_and_goes),
        cmocka_unit_test(the_clock_set_back_does_not_freeze_it),
        cmocka_unit_test(the_most_rows_follow_the_store),
        cmocka_unit_test(the_pipeline_asks),
        cmocka_unit_test(answers_that_name_their_message),
        cmocka_unit_test(quotas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
