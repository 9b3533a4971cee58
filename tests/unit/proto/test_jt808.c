/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808: hostile bytes, framing, the E7 variant. What messages mean is in tests/vectors/jt808.
 */
#include "proto/jt808.h"
#include "tests/unit/proto/jt808_frames.h"

/* ---- hostile bytes ---- */

/* One decode of an exact copy on the heap, so that a read one byte beyond is caught by the sanitizer. */
static enum bulla_status decode_exact(struct wire *wire, const uint8_t *at, size_t n, bool whole)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, at, n);
    enum bulla_status status = wire_decode(wire, copy, n, whole);
    free(copy);
    return status;
}

static const char *const samples[] = {
    HEARTBEAT,
    REPORT,
    "0100002D" PHONE "0001"
    "002C0133"
    "4D414B4552"
    "4D4F44454C00000000000000000000000000000000"
    "3132333435363700"
    "0141424331323334",
    "07040049" PHONE "0002"
    "000201"
    "0022"
    "00000000"
    "00000002" PLACE "010400000064"
    "001C"
    "00000000"
    "00000000" PLACE,
    "5501803C"
    "740190311185"
    "21"
    "311225080000"
    "3115000011315000"
    "070A2D1C0600000007"
    "5B00005DED05E2030020000F"
    "0202000A"
    "0B0803313233343536FF"
    "0A0301CC00",
    "02000067" PHONE "0003"
    "00000004"
    "00000002" PLACE "600B00040039303031323334350063"
    "16"
    "AABBCCDDEEFF10803181"
    "22"
    "AABBCCDDEE0110703080"
    "21"
    "6902019F"
    "6A0114"
    "6B0109",
};

/* The declared length is patched to the true one, so that samples stay readable. */
static struct bytes sample(size_t i)
{
    struct bytes content = from_hex(samples[i]);
    bool short_serial = content.at[0] == 0x55;
    size_t body = content.n - (short_serial ? 11 : 12);
    content.at[2] = (uint8_t)((content.at[2] & 0xFC) | body >> 8);
    content.at[3] = (uint8_t)body;
    char hex[2 * BYTES_MAX + 1];
    bulla_hex_put(hex, content.at, content.n);
    return wire_of(hex);
}

#define SAMPLES (sizeof samples / sizeof *samples)

static void test_samples_are_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct wire wire;
        open_wire(&wire);
        struct bytes frame = sample(i);
        assert_int_equal(decode_exact(&wire, frame.at, frame.n, false), BULLA_OK);
        assert_true(observed(&wire) > 0);
        assert_true(replied(&wire) > 0);
        wire_close(&wire);
    }
}

/* Every prefix and every suffix is damaged, unless it lacks a delimiter alone. */
static void test_truncation_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct bytes frame = sample(i);
        for (size_t n = 0; n + 1 < frame.n; n++) {
            for (int whole = 0; whole < 2; whole++) {
                struct wire wire;
                open_wire(&wire);
                assert_int_equal(decode_exact(&wire, frame.at, n, whole), BULLA_DAMAGED);
                assert_int_equal(decode_exact(&wire, frame.at + frame.n - n, n, whole), BULLA_DAMAGED);
                assert_int_equal(replied(&wire), 0);
                wire_close(&wire);
            }
        }
    }
}

static void test_every_single_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct bytes frame = sample(i);
        for (size_t bit = 8; bit < 8 * (frame.n - 1); bit++) {
            struct wire wire;
            open_wire(&wire);
            frame.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(decode_exact(&wire, frame.at, frame.n, false), BULLA_OK);
            assert_int_equal(observed(&wire) + replied(&wire), 0);
            struct bytes next = wire_of(HEARTBEAT); /* and the connection goes on */
            feed(&wire, &frame);
            feed(&wire, &next);
            size_t seen = observed(&wire);
            assert_true(seen >= 1);
            assert_string_equal(text_at(json_array_get(wire.observations, seen - 1), NULL, "seal"), "jt808:12345678901");
            frame.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            wire_close(&wire);
        }
    }
}

/* Lengths inside the body that lie, behind a right checksum. */
static void test_every_byte_of_the_body_any_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        char wire_hex[2 * BYTES_MAX + 1];
        struct bytes good = sample(i);
        bulla_hex_put(wire_hex, good.at, good.n);
        struct bytes content = content_of(wire_hex);
        for (size_t at = 11; at < content.n; at++) {
            uint8_t before = content.at[at];
            for (unsigned value = 0; value < 256; value += 5) {
                content.at[at] = (uint8_t)value;
                char hex[2 * BYTES_MAX + 1];
                bulla_hex_put(hex, content.at, content.n);
                struct bytes frame = wire_of(hex);
                struct wire wire;
                open_wire(&wire);
                (void)decode_exact(&wire, frame.at, frame.n, false);
                wire_close(&wire);
            }
            content.at[at] = before;
        }
    }
}

/* ---- framing ---- */

static char *said_of(const struct bytes *stream, size_t first, size_t piece)
{
    struct wire wire;
    open_wire(&wire);
    wire_feed(&wire, stream->at, first, piece);
    wire_feed(&wire, stream->at + first, stream->n - first, piece);
    char *text = wire_said(&wire);
    wire_close(&wire);
    return text;
}

/* Garbage, shared and doubled delimiters, empty frames, a text frame: the same however it is cut. */
static void test_split_and_glue(void **state)
{
    (void)state;
    struct bytes stream = from_hex("00FF2830"), part;
    for (size_t i = 0; i < SAMPLES; i++) {
        part = sample(i);
        bool share = i % 2; /* leave out the opening delimiter of every second frame */
        put(&stream, part.at + share, part.n - share);
    }
    static const char text[] = "(812345678901,1,001,BASE,2,TIME)";
    put(&stream, text, sizeof text - 1);
    put(&stream, "\x7e\x7e\x7e", 3);
    part = wire_of(HEARTBEAT);
    put(&stream, part.at, part.n);
    struct wire wire;
    open_wire(&wire);
    feed(&wire, &stream);
    assert_int_equal(replied(&wire), SAMPLES + 2);
    for (size_t i = 0; i < json_array_size(wire.outcomes); i++) {
        assert_string_equal(json_string_value(json_array_get(wire.outcomes, i)), "ok");
    }
    wire_close(&wire);
    char *whole = said_of(&stream, stream.n, 0);
    for (size_t i = 1; i < stream.n; i++) {
        char *split = said_of(&stream, i, 0);
        assert_string_equal(split, whole);
        free(split);
    }
    for (size_t piece = 1; piece < 9; piece++) {
        char *pieces = said_of(&stream, stream.n, piece);
        assert_string_equal(pieces, whole);
        free(pieces);
    }
    free(whole);
}

/* Streams that tempt to decide too early. Each is fed whole, cut in two at every byte, and byte by byte. */
static void check_every_cut(const struct bytes *stream, size_t observations)
{
    struct wire wire;
    open_wire(&wire);
    feed(&wire, stream);
    assert_int_equal(observed(&wire), observations);
    wire_close(&wire);
    char *whole = said_of(stream, stream->n, 0);
    for (size_t i = 0; i < stream->n; i++) {
        char *cut = i ? said_of(stream, i, 0) : said_of(stream, stream->n, 1);
        assert_string_equal(cut, whole);
        free(cut);
    }
    free(whole);
}

#define GOOD     "7E" HEARTBEAT "8D7E" /* with its sum */
#define TEXT     "283831323334353637383930312C312C3030312C424153452C322C54494D4529"
#define GOOD_E7  "E7000200000081234567890100070DE7"
#define WRONG_E7 "E70002000000812345678901000795E7"

static void test_every_cut(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t observations;
    } cases[] = {
        {GOOD GOOD, 2},
        {GOOD "02", 1},
        {"7E28" GOOD, 1},                /* a bracket, and no text behind it */
        {"7E2831323334352C" GOOD, 1},    /* nearly a text */
        {"7E" TEXT GOOD, 2},             /* a text behind a lost delimiter */
        {"7E7E7E" TEXT "7E7E" GOOD, 2},  /* empty frames around it */
        {GOOD TEXT TEXT GOOD, 4},        /* in the gap */
        {GOOD "55AA" TEXT GOOD GOOD, 3}, /* the delimiter was shared with noise, which takes the text along */
        {"E7" GOOD, 1},
        {"E7007E" GOOD, 1},                      /* the first 7E ends nothing */
        {"E77E00E7" GOOD, 1},                    /* E7 and 7E cross */
        {"E77EE7" GOOD "E7E77E", 1},             /* and go on */
        {"7E00E7" GOOD_E7 GOOD_E7 "00" GOOD, 1}, /* a 7E first: E7 has no say until it is closed */
        {"E70055AA" TEXT GOOD, 2},               /* a text among them */
        {"E728" GOOD_E7, 1},
        {"E7" TEXT GOOD_E7 GOOD_E7, 3},
        {WRONG_E7 GOOD_E7 GOOD_E7, 2},
        {WRONG_E7 "7E" GOOD_E7 "7E" GOOD_E7, 2},
        {WRONG_E7 GOOD WRONG_E7 GOOD, 2},
        {"00E7007E00E7" GOOD_E7 "7E" GOOD_E7, 2},
        {GOOD_E7 "02000000812345678901000802E7" GOOD_E7, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes stream = from_hex(cases[i].hex);
        check_every_cut(&stream, cases[i].observations);
    }
}

/* Some gateways end a line behind each frame: nothing is damaged by that. */
static void test_lines(void **state)
{
    (void)state;
    struct bytes stream = from_hex(GOOD "0D0A" GOOD "0D0A" GOOD "0A");
    struct wire wire;
    open_wire(&wire);
    feed(&wire, &stream);
    assert_int_equal(observed(&wire), 3);
    assert_int_equal(json_array_size(wire.outcomes), 3);
    assert_int_equal(wire.skipped, 4);
    wire_close(&wire);
    check_every_cut(&stream, 3);
}

/* What opens and does not close: given up when a frame would be too long, not when the bytes at hand run out. */
static void test_given_up(void **state)
{
    (void)state;
    static const char *const openers[] = {"7E", "E7", "E7007E00E7", GOOD "00", "7E28313233343536"};
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        for (size_t filler = JT808_FRAME_MAX - 16; filler < JT808_FRAME_MAX + 4; filler++) {
            struct bytes stream = from_hex(openers[i]), text = from_hex(TEXT), frame = from_hex(GOOD);
            while (stream.n < filler) {
                put_byte(&stream, 0x55);
            }
            put(&stream, text.at, text.n);
            put(&stream, frame.at, frame.n);
            char *whole = said_of(&stream, stream.n, 0);
            for (size_t cut = JT808_FRAME_MAX - 20; cut < stream.n; cut++) {
                char *said = said_of(&stream, cut, 0);
                assert_string_equal(said, whole);
                free(said);
            }
            free(whole);
        }
    }
}

/* Endless bytes without a delimiter, or with one that never closes, do not fill the buffer. */
static void test_endless(void **state)
{
    (void)state;
    static const uint8_t openers[] = {0x00, 0x7E, 0xE7, '('};
    for (size_t i = 0; i < sizeof openers; i++) {
        struct wire wire;
        open_wire(&wire);
        wire_feed(&wire, &openers[i], 1, 0);
        uint8_t filler[1000];
        memset(filler, openers[i] == '(' ? '1' : 0x55, sizeof filler);
        for (size_t k = 0; k < 20; k++) {
            wire_feed(&wire, filler, sizeof filler, 333);
            assert_true(wire.n <= proto_jt808.frame_max);
        }
        struct bytes heartbeat = wire_of(HEARTBEAT), again = wire_of(HEARTBEAT);
        feed(&wire, &heartbeat);
        feed(&wire, &again);
        assert_true(replied(&wire) >= 1);
        wire_close(&wire);
    }
}

static void test_probe(void **state)
{
    (void)state;
    assert_int_equal(proto_jt808.probe((const uint8_t *)"\x7e\x02", 2), BULLA_OK);
    assert_int_equal(proto_jt808.probe((const uint8_t *)"\xe7", 1), BULLA_OK);
    assert_int_equal(proto_jt808.probe((const uint8_t *)"", 0), BULLA_MORE);
    assert_int_equal(proto_jt808.probe((const uint8_t *)"$", 1), BULLA_NOT_MINE);
}

/* Texts as the first message: each prefix says what the next ones do not take back. */
static void test_probe_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t known; /* bytes that tell */
        enum bulla_status status;
    } cases[] = {
        {"(813900001234,1,001,BASE,2,TIME)", 14, BULLA_OK},
        {"(813900001234,P45,\x80", 14, BULLA_OK},
        {"(8139000012,1,001,BASE,2,TIME)", 12, BULLA_NOT_MINE}, /* ten digits: the other protocol's */
        {"(81390000123,1,001,BASE,2,TIME)", 24, BULLA_OK},
        {"(8139000,1,001,ELOCK,3,1)", 21, BULLA_OK},
        {"(8139000,1,001,WLNET,3,1)", 16, BULLA_NOT_MINE},
        {"(8139000,1,0 1,BASE,3,1)", 13, BULLA_NOT_MINE},
        {"(8139000,P45)", 13, BULLA_NOT_MINE},
        {"(139,1,001,BASE,2,TIME)", 5, BULLA_NOT_MINE},
        {"(8139000012340000000000000000000000000", 33, BULLA_NOT_MINE},
        {"(A", 2, BULLA_NOT_MINE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t n = 1; n <= strlen(cases[i].text); n++) {
            enum bulla_status expected = n < cases[i].known ? BULLA_MORE : cases[i].status;
            assert_int_equal(proto_jt808.probe((const uint8_t *)cases[i].text, n), expected);
        }
    }
}

/* ---- the E7 variant ---- */

static struct bytes e7_of(const char *content_hex)
{
    static const uint8_t escapes[][3] = {{0xE6, 0xE6, 1}, {0xE7, 0xE6, 2}, {0x3E, 0x3E, 1}, {0x3D, 0x3E, 2}};
    struct bytes content = from_hex(content_hex), out = {.n = 0};
    uint8_t sum = 0;
    for (size_t i = 0; i < content.n; i++) {
        sum ^= content.at[i];
    }
    put_byte(&content, sum);
    put_byte(&out, 0xE7);
    for (size_t i = 0; i < content.n; i++) {
        size_t k = 0;
        while (k < 4 && escapes[k][0] != content.at[i]) {
            k++;
        }
        put(&out, k < 4 ? &escapes[k][1] : &content.at[i], k < 4 ? 2 : 1);
    }
    put_byte(&out, 0xE7);
    return out;
}

static void test_e7(void **state)
{
    (void)state;
    struct bytes garbage = from_hex("E755AA"),
                 frame = e7_of("00020000"
                               "00812345678901"
                               "E73D"),
                 stream = {.n = 0};
    struct bytes place = e7_of("0200001C"
                               "00812345678901"
                               "3E7E"
                               "00000000"
                               "00000002" PLACE);
    put(&stream, frame.at, frame.n);
    put(&stream, place.at, place.n);
    for (size_t cut = 0; cut < stream.n; cut++) {
        for (int dirty = 0; dirty < 2; dirty++) {
            struct wire wire;
            open_wire(&wire);
            if (dirty) {
                feed(&wire, &garbage);
            }
            wire_feed(&wire, stream.at, cut, 0);
            wire_feed(&wire, stream.at + cut, stream.n - cut, 0);
            assert_int_equal(observed(&wire), 2);
            assert_string_equal(text_at(json_array_get(wire.observations, 1), NULL, "seal"), "jt808:812345678901");
            assert_int_equal(replied(&wire), 2);
            struct bytes expected = e7_of("80010005"
                                          "00812345678901"
                                          "0000"
                                          "E73D"
                                          "0002"
                                          "00"),
                         got = from_hex(reply_at(&wire, 0));
            assert_int_equal(got.n, expected.n);
            assert_memory_equal(got.at, expected.at, got.n);
            wire_close(&wire);
        }
    }
}

/* An E7 among garbage must not hide a standard frame behind it. */
static void test_e7_in_garbage(void **state)
{
    (void)state;
    struct bytes stream = from_hex("01E702E703"), frame = wire_of(HEARTBEAT);
    put(&stream, frame.at, frame.n);
    for (size_t piece = 0; piece < 4; piece++) {
        struct wire wire;
        open_wire(&wire);
        wire_feed(&wire, stream.at, stream.n, piece);
        assert_int_equal(observed(&wire), 1);
        assert_int_equal(wire.skipped, 5);
        wire_close(&wire);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_are_good),
        cmocka_unit_test(test_truncation_at_every_byte),
        cmocka_unit_test(test_every_single_bit),
        cmocka_unit_test(test_every_byte_of_the_body_any_value),
        cmocka_unit_test(test_split_and_glue),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_probe_text),
        cmocka_unit_test(test_e7),
        cmocka_unit_test(test_e7_in_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
