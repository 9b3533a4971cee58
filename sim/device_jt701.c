/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's side of the Jointech JT701 protocol: JT701D (version 0x19, numbered acknowledgements) and JT701
 * (0x17, one message at a time). The platform's side, with the wire map, is proto/jt701.c; nothing is shared with it
 * on purpose, so that each can find the other's mistakes.
 *
 *   report, alarm   24 id[5] version type L[2] DDMMYY hhmmss lat[4] lon[4.5] flags[.5] knots course/2 km[4] sats
 *                   vehicle[4] status[2] battery cell[2] LAC[2] CSQ fence wake MNC-high 0 0F[8] cell-high[2] MCC[2] MNC serial
 *   lock event      (id,P45,date,time,lat,N,lon,E,A,km/h,course,event,verify,card,right,wrong,serial,km)
 */
#include "sim/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/time.h"

#define LONG_BODY         52
#define DEVICE_TYPE       0x10 /* rechargeable */
#define STATUS_ACK        (1u << 5)
#define STATUS_ROPE_IN    (1u << 6)
#define STATUS_LOCKED     (1u << 7)
#define STATUS_COVER      (1u << 13) /* closed */
#define PASSWORD_EVERY_MS 60000
#define WORDS_MAX         32

static const uint16_t alarm_bits[SIM_ALARMS_N] = {
    [SIM_ALARM_ROPE_CUT] = 1u << 3, [SIM_ALARM_CARD] = 1u << 10,     [SIM_ALARM_COVER] = 1u << 12, [SIM_ALARM_BATTERY] = 1u << 11,
    [SIM_ALARM_PASSWORD] = 1u << 9, [SIM_ALARM_OPEN_LONG] = 1u << 8, [SIM_ALARM_MOTOR] = 1u << 14,
};

/* How each event of the lock is told: by a P45 with these fields, by an alarm, by a report woken by `wake`. */
static const struct telling {
    uint8_t source, verify, right; /* P45 fields 11, 12, 14; source 0: no P45 */
    uint8_t alarm, wake;
    bool report;
} tellings[SIM_LOCK_EVENTS_N] = {
    [SIM_LOCK_AUTO_LOCKED] = {.source = 5},
    [SIM_LOCK_PULLED] = {.wake = 4, .report = true},
    [SIM_LOCK_ROPE_CUT] = {.alarm = SIM_ALARM_ROPE_CUT, .wake = 4},
    [SIM_LOCK_COVER_OPENED] = {.alarm = SIM_ALARM_COVER, .wake = 3},
    [SIM_LOCK_COVER_CLOSED] = {.wake = 3, .report = true},
    [SIM_LOCK_CARD_OK] = {.source = 1, .verify = 98},
    [SIM_LOCK_CARD_UNKNOWN] = {.source = 2, .alarm = SIM_ALARM_CARD, .wake = 6},
    [SIM_LOCK_STATIC_OK] = {.source = 4, .verify = 1, .right = 1},
    [SIM_LOCK_STATIC_WRONG] = {.source = 4},
    [SIM_LOCK_DYNAMIC_OK] = {.source = 6, .verify = 98, .right = 1},
    [SIM_LOCK_DYNAMIC_WRONG] = {.source = 6},
    [SIM_LOCK_MOTOR_STUCK] = {.alarm = SIM_ALARM_MOTOR, .wake = 4},
};

/* --- device to platform --- */
static void new_dynamic_password(struct sim_device *d)
{
    snprintf(d->lock.dynamic, sizeof d->lock.dynamic, "%06u", (unsigned)sim_random_below(&d->random, 1000000));
    d->password_waiting = true;
    d->password_due_ms = d->now.time_ms;
}

static void tell(struct sim_device *d, enum sim_lock_event event, const char *text)
{
    const struct telling *t = &tellings[event];
    bool wrong_five = (event == SIM_LOCK_STATIC_WRONG || event == SIM_LOCK_DYNAMIC_WRONG) && d->lock.wrong_tries == 5;
    if (t->source)
        sim_device_record(d, SIM_RECORD_LOCK, event, text, 6);
    if (t->alarm)
        sim_device_record(d, SIM_RECORD_ALARM, t->alarm, "", t->wake);
    if (t->report)
        sim_device_record(d, SIM_RECORD_REPORT, 0, "", t->wake);
    if (wrong_five)
        sim_device_record(d, SIM_RECORD_ALARM, SIM_ALARM_PASSWORD, "", 4);
    if (event == SIM_LOCK_AUTO_LOCKED)
        new_dynamic_password(d);
}

static unsigned status_word(const struct sim_device *d, const struct sim_record *r)
{
    unsigned status = r->cover_open ? 0 : STATUS_COVER;
    if (r->rope == SIM_ROPE_IN)
        status |= STATUS_ROPE_IN;
    if (r->motor == SIM_MOTOR_LOCKED)
        status |= STATUS_LOCKED;
    if (r->kind == SIM_RECORD_ALARM)
        status |= alarm_bits[r->event];
    if (d->kind->version >= 0x19 || r->kind == SIM_RECORD_ALARM || r->stored)
        status |= STATUS_ACK;
    return status;
}

/* DDMMmmmm or DDDMMmmmm as a number. */
static uint32_t minutes_of(double degrees)
{
    uint64_t all = (uint64_t)(fabs(degrees) * 600000.0 + 0.5); /* ten-thousandths of a minute */
    return (uint32_t)(all / 600000 * 1000000 + all % 600000);
}

static void put_position(struct bulla_writer *w, const struct sim_reading *at)
{
    unsigned flags = 8u | (at->lon >= 0 ? 4u : 0) | (at->lat >= 0 ? 2u : 0) | (at->fix ? 1u : 0);
    uint64_t lon = minutes_of(at->lon);
    bulla_writer_put_bcd(w, minutes_of(at->lat), 4);
    bulla_writer_put_bcd(w, lon / 10, 4);
    bulla_writer_put_u8(w, (uint8_t)(lon % 10 << 4 | flags));
    bulla_writer_put_u8(w, (uint8_t)(at->speed_kmh / 1.852 + 0.5));
    bulla_writer_put_u8(w, (uint8_t)((unsigned)(at->course_deg / 2 + 0.5) % 180));
}

static void put_time(struct bulla_writer *w, int64_t time_ms)
{
    struct bulla_calendar c = bulla_time_to_calendar(time_ms);
    bulla_writer_put_bcd(w, c.day * 10000u + c.month * 100u + (unsigned)c.year % 100, 3);
    bulla_writer_put_bcd(w, c.hour * 10000u + c.minute * 100u + c.second, 3);
}

static void put_report(const struct sim_device *d, const struct sim_record *r, struct bulla_writer *w)
{
    const struct sim_reading *at = &r->at;
    unsigned type = r->stored ? 3 : r->kind == SIM_RECORD_ALARM ? 2 : 1;
    bulla_writer_put_u8(w, 0x24);
    bulla_writer_put_bcd(w, strtoull(d->id, NULL, 10), 5);
    bulla_writer_put_u8(w, d->kind->version);
    bulla_writer_put_u8(w, (uint8_t)(DEVICE_TYPE | type));
    bulla_writer_put_u16(w, LONG_BODY);
    put_time(w, at->time_ms);
    put_position(w, at);
    bulla_writer_put_u32(w, (uint32_t)at->mileage_km);
    bulla_writer_put_u8(w, at->satellites);
    bulla_writer_put_u32(w, 0);
    bulla_writer_put_u16(w, (uint16_t)status_word(d, r));
    bulla_writer_put_u8(w, at->charging ? 0xFF : (uint8_t)(at->battery_percent + 0.5));
    bulla_writer_put_u16(w, (uint16_t)at->cell.cid);
    bulla_writer_put_u16(w, at->cell.lac);
    bulla_writer_put_u8(w, at->csq);
    bulla_writer_put_u8(w, 0);
    bulla_writer_put_u8(w, r->wake);
    bulla_writer_put_u8(w, (uint8_t)(at->cell.mnc >> 8));
    bulla_writer_put_u8(w, 0);
    bulla_writer_put(w, "\x0f\x0f\x0f\x0f\x0f\x0f\x0f\x0f", 8);
    bulla_writer_put_u16(w, (uint16_t)(at->cell.cid >> 16));
    bulla_writer_put_u16(w, at->cell.mcc);
    bulla_writer_put_u8(w, (uint8_t)at->cell.mnc);
    bulla_writer_put_u8(w, (uint8_t)r->serial);
}

static void put_lock_event(const struct sim_device *d, const struct sim_record *r, struct bulla_writer *w)
{
    const struct telling *t = &tellings[r->event];
    const struct sim_reading *at = &r->at;
    struct bulla_calendar c = bulla_time_to_calendar(at->time_ms);
    bool card = r->event == SIM_LOCK_CARD_OK || r->event == SIM_LOCK_CARD_UNKNOWN;
    char text[200];
    int n = snprintf(text, sizeof text, "(%s,P45,%02u%02u%02u,%02u%02u%02u,%.5f,%c,%.5f,%c,%c,%u,%u,%u,%u,%010lu,%u,%u,%u,%u)", d->id,
                     c.day, c.month, (unsigned)c.year % 100, c.hour, c.minute, c.second, fabs(at->lat), at->lat >= 0 ? 'N' : 'S',
                     fabs(at->lon), at->lon >= 0 ? 'E' : 'W', at->fix ? 'A' : 'V', (unsigned)(at->speed_kmh + 0.5),
                     (unsigned)(at->course_deg + 0.5) % 360, t->source, t->verify, card ? strtoul(r->text, NULL, 10) : 0ul, t->right,
                     t->source == 4 || t->source == 6 ? r->tries : 0u, r->serial, (unsigned)at->mileage_km);
    bulla_writer_put(w, text, (size_t)n);
}

static size_t encode(struct sim_device *d, struct sim_record *records, size_t n, struct bulla_writer *out)
{
    (void)n;
    struct sim_record *r = &records[0];
    bool lock = r->kind == SIM_RECORD_LOCK;
    uint16_t serial = r->numbered ? r->serial : lock ? d->event_serial : d->serial;
    if (d->kind->version >= 0x19 && sim_device_serial_busy(d, serial, r)) /* two acknowledgements could not be told apart */
        return 0;
    if (!r->numbered) {
        r->numbered = true;
        r->serial = serial;
        uint16_t *counter = lock ? &d->event_serial : &d->serial;
        *counter = (uint8_t)(*counter + 1);
    }
    if (lock)
        put_lock_event(d, r, out);
    else
        put_report(d, r, out);
    r->done = !lock && !(status_word(d, r) & STATUS_ACK);
    return 1;
}

/* --- platform to device --- */
static void answer(struct sim_device *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void answer(struct sim_device *d, const char *format, ...)
{
    char text[640];
    int n = snprintf(text, sizeof text, "(%s,", d->id);
    va_list args;
    va_start(args, format);
    n += vsnprintf(text + n, sizeof text - (size_t)n - 1, format, args);
    va_end(args);
    if (n > (int)sizeof text - 2)
        n = (int)sizeof text - 2;
    text[n++] = ')';
    sim_device_urgent(d, text, (size_t)n);
}

struct words {
    size_t n;
    char *at[WORDS_MAX];
};

static const char *word(const struct words *w, size_t i)
{
    return i < w->n ? w->at[i] : "";
}

static uint32_t number(const struct words *w, size_t i)
{
    return (uint32_t)strtoul(word(w, i), NULL, 10);
}

static void on_ack_numbered(struct sim_device *d, const struct words *w)
{
    if (d->kind->version < 0x19)
        return;
    uint16_t serial = (uint16_t)number(w, 2);
    if (number(w, 1) == 0)
        (void)sim_device_acknowledge(d, serial);
}

static void on_ack_report(struct sim_device *d, const struct words *w)
{
    (void)w;
    if (d->kind->version < 0x19)
        (void)sim_device_acknowledge_oldest(d, 1u << SIM_RECORD_REPORT | 1u << SIM_RECORD_ALARM);
}

static void on_ack_lock(struct sim_device *d, const struct words *w)
{
    (void)w;
    if (d->kind->version < 0x19)
        (void)sim_device_acknowledge_oldest(d, 1u << SIM_RECORD_LOCK);
}

static void on_firmware(struct sim_device *d, const struct words *w)
{
    (void)w;
    answer(d, "P01,%s_20240115_Simulated_SIM7600_LoRa_R1.0,%u%%", d->kind->name, (unsigned)(d->now.battery_percent + 0.5));
}

static void on_interval(struct sim_device *d, const struct words *w)
{
    uint32_t seconds = number(w, 2), minutes = number(w, 3);
    if (number(w, 1) == 1 && seconds >= 5 && seconds <= 600 && minutes >= 5 && minutes <= 1440) {
        d->interval_s = seconds;
        d->store_parked_s = minutes * 60;
    }
    answer(d, "P04,%u,%u", d->interval_s, d->store_parked_s / 60);
}

static void on_imei(struct sim_device *d, const struct words *w)
{
    (void)w;
    answer(d, "P14,86%s0%02u", d->id, d->kind->version);
}

static void on_restart(struct sim_device *d, const struct words *w)
{
    answer(d, "%s", word(w, 0));
    d->wants_close = true;
}

static void on_time(struct sim_device *d, const struct words *w)
{
    const char *text = word(w, 1);
    answer(d, "P22,%d", strlen(text) == 12 && strspn(text, "0123456789") == 12);
}

static void on_open_long(struct sim_device *d, const struct words *w)
{
    if (number(w, 1) == 1)
        d->open_long_min = number(w, 2);
    answer(d, "P38,%u", d->open_long_min);
}

static void on_low_battery(struct sim_device *d, const struct words *w)
{
    if (number(w, 1) == 1 && number(w, 2) <= 90)
        d->low_battery_percent = number(w, 2);
    answer(d, "P61,%u", d->low_battery_percent);
}

static void answer_cards(struct sim_device *d, const char *head)
{
    char text[160];
    int n = snprintf(text, sizeof text, "P41,%s,%u", head, d->lock.n_cards);
    for (uint32_t i = 0; i < d->lock.n_cards; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, ",%010lu", (unsigned long)d->lock.cards[i]);
    answer(d, "%s", text);
}

static void delete_cards(struct sim_lock *lock, const struct words *w)
{
    for (size_t k = 4; k < w->n; k++)
        for (uint32_t i = 0; i < lock->n_cards; i++)
            if (lock->cards[i] == number(w, k))
                lock->cards[i--] = lock->cards[--lock->n_cards];
}

static void on_cards(struct sim_device *d, const struct words *w)
{
    uint32_t kind = number(w, 2);
    if (number(w, 1) == 0) {
        answer_cards(d, "1");
    } else if (kind == 1) {
        for (size_t k = 4; k < w->n; k++)
            (void)sim_lock_add_card(&d->lock, number(w, k));
        answer_cards(d, "1");
    } else if (kind == 2) {
        delete_cards(&d->lock, w);
        answer(d, "P41,2,%u", d->lock.n_cards);
    } else {
        sim_lock_remove_cards(&d->lock);
        answer(d, "P41,3,0");
    }
}

static void on_static_unlock(struct sim_device *d, const struct words *w)
{
    enum sim_lock_event event = sim_device_act(d, SIM_ACT_STATIC, word(w, 1));
    answer(d, "P43,%d,%u", event == SIM_LOCK_STATIC_OK, d->lock.wrong_tries);
}

static void on_static_password(struct sim_device *d, const struct words *w)
{
    bool right = w->n == 3 && strcmp(word(w, 2), d->lock.password) == 0 && strlen(word(w, 1)) == 6;
    if (right)
        snprintf(d->lock.password, sizeof d->lock.password, "%s", word(w, 1));
    answer(d, "P44,%d", right);
}

static void on_dynamic(struct sim_device *d, const struct words *w)
{
    switch (number(w, 1)) {
    case 0:
        answer(d, "P52,0,000000,%s", d->lock.dynamic);
        break;
    case 1:
        answer(d, "P52,1,%u,%u", number(w, 3), number(w, 4));
        break;
    case 2: /* the platform has stored it */
        if (strcmp(word(w, 2), d->lock.dynamic) == 0)
            d->password_waiting = false;
        break;
    case 3: {
        enum sim_lock_event event = sim_device_act(d, SIM_ACT_DYNAMIC, word(w, 2));
        answer(d, "P52,3,%d,%u", event == SIM_LOCK_DYNAMIC_OK, d->lock.wrong_tries);
        if (event == SIM_LOCK_DYNAMIC_OK)
            d->lock.dynamic[0] = 0; /* once */
        break;
    }
    }
}

static const struct order {
    const char *word;
    void (*run)(struct sim_device *d, const struct words *w);
} orders[] = {
    {"P69", on_ack_numbered}, {"P35", on_ack_report},    {"P46", on_ack_lock},        {"P01", on_firmware}, {"P04", on_interval},
    {"P14", on_imei},         {"P15", on_restart},       {"P32", on_restart},         {"P22", on_time},     {"P38", on_open_long},
    {"P41", on_cards},        {"P43", on_static_unlock}, {"P44", on_static_password}, {"P52", on_dynamic},  {"P61", on_low_battery},
};

static void run_order(struct sim_device *d, char *text)
{
    struct words w = {0};
    for (char *rest = text; rest && w.n < WORDS_MAX;)
        w.at[w.n++] = strsep(&rest, ",");
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strcmp(word(&w, 0), orders[i].word) == 0)
            orders[i].run(d, &w);
}

static size_t receive(struct sim_device *d, int64_t now_ms, const uint8_t *at, size_t n)
{
    (void)now_ms;
    size_t used = 0;
    for (;;) {
        const uint8_t *open = memchr(at + used, '(', n - used);
        if (!open)
            return n;
        const uint8_t *close = memchr(open, ')', (size_t)(at + n - open));
        if (!close)
            return (size_t)(open - at);
        char text[1024];
        size_t length = (size_t)(close - open - 1);
        if (length < sizeof text) {
            memcpy(text, open + 1, length);
            text[length] = 0;
            run_order(d, text);
        }
        used = (size_t)(close + 1 - at);
    }
}

static void connected(struct sim_device *d, int64_t now_ms)
{
    (void)now_ms;
    d->ready = true; /* no login: every message carries the id */
    answer(d, "P22,2");
    d->heartbeat_due_ms = d->now.time_ms + (int64_t)d->heartbeat_s * 1000;
}

static void tick(struct sim_device *d)
{
    if (!d->connected)
        return;
    if (d->password_waiting && d->now.time_ms >= d->password_due_ms) {
        answer(d, "P52,2,%s", d->lock.dynamic);
        d->password_due_ms = d->now.time_ms + PASSWORD_EVERY_MS;
    }
    if (d->interval_s > 80 && d->now.time_ms >= d->heartbeat_due_ms) {
        answer(d, "@JT");
        d->heartbeat_due_ms = d->now.time_ms + (int64_t)d->heartbeat_s * 1000;
    }
}

const struct sim_device_kind sim_device_jt701d = {.name = "JT701D",
                                                  .protocol = "jt701",
                                                  .profile = "",
                                                  .window = 64,
                                                  .version = 0x19,
                                                  .connected = connected,
                                                  .tick = tick,
                                                  .tell = tell,
                                                  .encode = encode,
                                                  .receive = receive};
const struct sim_device_kind sim_device_jt701 = {.name = "JT701",
                                                 .protocol = "jt701",
                                                 .profile = "",
                                                 .window = 1,
                                                 .version = 0x17,
                                                 .connected = connected,
                                                 .tick = tick,
                                                 .tell = tell,
                                                 .encode = encode,
                                                 .receive = receive};
