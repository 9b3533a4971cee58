/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: wrong shared keys and badly signed tickets at a seal that runs: counted, made slow, kept through loss of power, refused; and
 * what comes in a session and is none of it.
 */
#include "tests/unit/libbulla/proven_support.h"

static enum bulla_status guess(bool right)
{
    struct bulla_shared_key key = shared_key;
    key.subject = bulla_authority_seal(seal.maker, seal.serial);
    key.bytes[3] ^= (uint8_t)!right;
    reader.nack = reader.refusal = 0;
    return bulla_reader_session_shared(&reader, &seal, &key);
}

static void wait_ms(uint64_t ms)
{
    struct bench *bench = &air.seals[0];
    air.now_us += ms * 1000;
    bench->now = (uint32_t)(air.now_us * HZ / 1000000);
    (void)bulla_seal_turn(&bench->seal, bench->now);
}

static void refused_for_the_key(bool right)
{
    assert_int_equal(guess(right), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_AUTHORITY);
    assert_int_equal(reader.refusal, BULLA_REFUSAL_PASSWORD);
    assert_false(reader.in_session);
    assert_int_equal(reader.session.state, BULLA_SESSION_OVER); /* and what the call had made is wiped */
}

/* [WCO-9.3-P3] Five are free; then a minute, in which the right one is not taken either; each further one doubles it. */
static void wrong_keys_are_made_slow(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    const struct bulla_tries *tries = &bench->seal.tries[BULLA_SEAL_TRY_KEY];
    uint8_t got[11];
    begin(1);
    initialise();
    struct bulla_shared_key unknown = shared_key; /* one that it does not have: nothing is guessed with that */
    unknown.id[0] ^= 1;
    assert_int_equal(bulla_reader_session_shared(&reader, &seal, &unknown), BULLA_MORE);
    assert_int_equal(tries->total, 0);
    uint32_t unproven = bench->seal.counts[BULLA_IGNORED_UNPROVEN], events = bench->seal.events;
    for (unsigned i = 1; i <= BULLA_TRIES_FREE; i++) {
        refused_for_the_key(false);
        assert_int_equal(tries->wrong, i);
    }
    assert_int_equal(tries->wait_ms, BULLA_TRIES_FIRST_MS);
    uint64_t calls = bench->nor.calls;
    refused_for_the_key(true);
    assert_int_equal(bench->nor.calls, calls); /* nothing is written meanwhile */
    assert_int_equal(tries->wrong, BULLA_TRIES_FREE);
    assert_int_equal(tries->total, BULLA_TRIES_FREE + 1);
    assert_int_equal(bench->seal.counts[BULLA_IGNORED_UNPROVEN], unproven + BULLA_TRIES_FREE + 1);
    assert_int_equal(bench->seal.events, events);
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK); /* who signs need not wait for who guesses */
    assert_int_equal(tries->wrong, BULLA_TRIES_FREE);
    wait_ms(BULLA_TRIES_FIRST_MS - 10);
    refused_for_the_key(true);
    wait_ms(10);
    refused_for_the_key(false);
    assert_int_equal(tries->wait_ms, 2 * BULLA_TRIES_FIRST_MS);
    wait_ms(2 * BULLA_TRIES_FIRST_MS);
    assert_int_equal(guess(true), BULLA_OK);
    assert_int_equal(tries->wrong, BULLA_TRIES_FREE + 1); /* a call may be a recorded one */
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, sizeof got), BULLA_OK);
    assert_int_equal(tries->wrong, 0);
    assert_int_equal(tries->total, BULLA_TRIES_FREE + 3);
}

/* [WCO-9.3-P3] Who cuts the power gains nothing: the wait goes on from where it was stored, and so does their number. */
static void tries_outlive_the_power(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    const struct bulla_tries *tries = &bench->seal.tries[BULLA_SEAL_TRY_KEY];
    begin(2);
    initialise();
    for (unsigned i = 1; i <= BULLA_TRIES_FREE; i++) {
        refused_for_the_key(false);
        assert_int_equal(bench_restart(bench), BULLA_OK);
        assert_int_equal(tries->wrong, i);
        assert_int_equal(tries->total, i);
    }
    refused_for_the_key(true);
    wait_ms(BULLA_TRIES_FIRST_MS - 1000);
    assert_int_equal(bench_event(bench, BULLA_ON_LIMIT, 0), BULLA_OK); /* what is stored with it is what is left */
    assert_int_equal(bench_restart(bench), BULLA_OK);
    assert_true(tries->wait_ms <= 1000 && tries->wait_ms > 900);
    wait_ms(1000);
    assert_int_equal(guess(true), BULLA_OK);
    /* What was stored and cannot be waits the longest, and so does a state that has rotted. */
    assert_int_equal(bulla_zones_put(&bench->seal.zones, BULLA_AREA_STATE, 106, (struct bulla_bytes){(const uint8_t *)"\xFF", 1}),
                     BULLA_OK);
    assert_int_equal(bench_restart(bench), BULLA_OK);
    assert_int_equal(tries->wait_ms, BULLA_TRIES_MOST_MS);
    assert_int_equal(bench->seal.tries[BULLA_SEAL_TRY_TICKET].wait_ms, 0);
    assert_int_equal(bulla_zones_put(&bench->seal.zones, BULLA_AREA_STATE, 0, (struct bulla_bytes){(const uint8_t *)"\x02", 1}), BULLA_OK);
    assert_int_equal(bench_restart(bench), BULLA_OK);
    assert_int_equal(tries->wait_ms, BULLA_TRIES_MOST_MS);
    assert_int_equal(bench->seal.tries[BULLA_SEAL_TRY_TICKET].wait_ms, BULLA_TRIES_MOST_MS);
    assert_int_equal(bench->seal.spent, UINT32_MAX);
}

/* [WCO-9.3-P3] What is not in flash is not refused: nobody hears of it. */
static void a_try_that_is_not_stored_is_not_answered(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    uint8_t bytes[BULLA_TICKET_SIZE];
    begin(3);
    initialise();
    ticket(BULLA_TICKET_TO_SEAL, 5, bytes);
    bytes[BULLA_TICKET_SIZE - 1] ^= 1;
    bench->nor.off = true;
    assert_int_equal(bulla_reader_seal(&reader, &seal, (struct bulla_bytes){bytes, sizeof bytes}), BULLA_MORE);
    assert_int_equal(bench->seal.tries[BULLA_SEAL_TRY_TICKET].wrong, 1);
    assert_int_equal(guess(false), BULLA_MORE);
    assert_int_equal(bench->seal.tries[BULLA_SEAL_TRY_KEY].wrong, 1);
    nor_power(&bench->nor);
    refused_for_the_key(false);
    assert_int_equal(bench->seal.tries[BULLA_SEAL_TRY_KEY].wrong, 2);
}

/* [WCO-9.3-P3] Tickets that are badly signed; one for another day or used is no guess. */
static void bad_tickets_are_made_slow(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    const struct bulla_tries *tries = &bench->seal.tries[BULLA_SEAL_TRY_TICKET];
    uint8_t good[BULLA_TICKET_SIZE], bad[BULLA_TICKET_SIZE];
    const struct bulla_bytes right = {good, sizeof good}, wrong = {bad, sizeof bad};
    begin(4);
    initialise();
    ticket(BULLA_TICKET_TO_UNSEAL, 5, good);
    assert_int_equal(bulla_reader_seal(&reader, &seal, right), BULLA_REFUSED);
    assert_int_equal(tries->total, 0);
    ticket(BULLA_TICKET_TO_SEAL, 5, good);
    memcpy(bad, good, sizeof bad);
    bad[BULLA_TICKET_SIGNED + 40] ^= 4;
    for (unsigned i = 1; i <= BULLA_TRIES_FREE; i++) {
        assert_int_equal(bulla_reader_seal(&reader, &seal, wrong), BULLA_REFUSED);
        assert_int_equal(reader.nack, BULLA_NACK_AUTHORITY);
        assert_int_equal(tries->wrong, i);
    }
    assert_int_equal(bulla_reader_seal(&reader, &seal, right), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_AUTHORITY);
    assert_int_equal(bench->seal.device.state, BULLA_DEVICE_WRITTEN);
    assert_int_equal(bench_restart(bench), BULLA_OK);
    assert_int_equal(tries->wrong, BULLA_TRIES_FREE);
    assert_true(tries->wait_ms > 0);
    assert_int_equal(guess(true), BULLA_OK); /* keys have nothing to do with it */
    wait_ms(BULLA_TRIES_FIRST_MS);
    int64_t error;
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
    assert_int_equal(bulla_reader_set_clock(&reader, &seal, NOON, 20, &error), BULLA_OK);
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
    assert_int_equal(bulla_reader_seal(&reader, &seal, right), BULLA_OK);
    assert_int_equal(tries->wrong, 0);
    assert_int_equal(tries->total, BULLA_TRIES_FREE); /* while it waited nothing was written */
    assert_int_equal(bulla_reader_unseal(&reader, &seal, right), BULLA_REFUSED);
    assert_int_equal(tries->wrong, 0);
}

/* New keys, new tries. */
static void other_keys_begin_anew(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    struct bulla_condition condition;
    begin(5);
    initialise();
    for (unsigned i = 1; i <= BULLA_TRIES_FREE; i++)
        refused_for_the_key(false);
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
    const struct bulla_reader before = reader;
    assert_int_equal(bench_event(bench, BULLA_ON_BODY_OPENED, 0), BULLA_OK);
    assert_int_equal(bulla_seal_commission(&bench->seal, (struct bulla_bytes){(const uint8_t *)"keys", 4}, bench->now), BULLA_OK);
    assert_int_equal(bench->seal.tries[BULLA_SEAL_TRY_KEY].wait_ms, 0);
    uint32_t late = bench->seal.counts[BULLA_IGNORED_REPLAYED];
    reader = before; /* of the session that was: it has ended */
    reader.setup.tries = 1;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_MORE);
    assert_int_equal(bench->seal.counts[BULLA_IGNORED_REPLAYED], late + 1);
    assert_int_equal(guess(true), BULLA_OK);
}

/* ---- the ticket, and what the board has ---- */

/* A board without a receiver; a ticket for a place needs one, one that answers a challenge needs that it was given out. */
static void what_a_ticket_asks_for(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    static struct bulla_seal_ops ops;
    struct bulla_fault fault;
    uint8_t bytes[BULLA_TICKET_SIZE];
    begin(6);
    ops = bench_ops;
    ops.position = NULL;
    bench->board.ops = &ops;
    initialise();
    struct bulla_ticket t = {.operation = BULLA_TICKET_TO_SEAL,
                             .device = seal,
                             .counter = 5,
                             .from_s = NOON / 1000 - 3600,
                             .until_s = NOON / 1000 + 3600,
                             .has_challenge = true,
                             .challenge = {1}};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(bulla_ticket_sign(&suite, owner_secret, owner_public, &t), BULLA_OK);
        assert_int_equal(bulla_ticket_encode(&t, bytes, &fault), BULLA_OK);
        assert_int_equal(bulla_reader_seal(&reader, &seal, (struct bulla_bytes){bytes, sizeof bytes}), BULLA_REFUSED);
        assert_int_equal(bench->seal.spent, 0);
        t.has_challenge = false;
        memset(t.challenge, 0, sizeof t.challenge);
        t.has_place = true;
        t.lat_e7 = 312304000;
        t.radius_m = 1000;
    }
    assert_int_equal(bench->seal.tries[BULLA_SEAL_TRY_TICKET].total, 0);
    assert_int_equal(bulla_reader_seal(&reader, &seal, ticket(BULLA_TICKET_TO_SEAL, 5, bytes)), BULLA_OK);
    assert_int_equal(bench->seal.spent, 5);
}

static void handshakes_out_of_order(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    struct bulla_frame frame = {.start = BULLA_START_FFFF, .address = seal, .data = {(const uint8_t *)"0123456789012345678901234", 25}};
    begin(7);
    const uint32_t *counts = bench->seal.counts;
    frame.code = BULLA_ORDER_PROVE;
    bench_hear(bench, &frame);
    frame.code = BULLA_ORDER_WRAPPED;
    bench_hear(bench, &frame);
    assert_int_equal(bench->reply.n, 0);
    assert_int_equal(counts[BULLA_IGNORED_REPLAYED], 2);
    assert_int_equal(counts[BULLA_IGNORED_UNPROVEN], 0);
    bench->board.ops = &bare_ops; /* a board that has no place for keys */
    frame.code = BULLA_ORDER_HELLO;
    bench_hear(bench, &frame);
    assert_int_equal(bench->reply.n, 0);
    assert_int_equal(counts[BULLA_IGNORED_UNPROVEN], 1);
}

/* In a session too it is silent as long as flash fails. */
static void flash_fails_in_a_session(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    begin(8);
    initialise();
    reader.setup.tries = 1;
    const struct bulla_bytes gold = {(const uint8_t *)"gold", 4};
    bench->nor.off = true;
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, gold), BULLA_MORE);
    assert_true(bench->seal.stale);
    nor_power(&bench->nor);
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, gold), BULLA_OK);
}

/* ---- what the reader takes for an answer in a session ---- */

static const char *said;
static size_t said_n;
static unsigned said_twice;

/* The seal itself says it: other data in a record that holds. */
static void say(struct air *a, uint8_t *frame, size_t *n, bool from_seal)
{
    struct bulla_frame f;
    struct bulla_fault fault;
    enum bulla_doubt doubt;
    uint8_t header[BULLA_LINK_HEADER], record[BULLA_RECORD_MAX];
    if (!from_seal)
        return;
    assert_int_equal(bulla_frame_decode_from_seal((struct bulla_bytes){frame, *n}, BULLA_START_ANY, &f, &fault), BULLA_OK);
    bulla_link_header(&f, header);
    assert_int_equal(bulla_session_wrap(&a->seals[0].seal.open, (struct bulla_bytes){header, sizeof header},
                                        (struct bulla_bytes){(const uint8_t *)said, said_n}, record, sizeof record, &f.data.len, &doubt),
                     BULLA_OK);
    f.data.at = record;
    assert_int_equal(bulla_frame_encode_from_seal(&f, frame, BULLA_FRAME_MAX, n, &fault), BULLA_OK);
    said_twice++;
}

/* The answer to another order, or less than one, is none, even if the seal says it. */
static void a_record_answers_its_order(void **state)
{
    (void)state;
    begin(9);
    initialise();
    reader.setup.tries = 1;
    air.meddle = say;
    static const uint8_t other[] = {0, 0, BULLA_ORDER_RETURN}, same[] = {0, 0, BULLA_ORDER_SLEEP};
    said = (const char *)other;
    said_n = 3;
    assert_int_equal(bulla_reader_order(&reader, &seal, BULLA_ORDER_ACKNOWLEDGE), BULLA_DAMAGED);
    said = (const char *)same;
    assert_int_equal(bulla_reader_order(&reader, &seal, BULLA_ORDER_SLEEP), BULLA_OK);
    begin(10);
    initialise();
    reader.setup.tries = 1;
    air.meddle = say;
    said = (const char *)same;
    said_n = 2;
    assert_int_equal(bulla_reader_order(&reader, &seal, BULLA_ORDER_SLEEP), BULLA_DAMAGED);
    assert_true(said_twice == 3);
}

/* Only the seal of the session is spoken to in it; the others hear bare frames. */
static void a_session_is_with_one_seal(void **state)
{
    (void)state;
    struct bulla_condition condition;
    begin(11);
    initialise();
    struct bulla_seal *other = &air.seals[1].seal;
    const struct bulla_seal_make make = {.profile = BULLA_PROFILE_GBT, .address = {0xBEEF, 1001}, .proven = true};
    bench_init(&air.seals[1], 5);
    assert_int_equal(bulla_seal_start(other, &air.seals[1].board, &make, 0), BULLA_OK);
    air.n = 2;
    assert_int_equal(bulla_reader_status(&reader, &other->address, &condition), BULLA_OK);
    assert_int_equal(condition.belief, BULLA_BELIEF_CLAIMED);
    other->address = (struct bulla_address){0xBEEE, 1000};
    assert_int_equal(bulla_reader_status(&reader, &other->address, &condition), BULLA_OK);
    assert_int_equal(condition.belief, BULLA_BELIEF_CLAIMED);
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.belief, BULLA_BELIEF_PROVEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_keys_are_made_slow),
        cmocka_unit_test(tries_outlive_the_power),
        cmocka_unit_test(a_try_that_is_not_stored_is_not_answered),
        cmocka_unit_test(bad_tickets_are_made_slow),
        cmocka_unit_test(other_keys_begin_anew),
        cmocka_unit_test(what_a_ticket_asks_for),
        cmocka_unit_test(handshakes_out_of_order),
        cmocka_unit_test(flash_fails_in_a_session),
        cmocka_unit_test(a_record_answers_its_order),
        cmocka_unit_test(a_session_is_with_one_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
