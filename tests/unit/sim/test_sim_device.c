// SPDX-License-Identifier: Apache-2.0
// What a simulated device means is what the project's decoder understands, and the device obeys and answers as real ones.
#include "tests/unit/sim/wire.h"

#include <math.h>

#define START    INT64_C(1772352000000) /* 2026-03-01T08:00:00Z */
#define PASSWORD "271828"
#define CARD     "0007654321"

static const struct {
    const struct sim_device_kind *kind;
    const char *id;
} devices[] = {{&sim_device_jt701d, "7512345678"},
               {&sim_device_jt701, "7512345679"},
               {&sim_device_jt709, "794312345678"},
               {&sim_device_jt808, "86881234567890123456"}};
#define DEVICES_N (sizeof devices / sizeof devices[0])

static struct sim_reading reading_at(int64_t time_ms)
{
    return (struct sim_reading){.time_ms = time_ms,
                                .fix = true,
                                .network = true,
                                .satellites = 9,
                                .csq = 21,
                                .lat = -3.123456,
                                .lon = 38.654321,
                                .altitude_m = 612,
                                .speed_kmh = 61.4,
                                .course_deg = 312,
                                .mileage_km = 148,
                                .battery_percent = 77,
                                .cell = {1, 1, 1013, 96029}};
}

static void make(struct sim_device *d, size_t i)
{
    struct sim_device_setup setup = {devices[i].kind, devices[i].id, PASSWORD, 42};
    sim_device_init(d, &setup);
    (void)sim_lock_add_card(&d->lock, 7654321);
    struct sim_reading r = reading_at(START);
    r.network = false;
    sim_device_tick(d, &r);
    assert_int_equal(sim_device_act(d, SIM_ACT_INSERT, ""), SIM_LOCK_AUTO_LOCKED);
}

/* A sealed device, connected, with everything said so far delivered. */
static void make_online(struct sim_device *d, struct wire *w, size_t i)
{
    make(d, i);
    memset(w, 0, sizeof *w);
    wire_open(w, d, START + 500);
    wire_run(w, START + 500);
    assert_true(d->ready);
    assert_int_equal(sim_device_waiting(d), 0);
    d->interval_s = 3600; /* nothing but what the test does */
    struct sim_reading r = reading_at(START + 1000);
    sim_device_tick(d, &r);
    wire_run(w, START + 1000);
}

static void unmake(struct sim_device *d, struct wire *w)
{
    wire_close(w);
    sim_device_clear(d);
}

static void a_report_means_what_was_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICES_N; i++) {
        struct sim_device d;
        struct wire w;
        make_online(&d, &w, i);
        d.interval_s = 10;
        struct sim_reading r = reading_at(START + 60000);
        sim_device_tick(&d, &r);
        wire_run(&w, START + 60000);
        const struct bulla_observation *o = &w.last;
        assert_string_equal(o->device, d.id);
        assert_int_equal(o->time_ms, r.time_ms);
        assert_true(bulla_observation_knows(o, BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_COURSE | BULLA_HAS_PERCENT) && o->fix_valid);
        assert_true(abs(o->lat_e7 - -31234560) <= 10 && abs(o->lon_e7 - 386543210) <= 10); /* a ten-thousandth of a minute */
        assert_true(abs(o->speed_cmh - 6140) <= 93 && abs(o->course_cdeg - 31200) <= 100); /* half a knot, half a step of 2 degrees */
        assert_int_equal(o->percent, 77);
        assert_int_equal(o->satellites, 9);
        assert_int_equal(o->state.seal, BULLA_SEAL_SEALED);
        assert_int_equal(o->events & ~BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT), 0);
        assert_false(o->stored);
        unmake(&d, &w);
    }
}

struct heard { /* union of what came since the last look */
    uint64_t events;
    bool unlock, cut, open;
    struct bulla_unlock attempt;
    unsigned stored, n;
};

static void listen(void *context, const struct bulla_observation *o)
{
    struct heard *h = context;
    h->n++;
    h->events |= o->events;
    h->stored += o->stored;
    h->cut = h->cut || o->state.shackle == BULLA_SHACKLE_CUT;
    h->open = o->state.seal ? o->state.seal == BULLA_SEAL_OPEN || o->state.seal == BULLA_SEAL_UNLOCKED_CLOSED : h->open;
    if (o->has & BULLA_HAS_UNLOCK) {
        h->unlock = true;
        h->attempt = o->unlock;
    }
}

#define EV(name) BULLA_EVENT_BIT(BULLA_EVENT_##name)

/* What people do to a JT701D, and what the platform must understand. */
static const struct scene {
    enum sim_action action;
    const char *text;
    uint64_t events;      /* among what is heard */
    int channel, verdict; /* of the attempt; -1: none */
    bool open;
} scenes[] = {
    {SIM_ACT_CARD, "0000000099", EV(UNLOCK_REFUSED) | EV(UNKNOWN_CARD), BULLA_CHANNEL_CARD, BULLA_VERDICT_REFUSED, false},
    {SIM_ACT_STATIC, "000000", EV(UNLOCK_REFUSED), BULLA_CHANNEL_PLATFORM_STATIC, BULLA_VERDICT_REFUSED, false},
    {SIM_ACT_STATIC, PASSWORD, EV(UNLOCKED), BULLA_CHANNEL_PLATFORM_STATIC, BULLA_VERDICT_ACCEPTED, true},
    {SIM_ACT_PULL, "", 0, -1, -1, true},
    {SIM_ACT_INSERT, "", EV(AUTO_LOCKED), -1, -1, false},
    {SIM_ACT_CARD, CARD, EV(UNLOCKED), BULLA_CHANNEL_CARD, BULLA_VERDICT_ACCEPTED, true},
    {SIM_ACT_PULL, "", 0, -1, -1, true},
    {SIM_ACT_INSERT, "", EV(AUTO_LOCKED), -1, -1, false},
    {SIM_ACT_COVER, "", EV(COVER_OPENED), -1, -1, false},
    {SIM_ACT_JAM, "", EV(MOTOR_STUCK), -1, -1, false},
    {SIM_ACT_CUT, "", EV(ROPE_CUT), -1, -1, true},
};

static void play_scenes(size_t device)
{
    struct sim_device d;
    struct wire w;
    make_online(&d, &w, device);
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct heard h = {0};
        int64_t now_ms = START + 10000 + 1000 * (int64_t)i;
        w.each = listen;
        w.context = &h;
        struct sim_reading r = reading_at(now_ms);
        sim_device_tick(&d, &r);
        (void)sim_device_act(&d, scenes[i].action, scenes[i].text);
        wire_run(&w, now_ms);
        assert_int_equal(h.events & scenes[i].events, scenes[i].events);
        assert_int_equal(h.unlock, scenes[i].channel >= 0);
        if (h.unlock) {
            assert_int_equal(h.attempt.channel, scenes[i].channel);
            assert_int_equal(h.attempt.verdict, scenes[i].verdict);
        }
        if (scenes[i].channel == BULLA_CHANNEL_CARD)
            assert_string_equal(h.attempt.credential, scenes[i].text);
        if (scenes[i].action != SIM_ACT_JAM && scenes[i].action != SIM_ACT_CARD && scenes[i].action != SIM_ACT_STATIC)
            assert_int_equal(h.open, scenes[i].open);
        assert_int_equal(h.cut, scenes[i].action == SIM_ACT_CUT);
        assert_int_equal(h.stored, 0);
        assert_int_equal(sim_device_waiting(&d), 0);
    }
    unmake(&d, &w);
}

static void a_jt701_tells_what_is_done_to_it(void **state)
{
    (void)state;
    play_scenes(0);
    play_scenes(1);
}

static void a_jt709_tells_cards_and_openings(void **state)
{
    struct sim_device d;
    struct wire w;
    struct heard h = {0};
    (void)state;
    make_online(&d, &w, 2);
    w.each = listen;
    w.context = &h;
    (void)sim_device_act(&d, SIM_ACT_CARD, "0000000099");
    wire_run(&w, START + 2000);
    assert_true(h.unlock && h.attempt.verdict == BULLA_VERDICT_REFUSED && !h.open);
    (void)sim_device_act(&d, SIM_ACT_CARD, CARD);
    wire_run(&w, START + 3000);
    assert_true(h.attempt.verdict == BULLA_VERDICT_ACCEPTED && h.open);
    assert_string_equal(h.attempt.credential, CARD);
    (void)sim_device_act(&d, SIM_ACT_COVER, "");
    wire_run(&w, START + 4000);
    assert_true(h.events & EV(COVER_OPENED));
    assert_int_equal(sim_device_waiting(&d), 0);
    unmake(&d, &w);
}

/* Without an answer the same bytes come again; after a break they come as history; once acknowledged, never. */
static void kept_until_acknowledged(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICES_N; i++) {
        struct sim_device d;
        struct wire w;
        uint8_t first[4096], again[4096];
        make_online(&d, &w, i);
        (void)sim_device_act(&d, SIM_ACT_CARD, CARD);
        w.deaf = true;
        size_t n = sim_device_send(&d, START + 5000, first, sizeof first);
        assert_true(n > 0);
        assert_int_equal(sim_device_send(&d, START + 5000 + 1000 * d.retry_s - 1, again, sizeof again), 0);
        assert_int_equal(sim_device_send(&d, START + 5000 + 1000 * d.retry_s, again, sizeof again), n);
        if (n > 0 && d.kind != &sim_device_jt808)
            assert_memory_equal(first, again, n);
        size_t waiting = sim_device_waiting(&d);
        assert_true(waiting > 0);

        struct heard h = {0};
        sim_device_disconnected(&d);
        wire_open(&w, &d, START + 60000);
        w.deaf = false;
        w.each = listen;
        w.context = &h;
        wire_run(&w, START + 60000);
        assert_true(h.n >= waiting && (h.unlock || d.kind == &sim_device_jt808));
        assert_true(h.stored >= 1 || strcmp(d.kind->protocol, "jt701") == 0); /* a P45 does not say that it is old */
        if (d.kind == &sim_device_jt701) { /* the platform learns from a $ which acknowledgement of a P45 it understands */
            struct sim_reading r = reading_at(START + 3700000);
            sim_device_tick(&d, &r);
            wire_run(&w, START + 3700000);
            wire_run(&w, START + 3800000);
        }
        assert_int_equal(sim_device_waiting(&d), 0);
        assert_true(d.sent >= d.acknowledged + 2); /* twice in vain */
        unmake(&d, &w);
    }
}

static void history_goes_out_whole_and_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICES_N; i++) {
        struct sim_device d;
        struct wire w = {0};
        struct heard h = {0};
        make(&d, i);
        for (int k = 1; k <= 500; k++) {
            struct sim_reading r = reading_at(START + 60000 * (int64_t)k);
            sim_device_tick(&d, &r);
        }
        size_t waiting = sim_device_waiting(&d);
        assert_true(waiting >= 501);
        w.each = listen;
        w.context = &h;
        wire_open(&w, &d, START + 501 * 60000);
        wire_run(&w, START + 501 * 60000);
        assert_int_equal(sim_device_waiting(&d), 0);
        assert_true(h.n >= waiting && h.stored >= 500);
        assert_int_equal(w.last.time_ms, START + 500 * 60000);
        assert_int_equal(d.sent, d.acknowledged);
        unmake(&d, &w);
    }
}

/* Orders as the platform writes them. */
static bool order(struct wire *w, const char *command, const char *name, const char *value)
{
    uint8_t bytes[2048];
    struct bulla_writer out = bulla_writer_over(bytes, sizeof bytes);
    struct proto_args args = {.n = name ? 1 : 0, .arg = {{name, value}}};
    if (w->proto->encode(&w->link, w->device->id, command, &args, &out) != BULLA_OK) {
        print_error("%s: %s\n", command, w->link.error);
        return false;
    }
    sim_device_receive(w->device, w->link.now_ms, bytes, out.len);
    wire_run(w, w->link.now_ms + 1000);
    return true;
}

static void verdicts(void *context, const struct bulla_observation *o)
{
    if (o->has & BULLA_HAS_RESULT)
        *(int *)context = o->result.verdict;
}

static void obeys_a_right_password_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sim_device d;
        struct wire w;
        int verdict = -1;
        make_online(&d, &w, i);
        w.each = verdicts;
        w.context = &verdict;
        assert_true(order(&w, "unlock", "password", "999999"));
        assert_int_equal(verdict, BULLA_VERDICT_REFUSED);
        assert_true(sim_lock_sealed(&d.lock));
        assert_true(order(&w, "unlock", "password", PASSWORD));
        assert_int_equal(verdict, BULLA_VERDICT_ACCEPTED);
        assert_int_equal(d.lock.motor, SIM_MOTOR_UNLOCKED);
        unmake(&d, &w);
    }
}

static void obeys_an_order_to_unlock(void **state)
{
    (void)state;
    for (size_t i = 2; i < DEVICES_N; i++) {
        struct sim_device d;
        struct wire w;
        int verdict = -1;
        make_online(&d, &w, i);
        w.each = verdicts;
        w.context = &verdict;
        assert_true(order(&w, "unlock", NULL, NULL));
        assert_int_equal(verdict, BULLA_VERDICT_ACCEPTED);
        assert_int_equal(d.lock.motor, SIM_MOTOR_UNLOCKED);
        unmake(&d, &w);
    }
}

static void takes_a_new_interval(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICES_N; i++) {
        struct sim_device d;
        struct wire w;
        make_online(&d, &w, i);
        assert_true(order(&w, "interval", "seconds", "45"));
        assert_int_equal(d.interval_s, 45);
        unmake(&d, &w);
    }
}

static void hostile_bytes_change_nothing(void **state)
{
    struct sim_random random = sim_random_new(3);
    (void)state;
    for (size_t i = 0; i < DEVICES_N; i++) {
        struct sim_device d;
        struct wire w;
        make_online(&d, &w, i);
        for (int k = 0; k < 4000; k++) {
            uint8_t bytes[300];
            size_t n = sim_random_below(&random, sizeof bytes);
            for (size_t b = 0; b < n; b++)
                bytes[b] = (uint8_t) "(),P4x\x7e\x7d\x01\x00Z9"[sim_random_below(&random, 12)];
            sim_device_receive(&d, START + 9000, bytes, n);
            assert_true(d.n_in <= sizeof d.in && d.n_urgent <= sizeof d.urgent);
            d.n_urgent = 0;
        }
        assert_true(sim_lock_sealed(&d.lock));
        unmake(&d, &w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_means_what_was_read),
        cmocka_unit_test(a_jt701_tells_what_is_done_to_it),
        cmocka_unit_test(a_jt709_tells_cards_and_openings),
        cmocka_unit_test(kept_until_acknowledged),
        cmocka_unit_test(history_goes_out_whole_and_in_order),
        cmocka_unit_test(obeys_a_right_password_alone),
        cmocka_unit_test(obeys_an_order_to_unlock),
        cmocka_unit_test(takes_a_new_interval),
        cmocka_unit_test(hostile_bytes_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
