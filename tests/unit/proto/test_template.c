/* SPDX-License-Identifier: Apache-2.0
 *
 * The template that newcomers copy is itself a protocol that works.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/template.c"
#include "tests/support/wire.h"

static const uint8_t sealed[] = {'T', 13, 0, 0, 0, 42, 0, 7, 0x67, 0xC9, 0x5E, 0x80, 0x83, 90, 0};

static void seal_check(uint8_t to[FRAME_LEN], const uint8_t from[FRAME_LEN])
{
    memcpy(to, from, FRAME_LEN);
    to[FRAME_LEN - 1] = check_value(to, FRAME_LEN - 1);
}

static void test_decodes_however_cut(void **state)
{
    (void)state;
    uint8_t bytes[3 + 2 * FRAME_LEN] = {0xFF, 'T', 0};
    seal_check(bytes + 3, sealed);
    seal_check(bytes + 3 + FRAME_LEN, sealed);
    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        struct wire wire;
        wire_open(&wire, &proto_template, NULL, 0);
        wire_feed(&wire, bytes, sizeof bytes, piece);
        assert_int_equal(json_array_size(wire.observations), 2);
        const json_t *o = json_array_get(wire.observations, 1);
        assert_string_equal(json_string_value(json_object_get(o, "seal")), "template:0000000042");
        assert_string_equal(json_string_value(json_object_get(json_object_get(o, "state"), "seal")), "sealed");
        assert_string_equal(json_string_value(json_array_get(wire.replies, 1)), "410007");
        assert_int_equal(wire.skipped, 3);
        wire_close(&wire);
    }
}

static void test_refuses_what_is_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAME_LEN; i++) {
        struct wire wire;
        uint8_t bytes[FRAME_LEN];
        seal_check(bytes, sealed);
        bytes[i] ^= 0x10;
        wire_open(&wire, &proto_template, NULL, 0);
        enum bulla_status status = wire_decode(&wire, bytes, sizeof bytes, true);
        assert_int_equal(status, i < 2 ? BULLA_NOT_MINE : BULLA_DAMAGED);
        assert_int_equal(json_array_size(wire.replies), 0);
        wire_close(&wire);
    }
}

static void test_encodes(void **state)
{
    (void)state;
    static const uint8_t unlock[] = {'C', 0, 0, 0, 42, 1};
    struct proto_args args = {0};
    struct proto_link link = {0};
    uint8_t bytes[16];
    struct bulla_writer out = bulla_writer_over(bytes, sizeof bytes);
    assert_int_equal(proto_template.encode(&link, "42", "unlock", &args, &out), BULLA_OK);
    assert_int_equal(out.len, sizeof unlock);
    assert_memory_equal(bytes, unlock, sizeof unlock);
    assert_int_equal(proto_template.encode(&link, "0", "unlock", &args, &out), BULLA_REFUSED);
    assert_string_equal(link.error, "device: expected 1 to 4294967295, got 0");
    assert_int_equal(proto_template.encode(&link, "42", "explode", &args, &out), BULLA_REFUSED);
    assert_string_equal(link.error, "command: expected unlock or lock, got \"explode\"");
    args = (struct proto_args){1, {{"force", "1"}}};
    assert_int_equal(proto_template.encode(&link, "42", "lock", &args, &out), BULLA_REFUSED);
    assert_string_equal(link.error, "lock: unknown argument force: expected no arguments");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes_however_cut),
        cmocka_unit_test(test_refuses_what_is_damaged),
        cmocka_unit_test(test_encodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
