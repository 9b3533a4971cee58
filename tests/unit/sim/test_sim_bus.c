// SPDX-License-Identifier: Apache-2.0
// Early copies of the simulated bus: who gets one, when, and that they say no place. That the platform bears them: make simulate.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/bus.h"

enum { PARTITION = 3, LONG_US = 1000000000 };

struct cluster {
    struct sim_events events;
    struct sim_brokers *brokers;
    struct bus *sender, *follower, *other;
};

struct heard {
    size_t early, hurried, placed, other; /* early: hurried ones are among them */
    char last[16];
};

static void hear(void *context, const struct bus_event *event)
{
    struct heard *h = context;
    if (event->kind != BUS_PARCEL) {
        h->other++;
        return;
    }
    assert_int_equal(event->partition, PARTITION);
    h->hurried += event->hurried;
    *(event->place ? &h->placed : &h->early) += 1;
    memcpy(h->last, event->bytes.at, event->bytes.len);
    h->last[event->bytes.len] = '\0';
}

static struct heard take(struct bus *bus)
{
    struct heard h = {0};
    bus_take(bus, 0, 1000, hear, &h);
    return h;
}

static struct bus *open_node(const char *node)
{
    static const struct bus_backend *const backends[] = {&sim_bus_backend, NULL};
    char why[160];
    struct bus *bus = bus_open(backends, "sim:", &(struct bus_options){.node = node, .partitions = 8}, why, sizeof why);
    assert_non_null(bus);
    take(bus); /* that the brokers are reached */
    return bus;
}

static void open_cluster(struct cluster *c, struct sim_bus_faults faults)
{
    *c = (struct cluster){.events = {.now_us = 1000000}};
    c->brokers = sim_brokers_new(&c->events, 1, 8);
    assert_non_null(c->brokers);
    sim_brokers_set_faults(c->brokers, &faults);
    c->sender = open_node("sender");
    c->follower = open_node("follower");
    c->other = open_node("other");
    assert_true(bus_follow(c->follower, PARTITION, 0));
}

static void close_cluster(struct cluster *c)
{
    bus_close(c->sender);
    bus_close(c->follower);
    bus_close(c->other);
    while (sim_events_step(&c->events, INT64_MAX))
        ;
    sim_events_clear(&c->events);
    sim_brokers_free(c->brokers);
}

static void run(struct cluster *c, int64_t for_us)
{
    int64_t until_us = c->events.now_us + for_us;
    while (sim_events_step(&c->events, until_us))
        ;
}

static void send_parcel(struct cluster *c, const char *text)
{
    assert_true(bus_send(c->sender, PARTITION, text, (struct bulla_bytes){(const uint8_t *)text, strlen(text)}, 1));
}

static void who_follows_hears_early_and_then_of_the_place(void **state)
{
    struct cluster c;
    (void)state;
    open_cluster(&c, (struct sim_bus_faults){.latency_us = 0});
    send_parcel(&c, "one");
    run(&c, 150);
    struct heard first = take(c.follower);
    assert_int_equal(first.early, 1);
    assert_int_equal(first.placed, 0);
    assert_string_equal(first.last, "one");
    run(&c, LONG_US);
    struct heard then = take(c.follower), other = take(c.other), sender = take(c.sender);
    assert_int_equal(then.early, 0);
    assert_int_equal(then.placed, 1);
    assert_int_equal(other.early + other.placed, 0);
    assert_int_equal(sender.early + sender.placed, 0); /* it does not follow */
    close_cluster(&c);
}

static void without_a_leader_the_copy_comes_alone(void **state)
{
    struct cluster c;
    (void)state;
    open_cluster(&c, (struct sim_bus_faults){.latency_us = 0});
    sim_brokers_elect(c.brokers, LONG_US);
    send_parcel(&c, "one");
    run(&c, LONG_US / 2);
    struct heard h = take(c.follower);
    assert_int_equal(h.early, 1);
    assert_int_equal(h.placed, 0);
    close_cluster(&c);
}

static void a_sender_that_follows_hears_at_once(void **state)
{
    struct cluster c;
    (void)state;
    open_cluster(&c, (struct sim_bus_faults){.lose_early = 1});
    assert_true(bus_follow(c.sender, PARTITION, 0));
    send_parcel(&c, "one");
    assert_int_equal(take(c.sender).early, 1);
    run(&c, LONG_US);
    assert_int_equal(take(c.follower).early, 0); /* the other one's was lost */
    close_cluster(&c);
}

static void a_copy_is_not_for_an_older_following_nor_for_who_is_cut_off(void **state)
{
    struct cluster c;
    (void)state;
    open_cluster(&c, (struct sim_bus_faults){.latency_us = 0});
    send_parcel(&c, "one");
    run(&c, 150);
    bus_unfollow(c.follower, PARTITION);
    assert_true(bus_follow(c.follower, PARTITION, 0));
    assert_int_equal(take(c.follower).early, 0);
    sim_brokers_part(c.brokers, "follower", true);
    send_parcel(&c, "two");
    run(&c, LONG_US);
    assert_int_equal(take(c.follower).early, 0);
    close_cluster(&c);
}

/* What is hurried is taken first, comes to who follows alone, and is in no stream. */
static void what_is_hurried_overtakes(void **state)
{
    struct cluster c;
    (void)state;
    open_cluster(&c, (struct sim_bus_faults){.latency_us = 0});
    for (int i = 0; i < 3; i++)
        send_parcel(&c, i == 0 ? "one" : i == 1 ? "two" : "three");
    run(&c, 150);
    assert_true(bus_hurry(c.sender, PARTITION, (struct bulla_bytes){(const uint8_t *)"cut", 3}));
    run(&c, 150);
    struct heard first = {.early = 0};
    assert_int_equal(bus_take(c.follower, 0, 1, hear, &first), 1);
    assert_string_equal(first.last, "cut");
    assert_int_equal(first.hurried, 1);
    assert_int_equal(take(c.other).hurried, 0);
    run(&c, LONG_US);
    struct heard then = take(c.follower);
    assert_int_equal(then.hurried, 0);
    assert_int_equal(then.placed, 3);
    sim_brokers_part(c.brokers, "sender", true);
    assert_false(bus_hurry(c.sender, PARTITION, (struct bulla_bytes){(const uint8_t *)"cut", 3}));
    close_cluster(&c);
}

/* However much is hurried, what waits comes too. */
static void nobody_is_overtaken_for_ever(void **state)
{
    struct cluster c;
    (void)state;
    open_cluster(&c, (struct sim_bus_faults){.lose_early = 0});
    assert_true(bus_follow(c.sender, PARTITION, 0));
    send_parcel(&c, "one");
    for (int i = 0; i < 50; i++)
        assert_true(bus_hurry(c.sender, PARTITION, (struct bulla_bytes){(const uint8_t *)"cut", 3}));
    struct heard h = {.early = 0};
    assert_int_equal(bus_take(c.sender, 0, BUS_OVERTAKE_MOST + 1, hear, &h), BUS_OVERTAKE_MOST + 1);
    assert_int_equal(h.hurried, BUS_OVERTAKE_MOST);
    assert_string_equal(h.last, "one");
    close_cluster(&c);
}

static void copies_come_again_and_late(void **state)
{
    struct cluster c;
    (void)state;
    open_cluster(&c, (struct sim_bus_faults){.repeat_early = 1, .late_early = 1});
    send_parcel(&c, "one");
    run(&c, 1000);
    assert_int_equal(take(c.follower).placed, 1);
    run(&c, LONG_US);
    assert_int_equal(take(c.follower).early, 2);
    assert_int_equal(sim_brokers_counts(c.brokers).early, 2);
    close_cluster(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_follows_hears_early_and_then_of_the_place),
        cmocka_unit_test(without_a_leader_the_copy_comes_alone),
        cmocka_unit_test(a_sender_that_follows_hears_at_once),
        cmocka_unit_test(a_copy_is_not_for_an_older_following_nor_for_who_is_cut_off),
        cmocka_unit_test(copies_come_again_and_late),
        cmocka_unit_test(what_is_hurried_overtakes),
        cmocka_unit_test(nobody_is_overtaken_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
