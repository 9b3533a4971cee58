/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of reader and seal: worked examples byte by byte, every cut, every bit flipped, every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/frame.h"

struct example {
    bool from_seal;
    const char *hex;
    struct bulla_frame frame;
    const char *data; /* hex */
};

static const struct example examples[] = {
    {false, "40040c12341f00054000e751", {.to_all = true, .start = BULLA_START_FFFF, .code = 0x1F, .session = 0x1234}, "00054000"},
    {false, "40040c12341f000540000668", {.to_all = true, .start = BULLA_START_0000, .code = 0x1F, .session = 0x1234}, "00054000"},
    {false,
     "40060ebeef12345678123415c7f7",
     {.start = BULLA_START_FFFF, .code = 0x15, .session = 0x1234, .address = {0xBEEF, 0x12345678}},
     ""},
    {false,
     "40060ebeef12345678123415430e",
     {.start = BULLA_START_0000, .code = 0x15, .session = 0x1234, .address = {0xBEEF, 0x12345678}},
     ""},
    {true,
     "400000131234beef123456780c303132330f3b",
     {.start = BULLA_START_FFFF, .code = 0x0C, .session = 0x1234, .address = {0xBEEF, 0x12345678}},
     "30313233"},
    {true,
     "400000131234beef123456780c30313233c8d7",
     {.start = BULLA_START_0000, .code = 0x0C, .session = 0x1234, .address = {0xBEEF, 0x12345678}},
     "30313233"},
};
#define N_EXAMPLES (sizeof examples / sizeof *examples)

static size_t bytes_of(const struct example *e, uint8_t bytes[BULLA_FRAME_MAX])
{
    size_t n = strlen(e->hex) / 2;
    assert_true(bulla_hex_get(bytes, e->hex, n));
    return n;
}

static enum bulla_status decode(bool from_seal, struct bulla_bytes bytes, enum bulla_start accepted, struct bulla_frame *frame,
                                struct bulla_fault *fault)
{
    return from_seal ? bulla_frame_decode_from_seal(bytes, accepted, frame, fault)
                     : bulla_frame_decode_to_seal(bytes, accepted, frame, fault);
}

static enum bulla_status encode(bool from_seal, const struct bulla_frame *frame, uint8_t *bytes, size_t size, size_t *n,
                                struct bulla_fault *fault)
{
    return from_seal ? bulla_frame_encode_from_seal(frame, bytes, size, n, fault)
                     : bulla_frame_encode_to_seal(frame, bytes, size, n, fault);
}

static void assert_same(const struct bulla_frame *got, const struct bulla_frame *expected)
{
    assert_int_equal(got->to_all, expected->to_all);
    assert_int_equal(got->start, expected->start);
    assert_int_equal(got->code, expected->code);
    assert_int_equal(got->status, expected->status);
    assert_int_equal(got->session, expected->session);
    assert_int_equal(got->address.maker, expected->address.maker);
    assert_int_equal(got->address.serial, expected->address.serial);
    assert_int_equal(got->data.len, expected->data.len);
    if (got->data.len)
        assert_memory_equal(got->data.at, expected->data.at, got->data.len);
}

static void worked_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        uint8_t bytes[BULLA_FRAME_MAX], data[BULLA_FRAME_MAX], written[BULLA_FRAME_MAX];
        size_t n = bytes_of(&examples[i], bytes), n_written = 0;
        struct bulla_frame expected = examples[i].frame, got;
        struct bulla_fault fault;
        expected.data = (struct bulla_bytes){data, strlen(examples[i].data) / 2};
        assert_true(bulla_hex_get(data, examples[i].data, expected.data.len));
        assert_int_equal(decode(examples[i].from_seal, (struct bulla_bytes){bytes, n}, BULLA_START_ANY, &got, &fault), BULLA_OK);
        assert_same(&got, &expected);
        assert_int_equal(bulla_frame_length((struct bulla_bytes){bytes, n}, examples[i].from_seal), n);
        assert_int_equal(encode(examples[i].from_seal, &expected, written, sizeof written, &n_written, &fault), BULLA_OK);
        assert_int_equal(n_written, n);
        assert_memory_equal(written, bytes, n);
        enum bulla_start other = expected.start == BULLA_START_FFFF ? BULLA_START_0000 : BULLA_START_FFFF;
        assert_int_equal(decode(examples[i].from_seal, (struct bulla_bytes){bytes, n}, other, &got, &fault), BULLA_DAMAGED);
        assert_string_equal(fault.field, "crc");
        assert_int_equal(fault.at, n - 2);
    }
}

/* What is not whole asks for more or is damaged, says where, and leaves the frame as it was. */
static void every_cut_and_every_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        uint8_t bytes[BULLA_FRAME_MAX + 1];
        size_t n = bytes_of(&examples[i], bytes);
        struct bulla_frame untouched, got;
        struct bulla_fault fault;
        memset(&untouched, 0xA5, sizeof untouched);
        got = untouched;
        for (size_t cut = 0; cut < n; cut++) {
            uint8_t *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees one byte too far */
            assert_non_null(exact);
            memcpy(exact, bytes, cut);
            assert_int_equal(decode(examples[i].from_seal, (struct bulla_bytes){exact, cut}, BULLA_START_ANY, &got, &fault), BULLA_MORE);
            assert_int_equal(fault.at, cut);
            assert_memory_equal(&got, &untouched, sizeof got);
            free(exact);
        }
        bytes[n] = 0;
        assert_int_equal(decode(examples[i].from_seal, (struct bulla_bytes){bytes, n + 1}, BULLA_START_ANY, &got, &fault), BULLA_DAMAGED);
        assert_int_equal(fault.at, n);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            enum bulla_status status =
                decode(examples[i].from_seal, (struct bulla_bytes){bytes, n}, (enum bulla_start)examples[i].frame.start, &got, &fault);
            assert_int_not_equal(status, BULLA_OK);
            assert_memory_equal(&got, &untouched, sizeof got);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        bool from_seal;
        const char *hex, *field;
        enum bulla_status status;
        unsigned at;
    } wrong[] = {
        {false, "41040c12341f00054000e751", "protocol", BULLA_NOT_MINE, 0},
        {true, "410000", "protocol", BULLA_NOT_MINE, 0},
        {false, "400407", "length", BULLA_DAMAGED, 2},
        {false, "40060d", "length", BULLA_DAMAGED, 2}, /* to one: without room for the address */
        {true, "4000000e", "length", BULLA_DAMAGED, 3},
        {false, "", "length", BULLA_MORE, 0},
        {false, "4005081234156452", "options", BULLA_INSANE, 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t bytes[BULLA_FRAME_MAX];
        size_t n = strlen(wrong[i].hex) / 2;
        struct bulla_frame got;
        struct bulla_fault fault = {NULL, NULL, 99};
        assert_true(bulla_hex_get(bytes, wrong[i].hex, n));
        assert_int_equal(decode(wrong[i].from_seal, (struct bulla_bytes){bytes, n}, BULLA_START_ANY, &got, &fault), wrong[i].status);
        assert_string_equal(fault.field, wrong[i].field);
        assert_int_equal(fault.at, wrong[i].at);
    }
}

/* Every length of data that fits, both ways; one more is refused, and a buffer one byte too small is full. */
static void every_length(void **state)
{
    (void)state;
    uint8_t data[BULLA_FRAME_MAX + 1], bytes[BULLA_FRAME_MAX];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37);
    for (unsigned kind = 0; kind < 3; kind++) {
        static const size_t head[] = {8, 14, 15};
        bool from_seal = kind == 2;
        for (size_t len = 0; len <= sizeof data; len++) {
            struct bulla_frame f = {.to_all = kind == 0,
                                    .start = len % 2 ? BULLA_START_FFFF : BULLA_START_0000,
                                    .code = (uint8_t)len,
                                    .session = (uint16_t)(len * 257),
                                    .data = {data, len}},
                               got;
            struct bulla_fault fault;
            size_t n = 0;
            if (kind > 0)
                f.address = (struct bulla_address){(uint16_t)(len * 3), UINT32_MAX - (uint32_t)len};
            if (from_seal)
                f.status = (uint16_t)(len * 99);
            enum bulla_status status = encode(from_seal, &f, bytes, sizeof bytes, &n, &fault);
            if (head[kind] + len > BULLA_FRAME_MAX) {
                assert_int_equal(status, BULLA_REFUSED);
                assert_int_equal(n, 0);
                continue;
            }
            assert_int_equal(status, BULLA_OK);
            assert_int_equal(n, head[kind] + len);
            assert_int_equal(decode(from_seal, (struct bulla_bytes){bytes, n}, BULLA_START_ANY, &got, &fault), BULLA_OK);
            assert_same(&got, &f);
            n = 0;
            assert_int_equal(encode(from_seal, &f, bytes, head[kind] + len - 1, &n, &fault), BULLA_FULL);
            assert_int_equal(n, 0);
        }
    }
}

static void a_start_that_is_none_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[BULLA_FRAME_MAX];
    size_t n = 7;
    struct bulla_fault fault;
    struct bulla_frame f = {.to_all = true, .start = BULLA_START_ANY};
    assert_int_equal(bulla_frame_encode_to_seal(&f, bytes, sizeof bytes, &n, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "start");
    f.start = 0;
    assert_int_equal(bulla_frame_encode_from_seal(&f, bytes, sizeof bytes, &n, &fault), BULLA_REFUSED);
    assert_int_equal(n, 7);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(bulla_order_text(BULLA_ORDER_SLEEP_ALL_BUT), "sleep-all-but");
    assert_string_equal(bulla_order_text(0xFF), "");
    assert_string_equal(bulla_nack_text(BULLA_NACK_BOUNDARY), "boundary");
    assert_string_equal(bulla_nack_text(0), "");
    assert_int_equal(BULLA_REPLY_ALARM, 0x0800);
    assert_int_equal(BULLA_REPLY_MODE, 0xF000);
    assert_int_equal(BULLA_REPLY_KIND, 0x0038);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_examples), cmocka_unit_test(every_cut_and_every_bit),         cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(every_length),    cmocka_unit_test(a_start_that_is_none_is_refused), cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
