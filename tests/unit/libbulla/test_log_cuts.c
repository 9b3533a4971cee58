/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the event log when power goes, at every programmed byte and in every erase of a trip, when flash calls fail,
 * and through random operations beside a plain model.
 */
#include "tests/unit/libbulla/log_support.h"

static uint8_t chip[64 * 1024];
static struct model model;

struct trip {
    uint32_t sector_size, n_sectors;
    unsigned records, prepare_every; /* 0: never */
};

static struct bulla_log begin(struct nor *nor, const struct trip *trip, uint64_t seed)
{
    struct bulla_log log;
    nor_init(nor, chip, trip->sector_size, trip->n_sectors, seed);
    memset(&model, 0, sizeof model);
    struct bulla_flash flash = nor_flash(nor);
    assert_int_equal(bulla_log_format(&log, &flash, 0), BULLA_OK);
    nor_power(nor);
    return log;
}

/* Goes on until the trip ends or a call fails. */
static enum bulla_status go(const struct trip *trip, struct bulla_log *log, struct random *random, unsigned records)
{
    enum bulla_status status = BULLA_OK;
    for (unsigned i = 1; i <= records && status == BULLA_OK; i++) {
        status = model_append(&model, log, random);
        if (status == BULLA_OK && trip->prepare_every && i % trip->prepare_every == 0)
            status = bulla_log_prepare(log);
    }
    return status;
}

static struct bulla_log reopened(struct nor *nor)
{
    struct bulla_log log;
    struct bulla_flash flash = nor_flash(nor);
    nor_power(nor);
    assert_int_equal(bulla_log_open(&log, &flash), BULLA_OK);
    return log;
}

static const struct trip trips[] = {
    {256, 4, 400, 0},
    {256, 4, 60, 5},
    {64, 2, 40, 0},
    {128, 3, 60, 2},
};

/* [WCO-4.3-B1] Over 10,000 moments. */
static void power_may_go_at_any_moment(void **state)
{
    (void)state;
    uint64_t cuts = 0;
    for (size_t t = 0; t < sizeof trips / sizeof *trips; t++) {
        const struct trip *trip = &trips[t];
        for (uint64_t cut = 1;; cut++) {
            struct nor nor;
            struct bulla_log log = begin(&nor, trip, cut);
            struct random random = {t};
            nor.cut_at = cut;
            enum bulla_status status = go(trip, &log, &random, trip->records);
            if (status == BULLA_OK)
                break;
            assert_int_equal(status, BULLA_FAILED);
            cuts++;
            uint64_t from = log.oldest;
            log = reopened(&nor);
            model_check(&model, &log, from);
            model_settle(&model, &log);
            assert_int_equal(go(trip, &log, &random, 9), BULLA_OK);
            struct bulla_log again = reopened(&nor);
            model_check(&model, &again, log.oldest > from ? log.oldest : from);
            assert_int_equal(nor.broken, 0);
        }
    }
    assert_true(cuts > 10000);
}

/* Power goes again while it comes back, and again: five times at random moments, a few steps apart. */
static void power_may_go_again_and_again(void **state)
{
    (void)state;
    struct random chance = {77};
    for (unsigned round = 0; round < 3000; round++) {
        const struct trip *trip = &trips[round % 4];
        struct nor nor;
        struct bulla_log log = begin(&nor, trip, round);
        struct random random = {round};
        uint64_t from = 0;
        for (unsigned cut = 0; cut < 5; cut++) {
            nor.cut_at = 1 + random_below(&chance, cut == 0 ? 2000 : 100);
            (void)!go(trip, &log, &random, 80);
            from = log.oldest > from ? log.oldest : from;
            log = reopened(&nor);
            model_check(&model, &log, from);
            model_settle(&model, &log);
        }
        assert_int_equal(nor.broken, 0);
    }
}

/* The format itself: what is cut off before its end is no log, after it an empty one. */
static void power_may_go_in_a_format(void **state)
{
    (void)state;
    for (uint64_t cut = 1;; cut++) {
        struct nor nor;
        struct bulla_log log;
        nor_init(&nor, chip, 128, 3, cut);
        struct bulla_flash flash = nor_flash(&nor);
        nor.cut_at = cut;
        enum bulla_status status = bulla_log_format(&log, &flash, 0);
        if (status == BULLA_OK) {
            assert_int_equal(cut, 3 + 3 * 32 + 1);
            break;
        }
        assert_int_equal(status, BULLA_FAILED);
        nor_power(&nor);
        status = bulla_log_open(&log, &flash);
        if (status == BULLA_OK) /* the last byte of the last header happened to be whole */
            assert_true(cut >= 3 + 2 * 32 + 29 && log.next == 0 && !log.any);
        else
            assert_int_equal(status, BULLA_NOT_MINE);
    }
}

/* The nth call of flash fails, for every n: it is said, nothing acknowledged is lost, and the same log goes on. */
static void any_call_may_fail(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof trips / sizeof *trips; t++) {
        const struct trip *trip = &trips[t];
        for (uint64_t nth = 1;; nth++) {
            struct nor nor;
            struct bulla_log log = begin(&nor, trip, nth);
            struct random random = {t};
            nor.fail_at = nth;
            enum bulla_status status = go(trip, &log, &random, 40);
            if (status == BULLA_OK)
                break;
            assert_int_equal(status, BULLA_FAILED);
            model_check(&model, &log, log.oldest);
            model_settle(&model, &log);
            assert_int_equal(go(trip, &log, &random, 9), BULLA_OK);
            model_check(&model, &log, log.oldest);
            struct bulla_log again = reopened(&nor);
            model_check(&model, &again, log.oldest);
            assert_int_equal(nor.broken, 0);
        }
    }
}

/* Opening and reading: the nth call fails, for every n, also where headers are damaged; nothing of the caller's is touched. */
static void any_call_of_opening_may_fail(void **state)
{
    (void)state;
    for (unsigned damaged = 0; damaged < 3; damaged++) {
        struct nor nor;
        struct bulla_log log = begin(&nor, &trips[0], damaged);
        struct random random = {damaged};
        assert_int_equal(go(&trips[0], &log, &random, 50), BULLA_OK);
        if (damaged == 1)
            nor_flip(&nor, 5);
        if (damaged == 2) /* a sector that was erased ahead, whose predecessor has room */
            assert_int_equal(bulla_log_prepare(&log), BULLA_OK);
        uint64_t nth;
        for (nth = 1;; nth++) {
            struct bulla_log again = {.next = 7777};
            struct bulla_flash flash = nor_flash(&nor);
            nor_power(&nor);
            nor.fail_at = nth;
            if (bulla_log_open(&again, &flash) == BULLA_OK)
                break;
            assert_int_equal(again.next, 7777);
        }
        assert_true(nth > 4);
        nor_power(&nor);
        nor.fail_at = 2;
        struct bulla_log_cursor cursor = {0};
        struct bulla_log_record record = {0};
        assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_OK);
        uint32_t first = record.counter;
        assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_FAILED);
        assert_int_equal(record.counter, first);
        assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_OK);
        assert_int_equal(record.counter, first + 1);
    }
}

/* A chip whose programs all fail from now on: appends say so and end; what was stored stays. */
static void a_chip_may_die(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = begin(&nor, &trips[0], 1);
    struct random random = {1};
    assert_int_equal(go(&trips[0], &log, &random, 20), BULLA_OK);
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    nor.off = true;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(model_append(&model, &log, &random), BULLA_FAILED);
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_FAILED);
    nor_power(&nor);
    model.unsure = false;
    model_check(&model, &log, log.oldest);
}

/* Blank slots that are not blank any more are passed over; more of them in a row than an append tries are said. */
static void spoilt_slots_are_passed_over(void **state)
{
    (void)state;
    for (unsigned spoilt = 1; spoilt <= 5; spoilt++) {
        struct nor nor;
        struct bulla_log log = begin(&nor, &trips[0], 1);
        struct random random = {1};
        for (unsigned i = 0; i < spoilt; i++)
            nor_flip(&nor, (32 * (i + 1) + 31) * 8);
        assert_int_equal(model_append(&model, &log, &random), spoilt < 4 ? BULLA_OK : BULLA_DAMAGED);
        assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
        model_check(&model, &log, 0);
        struct bulla_log_cursor cursor = {0};
        struct bulla_log_record record;
        assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_OK);
        assert_int_equal(cursor.unreadable, spoilt);
        assert_int_equal(record.counter, spoilt);
        assert_int_equal(nor.broken, 0);
    }
}

/* A number that was spent on a slot which stayed blank is given again after an opening: a reader is not past it. */
static void a_blank_slot_is_not_passed_by_readers(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = begin(&nor, &trips[0], 1);
    struct random random = {1};
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
    nor.fail_at = nor.calls + 1;
    assert_int_equal(model_append(&model, &log, &random), BULLA_FAILED);
    assert_int_equal(log.next, 2);
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_OK);
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_MORE);
    log = reopened(&nor);
    assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
    assert_int_equal(log.newest.counter, 1);
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_OK);
    assert_int_equal(record.counter, 1);
    assert_int_equal(cursor.unreadable, 0);
}

/* A reader that goes on after loss of power misses nothing, although counters of blank slots are given again. */
static void readers_go_on_after_failures(void **state)
{
    (void)state;
    struct random chance = {5};
    for (unsigned round = 0; round < 4000; round++) {
        const struct trip *trip = &trips[round % 4];
        struct nor nor;
        struct bulla_log log = begin(&nor, trip, round);
        struct random random = {round};
        struct bulla_log_cursor cursor = {0};
        struct bulla_log_record record;
        unsigned next = 0;
        for (unsigned step = 0; step < 60; step++) {
            uint64_t what = random_below(&chance, 8);
            if (what == 0)
                nor.fail_at = nor.calls + 1 + random_below(&chance, 6);
            if (what == 1)
                nor.cut_at = nor.steps + 1 + random_below(&chance, 40);
            if (what == 2 && trip->n_sectors > 2)
                (void)!bulla_log_prepare(&log);
            if (what >= 3)
                (void)!model_append(&model, &log, &random);
            if (nor.off)
                log = reopened(&nor);
            nor_power(&nor);
            model_settle(&model, &log);
            while (bulla_log_read(&log, &cursor, &record) == BULLA_OK) {
                while (next < model.n && model.told[next].counter < record.counter)
                    assert_true(model.told[next++].counter < log.oldest);
                assert_true(next < model.n);
                assert_int_equal(model.told[next].counter, record.counter);
                assert_same_event(&model.told[next++].event, &record.event);
            }
        }
        assert_int_equal(next, model.n);
        assert_int_equal(nor.broken, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_may_go_at_any_moment),   cmocka_unit_test(power_may_go_again_and_again),
        cmocka_unit_test(power_may_go_in_a_format),     cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(any_call_of_opening_may_fail), cmocka_unit_test(a_chip_may_die),
        cmocka_unit_test(spoilt_slots_are_passed_over), cmocka_unit_test(a_blank_slot_is_not_passed_by_readers),
        cmocka_unit_test(readers_go_on_after_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
