/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels wait for others of their partition; of those with news a copy goes at once, or they do not wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_support.h"
#include "platform/bus/sender.h"

enum { PARTITIONS = 4, T0 = 150000 };

struct fake_bus { /* takes everything, and remembers the last */
    struct bus bus;
    unsigned sent, partition;
    size_t parcels;
    uint64_t token;
    bool hurries; /* takes hurried copies too */
    unsigned hurried;
    size_t hurried_parcels;
};

static void count(void *context, const struct sender_parcel *parcel)
{
    (void)parcel;
    ++*(size_t *)context;
}

static bool fake_send(struct bus *bus, unsigned partition, const char *name, struct bulla_bytes bytes, uint64_t token)
{
    struct fake_bus *f = (struct fake_bus *)bus;
    struct sender_message message;
    (void)name;
    f->parcels = 0;
    assert_true(sender_read(bytes, &message, count, &f->parcels));
    f->sent++;
    f->partition = partition;
    f->token = token;
    return true;
}

static bool fake_hurry(struct bus *bus, unsigned partition, struct bulla_bytes bytes)
{
    struct fake_bus *f = (struct fake_bus *)bus;
    struct sender_message message;
    if (!f->hurries)
        return false;
    f->hurried_parcels = 0;
    assert_true(sender_read(bytes, &message, count, &f->hurried_parcels));
    f->hurried++;
    f->partition = partition;
    return true;
}

static const struct bus_backend FAKE = {.scheme = "fake", .send = fake_send, .hurry = fake_hurry};

struct case_ {
    char folder[64];
    struct outbox *outbox;
    struct fake_bus bus;
    struct sender *sender;
    int64_t now_ms;
};

static int begin(void **state)
{
    struct case_ *c = calloc(1, sizeof *c);
    assert_non_null(c);
    make_temporary(c->folder);
    c->outbox = open_outbox(c->folder, PARTITIONS);
    c->bus.bus.backend = &FAKE;
    c->sender = sender_new(c->outbox, &c->bus.bus, PARTITIONS);
    c->now_ms = T0;
    assert_non_null(c->sender);
    sender_turn(c->sender, c->now_ms);
    *state = c;
    return 0;
}

static int end(void **state)
{
    struct case_ *c = *state;
    sender_free(c->sender);
    outbox_close(c->outbox);
    remove_folder(c->folder);
    free(c);
    return 0;
}

static void put_rows(struct case_ *c, unsigned partition, bool news, uint32_t rows)
{
    struct outbox_parcel parcel = {
        .partition = partition, .taken_ms = c->now_ms, .rows = rows, .news = news, .bytes = {(const uint8_t *)"x", 1}};
    assert_int_equal(outbox_put(c->outbox, &parcel, 1), OUTBOX_OK);
    sender_put(c->sender, &parcel, c->now_ms);
}

static void put(struct case_ *c, unsigned partition, bool news)
{
    put_rows(c, partition, news, 1);
}

static void acknowledge(struct case_ *c)
{
    sender_event(c->sender, &(struct bus_event){.kind = BUS_SENT, .token = c->bus.token}, c->now_ms);
}

static void test_plain_waits_for_others(void **state)
{
    struct case_ *c = *state;
    c->now_ms = T0 + 10;
    put(c, 1, false);
    unsigned wait = sender_turn(c->sender, c->now_ms);
    assert_int_equal(wait, SENDER_GATHER_MS - 10);
    c->now_ms += 100;
    put(c, 1, false);
    put(c, 2, false);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 0);
    c->now_ms = T0 + SENDER_GATHER_MS - 1;
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 0);
    c->now_ms++;
    sender_turn(c->sender, c->now_ms); /* both partitions in one turn */
    assert_int_equal(c->bus.sent, 2);
    assert_int_equal(sender_counts(c->sender).parcels, 3);
}

static void test_news_leaves_at_once(void **state)
{
    struct case_ *c = *state;
    put(c, 1, false);
    put(c, 2, false);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 0);
    put(c, 1, true);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 1);
    assert_int_equal(c->bus.partition, 1);
    assert_int_equal(c->bus.parcels, 2); /* what waited goes with it, in order */
}

/* News that come while a message is under way leave with its acknowledgement, not a span later. */
static void test_news_behind_a_message(void **state)
{
    struct case_ *c = *state;
    put(c, 1, true);
    sender_turn(c->sender, c->now_ms);
    put(c, 1, true);
    sender_turn(c->sender, ++c->now_ms);
    assert_int_equal(c->bus.sent, 1);
    acknowledge(c);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 2);
    acknowledge(c);
    put(c, 1, false); /* and what comes after it is plain again */
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 2);
}

/* A copy of the news alone overtakes what waits, also while a message is under way; the parcel itself comes with the others. */
static void test_news_are_hurried(void **state)
{
    struct case_ *c = *state;
    c->bus.hurries = true;
    put(c, 1, false);
    put(c, 1, true);
    assert_int_equal(c->bus.hurried, 1);
    assert_int_equal(c->bus.partition, 1);
    assert_int_equal(c->bus.hurried_parcels, 1);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 0);
    c->now_ms += SENDER_GATHER_MS;
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 1);
    assert_int_equal(c->bus.parcels, 2);
    put(c, 1, true);
    assert_int_equal(c->bus.hurried, 2);
    assert_int_equal(c->bus.sent, 1);
}

/* A message has no more rows than are applied together, unless one parcel has; and what did not fit does not wait again. */
static void test_rows_of_a_message(void **state)
{
    struct case_ *c = *state;
    put_rows(c, 2, false, SENDER_ROWS_MOST - 1);
    put(c, 2, false);
    put(c, 2, false);
    put_rows(c, 2, false, SENDER_ROWS_MOST + 5);
    c->now_ms += SENDER_GATHER_MS;
    const size_t expected[] = {2, 1, 1};
    for (unsigned i = 0; i < 3; i++) {
        sender_turn(c->sender, c->now_ms);
        assert_int_equal(c->bus.sent, i + 1);
        assert_int_equal(c->bus.parcels, expected[i]);
        acknowledge(c);
    }
}

static void test_many_leave_at_once(void **state)
{
    struct case_ *c = *state;
    for (unsigned i = 0; i < SENDER_GATHER_MOST - 1; i++)
        put(c, 3, false);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 0);
    put(c, 3, false);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 1);
    assert_int_equal(c->bus.parcels, SENDER_GATHER_MOST);
}

/* What the bus refused is no new thing that could wait. */
static void test_unsent_does_not_wait_again(void **state)
{
    struct case_ *c = *state;
    put(c, 1, true);
    sender_turn(c->sender, c->now_ms);
    sender_event(c->sender, &(struct bus_event){.kind = BUS_UNSENT, .token = c->bus.token}, c->now_ms);
    put(c, 1, false);
    c->now_ms += SENDER_RETRY_MS - 1;
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 1);
    c->now_ms++;
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 2);
    assert_int_equal(c->bus.parcels, 1); /* the repeat is what it was */
}

/* A restarted node does not know what waits: it sends all at once. And a clock that is set back stops nothing. */
static void test_restart_and_clock(void **state)
{
    struct case_ *c = *state;
    put(c, 1, false);
    sender_free(c->sender);
    c->sender = sender_new(c->outbox, &c->bus.bus, PARTITIONS);
    sender_turn(c->sender, c->now_ms);
    assert_int_equal(c->bus.sent, 1);
    acknowledge(c);
    put(c, 1, false);
    c->now_ms -= 3600 * 1000;
    for (unsigned i = 0; i <= SENDER_GATHER_MS && c->bus.sent == 1; i++)
        sender_turn(c->sender, c->now_ms++);
    assert_int_equal(c->bus.sent, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain_waits_for_others, begin, end),
        cmocka_unit_test_setup_teardown(test_news_leaves_at_once, begin, end),
        cmocka_unit_test_setup_teardown(test_news_behind_a_message, begin, end),
        cmocka_unit_test_setup_teardown(test_news_are_hurried, begin, end),
        cmocka_unit_test_setup_teardown(test_rows_of_a_message, begin, end),
        cmocka_unit_test_setup_teardown(test_many_leave_at_once, begin, end),
        cmocka_unit_test_setup_teardown(test_unsent_does_not_wait_again, begin, end),
        cmocka_unit_test_setup_teardown(test_restart_and_clock, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
