/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/out/request.h"

static void unescapes(void **state)
{
    static const struct {
        const char *from, *to; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {"jt701%3A7570101998", "jt701:7570101998"},
        {"%e4%b8%ad", "\xE4\xB8\xAD"},
        {"100%", NULL},
        {"%4", NULL},
        {"%zz", NULL},
        {"a%00b", NULL},
        {"a%0ab", NULL},
        {"a\tb", NULL},
        {"%7F", NULL},
        {"%C0%AF", NULL},       /* the slash in a longer form */
        {"%ED%A0%80", NULL},    /* half a surrogate pair */
        {"%F4%90%80%80", NULL}, /* beyond U+10FFFF */
        {"%E4%B8", NULL},
        {"%FF", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        strcpy(text, cases[i].from);
        assert_int_equal(out_text_unescape(text), cases[i].to != NULL);
        if (cases[i].to)
            assert_string_equal(text, cases[i].to);
    }
}

static void knows_utf8(void **state)
{
    (void)state;
    assert_true(out_text_is_utf8("\xF0\x9F\x94\x92", 4));
    assert_false(out_text_is_utf8("\xF0\x9F\x94\x92", 3));
    assert_false(out_text_is_utf8("\x80", 1));
    assert_false(out_text_is_utf8("\xE0\x9F\xBF", 3));
    assert_true(out_text_is_utf8("", 0));
}

static void cuts_the_query(void **state)
{
    (void)state;
    struct out_request *r = out_request_new(NULL, "/api/v1/seals?search=AB+12%2F3&limit=5&empty=&flag", true);
    assert_false(r->bad_target);
    assert_string_equal(r->path, "/api/v1/seals");
    assert_string_equal(out_request_param(r, "search"), "AB 12/3");
    assert_string_equal(out_request_param(r, "limit"), "5");
    assert_string_equal(out_request_param(r, "empty"), "");
    assert_string_equal(out_request_param(r, "flag"), "");
    assert_null(out_request_param(r, "sear"));
    out_request_free(r);
}

static void marks_bad_targets(void **state)
{
    static const char *const bad[] = {"http://elsewhere/", "*",     "/a?b=%",
                                      "/a?%C0=1",          "/\xFF", "/a?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct out_request *r = out_request_new(NULL, bad[i], true);
        assert_true(r->bad_target);
        out_request_free(r);
    }
    char longest[OUT_TARGET_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    struct out_request *r = out_request_new(NULL, longest, true);
    assert_true(r->bad_target);
    out_request_free(r);
    r = out_request_new(NULL, "/a", false); /* it held a NUL */
    assert_true(r->bad_target);
    out_request_free(r);
}

static void reads_numbers_strictly(void **state)
{
    static const char *const wrong[] = {"", "x", "5x", " 5", "+5", "1e3", "0", "1001", "99999999999999999999"};
    int64_t n = -7;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct out_request *r = out_request_new(NULL, "/", true);
        r->params[r->n_params++] = (struct out_param){"limit", wrong[i]};
        assert_false(out_param_number(r, "limit", 1, 1000, 100, &n));
        assert_int_equal(r->status, 400);
        assert_int_equal(n, -7);
        out_request_free(r);
    }
    struct out_request *r = out_request_new(NULL, "/?limit=1000", true);
    assert_true(out_param_number(r, "limit", 1, 1000, 100, &n));
    assert_int_equal(n, 1000);
    assert_true(out_param_number(r, "other", 1, 1000, 100, &n));
    assert_int_equal(n, 100);
    out_request_free(r);
}

static void limits_the_body(void **state)
{
    char block[1000] = {0};
    (void)state;
    struct out_request *r = out_request_new(NULL, "/", true);
    r->body_max = 9500;
    for (int i = 0; i < 9; i++)
        assert_true(out_request_append(r, block, sizeof block));
    assert_false(out_request_append(r, block, sizeof block));
    assert_int_equal(r->body_len, 9000);
    assert_true(out_request_append(r, block, 500));
    assert_false(out_request_append(r, block, 1));
    out_request_free(r);
}

static void first_answer_counts(void **state)
{
    (void)state;
    struct out_request *r = out_request_new(NULL, "/", true);
    out_problem_why(r, 422, "limits.min: expected a number from -1 to 1, got \"x\"");
    assert_int_equal(r->status, 422);
    json_t *problem = json_loads(r->answer_text, 0, NULL), *error = json_array_get(json_object_get(problem, "errors"), 0);
    assert_string_equal(json_string_value(json_object_get(error, "field")), "limits.min");
    assert_string_equal(json_string_value(json_object_get(error, "expected")), "a number from -1 to 1");
    assert_string_equal(json_string_value(json_object_get(error, "got")), "\"x\"");
    out_answer_json(r, 200, json_object());
    assert_int_equal(r->status, 422);
    json_decref(problem);
    out_request_free(r);
}

static void says_back_safely(void **state)
{
    (void)state;
    struct out_request *r = out_request_new(NULL, "/", true);
    char got[200];
    for (size_t i = 0; i + 3 < sizeof got; i += 3)
        memcpy(got + i, "\xE4\xB8\xAD", 3);
    got[198] = '\0';
    out_problem_field(r, 400, "search", "less", got);
    json_t *problem = json_loads(r->answer_text, 0, NULL);
    assert_non_null(problem); /* cut between characters, not inside one */
    json_decref(problem);
    out_request_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unescapes),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(cuts_the_query),
        cmocka_unit_test(marks_bad_targets),
        cmocka_unit_test(reads_numbers_strictly),
        cmocka_unit_test(limits_the_body),
        cmocka_unit_test(first_answer_counts),
        cmocka_unit_test(says_back_safely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
