/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of JSON that come as an object or an array: each item is read by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/base/limits.h"
#include "platform/in/items.h"
#include "proto/json_frame.h"

struct told {
    char text[2000]; /* a line an item */
    size_t n, good, bad;
    bool through_server;
};

static void good(void *host, size_t item, const struct bulla_observation *o, bool through_server, struct bulla_bytes raw)
{
    struct told *t = host;
    t->good++;
    t->through_server = through_server;
    if (t->n < sizeof t->text - 200)
        t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%zu %s %.*s\n", item, o->device, raw.len < 60 ? (int)raw.len : 60,
                                 raw.at);
}

static void bad(void *host, size_t item, const char *why, struct bulla_bytes raw)
{
    struct told *t = host;
    t->bad++;
    assert_true(raw.len > 0);
    if (t->n < sizeof t->text - 200)
        t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%zu: %s\n", item, why);
}

static size_t read_text(const char *message, const char *device, struct told *t, char why[ITEMS_WHY_SIZE])
{
    const struct items_host host = {t, good, bad};
    *t = (struct told){.n = 0};
    why[0] = '\0';
    return items_read((struct bulla_bytes){(const uint8_t *)message, strlen(message)}, device, &host, why);
}

static void one_that_is_refused_harms_no_other(void **state)
{
    struct told t;
    char why[ITEMS_WHY_SIZE];
    (void)state;
    assert_int_equal(read_text("{\"door\":\"open\"}", "D1", &t, why), 1);
    assert_string_equal(t.text, "0 D1 {\"door\":\"open\"}\n");
    assert_int_equal(read_text(" [ {\"door\":\"open\"} ,7,{\"door\":\"ajar\"},{\"device\":\"D1\",\"door\":null}\n] ", "D1", &t, why), 4);
    assert_string_equal(t.text, "0 D1 {\"door\":\"open\"}\n"
                                "1: message: expected a JSON object, got \"7\"\n"
                                "2: door: expected closed or open, got \"ajar\"\n"
                                "3 D1 {\"device\":\"D1\",\"door\":null}\n");
    assert_true(t.good == 2 && t.bad == 2 && !t.through_server);
    assert_int_equal(read_text("{\"deviceInfo\":{\"devEui\":\"00AB\"},\"object\":{\"door_open\":0}}", "", &t, why), 1);
    assert_true(t.good == 1 && t.through_server);
}

static void what_is_no_message_is_refused_as_a_whole(void **state)
{
    static const struct {
        const char *message, *device, *why;
    } rows[] = {
        {"", "D1", "message: expected a JSON object, or an array of them, got nothing"},
        {"[]", "D1", "message: expected a JSON object, or an array of them, got something else"},
        {"7", "D1", "message: expected a JSON object, or an array of them, got something else"},
        {"[{\"door\":\"open\"},{\"door\":]", "D1", "message: expected a JSON object, or an array of them, got something else"},
        {"{\"door\":\"open\"}", "D/1", "device: expected 1 to 31 letters, digits, - . _, got D/1"},
        {"{\"door\":\"open\"}", "12345678901234567890123456789012",
         "device: expected 1 to 31 letters, digits, - . _, got 12345678901234567890123456789012"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told t;
        char why[ITEMS_WHY_SIZE];
        assert_int_equal(read_text(rows[i].message, rows[i].device, &t, why), 0);
        assert_string_equal(why, rows[i].why);
        assert_true(t.good == 0 && t.bad == 0);
    }
}

static void limits(void **state)
{
    static char message[LIMIT_ITEMS_BYTES + 100];
    struct told t;
    char why[ITEMS_WHY_SIZE];
    size_t n = 0;
    (void)state;
    message[n++] = '[';
    for (size_t i = 0; i <= LIMIT_ITEMS; i++)
        n += (size_t)sprintf(message + n, "%s{\"door\":null}", i ? "," : "");
    strcpy(message + n, "]");
    assert_int_equal(read_text(message, "D1", &t, why), 0);
    assert_string_equal(why, "message: expected at most 1000 items, got 1001");
    memset(message, ' ', sizeof message - 1);
    memcpy(message, "{\"door\":null}", 13);
    assert_int_equal(read_text(message, "D1", &t, why), 0);
    assert_non_null(strstr(why, "message: expected at most 1048576 bytes, got "));
    message[LIMIT_ITEMS_BYTES] = '\0';
    assert_int_equal(read_text(message, "D1", &t, why), 1);
    assert_int_equal(t.bad, 1); /* one item of a mebibyte is none */
    memset(message + 13, 0, sizeof message - 13);
    memset(message + 13, ' ', PROTO_JSON_MESSAGE_MAX - 13);
    assert_int_equal(read_text(message, "D1", &t, why), 1);
    assert_int_equal(t.good, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_that_is_refused_harms_no_other),
                                       cmocka_unit_test(what_is_no_message_is_refused_as_a_whole), cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
