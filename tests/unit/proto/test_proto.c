/* SPDX-License-Identifier: Apache-2.0
 *
 * What all protocols share: the registry, recognition, arguments of commands, and the sentence that explains a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/proto.h"

static struct bulla_bytes bytes_of(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, strlen(text)};
}

static void test_registry_is_sound(void **state)
{
    (void)state;
    assert_true(proto_registry_n >= 4);
    for (size_t i = 0; i < proto_registry_n; i++) {
        const struct proto *p = proto_registry[i];
        assert_ptr_equal(proto_find(p->name), p);
        assert_ptr_equal(proto_find_number(p->number), p);
        assert_true(strlen(p->name) < BULLA_PROTOCOL_SIZE);
        assert_true(p->state_size <= PROTO_STATE_MAX);
        assert_true(p->frame_max > 0);
        assert_non_null(p->probe);
        assert_non_null(p->frame);
        assert_non_null(p->decode);
        assert_non_null(p->encode);
        assert_non_null(p->commands);
        assert_true(strstr(p->transports, "tcp") || strstr(p->transports, "udp"));
        for (const struct proto_command *c = p->commands; c->name; c++) {
            assert_ptr_equal(proto_command_find(p, c->name), c);
            assert_non_null(c->args);
            assert_true(c->about && c->about[0]);
            assert_true(!c->answers || strlen(c->answers) < sizeof((struct bulla_result *)0)->command);
        }
    }
    assert_null(proto_find("no such protocol"));
    assert_null(proto_find_number(0));
}

static void test_unknown_commands_are_refused_with_a_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < proto_registry_n; i++) {
        uint8_t at[64], own[PROTO_STATE_MAX] = {0};
        struct proto_link link = {.state = own};
        struct proto_args none = {0};
        struct bulla_writer out = bulla_writer_over(at, sizeof at);
        assert_int_equal(proto_registry[i]->encode(&link, "1234567890", "no-such-command", &none, &out), BULLA_REFUSED);
        assert_non_null(strstr(link.error, "no-such-command"));
        assert_int_equal(out.len, 0);
    }
}

static const char *recognised(const char *text, bool *more)
{
    const struct proto *p = proto_recognise((const uint8_t *)text, strlen(text), more);
    return p ? p->name : NULL;
}

static void test_recognises_by_first_bytes(void **state)
{
    (void)state;
    bool more;
    assert_string_equal(recognised("##S,eSeal,1", &more), "eseal");
    assert_string_equal(recognised("{\"MDeviceID\":\"1\"", &more), "teratrack");
    assert_string_equal(recognised("|unit=200017,", &more), "starcom");
    assert_string_equal(recognised("BSTPL$1,", &more), "bstpl");
    assert_string_equal(recognised("*86000000000001234,01,", &more), "jido");
    assert_string_equal(recognised("XX\x80\x01\x4C\x08\x67\x54\x30\x35\x57\x77\x18", &more), "niot");
    assert_string_equal(recognised("*HQ200862", &more), "upro");
    assert_string_equal(recognised("$$Q128,353358017784062,AAA", &more), "meitrack");
    assert_string_equal(recognised("(8000000001,@JT)", &more), "jt701");
    assert_string_equal(recognised("(8000000001,1,001,BASE,2,TIME)", &more), "jt701");
    assert_string_equal(recognised("(813900001234,1,001,BASE,2,TIME)", &more), "jt808");
    assert_null(recognised("(81390000123", &more));
    assert_true(more);
    assert_string_equal(recognised("~\x02\x01\x01\x3C\x01\x38\x01\x38", &more), "jt808");
    assert_string_equal(recognised("xx\x0D\x01", &more), "gt06");
    assert_string_equal(recognised("yy", &more), "gt06");
    assert_string_equal(recognised("##\x01\x01\x02", &more), "topflytech");
    assert_string_equal(recognised("''\x02\x01\x49", &more), "topflytech");
    assert_null(recognised("''\x02\x09\x49", &more)); /* longer than any */
    assert_null(recognised("##,imei:123456789012345,A;", &more));
    assert_null(recognised("xy", &more));
    assert_false(more);
    assert_null(recognised("##", &more));
    assert_true(more);
    assert_null(recognised("GET / HTTP/1.1\r\n", &more));
    assert_false(more);
}

static const struct proto_command command = {"interval", "seconds [minutes]", "", false, NULL};

static void test_arguments_are_checked(void **state)
{
    (void)state;
    struct proto_link link;
    struct proto_args args = {0};
    assert_int_equal(proto_args_check(&link, &command, &args), BULLA_REFUSED);
    assert_string_equal(link.error, "interval: missing argument seconds: expected seconds [minutes]");
    args = (struct proto_args){1, {{"seconds", "5"}}};
    assert_int_equal(proto_args_check(&link, &command, &args), BULLA_OK);
    args = (struct proto_args){2, {{"minutes", "5"}, {"seconds", "5"}}};
    assert_int_equal(proto_args_check(&link, &command, &args), BULLA_OK);
    args = (struct proto_args){2, {{"seconds", "5"}, {"second", "5"}}};
    assert_int_equal(proto_args_check(&link, &command, &args), BULLA_REFUSED);
    assert_string_equal(link.error, "interval: unknown argument second: expected seconds [minutes]");
    args = (struct proto_args){2, {{"seconds", "5"}, {"seconds", "6"}}};
    assert_int_equal(proto_args_check(&link, &command, &args), BULLA_REFUSED);
    assert_string_equal(link.error, "interval: argument given twice seconds: expected seconds [minutes]");
}

static void test_numbers_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } rows[] = {
        {"5", true, 5},   {"600", true, 600}, {"0600", true, 600}, {"4", false, 0},  {"601", false, 0},
        {"", false, 0},   {"5s", false, 0},   {"-5", false, 0},    {"+5", false, 0}, {"18446744073709551621", false, 0},
        {" 5", false, 0}, {"0x5", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proto_link link;
        struct proto_args args = {1, {{"seconds", rows[i].text}}};
        uint64_t value = 77;
        enum bulla_status status = proto_args_number(&link, &args, "seconds", 5, 600, &value);
        assert_int_equal(status, rows[i].good ? BULLA_OK : BULLA_REFUSED);
        assert_int_equal(value, rows[i].good ? rows[i].value : 77);
    }
    struct proto_link link;
    struct proto_args none = {0};
    uint64_t value;
    assert_int_equal(proto_args_number(&link, &none, "seconds", 5, 600, &value), BULLA_REFUSED);
    assert_string_equal(link.error, "seconds: expected 5 to 600, got nothing");
}

static void test_failures_are_sentences(void **state)
{
    (void)state;
    struct proto_link link;
    char expected[80];
    assert_int_equal(proto_fail(&link, BULLA_DAMAGED, "date", "YYYY-MM-DD",
                                bytes_of("a\x01\xFF"
                                         "b")),
                     BULLA_DAMAGED);
    assert_string_equal(link.error, "date: expected YYYY-MM-DD, got \"a\?\?b\"");
    assert_int_equal(proto_fail(&link, BULLA_INSANE, "id", "digits", (struct bulla_bytes){NULL, 0}), BULLA_INSANE);
    assert_string_equal(link.error, "id: expected digits, got nothing");
    proto_fail_number(&link, BULLA_DAMAGED, "length", "52", INT64_MIN);
    assert_string_equal(link.error, "length: expected 52, got -9223372036854775808");
    memset(expected, 'x', sizeof expected);
    uint8_t longer[500];
    memset(longer, 'x', sizeof longer);
    proto_fail(&link, BULLA_DAMAGED, "line", "less", (struct bulla_bytes){longer, sizeof longer});
    assert_int_equal(strlen(link.error), sizeof link.error - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry_is_sound),         cmocka_unit_test(test_unknown_commands_are_refused_with_a_word),
        cmocka_unit_test(test_recognises_by_first_bytes), cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_numbers_are_checked),       cmocka_unit_test(test_failures_are_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
