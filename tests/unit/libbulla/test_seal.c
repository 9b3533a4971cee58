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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_seal),
        cmocka_unit_test(a_journey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
