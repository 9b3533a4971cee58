/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: what somebody in between, or with a stolen or forged identity, does to a session. Nothing is accepted, nothing
 * changes but the counters, and what is right is taken after it all the same.
 */
#include "suite/suite.h"
#include "tests/unit/libbulla/trust_support.h"

/* What is done to the three messages and to a record, each when its right one is awaited. */
enum { CALL, ANSWER, PROOF, RECORD, KINDS };

struct scene {
    struct world world;
    struct talk talk;
    unsigned kind;
    struct message right;
};

static void scene_make(struct scene *scene, unsigned suite, unsigned kind, bool shared)
{
    world_make(&scene->world, suite, 100 + kind);
    scene->kind = kind;
    if (shared)
        talk_shared_until(&scene->talk, &scene->world, kind < PROOF ? kind + 1 : 3);
    else
        talk_until(&scene->talk, &scene->world, kind + 1);
    if (kind == RECORD)
        assert_int_equal(talk_wrap(&scene->talk, 0, "open the shackle", &scene->right), BULLA_OK);
    else
        scene->right = kind == CALL ? scene->talk.call : kind == ANSWER ? scene->talk.answer : scene->talk.proof;
}

static enum bulla_status scene_hear(struct scene *scene, const struct message *message)
{
    struct talk *talk = &scene->talk;
    struct message to = {{0}, 0};
    enum bulla_status status;
    if (scene->kind == RECORD)
        return talk_unwrap(talk, 1, message, &to);
    if (scene->kind == PROOF)
        return bulla_session_accept(&talk->session[1], &scene->world.moment[1], message_view(message), &talk->doubt);
    if (scene->kind == ANSWER)
        return bulla_session_prove(&talk->session[0], &scene->world.moment[0], message_view(message), to.bytes, 255, &to.n, &talk->doubt);
    status = bulla_session_answer(&talk->session[1], message_view(message), to.bytes, 255, &to.n, &talk->doubt);
    return status;
}

/* It is refused, counted by its reason, and changes nothing else. */
static void expect_refused(struct scene *scene, const struct message *message)
{
    struct bulla_session before[2];
    unsigned side = scene->kind == ANSWER ? 0 : 1;
    struct bulla_doubts counted = scene->world.doubts[side];
    memcpy(before, scene->talk.session, sizeof before);
    assert_int_equal(scene_hear(scene, message), BULLA_REFUSED);
    assert_memory_equal(before, scene->talk.session, sizeof before);
    assert_int_not_equal(scene->talk.doubt, BULLA_DOUBT_GOOD);
    counted.n[scene->talk.doubt]++;
    assert_memory_equal(&counted, &scene->world.doubts[side], sizeof counted);
}

/* Every bit of answer, proof and record; every `step`th where signatures are slow. */
static void flip_all(unsigned suite, bool shared, size_t step)
{
    for (unsigned kind = ANSWER; kind < KINDS; kind++) {
        struct scene scene;
        if (shared && kind == PROOF)
            continue;
        scene_make(&scene, suite, kind, shared);
        for (size_t bit = 0; bit < 8 * scene.right.n; bit += step) {
            struct message changed = scene.right;
            changed.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            expect_refused(&scene, &changed);
        }
        assert_int_equal(scene_hear(&scene, &scene.right), BULLA_OK);
    }
}

/* [WCO-9.3-T4] [WCO-9.3-S3] */
static void a_changed_bit_is_refused(void **state)
{
    (void)state;
    flip_all(BULLA_SUITE_INTERNATIONAL, false, 1);
    flip_all(BULLA_SUITE_INTERNATIONAL_256, false, 7);
    flip_all(BULLA_SUITE_P256, false, 5);
    flip_all(BULLA_SUITE_NATIONAL, false, 11);
    flip_all(BULLA_SUITE_INTERNATIONAL, true, 1);
    flip_all(BULLA_SUITE_NATIONAL, true, 1);
}

/* A changed call cannot be seen by the seal in each bit: then the reader refuses the answer. With a shared key the seal sees it. */
static void a_changed_call_leads_nowhere(void **state)
{
    (void)state;
    static const unsigned suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};
    for (unsigned i = 0; i < 3; i++) {
        struct scene scene;
        unsigned answered = 0;
        scene_make(&scene, suites[i], CALL, false);
        for (size_t bit = 0; bit < 8 * scene.right.n; bit++) {
            struct talk talk = scene.talk;
            talk.call.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (talk_answer(&talk) != BULLA_OK) {
                assert_int_equal(talk.session[1].state, BULLA_SESSION_FRESH);
                continue;
            }
            answered++;
            assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
            assert_int_equal(talk.doubt, BULLA_DOUBT_CIPHER);
            assert_int_equal(talk.session[0].state, BULLA_SESSION_CALLING);
        }
        assert_in_range(answered, 60, 8 * 33); /* about half of all x are on a curve */
    }
    struct scene scene;
    scene_make(&scene, BULLA_SUITE_INTERNATIONAL, CALL, true);
    for (size_t bit = 0; bit < 8 * scene.right.n; bit++) {
        struct message changed = scene.right;
        changed.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_refused(&scene, &changed);
    }
}

static void truncated_and_longer_messages_are_refused(void **state)
{
    (void)state;
    for (unsigned shared = 0; shared < 2; shared++)
        for (unsigned kind = CALL; kind < KINDS; kind++) {
            struct scene scene;
            if (shared && kind == PROOF)
                continue;
            scene_make(&scene, BULLA_SUITE_INTERNATIONAL, kind, shared);
            for (size_t n = 0; n <= BULLA_RECORD_MAX; n++) {
                struct message changed = scene.right;
                changed.n = n;
                if (n != scene.right.n)
                    expect_refused(&scene, &changed);
            }
            assert_int_equal(scene_hear(&scene, &scene.right), BULLA_OK);
        }
    struct scene scene; /* longer than any frame */
    uint8_t to[300];
    size_t n;
    static const uint8_t record[300] = {0, 0, 0, 9};
    scene_make(&scene, BULLA_SUITE_INTERNATIONAL, RECORD, false);
    assert_int_equal(bulla_session_unwrap(&scene.talk.session[1], (struct bulla_bytes){NULL, 0}, (struct bulla_bytes){record, 256}, to, 300,
                                          &n, &scene.talk.doubt),
                     BULLA_REFUSED);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_SHAPE);
}

/* What was captured does nothing the second time, in any order, and not in another session. [WCO-9.3-S3] [WCO-6-13] [WCO-2.3-6] */
static void replays_and_other_orders_do_nothing(void **state)
{
    (void)state;
    struct scene old, scene;
    struct message records[4], got;
    scene_make(&old, BULLA_SUITE_P256, RECORD, false);
    assert_int_equal(scene_hear(&old, &old.right), BULLA_OK);
    expect_refused(&old, &old.right);
    assert_int_equal(old.talk.doubt, BULLA_DOUBT_REPLAYED);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(talk_wrap(&old.talk, 0, "again", &records[i]), BULLA_OK);
    assert_int_equal(talk_unwrap(&old.talk, 1, &records[3], &got), BULLA_OK);
    for (unsigned i = 0; i < 3; i++) {
        expect_refused(&old, &records[i]);
        assert_int_equal(old.talk.doubt, BULLA_DOUBT_REPLAYED);
    }
    /* A replayed call has an answer, for everybody may call; what followed it then does not fit. */
    world_make(&scene.world, BULLA_SUITE_P256, 7000);
    scene.world.owner = old.world.owner;
    memcpy(scene.world.key, old.world.key, sizeof old.world.key);
    for (unsigned side = 0; side < 2; side++)
        world_certify(&scene.world, (enum bulla_side)side, &scene.world.owner);
    talk_begin(&scene.talk, &scene.world);
    scene.talk.call = old.talk.call;
    assert_int_equal(talk_answer(&scene.talk), BULLA_OK);
    assert_memory_not_equal(scene.talk.answer.bytes, old.talk.answer.bytes, old.talk.answer.n);
    scene.kind = PROOF;
    expect_refused(&scene, &old.talk.proof);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_CIPHER);
    /* An old answer to a new call. */
    talk_until(&scene.talk, &scene.world, 1);
    scene.kind = ANSWER;
    expect_refused(&scene, &old.talk.answer);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_CIPHER);
    /* A record of the old session in the new one. */
    talk_until(&scene.talk, &scene.world, 4);
    scene.kind = RECORD;
    expect_refused(&scene, &old.right);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_CIPHER);
}

/* The same with a shared key: a replayed call is answered, but what was said in the old session is not heard in the new one. */
static void replays_of_shared_sessions_do_nothing(void **state)
{
    (void)state;
    struct scene old;
    struct talk talk;
    scene_make(&old, BULLA_SUITE_INTERNATIONAL, RECORD, true);
    talk_begin(&talk, &old.world);
    talk.call = old.talk.call;
    assert_int_equal(talk_answer(&talk), BULLA_OK);
    struct scene scene = {.world = old.world, .talk = talk, .kind = RECORD};
    scene.talk.session[1].party = &scene.world.party[1];
    scene.world.party[1].doubts = &scene.world.doubts[1];
    expect_refused(&scene, &old.right);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_CIPHER);
    assert_int_equal(scene.talk.session[1].proof, BULLA_SESSION_BY_NOBODY);
    talk_shared_until(&talk, &old.world, 1);
    talk.answer = old.talk.answer;
    assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_SIGNATURE);
}

/* One's own messages, sent back, also with the form that is awaited. */
static void reflected_messages_do_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct message own;
    scene_make(&scene, BULLA_SUITE_INTERNATIONAL, ANSWER, false);
    expect_refused(&scene, &scene.talk.call);
    struct message changed = scene.right; /* the reader's own key in an answer */
    memcpy(changed.bytes + 1, scene.talk.call.bytes + 2, 32);
    expect_refused(&scene, &changed);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_REFLECTED);
    scene_make(&scene, BULLA_SUITE_INTERNATIONAL, PROOF, false);
    struct message sealed = scene.right; /* the seal's own certificate and signature */
    memcpy(sealed.bytes + 1, scene.talk.answer.bytes + 33, 201);
    expect_refused(&scene, &sealed);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_CIPHER);
    scene_make(&scene, BULLA_SUITE_INTERNATIONAL, RECORD, false);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(talk_wrap(&scene.talk, 1, "my own", &own), BULLA_OK);
    expect_refused(&scene, &own);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_CIPHER);
    scene_make(&scene, BULLA_SUITE_INTERNATIONAL, ANSWER, true);
    expect_refused(&scene, &scene.talk.call);
}

/* The header that a record travels with belongs to it. */
static void another_header_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    uint8_t to[100];
    size_t n;
    scene_make(&scene, BULLA_SUITE_NATIONAL, RECORD, false);
    assert_int_equal(bulla_session_unwrap(&scene.talk.session[1], (struct bulla_bytes){(const uint8_t *)"heaD", 4},
                                          message_view(&scene.right), to, sizeof to, &n, &scene.talk.doubt),
                     BULLA_REFUSED);
    assert_int_equal(scene.talk.doubt, BULLA_DOUBT_CIPHER);
    assert_int_equal(scene_hear(&scene, &scene.right), BULLA_OK);
}

/* Somebody in between makes 128 bits of a call for 256, to a seal that has both. The keys have the same form. [WCO-9.3-T7] */
static void a_weaker_suite_is_not_talked_into(void **state)
{
    (void)state;
    struct world strong, weak;
    struct talk talk, low;
    world_make(&strong, BULLA_SUITE_INTERNATIONAL_256, 9);
    world_make(&weak, BULLA_SUITE_INTERNATIONAL, 10);
    weak.owner = strong.owner;
    memcpy(weak.key, strong.key, sizeof weak.key);
    for (unsigned side = 0; side < 2; side++)
        world_certify(&weak, (enum bulla_side)side, &weak.owner);
    talk_until(&talk, &strong, 1);
    talk_begin(&low, &weak);
    low.call = talk.call;
    assert_int_equal(talk_answer(&low), BULLA_REFUSED);
    assert_int_equal(low.doubt, BULLA_DOUBT_SUITE);
    low.call.bytes[1] = BULLA_SUITE_INTERNATIONAL;
    assert_int_equal(talk_answer(&low), BULLA_OK);
    talk.answer = low.answer;
    assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_CIPHER);
    /* A certificate of the one suite in a session of the other. */
    memcpy(strong.certificate[1], weak.certificate[1], BULLA_AUTHORITY_SIZE);
    talk_until(&talk, &strong, 2);
    assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_SUITE);
}

/* What a side is refused for, by what is wrong with the other's identity. */
struct forgery {
    const char *name;
    void (*make)(struct world *world, enum bulla_side side);
    enum bulla_doubt doubt;
};

static void forge_clone(struct world *world, enum bulla_side side) /* the certificate, but not the key */
{
    memcpy(world->key[side].secret, world->stranger.secret, BULLA_SECRET);
}

static void forge_self_signed(struct world *world, enum bulla_side side)
{
    world_certify(world, side, &world->key[side]);
}

static void forge_issuer(struct world *world, enum bulla_side side) /* says that the owner had signed it */
{
    struct keys false_owner = world->stranger;
    memcpy(false_owner.public_key, world->owner.public_key, BULLA_PUBLIC);
    world_certify(world, side, &false_owner);
}

static void forge_rights(struct world *world, enum bulla_side side)
{
    world->certificate[side][16 + 3] ^= 0x40; /* a later end */
}

static void forge_early(struct world *world, enum bulla_side side)
{
    world->authority[side].from_s = NOW_S + 1;
    world_certify(world, side, &world->owner);
}

static void forge_late(struct world *world, enum bulla_side side)
{
    world->authority[side].until_s = NOW_S;
    world_certify(world, side, &world->owner);
}

static void forge_kind(struct world *world, enum bulla_side side) /* a good certificate of the other kind */
{
    world->authority[side].kind = side ? BULLA_AUTHORITY_READER : BULLA_AUTHORITY_SEAL;
    world->authority[side].rights = 0;
    world->authority[side].subject = SEAL_ID;
    world_certify(world, side, &world->owner);
}

static void forge_shape(struct world *world, enum bulla_side side)
{
    world->certificate[side][0] = 9;
}

static void forge_withdrawn(struct world *world, enum bulla_side side)
{
    (void)side;
    world->all_withdrawn = true;
}

/* Every try of each. [WCO-3.2-2] [WCO-10-17] [WCO-9.2-2] */
static void a_forged_identity_is_refused(void **state)
{
    (void)state;
    static const struct forgery forgeries[] = {{"clone", forge_clone, BULLA_DOUBT_SIGNATURE},
                                               {"self signed", forge_self_signed, BULLA_DOUBT_ISSUER},
                                               {"issuer", forge_issuer, BULLA_DOUBT_SIGNATURE},
                                               {"rights", forge_rights, BULLA_DOUBT_SIGNATURE},
                                               {"early", forge_early, BULLA_DOUBT_EARLY},
                                               {"late", forge_late, BULLA_DOUBT_LATE},
                                               {"kind", forge_kind, BULLA_DOUBT_KIND},
                                               {"shape", forge_shape, BULLA_DOUBT_SHAPE},
                                               {"withdrawn", forge_withdrawn, BULLA_DOUBT_WITHDRAWN}};
    static const unsigned suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};
    for (unsigned i = 0; i < 3 * sizeof forgeries / sizeof *forgeries; i++) {
        const struct forgery *forgery = &forgeries[i / 3];
        for (unsigned side = 0; side < 2; side++) {
            struct world world;
            struct talk talk;
            world_make(&world, suites[i % 3], 200 + i);
            talk_until(&talk, &world, side ? 1 : 2);
            if (side == 0) { /* what makes the reader refuse the seal is not to be in its way */
                assert_int_equal(talk_prove(&talk), BULLA_OK);
                talk_until(&talk, &world, 2);
            }
            forgery->make(&world, (enum bulla_side)side);
            if (side == 1) {
                assert_int_equal(talk_answer(&talk), BULLA_OK);
                assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
                assert_int_equal(talk.session[0].state, BULLA_SESSION_CALLING);
            } else {
                world.all_withdrawn = false;
                assert_int_equal(talk_prove(&talk), BULLA_OK);
                forgery->make(&world, (enum bulla_side)side);
                assert_int_equal(talk_accept(&talk), BULLA_REFUSED);
                assert_int_equal(talk.session[1].state, BULLA_SESSION_CALLED);
                assert_int_equal(bulla_session_rights(&talk.session[1], &world.moment[1]), 0);
            }
            if (talk.doubt != forgery->doubt)
                fail_msg("%s of side %u: %s", forgery->name, side, bulla_doubt_text(talk.doubt));
        }
    }
}

/* Whoever talked to a seal or a reader has its certificate and a signature of it. Sent on in another session they prove nothing. */
static uint8_t captured[BULLA_SIGNATURE];
static bool have_captured;

static enum bulla_status sign_captured(void *context, const uint8_t *secret, const uint8_t *digest, uint8_t *signature)
{
    if (!have_captured && faulty_sign(context, secret, digest, captured) != BULLA_OK)
        return BULLA_FAILED;
    have_captured = true;
    memcpy(signature, captured, sizeof captured);
    return BULLA_OK;
}

/* [WCO-3.2-2] [WCO-9.3-S3] */
static void a_captured_signature_proves_nothing(void **state)
{
    (void)state;
    static const unsigned suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned side = 0; side < 2; side++) {
            struct world world;
            struct talk talk;
            world_make(&world, suites[i], 400);
            have_captured = false;
            world.suite[side].sign = sign_captured;
            talk_until(&talk, &world, 4); /* in this one it is right */
            talk_until(&talk, &world, side ? 2 : 3);
            assert_int_equal(side ? talk_prove(&talk) : talk_accept(&talk), BULLA_REFUSED);
            assert_int_equal(talk.doubt, BULLA_DOUBT_SIGNATURE);
        }
}

/* A good seal answers, but it is not the one that was called. */
static void another_seal_than_the_one_called_is_refused(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 300);
    world.authority[1].subject = SEAL_ID + 1;
    world_certify(&world, BULLA_SIDE_SEAL, &world.owner);
    talk_until(&talk, &world, 2);
    assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_SUBJECT);
    talk_shared_until(&talk, &world, 1);
    world.party[1].subject++;
    assert_int_equal(talk_answer(&talk), BULLA_OK);
    assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_SIGNATURE);
}

/* A key that signs is not one to agree with. [WCO-9.3-T8] */
static enum bulla_status pair_of_signing_key(void *context, uint8_t *secret, uint8_t *public_key)
{
    struct faulty *faulty = context;
    struct world *world = (struct world *)((char *)(faulty - BULLA_SIDE_SEAL) - offsetof(struct world, faulty));
    memcpy(secret, world->key[1].secret, BULLA_SECRET);
    memcpy(public_key, world->key[1].public_key, BULLA_PUBLIC);
    return BULLA_OK;
}

/* [WCO-9.3-T8] */
static void one_key_for_signing_and_agreement_is_refused(void **state)
{
    (void)state;
    static const unsigned suites[] = {BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};
    for (unsigned i = 0; i < 2; i++) {
        struct world world;
        struct talk talk;
        world_make(&world, suites[i], 310);
        world.suite[1].pair = pair_of_signing_key;
        talk_until(&talk, &world, 2);
        assert_int_equal(talk_prove(&talk), BULLA_REFUSED);
        assert_int_equal(talk.doubt, BULLA_DOUBT_KIND);
    }
}

/* The time of an authority is over; setting back the clock does not bring it back, below the floor the clock counts for nothing. */
static void a_clock_that_was_set_back_brings_nothing_back(void **state)
{
    (void)state;
    struct world world;
    struct talk talk;
    world_make(&world, BULLA_SUITE_INTERNATIONAL, 320);
    talk_until(&talk, &world, 3);
    world.moment[1] = (struct bulla_moment){NOW_MS, NOW_MS + 1000000, true}; /* the floor is its end */
    assert_int_equal(talk_accept(&talk), BULLA_REFUSED);
    assert_int_equal(talk.doubt, BULLA_DOUBT_LATE);
    world.moment[1] = (struct bulla_moment){NOW_MS - 5000, NOW_MS, true}; /* set back a little */
    assert_int_equal(talk_accept(&talk), BULLA_OK);
    assert_int_equal(bulla_session_rights(&talk.session[1], &world.moment[1]), BULLA_RIGHT_READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_bit_is_refused),
        cmocka_unit_test(a_changed_call_leads_nowhere),
        cmocka_unit_test(truncated_and_longer_messages_are_refused),
        cmocka_unit_test(replays_and_other_orders_do_nothing),
        cmocka_unit_test(replays_of_shared_sessions_do_nothing),
        cmocka_unit_test(reflected_messages_do_nothing),
        cmocka_unit_test(another_header_is_refused),
        cmocka_unit_test(a_weaker_suite_is_not_talked_into),
        cmocka_unit_test(a_forged_identity_is_refused),
        cmocka_unit_test(a_captured_signature_proves_nothing),
        cmocka_unit_test(another_seal_than_the_one_called_is_refused),
        cmocka_unit_test(one_key_for_signing_and_agreement_is_refused),
        cmocka_unit_test(a_clock_that_was_set_back_brings_nothing_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
