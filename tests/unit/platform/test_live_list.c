/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/observation.h"
#include "platform/live_list.h"
#include "platform/platform.h"

static struct live_seal some_seal(void)
{
    return (struct live_seal){.seal = "jt701:7570101998",
                              .journey = "J1",
                              .heard_ms = 1620036000123,
                              .time_ms = 1620036000000,
                              .seal_state = BULLA_SEAL_SEALED,
                              .knowledge = 1,
                              .has_fix = true,
                              .connected = true,
                              .has_percent = true,
                              .lat = 22.584943,
                              .lon = -113.9158251,
                              .speed_kmh = 61.5,
                              .course_deg = 0,
                              .fix_ms = 1620036000000,
                              .percent = 98,
                              .grade = 3,
                              .change = 17};
}

static void test_says_what_a_seal_is_like(void **state)
{
    (void)state;
    struct live_seal s = some_seal();
    size_t n;
    char *text = live_seal_text(&s, &n);
    assert_string_equal(text, "{\"seal\":\"jt701:7570101998\",\"journey\":\"J1\",\"heard\":\"2021-05-03T10:00:00.123Z\",\"time\":\"2021-05-03T10:00:00Z\","
                              "\"state\":{\"seal\":\"sealed\"},\"tampered\":false,\"knowledge\":\"claimed\",\"connected\":true,\"charging\":false,"
                              "\"percent\":98,\"fix\":{\"lat\":22.584943,\"lon\":-113.9158251,\"speed_kmh\":61.5,\"course_deg\":0.0,"
                              "\"accuracy_m\":null,\"time\":\"2021-05-03T10:00:00Z\"},\"grade\":3,\"change\":17}");
    assert_int_equal(n, strlen(text));
    free(text);
}

static void test_says_what_is_not_known(void **state)
{
    (void)state;
    struct live_seal s = {.seal = "a\"b\\c", .heard_ms = BULLA_TIME_NONE, .time_ms = BULLA_TIME_NONE, .fix_ms = BULLA_TIME_NONE};
    size_t n;
    char *text = live_seal_text(&s, &n);
    assert_string_equal(text, "{\"seal\":\"a\\\"b\\\\c\",\"journey\":null,\"heard\":null,\"time\":null,\"state\":{},\"tampered\":false,"
                              "\"knowledge\":\"unknown\",\"connected\":false,\"charging\":false,\"percent\":null,\"fix\":null,\"grade\":0,\"change\":0}");
    free(text);
}

/* Numbers are written without printf: each must be read back as the value rounded to its places. */
static void test_numbers(void **state)
{
    (void)state;
    static const double edges[] = {0, -0.0, 1, -1, 180, -180, 0.0000001, -0.0000001, 0.00000004, -0.00000004, 89.9999999, 359.999, 0.1, 0.01, 99.995};
    uint32_t x = 1;
    for (size_t i = 0; i < 200000; i++) {
        struct live_seal s = some_seal();
        x = x * 1664525 + 1013904223;
        double value = i < sizeof edges / sizeof *edges ? edges[i] : (double)(int32_t)x / 1e7;
        size_t n;
        s.lat = s.speed_kmh = value;
        char *text = live_seal_text(&s, &n);
        json_t *json = json_loadb(text, n, 0, NULL), *fix = json_object_get(json, "fix");
        assert_true(json_is_real(json_object_get(fix, "lat")));
        assert_true(fabs(json_real_value(json_object_get(fix, "lat")) - round(value * 1e7) / 1e7) < 1e-12);
        assert_true(json_is_real(json_object_get(fix, "speed_kmh")));
        assert_true(fabs(json_real_value(json_object_get(fix, "speed_kmh")) - round(value * 1e2) / 1e2) < 1e-9);
        json_decref(json);
        free(text);
    }
}

static void test_list(void **state)
{
    (void)state;
    size_t n;
    struct live_list *l = live_list_new();
    struct live_seal s = some_seal();
    live_list_add(l, &s);
    s.grade = 0;
    live_list_add(l, &s);
    assert_int_equal(live_list_count(l), 2);
    live_list_close(l);
    live_list_put(l, "change", 99);
    char *text = live_list_end(l, &n);
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "seals")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(json, "seals"), 1), "grade")), 0);
    assert_int_equal(json_integer_value(json_object_get(json, "change")), 99);
    json_decref(json);
    free(text);

    l = live_list_new();
    live_list_close(l);
    text = live_list_end(l, &n);
    assert_string_equal(text, "{\"seals\":[]}");
    free(text);
    assert_null(live_list_end(NULL, &n));
}

/* A text that is not UTF-8 (no protocol makes one) must not make a document that nobody can read. */
static void test_wrong_text_is_no_document(void **state)
{
    (void)state;
    struct live_seal s = some_seal();
    size_t n;
    strcpy(s.seal, "jt701:\xff\xfe");
    char *text = live_seal_text(&s, &n);
    json_t *json = text ? json_loadb(text, n, 0, NULL) : NULL;
    assert_true(!text || json);
    json_decref(json);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_a_seal_is_like), cmocka_unit_test(test_says_what_is_not_known), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_list),                     cmocka_unit_test(test_wrong_text_is_no_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
