/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: a seal that runs, heard and answered: its orders, its journey, what it ignores.
 */
#include "tests/unit/libbulla/seal_support.h"

#include "bulla/gbt.h"

static struct bench bench;

static void a_new_seal(void **state)
{
    (void)state;
    bench_init(&bench, 1);
    assert_int_equal(bulla_seal_start(&bench.seal, &bench.board, NULL, bench.now), BULLA_NOT_MINE);
    bench_start(&bench, BULLA_PROFILE_GBT);
    struct told told = bench_order(&bench, BULLA_ORDER_MODEL);
    assert_int_equal(told.nack, 0);
    assert_int_equal(told.message.value[BULLA_ANSWER_MODEL_MODEL], 7);
    assert_int_equal(told.message.value[BULLA_ANSWER_MODEL_PROFILE], BULLA_PROFILE_GBT);
    told = bench_order(&bench, BULLA_ORDER_FIRMWARE);
    assert_int_equal(told.message.value[BULLA_ANSWER_FIRMWARE_VERSION], 0x00010203);
    told = bench_order(&bench, BULLA_ORDER_STATUS);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_STATE], BULLA_DEVICE_STORED);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_SHOWS], BULLA_SHOWS_NOT_SEALED);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_BATTERY], 90);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_TEMPERATURE], 20);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_SHACKLE], 1);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_KEYS], 0);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_NEXT], bench.seal.log.start);
    assert_int_equal(told.status & BULLA_REPLY_KIND, BULLA_PROFILE_GBT << 3);
    assert_int_equal(bench_ask(&bench, &(struct bulla_link_message){.code = BULLA_ORDER_BEEP, .value = {3}}).nack, 0);
    assert_int_equal(bench.beeps, 3);
}

/* [GBT-7.1.8] [GBT-3.2] [GBT-4.2.1] [WCO-4.3-F2] */
static void a_journey(void **state)
{
    (void)state;
    struct bulla_seal_note notes[32];
    struct bulla_gbt record;
    struct bulla_fault fault;
    uint8_t bytes[BULLA_GBT_MANDATORY];
    bench_init(&bench, 2);
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_SEAL).refusal, BULLA_REFUSAL_STATE);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_INITIALISE).nack, 0);
    struct told told = bench_permit(&bench, BULLA_ORDER_SEAL);
    assert_int_equal(told.nack, BULLA_NACK_SEQUENCE);
    assert_int_equal(told.refusal, BULLA_REFUSAL_CLOCK);
    bench_seal(&bench);
    assert_true(bench.moved && bench.moved_to);
    told = bench_order(&bench, BULLA_ORDER_STATUS);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_SHOWS], BULLA_SHOWS_SECURE);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_JOURNEYS], 1);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_REFUSED], 2);
    bench_wait(&bench, 3600000);
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_UNSEAL).nack, 0);
    assert_true(bench.moved && !bench.moved_to);
    bench.out = true;
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_OPENED, 0), BULLA_OK);

    size_t n = bench_log(&bench, notes, 32);
    static const uint8_t expected[] = {BULLA_ON_INITIALISE, BULLA_ON_INITIALISE,     BULLA_ON_CALIBRATE, BULLA_ON_WRITE,
                                       BULLA_ON_SEAL,       BULLA_ON_SHACKLE_CLOSED, BULLA_ON_UNSEAL,    BULLA_ON_SHACKLE_OPENED};
    assert_int_equal(n, sizeof expected);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(notes[i].on, expected[i]);
    assert_false(notes[0].clock_set);
    assert_true(notes[2].clock_set);
    assert_int_equal(notes[4].time_s, NOON / 1000);
    assert_int_equal(notes[4].who, 0xC0FFEE);
    assert_int_equal(notes[4].belief, BULLA_BELIEF_CLAIMED);
    assert_int_equal(notes[4].order, BULLA_ORDER_SEAL);
    assert_int_equal(notes[5].before, BULLA_DEVICE_ARMED);
    assert_int_equal(notes[5].state, BULLA_DEVICE_SEALED);
    assert_int_equal(notes[5].passage, BULLA_PASSAGE_CLOSED_AUTHORISED);
    assert_int_equal(notes[5].belief, BULLA_BELIEF_ITSELF);
    assert_int_equal(notes[5].spot.lat_e7, 312304000);
    assert_int_equal(notes[7].time_s, NOON / 1000 + 3600);
    assert_int_equal(notes[7].passage, BULLA_PASSAGE_OPENED_AUTHORISED);

    assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_INHERENT, 0, bytes, 29), BULLA_OK);
    assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_CONTAINER, 0, bytes + 29, 88), BULLA_OK);
    assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_SECURITY, 0, bytes + 117, 249), BULLA_OK);
    assert_int_equal(bulla_gbt_over(bytes, sizeof bytes, BULLA_GBT_READING_RING, &record, &fault), BULLA_OK);
    struct bulla_bytes value;
    assert_int_equal(bulla_gbt_get(&record, BULLA_GBT_CLOSED_AT, 0, &value, &fault), BULLA_OK);
    assert_true(bulla_bytes_is(value, "20260101120000"));
    assert_int_equal(bulla_gbt_get(&record, BULLA_GBT_OPENED_AT, 0, &value, &fault), BULLA_OK);
    assert_true(bulla_bytes_is(value, "20260101130000"));
    assert_int_equal(bulla_gbt_get(&record, BULLA_GBT_OPENED_PLACE, 0, &value, &fault), BULLA_OK);
    assert_true(bulla_bytes_is(value, "+31.23040+121.47370"));
}

/* ---- what it hears ---- */

static void hear_bytes(const uint8_t *bytes, size_t n)
{
    bulla_seal_hear(&bench.seal, (struct bulla_bytes){bytes, n}, bench.now, &bench.reply);
}

static void what_is_not_for_it_does_nothing_but_count(void **state)
{
    (void)state;
    uint8_t bytes[BULLA_FRAME_MAX];
    size_t n;
    struct bulla_fault fault;
    struct bulla_frame frame = {.start = BULLA_START_0000, .code = BULLA_ORDER_STATUS, .address = {0xBEEF, 0x12345678}};
    bench_init(&bench, 3);
    bench_start(&bench, BULLA_PROFILE_GBT);
    const uint32_t *counts = bench.seal.counts;
    assert_int_equal(bulla_frame_encode_to_seal(&frame, bytes, sizeof bytes, &n, &fault), BULLA_OK);
    hear_bytes(bytes, n);
    assert_true(bench.reply.n > 0); /* the other start of the CRC, answered alike */
    assert_int_equal(bulla_frame_decode_from_seal((struct bulla_bytes){bench.reply.bytes, bench.reply.n}, BULLA_START_0000, &frame, &fault),
                     BULLA_OK);
    bytes[n - 1] ^= 1;
    hear_bytes(bytes, n);
    assert_int_equal(bench.reply.n, 0);
    assert_int_equal(counts[BULLA_IGNORED_DAMAGED], 1);
    hear_bytes(bytes, n - 1);
    assert_int_equal(counts[BULLA_IGNORED_DAMAGED], 2);
    hear_bytes((const uint8_t *)"\x41", 1); /* another protocol */
    assert_int_equal(counts[BULLA_IGNORED_DAMAGED], 2);
    frame = (struct bulla_frame){.start = BULLA_START_FFFF, .code = BULLA_ORDER_STATUS, .address = {0xBEEF, 0x12345679}};
    bench_hear(&bench, &frame);
    frame.address = (struct bulla_address){0xBEEE, 0x12345678};
    bench_hear(&bench, &frame);
    assert_int_equal(bench.reply.n, 0);
    assert_int_equal(counts[BULLA_IGNORED_UNKNOWN], 0);
    frame = (struct bulla_frame){.start = BULLA_START_FFFF, .code = 0x7E, .address = {0xBEEF, 0x12345678}};
    bench_hear(&bench, &frame);
    assert_int_equal(counts[BULLA_IGNORED_UNKNOWN], 1);
    frame.to_all = true;
    frame.code = BULLA_ORDER_STATUS;
    bench_hear(&bench, &frame);
    assert_int_equal(counts[BULLA_IGNORED_UNKNOWN], 2);
    frame.code = BULLA_ORDER_COLLECT; /* without arguments */
    bench_hear(&bench, &frame);
    assert_int_equal(counts[BULLA_IGNORED_UNKNOWN], 3);
    assert_int_equal(bench.reply.n, 0);
    frame.to_all = false; /* to one, it is told why */
    bench_hear(&bench, &frame);
    assert_int_equal(bench.reply.bytes[14 - 1], BULLA_NACK_PARAMETER);
    frame.code = BULLA_ORDER_WRAPPED;
    bench_hear(&bench, &frame);
    frame.code = BULLA_ORDER_PROVE;
    bench_hear(&bench, &frame);
    frame.code = BULLA_ORDER_HELLO;
    bench_hear(&bench, &frame);
    assert_int_equal(bench.reply.n, 0);
    assert_int_equal(counts[BULLA_IGNORED_REPLAYED] + counts[BULLA_IGNORED_UNPROVEN], 3);
    assert_int_equal(bench.seal.events, 0);
    for (unsigned i = 0; i < BULLA_IGNORED; i++)
        bench.seal.counts[i] = UINT32_MAX;
    hear_bytes(bytes, n);
    assert_int_equal(counts[BULLA_IGNORED_DAMAGED], UINT32_MAX);
}

static void areas_have_ends_and_owners(void **state)
{
    (void)state;
    bench_init(&bench, 4);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    struct bulla_link_message ask = {.code = BULLA_ORDER_READ_MEMORY, .value = {7, 0, 10}};
    assert_int_equal(bench_ask(&bench, &ask).nack, BULLA_NACK_NOT_FOUND);
    ask.value[0] = BULLA_AREA_STATE;
    assert_int_equal(bench_ask(&bench, &ask).nack, BULLA_NACK_NOT_FOUND);
    ask = (struct bulla_link_message){.code = BULLA_ORDER_READ_MEMORY, .value = {BULLA_AREA_SECURITY, 250, 10}};
    assert_int_equal(bench_ask(&bench, &ask).nack, BULLA_NACK_BOUNDARY);
    uint32_t events = bench.seal.events;
    ask.value[1] = 245;
    struct told told = bench_ask(&bench, &ask);
    assert_int_equal(told.message.rest.len, 4);
    assert_int_equal(told.message.value[BULLA_ANSWER_READ_MEMORY_SIZE], 249);
    ask.value[1] = 249; /* goes on, and is at its end */
    assert_int_equal(bench_ask(&bench, &ask).message.rest.len, 0);
    assert_int_equal(bench.seal.events, events + 1);
    ask.value[1] = 0;
    told = bench_ask(&bench, &ask);
    assert_int_equal(told.message.rest.at[0], 'Y');
    assert_int_equal(bench.seal.events, events + 2);
    ask.value[1] = 10;
    bench.seal.place.who ^= 1; /* another reader has read up to there */
    (void)bench_ask(&bench, &ask);
    assert_int_equal(bench.seal.events, events + 3);
    ask.value[1] = 20;
    ask.value[0] = BULLA_AREA_CONTAINER; /* not where it would go on */
    (void)bench_ask(&bench, &ask);
    assert_int_equal(bench.seal.events, events + 4);
    assert_int_equal(bench_write(&bench, 7, 0, "x", 1).nack, BULLA_NACK_NOT_FOUND);
    assert_int_equal(bench_write(&bench, BULLA_AREA_INHERENT, 0, "x", 1).nack, BULLA_NACK_READ_ONLY);
    assert_int_equal(bench_write(&bench, BULLA_AREA_SECURITY, 0, "x", 1).nack, BULLA_NACK_READ_ONLY);
    assert_int_equal(bench_write(&bench, BULLA_AREA_CARGO, 356, "xx", 2).nack, BULLA_NACK_BOUNDARY);
    assert_int_equal(bench_write(&bench, BULLA_AREA_CARGO, 356, "x", 1).nack, 0);
    struct told refused = bench_write(&bench, BULLA_AREA_CONTAINER, 0, "x", 1);
    assert_int_equal(refused.nack, BULLA_NACK_SEQUENCE);
    assert_int_equal(refused.refusal, BULLA_REFUSAL_JOURNEY);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_LOCATE).nack, BULLA_NACK_CODE); /* it has no receiver */
    assert_int_equal(bench_order(&bench, BULLA_ORDER_COMMISSION).nack, BULLA_NACK_SEQUENCE);
    assert_int_equal(bench_event(&bench, BULLA_ON_INTRUSION, BULLA_SURFACE_ROOF), BULLA_OK);
    ask = (struct bulla_link_message){.code = BULLA_ORDER_READ_MEMORY, .value = {BULLA_AREA_SECURITY, 0, 1}};
    assert_int_equal(bench_ask(&bench, &ask).message.rest.at[0], 'N');
}

static bool collect(unsigned window, unsigned longest, struct bulla_frame *answer)
{
    return bench_ask_as(&bench, true, &(struct bulla_link_message){.code = BULLA_ORDER_COLLECT, .value = {window, longest, 0}}, answer);
}

/* [WCO-4.3-A2] */
static void collections(void **state)
{
    (void)state;
    struct bulla_frame answer;
    unsigned slots[5] = {0};
    bench_init(&bench, 5);
    bench_start(&bench, BULLA_PROFILE_GBT);
    for (unsigned i = 0; i < 400; i++) {
        assert_true(collect(4, 0, &answer));
        assert_true(bench.reply.slot >= 1 && bench.reply.slot <= 4);
        slots[bench.reply.slot]++;
    }
    for (unsigned i = 1; i <= 4; i++)
        assert_true(slots[i] > 60);
    assert_true(collect(1, 32, &answer));
    assert_int_equal(bench.reply.n, 32);
    assert_false(collect(1, 31, &answer));
    bench.no_random = true;
    assert_false(collect(4, 0, &answer));
    bench.no_random = false;
    struct bulla_link_message sleep = {.code = BULLA_ORDER_SLEEP_ALL_BUT, .value = {0xBEEF, 0x12345678}};
    assert_false(bench_ask_as(&bench, true, &sleep, &answer));
    assert_true(collect(4, 0, &answer));
    sleep.value[0]++;
    assert_false(bench_ask_as(&bench, true, &sleep, &answer));
    assert_false(collect(4, 0, &answer));
    bench_wait(&bench, BULLA_LINK_AWAKE_MS);
    assert_true(collect(4, 0, &answer));
    sleep.value[0]--;
    sleep.value[1]++;
    assert_false(bench_ask_as(&bench, true, &sleep, &answer));
    assert_false(collect(4, 0, &answer));
}

/* ---- other kinds ---- */

static struct bulla_chain chain_now(void)
{
    struct bulla_chain chain;
    struct bulla_fault fault;
    struct told told = bench_order(&bench, BULLA_ORDER_READ_DATA);
    assert_int_equal(told.nack, 0);
    assert_int_equal(bulla_chain_decode(told.message.rest, BULLA_READING_TABLE, BULLA_START_FFFF, &chain, &fault), BULLA_OK);
    return chain;
}

/* [WCO-1-6] [ISO-5.3.2b] [ISO-5.2.3] Secure, then tampered with, and never back; read-only once it is armed. */
static void the_iso_seal(void **state)
{
    (void)state;
    bench_init(&bench, 6);
    bench_start(&bench, BULLA_PROFILE_ISO);
    assert_int_equal(bench_write(&bench, BULLA_AREA_LABEL, 0, "MSKU9070323\x5e\xed", 13).nack, 0);
    struct bulla_chain chain = chain_now();
    assert_false(chain.block.secure || chain.block.extended);
    assert_string_equal(chain.block.container, "MSKU9070323");
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_SEAL).nack, 0);
    assert_int_equal(bench_write(&bench, BULLA_AREA_LABEL, 0, "X", 1).nack, BULLA_NACK_READ_ONLY);
    bench.out = false;
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
    chain = chain_now();
    assert_true(chain.block.secure && chain.block.extended && chain.block.battery_good);
    assert_int_equal(chain.extension.random, 0x5EED);
    assert_int_equal(chain.block.maker, 0xEF);
    assert_int_equal(bulla_block_judge(&chain.block, &chain.extension, 0x5EED), BULLA_EVIDENCE_SECURE);
    assert_int_equal(bench_event(&bench, BULLA_ON_DOOR_OPENED, BULLA_SURFACE_RIGHT_DOOR), BULLA_OK);
    for (unsigned i = 0; i < 3; i++) {
        chain = chain_now();
        assert_false(chain.block.secure);
        assert_int_equal(chain.extension.random, 0);
        assert_int_equal(bulla_block_judge(&chain.block, &chain.extension, 0x5EED), BULLA_EVIDENCE_TAMPERED);
        assert_int_equal(bench_restart(&bench), BULLA_OK);
        assert_int_not_equal(bench_permit(&bench, BULLA_ORDER_SEAL).nack, 0);
    }
    assert_int_equal(bench_order(&bench, BULLA_ORDER_INITIALISE).refusal, BULLA_REFUSAL_SINGLE_USE);
    assert_int_equal(bench_set_clock(&bench, NOON).nack, BULLA_NACK_CODE);
}

/* A container number that is none is kept, and left out of the block; letters that are none as well. */
static void a_block_says_what_it_can(void **state)
{
    (void)state;
    bench_init(&bench, 7);
    struct bulla_seal_make make = bench_make(BULLA_PROFILE_ISO);
    memcpy(make.alpha, "a1", 2);
    assert_int_equal(bulla_seal_start(&bench.seal, &bench.board, &make, bench.now), BULLA_OK);
    assert_int_equal(bench_write(&bench, BULLA_AREA_LABEL, 0, "MSKU9070324", 11).nack, 0);
    struct bulla_chain chain = chain_now();
    assert_string_equal(chain.block.container, "");
    assert_string_equal(chain.block.alpha, "");
    assert_int_equal(chain.block.number, 0x2345678);
}

/* A seal without a battery has no log and notices nothing by itself; broken, it is void. */
static void the_passive_seal(void **state)
{
    (void)state;
    bench_init(&bench, 8);
    bench.board.ops = &bare_ops;
    bench_start(&bench, BULLA_PROFILE_PASSIVE);
    assert_int_equal(bench_write(&bench, BULLA_AREA_LABEL, 0, "MSKU9070323", 11).nack, 0);
    assert_int_equal(bench_write(&bench, BULLA_AREA_LABEL, 0, "X", 1).nack, BULLA_NACK_READ_ONLY);
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_SEAL).refusal, BULLA_REFUSAL_OPEN);
    bench.out = false;
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_SEAL).nack, 0);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_SEALED);
    struct told told = bench_order(&bench, BULLA_ORDER_STATUS);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_SHOWS], BULLA_SHOWS_SECURE);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_BATTERY], 100);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_TEMPERATURE], 0x80);
    assert_int_equal(bench_ask(&bench, &(struct bulla_link_message){.code = BULLA_ORDER_BEEP, .value = {1}}).nack, 0);
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_CUT, 0), BULLA_OK);
    told = bench_order(&bench, BULLA_ORDER_STATUS);
    assert_int_equal(told.refusal, BULLA_REFUSAL_VOID);
    assert_true(told.status & BULLA_REPLY_ALARM);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_BROKEN);
    assert_int_equal(bench.seal.log.next, bench.seal.log.start);
    assert_int_equal(bulla_seal_turn(&bench.seal, bench.now), BULLA_SEAL_TURN_MS);
}

/* ---- time ---- */

static void turn_for(uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds; i += 30) {
        bench_wait(&bench, 30000);
        (void)bulla_seal_turn(&bench.seal, bench.now);
    }
}

static void a_permission_ends(void **state)
{
    (void)state;
    bench_init(&bench, 9);
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_INITIALISE).nack, 0);
    assert_int_equal(bench_set_clock(&bench, NOON).nack, 0);
    assert_int_equal(bench_write(&bench, BULLA_AREA_CONTAINER, 0, "MSKU9070323", 11).nack, 0);
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_SEAL).nack, 0);
    assert_int_equal(bulla_seal_turn(&bench.seal, bench.now), BULLA_SEAL_TURN_MS);
    bench_wait(&bench, (uint32_t)BULLA_SEAL_PERMIT_MS - 1000);
    assert_in_range(bulla_seal_turn(&bench.seal, bench.now), 999, 1001);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_ARMED);
    bench_wait(&bench, 1100);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_WRITTEN);
    assert_false(bench.seal.permit.runs);
    bench.out = false;
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_CLOSED);
}

/* [WCO-4.3-B1] */
static void the_battery_and_the_clock_are_watched(void **state)
{
    (void)state;
    struct bulla_seal_note notes[64];
    bench_init(&bench, 10);
    bench.celsius_milli = 25000; /* where its crystal is exact */
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    bench.battery = BULLA_SEAL_BATTERY_LOW + 1;
    turn_for(30);
    assert_false(bench.seal.device.modes & BULLA_MODE(LOW));
    bench.battery = BULLA_SEAL_BATTERY_LOW;
    turn_for(90);
    assert_true(bench.seal.device.modes & BULLA_MODE(LOW));
    assert_true(bench_order(&bench, BULLA_ORDER_STATUS).status & BULLA_REPLY_SERVICE);
    assert_false(chain_now().block.battery_good);
    bench.battery = BULLA_SEAL_BATTERY_LOW + 4;
    turn_for(30);
    assert_true(bench.seal.device.modes & BULLA_MODE(LOW));
    bench.battery = BULLA_SEAL_BATTERY_LOW + 5;
    turn_for(60);
    assert_false(bench.seal.device.modes & BULLA_MODE(LOW));
    assert_int_equal(bench_order(&bench, BULLA_ORDER_GET_CLOCK).message.value[BULLA_ANSWER_GET_CLOCK_TIME],
                     NOON + 210000);                  /* seven turns */
    for (unsigned hour = 0; hour < 31 * 24; hour++) { /* after a month it may be more than a minute wrong */
        bench_wait(&bench, 3600000);
        (void)bulla_seal_turn(&bench.seal, bench.now);
    }
    size_t n = bench_log(&bench, notes, 64);
    assert_int_equal(notes[n - 1].on, BULLA_ON_CLOCK_LOST);
    assert_int_equal(notes[n - 2].on, BULLA_ON_BATTERY_GOOD);
    assert_int_equal(notes[n - 3].on, BULLA_ON_BATTERY_LOW);
    assert_int_equal(notes[n - 4].on, BULLA_ON_SHACKLE_CLOSED);
    struct told told = bench_set_clock(&bench, NOON + INT64_C(31) * 86400000 + 210000 + 100000);
    assert_int_equal((int64_t)told.message.value[BULLA_ANSWER_SET_CLOCK_ERROR], -100000);
    assert_int_equal(told.message.value[BULLA_ANSWER_SET_CLOCK_VIOLATED], 1);
    assert_int_equal(bench_set_clock(&bench, INT64_MAX).nack, BULLA_NACK_PARAMETER);
}

/* Reports by schedule, silence in flight, and where it is. */
static void the_active_seal(void **state)
{
    (void)state;
    struct bulla_frame answer;
    bench_init(&bench, 11);
    bench_start(&bench, BULLA_PROFILE_ACTIVE);
    bench_seal(&bench);
    unsigned shows = bench.shows;
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench.shows, shows + 1);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench.shows, shows + 1); /* nothing looks otherwise */
    struct told told = bench_order(&bench, BULLA_ORDER_LOCATE);
    assert_int_equal((int32_t)told.message.value[BULLA_ANSWER_LOCATE_LATITUDE], 312304000); /* as the reader said */
    bench.spot = (struct bulla_spot){-338688000, -1512093000};
    told = bench_order(&bench, BULLA_ORDER_LOCATE);
    assert_int_equal((int32_t)told.message.value[BULLA_ANSWER_LOCATE_LONGITUDE], -1512093000);
    unsigned reports = bench.reports;
    turn_for(3600);
    assert_int_equal(bench.reports, reports + 6);
    assert_int_equal(bench.reported.on, BULLA_ON_REPORT_DUE);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_FLIGHT_BEGIN).nack, 0);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_STATUS).nack, SILENT);
    reports = bench.reports;
    assert_int_equal(bench_event(&bench, BULLA_ON_INTRUSION, BULLA_SURFACE_FLOOR), BULLA_OK);
    turn_for(3600);
    assert_int_equal(bench.reports, reports);
    assert_false(bench_ask_as(&bench, true, &(struct bulla_link_message){.code = BULLA_ORDER_FLIGHT_END}, &answer));
    assert_int_equal(bench.reports, reports + 1);
    told = bench_order(&bench, BULLA_ORDER_STATUS);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_SHOWS], BULLA_SHOWS_TAMPERED);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_ACKNOWLEDGE).nack, 0);
    assert_int_equal(bench_ask(&bench, &(struct bulla_link_message){.code = BULLA_ORDER_CONFIGURE, .value = {0, 29}}).nack,
                     BULLA_NACK_PARAMETER);
    assert_int_equal(bench_ask(&bench, &(struct bulla_link_message){.code = BULLA_ORDER_CONFIGURE, .value = {0, 60}}).nack, 0);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bench.seal.settings.value[BULLA_SETTING_INTERVAL], 60);
    assert_int_equal(bench.seal.spot.lat_e7, -338688000);
    bench.celsius_milli = 200000;
    told = bench_order(&bench, BULLA_ORDER_STATUS);
    assert_int_equal(told.message.value[BULLA_ANSWER_STATUS_TEMPERATURE], 0x80);
}

/* South and west in a ring; and no place at all. */
static void places_in_rings(void **state)
{
    (void)state;
    uint8_t place[20];
    bench_init(&bench, 12);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench.spot = (struct bulla_spot){-338688000, -1512093000};
    bench_seal(&bench);
    assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_SECURITY, 43, place, 20), BULLA_OK);
    assert_memory_equal(place, "-33.86880-151.20930 ", 20);
    bench.spot.lat_e7 = BULLA_NO_COORDINATE;
    bench.seal.spot = bench.spot;
    bench.out = true;
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_OPENED, 0), BULLA_OK);
    assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_SECURITY, 1 + 42 + 60 + 8 + 14 + 42, place, 20), BULLA_OK);
    assert_memory_equal(place, "                    ", 20);
}

static void words(void **state)
{
    (void)state;
    struct bulla_log_event event = {.n = BULLA_LOG_DETAIL - 1};
    struct bulla_seal_note note;
    assert_false(bulla_seal_note_decode(&event, &note));
    assert_string_equal(bulla_area_text(BULLA_AREA_CARGO), "cargo");
    assert_string_equal(bulla_area_text(99), "");
    assert_string_equal(bulla_surface_text(BULLA_SURFACE_ROOF), "roof");
    assert_string_equal(bulla_belief_text(BULLA_BELIEF_PROVEN), "proven");
    assert_string_equal(bulla_ignored_text(BULLA_IGNORED_REPLAYED), "replayed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_seal),
        cmocka_unit_test(a_journey),
        cmocka_unit_test(what_is_not_for_it_does_nothing_but_count),
        cmocka_unit_test(areas_have_ends_and_owners),
        cmocka_unit_test(collections),
        cmocka_unit_test(the_iso_seal),
        cmocka_unit_test(a_block_says_what_it_can),
        cmocka_unit_test(the_passive_seal),
        cmocka_unit_test(a_permission_ends),
        cmocka_unit_test(the_battery_and_the_clock_are_watched),
        cmocka_unit_test(the_active_seal),
        cmocka_unit_test(places_in_rings),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
