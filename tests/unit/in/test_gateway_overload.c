/* SPDX-License-Identifier: Apache-2.0
 *
 * Ten times what the store can take, stepped through simulated time: alarms wait less than a second, what is shed is counted to
 * the last one and not acknowledged, memory stays bounded, everybody gets the same share, and it all ends with the pressure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/base/limits.h"
#include "platform/in/gateway.h"
#include "platform/in/net.h"

#define SEALS 500
#define REPORT "##S,eSeal,%07d,256,3.0.6,%s,%d,2024-05-01,08:14:40,15,A,10.000000N 20.000000E,10,0,Close,0.71,0:0:3:0,3.8,-73,E##\n"
#define ALARM "Event-Shock"
#define WAITS 4000 /* ms */

struct device {
    struct peer *peer;
    unsigned sent, acked, kept;
    bool held;
};

struct world {
    bool swapped; /* the even tenant has the odd seals */
    struct gateway *gateway;
    struct listener *listener;
    struct device devices[SEALS];
    bool deaf;
    int64_t now_ms;
    /* the store: rows_per_ms in thousandths */
    int64_t fixed_ms, row_us;
    struct batch *storing;
    char last[256]; /* what was sent last */
    int64_t stored_at_ms;
    /* what came of it */
    unsigned sent, alarms_sent, alarms_stored, alarms_learning, rows_stored, refused;
    unsigned waits[WAITS];
    size_t most_filling;
};

static void *net_listen(void *net, struct listener *listener, bool packets, const char *address, unsigned *port, char *why, size_t size)
{
    struct world *w = net;
    (void)packets, (void)address, (void)why, (void)size;
    *port = 1;
    w->listener = listener;
    return w;
}

static enum net_sent net_send(void *net, void *socket, const struct bulla_bytes *parts, size_t n)
{
    struct device *d = socket;
    struct world *w = net;
    snprintf(w->last, sizeof w->last, "%.*s", (int)parts[n - 1].len, (const char *)parts[n - 1].at);
    d->acked += (unsigned)n;
    return NET_SENT;
}

static void net_close(void *net, void *socket)
{
    (void)net;
    ((struct device *)socket)->peer = NULL;
}

static void net_reading(void *net, bool on)
{
    struct world *w = net;
    w->deaf = !on;
    for (size_t i = 0; on && i < SEALS; i++)
        w->devices[i].held = false;
}

static void net_hold(void *net, void *socket)
{
    (void)net;
    ((struct device *)socket)->held = true;
}

static void net_unlisten(void *net)
{
    (void)net;
}

static int64_t now(void *host)
{
    return ((struct world *)host)->now_ms;
}

static bool tenant(void *host, const char *seal, char to[GATEWAY_TENANT_SIZE])
{
    const struct world *w = host;
    snprintf(to, GATEWAY_TENANT_SIZE, "%s", (atoi(strchr(seal, ':') + 1) % 2 != 0) != w->swapped ? "odd" : "even");
    return true;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct gateway_net net = {.net = w, .listen = net_listen, .send = net_send, .close = net_close, .reading = net_reading, .hold = net_hold,
                              .unlisten = net_unlisten};
    struct gateway_host host = {.host = w, .tenant = tenant};
    char why[100];
    w->now_ms = INT64_C(1714522480000);
    w->gateway = gateway_new_over(&host, (struct clock){now, w}, &net);
    if (!w->gateway || !gateway_listen(w->gateway, "auto", "tcp", "", 0, why, sizeof why) || !gateway_start(w->gateway))
        return -1;
    for (size_t i = 0; i < SEALS; i++)
        w->devices[i].peer = gateway_opened(w->listener, "memory", &w->devices[i]);
    *state = w;
    return 0;
}

static void stored(struct world *w)
{
    struct batch *b = w->storing;
    for (size_t i = 0; i < b->n_rows; i++) {
        const struct bulla_observation *o = &b->rows[i].o;
        w->rows_stored++;
        if (strcmp(o->protocol, "eseal") == 0)
            w->devices[atoi(o->device)].kept++;
        if (!bulla_observation_is(o, BULLA_EVENT_VIBRATION))
            continue;
        int64_t wait = w->now_ms - o->received_ms;
        w->alarms_stored++;
        w->waits[wait < WAITS ? wait : WAITS - 1]++;
    }
    gateway_stored(w->gateway, b);
    gateway_done(w->gateway, b);
    w->storing = NULL;
}

/* The engine at this millisecond: one batch after the other. */
static void engine(struct world *w)
{
    if (w->storing && w->now_ms >= w->stored_at_ms)
        stored(w);
    if (!w->storing && (w->storing = gateway_take(w->gateway, 0))) {
        if (w->storing->n_rows > w->most_filling)
            w->most_filling = w->storing->n_rows;
        w->stored_at_ms = w->now_ms + w->fixed_ms + (int64_t)w->storing->n_rows * w->row_us / 1000;
    }
    gateway_step(w->gateway, w->now_ms);
}

static bool say(struct world *w, unsigned device, const char *kind)
{
    struct device *d = &w->devices[device];
    char text[300];
    if (w->deaf || d->held || !d->peer) /* its socket is not read: it waits, and this test's devices then say nothing */
        return false;
    int n = snprintf(text, sizeof text, REPORT, (int)device, kind, (int)(d->sent % 100000));
    d->sent++;
    w->sent++;
    gateway_bytes(d->peer, (const uint8_t *)text, (size_t)n);
    return true;
}

/* Plain reports in turn from all devices but the first ten, which sound an alarm each 20 ms between them. */
static void run(struct world *w, int64_t ms, unsigned per_ms)
{
    static unsigned next;
    for (int64_t t = 0; t < ms; t++, w->now_ms++) {
        for (unsigned i = 0; i < per_ms; i++, next++)
            say(w, 10 + next % (SEALS - 10), "Normal");
        if (t % 20 == 0)
            w->alarms_sent += say(w, (unsigned)(t / 20 % 10), ALARM);
        engine(w);
    }
}

static void settle(struct world *w)
{
    for (int i = 0; i < 20000; i++, w->now_ms++) {
        engine(w);
        if (!w->storing && i > 10000)
            break;
    }
}

static unsigned wait_of(const struct world *w, double percent)
{
    unsigned n = 0, wait = 0;
    for (; wait < WAITS - 1; wait++)
        if ((n += w->waits[wait]) >= percent / 100 * (w->alarms_stored - w->alarms_learning))
            break;
    return wait;
}

static uint64_t shed_of(const struct world *w)
{
    struct gateway_counts c = gateway_counts(w->gateway);
    uint64_t shed = 0;
    for (size_t i = 0; i < SHED_WHY_COUNT; i++)
        shed += c.shed[i];
    return shed;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    if (w->storing)
        stored(w);
    gateway_stop(w->gateway);
    while ((w->storing = gateway_take(w->gateway, 0)))
        stored(w);
    gateway_free(w->gateway);
    free(w);
    return 0;
}

static void accounts_balance(struct world *w)
{
    unsigned acked = 0;
    for (size_t i = 0; i < SEALS; i++) {
        assert_int_equal(w->devices[i].acked, w->devices[i].kept); /* acknowledged is stored, and nothing else is acknowledged */
        acked += w->devices[i].acked;
    }
    assert_int_equal(acked, w->rows_stored);
    assert_int_equal(w->sent, w->rows_stored + shed_of(w) + w->refused);
    assert_int_equal(gateway_counts(w->gateway).observations, w->rows_stored);
    assert_int_equal(w->alarms_stored, w->alarms_sent);
}

/* [WCO-4.3-C9] */
static void at_ten_times_the_rate_alarms_do_not_wait(void **state)
{
    struct world *w = *state;
    w->fixed_ms = 5;
    w->row_us = 500; /* 2,000 a second */
    run(w, 3000, 20); /* it learns how fast the store is */
    print_message("learning: alarm max %u ms\n", wait_of(w, 100));
    memset(w->waits, 0, sizeof w->waits);
    w->alarms_learning = w->alarms_stored;
    run(w, 12000, 20);
    uint64_t stored_then = w->rows_stored;
    struct gateway_counts c = gateway_counts(w->gateway);
    print_message("10x: %u sent, %u stored, %llu shed; alarm p50 %u p99 %u max %u ms; interval %llu ms, level %llu, rows %llu, largest %zu\n",
                  w->sent, w->rows_stored, (unsigned long long)shed_of(w), wait_of(w, 50), wait_of(w, 99), wait_of(w, 100),
                  (unsigned long long)c.interval_ms, (unsigned long long)c.level, (unsigned long long)c.most_rows, w->most_filling);
    assert_true(c.level > 0);
    settle(w);
    accounts_balance(w);
    assert_true(w->alarms_sent > 700);
    assert_true(wait_of(w, 99) < 1000);
    assert_true(stored_then > 15 * 2000 / 3);             /* shedding does not let the store idle */
    assert_true(w->most_filling <= LIMIT_BATCH_ROWS + 1); /* memory */
    /* everybody the same share */
    unsigned least = UINT32_MAX, most = 0;
    for (size_t i = 10; i < SEALS; i++) {
        least = w->devices[i].kept < least ? w->devices[i].kept : least;
        most = w->devices[i].kept > most ? w->devices[i].kept : most;
    }
    assert_true(least * 4 >= most);
    /* and it ends */
    assert_int_equal(gateway_counts(w->gateway).level, 0);
    uint64_t shed = shed_of(w);
    run(w, 2000, 1);
    settle(w);
    assert_int_equal(shed_of(w), shed);
}

static void within_its_means_nothing_is_shed(void **state)
{
    struct world *w = *state;
    w->fixed_ms = 5;
    w->row_us = 500;
    run(w, 10000, 1); /* half of what it can take */
    settle(w);
    accounts_balance(w);
    assert_int_equal(shed_of(w), 0);
    assert_true(wait_of(w, 99) < 50);
}

/* A disk that takes 400 ms a commit but many rows at once: no reason to shed at a rate it can take. */
static void a_slow_disk_is_not_a_weak_one(void **state)
{
    struct world *w = *state;
    w->fixed_ms = 400;
    w->row_us = 10;
    run(w, 10000, 5);
    uint64_t learning = shed_of(w);
    run(w, 20000, 5);
    uint64_t shed = shed_of(w);
    settle(w);
    accounts_balance(w);
    print_message("slow disk: %u sent, %llu shed while its speed was learned, %llu afterwards, alarm p99 %u ms\n", w->sent,
                  (unsigned long long)learning, (unsigned long long)(shed - learning), wait_of(w, 99));
    assert_true(wait_of(w, 99) < 1000);
    assert_true((shed - learning) * 100 < w->sent);
}

/* A store that stands still: nothing is shed for it, reading stops, and memory is what one batch is. */
static void a_store_that_stands_still(void **state)
{
    struct world *w = *state;
    w->fixed_ms = 30000;
    w->row_us = 1;
    run(w, 20000, 20);
    assert_true(w->deaf || w->devices[20].held);
    w->fixed_ms = 5;
    settle(w);
    settle(w);
    accounts_balance(w);
    assert_true(w->most_filling <= LIMIT_BATCH_ROWS + 1);
}

/* Only alarms, ten times too many: none is shed; those who sound them are read more slowly. */
static void alarms_alone_are_never_shed(void **state)
{
    struct world *w = *state;
    w->fixed_ms = 5;
    w->row_us = 500;
    for (int64_t t = 0; t < 10000; t++, w->now_ms++) {
        for (unsigned i = 0; i < 20; i++)
            w->alarms_sent += say(w, ((unsigned)t * 20 + i) % SEALS, ALARM);
        engine(w);
    }
    settle(w);
    accounts_balance(w);
    assert_int_equal(shed_of(w), 0);
    assert_true(w->most_filling <= LIMIT_BATCH_ROWS + 1);
}

/* One device that floods with what may not be shed is read less; the others are not shed or slowed for it. */
static void one_that_floods_harms_itself(void **state)
{
    struct world *w = *state;
    unsigned others = 0, refused = 0;
    w->fixed_ms = 5;
    w->row_us = 500;
    for (int64_t t = 0; t < 13000; t++, w->now_ms++) {
        if (t == 3000) { /* it knows how fast the store is */
            memset(w->waits, 0, sizeof w->waits);
            w->alarms_learning = w->alarms_stored;
        }
        for (unsigned i = 0; i < 20; i++)
            w->alarms_sent += say(w, 0, ALARM);
        if (t % 10 == 0) {
            bool said = say(w, 1 + (unsigned)(t / 10) % 100, ALARM);
            w->alarms_sent += said;
            others += said;
            refused += !said;
        }
        engine(w);
    }
    settle(w);
    accounts_balance(w);
    print_message("one floods: its %u of 260000, the others' %u of 1300; held %llu times\n", w->devices[0].kept, others,
                  (unsigned long long)gateway_counts(w->gateway).held);
    assert_int_equal(refused, 0);
    assert_true(wait_of(w, 99) < 1000);
    assert_true(gateway_counts(w->gateway).held > 0);
}

struct found {
    uint64_t kept, shed;
};

static void find_odd(void *context, const char *name, unsigned per_second, uint64_t kept, uint64_t shed)
{
    struct found *f = context;
    if (strcmp(name, "odd") == 0 && per_second == 100)
        *f = (struct found){kept, shed};
}

static void a_tenant_over_its_quota(void **state)
{
    struct world *w = *state;
    struct found odd = {0, 0};
    w->fixed_ms = 5;
    w->row_us = 50;
    assert_true(gateway_quota(w->gateway, "odd", 100));
    run(w, 10000, 1); /* a thousand a second, half of them odd: the store could take it all */
    settle(w);
    accounts_balance(w);
    gateway_quotas(w->gateway, find_odd, &odd);
    uint64_t even = 0, expected = 0;
    for (size_t i = 10; i < SEALS; i++) {
        even += i % 2 ? 0 : w->devices[i].kept;
        expected += i % 2 ? 0 : w->devices[i].sent;
    }
    assert_int_equal(even, expected);
    assert_in_range(odd.kept, 800, 1600); /* 100 a second for ten seconds, and what must be kept */
    assert_int_equal(odd.shed, shed_of(w));
    assert_int_equal(gateway_counts(w->gateway).shed[SHED_QUOTA], odd.shed);
}

/* Seals change hands while they are connected: what they say counts for whoever has them now. */
static void a_tenant_of_another_journey(void **state)
{
    struct world *w = *state;
    unsigned kept[SEALS], sent[SEALS], all[2] = {0, 0}, some[2] = {0, 0};
    w->fixed_ms = 5;
    w->row_us = 50;
    assert_true(gateway_quota(w->gateway, "odd", 100));
    run(w, 5000, 1);
    settle(w);
    for (size_t i = 0; i < SEALS; i++) {
        kept[i] = w->devices[i].kept;
        sent[i] = w->devices[i].sent;
    }
    w->swapped = true;
    gateway_tenants_changed(w->gateway);
    run(w, 5000, 1);
    settle(w);
    accounts_balance(w);
    for (size_t i = 10; i < SEALS; i++) {
        all[i % 2] += w->devices[i].sent - sent[i];
        some[i % 2] += w->devices[i].kept - kept[i];
    }
    assert_int_equal(some[1], all[1]);         /* the odd ones are the even tenant's now */
    assert_in_range(some[0], 300, all[0] / 2); /* 100 a second for five seconds, and what must be kept */
}

static void what_the_pipeline_says_counts(void **state)
{
    struct world *w = *state;
    w->fixed_ms = 5;
    w->row_us = 10;
    gateway_pressure(w->gateway, 2);
    run(w, 5000, 2);
    settle(w);
    accounts_balance(w);
    assert_true(shed_of(w) > 8000);
    gateway_pressure(w->gateway, 0);
    settle(w);
    settle(w);
    assert_int_equal(gateway_counts(w->gateway).level, 0);
}

/* A JT701D (manual example m01) with an interval of its own: told to report less often, also remembered while it is away, and
 * given its interval back. */
static const char jt701_hex[] = "2480006200111911003418042116225922348310113550543f12980000002d060000000020e028109228661f000100000f0f0f0f0f0f0f0f000001cc"
                                "0156";

static void jt701_reports(struct world *w)
{
    uint8_t bytes[sizeof jt701_hex / 2];
    assert_true(bulla_hex_get(bytes, jt701_hex, sizeof bytes));
    for (int i = 0; i < 3; i++, w->now_ms += 50) {
        gateway_bytes(w->devices[0].peer, bytes, sizeof bytes);
        engine(w);
    }
}

static void talkative_devices_are_told_to_slow_down(void **state)
{
    struct world *w = *state;
    w->fixed_ms = 1;
    jt701_reports(w);
    gateway_command(w->gateway, "jt701:8000620011", "C1", "interval", "seconds=30\nminutes=60");
    engine(w);
    assert_non_null(strstr(w->last, "P04,1,30,60"));
    gateway_pressure(w->gateway, 2);
    for (int i = 0; i < 10000; i++, w->now_ms++)
        engine(w);
    assert_non_null(strstr(w->last, "P04,1,120,60"));
    assert_int_equal(gateway_counts(w->gateway).slowed, 1);
    gateway_hung_up(w->devices[0].peer);
    w->last[0] = '\0';
    gateway_pressure(w->gateway, 0);
    settle(w);
    settle(w);
    assert_int_equal(gateway_counts(w->gateway).level, 0);
    w->devices[0].peer = gateway_opened(w->listener, "memory", &w->devices[0]);
    jt701_reports(w);
    settle(w);
    assert_non_null(strstr(w->last, "P04,1,30,60"));
    assert_int_equal(gateway_counts(w->gateway).slowed, 1);
    assert_int_equal(gateway_counts(w->gateway).restored, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(at_ten_times_the_rate_alarms_do_not_wait),
        TEST(within_its_means_nothing_is_shed),
        TEST(a_slow_disk_is_not_a_weak_one),
        TEST(a_store_that_stands_still),
        TEST(alarms_alone_are_never_shed),
        TEST(one_that_floods_harms_itself),
        TEST(a_tenant_over_its_quota),
        TEST(a_tenant_of_another_journey),
        TEST(what_the_pipeline_says_counts),
        TEST(talkative_devices_are_told_to_slow_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
