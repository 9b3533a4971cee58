/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the reader's side when the transport fails at any of its calls, when seals do not hear, when what comes is for others, and
 * when time runs out.
 */
#include "tests/unit/libbulla/air_support.h"

static struct air air;
static struct bulla_reader reader;
static const struct bulla_address one = {0xBEEF, 1000};

/* ---- a transport whose nth call fails, and whose clock jumps ---- */

static uint64_t calls, fails_at, jump_ms;
static uint32_t asked_ms;

static bool failing_send(void *context, struct bulla_bytes frame)
{
    return ++calls != fails_at && air_send(context, frame);
}

static int failing_receive(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    asked_ms = timeout_ms;
    return ++calls == fails_at ? BULLA_TRANSPORT_FAILED : air_receive(context, to, size, timeout_ms);
}

static uint64_t jumping_now(void *context)
{
    struct air *a = context;
    uint64_t now_ms = a->now_us / 1000;
    a->now_us += jump_ms * 1000;
    return now_ms;
}

static const struct bulla_transport_ops failing_ops = {failing_send, failing_receive, jumping_now};
static const struct bulla_transport transport = {&failing_ops, &air};

static void begin(size_t n, uint64_t seed)
{
    const struct bulla_reader_setup usual = {.id = 1, .session = 0x77, .spot = {BULLA_NO_COORDINATE, BULLA_NO_COORDINATE}};
    air_init(&air, n, BULLA_PROFILE_GBT, false, seed);
    bulla_reader_open(&reader, &transport, &usual);
    calls = fails_at = jump_ms = 0;
}

static void any_call_of_the_transport_may_fail(void **state)
{
    (void)state;
    struct bulla_found found[4];
    struct bulla_condition condition = {.journeys = 77};
    size_t n;
    for (uint64_t nth = 1;; nth++) {
        begin(3, 1);
        fails_at = nth;
        enum bulla_status status = bulla_reader_find(&reader, found, 4, &n);
        if (calls < nth) {
            assert_int_equal(status, BULLA_OK);
            assert_int_equal(n, 3);
            assert_true(nth > 15);
            break;
        }
        assert_int_equal(status, BULLA_FAILED);
        assert_int_equal(calls, nth); /* nothing is tried after it */
    }
    for (uint64_t nth = 1; nth <= 2; nth++) {
        begin(1, 2);
        fails_at = nth;
        assert_int_equal(bulla_reader_status(&reader, &one, &condition), BULLA_FAILED);
        assert_int_equal(calls, nth);
        assert_int_equal(condition.journeys, 77);
    }
}

/* It never waits for less than no time. */
static void time_that_ran_out(void **state)
{
    (void)state;
    struct bulla_condition condition;
    begin(0, 3);
    jump_ms = BULLA_READER_PATIENCE_MS;
    reader.setup.tries = 1;
    assert_int_equal(bulla_reader_status(&reader, &one, &condition), BULLA_MORE);
    assert_int_equal(asked_ms, 0);
    jump_ms = BULLA_READER_PATIENCE_MS + 1000;
    assert_int_equal(bulla_reader_status(&reader, &one, &condition), BULLA_MORE);
    assert_int_equal(asked_ms, 0);
    jump_ms = 100;
    assert_int_equal(bulla_reader_status(&reader, &one, &condition), BULLA_MORE);
    assert_int_equal(asked_ms, BULLA_READER_PATIENCE_MS - 100);
}

/* Who does not hear that it may sleep answers again, and is found once. */
static void seals_that_do_not_hear(void **state)
{
    (void)state;
    unsigned again = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct bulla_found found[8];
        size_t n;
        begin(5, seed);
        reader.setup.tries = 1;
        air.lose_asked = 30;
        assert_int_equal(bulla_reader_find(&reader, found, 8, &n), BULLA_OK);
        assert_true(n <= 5);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < i; k++)
                assert_int_not_equal(found[i].address.serial, found[k].address.serial);
        again += reader.rounds > 5;
    }
    assert_true(again > 0);
}

/* Two makers may have given the same number. */
static void a_maker_is_part_of_the_address(void **state)
{
    (void)state;
    struct bulla_found found[3];
    size_t n;
    begin(2, 4);
    air.seals[1].seal.address = (struct bulla_address){0xBEEE, 1000};
    assert_int_equal(bulla_reader_find(&reader, found, 3, &n), BULLA_OK);
    assert_int_equal(n, 2);
    assert_int_equal(found[0].address.serial, found[1].address.serial);
    assert_int_not_equal(found[0].address.maker, found[1].address.maker);
}

/* ---- what comes and is not the answer ---- */

static struct bulla_frame as; /* what is not 0 is put into each answer */
static struct bulla_bytes as_data;

static void change(struct air *a, uint8_t *frame, size_t *n, bool from_seal)
{
    struct bulla_frame f;
    struct bulla_fault fault;
    uint8_t copy[BULLA_FRAME_MAX];
    (void)a;
    if (!from_seal)
        return;
    assert_int_equal(bulla_frame_decode_from_seal((struct bulla_bytes){frame, *n}, BULLA_START_ANY, &f, &fault), BULLA_OK);
    memcpy(copy, f.data.at, f.data.len);
    f.data.at = copy;
    f.session ^= as.session;
    f.code ^= as.code;
    f.status |= as.status;
    f.address.maker ^= as.address.maker;
    f.address.serial ^= as.address.serial;
    if (as_data.at)
        f.data = as_data;
    assert_int_equal(bulla_frame_encode_from_seal(&f, frame, BULLA_FRAME_MAX, n, &fault), BULLA_OK);
}

static void answers_to_others(void **state)
{
    (void)state;
    static const struct bulla_frame other[] = {
        {.session = 1}, {.code = 3}, {.address = {.maker = 1}}, {.address = {.serial = 1}}, {.session = 0}};
    struct bulla_condition condition;
    for (size_t i = 0; i < 5; i++) {
        begin(1, 5);
        air.meddle = change;
        as = other[i];
        assert_int_equal(bulla_reader_status(&reader, &one, &condition), i == 4 ? BULLA_OK : BULLA_MORE);
    }
}

static void collections_of_others(void **state)
{
    (void)state;
    static const struct bulla_frame other[] = {{.session = 1}, {.code = 3}, {.status = BULLA_REPLY_REFUSED}, {.session = 0}};
    struct bulla_found found[2];
    size_t n;
    for (size_t i = 0; i < 4; i++) {
        begin(1, 6);
        air.meddle = change;
        as = other[i];
        assert_int_equal(bulla_reader_find(&reader, found, 2, &n), BULLA_OK);
        assert_int_equal(n, i == 3);
    }
    assert_true(found[0].has_block);
    begin(1, 7); /* who says no block has none */
    air.meddle = change;
    as = (struct bulla_frame){0};
    as_data = (struct bulla_bytes){(const uint8_t *)"x", 1};
    assert_int_equal(bulla_reader_find(&reader, found, 2, &n), BULLA_OK);
    as_data = (struct bulla_bytes){NULL, 0};
    assert_int_equal(n, 1);
    assert_false(found[0].has_block);
}

/* The longest that a link has fits into a frame. */
static void the_longest_question(void **state)
{
    (void)state;
    static const uint8_t long_one[240];
    struct bulla_link_message ask = {.code = BULLA_ORDER_WRAPPED, .rest = {long_one, 239}}, answer;
    uint8_t room[BULLA_FRAME_MAX];
    begin(1, 8);
    reader.setup.tries = 1;
    assert_int_equal(bulla_reader_ask(&reader, &one, &ask, &answer, room, NULL), BULLA_MORE);
    assert_int_equal(air.sent, 1);
    assert_true(air.last_n > 239 && air.last_n <= BULLA_FRAME_MAX);
    ask.rest.len = 240;
    assert_int_equal(bulla_reader_ask(&reader, &one, &ask, &answer, room, NULL), BULLA_REFUSED);
    assert_int_equal(air.sent, 1);
    reader.setup.window = UINT16_MAX;
    struct bulla_found found[1];
    size_t n;
    assert_int_equal(bulla_reader_find(&reader, found, 1, &n), BULLA_OK);
    assert_int_equal(n, 1);
}

/* What is refused in the middle is not gone on with. */
static void a_write_ends_where_it_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[3 * BULLA_LINK_CHUNK];
    begin(1, 9);
    assert_int_equal(bulla_reader_write(&reader, &one, BULLA_AREA_INHERENT, 0, (struct bulla_bytes){bytes, sizeof bytes}), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_READ_ONLY);
    assert_int_equal(air.sent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_of_the_transport_may_fail),
        cmocka_unit_test(time_that_ran_out),
        cmocka_unit_test(seals_that_do_not_hear),
        cmocka_unit_test(a_maker_is_part_of_the_address),
        cmocka_unit_test(answers_to_others),
        cmocka_unit_test(collections_of_others),
        cmocka_unit_test(the_longest_question),
        cmocka_unit_test(a_write_ends_where_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
