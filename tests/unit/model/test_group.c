/* SPDX-License-Identifier: Apache-2.0
 *
 * Which alarms are one matter for a person, and which only look alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/model/group.h"

#define START INT64_C(1767254400000)
#define MAX   40

struct scene {
    struct alarm alarm[MAX];
    struct group_item item[MAX];
    size_t n;
};

static struct group_item *add(struct scene *s, int journey, enum alarm_kind kind, double minute, double lat)
{
    struct alarm *a = &s->alarm[s->n];
    *a = (struct alarm){.kind = kind, .grade = alarm_kind_grade(kind), .onset_ms = START + (int64_t)(minute * 60000)};
    snprintf(a->journey, sizeof a->journey, "J%d", journey);
    snprintf(a->seal, sizeof a->seal, "test:%d", journey);
    a->has_position = true;
    a->lat = lat;
    a->lon = 30;
    alarm_name(a);
    s->item[s->n] = (struct group_item){.alarm = a};
    return &s->item[s->n++];
}

/* "cause:members(journeys)", the groups in their order. */
static void expect(const struct scene *s, const char *want)
{
    struct groups g;
    char got[400] = "";
    size_t total = 0;
    assert_true(group_alarms(s->item, s->n, &g));
    for (size_t i = 0; i < g.n; i++) {
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s:%zu(%zu)", i ? " " : "", group_cause_text(g.group[i].cause),
                 g.group[i].n, g.group[i].journeys);
        total += g.group[i].n;
    }
    assert_string_equal(got, want);
    assert_int_equal(total, s->n); /* every alarm is in one group */
    groups_clear(&g);
}

static enum alarm_kind root_kind(const struct scene *s, size_t group)
{
    struct groups g;
    assert_true(group_alarms(s->item, s->n, &g) && group < g.n);
    enum alarm_kind kind = s->item[g.group[group].member[0]].alarm->kind;
    groups_clear(&g);
    return kind;
}

static void nothing_is_no_group(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    expect(&s, "");
}

static void one_thing_leads_to_another(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    add(&s, 1, ALARM_CABLE_CUT, 35, 50);
    add(&s, 1, ALARM_TAMPER, 30, 50);
    add(&s, 1, ALARM_ILLEGAL_STAY, 0, 50);
    add(&s, 2, ALARM_CABLE_CUT, 36, 50); /* another journey's own matter */
    expect(&s, "episode:3(1) alone:1(1)");
    assert_int_equal(root_kind(&s, 0), ALARM_ILLEGAL_STAY);
}

static void what_is_long_over_is_another_matter(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    add(&s, 1, ALARM_TAMPER, 0, 50);
    add(&s, 1, ALARM_CABLE_CUT, 61, 50);
    expect(&s, "alone:1(1) alone:1(1)");
}

static void a_network_that_is_down(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    for (int i = 0; i < 12; i++)
        add(&s, i, ALARM_SIGNAL_LOST, i * 5, 50 + 0.01 * i);
    add(&s, 20, ALARM_SIGNAL_LOST, 20, 53);  /* far away */
    add(&s, 21, ALARM_SIGNAL_LOST, 300, 50); /* hours later */
    expect(&s, "network-outage:12(12) alone:1(1) alone:1(1)");
    s.n = 3; /* three may be chance */
    expect(&s, "alone:1(1) alone:1(1) alone:1(1)");
}

/* The jammer is the root; the silence that it brought each journey is in the same group. */
static void a_jammer_by_the_road(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    for (int i = 0; i < 4; i++) {
        add(&s, i, ALARM_SIGNAL_LOST, 240 + i * 20, 50.02);
        add(&s, i, ALARM_JAMMING_SUSPECTED, i * 20, 50 + 0.001 * i);
    }
    expect(&s, "jammer:8(4)");
    assert_int_equal(root_kind(&s, 0), ALARM_JAMMING_SUSPECTED);
}

static void a_closed_road(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    for (int i = 0; i < 5; i++)
        add(&s, i, ALARM_ILLEGAL_STAY, i * 30, 50 + 0.02 * i);
    add(&s, 3, ALARM_JOURNEY_TIMEOUT, 150, 50.05);
    add(&s, 4, ALARM_ILLEGAL_OPENING, 200, 50.08); /* graver: on top of its group, which goes first */
    expect(&s, "closure:7(5)");
    assert_int_equal(root_kind(&s, 0), ALARM_ILLEGAL_STAY);
}

static void a_bad_batch(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    for (int i = 0; i < 6; i++)
        add(&s, i, ALARM_MALFUNCTION, i * 200, i * 8)->batch = i < 5 ? "JT701D 1.4" : "JT709 2.0";
    expect(&s, "batch:5(5) alone:1(1)");
}

static void late_at_one_station(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    for (int i = 0; i < 4; i++)
        add(&s, i, ALARM_LATE_DEPARTURE, i * 40, 50)->station = i < 3 ? "port" : "depot";
    expect(&s, "station:3(3) alone:1(1)");
}

/* One journey that says the same four times is no flood. */
static void one_journey_is_no_flood(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    for (int i = 0; i < 4; i++)
        add(&s, 1, ALARM_SIGNAL_LOST, i, 50);
    expect(&s, "alone:1(1) alone:1(1) alone:1(1) alone:1(1)");
}

static void the_order_of_what_goes_in_does_not_matter(void **state)
{
    (void)state;
    struct scene s = {.n = 0};
    for (int i = 0; i < 5; i++) {
        add(&s, i, ALARM_JAMMING_SUSPECTED, i * 20, 50 + 0.001 * i);
        add(&s, i, ALARM_SIGNAL_LOST, 240 + i * 20, 50.02);
        add(&s, 10 + i, ALARM_ILLEGAL_OPENING, i * 7, 48);
    }
    struct groups a, b;
    assert_true(group_alarms(s.item, s.n, &a));
    for (size_t turn = 1; turn < s.n; turn++) {
        struct group_item turned[MAX];
        for (size_t i = 0; i < s.n; i++)
            turned[i] = s.item[(i * 7 + turn) % s.n];
        assert_true(group_alarms(turned, s.n, &b));
        assert_int_equal(a.n, b.n);
        for (size_t g = 0; g < a.n; g++) {
            assert_int_equal(a.group[g].n, b.group[g].n);
            for (size_t i = 0; i < a.group[g].n; i++)
                assert_ptr_equal(s.item[a.group[g].member[i]].alarm, turned[b.group[g].member[i]].alarm);
        }
        groups_clear(&b);
    }
    groups_clear(&a);
}

static void the_nearest_station_at_which_it_happened(void **state)
{
    (void)state;
    struct station stations[] = {{.id = "far", .lat = 51, .lon = 30, .radius_m = 500},
                                 {.id = "wide", .lat = 50, .lon = 30.02, .radius_m = 3000},
                                 {.id = "gate", .lat = 50.003, .lon = 30, .radius_m = 10}}; /* 334 m off: the yard before it counts */
    struct alarm a = {.kind = ALARM_DATA_MISMATCH, .has_position = true, .lat = 50, .lon = 30};
    assert_string_equal(group_station(stations, 3, &a), "gate");
    assert_string_equal(group_station(stations, 2, &a), "wide");
    assert_null(group_station(stations, 1, &a));
    assert_null(group_station(NULL, 0, &a));
    a.has_position = false;
    assert_null(group_station(stations, 3, &a));
    assert_true(group_needs_station(&a));
    a.kind = ALARM_CABLE_CUT;
    assert_false(group_needs_station(&a));
}

#define MANY 4000

/* A bad day: half of the country falls silent near one place while the other half has an alarm each. */
static void thousands(void **state)
{
    (void)state;
    struct alarm *alarms = calloc(MANY, sizeof *alarms);
    struct group_item *items = calloc(MANY, sizeof *items);
    struct groups g;
    assert_true(alarms && items);
    for (int i = 0; i < MANY; i++) {
        struct alarm *a = &alarms[i];
        *a = (struct alarm){.kind = i % 2 ? ALARM_SIGNAL_LOST : ALARM_CABLE_CUT, .grade = i % 2 ? 2 : 3, .onset_ms = START + i * INT64_C(100)};
        snprintf(a->journey, sizeof a->journey, "J%d", i / 4); /* two of each sort */
        snprintf(a->seal, sizeof a->seal, "test:%d", i);
        a->has_position = true;
        a->lat = 50;
        a->lon = 30 + i / 10000.0;
        alarm_name(a);
        items[i].alarm = a;
    }
    assert_true(group_alarms(items, MANY, &g));
    assert_int_equal(g.n, MANY / 2 + 1);
    assert_int_equal(g.group[g.n - 1].cause, GROUP_NETWORK); /* of the least grade */
    assert_int_equal(g.group[g.n - 1].n, MANY / 2);
    assert_int_equal(g.group[g.n - 1].journeys, MANY / 4);
    assert_int_equal(g.group[g.n - 1].member[0], 1); /* the first to fall silent */
    groups_clear(&g);
    free(items);
    free(alarms);
}

static void words_and_numbers(void **state)
{
    (void)state;
    assert_int_equal(group_cause_from("jammer"), GROUP_JAMMER);
    assert_int_equal(group_cause_from("weather"), -1);
    assert_string_equal(group_cause_sentence(GROUP_NETWORK), "Seals fell silent together: the network is down there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_no_group),
        cmocka_unit_test(one_thing_leads_to_another),
        cmocka_unit_test(what_is_long_over_is_another_matter),
        cmocka_unit_test(a_network_that_is_down),
        cmocka_unit_test(a_jammer_by_the_road),
        cmocka_unit_test(a_closed_road),
        cmocka_unit_test(a_bad_batch),
        cmocka_unit_test(late_at_one_station),
        cmocka_unit_test(one_journey_is_no_flood),
        cmocka_unit_test(the_order_of_what_goes_in_does_not_matter),
        cmocka_unit_test(the_nearest_station_at_which_it_happened),
        cmocka_unit_test(thousands),
        cmocka_unit_test(words_and_numbers),
    };
    return cmocka_run_group_tests_name("groups of alarms", tests, NULL, NULL);
}
