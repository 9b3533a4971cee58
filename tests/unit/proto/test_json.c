/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict JSON reader against jansson, which refuses everything that is not JSON; and numbers written as text.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json_device.h"
#include "proto/text.h"

static bool accepted(const char *text, size_t n)
{
    struct proto_json_walk walk = proto_json_open((struct bulla_bytes){(const uint8_t *)text, n});
    struct proto_json_value key, value;
    while (proto_json_next(&walk, &key, &value)) {
    }
    return !walk.failed;
}

static void test_accepts_and_refuses(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}",
        " { } ",
        "[]",
        "[1]",
        "[-0.5e+10,true,false,null,\"\"]",
        "{\"a\":{\"b\":[{}]}}",
        "[\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
        "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]",
        "[[[[[[[[]]]]]]]]",
    };
    static const char *const bad[] = {
        "",
        "1",
        "\"a\"",
        "{",
        "}",
        "{,}",
        "[,]",
        "[1,]",
        "{\"a\":1,}",
        "[1 2]",
        "{\"a\":\"b\"\"c\":1}",
        "[tru]",
        "[truee]",
        "[01]",
        "[1.]",
        "[.5]",
        "[1e]",
        "[+1]",
        "[-]",
        "{a:1}",
        "{\"a\"}",
        "{\"a\":}",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"\\ud800\"]",
        "[\"\\udc00\"]",
        "[\"\\ud800\\u0041\"]",
        "[\"\n\"]",
        "[\"\xC0\xAF\"]",
        "[\"\xED\xA0\x80\"]",
        "[\"\xF5\x80\x80\x80\"]",
        "[\"\xC3\"]",
        "[\"a]",
        "{} {}",
        "[1}",
        "{\"a\":[1}]",
        "['a']",
        "[NaN]",
        "[[[[[[[[[]]]]]]]]]",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!accepted(good[i], strlen(good[i]))) {
            fail_msg("refused: %s", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (accepted(bad[i], strlen(bad[i]))) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static unsigned next(uint64_t *random, unsigned n)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((*random >> 33) % n);
}

/* 300,000 texts a few changes away from a message: both readers must agree on each. */
static void test_agrees_with_an_independent_reader(void **state)
{
    (void)state;
    static const char seed[] =
        "{\"a\":\"x\\u00e9\\n\",\"b\":[1,-2.5e3,true,null,{\"c\":\"\xC3\xA9\"},[]],\"d\":{\"e\":\"0\"},\"f\":\"12345678901\\\"2\"}";
    static const char letters[] = "{}[]\",:\\ u0129.-+eEtrufalsn\x1F\x80\xC3\xA9\xE2\xED\xF4\n";
    uint64_t random = 7;
    size_t agreed_good = 0;
    for (int round = 0; round < 300000; round++) {
        char text[sizeof seed + 8];
        size_t n = sizeof seed - 1;
        memcpy(text, seed, sizeof seed);
        for (unsigned changes = next(&random, 4); changes; changes--) {
            size_t at = next(&random, (unsigned)n);
            switch (next(&random, 3)) {
            case 0:
                text[at] = letters[next(&random, sizeof letters - 1)];
                break;
            case 1:
                memmove(text + at, text + at + 1, --n - at);
                break;
            default:
                memmove(text + at + 1, text + at, n++ - at);
                text[at] = letters[next(&random, sizeof letters - 1)];
            }
        }
        json_t *json = json_loadb(text, n, JSON_ALLOW_NUL, NULL);
        bool good = accepted(text, n);
        if (good != (json != NULL)) {
            fail_msg("%s by this reader alone: %.*s", good ? "accepted" : "refused", (int)n, text);
        }
        agreed_good += good;
        json_decref(json);
    }
    assert_true(agreed_good > 50000);
}

static void test_escapes_become_characters(void **state)
{
    (void)state;
    static const char text[] = "[\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\n\\\\z\"]";
    struct proto_json_walk walk = proto_json_open((struct bulla_bytes){(const uint8_t *)text, sizeof text - 1});
    struct proto_json_value key, value;
    uint8_t to[64];
    assert_true(proto_json_next(&walk, &key, &value));
    assert_true(bulla_bytes_is(proto_json_plain(&value, to, sizeof to), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n\\z"));
    assert_null(proto_json_plain(&value, to, 9).at);
}

static struct bulla_bytes bytes_of(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, strlen(text)};
}

static void test_fixed_point(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned decimals;
        bool good;
        int64_t value;
    } rows[] = {
        {"1", 2, true, 100},
        {"-1.5", 2, true, -150},
        {"+0.005", 2, true, 1},
        {"-0.005", 2, true, -1},
        {"0.0049", 2, true, 0},
        {".5", 1, true, 5},
        {"5.", 1, true, 50},
        {"0.9999", 3, true, 1000},
        {"", 2, false, 0},
        {".", 2, false, 0},
        {"-", 2, false, 0},
        {"1.2.3", 2, false, 0},
        {"1e5", 2, false, 0},
        {" 1", 2, false, 0},
        {"1 ", 2, false, 0},
        {"--1", 2, false, 0},
        {"999999999", 7, true, 9999999990000000},
        {"1234567890", 2, false, 0},
        {"12.34x", 1, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = 77;
        if (proto_text_fixed(bytes_of(rows[i].text), rows[i].decimals, &value) != rows[i].good) {
            fail_msg("\"%s\": expected %s", rows[i].text, rows[i].good ? "a number" : "none");
        }
        assert_int_equal(value, rows[i].good ? rows[i].value : 77);
    }
}

static void test_dates(void **state)
{
    (void)state;
    struct bulla_calendar c = {0};
    assert_true(proto_text_date(bytes_of("2025-03-09"), '-', &c));
    assert_true(proto_text_clock(bytes_of("23:59:58"), &c));
    assert_true(c.year == 2025 && c.month == 3 && c.day == 9 && c.hour == 23 && c.minute == 59 && c.second == 58);
    static const char *const dates[] = {"2025-3-09", "2025/03/09", "20250309", "2025-03-0x", "", "2025-03-091"};
    static const char *const clocks[] = {"23:59", "23-59-58", "235958", "2x:59:58", "", "23:59:589"};
    for (size_t i = 0; i < 6; i++) {
        assert_false(proto_text_date(bytes_of(dates[i]), '-', &c));
        assert_false(proto_text_clock(bytes_of(clocks[i]), &c));
    }
    assert_int_equal(c.second, 58);
}

static void test_pairs_and_hexadecimal(void **state)
{
    (void)state;
    unsigned pairs[3] = {7, 7, 7};
    static const char *const no_pairs[] = {"", "09032", "0903250", "09032x", " 90325"};
    static const char *const no_hex[] = {"", "0x1", "1g", " 1", "11112222333344445"};
    uint64_t value = 77;
    for (size_t i = 0; i < 5; i++) {
        assert_false(proto_text_pairs(bytes_of(no_pairs[i]), pairs));
        assert_false(proto_text_hex(bytes_of(no_hex[i]), &value));
    }
    assert_int_equal(value, 77);
    assert_true(proto_text_pairs(bytes_of("090325"), pairs));
    assert_true(pairs[0] == 9 && pairs[1] == 3 && pairs[2] == 25);
    assert_true(proto_text_hex(bytes_of("fFfF00001111aAaA"), &value));
    assert_true(value == UINT64_C(0xFFFF00001111AAAA));
}

static void test_degrees_and_minutes(void **state)
{
    (void)state;
    int32_t e7 = 77;
    assert_false(proto_text_degrees(INT64_C(1600000000), &e7)); /* 1 degree, 60 minutes */
    assert_false(proto_text_degrees(INT64_C(181000000000), &e7));
    assert_false(proto_text_degrees(-1, &e7));
    assert_int_equal(e7, 77);
    assert_true(proto_text_degrees(INT64_C(1599999999), &e7));
    assert_int_equal(e7, 20000000); /* rounds */
    assert_true(proto_text_degrees(INT64_C(18059999000000) / 100, &e7));
    assert_int_equal(e7, 1809999833);
}

static void test_split(void **state)
{
    (void)state;
    struct bulla_bytes part[3] = {{NULL, 77}, {NULL, 77}, {NULL, 77}};
    assert_int_equal(proto_text_split(bytes_of("a,,bc"), ',', part, 3), 3);
    assert_true(bulla_bytes_is(part[0], "a") && part[1].len == 0 && bulla_bytes_is(part[2], "bc"));
    assert_int_equal(proto_text_split(bytes_of("1,2,3,4"), ',', part, 2), 4); /* says how many there are, puts what fits */
    assert_true(bulla_bytes_is(part[1], "2") && bulla_bytes_is(part[2], "bc"));
    assert_int_equal(proto_text_split(bytes_of(""), ',', part, 2), 1);
    assert_int_equal(part[0].len, 0);
}

static struct proto_json_value number(const char *text)
{
    return (struct proto_json_value){.kind = PROTO_JSON_NUMBER, .text = {(const uint8_t *)text, strlen(text)}};
}

static void test_numbers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned decimals;
        bool good;
        int64_t value;
    } rows[] = {
        {"28.5", 3, true, 28500},
        {"-28.5", 3, true, -28500},
        {"0.0005", 3, true, 1},
        {"0.00049999", 3, true, 0},
        {"-0.0005", 3, true, -1},
        {"2.85e1", 3, true, 28500},
        {"285E-1", 3, true, 28500},
        {"1e-7", 7, true, 1},
        {"4.9e-8", 7, true, 0},
        {"5e-8", 7, true, 1},
        {"-0", 0, true, 0},
        {"0e999999999999", 3, true, 0},
        {"1e400", 0, false, 0},
        {"1e-400", 9, true, 0},
        {"1e18", 0, true, 1000000000000000000},
        {"1e18", 1, false, 0},
        {"0.1234567890123456789", 7, true, 1234568},
        {"99999999999999999999", 0, false, 0},
        {"123456789012345678", 0, true, 123456789012345678},
        {"00000.5", 0, true, 1},
        {"1.5e+2", 1, true, 1500},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proto_json_value value = number(rows[i].text);
        int64_t got = 77;
        assert_int_equal(proto_json_fixed(&value, rows[i].decimals, &got), rows[i].good);
        assert_int_equal(got, rows[i].good ? rows[i].value : 77);
    }
    struct proto_json_value word = {.kind = PROTO_JSON_WORD, .text = {(const uint8_t *)"true", 4}};
    int64_t got;
    assert_false(proto_json_fixed(&word, 0, &got));
}

struct heard {
    unsigned n;
    char device[BULLA_DEVICE_SIZE];
};

static void hear(void *host, const struct bulla_observation *o)
{
    struct heard *h = host;
    h->n++;
    memcpy(h->device, o->device, sizeof h->device);
}

/* The name under which a message comes, and the one in it. */
static void test_names_agree(void **state)
{
    (void)state;
    static const struct {
        const char *outside, *message, *device; /* NULL: refused */
    } rows[] = {
        {"a", "{\"events\":[\"heartbeat\"]}", "a"},
        {"a", "{\"device\":\"a\",\"events\":[\"heartbeat\"]}", "a"},
        {"a", "{\"device\":\"A\",\"events\":[\"heartbeat\"]}", NULL},
        {"a", "{\"seal\":\"json:b\",\"events\":[\"heartbeat\"]}", NULL},
        {"door-1", "{\"end_device_ids\":{\"device_id\":\"door-1\",\"dev_eui\":\"00AB\"},\"events\":[\"heartbeat\"]}", "00ab"},
        {"00AB", "{\"end_device_ids\":{\"device_id\":\"door-1\",\"dev_eui\":\"00AB\"},\"events\":[\"heartbeat\"]}", "00ab"},
        {"00ac", "{\"deviceInfo\":{\"devEui\":\"00ab\"},\"object\":{\"door_open\":true}}", NULL},
        {"00ab", "{\"deviceInfo\":{\"devEui\":\"00ab\"},\"object\":{\"door_open\":true}}", "00ab"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct heard heard = {0};
        struct proto_json_link own = {""};
        struct proto_link link = {.state = &own, .host = &heard, .emit = hear};
        snprintf(own.device, sizeof own.device, "%s", rows[i].outside);
        enum bulla_status status = proto_json.decode(&link, (const uint8_t *)rows[i].message, strlen(rows[i].message));
        assert_int_equal(status, rows[i].device ? BULLA_OK : BULLA_INSANE);
        assert_int_equal(heard.n, rows[i].device ? 1 : 0);
        if (rows[i].device)
            assert_string_equal(heard.device, rows[i].device);
        else
            assert_non_null(strstr(link.error, ": expected the name under which the message came, got "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_exact), 
        cmocka_unit_test(test_names_agree),
        cmocka_unit_test(test_accepts_and_refuses),
        cmocka_unit_test(test_agrees_with_an_independent_reader),
        cmocka_unit_test(test_escapes_become_characters),
        cmocka_unit_test(test_fixed_point),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_pairs_and_hexadecimal),
        cmocka_unit_test(test_degrees_and_minutes),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
