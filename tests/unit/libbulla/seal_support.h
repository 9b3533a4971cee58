/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal on a bench: simulated flash, a shackle to push and pull, a crystal to turn, and a reader's frames.
 */
#ifndef TESTS_SEAL_SUPPORT_H
#define TESTS_SEAL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/seal.h"
#include "tests/support/nor.h"

#define HZ          32768u
#define LOG_SECTORS 4
#define SECTOR      1024
#define SECTORS     (LOG_SECTORS + 8 + 4)
#define NOON        INT64_C(1767268800000) /* 2026-01-01T12:00:00Z */

struct bench {
    struct nor nor;
    uint8_t chip[SECTORS * SECTOR];
    struct bulla_seal_board board;
    struct bulla_seal seal;
    struct random random;
    uint32_t now;
    bool out, moved, moved_to, motor_stuck, no_random, keys_stuck;
    unsigned battery, moves, reports, beeps, wipes, shows;
    int32_t celsius_milli;
    struct bulla_spot spot;
    struct bulla_seal_note reported;
    struct bulla_seal_reply reply;
    const struct bulla_party *party;
    uint64_t random_calls, random_fail_at;
};

static inline bool bench_random(void *context, uint8_t *to, size_t n)
{
    struct bench *bench = context;
    if (bench->no_random || ++bench->random_calls == bench->random_fail_at)
        return false;
    random_fill(&bench->random, to, n);
    return true;
}

static inline bool bench_out(void *context)
{
    return ((struct bench *)context)->out;
}

static inline unsigned bench_battery(void *context)
{
    return ((struct bench *)context)->battery;
}

static inline int32_t bench_celsius(void *context)
{
    return ((struct bench *)context)->celsius_milli;
}

static inline struct bulla_spot bench_position(void *context)
{
    return ((struct bench *)context)->spot;
}

static inline bool bench_lock(void *context, bool locked)
{
    struct bench *bench = context;
    if (bench->motor_stuck)
        return false;
    bench->moved = true;
    bench->moved_to = locked;
    bench->moves++;
    return true;
}

static inline void bench_show(void *context, const uint8_t looks[BULLA_INDICATORS])
{
    (void)looks;
    ((struct bench *)context)->shows++;
}

static inline void bench_report(void *context, const struct bulla_seal_note *note)
{
    struct bench *bench = context;
    bench->reports++;
    bench->reported = *note;
}

static inline void bench_beep(void *context, unsigned times)
{
    ((struct bench *)context)->beeps += times;
}

static inline const struct bulla_party *bench_party(void *context)
{
    return ((struct bench *)context)->party;
}

static inline bool bench_wipe(void *context)
{
    struct bench *bench = context;
    bench->wipes += !bench->keys_stuck;
    return !bench->keys_stuck;
}

static inline bool bench_keys(void *context, struct bulla_bytes keys)
{
    return !((struct bench *)context)->keys_stuck && keys.len > 0;
}

static const struct bulla_seal_ops bench_ops = {bench_random, bench_out,    bench_battery, bench_celsius, bench_position, bench_lock,
                                                bench_show,   bench_report, bench_beep,    bench_party,   bench_wipe,     bench_keys};

static const struct bulla_seal_ops bare_ops = {.random = bench_random, .shackle_out = bench_out};

static inline void bench_init(struct bench *bench, uint64_t seed)
{
    memset(bench, 0, sizeof *bench);
    nor_init(&bench->nor, bench->chip, SECTOR, SECTORS, seed);
    struct bulla_flash chip = nor_flash(&bench->nor);
    bench->board = (struct bulla_seal_board){.ops = &bench_ops,
                                             .context = bench,
                                             .log = bulla_flash_part(&chip, 0, LOG_SECTORS),
                                             .zones = bulla_flash_part(&chip, LOG_SECTORS, 8),
                                             .files = bulla_flash_part(&chip, LOG_SECTORS + 8, 4),
                                             .crystal = bulla_crystal_usual,
                                             .firmware = 0x00010203};
    bench->random.state = seed;
    bench->battery = 90;
    bench->celsius_milli = 20000;
    bench->out = true;
    bench->spot = (struct bulla_spot){BULLA_NO_COORDINATE, BULLA_NO_COORDINATE};
    bench->now = 0xFFFF0000; /* it wraps soon */
}

static inline struct bulla_seal_make bench_make(unsigned profile)
{
    return (struct bulla_seal_make){.profile = (uint8_t)profile, .address = {0xBEEF, 0x12345678}, .model = 7, .alpha = "ABC"};
}

/* A new seal. */
static inline void bench_start(struct bench *bench, unsigned profile)
{
    struct bulla_seal_make make = bench_make(profile);
    assert_int_equal(bulla_seal_start(&bench->seal, &bench->board, &make, bench->now), BULLA_OK);
}

/* Power comes back to the seal that is there. */
static inline enum bulla_status bench_restart(struct bench *bench)
{
    nor_power(&bench->nor);
    return bulla_seal_start(&bench->seal, &bench->board, NULL, bench->now);
}

static inline void bench_wait(struct bench *bench, uint32_t ms)
{
    bench->now += ms / 1000 * HZ + ms % 1000 * HZ / 1000;
}

static inline enum bulla_status bench_event(struct bench *bench, unsigned on, unsigned surface)
{
    const struct bulla_seal_event event = {.on = (uint8_t)on, .surface = (uint8_t)surface};
    return bulla_seal_event(&bench->seal, &event, bench->now);
}

static inline void bench_hear(struct bench *bench, const struct bulla_frame *frame)
{
    uint8_t bytes[BULLA_FRAME_MAX];
    size_t n;
    struct bulla_fault fault;
    assert_int_equal(bulla_frame_encode_to_seal(frame, bytes, sizeof bytes, &n, &fault), BULLA_OK);
    bulla_seal_hear(&bench->seal, (struct bulla_bytes){bytes, n}, bench->now, &bench->reply);
}

/* Asks, and takes the answer apart. False: silence. */
static inline bool bench_ask_as(struct bench *bench, bool to_all, const struct bulla_link_message *ask, struct bulla_frame *answer)
{
    uint8_t data[BULLA_FRAME_MAX];
    size_t n;
    struct bulla_fault fault;
    assert_int_equal(bulla_link_encode(ask, data, sizeof data, &n, &fault), BULLA_OK);
    bench_hear(bench, &(struct bulla_frame){.to_all = to_all,
                                            .start = BULLA_START_FFFF,
                                            .code = ask->code,
                                            .session = 0x4321,
                                            .address = {0xBEEF, 0x12345678},
                                            .data = {data, n}});
    if (!bench->reply.n)
        return false;
    const struct bulla_bytes bytes = {bench->reply.bytes, bench->reply.n};
    assert_int_equal(bulla_frame_decode_from_seal(bytes, BULLA_START_FFFF, answer, &fault), BULLA_OK);
    assert_int_equal(answer->session, 0x4321);
    assert_int_equal(answer->code, ask->code);
    assert_int_equal(answer->address.maker, 0xBEEF);
    assert_int_equal(answer->address.serial, 0x12345678);
    return true;
}

#define SILENT 0x100

/* 0: done, and *got what it answered; a NACK, and the device's reason in `refusal`; or SILENT. */
struct told {
    unsigned nack, refusal;
    struct bulla_link_message message;
    uint16_t status;
};

static inline struct told bench_ask(struct bench *bench, const struct bulla_link_message *ask)
{
    struct bulla_frame answer;
    struct bulla_fault fault;
    struct told told = {.nack = SILENT};
    if (!bench_ask_as(bench, false, ask, &answer))
        return told;
    told.status = answer.status;
    if (answer.status & BULLA_REPLY_REFUSED) {
        assert_int_equal(answer.data.len, 2);
        told.nack = answer.data.at[0];
        told.refusal = answer.data.at[1];
        return told;
    }
    told.nack = 0;
    assert_int_equal(bulla_link_decode(ask->code, BULLA_PART_ANSWER, answer.data, &told.message, &fault), BULLA_OK);
    return told;
}

static inline struct told bench_order(struct bench *bench, unsigned code)
{
    return bench_ask(bench, &(struct bulla_link_message){.code = (uint8_t)code});
}

/* Seal and unseal, with a place. */
static inline struct told bench_permit(struct bench *bench, unsigned code)
{
    return bench_ask(bench, &(struct bulla_link_message){.code = (uint8_t)code, .value = {312304000, 1214737000, 0xC0FFEE}});
}

static inline struct told bench_write(struct bench *bench, unsigned zone, unsigned offset, const void *bytes, size_t n)
{
    return bench_ask(bench, &(struct bulla_link_message){.code = BULLA_ORDER_WRITE_MEMORY, .value = {zone, offset}, .rest = {bytes, n}});
}

static inline struct told bench_set_clock(struct bench *bench, int64_t ms)
{
    return bench_ask(bench, &(struct bulla_link_message){.code = BULLA_ORDER_SET_CLOCK, .value = {(uint64_t)ms, 20}});
}

/* From stock to sealed, as GB/T 23678 7.1.8 and 7.2.2.1 have it. */
static inline void bench_seal(struct bench *bench)
{
    assert_int_equal(bench_order(bench, BULLA_ORDER_INITIALISE).nack, 0);
    assert_int_equal(bench_set_clock(bench, NOON).nack, 0);
    assert_int_equal(bench_write(bench, BULLA_AREA_CONTAINER, 0, "MSKU9070323", 11).nack, 0);
    assert_int_equal(bench_permit(bench, BULLA_ORDER_SEAL).nack, 0);
    bench->out = false;
    assert_int_equal(bench_event(bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
    assert_int_equal(bench->seal.device.state, BULLA_DEVICE_SEALED);
}

/* What the log has, oldest first; at most `max`. */
static inline size_t bench_log(struct bench *bench, struct bulla_seal_note *notes, size_t max)
{
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    size_t n = 0;
    while (n < max && bulla_log_read(&bench->seal.log, &cursor, &record) == BULLA_OK)
        assert_true(bulla_seal_note_decode(&record.event, &notes[n++]));
    return n;
}

#endif
