// SPDX-License-Identifier: Apache-2.0
#include "sim/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOW_BATTERY_FOR_MS (10 * 60 * 1000) /* below the threshold this long before it is told */
#define LOW_BATTERY_CLEAR  10               /* percent above the threshold */

void sim_device_init(struct sim_device *d, const struct sim_device_setup *setup)
{
    *d = (struct sim_device){.kind = setup->kind,
                             .random = sim_random_new(setup->seed),
                             .interval_s = 10,
                             .store_moving_s = 60,
                             .store_parked_s = 300,
                             .heartbeat_s = 60,
                             .retry_s = 20,
                             .low_battery_percent = 30,
                             .open_long_min = 120,
                             .report_due_ms = SIM_TIME_NONE,
                             .heartbeat_due_ms = SIM_TIME_NONE,
                             .password_due_ms = SIM_TIME_NONE,
                             .low_since_ms = SIM_TIME_NONE};
    snprintf(d->id, sizeof d->id, "%s", setup->id);
    sim_lock_init(&d->lock, setup->password);
}

void sim_device_clear(struct sim_device *d)
{
    free(d->live.at);
    free(d->history.at);
    d->live = d->history = (struct sim_queue){0};
}

/* --- queues --- */
static void drop_done(struct sim_queue *q)
{
    while (q->head < q->n && q->at[q->head].done)
        q->head++;
    if (q->next < q->head)
        q->next = q->head;
    if (q->head == q->n)
        q->head = q->next = q->n = 0;
}

static void make_room(struct sim_queue *q)
{
    if (q->n < q->size)
        return;
    if (q->head > q->size / 2) {
        memmove(q->at, q->at + q->head, (q->n - q->head) * sizeof *q->at);
        q->n -= q->head;
        q->next -= q->head;
        q->head = 0;
        return;
    }
    size_t size = q->size ? q->size * 2 : 16;
    struct sim_record *at = realloc(q->at, size * sizeof *at);
    if (at) {
        q->at = at;
        q->size = size;
    }
}

static bool append(struct sim_queue *q, const struct sim_record *r)
{
    make_room(q);
    if (q->n == q->size)
        return false;
    q->at[q->n++] = *r;
    return true;
}

size_t sim_device_waiting(const struct sim_device *d)
{
    size_t waiting = 0;
    const struct sim_queue *queues[] = {&d->live, &d->history};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = queues[k]->head; i < queues[k]->n; i++)
            waiting += !queues[k]->at[i].done;
    return waiting;
}

static size_t under_way(const struct sim_queue *q)
{
    size_t n = 0;
    for (size_t i = q->head; i < q->next; i++)
        n += q->at[i].sent && !q->at[i].done;
    return n;
}

/* --- what goes into memory --- */
void sim_device_record(struct sim_device *d, enum sim_record_kind kind, unsigned event, const char *text, unsigned wake)
{
    struct sim_record r = {.at = d->now,
                           .kind = (uint8_t)kind,
                           .event = (uint8_t)event,
                           .rope = (uint8_t)d->lock.rope,
                           .motor = (uint8_t)d->lock.motor,
                           .tries = d->lock.wrong_tries,
                           .wake = (uint8_t)wake,
                           .cover_open = d->lock.cover_open,
                           .cuts = d->lock.cuts,
                           .stored = !d->connected};
    snprintf(r.text, sizeof r.text, "%s", text);
    struct sim_queue *q = d->connected ? &d->live : &d->history;
    if (q->n - q->head >= SIM_DEVICE_MEMORY_MAX && !q->at[q->head].done) {
        q->at[q->head].done = true;
        d->lost++;
        drop_done(q);
    }
    if (!append(q, &r))
        d->lost++;
}

enum sim_lock_event sim_device_act(struct sim_device *d, enum sim_action action, const char *text)
{
    enum sim_lock_event event = sim_lock_act(&d->lock, action, text, d->now.time_ms);
    if (event == SIM_LOCK_PULLED)
        d->open_long_told = false;
    if (event != SIM_LOCK_NOTHING)
        d->kind->tell(d, event, text);
    return event;
}

static void watch_battery(struct sim_device *d)
{
    double percent = d->now.battery_percent;
    if (d->now.charging || percent >= d->low_battery_percent + LOW_BATTERY_CLEAR) {
        d->low_since_ms = SIM_TIME_NONE;
        d->low_told = false;
    } else if (percent < d->low_battery_percent && d->low_since_ms == SIM_TIME_NONE) {
        d->low_since_ms = d->now.time_ms;
    }
    if (d->low_since_ms != SIM_TIME_NONE && !d->low_told && d->now.time_ms - d->low_since_ms > LOW_BATTERY_FOR_MS) {
        d->low_told = true;
        sim_device_record(d, SIM_RECORD_ALARM, SIM_ALARM_BATTERY, "", 1);
    }
}

static void watch_opening(struct sim_device *d)
{
    if (d->lock.open_since_ms == SIM_TIME_NONE || d->open_long_told || !d->open_long_min)
        return;
    if (d->now.time_ms - d->lock.open_since_ms > (int64_t)d->open_long_min * 60000) {
        d->open_long_told = true;
        sim_device_record(d, SIM_RECORD_ALARM, SIM_ALARM_OPEN_LONG, "", 1);
    }
}

static uint32_t report_every_s(const struct sim_device *d)
{
    if (d->connected)
        return d->interval_s;
    return d->now.speed_kmh > 3 ? d->store_moving_s : d->store_parked_s;
}

void sim_device_tick(struct sim_device *d, const struct sim_reading *reading)
{
    d->now = *reading;
    watch_battery(d);
    watch_opening(d);
    d->kind->tick(d);
    if (d->report_due_ms == SIM_TIME_NONE)
        d->report_due_ms = d->now.time_ms;
    int64_t every_ms = (int64_t)report_every_s(d) * 1000;
    if (d->report_due_ms > d->now.time_ms + every_ms) /* the interval was shortened */
        d->report_due_ms = d->now.time_ms + every_ms;
    if (d->now.time_ms < d->report_due_ms)
        return;
    sim_device_record(d, SIM_RECORD_REPORT, 0, "", 1);
    d->report_due_ms += every_ms;
    if (d->report_due_ms <= d->now.time_ms)
        d->report_due_ms = d->now.time_ms + every_ms;
}

/* --- connection --- */
static void reverse(struct sim_queue *q)
{
    for (size_t i = q->head, k = q->n; i + 1 < k; i++) {
        struct sim_record r = q->at[i];
        q->at[i] = q->at[--k];
        q->at[k] = r;
    }
}

void sim_device_connected(struct sim_device *d, int64_t now_ms)
{
    d->connected = true;
    d->ready = false;
    d->wants_close = false;
    d->n_urgent = d->n_in = 0;
    if (d->newest_first)
        reverse(&d->history);
    d->kind->connected(d, now_ms);
}

/* Records under way or waiting become history; those of the history itself are to be sent again. */
void sim_device_disconnected(struct sim_device *d)
{
    d->connected = d->ready = false;
    d->n_urgent = d->n_in = 0;
    for (size_t i = d->live.head; i < d->live.n; i++) {
        struct sim_record r = d->live.at[i];
        if (r.done)
            continue;
        r.stored = true;
        if (!append(&d->history, &r))
            d->lost++;
    }
    d->live.head = d->live.next = d->live.n = 0;
    for (size_t i = d->history.head; i < d->history.n; i++) {
        d->history.at[i].sent = false;
        d->history.at[i].numbered = d->history.at[i].numbered && !d->kind->renumbers;
    }
    d->history.next = d->history.head;
}

bool sim_device_acknowledge(struct sim_device *d, uint16_t serial)
{
    struct sim_queue *queues[] = {&d->live, &d->history};
    bool any = false;
    for (size_t k = 0; k < 2; k++) {
        struct sim_queue *q = queues[k];
        for (size_t i = q->head; i < q->next; i++) {
            struct sim_record *r = &q->at[i];
            if (!r->sent || r->done || r->serial != serial)
                continue;
            r->done = any = true;
            d->acknowledged++;
        }
        drop_done(q);
    }
    return any;
}

bool sim_device_acknowledge_oldest(struct sim_device *d, unsigned kinds)
{
    struct sim_queue *queues[] = {&d->live, &d->history};
    struct sim_record *oldest = NULL;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = queues[k]->head; i < queues[k]->next; i++) {
            struct sim_record *r = &queues[k]->at[i];
            if (r->sent && !r->done && (kinds >> r->kind & 1) && (!oldest || r->sent_ms < oldest->sent_ms))
                oldest = r;
        }
    if (!oldest)
        return false;
    oldest->done = true;
    d->acknowledged++;
    drop_done(&d->live);
    drop_done(&d->history);
    return true;
}

bool sim_device_serial_busy(const struct sim_device *d, uint16_t serial, const struct sim_record *but)
{
    const struct sim_queue *queues[] = {&d->live, &d->history};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = queues[k]->head; i < queues[k]->next; i++) {
            const struct sim_record *r = &queues[k]->at[i];
            if (r != but && r->sent && !r->done && r->serial == serial)
                return true;
        }
    return false;
}

void sim_device_urgent(struct sim_device *d, const void *bytes, size_t n)
{
    if (n > sizeof d->urgent - d->n_urgent)
        return; /* a peer that asks faster than it reads gets no more answers */
    memcpy(d->urgent + d->n_urgent, bytes, n);
    d->n_urgent += n;
}

static bool send_message(struct sim_device *d, struct sim_queue *q, size_t first, size_t n, int64_t now_ms, struct bulla_writer *out,
                         size_t *taken)
{
    struct bulla_writer trial = *out;
    *taken = d->kind->encode(d, q->at + first, n, &trial);
    if (*taken == 0 || trial.failed)
        return false;
    *out = trial;
    for (size_t i = first; i < first + *taken; i++) {
        d->acknowledged += q->at[i].done;
        q->at[i].sent = true;
        q->at[i].sent_ms = now_ms;
    }
    d->sent += *taken;
    return true;
}

static void send_again(struct sim_device *d, struct sim_queue *q, int64_t now_ms, struct bulla_writer *out)
{
    for (size_t i = q->head; i < q->next && out->size - out->len >= SIM_DEVICE_FRAME_MAX;) {
        struct sim_record *r = &q->at[i];
        size_t taken = 1;
        if (!r->done && r->sent && now_ms - r->sent_ms >= (int64_t)d->retry_s * 1000) {
            size_t same = 1; /* a batch goes out again as it was */
            while (i + same < q->next && q->at[i + same].serial == r->serial && !q->at[i + same].done)
                same++;
            if (!send_message(d, q, i, same, now_ms, out, &taken))
                return;
        }
        i += taken;
    }
}

static void send_new(struct sim_device *d, struct sim_queue *q, size_t window, int64_t now_ms, struct bulla_writer *out, size_t *busy)
{
    size_t taken;
    while (q->next < q->n && *busy < window && out->size - out->len >= SIM_DEVICE_FRAME_MAX) {
        if (!send_message(d, q, q->next, q->n - q->next, now_ms, out, &taken))
            break;
        q->next += taken;
        *busy += taken;
    }
    drop_done(q);
}

size_t sim_device_send(struct sim_device *d, int64_t now_ms, uint8_t *out, size_t size)
{
    struct bulla_writer w = bulla_writer_over(out, size);
    if (!d->connected)
        return 0;
    size_t urgent = d->n_urgent < size ? d->n_urgent : size;
    bulla_writer_put(&w, d->urgent, urgent);
    memmove(d->urgent, d->urgent + urgent, d->n_urgent - urgent);
    d->n_urgent -= urgent;
    if (d->ready) {
        send_again(d, &d->live, now_ms, &w);
        send_again(d, &d->history, now_ms, &w);
        size_t busy = under_way(&d->live) + under_way(&d->history);
        send_new(d, &d->live, SIZE_MAX, now_ms, &w, &busy); /* what is new never waits behind history */
        send_new(d, &d->history, d->kind->window, now_ms, &w, &busy);
    }
    return w.len;
}

void sim_device_receive(struct sim_device *d, int64_t now_ms, const uint8_t *at, size_t n)
{
    while (n) {
        size_t part = sizeof d->in - d->n_in < n ? sizeof d->in - d->n_in : n;
        memcpy(d->in + d->n_in, at, part);
        d->n_in += part;
        at += part;
        n -= part;
        size_t used = d->kind->receive(d, now_ms, d->in, d->n_in);
        if (used == 0 && d->n_in == sizeof d->in)
            used = d->n_in; /* no message is that long: start again */
        memmove(d->in, d->in + used, d->n_in - used);
        d->n_in -= used;
    }
}
