// SPDX-License-Identifier: Apache-2.0
//
// The devices of `bulla load`: what they keep, send and send again; what their bytes are for the platform's own decoder; and
// the histogram that latencies are counted in.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/model/identity.h"
#include "proto/proto.h"
#include "sim/load_device.h"
#include "sim/load_histogram.h"
#include "sim/random.h"

#define BASE_S INT64_C(1790000000)

// What the platform would answer to a report.
static size_t answer(const struct load_protocol *p, unsigned serial, uint8_t *to)
{
    if (strcmp(p->name, "jt701") == 0)
        return (size_t)sprintf((char *)to, "(P69,0,%u)", serial);
    uint8_t plain[18] = {0x80, 1, 0, 5, 0x90, 0, 0, 0, 0, 0, 0, 9, (uint8_t)(serial >> 8), (uint8_t)serial, 2, 0, 0}, check = 0;
    for (size_t i = 0; i < 17; i++)
        check ^= plain[i];
    plain[17] = check;
    size_t n = 0;
    to[n++] = 0x7E;
    for (size_t i = 0; i < sizeof plain; i++) {
        bool escape = plain[i] == 0x7D || plain[i] == 0x7E;
        to[n++] = escape ? 0x7D : plain[i];
        if (escape)
            to[n++] = (uint8_t)(plain[i] - 0x7C);
    }
    to[n++] = 0x7E;
    return n;
}

struct told {
    unsigned n;
    uint32_t last;
};

static void on_acked(void *context, const struct load_device *d, uint32_t n, const struct load_kept *k)
{
    struct told *t = context;
    assert_true(k->done);
    assert_non_null(d);
    t->n++;
    t->last = n;
}

static unsigned send_all(struct load_device *d, unsigned *again)
{
    uint8_t bytes[LOAD_MESSAGE_MAX];
    unsigned n = 0;
    bool before;
    while (load_device_send(d, bytes, &before)) {
        n++;
        *again += before;
    }
    return n;
}

static void keeps_until_acknowledged(const struct load_protocol *p)
{
    struct load_device d;
    struct told told = {0};
    uint8_t bytes[64];
    unsigned again = 0;
    load_device_init(&d, p, 7);
    for (unsigned i = 0; i < 600; i++)
        assert_true(load_device_report(&d, BASE_S + i, i));
    assert_int_equal(load_device_waiting(&d), 600);
    assert_int_equal(send_all(&d, &again), p->window);
    // Out of order, in one byte at a time, twice.
    for (unsigned serial = 3; serial > 0; serial--)
        for (unsigned twice = 0; twice < 2; twice++) {
            size_t n = answer(p, serial, bytes);
            for (size_t i = 0; i < n; i++)
                load_device_receive(&d, bytes + i, 1, on_acked, &told);
        }
    assert_int_equal(told.n, 3);
    assert_int_equal(load_device_waiting(&d), 597);
    assert_int_equal(send_all(&d, &again), 0); // number 0 is still in the way of the window
    size_t n = answer(p, 0, bytes);
    load_device_receive(&d, bytes, n, on_acked, &told);
    assert_int_equal(send_all(&d, &again), 4);
    assert_int_equal(again, 0);
    // What was never sent cannot be acknowledged.
    n = answer(p, 200, bytes);
    load_device_receive(&d, bytes, n, on_acked, &told);
    assert_int_equal(told.n, 4);
    // The connection breaks: what was under way goes out again, with the numbers it had.
    load_device_disconnected(&d);
    assert_int_equal(send_all(&d, &again), p->window);
    assert_int_equal(again, p->window);
    load_device_send_again(&d); // no answer came
    assert_int_equal(send_all(&d, &again), p->window);
    for (uint32_t k = 4; k < 600; k++) {
        n = answer(p, k & (p->serials - 1), bytes);
        load_device_receive(&d, bytes, n, on_acked, &told);
        assert_int_equal(told.last, k);
        send_all(&d, &again);
    }
    assert_int_equal(told.n, 600);
    assert_int_equal(load_device_waiting(&d), 0);
    load_device_clear(&d);
}

static void test_keeps(void **state)
{
    (void)state;
    for (const struct load_protocol *p = load_protocols; p->name; p++)
        keeps_until_acknowledged(p);
}

static void test_night(void **state)
{
    (void)state;
    struct load_device d;
    struct told told = {0};
    uint8_t bytes[64];
    unsigned again = 0, sent = 0;
    load_device_init(&d, load_protocol_find("jt701"), 1);
    load_device_night(&d, 500, BASE_S, 1);
    assert_int_equal(load_device_waiting(&d), 500);
    assert_true(load_device_report(&d, BASE_S, 2)); // what is new goes first
    for (uint32_t k = 0; k < 501; k++) {
        sent += send_all(&d, &again);
        size_t n = answer(d.protocol, k & 255, bytes);
        load_device_receive(&d, bytes, n, on_acked, &told);
    }
    assert_int_equal(sent, 501);
    assert_int_equal(told.n, 501);
    assert_int_equal(load_device_waiting(&d), 0);
    load_device_clear(&d);
}

static void test_memory_ends(void **state)
{
    (void)state;
    struct load_device d;
    unsigned kept = 0;
    load_device_init(&d, load_protocol_find("jt808"), 1);
    for (unsigned i = 0; i < LOAD_KEPT_MOST + 100; i++)
        kept += load_device_report(&d, BASE_S + i, i);
    assert_int_equal(kept, LOAD_KEPT_MOST);
    assert_int_equal(load_device_waiting(&d), LOAD_KEPT_MOST);
    load_device_clear(&d);
}

// --- against the platform's own decoder ---
struct heard {
    struct identity *identity;
    char ids[4096][33];
    unsigned n, replies;
    struct bulla_observation last;
};

static void on_observation(void *host, const struct bulla_observation *o)
{
    struct heard *h = host;
    h->last = *o;
    snprintf(h->last.protocol, sizeof h->last.protocol, "x"); // told by the gateway
    identity_name(h->identity, &h->last);
    memcpy(h->ids[h->n++], h->last.id, 33);
}

static void on_reply(void *host, const uint8_t *bytes, size_t n)
{
    (void)bytes;
    ((struct heard *)host)->replies += n > 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void each_is_one_observation(const struct load_protocol *p)
{
    static struct heard h;
    static _Alignas(16) uint8_t memory[PROTO_STATE_MAX];
    const struct proto *proto = proto_find(p->name);
    struct proto_profile profile = {0};
    snprintf(profile.model, sizeof profile.model, "%s", p->model);
    struct proto_link link = {.state = memory, .profile = &profile, .now_ms = BASE_S * 1000, .host = &h, .emit = on_observation, .reply = on_reply};
    memset(&h, 0, sizeof h);
    memset(memory, 0, sizeof memory);
    h.identity = identity_new();
    for (uint32_t n = 0; n < 4000; n++) { // a thousand in one second
        uint8_t bytes[LOAD_MESSAGE_MAX];
        struct load_report r = {.n = n, .time_ms = (BASE_S + n / 1000) * 1000, .cut = n == 3999, .stored = n % 7 == 0};
        struct proto_frame frame;
        size_t len = p->message(bytes, 4711, &r);
        assert_int_equal(proto->frame(&link, bytes, len, &frame), BULLA_OK);
        assert_int_equal(frame.len, len);
        assert_int_equal(proto->decode(&link, bytes, len), BULLA_OK);
        assert_int_equal(h.n, n + 1);
        assert_int_equal(h.last.state.seal == BULLA_SEAL_SEALED, !r.cut);
    }
    assert_int_equal(h.replies, 4000);
    qsort(h.ids, h.n, sizeof h.ids[0], by_text);
    for (unsigned i = 1; i < h.n; i++)
        assert_string_not_equal(h.ids[i - 1], h.ids[i]);
    identity_free(h.identity);
}

static void test_decoded(void **state)
{
    (void)state;
    for (const struct load_protocol *p = load_protocols; p->name; p++)
        each_is_one_observation(p);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Several reports a second, and it opens in between: no second has both, and none goes back. */
static void test_opens_once(void **state)
{
    (void)state;
    for (const struct load_protocol *p = load_protocols; p->name; p++) {
        struct load_device d;
        uint32_t closed_s = 0, last_s = 0;
        load_device_init(&d, p, 7);
        for (unsigned i = 0; i < 40; i++) {
            d.cut = i >= 13;
            assert_true(load_device_report(&d, BASE_S + i / 5, i));
            const struct load_kept *k = &d.ring[i & (d.size - 1)];
            assert_int_equal(k->cut, d.cut);
            assert_true(k->time_s >= last_s && k->time_s <= BASE_S + i / 5 + 1);
            assert_true(!k->cut || k->time_s > closed_s);
            last_s = k->time_s;
            closed_s = k->cut ? closed_s : k->time_s;
        }
        load_device_clear(&d);
    }
}

static void test_histogram(void **state)
{
    (void)state;
    static uint64_t values[20000];
    static struct histogram h, half;
    struct sim_random random = sim_random_new(5);
    for (size_t i = 0; i < 20000; i++) {
        values[i] = (uint64_t)exp(sim_random_between(&random, 0, 24)); // from 1 ns to 26 s
        histogram_add(i % 2 ? &h : &half, (int64_t)values[i]);
    }
    histogram_join(&h, &half);
    qsort(values, 20000, sizeof *values, by_number);
    static const double percents[] = {1, 50, 90, 99, 99.9, 100};
    for (size_t i = 0; i < 6; i++) {
        double right = (double)values[(size_t)(20000 * percents[i] / 100 + 0.999) - 1] / 1e6, got = histogram_ms(&h, percents[i]);
        assert_true(got >= right && got <= right * 1.016 + 1e-6);
    }
    histogram_add(&h, -5); // clocks that disagree
    assert_int_equal(h.n, 20001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keeps),       cmocka_unit_test(test_night),
                                       cmocka_unit_test(test_memory_ends), cmocka_unit_test(test_decoded),
                                       cmocka_unit_test(test_opens_once),  cmocka_unit_test(test_histogram)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
