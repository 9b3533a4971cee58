/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the nth call of random source, digest, cipher, agreement or signature fails, for every n. Nothing is accepted, nothing is
 * written, nothing but a counter is changed; and when it works again, it goes on from there.
 */
#include "tests/unit/libbulla/trust_support.h"

#define UNTOUCHED 0xA5

static const enum bulla_status failures[] = {BULLA_FAILED, BULLA_FULL};

/* ---- handshakes and records ---- */

enum { CALL, ANSWER, PROVE, ACCEPT, WRAP, UNWRAP, STEPS };

static struct message spoken;

static unsigned side_of(unsigned step)
{
    return step == ANSWER || step == ACCEPT || step == UNWRAP;
}

/* The step, with what it writes kept apart from what went before. */
static enum bulla_status step_do(struct talk *talk, unsigned step, bool shared, struct message *to)
{
    switch (step) {
    case CALL:
        return shared
                   ? bulla_session_call_shared(&talk->session[0], &talk->world->shared, to->bytes, sizeof to->bytes, &to->n, &talk->doubt)
                   : bulla_session_call(&talk->session[0], SEAL_ID, to->bytes, sizeof to->bytes, &to->n, &talk->doubt);
    case ANSWER:
        return bulla_session_answer(&talk->session[1], message_view(&talk->call), to->bytes, sizeof to->bytes, &to->n, &talk->doubt);
    case PROVE:
        return bulla_session_prove(&talk->session[0], &talk->world->moment[0], message_view(&talk->answer), to->bytes, sizeof to->bytes,
                                   &to->n, &talk->doubt);
    case ACCEPT:
        return talk_accept(talk);
    case WRAP:
        return talk_wrap(talk, 0, "open", to);
    default:
        return talk_unwrap(talk, 1, &spoken, to);
    }
}

static void step_keep(struct talk *talk, unsigned step, const struct message *made)
{
    struct message *where[STEPS] = {&talk->call, &talk->answer, &talk->proof, NULL, &spoken, NULL};
    if (where[step])
        *where[step] = *made;
}

/* How many calls of the suite a step makes: each is made to fail. */
static unsigned fail_each(struct talk *talk, unsigned step, bool shared, enum bulla_status how)
{
    struct world *world = talk->world;
    struct faulty *faulty = &world->faulty[side_of(step)];
    for (unsigned n = 1;; n++) {
        struct bulla_session before[2];
        struct message made, untouched;
        uint32_t below = world->doubts[side_of(step)].n[BULLA_DOUBT_BELOW];
        memset(&made, UNTOUCHED, sizeof made);
        untouched = made;
        memcpy(before, talk->session, sizeof before);
        faulty->calls = 0;
        faulty->fail_at = n;
        faulty->how = how;
        enum bulla_status status = step_do(talk, step, shared, &made);
        faulty->fail_at = 0;
        if (status == BULLA_OK) {
            assert_true(faulty->calls < n);
            step_keep(talk, step, &made);
            return n - 1;
        }
        assert_int_equal(status, BULLA_FAILED);
        assert_int_equal(talk->doubt, BULLA_DOUBT_BELOW);
        assert_int_equal(world->doubts[side_of(step)].n[BULLA_DOUBT_BELOW], below + 1);
        assert_memory_equal(before, talk->session, sizeof before);
        assert_memory_equal(&made, &untouched, sizeof made);
    }
}

static void fail_through(unsigned suite, bool shared, bool hmac, enum bulla_status how)
{
    struct world world;
    struct talk talk;
    unsigned calls = 0;
    world_make(&world, suite, 500);
    if (!hmac) /* libbulla makes it of the digest: more calls, each of which may fail */
        world.suite[0].hmac = world.suite[1].hmac = NULL;
    talk_begin(&talk, &world);
    for (unsigned step = CALL; step < STEPS; step++)
        if (!shared || step != ACCEPT)
            calls += fail_each(&talk, step, shared, how);
    assert_in_range(calls, (shared ? 20 : 40) + (hmac ? 0 : 12), 100);
    talk_say(&talk, 1, "it goes on");
}

static void a_failing_suite_opens_no_session(void **state)
{
    (void)state;
    static const unsigned suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned how = 0; how < 2; how++)
            for (unsigned k = 0; k < 4; k++)
                fail_through(suites[i], k & 1, k & 2, failures[how]);
}

/* A digest or a random source that says REFUSED has said nothing about the message: it is a failure all the same. */
static void a_refusal_from_below_accepts_nothing(void **state)
{
    (void)state;
    for (unsigned shared = 0; shared < 2; shared++) {
        struct world world;
        struct talk talk;
        world_make(&world, BULLA_SUITE_INTERNATIONAL, 510);
        talk_begin(&talk, &world);
        for (unsigned step = CALL; step < STEPS; step++) {
            struct faulty *faulty = &world.faulty[side_of(step)];
            enum bulla_status status = BULLA_REFUSED;
            struct message made;
            if (shared && step == ACCEPT)
                continue;
            for (unsigned n = 1; status != BULLA_OK; n++) {
                struct bulla_session before[2];
                memcpy(before, talk.session, sizeof before);
                faulty->calls = 0;
                faulty->fail_at = n;
                faulty->how = BULLA_REFUSED;
                status = step_do(&talk, step, shared, &made);
                faulty->fail_at = 0;
                if (status == BULLA_OK)
                    step_keep(&talk, step, &made);
                else
                    assert_memory_equal(before, talk.session, sizeof before);
            }
        }
        talk_say(&talk, 1, "it goes on");
    }
}

/* ---- certificates, tickets and what they are made of ---- */

struct papers {
    struct world world;
    struct bulla_ticket ticket;
    uint8_t ticket_bytes[BULLA_TICKET_SIZE];
    struct bulla_ticket_facts facts;
    union {
        struct bulla_authority authority;
        struct bulla_ticket ticket;
        uint8_t bytes[BULLA_HASH];
    } got;
};

static enum bulla_status authority_signed(struct papers *papers)
{
    papers->got.authority = papers->world.authority[0];
    return bulla_authority_sign(&papers->world.suite[0], papers->world.owner.secret, papers->world.owner.public_key,
                                &papers->got.authority);
}

static enum bulla_status authority_checked(struct papers *papers)
{
    enum bulla_doubt doubt;
    enum bulla_status status =
        bulla_authority_check(&papers->world.suite[0], &papers->world.trust, &papers->world.moment[0], BULLA_AUTHORITY_READER,
                              papers->world.party[0].certificate, &papers->got.authority, &doubt);
    assert_int_equal(doubt, status == BULLA_OK ? BULLA_DOUBT_GOOD : BULLA_DOUBT_BELOW);
    return status;
}

static enum bulla_status ticket_signed(struct papers *papers)
{
    papers->got.ticket = papers->ticket;
    return bulla_ticket_sign(&papers->world.suite[0], papers->world.owner.secret, papers->world.owner.public_key, &papers->got.ticket);
}

static enum bulla_status ticket_checked(struct papers *papers)
{
    enum bulla_ticket_refusal refusal;
    enum bulla_status status =
        bulla_ticket_check(&papers->world.suite[0], &papers->world.trust, &papers->facts,
                           (struct bulla_bytes){papers->ticket_bytes, BULLA_TICKET_SIZE}, &papers->got.ticket, &refusal);
    assert_int_equal(refusal, status == BULLA_OK ? BULLA_TICKET_GOOD : BULLA_TICKET_BELOW);
    return status;
}

static enum bulla_status key_named(struct papers *papers)
{
    return bulla_suite_key_id(&papers->world.suite[0], papers->world.owner.public_key, papers->got.bytes);
}

static enum bulla_status key_extracted(struct papers *papers)
{
    const struct bulla_bytes some = {papers->ticket_bytes, 100};
    return bulla_suite_extract(&papers->world.suite[0], some, some, papers->got.bytes);
}

static enum bulla_status key_expanded(struct papers *papers)
{
    return bulla_suite_expand(&papers->world.suite[0], papers->ticket_bytes, (struct bulla_bytes){papers->ticket_bytes, 9},
                              papers->got.bytes, 20);
}

static void papers_make(struct papers *papers, unsigned suite)
{
    struct bulla_fault fault;
    memset(papers, 0, sizeof *papers);
    world_make(&papers->world, suite, 520);
    papers->ticket = (struct bulla_ticket){
        .operation = BULLA_TICKET_TO_SEAL, .device = {MAKER, SERIAL}, .counter = 1, .from_s = NOW_S - 1, .until_s = NOW_S + 1};
    papers->facts =
        (struct bulla_ticket_facts){.device = {MAKER, SERIAL}, .operation = BULLA_TICKET_TO_SEAL, .moment = papers->world.moment[0]};
    assert_int_equal(
        bulla_ticket_sign(&papers->world.suite[0], papers->world.owner.secret, papers->world.owner.public_key, &papers->ticket), BULLA_OK);
    assert_int_equal(bulla_ticket_encode(&papers->ticket, papers->ticket_bytes, &fault), BULLA_OK);
}

static void a_failing_suite_accepts_and_makes_no_papers(void **state)
{
    (void)state;
    enum bulla_status (*const works[])(struct papers *) = {authority_signed, authority_checked, ticket_signed, ticket_checked,
                                                           key_named,        key_extracted,     key_expanded};
    for (unsigned i = 0; i < sizeof works / sizeof *works; i++)
        for (unsigned k = 0; k < 4; k++) {
            struct papers papers;
            papers_make(&papers, k & 1 ? BULLA_SUITE_NATIONAL : BULLA_SUITE_INTERNATIONAL);
            struct faulty *faulty = &papers.world.faulty[0];
            faulty->how = failures[k / 2];
            if (k / 2)
                papers.world.suite[0].hmac = NULL;
            enum bulla_status status = BULLA_FAILED;
            unsigned n = 0;
            while (status != BULLA_OK) {
                memset(&papers.got, UNTOUCHED, sizeof papers.got);
                faulty->calls = 0;
                faulty->fail_at = ++n;
                status = works[i](&papers);
                if (status == BULLA_OK)
                    break;
                uint8_t untouched[sizeof papers.got];
                memset(untouched, UNTOUCHED, sizeof untouched);
                if (works[i] == authority_signed)
                    memcpy(untouched, &papers.world.authority[0], sizeof papers.world.authority[0]);
                if (works[i] == ticket_signed)
                    memcpy(untouched, &papers.ticket, sizeof papers.ticket);
                assert_memory_equal(&papers.got, untouched, sizeof untouched);
                assert_true(n < 20);
            }
            assert_true(n > 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_suite_opens_no_session),
        cmocka_unit_test(a_refusal_from_below_accepts_nothing),
        cmocka_unit_test(a_failing_suite_accepts_and_makes_no_papers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
