/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808 messages in parts: any order, missing ones, two at a time, limits, time, memory.
 */
#include "tests/unit/proto/jt808_frames.h"

#define PARTS  5
#define SECOND INT64_C(1000)

/* A batch of two locations, cut in five parts of which the last is shorter. */
#define BATCH                                                                                                                              \
    "000201"                                                                                                                               \
    "001C"                                                                                                                                 \
    "00000000"                                                                                                                             \
    "00000002" PLACE "001C"                                                                                                                \
    "00000000"                                                                                                                             \
    "00000002" PLACE
#define PART_BYTES 14

static struct bytes part_of(const char *phone, unsigned id, unsigned first, unsigned total, unsigned number)
{
    char hex[600];
    size_t len = strlen(BATCH) / 2, from = (number - 1) * PART_BYTES;
    size_t n = from >= len ? 0 : len - from < PART_BYTES ? len - from : PART_BYTES;
    snprintf(hex, sizeof hex, "%04X%04X%s%04X%04X%04X%.*s", id, (unsigned)(0x2000 | n), phone, (first + number - 1) & 0xFFFF, total, number,
             (int)(2 * n), &BATCH[2 * (from < len ? from : 0)]);
    return wire_of(hex);
}

static void feed_part(struct wire *wire, unsigned id, unsigned first, unsigned number)
{
    struct bytes part = part_of(PHONE, id, first, PARTS, number);
    feed(wire, &part);
}

static size_t locations(const struct wire *wire)
{
    size_t n = 0;
    for (size_t i = 0; i < observed(wire); i++) {
        n += json_object_get(json_array_get(wire->observations, i), "fix") != NULL;
    }
    return n;
}

static unsigned id_of_reply(const struct wire *wire, size_t i)
{
    struct bytes content = content_of(reply_at(wire, i));
    return (unsigned)content.at[0] << 8 | content.at[1];
}

static size_t replies_with(const struct wire *wire, unsigned id)
{
    size_t n = 0;
    for (size_t i = 0; i < replied(wire); i++) {
        n += id_of_reply(wire, i) == id;
    }
    return n;
}

/* All 120 orders of five parts, also across the wrap of the serial. */
static void test_every_order(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 120; code++) {
        unsigned left[PARTS] = {1, 2, 3, 4, 5}, rest = code, divisor = 24;
        struct wire wire;
        open_wire(&wire);
        for (unsigned n = PARTS; n > 0; n--) {
            unsigned k = rest / divisor;
            rest %= divisor;
            divisor = n > 1 ? divisor / (n > 2 ? n - 1 : 1) : 1;
            feed_part(&wire, 0x0704, 0xFFFE, left[k]);
            memmove(&left[k], &left[k + 1], (n - k - 1) * sizeof *left);
        }
        assert_int_equal(locations(&wire), 2);
        assert_int_equal(replies_with(&wire, 0x8001), PARTS);
        assert_null(wire.blocks);
        wire_close(&wire);
    }
}

static void test_two_at_a_time(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    for (unsigned number = 1; number <= PARTS; number++) {
        feed_part(&wire, 0x0704, 100, number);
        struct bytes other = part_of("099999999999", 0x0704, 100, PARTS, number);
        feed(&wire, &other);
        feed_part(&wire, 0x0704, 300, number);
        feed_hex(&wire, HEARTBEAT);
    }
    assert_int_equal(locations(&wire), 6);
    assert_int_equal(replies_with(&wire, 0x8001), 4 * PARTS);
    assert_int_equal(replies_with(&wire, 0x8003), 0);
    assert_null(wire.blocks);
    wire_close(&wire);
}

static void test_same_part_twice(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    for (unsigned number = 1; number <= PARTS; number++) {
        feed_part(&wire, 0x0704, 7, number);
        if (number < PARTS) {
            feed_part(&wire, 0x0704, 7, number);
        }
    }
    assert_int_equal(locations(&wire), 2);
    assert_int_equal(replies_with(&wire, 0x8001), 2 * PARTS - 1);
    wire_close(&wire);
}

/* Asked at once when the last part came, then every ten seconds while the device speaks, three times in all. */
static void test_missing_are_asked_for(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    feed_part(&wire, 0x0704, 7, 1);
    feed_part(&wire, 0x0704, 7, 4);
    assert_int_equal(replies_with(&wire, 0x8003), 0);
    feed_part(&wire, 0x0704, 7, 5);
    assert_int_equal(id_of_reply(&wire, replied(&wire) - 1), 0x8003);
    struct bytes asked = content_of(reply_at(&wire, replied(&wire) - 1));
    const uint8_t expected[] = {0, 7, 2, 0, 2, 0, 3};
    assert_int_equal(asked.n, 12 + sizeof expected);
    assert_memory_equal(asked.at + 12, expected, sizeof expected);
    for (int i = 0; i < 6; i++) {
        wire.link.now_ms += 15 * SECOND;
        feed_hex(&wire, HEARTBEAT);
    }
    assert_int_equal(replies_with(&wire, 0x8003), 3);
    feed_part(&wire, 0x0704, 7, 2);
    feed_part(&wire, 0x0704, 7, 3);
    assert_int_equal(locations(&wire), 2);
    wire_close(&wire);
}

static void test_old_ones_are_dropped(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    feed_part(&wire, 0x0704, 7, 1);
    assert_non_null(wire.blocks);
    wire.link.now_ms += 121 * SECOND;
    feed_hex(&wire, HEARTBEAT);
    assert_null(wire.blocks);
    for (unsigned number = 2; number <= PARTS; number++) {
        feed_part(&wire, 0x0704, 7, number);
    }
    assert_int_equal(locations(&wire), 0);
    wire_close(&wire);
}

/* More unfinished messages than slots: the one that was quiet longest goes, and nothing leaks. */
static void test_slots_are_few(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    for (unsigned i = 0; i < 50; i++) {
        wire.link.now_ms += 10;
        feed_part(&wire, 0x0704, 1000 + 100 * i, 1);
    }
    for (unsigned number = 2; number <= PARTS; number++) {
        feed_part(&wire, 0x0704, 1000 + 100 * 49, number);
    }
    assert_int_equal(locations(&wire), 2);
    wire_close(&wire);
}

/* ---- limits ---- */

static enum bulla_status decode_part(struct wire *wire, unsigned id, unsigned first, unsigned total, unsigned number)
{
    struct bytes part = part_of(PHONE, id, first, total, number);
    return wire_decode(wire, part.at, part.n, false);
}

static void test_numbers_that_cannot_be(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    assert_int_equal(decode_part(&wire, 0x0704, 1, 3, 4), BULLA_INSANE);
    assert_int_equal(decode_part(&wire, 0x0704, 1, 0, 1), BULLA_INSANE);
    assert_int_equal(decode_part(&wire, 0x0704, 1, 1025, 1), BULLA_FULL);
    assert_int_equal(decode_part(&wire, 0x0704, 1, 65535, 65535), BULLA_FULL);
    assert_int_equal(observed(&wire) + replied(&wire), 0);
    wire_close(&wire);
}

/* 1024 parts of 1023 bytes are 1 MiB: allowed; the memory that is asked for never passes 4 MiB and its table. */
static size_t largest;

static void *counted(void *host, void *block, size_t size)
{
    (void)host;
    largest = size > largest ? size : largest;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

static void test_a_thousand_parts(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    wire.link.memory = counted;
    char hex[2 * 1100];
    for (unsigned number = 1; number <= 1024; number++) {
        int n = snprintf(hex, sizeof hex, "0801%04X%s%04X0400%04X", 0x2000 | 1023, PHONE, number, number);
        memset(hex + n, '5', 2 * 1023);
        hex[n + 2 * 1023] = 0;
        feed_hex(&wire, hex);
    }
    assert_int_equal(observed(&wire), 1024);
    assert_int_equal(id_of_reply(&wire, replied(&wire) - 1), 0x8800);
    assert_true(largest > 1024 * 1023 && largest < 1200 * 1024);
    wire_close(&wire);
}

static int allowance;

static void *scarce(void *host, void *block, size_t size)
{
    (void)host;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return allowance-- > 0 ? realloc(block, size) : NULL;
}

/* The nth request for memory fails, for every n: refused and unanswered, nothing leaks, the link goes on. */
static void test_memory_fails(void **state)
{
    (void)state;
    for (int n = 0; n < 8; n++) {
        struct wire wire;
        open_wire(&wire);
        wire.link.memory = scarce;
        allowance = n;
        size_t full = 0, answered = 0;
        static const unsigned order[PARTS] = {5, 1, 2, 4, 3};
        for (size_t i = 0; i < PARTS; i++) {
            size_t before = replies_with(&wire, 0x8001);
            enum bulla_status status = decode_part(&wire, 0x0704, 7, PARTS, order[i]);
            full += status == BULLA_FULL;
            answered += status == BULLA_OK;
            assert_int_equal(replies_with(&wire, 0x8001) - before, status == BULLA_OK);
        }
        assert_int_equal(full + answered, PARTS);
        assert_int_equal(full == 0, n >= 7);
        assert_int_equal(locations(&wire), n >= 7 ? 2 : 0);
        wire.link.now_ms += 121 * SECOND;
        feed_hex(&wire, HEARTBEAT); /* drops what is left */
        wire_close(&wire);
    }
}

/* A caller without memory still stores and answers each part. */
static void test_no_memory_at_all(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    wire.link.memory = NULL;
    for (unsigned number = 1; number <= PARTS; number++) {
        feed_part(&wire, 0x0704, 7, number);
    }
    assert_int_equal(observed(&wire), PARTS);
    assert_int_equal(replies_with(&wire, 0x8001), PARTS);
    assert_int_equal(locations(&wire), 0);
    wire_close(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_two_at_a_time),
        cmocka_unit_test(test_same_part_twice),
        cmocka_unit_test(test_missing_are_asked_for),
        cmocka_unit_test(test_old_ones_are_dropped),
        cmocka_unit_test(test_slots_are_few),
        cmocka_unit_test(test_numbers_that_cannot_be),
        cmocka_unit_test(test_a_thousand_parts),
        cmocka_unit_test(test_memory_fails),
        cmocka_unit_test(test_no_memory_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
