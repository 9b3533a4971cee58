/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the reader's side against seals that run: found, identified, written, sealed, opened, read out, over an air that loses and
 * spoils; and what no answer can make it believe.
 */
#include "tests/unit/libbulla/air_support.h"

static struct air air;
static struct bulla_transport transport = {&air_ops, &air};
static struct bulla_reader reader;
static const struct bulla_reader_setup usual = {.id = 0xA11CE, .session = 0x77, .spot = {312304000, 1214737000}};

static void begin(size_t n, unsigned profile, uint64_t seed)
{
    air_init(&air, n, profile, false, seed);
    bulla_reader_open(&reader, &transport, &usual);
}

/* [WCO-4.3-A2] [ISO-4.1] */
static void all_seals_in_reach_are_found(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct bulla_found found[AIR_SEALS];
        size_t n, count = seed % (AIR_SEALS + 1);
        bool seen[AIR_SEALS] = {false};
        begin(count, seed % 2 ? BULLA_PROFILE_ISO : BULLA_PROFILE_GBT, seed);
        air.spoil = seed % 3 == 2 ? 20 : 0;
        air.lose = seed % 3 == 1 ? 20 : 0;
        assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(found[i].address.maker, 0xBEEF);
            assert_true(found[i].address.serial - 1000 < count && !seen[found[i].address.serial - 1000]);
            seen[found[i].address.serial - 1000] = true;
            assert_true(found[i].has_block);
            assert_int_equal(found[i].chain.block.number, found[i].address.serial);
            assert_string_equal(found[i].chain.block.alpha, "ABC");
        }
        if (!air.lose)
            assert_int_equal(n, count);
        else
            assert_true(n + 2 >= count);
        assert_true(count < 8 || reader.collisions > 0);
    }
}

static void more_seals_than_room(void **state)
{
    (void)state;
    struct bulla_found found[3];
    size_t n;
    begin(8, BULLA_PROFILE_GBT, 3);
    assert_int_equal(bulla_reader_find(&reader, found, 3, &n), BULLA_FULL);
    assert_int_equal(n, 3);
}

/* Who sleeps is not found until it wakes by itself. */
static void what_was_found_sleeps_for_a_while(void **state)
{
    (void)state;
    struct bulla_found found[AIR_SEALS];
    size_t n;
    begin(5, BULLA_PROFILE_GBT, 4);
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 5);
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 0);
    reader.setup.session++; /* another reader finds them all the same */
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 5);
    air.now_us += BULLA_LINK_AWAKE_MS * UINT64_C(1000);
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 5);
}

static void seal_it(const struct bulla_address *seal, struct bench *bench)
{
    int64_t error = 77;
    assert_int_equal(bulla_reader_order(&reader, seal, BULLA_ORDER_INITIALISE), BULLA_OK);
    assert_int_equal(bulla_reader_set_clock(&reader, seal, NOON, 20, &error), BULLA_OK);
    assert_int_equal(error, 0);
    assert_int_equal(bulla_reader_write(&reader, seal, BULLA_AREA_CONTAINER, 0, (struct bulla_bytes){(const uint8_t *)"MSKU9070323", 11}),
                     BULLA_OK);
    assert_int_equal(bulla_reader_seal(&reader, seal, (struct bulla_bytes){NULL, 0}), BULLA_OK);
    bench->out = false;
    assert_int_equal(bench_event(bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
}

/* [WCO-7.1-6] [GBT-5.1.3] [GBT-6.2.2] [ISO-1-1] [WCO-13.5-R5] */
static void a_journey_by_the_reader(void **state)
{
    (void)state;
    const struct bulla_address seal = air_address(1);
    struct bulla_identity identity;
    struct bulla_condition condition;
    struct bulla_reader_time time;
    uint8_t cargo[357], got[357], wanted[13] = "MSKU9070323";
    begin(3, BULLA_PROFILE_ACTIVE, 5);
    assert_int_equal(bulla_reader_identify(&reader, &seal, &identity), BULLA_OK);
    assert_int_equal(identity.belief, BULLA_BELIEF_CLAIMED);
    assert_int_equal(identity.profile, BULLA_PROFILE_ACTIVE);
    assert_int_equal(identity.model, 7);
    assert_int_equal(identity.firmware, 0x00010203);
    assert_true(identity.has_block && !identity.chain.block.secure);
    assert_int_equal(bulla_reader_clock(&reader, &seal, &time), BULLA_OK);
    assert_true(time.time_ms == BULLA_TIME_NONE && time.bound_ms == UINT32_MAX);
    assert_int_equal(bulla_reader_unseal(&reader, &seal, (struct bulla_bytes){NULL, 0}), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_SEQUENCE);
    assert_int_equal(reader.refusal, BULLA_REFUSAL_STATE);
    seal_it(&seal, &air.seals[1]);
    random_fill(&air.random, cargo, sizeof cargo);
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, (struct bulla_bytes){cargo, sizeof cargo}), BULLA_OK);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CARGO, 0, got, sizeof got), BULLA_OK);
    assert_memory_equal(got, cargo, sizeof cargo);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, 11), BULLA_OK);
    assert_memory_equal(got, wanted, 11);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CARGO, 300, got, 58), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_BOUNDARY);
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.shows, BULLA_SHOWS_SECURE);
    assert_int_equal(condition.journeys, 1);
    assert_false(condition.shackle_out);
    assert_int_equal(condition.temperature, 20);
    assert_int_equal(condition.refused, 1);
    assert_int_equal(bulla_reader_clock(&reader, &seal, &time), BULLA_OK);
    assert_true(time.time_ms >= NOON && time.time_ms < NOON + 2000);
    uint32_t value;
    assert_int_equal(bulla_reader_configure(&reader, &seal, BULLA_SETTING_INTERVAL, 900), BULLA_OK);
    assert_int_equal(bulla_reader_setting(&reader, &seal, BULLA_SETTING_INTERVAL, &value), BULLA_OK);
    assert_int_equal(value, 900);
    assert_int_equal(bulla_reader_configure(&reader, &seal, BULLA_SETTING_INTERVAL, 1), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_PARAMETER);
    assert_int_equal(bulla_reader_unseal(&reader, &seal, (struct bulla_bytes){NULL, 0}), BULLA_OK);
    assert_int_equal(air.seals[1].seal.device.state, BULLA_DEVICE_RELEASED);
    assert_int_equal(air.seals[0].seal.device.state, BULLA_DEVICE_STORED);
}

/* [WCO-13.7-1] */
static void the_log_is_read_in_pieces(void **state)
{
    (void)state;
    const struct bulla_address seal = air_address(0);
    struct bulla_reader_log log = {0};
    struct bulla_log_record record;
    struct bulla_seal_note note;
    begin(1, BULLA_PROFILE_GBT, 6);
    air.lose = 30;
    reader.setup.tries = 40;
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(bench_event(&air.seals[0], i % 2 ? BULLA_ON_DOOR_CLOSED : BULLA_ON_DOOR_OPENED, BULLA_SURFACE_LEFT_DOOR),
                         BULLA_OK);
    uint32_t last = 0, n = 0, first = 0;
    for (; bulla_reader_log(&reader, &seal, &log, &record) == BULLA_OK; n++) {
        assert_true(bulla_seal_note_decode(&record.event, &note));
        assert_true(n == 0 || record.counter == last + 1);
        first = n ? first : record.counter;
        last = record.counter;
        uint32_t nth = record.counter - air.seals[0].seal.log.start;
        assert_int_equal(note.on, nth >= 200 ? BULLA_ON_READ : nth % 2 ? BULLA_ON_DOOR_CLOSED : BULLA_ON_DOOR_OPENED);
    }
    assert_true(log.end);
    assert_true(n > 60 && n < 200); /* four sectors of 31 */
    assert_int_equal(log.overwritten, first - air.seals[0].seal.log.start);
    assert_int_equal(last + 1, air.seals[0].seal.log.next); /* reading it is in it */
    assert_int_equal(bulla_reader_log(&reader, &seal, &log, &record), BULLA_MORE);
    assert_int_equal(bench_event(&air.seals[0], BULLA_ON_DOOR_OPENED, 0), BULLA_OK);
    assert_int_equal(bulla_reader_log(&reader, &seal, &log, &record), BULLA_OK);
    assert_int_equal(record.event.kind, BULLA_ON_DOOR_OPENED);
}

/* A question is repeated, an order that would be refused the second time is not. */
static void what_is_lost_is_asked_again(void **state)
{
    (void)state;
    const struct bulla_address seal = air_address(0);
    struct bulla_condition condition;
    begin(1, BULLA_PROFILE_GBT, 7);
    seal_it(&seal, &air.seals[0]);
    air.lose = 100;
    air.sent = 0;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_MORE);
    assert_int_equal(air.sent, BULLA_READER_TRIES);
    air.sent = 0;
    assert_int_equal(bulla_reader_unseal(&reader, &seal, (struct bulla_bytes){NULL, 0}), BULLA_MORE);
    assert_int_equal(air.sent, 1);
    air.lose = 0;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.state, BULLA_DEVICE_RELEASED);
    air.spoil = 100;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_DAMAGED);
    air.broken = true;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_FAILED);
    size_t n = 7;
    struct bulla_found found[1];
    assert_int_equal(bulla_reader_find(&reader, found, 1, &n), BULLA_FAILED);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_seals_in_reach_are_found),      cmocka_unit_test(more_seals_than_room),
        cmocka_unit_test(what_was_found_sleeps_for_a_while), cmocka_unit_test(a_journey_by_the_reader),
        cmocka_unit_test(the_log_is_read_in_pieces),         cmocka_unit_test(what_is_lost_is_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
