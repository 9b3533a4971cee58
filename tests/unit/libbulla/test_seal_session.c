/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: sessions and tickets between a reader and a seal that was made with keys: what they permit, and that nothing that is
 * replayed, out of order, changed or badly signed does anything but count.
 */
#include "tests/unit/libbulla/proven_support.h"

/* [WCO-9.3-S3] [WCO-9.2-2] [WCO-9.3-R4] */
static void a_proven_journey(void **state)
{
    (void)state;
    uint8_t bytes[BULLA_TICKET_SIZE];
    struct bulla_condition condition;
    struct bench *bench = &air.seals[0];
    begin(1);
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.belief, BULLA_BELIEF_CLAIMED);
    assert_true(condition.keys);
    initialise();
    assert_int_equal(bench->seal.floor_ms, NOON - 86400000); /* it is not before the reader's authority began */
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.belief, BULLA_BELIEF_PROVEN);
    assert_int_equal(bulla_reader_seal(&reader, &seal, (struct bulla_bytes){NULL, 0}), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_AUTHORITY);
    assert_int_equal(bulla_reader_seal(&reader, &seal, ticket(BULLA_TICKET_TO_SEAL, 5, bytes)), BULLA_OK);
    bench->out = false;
    assert_int_equal(bench_event(bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
    assert_int_equal(bulla_reader_unseal(&reader, &seal, ticket(BULLA_TICKET_TO_SEAL, 6, bytes)), BULLA_REFUSED);
    assert_int_equal(bulla_reader_unseal(&reader, &seal, ticket(BULLA_TICKET_TO_UNSEAL, 5, bytes)), BULLA_REFUSED); /* spent */
    assert_int_equal(bulla_reader_unseal(&reader, &seal, ticket(BULLA_TICKET_TO_UNSEAL, 6, bytes)), BULLA_OK);
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.spent, 6);
    assert_int_equal(condition.state, BULLA_DEVICE_RELEASED);
    assert_int_equal(condition.ignored[BULLA_IGNORED_REPLAYED], 1);
    assert_int_equal(condition.ignored[BULLA_IGNORED_UNPROVEN], 2);
    /* What was spent stays so without power. */
    assert_int_equal(bench_restart(bench), BULLA_OK);
    assert_int_equal(bench->seal.spent, 6);
    assert_int_equal(bench->seal.floor_ms, NOON - 86400000 > NOON - 3600000 ? NOON - 86400000 : NOON - 3600000);
}

/* [WCO-9.3-P2] [WCO-9.3-R6] Nothing of what is said in a session can be read on the air. */
static bool plain_heard;
static void listen(struct air *a, uint8_t *frame, size_t *n, bool from_seal)
{
    (void)a, (void)from_seal;
    for (size_t i = 0; i + 11 <= *n; i++)
        plain_heard |= memcmp(frame + i, "MSKU9070323", 11) == 0;
}

static void nothing_is_read_on_the_air(void **state)
{
    (void)state;
    uint8_t got[11];
    begin(2);
    air.meddle = listen;
    plain_heard = false;
    initialise();
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, sizeof got), BULLA_OK);
    assert_memory_equal(got, "MSKU9070323", 11);
    assert_false(plain_heard);
    air.seals[0].seal.proven = false; /* the same in bare frames is heard */
    bulla_reader_leave(&reader);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, sizeof got), BULLA_OK);
    assert_true(plain_heard);
}

static void assert_changes_nothing(const struct bench *bench, const struct bulla_device *device, uint32_t events)
{
    assert_int_equal(bench->seal.device.state, device->state);
    assert_int_equal(bench->seal.device.modes, device->modes);
    assert_int_equal(bench->seal.events, events);
}

/* [WCO-9.2-2] Bare frames to a seal with keys: all of them are refused that need more. */
static void bare_frames_change_nothing(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    begin(3);
    struct bulla_device device = bench->seal.device;
    air.now_us += 1000000;
    bench->seal.noticed_ms = 1; /* a record was made a moment ago */
    const struct bulla_link_message asks[] = {
        {.code = BULLA_ORDER_INITIALISE},
        {.code = BULLA_ORDER_SEAL},
        {.code = BULLA_ORDER_UNSEAL},
        {.code = BULLA_ORDER_RETIRE},
        {.code = BULLA_ORDER_SET_CLOCK, .value = {NOON, 20}},
        {.code = BULLA_ORDER_READ_MEMORY, .value = {BULLA_AREA_CONTAINER, 0, 11}},
        {.code = BULLA_ORDER_READ_LOG, .value = {0, 6}},
        {.code = BULLA_ORDER_WRITE_MEMORY, .value = {BULLA_AREA_CONTAINER, 0}, .rest = {(const uint8_t *)"X", 1}},
    };
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct bulla_link_message answer;
        uint8_t room[BULLA_FRAME_MAX];
        assert_int_equal(bulla_reader_ask(&reader, &seal, &asks[i], &answer, room, NULL), BULLA_REFUSED);
        assert_int_equal(reader.nack, BULLA_NACK_AUTHORITY);
        assert_changes_nothing(bench, &device, 0);
    }
    assert_int_equal(bench->seal.device.refused, sizeof asks / sizeof *asks);
}

/* [WCO-9.3-R5] A reader may do what its authority says, and no longer than it says. */
static void rights_count(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    uint8_t got[11], bytes[BULLA_TICKET_SIZE];
    begin(4);
    initialise();
    give_rights(BULLA_RIGHT_READ);
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, sizeof got), BULLA_OK);
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CONTAINER, 0, (struct bulla_bytes){(const uint8_t *)"X", 1}),
                     BULLA_REFUSED);
    assert_int_equal(bulla_reader_seal(&reader, &seal, ticket(BULLA_TICKET_TO_SEAL, 9, bytes)), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_AUTHORITY);
    assert_int_equal(bench->seal.spent, 0);
    for (unsigned hour = 0; hour < 11 * 24; hour++) { /* its time is over, and no session is made */
        air.now_us += UINT64_C(3600) * 1000000;
        (void)bulla_seal_turn(&bench->seal, (uint32_t)(air.now_us * HZ / 1000000));
    }
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, sizeof got), BULLA_REFUSED);
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_MORE);
}

/* Every frame of a handshake and of orders, with one bit changed on its way: the seal does nothing but count, the reader believes nothing.
 */
static unsigned nth, bit;
static void flip(struct air *a, uint8_t *frame, size_t *n, bool from_seal)
{
    (void)a, (void)from_seal;
    if (nth-- == 0) { /* behind the head, and the CRC made right again */
        struct bulla_frame f;
        struct bulla_fault fault;
        uint8_t copy[BULLA_FRAME_MAX];
        const struct bulla_bytes bytes = {frame, *n};
        assert_int_equal(from_seal ? bulla_frame_decode_from_seal(bytes, BULLA_START_ANY, &f, &fault)
                                   : bulla_frame_decode_to_seal(bytes, BULLA_START_ANY, &f, &fault),
                         BULLA_OK);
        memcpy(copy, f.data.at, f.data.len);
        copy[bit / 8 % f.data.len] ^= (uint8_t)(1u << bit % 8);
        f.data.at = copy;
        assert_int_equal(from_seal ? bulla_frame_encode_from_seal(&f, frame, BULLA_FRAME_MAX, n, &fault)
                                   : bulla_frame_encode_to_seal(&f, frame, BULLA_FRAME_MAX, n, &fault),
                         BULLA_OK);
    }
}

/* [WCO-9.3-G5] */
static void what_is_changed_on_its_way_counts_and_does_nothing(void **state)
{
    (void)state;
    static struct air clean;
    begin(5);
    initialise();
    reader.setup.tries = 1;
    clean = air;
    const struct bulla_reader before = reader;
    for (unsigned frame = 0; frame < 6; frame++) /* call, answer, proof, first record; order, its answer */
        for (bit = 0; bit < 8 * 24; bit += 5) {
            air = clean;
            reader = before;
            struct bench *bench = &air.seals[0];
            uint32_t events = bench->seal.events;
            nth = frame;
            air.meddle = flip;
            enum bulla_status status = bulla_reader_session(&reader, &seal, &moment);
            if (frame >= 4) {
                assert_int_equal(status, BULLA_OK);
                status = bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, (struct bulla_bytes){(const uint8_t *)"gold", 4});
            }
            assert_true(status == BULLA_MORE || status == BULLA_DAMAGED);
            if (frame < 5) {
                assert_int_equal(bench->seal.events, events);
                assert_true(frame % 2 == 1 ||
                            bench->seal.counts[BULLA_IGNORED_UNPROVEN] + bench->seal.counts[BULLA_IGNORED_REPLAYED] ==
                                clean.seals[0].seal.counts[BULLA_IGNORED_UNPROVEN] + 1 +
                                    clean.seals[0].seal.counts[BULLA_IGNORED_REPLAYED] ||
                            frame == 0);
            } else {
                assert_int_equal(bench->seal.events, events + 1); /* it was done; the reader does not know */
            }
        }
}

/* [WCO-9.3-S3] Frames that were recorded and are sent again, in any order. */
static void what_is_replayed_counts_and_does_nothing(void **state)
{
    (void)state;
    uint8_t taped[8][BULLA_FRAME_MAX];
    size_t sizes[8], n = 0;
    struct bench *bench = &air.seals[0];
    begin(6);
    initialise();
    memcpy(taped[n], air.last, sizes[n] = air.last_n); /* a write of the session that is open */
    n++;
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
    memcpy(taped[n], air.last, sizes[n] = air.last_n); /* a proof */
    n++;
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, (struct bulla_bytes){(const uint8_t *)"gold", 4}), BULLA_OK);
    memcpy(taped[n], air.last, sizes[n] = air.last_n);
    n++;
    uint32_t events = bench->seal.events, replayed = 0;
    for (size_t i = 0; i < n; i++) {
        bulla_seal_hear(&bench->seal, (struct bulla_bytes){taped[i], sizes[i]}, bench->now, &bench->reply);
        assert_int_equal(bench->reply.n, 0);
        assert_int_equal(bench->seal.events, events);
        uint32_t now = bench->seal.counts[BULLA_IGNORED_REPLAYED] + bench->seal.counts[BULLA_IGNORED_UNPROVEN];
        assert_int_equal(now, replayed + 1);
        replayed = now;
    }
    assert_int_equal(bench->seal.counts[BULLA_IGNORED_REPLAYED], 2); /* the old session's is no record of this one at all */
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, (struct bulla_bytes){(const uint8_t *)"lead", 4}), BULLA_OK);
}

static void a_key_that_both_have(void **state)
{
    (void)state;
    uint8_t got[11];
    struct bench *bench = &air.seals[0];
    begin(7);
    initialise();
    struct bulla_shared_key other = shared_key;
    other.subject = bulla_authority_seal(seal.maker, seal.serial);
    assert_int_equal(bulla_reader_session_shared(&reader, &seal, &other), BULLA_OK);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, sizeof got), BULLA_OK);
    assert_memory_equal(got, "MSKU9070323", 11);
    assert_int_equal(bench->seal.open.proof, BULLA_SESSION_BY_SHARED);
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, (struct bulla_bytes){got, 1}), BULLA_REFUSED);
    other.bytes[0] ^= 1;
    assert_int_equal(bulla_reader_session_shared(&reader, &seal, &other), BULLA_REFUSED);
    assert_true(reader.nack == BULLA_NACK_AUTHORITY && reader.refusal == BULLA_REFUSAL_PASSWORD);
}

/* [WCO-9.2-4] A seal whose body was opened wipes its keys, and nobody speaks to it in a session any more. */
static void without_keys_there_is_no_session(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    struct bulla_condition condition;
    begin(8);
    initialise();
    assert_int_equal(bench_event(bench, BULLA_ON_BODY_OPENED, 0), BULLA_OK);
    assert_int_equal(bench->wipes, 1);
    static const struct bulla_session nothing;
    assert_int_equal(bench->seal.open.state, BULLA_SESSION_OVER);
    assert_memory_equal(bench->seal.open.key, nothing.key, sizeof nothing.key);    /* nor are those of the session left */
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_MORE); /* the session is over */
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_MORE);
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.belief, BULLA_BELIEF_CLAIMED);
    assert_int_equal(condition.state, BULLA_DEVICE_RETIRED);
    assert_int_equal(bulla_seal_commission(&bench->seal, (struct bulla_bytes){(const uint8_t *)"keys", 4}, bench->now), BULLA_OK);
    assert_int_equal(bulla_seal_commission(&bench->seal, (struct bulla_bytes){(const uint8_t *)"keys", 4}, bench->now), BULLA_REFUSED);
    assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
}

/* ---- the nth call of randomness or cipher fails ---- */

static struct bulla_suite real;
static uint64_t calls, fails_at;

static bool fails(void)
{
    return ++calls == fails_at;
}

static enum bulla_status failing_random(void *context, uint8_t *to, size_t n)
{
    return fails() ? BULLA_FAILED : real.random(context, to, n);
}

static enum bulla_status failing_digest(void *context, const struct bulla_bytes *parts, size_t n, uint8_t digest[BULLA_HASH])
{
    return fails() ? BULLA_FAILED : real.digest(context, parts, n, digest);
}

static enum bulla_status failing_seal(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    return fails() ? BULLA_FAILED : real.seal(context, aead, to);
}

static enum bulla_status failing_open(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    return fails() ? BULLA_FAILED : real.open(context, aead, to);
}

static enum bulla_status failing_pair(void *context, uint8_t secret[BULLA_SECRET], uint8_t *public_key)
{
    return fails() ? BULLA_FAILED : real.pair(context, secret, public_key);
}

static enum bulla_status failing_agree(void *context, const struct bulla_agreement *agreement, uint8_t shared_secret[BULLA_SHARED])
{
    return fails() ? BULLA_FAILED : real.agree(context, agreement, shared_secret);
}

static enum bulla_status failing_sign(void *context, const uint8_t secret[BULLA_SECRET], const uint8_t digest[BULLA_HASH],
                                      uint8_t signature[BULLA_SIGNATURE])
{
    return fails() ? BULLA_FAILED : real.sign(context, secret, digest, signature);
}

static enum bulla_status failing_verify(void *context, const uint8_t public_key[BULLA_PUBLIC], const uint8_t digest[BULLA_HASH],
                                        const uint8_t signature[BULLA_SIGNATURE])
{
    return fails() ? BULLA_FAILED : real.verify(context, public_key, digest, signature);
}

static void make_failing(void)
{
    real = suite;
    suite.random = failing_random;
    suite.digest = failing_digest;
    suite.hmac = NULL; /* made of the digest */
    suite.seal = failing_seal;
    suite.open = failing_open;
    suite.pair = failing_pair;
    suite.agree = failing_agree;
    suite.sign = failing_sign;
    suite.verify = failing_verify;
}

/* A ticket is spent when and only when it was acted on; an order that is answered was done. */
static void any_call_of_the_cipher_may_fail(void **state)
{
    (void)state;
    static struct air clean;
    uint8_t bytes[BULLA_TICKET_SIZE];
    unsigned failed = 0;
    begin(9);
    initialise();
    const struct bulla_bytes permission = ticket(BULLA_TICKET_TO_SEAL, 5, bytes);
    reader.setup.tries = 1;
    clean = air;
    const struct bulla_reader before = reader;
    make_failing();
    for (uint64_t n = 1;; n++) {
        struct bench *bench = &air.seals[0];
        air = clean;
        reader = before;
        calls = 0;
        fails_at = n;
        enum bulla_status session = bulla_reader_session(&reader, &seal, &moment), status = BULLA_MORE;
        if (session == BULLA_OK)
            status = bulla_reader_seal(&reader, &seal, permission);
        bool armed = bench->seal.device.state == BULLA_DEVICE_ARMED;
        assert_true(armed || bench->seal.device.state == BULLA_DEVICE_WRITTEN);
        assert_int_equal(bench->seal.spent, armed ? 5 : 0);
        assert_true(status != BULLA_OK || armed);
        assert_false(bench->seal.stale);
        if (calls < n)
            break;
        failed++;
        fails_at = 0; /* it goes on as if nothing had been */
        assert_int_equal(bulla_reader_session(&reader, &seal, &moment), BULLA_OK);
        assert_int_equal(bulla_reader_seal(&reader, &seal, permission), armed ? BULLA_REFUSED : BULLA_OK);
    }
    suite = real;
    assert_true(failed > 60);
}

/* The same with a key that both have, and with the seal's own randomness. */
static void any_call_of_a_shared_session_may_fail(void **state)
{
    (void)state;
    static struct air clean;
    struct bulla_shared_key key = shared_key;
    key.subject = bulla_authority_seal(seal.maker, seal.serial);
    uint8_t got[11];
    unsigned failed = 0;
    begin(10);
    initialise();
    reader.setup.tries = 1;
    clean = air;
    const struct bulla_reader before = reader;
    make_failing();
    for (uint64_t n = 1;; n++) {
        air = clean;
        reader = before;
        calls = 0;
        fails_at = n;
        enum bulla_status status = bulla_reader_session_shared(&reader, &seal, &key);
        if (status == BULLA_OK)
            status = bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, sizeof got);
        if (calls < n)
            break;
        failed++;
        assert_int_not_equal(status, BULLA_OK);
    }
    suite = real;
    assert_true(failed > 15);
}

/* What is wrapped is looked at like any other order: what is none is counted, what is wrong refused. */
static void orders_that_are_none_within_a_session(void **state)
{
    (void)state;
    struct bench *bench = &air.seals[0];
    begin(11);
    initialise();
    const struct {
        const char *plain;
        size_t n;
        bool answered;
    } said[] = {{"", 0, false}, {"\x7E", 1, false}, {"\x52\x01", 2, false}, {"\x60", 1, true}, {"\x50\x01", 2, true}};
    uint32_t unknown = bench->seal.counts[BULLA_IGNORED_UNKNOWN];
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        uint8_t record[BULLA_RECORD_MAX], header[BULLA_LINK_HEADER];
        enum bulla_doubt doubt;
        struct bulla_frame frame = {
            .start = BULLA_START_FFFF, .code = BULLA_ORDER_WRAPPED, .session = 0x77, .address = seal, .data = {record, 0}};
        bulla_link_header(&frame, header);
        assert_int_equal(bulla_session_wrap(&reader.session, (struct bulla_bytes){header, sizeof header},
                                            (struct bulla_bytes){(const uint8_t *)said[i].plain, said[i].n}, record, sizeof record,
                                            &frame.data.len, &doubt),
                         BULLA_OK);
        bench_hear(bench, &frame);
        assert_int_equal(bench->reply.n > 0, said[i].answered);
        unknown += !said[i].answered;
        assert_int_equal(bench->seal.counts[BULLA_IGNORED_UNKNOWN], unknown);
    }
    struct bulla_link_message flight = {.code = BULLA_ORDER_FLIGHT_END}, answer; /* never answered */
    uint8_t room[BULLA_FRAME_MAX];
    assert_int_equal(bulla_reader_ask(&reader, &seal, &flight, &answer, room, NULL), BULLA_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proven_journey),
        cmocka_unit_test(nothing_is_read_on_the_air),
        cmocka_unit_test(bare_frames_change_nothing),
        cmocka_unit_test(rights_count),
        cmocka_unit_test(what_is_changed_on_its_way_counts_and_does_nothing),
        cmocka_unit_test(what_is_replayed_counts_and_does_nothing),
        cmocka_unit_test(a_key_that_both_have),
        cmocka_unit_test(without_keys_there_is_no_session),
        cmocka_unit_test(any_call_of_the_cipher_may_fail),
        cmocka_unit_test(any_call_of_a_shared_session_may_fail),
        cmocka_unit_test(orders_that_are_none_within_a_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
