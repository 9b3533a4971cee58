/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: a permission that holds once, at one seal, there and then.
 */
#include <math.h>

#include "tests/unit/libbulla/trust_support.h"

static const uint8_t journey[BULLA_TICKET_JOURNEY_SIZE] = {1, 2, 3};
static const uint8_t challenge[BULLA_TICKET_CHALLENGE_SIZE] = {7, 7, 7};

struct gate {
    struct world world;
    struct bulla_ticket ticket; /* as the issuer has it */
    uint8_t bytes[BULLA_TICKET_SIZE];
    struct bulla_ticket_facts facts;
    struct bulla_ticket got;
    enum bulla_ticket_refusal refusal;
};

static void gate_sign(struct gate *gate)
{
    struct bulla_fault fault;
    const struct keys *owner = &gate->world.owner;
    assert_int_equal(bulla_ticket_sign(&gate->world.suite[0], owner->secret, owner->public_key, &gate->ticket), BULLA_OK);
    assert_int_equal(bulla_ticket_encode(&gate->ticket, gate->bytes, &fault), BULLA_OK);
}

/* A ticket with all that a ticket may have, and a seal for which it is right. */
static void gate_make(struct gate *gate, unsigned suite)
{
    memset(gate, 0, sizeof *gate);
    world_make(&gate->world, suite, 600 + suite);
    gate->ticket = (struct bulla_ticket){.operation = BULLA_TICKET_TO_UNSEAL,
                                         .has_place = true,
                                         .has_challenge = true,
                                         .device = {MAKER, SERIAL},
                                         .counter = 12,
                                         .from_s = NOW_S - 10,
                                         .until_s = NOW_S + 10,
                                         .lat_e7 = 535000000,
                                         .lon_e7 = 99000000,
                                         .radius_m = 500};
    memcpy(gate->ticket.journey, journey, sizeof journey);
    memcpy(gate->ticket.challenge, challenge, sizeof challenge);
    gate->facts = (struct bulla_ticket_facts){.device = {MAKER, SERIAL},
                                              .operation = BULLA_TICKET_TO_UNSEAL,
                                              .journey = journey,
                                              .counter = 11,
                                              .challenge = challenge,
                                              .moment = gate->world.moment[1],
                                              .has_position = true,
                                              .lat_e7 = 535010000,
                                              .lon_e7 = 99010000};
    gate_sign(gate);
}

static enum bulla_status gate_check(struct gate *gate)
{
    return bulla_ticket_check(&gate->world.suite[1], &gate->world.trust, &gate->facts,
                              (struct bulla_bytes){gate->bytes, sizeof gate->bytes}, &gate->got, &gate->refusal);
}

static void expect_refused(struct gate *gate, enum bulla_ticket_refusal why)
{
    struct bulla_ticket before = gate->got;
    assert_int_equal(gate_check(gate), BULLA_REFUSED);
    if (gate->refusal != why)
        fail_msg("expected \"%s\", got \"%s\"", bulla_ticket_refusal_text(why), bulla_ticket_refusal_text(gate->refusal));
    assert_memory_equal(&gate->got, &before, sizeof before);
}

/* By their bytes, in which every field is: padding is nobody's. */
static void assert_same_ticket(const struct bulla_ticket *got, const struct bulla_ticket *expected)
{
    uint8_t a[BULLA_TICKET_SIZE], b[BULLA_TICKET_SIZE];
    struct bulla_fault fault;
    assert_int_equal(bulla_ticket_encode(got, a, &fault), BULLA_OK);
    assert_int_equal(bulla_ticket_encode(expected, b, &fault), BULLA_OK);
    assert_memory_equal(a, b, sizeof a);
}

static const unsigned all_suites[] = {BULLA_SUITE_INTERNATIONAL, BULLA_SUITE_INTERNATIONAL_256, BULLA_SUITE_P256, BULLA_SUITE_NATIONAL};

/* [WCO-6-13] [WCO-13.5-R10] */
static void a_ticket_holds_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct gate gate;
        gate_make(&gate, all_suites[i]);
        assert_int_equal(gate_check(&gate), BULLA_OK);
        assert_int_equal(gate.refusal, BULLA_TICKET_GOOD);
        assert_same_ticket(&gate.got, &gate.ticket);
        gate.facts.counter = gate.got.counter; /* what the seal stores before it acts */
        expect_refused(&gate, BULLA_TICKET_SPENT);
        gate.facts.counter++;
        expect_refused(&gate, BULLA_TICKET_SPENT);
    }
}

/* Any bit. [WCO-9.3-T4] */
static void a_changed_ticket_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct gate gate;
        gate_make(&gate, all_suites[i]);
        for (size_t bit = 0; bit < 8 * sizeof gate.bytes; bit += i == 3 ? 3 : 1) {
            gate.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(gate_check(&gate), BULLA_REFUSED);
            assert_in_range(gate.refusal, BULLA_TICKET_SHAPE, BULLA_TICKET_SIGNATURE);
            gate.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(gate_check(&gate), BULLA_OK);
    }
}

/* [WCO-9.2-2] */
static void each_reason_of_a_refusal(void **state)
{
    (void)state;
    static const uint8_t other[BULLA_TICKET_JOURNEY_SIZE] = {9};
    struct gate right, gate;
    gate_make(&right, BULLA_SUITE_P256);
#define TRY(change, why)                                                                                                                   \
    do {                                                                                                                                   \
        gate_make(&gate, BULLA_SUITE_P256);                                                                                                \
        assert_int_equal(gate_check(&gate), BULLA_OK);                                                                                     \
        change;                                                                                                                            \
        expect_refused(&gate, BULLA_TICKET_##why);                                                                                         \
    } while (0)
    TRY(gate.facts.device.maker++, DEVICE);
    TRY(gate.facts.device.serial++, DEVICE);
    TRY(gate.facts.operation = BULLA_TICKET_TO_SEAL, OPERATION);
    TRY(gate.facts.journey = other, JOURNEY);
    TRY(gate.facts.counter = 12, SPENT);
    TRY(gate.facts.challenge = NULL, CHALLENGE);
    TRY(gate.facts.challenge = other, CHALLENGE);
    TRY((gate.ticket.has_challenge = false, memset(gate.ticket.challenge, 0, 16), gate.facts.challenge_needed = true, gate_sign(&gate)),
        CHALLENGE);
    TRY(gate.facts.moment.good = false, CLOCK);
    TRY(gate.facts.moment.now_ms = gate.facts.moment.floor_ms - 1, CLOCK); /* set back */
    TRY(gate.facts.moment.now_ms = INT64_MIN, CLOCK);
    TRY(gate.facts.moment = ((struct bulla_moment){NOW_MS - 10001, 0, true}), EARLY);
    TRY(gate.facts.moment.now_ms = NOW_MS + 10000, LATE);
    TRY(gate.facts.has_position = false, NO_PLACE);
    TRY(gate.facts.lat_e7 = 536000000, PLACE);
    TRY(gate.facts.lon_e7 = 100000000, PLACE);
    TRY(gate.world.suite[1].id = BULLA_SUITE_NATIONAL, SUITE);
    TRY(gate.world.suite[1].name = "another", SIGNATURE);
    TRY(gate.world.owner = gate.world.stranger, ISSUER);
    TRY(gate.bytes[0] = 'X', SHAPE);
#undef TRY
    struct keys false_owner = right.world.stranger; /* says that the owner had signed it */
    struct bulla_fault fault;
    memcpy(false_owner.public_key, right.world.owner.public_key, BULLA_PUBLIC);
    assert_int_equal(bulla_ticket_sign(&right.world.suite[0], false_owner.secret, false_owner.public_key, &right.ticket), BULLA_OK);
    assert_int_equal(bulla_ticket_encode(&right.ticket, right.bytes, &fault), BULLA_OK);
    expect_refused(&right, BULLA_TICKET_SIGNATURE);
}

static void the_edges_of_what_is_accepted(void **state)
{
    (void)state;
    struct gate gate;
    gate_make(&gate, BULLA_SUITE_INTERNATIONAL);
    gate.facts.moment = (struct bulla_moment){NOW_MS - 10000, NOW_MS - 10000, true};
    assert_int_equal(gate_check(&gate), BULLA_OK);
    gate.facts.moment.now_ms = NOW_MS + 9999;
    assert_int_equal(gate_check(&gate), BULLA_OK);
    gate.facts.journey = NULL; /* it has none yet: sealing begins one */
    assert_int_equal(gate_check(&gate), BULLA_OK);
    gate.facts.journey = journey;
    memset(gate.ticket.journey, 0, sizeof gate.ticket.journey); /* any */
    gate_sign(&gate);
    assert_int_equal(gate_check(&gate), BULLA_OK);
    gate.ticket.has_challenge = false;
    memset(gate.ticket.challenge, 0, sizeof gate.ticket.challenge);
    gate_sign(&gate);
    assert_int_equal(gate_check(&gate), BULLA_OK); /* none is needed, though one is open */
    gate.ticket.has_place = false;
    gate.ticket.lat_e7 = gate.ticket.lon_e7 = 0;
    gate.ticket.radius_m = 0;
    gate.facts.has_position = false;
    gate_sign(&gate);
    assert_int_equal(gate_check(&gate), BULLA_OK);
    gate.ticket.counter = UINT32_MAX;
    gate_sign(&gate);
    gate.facts.counter = UINT32_MAX - 1;
    assert_int_equal(gate_check(&gate), BULLA_OK);
}

/* ---- the format ---- */

static void the_format_is_what_the_header_says(void **state)
{
    (void)state;
    struct gate gate;
    struct bulla_ticket got;
    struct bulla_fault fault;
    gate_make(&gate, BULLA_SUITE_NATIONAL);
    gate.ticket.lat_e7 = -1;
    gate.ticket.lon_e7 = -1800000000;
    assert_int_equal(bulla_ticket_encode(&gate.ticket, gate.bytes, &fault), BULLA_OK);
    assert_memory_equal(gate.bytes, "BTK1\x04\x02\x03\x00\x4a\x11\xc0\xff\xee\x01\x01\x02\x03", 17);
    assert_memory_equal(gate.bytes + 30, "\x00\x00\x00\x0c", 4);
    assert_memory_equal(gate.bytes + 42, "\xff\xff\xff\xff\x94\xb6\x2e\x00\x00\x00\x01\xf4\x07\x07\x07\x00", 16);
    assert_memory_equal(gate.bytes + 70, gate.ticket.issuer, 4);
    assert_memory_equal(gate.bytes + 74, gate.ticket.signature, 64);
    assert_int_equal(bulla_ticket_decode((struct bulla_bytes){gate.bytes, sizeof gate.bytes}, &got, &fault), BULLA_OK);
    memset(&gate.got, 0, sizeof gate.got);
    assert_int_equal(got.lat_e7, -1);
    assert_int_equal(got.lon_e7, -1800000000);
    assert_int_equal(got.from_s, NOW_S - 10);
    assert_int_equal(got.until_s, NOW_S + 10);
    assert_int_equal(bulla_ticket_decode((struct bulla_bytes){gate.bytes, 137}, &got, &fault), BULLA_DAMAGED);
    assert_string_equal(fault.field, "length");
    assert_int_equal(bulla_ticket_decode((struct bulla_bytes){gate.bytes, 3}, &got, &fault), BULLA_NOT_MINE);
    assert_string_equal(fault.field, "form");
    gate.bytes[6] |= 4;
    assert_int_equal(bulla_ticket_decode((struct bulla_bytes){gate.bytes, 138}, &got, &fault), BULLA_INSANE);
    assert_string_equal(fault.field, "flags");
    gate.bytes[6] &= 3;
    gate.bytes[7] = 1;
    assert_int_equal(bulla_ticket_decode((struct bulla_bytes){gate.bytes, 138}, &got, &fault), BULLA_INSANE);
    assert_string_equal(fault.field, "spare");
}

static void what_cannot_be_is_refused_by_both(void **state)
{
    (void)state;
    struct gate gate;
#define TRY(change, name, place, byte, value)                                                                                              \
    do {                                                                                                                                   \
        struct bulla_fault fault = {0};                                                                                                    \
        uint8_t bytes[BULLA_TICKET_SIZE] = {0};                                                                                            \
        gate_make(&gate, BULLA_SUITE_INTERNATIONAL);                                                                                       \
        change;                                                                                                                            \
        assert_int_equal(bulla_ticket_encode(&gate.ticket, bytes, &fault), BULLA_REFUSED);                                                 \
        assert_string_equal(fault.field, name);                                                                                            \
        assert_int_equal(fault.at, place);                                                                                                 \
        assert_int_equal(bytes[0], 0);                                                                                                     \
        assert_int_equal(bulla_ticket_sign(&gate.world.suite[0], gate.world.owner.secret, gate.world.owner.public_key, &gate.ticket),      \
                         BULLA_REFUSED);                                                                                                   \
        gate.bytes[byte] = value;                                                                                                          \
        assert_int_equal(bulla_ticket_decode((struct bulla_bytes){gate.bytes, 138}, &gate.got, &fault), BULLA_INSANE);                     \
        assert_string_equal(fault.field, name);                                                                                            \
    } while (0)
    TRY(gate.ticket.operation = 0, "operation", 5, 5, 0);
    TRY(gate.ticket.operation = 3, "operation", 5, 5, 3);
    TRY(gate.ticket.counter = 0, "counter", 30, 33, 0);
    TRY(gate.ticket.until_s = gate.ticket.from_s, "until", 38, 38, 0);
    TRY(gate.ticket.lat_e7 = 900000001, "place", 42, 42, 0x36);
    TRY(gate.ticket.lat_e7 = -900000001, "place", 42, 42, 0x80);
    TRY(gate.ticket.lon_e7 = 1800000001, "place", 42, 46, 0x7F);
    TRY(gate.ticket.lon_e7 = -1800000001, "place", 42, 46, 0x80);
    TRY(gate.ticket.radius_m = 0, "place", 42, 50, 0xFF);
    TRY(gate.ticket.radius_m = 200001, "place", 42, 50, 1);
    TRY(gate.ticket.has_place = false, "place", 42, 6, 2);
    TRY((gate.ticket.has_place = false, gate.ticket.lat_e7 = 0), "place", 42, 6, 2);
    TRY((gate.ticket.has_place = false, gate.ticket.lat_e7 = gate.ticket.lon_e7 = 0), "place", 42, 6, 2);
    TRY(gate.ticket.has_challenge = false, "challenge", 54, 6, 1);
#undef TRY
}

/* ---- distance ---- */

static double metres_between(double lat_a, double lon_a, double lat_b, double lon_b)
{
    const double rad = M_PI / 180e7;
    double h = pow(sin((lat_b - lat_a) * rad / 2), 2) + cos(lat_a * rad) * cos(lat_b * rad) * pow(sin((lon_b - lon_a) * rad / 2), 2);
    return 2 * 6371000 * asin(sqrt(h));
}

/* Against the haversine, up to 85 degrees and 200 km, within 1 %. */
static void distances_are_right(void **state)
{
    (void)state;
    struct random random = {9};
    unsigned inside = 0, outside = 0;
    for (unsigned i = 0; i < 200000; i++) {
        int32_t lat = (int32_t)random_below(&random, 1700000001) - 850000000,
                lon = (int32_t)(random_below(&random, 3600000001) - 1800000000);
        double reach = 1 + (double)random_below(&random, 200000), angle = (double)random_below(&random, 6283) / 1000;
        double other_lat = lat + reach * sin(angle) / 0.0111195, other_lon = lon + reach * cos(angle) / 0.0111195 / cos(lat * M_PI / 180e7);
        if (fabs(other_lat) > 850000000)
            continue;
        double there = other_lon > 1800000000 ? other_lon - 3600000000 : other_lon < -1800000000 ? other_lon + 3600000000 : other_lon;
        double metres = metres_between(lat, lon, other_lat, other_lon);
        uint32_t more = (uint32_t)(metres * 1.01) + 1, less = (uint32_t)(metres * 0.99);
        if (more <= BULLA_TICKET_RADIUS_MAX) {
            assert_true(bulla_ticket_within((int32_t)other_lat, (int32_t)there, lat, lon, more));
            inside++;
        }
        if (less >= 1) {
            assert_false(bulla_ticket_within((int32_t)other_lat, (int32_t)there, lat, lon, less - 1));
            outside++;
        }
    }
    assert_true(inside > 150000 && outside > 150000);
}

static void distances_at_their_edges(void **state)
{
    (void)state;
    assert_true(bulla_ticket_within(0, 1799999999, 0, -1799999999, 1));       /* across the date line */
    assert_true(bulla_ticket_within(900000000, 0, 900000000, 1800000000, 1)); /* both are the pole */
    assert_true(bulla_ticket_within(-900000000, 0, -900000000, 900000000, 1));
    assert_false(bulla_ticket_within(0, 0, 0, 1800000000, UINT32_MAX));
    assert_false(bulla_ticket_within(900000000, 0, -900000000, 0, UINT32_MAX));
    assert_true(bulla_ticket_within(0, 0, 17000000, 0, UINT32_MAX)); /* 189 km: no more than the most */
    assert_false(bulla_ticket_within(0, 0, 19000000, 0, UINT32_MAX));
    assert_false(bulla_ticket_within(0, 0, 15000000, 15000000, UINT32_MAX)); /* each way is near enough, both are not */
    assert_false(bulla_ticket_within(900000001, 0, 900000001, 0, 10));       /* no positions */
    assert_false(bulla_ticket_within(0, 0, INT32_MIN, 0, 10));
    assert_false(bulla_ticket_within(0, INT32_MAX, 0, INT32_MIN, 10));
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(bulla_ticket_operation_text(BULLA_TICKET_TO_UNSEAL), "unseal");
    assert_string_equal(bulla_ticket_operation_text(0), "");
    assert_string_equal(bulla_ticket_refusal_text(BULLA_TICKET_REFUSALS), "");
    for (unsigned i = 0; i < BULLA_TICKET_REFUSALS; i++)
        assert_string_not_equal(bulla_ticket_refusal_text(i), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_holds_once),
        cmocka_unit_test(a_changed_ticket_is_refused),
        cmocka_unit_test(each_reason_of_a_refusal),
        cmocka_unit_test(the_edges_of_what_is_accepted),
        cmocka_unit_test(the_format_is_what_the_header_says),
        cmocka_unit_test(what_cannot_be_is_refused_by_both),
        cmocka_unit_test(distances_are_right),
        cmocka_unit_test(distances_at_their_edges),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
