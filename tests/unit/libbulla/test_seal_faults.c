/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: a seal that runs, when something fails: flash, motor, keys, what is in flash, and strangers.
 */
#include "tests/unit/libbulla/seal_support.h"

static struct bench bench;

static void events_that_are_none(void **state)
{
    (void)state;
    bench_init(&bench, 13);
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_int_equal(bench_event(&bench, BULLA_ON_SEAL, 0), BULLA_REFUSED);
    assert_int_equal(bench_event(&bench, BULLA_EVENTS_OF_DEVICE, 0), BULLA_REFUSED);
    assert_int_equal(bench_event(&bench, BULLA_ON_INTRUSION, 8), BULLA_REFUSED);
    assert_int_equal(bench.seal.events, 0);
}

/* The bank that was left is still to be erased, and cannot be: the event waits, and is done once. */
static void an_old_bank_that_stays_delays_an_event(void **state)
{
    (void)state;
    struct bulla_seal_note notes[64];
    bench_init(&bench, 15);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    size_t n = bench_log(&bench, notes, 64);
    bench.seal.zones.other_stale = true;
    bench.nor.off = true;
    assert_int_equal(bench_event(&bench, BULLA_ON_INTRUSION, 3), BULLA_FAILED);
    nor_power(&bench.nor);
    bench_wait(&bench, 2000);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench_log(&bench, notes, 64), n + 1);
    assert_int_equal(notes[n].surface, 3);
}

/* Events wait for flash, as many as there is room for; nobody is answered; then they are done in their order, with their times. */
static void what_happens_without_flash_waits(void **state)
{
    (void)state;
    struct bulla_seal_note notes[64];
    bench_init(&bench, 14);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    size_t n = bench_log(&bench, notes, 64);
    bench.nor.off = true;
    for (unsigned i = 0; i < BULLA_SEAL_QUEUE; i++) {
        bench_wait(&bench, 10000);
        assert_int_equal(bench_event(&bench, BULLA_ON_INTRUSION, 1 + i % 6), BULLA_FAILED);
    }
    assert_int_equal(bench_event(&bench, BULLA_ON_INTRUSION, 1), BULLA_FULL);
    assert_int_equal(bench.seal.lost, 1);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_STATUS).nack, SILENT);
    assert_int_equal(bulla_seal_commission(&bench.seal, (struct bulla_bytes){NULL, 0}, bench.now), BULLA_FAILED);
    assert_int_equal(bulla_seal_turn(&bench.seal, bench.now), 1000);
    nor_power(&bench.nor);
    bench_wait(&bench, 5000);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench_log(&bench, notes, 64), n + BULLA_SEAL_QUEUE);
    for (unsigned i = 0; i < BULLA_SEAL_QUEUE; i++) {
        assert_int_equal(notes[n + i].surface, 1 + i % 6);
        assert_int_equal(notes[n + i].time_s, NOON / 1000 + 10 * (i + 1));
    }
    struct told told = bench_order(&bench, BULLA_ORDER_STATUS);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_SHOWS], BULLA_SHOWS_TAMPERED);
    assert_true(told.status & BULLA_REPLY_SERVICE); /* one was lost */
}

static void a_motor_that_is_stuck(void **state)
{
    (void)state;
    bench_init(&bench, 15);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench.motor_stuck = true;
    bench_seal(&bench);
    assert_true(bench_order(&bench, BULLA_ORDER_STATUS).status & BULLA_REPLY_SERVICE);
    assert_int_equal(bulla_seal_turn(&bench.seal, bench.now), 1000);
    bench.motor_stuck = false;
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_true(bench.moved_to);
    assert_false(bench_order(&bench, BULLA_ORDER_STATUS).status & BULLA_REPLY_SERVICE);
}

/* Keys go before all else: as long as they do not, it is not done. */
static void keys_that_do_not_go(void **state)
{
    (void)state;
    bench_init(&bench, 16);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    bench.keys_stuck = true;
    assert_int_equal(bench_event(&bench, BULLA_ON_BODY_OPENED, 0), BULLA_FAILED);
    assert_int_equal(bench.wipes, 0);
    bench.keys_stuck = false;
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench.wipes, 1);
    assert_true(bench.seal.device.modes & BULLA_MODE(KEYLESS));
    struct bulla_link_message ask = {.code = BULLA_ORDER_COMMISSION};
    assert_int_equal(bench_ask(&bench, &ask).nack, SILENT); /* keys that are none */
    ask.rest = (struct bulla_bytes){(const uint8_t *)"keys", 4};
    bench.seal.spent = 9;
    assert_int_equal(bench_ask(&bench, &ask).nack, 0);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_STORED);
    assert_int_equal(bench.seal.spent, 0);
}

static void boards_that_cannot_be(void **state)
{
    (void)state;
    struct bulla_seal_make make = bench_make(BULLA_PROFILE_GBT);
    bench_init(&bench, 17);
    bench.seal.events = 77;
    bench.board.zones.n_sectors = 6;
    assert_int_equal(bulla_seal_start(&bench.seal, &bench.board, &make, 0), BULLA_REFUSED);
    bench.board.zones.n_sectors = 8;
    bench.board.crystal.hz = 0;
    assert_int_equal(bulla_seal_start(&bench.seal, &bench.board, &make, 0), BULLA_REFUSED);
    bench.board.crystal.hz = HZ;
    make.profile = 6;
    assert_int_equal(bulla_seal_start(&bench.seal, &bench.board, &make, 0), BULLA_REFUSED);
    make.profile = BULLA_PROFILE_GBT;
    bench.board.log.n_sectors = 1;
    assert_int_equal(bulla_seal_start(&bench.seal, &bench.board, &make, 0), BULLA_REFUSED);
    assert_int_equal(bench.seal.events, 77);
}

/* Power goes while it is made: then it is no seal yet, and is made again. What its maker wrote is there. */
static void power_may_go_while_it_is_made(void **state)
{
    (void)state;
    static const uint8_t inherent[30] = "\xE2gggggggggg20260101MAKER001 02";
    struct bulla_seal_make make = bench_make(BULLA_PROFILE_GBT);
    uint8_t got[29];
    unsigned cuts = 0;
    make.inherent = inherent;
    for (uint64_t cut = 1;; cut += 3) {
        bench_init(&bench, cut);
        bench.nor.cut_at = cut;
        if (bulla_seal_start(&bench.seal, &bench.board, &make, bench.now) == BULLA_OK)
            break;
        cuts++;
        nor_power(&bench.nor);
        enum bulla_status status = bulla_seal_start(&bench.seal, &bench.board, NULL, bench.now);
        if (status == BULLA_NOT_MINE)
            status = bulla_seal_start(&bench.seal, &bench.board, &make, bench.now);
        assert_int_equal(status, BULLA_OK);
        assert_int_equal(bench.seal.device.state, BULLA_DEVICE_STORED);
        assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_INHERENT, 0, got, 29), BULLA_OK);
        assert_memory_equal(got, inherent, 29);
    }
    assert_true(cuts > 400);
}

/* The newest entry of that zone in flash. */
static uint32_t entry_of(unsigned zone)
{
    uint32_t found = 0;
    for (uint32_t at = LOG_SECTORS * SECTOR; at + 16 < (LOG_SECTORS + 8) * SECTOR; at += 8)
        if (bench.chip[at] == 0xD1 && bench.chip[at + 2] == zone && bench.chip[at + 3] == 0)
            found = at;
    return found;
}

/* Where the state has rotted, the log says how far it was; it never shows secure, and takes no ticket. */
static void a_state_that_has_rotted(void **state)
{
    (void)state;
    bench_init(&bench, 18);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    nor_flip(&bench.nor, (entry_of(BULLA_AREA_STATE) + 20) * 8);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_SEALED);
    assert_int_equal(bulla_device_shows(&bench.seal.device), BULLA_SHOWS_UNKNOWN);
    assert_true(bench.seal.device.modes & BULLA_MODE(JOURNEY));
    assert_int_equal(bench.seal.spent, UINT32_MAX);
    assert_int_equal(bench.seal.address.serial, 0x12345678);
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_UNSEAL).nack, 0);
    bench_init(&bench, 24); /* found while it runs, because flash failed */
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    nor_flip(&bench.nor, (entry_of(BULLA_AREA_STATE) + 20) * 8);
    bench.nor.off = true;
    assert_int_equal(bench_event(&bench, BULLA_ON_LIMIT, 0), BULLA_FAILED);
    nor_power(&bench.nor);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_SEALED);
    assert_int_equal(bulla_device_shows(&bench.seal.device), BULLA_SHOWS_UNKNOWN);
}

/* The same, and the log is gone too: nobody knows, and so it is tampered with. */
static void state_and_log_that_are_gone(void **state)
{
    (void)state;
    bench_init(&bench, 19);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    memset(bench.chip, 0, LOG_SECTORS * SECTOR);
    nor_flip(&bench.nor, (entry_of(BULLA_AREA_STATE) + 20) * 8);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bulla_device_shows(&bench.seal.device), BULLA_SHOWS_TAMPERED);
}

/* The log is gone: a new one goes on with its numbers, and says last what the state knows. */
static void a_log_that_is_gone(void **state)
{
    (void)state;
    struct bulla_seal_note notes[8];
    bench_init(&bench, 20);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    uint32_t last = bench.seal.log.newest.counter;
    memset(bench.chip, 0, LOG_SECTORS * SECTOR);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bench_log(&bench, notes, 8), 2);
    assert_int_equal(notes[0].on, BULLA_ON_SHACKLE_CLOSED);
    assert_int_equal(notes[1].on, BULLA_ON_POWER_BACK);
    assert_true(bench.seal.log.start > last);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_SEALED);
}

static void an_identity_that_has_rotted(void **state)
{
    (void)state;
    bench_init(&bench, 21);
    bench_start(&bench, BULLA_PROFILE_GBT);
    nor_flip(&bench.nor, (entry_of(BULLA_AREA_IDENTITY) + 18) * 8);
    assert_int_equal(bench_restart(&bench), BULLA_DAMAGED);
}

/* A ring that has rotted is begun anew: it must not hold up what happens. */
static void a_ring_that_has_rotted(void **state)
{
    (void)state;
    bench_init(&bench, 22);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    nor_flip(&bench.nor, (entry_of(BULLA_AREA_SECURITY) + 30) * 8);
    struct bulla_link_message ask = {.code = BULLA_ORDER_READ_MEMORY, .value = {BULLA_AREA_SECURITY, 0, 10}};
    assert_int_equal(bench_ask(&bench, &ask).nack, SILENT);
    bench.out = true;
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_CUT, 0), BULLA_OK);
    assert_int_equal(bench_ask(&bench, &ask).nack, 0);
    nor_flip(&bench.nor, (entry_of(BULLA_AREA_LABEL) + 20) * 8); /* then there is no block either */
    assert_int_equal(bench_order(&bench, BULLA_ORDER_READ_DATA).nack, SILENT);
}

/* An order without permission is recorded once a minute. */
static void strangers_do_not_fill_the_log(void **state)
{
    (void)state;
    struct bulla_seal_make make = bench_make(BULLA_PROFILE_GBT);
    struct bulla_seal_note note;
    make.proven = true;
    bench_init(&bench, 23);
    assert_int_equal(bulla_seal_start(&bench.seal, &bench.board, &make, bench.now), BULLA_OK);
    for (unsigned i = 0; i < 180; i++) {
        assert_int_equal(bench_order(&bench, BULLA_ORDER_RETIRE).nack, BULLA_NACK_AUTHORITY);
        bench_wait(&bench, 1000);
    }
    assert_int_equal(bench_log(&bench, &note, 1), 1);
    assert_int_equal(note.on, BULLA_ON_RETIRE);
    assert_int_equal(bench.seal.log.next - bench.seal.log.start, 3);
    assert_int_equal(bench.seal.device.refused, 180);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_STORED);
}

/* A state that is whole and cannot be is no state: of another form or profile, or no number of the table. */
static void states_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        uint16_t at;
        uint8_t byte;
    } wrong[] = {{0, 9}, {1, BULLA_PROFILE_ACTIVE}, {2, 99}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bench_init(&bench, 30 + i);
        bench_start(&bench, BULLA_PROFILE_GBT);
        bench_seal(&bench);
        assert_int_equal(bulla_zones_put(&bench.seal.zones, BULLA_AREA_STATE, wrong[i].at, (struct bulla_bytes){&wrong[i].byte, 1}),
                         BULLA_OK);
        if (i == 2) { /* and the log has a state that there is not */
            uint32_t counter;
            assert_int_equal(bulla_log_append(&bench.seal.log, &(struct bulla_log_event){.state = 77}, &counter), BULLA_OK);
        }
        assert_int_equal(bench_restart(&bench), BULLA_OK);
        assert_int_equal(bulla_device_shows(&bench.seal.device), i == 2 ? BULLA_SHOWS_TAMPERED : BULLA_SHOWS_UNKNOWN);
    }
    bench_init(&bench, 33); /* in stock there is no journey to be unsure of */
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_INITIALISE).nack, 0);
    nor_flip(&bench.nor, (entry_of(BULLA_AREA_STATE) + 20) * 8);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_INITIALISED);
    assert_false(bench.seal.device.modes & BULLA_MODE(JOURNEY));
}

/* What has no date does not go into a ring; the log has it. */
static void without_a_clock(void **state)
{
    (void)state;
    uint8_t first;
    struct bulla_seal_note notes[16];
    bench_init(&bench, 34);
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_INITIALISE).nack, 0);
    assert_int_equal(bench_set_clock(&bench, NOON).nack, 0);
    assert_int_equal(bench_write(&bench, BULLA_AREA_CONTAINER, 0, "MSKU9070323", 11).nack, 0);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    bench.out = false;
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
    assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_SECURITY, 1, &first, 1), BULLA_OK);
    assert_int_equal(first, ' ');
    size_t n = bench_log(&bench, notes, 16);
    assert_int_equal(notes[n - 1].on, BULLA_ON_SHACKLE_CLOSED);
    assert_false(notes[n - 1].clock_set);
}

/* A board that has nothing but randomness and a shackle. */
static void a_bare_board(void **state)
{
    (void)state;
    const struct bulla_link_message keys = {.code = BULLA_ORDER_COMMISSION, .rest = {(const uint8_t *)"keys", 4}};
    bench_init(&bench, 35);
    bench.board.ops = &bare_ops;
    bench_start(&bench, BULLA_PROFILE_ACTIVE);
    bench_seal(&bench);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench_event(&bench, BULLA_ON_INTRUSION, BULLA_SURFACE_ROOF), BULLA_OK);
    bench.nor.fail_at = bench.nor.calls + 12;
    (void)bench_event(&bench, BULLA_ON_INTRUSION, BULLA_SURFACE_FLOOR);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_RETIRE).nack, 0);
    assert_int_equal(bench_ask(&bench, &keys).nack, SILENT); /* it takes none */
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_RETIRED);
    assert_int_equal(bulla_seal_commission(&bench.seal, (struct bulla_bytes){NULL, 0}, bench.now), BULLA_FAILED);
}

/* Each call of flash fails while it is asked: it is silent, and answers the next time. */
static void reading_fails(void **state)
{
    (void)state;
    const struct bulla_link_message asks[] = {
        {.code = BULLA_ORDER_READ_DATA},
        {.code = BULLA_ORDER_READ_LOG, .value = {0, 6}},
        {.code = BULLA_ORDER_READ_MEMORY, .value = {BULLA_AREA_CONTAINER, 0, 20}},
    };
    bench_init(&bench, 36);
    bench_start(&bench, BULLA_PROFILE_ISO);
    assert_int_equal(bench_write(&bench, BULLA_AREA_LABEL, 0, "MSKU9070323\x5e\xed", 13).nack, 0);
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        for (uint64_t nth = 1;; nth++) {
            nor_power(&bench.nor);
            bench.nor.fail_at = nth;
            unsigned nack = bench_ask(&bench, &asks[i]).nack;
            if (bench.nor.calls < nth) {
                assert_int_equal(nack, 0);
                break;
            }
            assert_true(nack == SILENT || nack == 0);
            nor_power(&bench.nor);
            assert_int_equal(bench_ask(&bench, &asks[i]).nack, 0);
        }
    /* The rest of a reading makes no record, and fails all the same. */
    struct bulla_link_message more = asks[1];
    more.value[0] = bench_ask(&bench, &asks[1]).message.value[BULLA_ANSWER_READ_LOG_NEXT];
    more.value[0] = bench.seal.place.next = bench.seal.log.newest.counter;
    bench.nor.off = true;
    assert_int_equal(bench_ask(&bench, &more).nack, SILENT);
    nor_power(&bench.nor);
    assert_int_equal(bench_ask(&bench, &more).nack, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_are_none),
        cmocka_unit_test(an_old_bank_that_stays_delays_an_event),
        cmocka_unit_test(what_happens_without_flash_waits),
        cmocka_unit_test(a_motor_that_is_stuck),
        cmocka_unit_test(keys_that_do_not_go),
        cmocka_unit_test(boards_that_cannot_be),
        cmocka_unit_test(power_may_go_while_it_is_made),
        cmocka_unit_test(a_state_that_has_rotted),
        cmocka_unit_test(state_and_log_that_are_gone),
        cmocka_unit_test(a_log_that_is_gone),
        cmocka_unit_test(an_identity_that_has_rotted),
        cmocka_unit_test(a_ring_that_has_rotted),
        cmocka_unit_test(strangers_do_not_fill_the_log),
        cmocka_unit_test(states_that_cannot_be),
        cmocka_unit_test(without_a_clock),
        cmocka_unit_test(a_bare_board),
        cmocka_unit_test(reading_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
