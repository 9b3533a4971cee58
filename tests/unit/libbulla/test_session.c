/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: a reader and a seal prove themselves to each other and say something after that.
 */
#include "suite/suite.h"
#include "tests/unit/libbulla/trust_support.h"

static const unsigned all_suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_INTERNATIONAL_256, BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};

#define SUITES (sizeof all_suites / sizeof *all_suites)

/* With every suite, and the messages fit into frames. [WCO-9.3-S3] [WCO-4.3-E2] */
static void both_prove_themselves(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SUITES; i++) {
        struct world world;
        struct talk talk;
        world_make(&world, all_suites[i], 1 + i);
        talk_until(&talk, &world, 4);
        assert_in_range(talk.call.n, 34, 35);
        assert_in_range(talk.answer.n, 234, BULLA_SESSION_MESSAGE_MAX);
        assert_int_equal(talk.proof.n, 202);
        for (unsigned side = 0; side < 2; side++) {
            assert_int_equal(talk.session[side].state, BULLA_SESSION_OPEN);
            assert_int_equal(talk.session[side].proof, BULLA_SESSION_BY_SIGNATURE);
            assert_int_equal(talk.session[side].subject, side ? READER_ID : SEAL_ID);
            assert_int_equal(world_doubts(&world, side), 0);
        }
        assert_int_equal(bulla_session_rights(&talk.session[1], &world.moment[1]), BULLA_RIGHT_READ | BULLA_RIGHT_SEAL);
        assert_int_equal(bulla_session_rights(&talk.session[0], &world.moment[0]), 0);
        talk_say(&talk, 1, "ready");
        talk_say(&talk, 0, "");
        talk_say(&talk, 0, "seal yourself");
        talk_say(&talk, 1, "sealed");
    }
}

/* The two directions and two sessions have keys of their own; fresh secrets are forgotten. */
static void keys_are_of_one_session_and_direction(void **state)
{
    (void)state;
    static const uint8_t zeros[BULLA_HASH];
    struct world world;
    struct talk one, two;
    world_make(&world, BULLA_SUITE_P256, 3);
    talk_until(&one, &world, 4);
    talk_until(&two, &world, 4);
    assert_memory_equal(one.session[0].key, one.session[1].key, sizeof one.session[0].key);
    assert_memory_not_equal(one.session[0].key[0], one.session[0].key[1], 16);
    assert_memory_not_equal(one.session[0].key[0], two.session[0].key[0], 16);
    for (unsigned side = 0; side < 2; side++) {
        assert_memory_equal(one.session[side].secret, zeros, BULLA_SECRET);
        assert_memory_equal(one.session[side].root, zeros, BULLA_HASH);
    }
    bulla_session_end(&one.session[1]);
    assert_int_equal(one.session[1].state, BULLA_SESSION_OVER);
    assert_memory_equal(one.session[1].key[0], zeros, BULLA_KEY_MAX);
    assert_memory_equal(one.session[1].key[1], zeros, BULLA_KEY_MAX);
}

static bool holds(const struct message *message, const void *what, size_t n)
{
    return memmem(message->bytes, message->n, what, n) != NULL;
}

/* What is captured of a handshake and its records names nobody and orders nothing. [WCO-9.3-G4] [WCO-9.3-R6] [WCO-9.3-P2] */
static void a_listener_learns_no_identity_and_no_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SUITES; i++) {
        struct world world;
        struct talk talk;
        struct message record;
        world_make(&world, all_suites[i], 20 + i);
        talk_until(&talk, &world, 4);
        assert_int_equal(talk_wrap(&talk, 0, "UNSEAL MSKU9070323", &record), BULLA_OK);
        assert_false(holds(&record, "UNSEAL", 6));
        assert_false(holds(&record, "9070323", 7));
        const struct message *messages[] = {&talk.call, &talk.answer, &talk.proof};
        for (unsigned m = 0; m < 3; m++)
            for (unsigned side = 0; side < 2; side++)
                for (unsigned at = 2; at + 6 <= BULLA_AUTHORITY_SIZE; at++)
                    assert_false(holds(messages[m], world.certificate[side] + at, 6));
    }
}

/* Records get lost: what comes is taken as long as it is newer. */
static void records_may_be_lost(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    struct message records[5], got;
    world_make(&world, BULLA_SUITE_NATIONAL, 4);
    talk_until(&talk, &world, 4);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(talk_wrap(&talk, 0, "status", &records[i]), BULLA_OK);
    assert_int_equal(talk_unwrap(&talk, 1, &records[1], &got), BULLA_OK);
    assert_int_equal(talk_unwrap(&talk, 1, &records[4], &got), BULLA_OK);
    assert_int_equal(talk.session[1].received, 5);
    assert_int_equal(talk_unwrap(&talk, 1, &records[2], &got), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_REPLAYED);
    talk_say(&talk, 0, "and on");
}

static void a_counter_comes_to_its_end(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    struct message record, got;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 5);
    talk_until(&talk, &world, 4);
    talk.session[0].sent = UINT32_MAX - 2;
    talk_say(&talk, 0, "nearly");
    assert_int_equal(talk_wrap(&talk, 0, "last", &record), BULLA_OK);
    assert_memory_equal(record.bytes, "\xff\xff\xff\xff", 4);
    assert_int_equal(talk_unwrap(&talk, 1, &record, &got), BULLA_OK);
    assert_int_equal(talk_wrap(&talk, 0, "more", &record), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_ENDED);
    assert_int_equal(talk.session[0].sent, UINT32_MAX);
    assert_int_equal(world.doubts[0].n[BULLA_DOUBT_ENDED], 1);
    talk_say(&talk, 1, "the other direction goes on");
}

/* Each message at any other time is refused, counted, and changes nothing. */
static void messages_come_in_their_order(void **state)
{
    (void)state;
    struct world world;
    struct talk right, talk;
    struct message got;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 6);
    talk_until(&right, &world, 4);
    for (unsigned step = 0; step <= 5; step++) {
        talk_until(&talk, &world, step < 4 ? step : 4);
        if (step == 5) {
            bulla_session_end(&talk.session[0]);
            bulla_session_end(&talk.session[1]);
        }
        talk.call = right.call;
        struct talk before = talk;
        uint32_t n = world_doubts(&world, 0) + world_doubts(&world, 1), expected = n;
        if (step != 0) {
            assert_int_equal(talk_call(&talk), BULLA_REFUSED);
            assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
            expected++;
        }
        if (step > 3) {
            assert_int_equal(talk_answer(&talk), BULLA_REFUSED);
            assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
            expected++;
        }
        if (step == 0 || step > 2) {
            talk.answer = right.answer;
            assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
            assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
            expected++;
        }
        if (step != 2 && step != 3) {
            talk.proof = right.proof;
            assert_int_equal(talk_accept(&talk), BULLA_REFUSED);
            assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
            expected++;
        }
        if (step != 4) {
            enum bulla_doubt why = step == 5 ? BULLA_DOUBT_ENDED : BULLA_DOUBT_ORDER;
            struct message record;
            assert_int_equal(talk_wrap(&talk, 1, "x", &record), BULLA_REFUSED);
            assert_int_equal(talk.doubt, why);
            assert_int_equal(talk_unwrap(&talk, 1, &right.proof, &got), BULLA_REFUSED);
            assert_int_equal(talk.doubt, why);
            expected += 2;
        }
        assert_memory_equal(talk.session, before.session, sizeof before.session);
        assert_int_equal(world_doubts(&world, 0) + world_doubts(&world, 1), expected);
    }
}

/* A reader does not answer, a seal does not call; who has no certificate does neither. */
static void sides_have_their_roles(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    size_t n;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 7);
    talk_until(&talk, &world, 1);
    bulla_session_init(&talk.session[0], &world.party[0]);
    assert_int_equal(bulla_session_answer(&talk.session[0], message_view(&talk.call), talk.answer.bytes, 255, &n, &talk.doubt),
                     BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
    assert_int_equal(bulla_session_call(&talk.session[1], 0, talk.answer.bytes, 255, &n, &talk.doubt), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
    assert_int_equal(bulla_session_call_shared(&talk.session[1], &world.shared, talk.answer.bytes, 255, &n, &talk.doubt), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
    world.party[0].certificate.len = world.party[1].certificate.len = 0;
    assert_int_equal(talk_call(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
    assert_int_equal(talk_answer(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_KIND);
    talk_shared_until(&talk, &world, 3);
    talk_say(&talk, 0, "a shared key needs none");
}

static void what_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    static uint8_t long_text[BULLA_RECORD_MAX];
    uint8_t to[BULLA_RECORD_MAX + 1];
    size_t n = 77;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 8);
    talk_begin(&talk, &world);
    memset(to, 0x5A, sizeof to);
    assert_int_equal(bulla_session_call(&talk.session[0], 0, to, 33, &n, &talk.doubt), BULLA_FULL);
    assert_int_equal(talk.session[0].state, BULLA_SESSION_FRESH);
    talk_until(&talk, &world, 4);
    const struct bulla_bytes none = {NULL, 0};
    assert_int_equal(bulla_session_wrap(&talk.session[0], none, (struct bulla_bytes){long_text, 236}, to, sizeof to, &n, &talk.doubt),
                     BULLA_FULL);
    assert_int_equal(bulla_session_wrap(&talk.session[0], none, (struct bulla_bytes){long_text, SIZE_MAX}, to, sizeof to, &n, &talk.doubt),
                     BULLA_FULL);
    assert_int_equal(bulla_session_wrap(&talk.session[0], none, (struct bulla_bytes){long_text, 10}, to, 29, &n, &talk.doubt), BULLA_FULL);
    assert_int_equal(talk.session[0].sent, 0);
    assert_int_equal(n, 77);
    for (size_t i = 0; i < sizeof to; i++)
        assert_int_equal(to[i], 0x5A);
    assert_int_equal(bulla_session_wrap(&talk.session[0], none, (struct bulla_bytes){long_text, 235}, to, 255, &n, &talk.doubt), BULLA_OK);
    assert_int_equal(n, 255);
    uint8_t got[235];
    assert_int_equal(bulla_session_unwrap(&talk.session[1], none, (struct bulla_bytes){to, n}, got, 234, &n, &talk.doubt), BULLA_FULL);
    assert_int_equal(talk.session[1].received, 0);
    assert_int_equal(bulla_session_unwrap(&talk.session[1], none, (struct bulla_bytes){to, 255}, got, 235, &n, &talk.doubt), BULLA_OK);
    assert_int_equal(n, 235);
}

/* With a key that both have: two messages, and the reader is proven by its first record. It is marked. */
static void a_shared_key_is_enough_for_small_seals(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SUITES; i++) {
        struct world world;
        struct talk talk;
        struct message record;
        world_make(&world, all_suites[i], 30 + i);
        talk_shared_until(&talk, &world, 3);
        assert_int_equal(talk.call.n, 38);
        assert_int_equal(talk.answer.n, 33);
        assert_int_equal(talk.proof.n, 0);
        assert_int_equal(talk.session[0].state, BULLA_SESSION_OPEN);
        assert_int_equal(talk.session[0].proof, BULLA_SESSION_BY_SHARED);
        assert_int_equal(talk.session[1].state, BULLA_SESSION_CALLED);
        assert_int_equal(talk.session[1].proof, BULLA_SESSION_BY_NOBODY);
        assert_int_equal(bulla_session_rights(&talk.session[1], &world.moment[1]), 0);
        assert_int_equal(talk_wrap(&talk, 1, "to a stranger", &record), BULLA_REFUSED);
        assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
        assert_int_equal(talk_accept(&talk), BULLA_REFUSED);
        assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
        talk_say(&talk, 0, "first");
        assert_int_equal(talk.session[1].state, BULLA_SESSION_OPEN);
        assert_int_equal(talk.session[1].proof, BULLA_SESSION_BY_SHARED);
        assert_int_equal(talk.session[1].subject, READER_ID);
        world.moment[1].good = false; /* it has no times, so it needs no clock */
        assert_int_equal(bulla_session_rights(&talk.session[1], &world.moment[1]), BULLA_RIGHT_READ | BULLA_RIGHT_UNSEAL);
        talk_say(&talk, 1, "yes");
        talk_say(&talk, 0, "again");
    }
}

/* A password is a key of one device: another one's is refused. [WCO-9.3-P3] */
static void another_shared_key_is_refused(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    struct bulla_shared_key other;
    size_t n;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 40);
    other = world.shared;
    other.bytes[31] ^= 1;
    talk_begin(&talk, &world);
    assert_int_equal(bulla_session_call_shared(&talk.session[0], &other, talk.call.bytes, 255, &talk.call.n, &talk.doubt), BULLA_OK);
    assert_int_equal(talk_answer(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_SIGNATURE);
    other = world.shared;
    other.id[0] ^= 1;
    talk_begin(&talk, &world);
    assert_int_equal(bulla_session_call_shared(&talk.session[0], &other, talk.call.bytes, 255, &talk.call.n, &talk.doubt), BULLA_OK);
    assert_int_equal(talk_answer(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_UNKNOWN);
    assert_int_equal(talk.session[1].state, BULLA_SESSION_FRESH);
    for (unsigned bytes = 0; bytes < 2; bytes++) { /* 15 and 33 bytes are no key, on either side */
        world_make(&world, BULLA_SUITE_INTERNATIONAL, 41);
        talk_shared_until(&talk, &world, 1);
        world.shared.n = bytes ? 33 : 15;
        assert_int_equal(talk_answer(&talk), BULLA_REFUSED);
        assert_int_equal(talk.doubt, BULLA_DOUBT_UNKNOWN);
        talk_begin(&talk, &world);
        assert_int_equal(bulla_session_call_shared(&talk.session[0], &world.shared, talk.call.bytes, 255, &n, &talk.doubt), BULLA_REFUSED);
        assert_int_equal(talk.doubt, BULLA_DOUBT_UNKNOWN);
    }
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 42);
    talk_shared_until(&talk, &world, 1);
    world.party[1].shared = NULL;
    assert_int_equal(talk_answer(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_UNKNOWN);
    talk_shared_until(&talk, &world, 1); /* not twice */
    assert_int_equal(bulla_session_call_shared(&talk.session[0], &world.shared, talk.call.bytes, 255, &n, &talk.doubt), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_ORDER);
}

/* A seal with two suites chooses by what the call asks. */
static void a_call_says_its_suite(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    uint8_t suite = 0;
    bool shared = true;
    world_make(&world, BULLA_SUITE_P256, 50);
    talk_until(&talk, &world, 2);
    assert_true(bulla_session_asks(message_view(&talk.call), &suite, &shared));
    assert_int_equal(suite, BULLA_SUITE_P256);
    assert_false(shared);
    assert_false(bulla_session_asks(message_view(&talk.answer), &suite, &shared));
    assert_false(bulla_session_asks((struct bulla_bytes){talk.call.bytes, 1}, &suite, &shared));
    talk_shared_until(&talk, &world, 1);
    assert_true(bulla_session_asks(message_view(&talk.call), &suite, &shared));
    assert_true(shared);
}

/* A reader that calls again is answered again, and whom it called may be anybody. */
static void a_lost_answer_is_asked_for_again(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    world_make(&world, BULLA_SUITE_NATIONAL, 60);
    talk_until(&talk, &world, 2);
    bulla_session_init(&talk.session[0], &world.party[0]);
    assert_int_equal(bulla_session_call(&talk.session[0], 0, talk.call.bytes, 255, &talk.call.n, &talk.doubt), BULLA_OK);
    assert_int_equal(talk_answer(&talk), BULLA_OK);
    assert_int_equal(talk_prove(&talk), BULLA_OK);
    assert_int_equal(talk_accept(&talk), BULLA_OK);
    assert_int_equal(talk.session[0].subject, SEAL_ID);
    talk_say(&talk, 1, "ready");
}

/* What a reader may do ends with its time, also within a session; without a good clock it may read and set the clock. */
static void rights_follow_the_time(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 61);
    talk_until(&talk, &world, 4);
    struct bulla_moment moment = {NOW_MS + 999999, NOW_MS, true};
    assert_int_equal(bulla_session_rights(&talk.session[1], &moment), BULLA_RIGHT_READ | BULLA_RIGHT_SEAL);
    moment.good = false;
    assert_int_equal(bulla_session_rights(&talk.session[1], &moment), BULLA_RIGHT_READ);
    moment = (struct bulla_moment){NOW_MS + 1000000, NOW_MS, true};
    assert_int_equal(bulla_session_rights(&talk.session[1], &moment), 0);
    moment = (struct bulla_moment){NOW_MS - 1000001, NOW_MS - 2000000, true};
    assert_int_equal(bulla_session_rights(&talk.session[1], &moment), 0);
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(bulla_session_state_text(BULLA_SESSION_CALLED), "called");
    assert_string_equal(bulla_session_state_text(99), "");
    assert_string_equal(bulla_session_proof_text(BULLA_SESSION_BY_SHARED), "shared-key");
    assert_string_equal(bulla_session_proof_text(99), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_prove_themselves),
        cmocka_unit_test(keys_are_of_one_session_and_direction),
        cmocka_unit_test(a_listener_learns_no_identity_and_no_order),
        cmocka_unit_test(records_may_be_lost),
        cmocka_unit_test(a_counter_comes_to_its_end),
        cmocka_unit_test(messages_come_in_their_order),
        cmocka_unit_test(sides_have_their_roles),
        cmocka_unit_test(what_does_not_fit_is_not_begun),
        cmocka_unit_test(a_shared_key_is_enough_for_small_seals),
        cmocka_unit_test(another_shared_key_is_refused),
        cmocka_unit_test(a_call_says_its_suite),
        cmocka_unit_test(a_lost_answer_is_asked_for_again),
        cmocka_unit_test(rights_follow_the_time),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
