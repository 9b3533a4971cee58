/* SPDX-License-Identifier: Apache-2.0
 *
 * A small part of the corpus of labelled trips (sim/trip.h), always the same: what the rules find of it, and what they say
 * that is not so, counted. bench_alarms does thousands. BULLA_SEED and BULLA_ROUNDS in the environment try others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/alarm_score.h"

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

static void tell(void *context, const char *what, const struct trip_label *label, const struct score_told *told)
{
    const struct trip *trip = context;
    print_message("seed %llu %s: %s: %s %s\n", (unsigned long long)trip->seed, trip_scene_text(trip->scene), what,
                  alarm_kind_text(label ? (unsigned)label->kind : (unsigned)told->alarm.kind), told ? told->alarm.why : "");
}

/* The kinds that are held to the thresholds. A new rule is scored by bench_alarms from its first day, and comes here once it
 * has been measured. */
static const enum alarm_kind settled[] = {
    ALARM_ILLEGAL_OPENING, ALARM_CABLE_CUT,   ALARM_BODY_DESTROYED,     ALARM_COVER_OPENED,    ALARM_TAMPER,         ALARM_MALFUNCTION,
    ALARM_UNLOCK_REFUSED,  ALARM_LOW_BATTERY, ALARM_WRONG_CREDENTIAL,   ALARM_ROUTE_DEVIATION, ALARM_ILLEGAL_STAY,   ALARM_OVERTIME_STAY,
    ALARM_LATE_DEPARTURE,  ALARM_SIGNAL_LOST, ALARM_IMPLAUSIBLE_MOTION, ALARM_CLOCK_ERROR,     ALARM_JOURNEY_TIMEOUT, ALARM_LIGHT};

static struct score_kind sum(const struct score *s)
{
    struct score_kind all = {0};
    for (size_t i = 0; i < sizeof settled / sizeof *settled; i++) {
        const struct score_kind *kind = &s->kind[settled[i]];
        all.must += kind->must;
        all.found += kind->found;
        all.false_stood += kind->false_stood;
        all.false_withdrawn += kind->false_withdrawn;
    }
    return all;
}

/* [WCO-10-16] [WCO-7.1-A4] At most one false alarm in a thousand journeys, withdrawn ones included; every opening is found within two
 * reporting intervals, 99 % of deviations are, and 99 % of the rest are found. */
static void the_rules_find_what_happened_and_nothing_else(void **state)
{
    (void)state;
    static struct score_trip run;
    static struct score score;
    uint64_t seed = number_from("BULLA_SEED", 1), rounds = number_from("BULLA_ROUNDS", 400);
    struct sim_roads *roads = sim_roads_new();
    assert_non_null(roads);
    for (uint64_t i = 0; i < rounds; i++) {
        struct trip trip;
        assert_true(trip_make(roads, seed + i, TRIP_INCIDENTS_PERMILLE, &trip));
        score_run(&trip, NULL, 0, &run);
        score_match(&trip, &run, &score, tell, &trip);
        trip_clear(&trip);
    }
    sim_roads_free(roads);
    struct score_kind all = sum(&score);
    print_message("%llu trips: %llu of %llu found, %llu false and %llu more that were withdrawn\n", (unsigned long long)rounds,
                  (unsigned long long)all.found, (unsigned long long)all.must, (unsigned long long)all.false_stood,
                  (unsigned long long)all.false_withdrawn);
    const struct score_kind *openings = &score.kind[ALARM_ILLEGAL_OPENING], *cuts = &score.kind[ALARM_CABLE_CUT];
    assert_true(all.must > rounds / 8); /* else nothing was asked */
    assert_int_equal(openings->found, openings->must);
    assert_true(openings->late * 1000 <= openings->must);
    const struct score_kind *off = &score.kind[ALARM_ROUTE_DEVIATION];
    assert_true((off->must - off->found + off->late) * 100 <= off->must);
    assert_int_equal(cuts->found, cuts->must);
    assert_true((all.must - all.found) * 100 <= all.must);
    assert_true(all.false_stood + all.false_withdrawn <= 1 + rounds / 1000);
    score_clear(&score);
}

static void any_order_of_arrival_gives_the_same_alarms(void **state)
{
    (void)state;
    static struct score_trip in_order, other;
    uint64_t seed = number_from("BULLA_SEED", 600001), rounds = number_from("BULLA_ROUNDS", 60), alarms = 0;
    struct sim_roads *roads = sim_roads_new();
    assert_non_null(roads);
    for (uint64_t i = 0; i < rounds; i++) {
        struct trip trip;
        struct sim_random random = sim_random_new(~(seed + i));
        assert_true(trip_make(roads, seed + i, 1000, &trip));
        size_t *order = calloc(trip.n + 1, sizeof *order);
        assert_non_null(order);
        score_run(&trip, NULL, 0, &in_order);
        for (int way = 0; way < 2; way++) { /* near by, and anywhere */
            size_t n = score_shuffle(&trip, &random, way ? trip.n : 40, order);
            score_run(&trip, order, n, &other);
            if (!score_same(&in_order, &other))
                fail_msg("seed %llu: another order of arrival gives other alarms", (unsigned long long)trip.seed);
        }
        alarms += in_order.n_told;
        free(order);
        trip_clear(&trip);
    }
    sim_roads_free(roads);
    assert_true(alarms > rounds / 2); /* the property would be empty without them */
}

static void the_same_seed_gives_the_same_trip(void **state)
{
    (void)state;
    struct sim_roads *roads = sim_roads_new();
    assert_non_null(roads);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct trip a, b, c;
        assert_true(trip_make(roads, seed, 1000, &a) && trip_make(roads, seed + 1, 1000, &c) && trip_make(roads, seed, 1000, &b));
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.labels, b.labels, sizeof a.labels);
        for (size_t i = 0; i < a.n; i++) {
            assert_string_equal(a.said[i].id, b.said[i].id);
            assert_true(a.said[i].received_ms == b.said[i].received_ms && a.said[i].time_ms == b.said[i].time_ms);
            assert_true(a.said[i].lat_e7 == b.said[i].lat_e7 && a.said[i].lon_e7 == b.said[i].lon_e7 &&
                        a.said[i].events == b.said[i].events);
        }
        assert_true(a.journey->sealed_at_ms != c.journey->sealed_at_ms);
        trip_clear(&a);
        trip_clear(&b);
        trip_clear(&c);
    }
    sim_roads_free(roads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rules_find_what_happened_and_nothing_else),
        cmocka_unit_test(any_order_of_arrival_gives_the_same_alarms),
        cmocka_unit_test(the_same_seed_gives_the_same_trip),
    };
    return cmocka_run_group_tests_name("alarm quality", tests, NULL, NULL);
}
