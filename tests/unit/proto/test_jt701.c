/* SPDX-License-Identifier: Apache-2.0
 *
 * Protocol jt701, what its vectors cannot show: damage of every kind to every kind of message, streams with
 * garbage between frames, commands and secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/wire.h"

extern const struct proto proto_jt701;

/* ---- messages of each kind; ids and places are invented ---- */

struct sample {
    const char *name, *hex;
    size_t observations;
};

static const struct sample samples[] = {
    {"JT701D",
     "2477123456011911003403022604050601175260036491934d00000000ea610900000000"
     "20e05012340bb815000100000f0f0f0f0f0f0f0f0000027f0207",
     1},
    {"JT701 39",
     "2477123456011711002703022604050601175260036491934d0000000004d20900000000"
     "20e05012340bb815000f0f0f07",
     1},
    {"JT701 35",
     "2477123456011611002303022604050601175260036491934d0000000004d20900000000"
     "00e05012340bb81507",
     1},
    {"short, two records",
     "24441234560221003603022604050601175260036491934d000000000000000000030920"
     "03022604060601175260036491934d0000000000000000000030a2005",
     2},
    {"P45",
     "28373731323334353630312c5034352c3033303232362c3034303530362c312e32393231302c532c33362e38323139302c452c412c302c302c"
     "312c39382c303030373635343332312c302c302c332c383829",
     1},
    {"heartbeat", "28373731323334353630312c404a5429", 1},
    {"time request", "28373731323334353630312c5032322c3229", 1},
    {"dynamic password", "28373731323334353630312c5035322c322c30303437313129", 1},
    {"answer", "28373731323334353630312c5034332c302c3229", 1},
    {"U01 with check", NULL, 1},
    {"WLNET lock",
     "28373731323334353630312c312c3030372c574c4e45542c352c322c03022604050601175260036491934d000003022604050"
     "60a1b2c3d0028120169584704"
     "00400000003d150029",
     1},
};
#define SAMPLES (sizeof samples / sizeof *samples)

/* The check value follows from the text, so the test works it out for itself. */
static size_t vehicle_report(uint8_t *to)
{
    int n = sprintf((char *)to, "(3312345603,U01,030226,040506,T,1.292100,S,36.821900,E,0,152,7,64%%,00100,741,22,19,1500,86,");
    uint8_t sum = 0;
    for (int i = 1; i < n; i++) {
        sum ^= to[i];
    }
    return (size_t)n + (size_t)sprintf((char *)to + n, "%02x)", sum);
}

static size_t sample_bytes(const struct sample *sample, uint8_t *to)
{
    if (!sample->hex) {
        return vehicle_report(to);
    }
    size_t n = strlen(sample->hex) / 2;
    assert_true(bulla_hex_get(to, sample->hex, n));
    return n;
}

static void open_wire(struct wire *wire)
{
    wire_open(wire, &proto_jt701, NULL, bulla_time_get(WIRE_NOW));
}

static void *copy_of(const uint8_t *at, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1); /* exact, so that a sanitizer sees every step outside */
    assert_non_null(copy);
    memcpy(copy, at, n);
    return copy;
}

static void test_samples_decode(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[512];
        size_t n = sample_bytes(&samples[i], bytes);
        for (int whole = 0; whole < 2; whole++) {
            struct wire wire;
            open_wire(&wire);
            if (wire_decode(&wire, bytes, n, whole) != BULLA_OK || json_array_size(wire.observations) != samples[i].observations) {
                fail_msg("%s: %s", samples[i].name, wire.error);
            }
            wire_close(&wire);
        }
    }
}

/* ---- damage ---- */

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[512];
        size_t n = sample_bytes(&samples[i], bytes);
        for (size_t cut = 0; cut < n; cut++) {
            struct wire wire;
            uint8_t *part = copy_of(bytes, cut);
            open_wire(&wire);
            assert_int_equal(wire_decode(&wire, part, cut, true), BULLA_MORE);
            assert_int_equal(wire_decode(&wire, part, cut, false), cut ? BULLA_DAMAGED : BULLA_MORE);
            assert_int_equal(json_array_size(wire.observations) + json_array_size(wire.replies), 0);
            wire_clear(&wire);
            wire_feed(&wire, part, cut, 0);
            assert_int_equal(json_array_size(wire.outcomes), 0);
            assert_int_equal(wire.n, cut);
            wire_close(&wire);
            free(part);
        }
    }
}

/* A changed bit gives an error or a message that says something else or the same; never a fault, and never two. */
static void test_every_single_bit_corruption(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[512];
        size_t n = sample_bytes(&samples[i], bytes);
        for (size_t bit = 0; bit < n * 8; bit++) {
            struct wire wire;
            uint8_t *changed = copy_of(bytes, n);
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            open_wire(&wire);
            enum bulla_status status = wire_decode(&wire, changed, n, true);
            assert_true(json_array_size(wire.observations) <= samples[i].observations);
            assert_true(status == BULLA_OK || wire.error[0]);
            wire_clear(&wire);
            wire_feed(&wire, changed, n, 0);
            wire_close(&wire);
            free(changed);
        }
    }
}

/* The check value of U01 finds every changed bit before it. */
static void test_check_value_finds_every_bit(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t n = vehicle_report(bytes);
    for (size_t bit = 8; bit < (n - 4) * 8; bit++) {
        struct wire wire;
        uint8_t *changed = copy_of(bytes, n);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        open_wire(&wire);
        wire_decode(&wire, changed, n, true);
        const json_t *o = json_array_get(wire.observations, 0);
        if (o && json_object_get(o, "fix")) {
            fail_msg("byte %zu: %.*s", bit / 8, (int)n, (const char *)changed);
        }
        wire_close(&wire);
        free(changed);
    }
}

/* ---- streams ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Bytes that start no frame: neither '$' nor '('. */
static size_t garbage(uint8_t *to, uint32_t *seed)
{
    size_t n = next_random(seed) % 20;
    for (size_t i = 0; i < n; i++) {
        do {
            to[i] = (uint8_t)next_random(seed);
        } while (to[i] == '$' || to[i] == '(');
    }
    return n;
}

static void test_garbage_between_frames(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        uint32_t random = seed;
        uint8_t stream[8192];
        size_t n = 0, lost = 0, expected = 0;
        for (int i = 0; i < 12; i++) {
            const struct sample *sample = &samples[next_random(&random) % SAMPLES];
            size_t noise = garbage(stream + n, &random);
            lost += noise;
            n += noise;
            n += sample_bytes(sample, stream + n);
            expected += sample->observations;
        }
        struct wire wire;
        open_wire(&wire);
        wire_feed(&wire, stream, n, 1 + next_random(&random) % 97);
        if (json_array_size(wire.observations) != expected || wire.skipped != lost || wire.n) {
            fail_msg("seed %u: %zu observations of %zu, %zu skipped of %zu: %s", seed, json_array_size(wire.observations), expected,
                     wire.skipped, lost, wire.error);
        }
        wire_close(&wire);
    }
}

static char *said_in_pieces(const uint8_t *stream, size_t n, size_t piece)
{
    struct wire wire;
    open_wire(&wire);
    wire_feed(&wire, stream, n, piece);
    char *text = wire_said(&wire);
    wire_close(&wire);
    return text;
}

/* Frames that lost bytes at either end, changed bytes and noise: what is made of it does not depend on how it arrives. */
static void test_damaged_streams_split_anywhere(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 1500; seed++) {
        uint32_t random = seed * 31u;
        uint8_t stream[8192], bytes[512];
        size_t n = 0;
        for (int i = 0; i < 6; i++) {
            size_t len = sample_bytes(&samples[next_random(&random) % SAMPLES], bytes);
            size_t from = next_random(&random) % 3 ? 0 : next_random(&random) % len;
            size_t to = next_random(&random) % 2 ? len : from + next_random(&random) % (len - from) + 1;
            memcpy(stream + n, bytes + from, to - from);
            n += to - from;
            if (next_random(&random) % 4 == 0) {
                stream[next_random(&random) % n] = (uint8_t)next_random(&random);
            }
        }
        char *whole = said_in_pieces(stream, n, 0);
        for (size_t piece = 1; piece < 40; piece += 1 + piece / 3) {
            char *parts = said_in_pieces(stream, n, piece);
            if (strcmp(whole, parts) != 0) {
                fail_msg("seed %u, pieces of %zu: expected %s, got %s", seed, piece, whole, parts);
            }
            free(parts);
        }
        free(whole);
    }
}

/* Whatever comes, a stream never sticks: after enough heartbeats the last ones are heard. */
static void test_never_stuck(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 400; seed++) {
        uint32_t random = seed * 7919u;
        uint8_t stream[3000];
        size_t n = next_random(&random) % sizeof stream;
        static const uint8_t likely[] = "$$(((0123456789,,,)@JTP45WLNET\0\0\0\x19\x11\x34\x1b=";
        for (size_t i = 0; i < n; i++) {
            stream[i] = next_random(&random) % 4 ? likely[next_random(&random) % (sizeof likely - 1)] : (uint8_t)next_random(&random);
        }
        struct wire wire;
        open_wire(&wire);
        wire_feed(&wire, stream, n, 0);
        wire_clear(&wire);
        for (int i = 0; i < 60; i++) {
            wire_feed(&wire, (const uint8_t *)"(7712345601,@JT)", 16, 0);
        }
        assert_true(json_array_size(wire.observations) >= 20);
        assert_int_equal(wire.n, 0);
        wire_close(&wire);
    }
}

static void test_text_without_end_is_given_up(void **state)
{
    (void)state;
    struct wire wire;
    uint8_t text[5000];
    open_wire(&wire);
    memset(text, 'x', sizeof text);
    memcpy(text, "(7712345601,", 12);
    wire_feed(&wire, text, sizeof text, 100);
    wire_feed(&wire, (const uint8_t *)"(7712345601,@JT)", 16, 0);
    assert_int_equal(json_array_size(wire.observations), 1);
    assert_true(wire.skipped == sizeof text);
    wire_close(&wire);
}

/* The head of another text across the edge of the longest one: the edge is the same however much is at hand. */
static void test_text_cut_at_its_longest(void **state)
{
    (void)state;
    static const char first[] = "(8000000001,P43,", second[] = "(8000000002,P43,0,2)";
    const size_t most = proto_jt701.frame_max;
    for (size_t at = most - 16; at < most + 4; at++) {
        char stream[5000];
        memset(stream, 'A', sizeof stream);
        memcpy(stream, first, sizeof first - 1);
        memcpy(stream + at, second, sizeof second - 1);
        char *whole = NULL;
        for (size_t cut = at + sizeof second - 1; cut >= at; cut--) {
            struct wire wire;
            wire_open(&wire, &proto_jt701, NULL, 0);
            wire_feed(&wire, (const uint8_t *)stream, cut, 0);
            wire_feed(&wire, (const uint8_t *)stream + cut, at + sizeof second - 1 - cut, 0);
            char *said = wire_said(&wire);
            assert_int_equal(json_array_size(wire.observations), 1);
            assert_string_equal(said, whole ? whole : said);
            free(whole);
            whole = said;
            wire_close(&wire);
        }
        free(whole);
    }
}

static void test_probe(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[512];
        sample_bytes(&samples[i], bytes);
        size_t enough = bytes[0] == '$' ? 10 : 12;
        for (size_t n = 0; n <= enough; n++) {
            uint8_t *part = copy_of(bytes, n);
            assert_int_equal(proto_jt701.probe(part, n), n < enough ? BULLA_MORE : BULLA_OK);
            free(part);
        }
    }
    assert_int_equal(proto_jt701.probe((const uint8_t *)"\x7e", 1), BULLA_NOT_MINE);
    assert_int_equal(proto_jt701.probe((const uint8_t *)"$GPRMC", 6), BULLA_NOT_MINE);
    assert_int_equal(proto_jt701.probe((const uint8_t *)"(01234567890", 12), BULLA_NOT_MINE);
}

/* ---- secrets ---- */

static void test_passwords_are_not_told(void **state)
{
    (void)state;
    static const char *const messages[] = {"(7712345601,P52,2,481516)",      "(7712345601,P52,0,000000,481516)",
                                           "(7712345601,P44,481516)",        "(7712345601,P06,h,1,apn,481516,481516,0)",
                                           "(7712345601,P52,9,481516)",      "(7712345601,1,001,OTA,9,h,21,481516,481516,f,1,2,1)",
                                           "(7712345601,P52,2,48151X481516)"};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct wire wire;
        open_wire(&wire);
        wire_decode(&wire, (const uint8_t *)messages[i], strlen(messages[i]), true);
        char *said = json_dumps(wire.observations, 0);
        if (strstr(said, "481516") || strstr(wire.error, "481516")) {
            fail_msg("%s: told %s %s", messages[i], said, wire.error);
        }
        free(said);
        wire_close(&wire);
    }
}

/* ---- commands ---- */

static enum bulla_status encode(struct wire *wire, const char *line, char *out, size_t size)
{
    static char words[1024];
    struct proto_args args = {0};
    struct bulla_writer w = bulla_writer_over((uint8_t *)out, size - 1);
    snprintf(words, sizeof words, "%s", line);
    char *save = NULL;
    char *name = strtok_r(words, " ", &save);
    for (char *word; (word = strtok_r(NULL, " ", &save));) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value = '\0';
        args.arg[args.n++] = (struct proto_arg){word, value + 1};
    }
    wire->link.error[0] = '\0';
    enum bulla_status status = proto_jt701.encode(&wire->link, "8130630001", name, &args, &w);
    out[w.len] = '\0';
    return status;
}

static void expect_command(struct wire *wire, const char *line, const char *expected)
{
    char out[2048];
    enum bulla_status status = encode(wire, line, out, sizeof out);
    if (status != BULLA_OK || strcmp(out, expected) != 0) {
        fail_msg("%s: expected %s, got %s (%s)", line, expected, out, wire->link.error);
    }
}

static void test_commands(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"unlock password=A1#*@!", "(P43,A1#*@!)"},
        {"unlock-dynamic password=004711", "(P52,3,004711)"},
        {"interval seconds=20", "(P04,1,20,30)"},
        {"interval seconds=600 minutes=1440", "(P04,1,600,1440)"},
        {"time", "(P22,310126080000)"},
        {"time time=2024-02-29T23:59:58+03:00", "(P22,290224205958)"},
        {"cards-add cards=7;0000000123;4294967295", "(P41,1,1,3,0000000007,0000000123,4294967295)"},
        {"cards-enrol", "(P42,1)"},
        {"cards-enrol on=0", "(P42,0)"},
        {"sms-zone minutes=-180", "(P10,1,-180)"},
        {"sms-zone minutes=780", "(P10,1,780)"},
        {"fence-points fence=2 page=5 points=36.8219,-1.2921;-75.519763,8.5487166",
         "(P29,1,2,5,2,3649.3140,-117.5260,-7531.1858,832.9230)"},
        {"fence-points fence=1 page=1 points=0.9999999,0;-180,90", "(P29,1,1,1,2,100.0000,000.0000,-18000.0000,9000.0000)"},
        {"server host=10.0.0.1 port=10001 apn=seals", "(P06,1,10.0.0.1,10001,seals,,)"},
        {"upgrade-query", "(8130630001,1,000,OTA,9,0)"},
        {"upgrade-cancel", "(8130630001,1,001,OTA,9,2)"},
        {"raw text=P02", "(P02)"},
        {"raw text=P19,1,2", "(P19,1,2)"},
        {"mileage km=0", "(P62,2,1,0)"},
        {"waiting-query", "(P98,10,0)"},
    };
    struct wire wire;
    open_wire(&wire);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        expect_command(&wire, table[i][0], table[i][1]);
    }
    wire_close(&wire);
}

static void test_commands_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "lock",
        "explode",
        "unlock",
        "unlock password=12345",
        "unlock password=1234567",
        "unlock password=12,456",
        "unlock password=12(456",
        "unlock password=123456 colour=red",
        "unlock-dynamic password=12345a",
        "interval seconds=4",
        "interval seconds=601",
        "interval seconds=60 minutes=4",
        "interval seconds=6o",
        "cards-add cards=",
        "cards-add cards=0",
        "cards-add cards=4294967296",
        "cards-add cards=1;;2",
        "cards-add cards=1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21",
        "cards-query group=26",
        "sms-zone minutes=-721",
        "sms-zone minutes=781",
        "sms-zone minutes=-",
        "fence fence=11 on=1 name=a",
        "fence fence=1 on=1 name=",
        "fence fence=1 on=1 name=seventeen-letters",
        "fence fence=1 on=1 name=a,b",
        "fence-points fence=1 page=1 points=181,0",
        "fence-points fence=1 page=1 points=0,91",
        "fence-points fence=1 page=1 points=12",
        "fence-points fence=1 page=1 points=",
        "fence-points fence=1 page=1 points=1,1;1,1;1,1;1,1;1,1;1,1;1,1;1,1;1,1;1,1;1,1",
        "time time=yesterday",
        "time time=1999-12-31T00:00:00Z",
        "server host=h port=65531 apn=a",
        "server host= port=1 apn=a",
        "motion milligravity=62",
        "raw text=(P43",
        "raw text=Q01",
        "raw text=P1",
        "raw text=P43,1)(P15",
        "raw text=P98,10,1,0,0",
        "raw text=P015",
        "acknowledge serial=256",
    };
    struct wire wire;
    open_wire(&wire);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char out[2048];
        if (encode(&wire, lines[i], out, sizeof out) != BULLA_REFUSED || !wire.link.error[0] || out[0]) {
            fail_msg("%s: expected a refusal with a reason, got %s \"%s\"", lines[i], out, wire.link.error);
        }
    }
    char out[64];
    encode(&wire, "lock", out, sizeof out);
    assert_non_null(strstr(wire.link.error, "mechanically"));
    encode(&wire, "unlock password=secret-word", out, sizeof out);
    assert_null(strstr(wire.link.error, "secret"));
    assert_int_equal(encode(&wire, "unlock password=123456", out, 8), BULLA_FULL);
    wire_close(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_decode),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_single_bit_corruption),
        cmocka_unit_test(test_check_value_finds_every_bit),
        cmocka_unit_test(test_garbage_between_frames),
        cmocka_unit_test(test_damaged_streams_split_anywhere),
        cmocka_unit_test(test_never_stuck),
        cmocka_unit_test(test_text_without_end_is_given_up),
        cmocka_unit_test(test_text_cut_at_its_longest),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_passwords_are_not_told),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_commands_refused),
    };
    return cmocka_run_group_tests_name("jt701", tests, NULL, NULL);
}
