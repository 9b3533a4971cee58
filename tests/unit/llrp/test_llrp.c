/* SPDX-License-Identifier: Apache-2.0
 *
 * LLRP: frames as they are known from elsewhere, byte by byte; a whole conversation with a scripted reader, in pieces of every size;
 * refusals, silence, rubbish and damaged reports. A program that others wrote takes the reader's part in tests/e2e.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader/llrp/client.h"
#include "tests/support/random.h"

static size_t unhex(const char *text, uint8_t *to)
{
    size_t n = 0;
    for (; text[0] && text[1]; text += 2)
        to[n++] = (uint8_t)strtoul((char[]){text[0], text[1], 0}, NULL, 16);
    return n;
}

/* ---- what a client said and heard ---- */

struct table { /* one client at one */
    struct llrp_client client;
    char said[64][1200]; /* each message, in hex */
    size_t n_said;
    struct llrp_tag tags[64];
    size_t n_tags;
    struct llrp_event events[64];
    size_t n_events;
    char troubles[16][300];
    size_t n_troubles, n_lost;
};

static void on_send(void *user, const uint8_t *bytes, size_t n)
{
    struct table *t = user;
    assert_true(t->n_said < 64 && n < 590);
    assert_int_equal(llrp_framed(bytes, n), n);
    for (size_t i = 0; i < n; i++)
        sprintf(t->said[t->n_said] + 2 * i, "%02x", bytes[i]);
    t->n_said++;
}

static void on_tag(void *user, const struct llrp_tag *tag)
{
    struct table *t = user;
    if (t->n_tags < 64)
        t->tags[t->n_tags++] = *tag;
}

static void on_event(void *user, const struct llrp_event *event)
{
    struct table *t = user;
    if (t->n_events < 64)
        t->events[t->n_events++] = *event;
}

static void on_trouble(void *user, bool lost, const char *what)
{
    struct table *t = user;
    if (t->n_troubles < 16)
        snprintf(t->troubles[t->n_troubles++], sizeof *t->troubles, "%s", what);
    t->n_lost += lost;
}

static const struct llrp_ops ops = {on_send, on_tag, on_event, on_trouble};

static struct table *sit_down(uint16_t tid_words, uint16_t user_words)
{
    struct table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    const struct llrp_settings settings = {.tid_words = tid_words, .user_words = user_words, .session = 1, .population = 32};
    llrp_open(&t->client, &settings, &ops, t, 1000);
    return t;
}

static void hear_hex(struct table *t, const char *hex, uint64_t now_ms)
{
    uint8_t bytes[2048];
    size_t n = unhex(hex, bytes);
    llrp_feed(&t->client, bytes, n, now_ms);
}

static const char connected[] = "043f00000020"
                                "00000000"
                                "00f60016"
                                "0080000c0005ac35bd20d1da"
                                "010000060000";

/* An answer with that status to what the client last asked. */
static void answer(struct table *t, unsigned type, unsigned status, const char *text, uint64_t now_ms)
{
    char hex[512];
    size_t n = strlen(text);
    int at = sprintf(hex, "%04x%08zx%08x011f%04zx%04x%04zx", 1u << 10 | type, 18 + n, t->client.id, 8 + n, status, n);
    for (size_t i = 0; i < n; i++)
        at += sprintf(hex + at, "%02x", text[i]);
    hear_hex(t, hex, now_ms);
}

/* Which message the client said last. */
static unsigned last_type(const struct table *t)
{
    assert_true(t->n_said > 0);
    return (unsigned)strtoul((char[]){t->said[t->n_said - 1][1], t->said[t->n_said - 1][2], t->said[t->n_said - 1][3], 0}, NULL, 16) &
           0x3FF;
}

/* The reader does what it is asked to until the inventory runs. */
static void begin(struct table *t)
{
    hear_hex(t, connected, 1000);
    for (int i = 0; i < 20 && t->client.state == LLRP_ASKING; i++)
        answer(t, last_type(t) + 10, 0, "", 1000);
    assert_int_equal(t->client.state, LLRP_RUNNING);
}

/* ---- tests ---- */

static void frames_are_as_known(void **state)
{
    (void)state;
    struct table *t = sit_down(6, 8);
    assert_int_equal(t->n_said, 0); /* it waits for the reader's word */
    begin(t);
    static const char *const expected[] = {
        "04010000000b0000000100",
        "04290000000e0000000200000000",
        "04150000000e0000000300000000",
        "0403000000340000000400"
        "00f4002000f5000700028000f5000700038000f5000700048000f50007000880"
        "00dc00090100001388",
    };
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(t->said[i], expected[i]);
    assert_int_equal(t->n_said, 9);
    assert_non_null(strstr(t->said[4], "00ed001201000100ee000b1fc0015c000540"));
    assert_non_null(strstr(t->said[4], "00b2001200b300050000b60009000000000000"));
    assert_non_null(strstr(t->said[5], "0155000f00010000000080000000060155000f000200000000c0000000080"
                                       "0ef000500"));
    assert_non_null(strstr(t->said[5], "0152000f0153000b6000000000000"));
    assert_string_equal(t->said[6], "042a0000000e0000000700000001");
    assert_string_equal(t->said[7], "04180000000e0000000800000001");
    assert_string_equal(t->said[8], "04160000000e0000000900000001");
    free(t);
}

/* [WCO-3.1-3] Tags as a reader reports them: what they are, where, how strong, when, and what of them was read. */
static void tags_are_reported(void **state)
{
    (void)state;
    struct table *t = sit_down(6, 0);
    begin(t);
    hear_hex(t,
             "043d0000002900000000"
             "00f0001f8d3000abcdef0000000000000381000186d0820005a9e4bef862e0",
             2000);
    assert_int_equal(t->n_tags, 1);
    const struct llrp_tag *tag = &t->tags[0];
    const uint8_t epc[] = {0x30, 0x00, 0xab, 0xcd, 0xef, 0, 0, 0, 0, 0, 0, 3};
    assert_int_equal(tag->epc_bits, 96);
    assert_memory_equal(tag->epc, epc, sizeof epc);
    assert_int_equal(tag->antenna, 1);
    assert_int_equal(tag->rssi_cdbm, -4800);
    assert_int_equal(tag->first_us, 1594174805140192);
    assert_int_equal(tag->has, LLRP_HAS_EPC | LLRP_HAS_ANTENNA | LLRP_HAS_RSSI | LLRP_HAS_FIRST);
    /* 128 bits of EPC, a vendor's phase and level, a TID that was read and one that was not; twice in one report. */
    const char one[] = "00f00055"
                       "00f100160080"
                       "e2801190200050012345678900112233"
                       "8c4000"
                       "86d0"
                       "03ff000e0000651a000000380800"
                       "03ff000e0000651a00000039ed3a"
                       "015d001100"
                       "0001"
                       "0004"
                       "e280119020005001"
                       "015d0009020002"
                       "0000";
    char hex[1024];
    snprintf(hex, sizeof hex, "043d%08zx00000000%s%s", 10 + (strlen(one)), one, one);
    hear_hex(t, hex, 2000);
    assert_int_equal(t->n_tags, 3);
    assert_int_equal(t->n_troubles, 0);
    tag = &t->tags[2];
    assert_int_equal(tag->epc_bits, 128);
    assert_int_equal(tag->pc, 0x4000);
    assert_int_equal(tag->rssi_cdbm, -4806);
    assert_true(tag->phase_turns == 0.5);
    assert_int_equal(tag->n_reads, 2);
    assert_int_equal(tag->reads[0].operation, LLRP_READ_TID);
    assert_int_equal(tag->reads[0].n, 4);
    assert_int_equal(tag->reads[0].words[3], 0x5001);
    assert_int_equal(tag->reads[1].result, LLRP_READ_NO_ANSWER);
    free(t);
}

static void events_are_told_and_keepalives_answered(void **state)
{
    (void)state;
    struct table *t = sit_down(0, 0);
    begin(t);
    assert_int_equal(t->n_said, 7); /* no reads were asked for */
    assert_int_equal(t->n_events, 1);
    hear_hex(t, "043e0000000a11223344", 2000);
    assert_string_equal(t->said[7], "04480000000a11223344");
    hear_hex(t,
             "043f0000002100000000"
             "00f60017"
             "0080000c0005ac35bd20d1da"
             "00ff0007000003",
             2000);
    assert_int_equal(t->events[1].what, LLRP_ANTENNA);
    assert_int_equal(t->events[1].value, 0);
    assert_int_equal(t->events[1].antenna, 3);
    hear_hex(t,
             "043f0000002600000000"
             "00f6001c"
             "0080000c0005ac35bd20d1da"
             "00fc000c"
             "0006"
             "686f74200a21",
             2000);
    assert_int_equal(t->events[2].what, LLRP_EXCEPTION);
    assert_string_equal(t->events[2].text, "hot ?!");
    llrp_tick(&t->client, 2000 + LLRP_MISSED * LLRP_KEEPALIVE_MS);
    assert_int_equal(t->n_lost, 0);
    llrp_tick(&t->client, 2001 + LLRP_MISSED * LLRP_KEEPALIVE_MS);
    assert_int_equal(t->n_lost, 1);
    assert_string_equal(t->troubles[0], "the reader is silent");
    llrp_tick(&t->client, 900000);
    assert_int_equal(t->n_lost, 1); /* once */
    free(t);
}

static void goodbye(void **state)
{
    (void)state;
    struct table *t = sit_down(0, 0);
    begin(t);
    llrp_close(&t->client, 5000);
    assert_int_equal(last_type(t), LLRP_STOP_ROSPEC);
    hear_hex(t,
             "043d0000002900000000"
             "00f0001f8d3000abcdef0000000000000381000186d0820005a9e4bef862e0",
             5000);
    assert_int_equal(t->n_tags, 1); /* what was under way is not lost */
    answer(t, LLRP_STOP_ROSPEC_RESPONSE, 0, "", 5001);
    assert_int_equal(last_type(t), LLRP_CLOSE_CONNECTION);
    answer(t, LLRP_CLOSE_CONNECTION_RESPONSE, 0, "", 5002);
    assert_int_equal(t->client.state, LLRP_OVER);
    assert_int_equal(t->n_lost, 0);
    free(t);
}

static void refusals_name_the_step(void **state)
{
    (void)state;
    struct table *t = sit_down(0, 0);
    hear_hex(t, connected, 1000);
    answer(t, LLRP_GET_READER_CAPABILITIES_RESPONSE, 0, "", 1000);
    answer(t, LLRP_DELETE_ACCESSSPEC_RESPONSE, 0, "", 1000);
    answer(t, LLRP_DELETE_ROSPEC_RESPONSE, 0, "", 1000);
    answer(t, LLRP_SET_READER_CONFIG_RESPONSE, 100, "no such field", 1000);
    assert_int_equal(t->n_lost, 1);
    assert_string_equal(t->troubles[0], "configuration: refused with 100, no such field");
    free(t);

    t = sit_down(0, 0); /* another client has it */
    hear_hex(t,
             "043f0000002000000000"
             "00f60016"
             "0080000c0005ac35bd20d1da"
             "010000060002",
             1000);
    assert_string_equal(t->troubles[0], "the reader does not take the connection: it has another client");
    assert_int_equal(t->n_lost, 1);
    assert_int_equal(t->n_said, 0);
    free(t);

    t = sit_down(0, 0); /* nobody answers */
    llrp_tick(&t->client, 1000 + LLRP_ANSWER_MS);
    assert_int_equal(t->n_lost, 0);
    llrp_tick(&t->client, 1001 + LLRP_ANSWER_MS);
    assert_string_equal(t->troubles[0], "the reader does not take the connection: no answer");
    free(t);

    t = sit_down(0, 0); /* an answer to another question is none */
    hear_hex(t, connected, 1000);
    hear_hex(t,
             "040b0000001200000063"
             "011f000800000000",
             1000);
    assert_int_equal(t->n_said, 1);
    free(t);
}

/* The same conversation whatever the pieces. */
static void pieces_do_not_matter(void **state)
{
    (void)state;
    const char tag[] = "043d0000002900000000"
                       "00f0001f8d3000abcdef0000000000000381000186d0820005a9e4bef862e0";
    uint8_t bytes[2048];
    for (size_t piece = 1; piece < 60; piece++) {
        struct table *t = sit_down(0, 0);
        begin(t);
        size_t n = unhex(tag, bytes);
        for (size_t i = 1; i < 20; i++)
            memcpy(bytes + i * n, bytes, n);
        for (size_t at = 0; at < 20 * n; at += piece)
            llrp_feed(&t->client, bytes + at, 20 * n - at < piece ? 20 * n - at : piece, 2000);
        assert_int_equal(t->n_tags, 20);
        assert_int_equal(t->n_troubles, 0);
        free(t);
    }
}

/* Damaged reports are counted, and the next one is read; what is no LLRP ends it; nothing is made up and nothing crashes. */
static void rubbish_is_told(void **state)
{
    (void)state;
    struct table *t = sit_down(0, 0);
    begin(t);
    hear_hex(t,
             "043d0000002900000000"
             "00f0002f8d3000abcdef0000000000000381000186d0820005a9e4bef862e0",
             2000); /* longer than the message */
    hear_hex(t,
             "043d0000001200000000"
             "00f0000893000000",
             2000); /* no such TV */
    hear_hex(t,
             "043d0000001000000000"
             "00f00006"
             "8100",
             2000); /* cut off */
    assert_int_equal(t->n_tags, 0);
    assert_int_equal(t->client.n_damaged, 3);
    hear_hex(t,
             "043d0000002900000000"
             "00f0001f8d3000abcdef0000000000000381000186d0820005a9e4bef862e0",
             2000);
    assert_int_equal(t->n_tags, 1);
    hear_hex(t, "474554202f20485454502f312e31", 2000); /* GET / HTTP/1.1 */
    assert_int_equal(t->client.state, LLRP_OVER);
    assert_int_equal(t->n_lost, 1);
    free(t);

    struct random random = {17};
    uint8_t bytes[512];
    for (int round = 0; round < 3000; round++) {
        t = sit_down(6, 8);
        begin(t);
        size_t n = unhex(round % 2 ? "043d0000002900000000"
                                     "00f0001f8d3000abcdef0000000000000381000186d0820005a9e4bef862e0"
                                   : "043f0000002600000000"
                                     "00f6001c"
                                     "0080000c0005ac35bd20d1da"
                                     "00fc000c"
                                     "0006"
                                     "686f74200a21",
                         bytes);
        for (int k = 0; k < 3; k++)
            bytes[6 + random_below(&random, n - 6)] = (uint8_t)random_next(&random);
        llrp_feed(&t->client, bytes, n, 2000);
        free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_as_known),
        cmocka_unit_test(tags_are_reported),
        cmocka_unit_test(events_are_told_and_keepalives_answered),
        cmocka_unit_test(goodbye),
        cmocka_unit_test(refusals_name_the_step),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(rubbish_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
