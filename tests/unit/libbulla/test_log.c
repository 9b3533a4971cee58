/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the event log of a seal while power lasts: layout, ring, counters, limits, wear, bit rot.
 */
#include "bulla/crc32.h"
#include "tests/unit/libbulla/log_support.h"

static uint8_t chip[64 * 1024];
static struct model model;

struct shape {
    uint32_t sector_size, n_sectors;
};

static const struct shape shapes[] = {{64, 2}, {64, 3}, {96, 2}, {128, 4}, {256, 5}, {512, 8}, {1024, 3}, {256, 64}};

static struct bulla_log formatted(struct nor *nor, const struct shape *shape, uint32_t from)
{
    struct bulla_log log;
    nor_init(nor, chip, shape->sector_size, shape->n_sectors, 9);
    memset(&model, 0, sizeof model);
    struct bulla_flash flash = nor_flash(nor);
    assert_int_equal(bulla_log_format(&log, &flash, from), BULLA_OK);
    return log;
}

static struct bulla_log opened(struct nor *nor)
{
    struct bulla_log log;
    struct bulla_flash flash = nor_flash(nor);
    assert_int_equal(bulla_log_open(&log, &flash), BULLA_OK);
    return log;
}

static void assert_same_log(const struct bulla_log *a, const struct bulla_log *b)
{
    assert_true(a->start == b->start && a->oldest == b->oldest && a->next == b->next && a->ready == b->ready && a->any == b->any);
    if (a->any) {
        assert_int_equal(a->newest.counter, b->newest.counter);
        assert_same_event(&a->newest.event, &b->newest.event);
    }
}

static void the_tables_fill_their_slots(void **state)
{
    (void)state;
    const struct {
        unsigned at, size, table;
    } fields[] = {
#define X(field, at, size, name, meaning) {at, size, 0},
        BULLA_LOG_RECORD_TABLE(X)
#undef X
#define X(field, at, size, name, meaning) {at, size, 1},
            BULLA_LOG_HEADER_TABLE(X)
#undef X
    };
    unsigned used[2][BULLA_LOG_SLOT] = {{0}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (unsigned b = 0; b < fields[i].size; b++)
            used[fields[i].table][fields[i].at + b]++;
    for (unsigned b = 0; b < BULLA_LOG_SLOT; b++) {
        assert_int_equal(used[0][b], 1);
        assert_int_equal(used[1][b], 1);
    }
}

static void a_record_has_its_layout(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = formatted(&nor, &shapes[3], 0x01020300);
    struct bulla_log_event event = {.kind = 7, .state = 3, .clock_set = true, .time_s = 0x65432100, .n = 3, .detail = "abc"};
    uint32_t counter;
    assert_int_equal(log.start % 12, 0); /* four sectors of three slots */
    assert_in_range(log.start, 0x01020300, 0x01020300 + 11);
    assert_int_equal(bulla_log_append(&log, &event, &counter), BULLA_OK);
    assert_int_equal(counter, log.start);
    const uint8_t expected[] = {0xB1, 7, 3,   0x83, 0x01, 0x02, (uint8_t)(counter >> 8), (uint8_t)counter, 0x65, 0x43,
                                0x21, 0, 'a', 'b',  'c',  0};
    assert_memory_equal(chip + 32, expected, sizeof expected);
    assert_memory_equal(chip, "BLG1", 4);
}

/* At every number of records from none to three laps: what is there, where it begins, and that opening finds the same. */
static void the_ring_keeps_all_but_the_oldest_sector(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct nor nor;
        struct bulla_log log = formatted(&nor, &shapes[s], 0);
        struct random random = {s};
        uint32_t slots = shapes[s].sector_size / 32 - 1, lap = slots * shapes[s].n_sectors;
        for (uint32_t n = 0; n <= 3 * lap + 1; n++) {
            struct bulla_log again = opened(&nor);
            assert_same_log(&log, &again);
            assert_int_equal(log.next, n);
            uint32_t sectors = (n + slots - 1) / slots;
            assert_int_equal(log.oldest, sectors > shapes[s].n_sectors ? (sectors - shapes[s].n_sectors) * slots : 0);
            model_check(&model, &again, log.oldest);
            log = again;
            assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
        }
        assert_int_equal(nor.broken, 0);
    }
}

static void reading_goes_on_and_says_what_was_overwritten(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = formatted(&nor, &shapes[3], 0); /* 12 slots */
    struct random random = {1};
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record = {.counter = 77};
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_MORE);
    assert_int_equal(record.counter, 77);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_OK);
        assert_int_equal(record.counter, i);
    }
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_MORE);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
    assert_int_equal(log.oldest, 15);
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_OK);
    assert_int_equal(record.counter, 15);
    assert_int_equal(cursor.overwritten, 10);
    assert_int_equal(cursor.unreadable, 0);
    cursor = (struct bulla_log_cursor){.next = 1000};
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_MORE);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = formatted(&nor, &shapes[0], 0), before = log;
    struct bulla_flash flash = nor_flash(&nor), wrong = flash;
    struct bulla_log_event event = {.n = BULLA_LOG_DETAIL + 1};
    uint32_t counter = 5;
    assert_int_equal(bulla_log_append(&log, &event, &counter), BULLA_REFUSED);
    assert_int_equal(counter, 5);
    assert_int_equal(bulla_log_prepare(&log), BULLA_REFUSED);
    const struct shape bad[] = {{64, 1}, {32, 2}, {72, 2}, {0, 2}, {64, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        wrong.sector_size = bad[i].sector_size;
        wrong.n_sectors = bad[i].n_sectors;
        assert_int_equal(bulla_log_format(&log, &wrong, 0), BULLA_REFUSED);
        assert_int_equal(bulla_log_open(&log, &wrong), BULLA_NOT_MINE);
    }
    assert_same_log(&log, &before);
    nor_init(&nor, chip, 64, 4, 1);
    flash = nor_flash(&nor);
    assert_int_equal(bulla_log_open(&log, &flash), BULLA_NOT_MINE);
    assert_int_equal(bulla_log_format(&log, &flash, 0), BULLA_OK);
    flash.n_sectors = 3;
    assert_int_equal(bulla_log_open(&log, &flash), BULLA_NOT_MINE);
    flash.n_sectors = 2;
    flash.sector_size = 128;
    assert_int_equal(bulla_log_open(&log, &flash), BULLA_NOT_MINE);
}

/* Counters end at 2^32 - 1 and are not given again, whatever the shape. */
static void counters_end_and_do_not_come_again(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct nor nor;
        uint32_t slots = shapes[s].sector_size / 32 - 1, lap = slots * shapes[s].n_sectors;
        uint32_t from = UINT32_MAX / lap * lap - lap;
        struct bulla_log log = formatted(&nor, &shapes[s], from), unused;
        struct random random = {s};
        assert_int_equal(log.start, from);
        uint64_t n = (UINT64_C(1) << 32) - from;
        assert_true(n < MODEL_MAX);
        for (uint64_t i = 0; i < n; i++) {
            assert_int_equal(bulla_log_prepare(&log), shapes[s].n_sectors < 3 ? BULLA_REFUSED : BULLA_OK);
            assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
            struct bulla_log again = opened(&nor);
            assert_same_log(&log, &again);
        }
        assert_int_equal(log.newest.counter, UINT32_MAX);
        for (int i = 0; i < 2; i++, log = opened(&nor)) {
            assert_int_equal(model_append(&model, &log, &random), BULLA_FULL);
            model.unsure = false;
            model_check(&model, &log, log.oldest);
        }
        struct bulla_flash flash = nor_flash(&nor);
        uint32_t last = UINT32_MAX / lap * lap;
        assert_int_equal(bulla_log_format(&unused, &flash, last), BULLA_OK);
        assert_int_equal(unused.start, last);
        if (last < UINT32_MAX)
            assert_int_equal(bulla_log_format(&unused, &flash, last + 1), BULLA_FULL);
        assert_int_equal(nor.broken, 0);
    }
}

/* Erasing ahead: no append erases, what it costs is one sector of history, and opening goes on in the older sector. */
static void what_is_prepared_is_not_waited_for(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = formatted(&nor, &shapes[4], 0);
    struct random random = {2};
    for (unsigned i = 0; i < 200; i++) {
        uint64_t erases = nor.erases;
        assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
        assert_int_equal(nor.erases, erases);
        assert_int_equal(bulla_log_prepare(&log), BULLA_OK);
        assert_true(log.ready - log.next >= 7);
        assert_true(log.next <= 35 || log.next - log.oldest >= 3 * 7);
        erases = nor.erases;
        assert_int_equal(bulla_log_prepare(&log), BULLA_OK);
        assert_int_equal(nor.erases, erases);
        struct bulla_log again = opened(&nor);
        assert_same_log(&log, &again);
        log = again;
        model_check(&model, &log, log.oldest);
    }
}

static void wear_is_even_and_opening_does_not_look_everywhere(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = formatted(&nor, &shapes[7], 0); /* 64 sectors of 7 slots */
    struct random random = {3};
    for (unsigned i = 0; i < 3000; i++) {
        assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
        uint64_t calls = nor.calls;
        log = opened(&nor);
        assert_true(nor.calls - calls <= 1 + 6 + 7 + 1);
    }
    uint32_t least = UINT32_MAX, most = 0;
    for (unsigned i = 0; i < 64; i++) {
        least = nor.wear[i] < least ? nor.wear[i] : least;
        most = nor.wear[i] > most ? nor.wear[i] : most;
    }
    assert_true(most - least <= 1);
    assert_int_equal(nor.erases, 64 + (3000 + 6) / 7 - 1);
}

/* [GBT-3.4] Every bit of the area, in every stage of the ring: at most the record with that bit is lost, it is counted, nothing
 * else changes, and counters do not go back, then and after the next record. */
static void every_bit_may_rot(void **state)
{
    (void)state;
    const unsigned stages[] = {0, 1, 3, 7, 12, 13, 24, 29};
    static uint8_t kept[128 * 4];
    for (unsigned stage = 0; stage < 2 * sizeof stages / sizeof *stages; stage++) {
        struct nor nor;
        struct bulla_log log = formatted(&nor, &shapes[3], 0), again;
        struct random random = {stage};
        for (unsigned i = 0; i < stages[stage / 2]; i++)
            assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
        if (stage % 2)
            assert_int_equal(bulla_log_prepare(&log), BULLA_OK);
        memcpy(kept, chip, sizeof kept);
        for (uint32_t bit = 0; bit < 8 * sizeof kept; bit++) {
            struct bulla_log_cursor cursor = {0};
            struct bulla_log_record record;
            struct bulla_flash flash = nor_flash(&nor);
            memcpy(chip, kept, sizeof kept);
            nor_flip(&nor, bit);
            enum bulla_status status = bulla_log_open(&again, &flash);
            if (status != BULLA_OK) { /* the one header of an empty log */
                assert_int_equal(status, BULLA_NOT_MINE);
                assert_true(stages[stage / 2] == 0 && bit < 8 * 32);
                continue;
            }
            unsigned whole = 0;
            while (bulla_log_read(&again, &cursor, &record) == BULLA_OK) {
                assert_true(record.counter < model.n);
                assert_same_event(&record.event, &model.told[record.counter].event);
                whole++;
            }
            assert_true(cursor.unreadable <= 1);
            assert_true(again.next >= log.next);
            assert_true(again.oldest >= log.oldest && again.oldest <= log.oldest + 3);
            bool was_record = chip[bit / 256 * 32] == 0xB1 || kept[bit / 256 * 32] == 0xB1;
            assert_true(whole + was_record >= model.n - log.oldest);
            uint32_t counter;
            assert_int_equal(bulla_log_append(&again, &model.tried, &counter), BULLA_OK);
            assert_true(counter >= log.next);
        }
        assert_int_equal(nor.broken, 0);
    }
}

static void check_put(uint8_t slot[32])
{
    uint32_t crc = bulla_crc32(0, (struct bulla_bytes){slot, 28});
    for (unsigned i = 0; i < 4; i++)
        slot[28 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

/* Right check values over what no log writes: more detail than fits, and a lap beyond the last counter. */
static void a_check_value_does_not_make_it_true(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_log log = formatted(&nor, &shapes[3], 0);
    struct bulla_flash flash = nor_flash(&nor);
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    struct random random = {1};
    assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
    chip[32 + 3] = BULLA_LOG_DETAIL + 1;
    check_put(chip + 32);
    assert_int_equal(bulla_log_read(&log, &cursor, &record), BULLA_MORE);
    assert_int_equal(cursor.unreadable, 1);
    chip[4] = 0x7F;
    check_put(chip);
    assert_int_equal(bulla_log_open(&log, &flash), BULLA_NOT_MINE);
}

/* Whatever a chip holds: opening ends, and what it opens can be read to its end and written. */
static void anything_may_be_on_the_chip(void **state)
{
    (void)state;
    struct random random = {4};
    unsigned opened_n = 0;
    for (unsigned round = 0; round < 4000; round++) {
        struct nor nor;
        const struct shape *shape = &shapes[random_below(&random, 7)];
        struct bulla_log log = formatted(&nor, shape, (uint32_t)random_below(&random, 3) * 0x7FFFFF00);
        struct bulla_flash flash = nor_flash(&nor);
        uint32_t size = shape->sector_size * shape->n_sectors;
        for (uint64_t i = random_below(&random, 40); i > 0; i--)
            assert_int_equal(model_append(&model, &log, &random), BULLA_OK);
        for (uint64_t i = random_below(&random, 40); i > 0; i--) { /* move, repeat and spoil slots */
            uint32_t to = (uint32_t)random_below(&random, size / 32) * 32, from = (uint32_t)random_below(&random, size / 32) * 32;
            if (random_below(&random, 4) == 0)
                random_fill(&random, chip + to, 32);
            else
                memmove(chip + to, chip + from, 32);
        }
        if (bulla_log_open(&log, &flash) != BULLA_OK)
            continue;
        struct bulla_log_cursor cursor = {0};
        struct bulla_log_record record;
        uint32_t counter, before = 0;
        while (bulla_log_read(&log, &cursor, &record) == BULLA_OK) {
            assert_true(before == 0 || record.counter > before);
            before = record.counter;
        }
        for (unsigned i = 0; i < 50; i++)
            (void)!bulla_log_append(&log, &model.tried, &counter);
        opened_n++;
        assert_int_equal(nor.broken, 0);
    }
    assert_true(opened_n > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_fill_their_slots),
        cmocka_unit_test(a_record_has_its_layout),
        cmocka_unit_test(the_ring_keeps_all_but_the_oldest_sector),
        cmocka_unit_test(reading_goes_on_and_says_what_was_overwritten),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(counters_end_and_do_not_come_again),
        cmocka_unit_test(what_is_prepared_is_not_waited_for),
        cmocka_unit_test(wear_is_even_and_opening_does_not_look_everywhere),
        cmocka_unit_test(every_bit_may_rot),
        cmocka_unit_test(a_check_value_does_not_make_it_true),
        cmocka_unit_test(anything_may_be_on_the_chip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
