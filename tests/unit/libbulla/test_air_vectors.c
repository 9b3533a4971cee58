/* SPDX-License-Identifier: Apache-2.0
 *
 * Every block of tests/vectors/air: the bits, half bits and runs of a frame, as an independent generator has them; and the
 * runs are heard as the frame again. settings: the link, and "stop" for a stop bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/air.h"
#include "tests/support/vec.h"

#define TEXT_MAX 8192

/* Writes a bit of a byte; a blank between bytes. */
static void put_bits(const struct vec_block *block, bool stop, char *bits, char *halves)
{
    struct bulla_line line = {BULLA_LINE_MANCHESTER, 0};
    for (size_t i = 0; i < block->n; i++) {
        for (unsigned at = 0; at < (stop ? 9u : 8u); at++) {
            unsigned bit = at < 8 ? block->bytes[i] >> at & 1u : 0;
            unsigned pair = bulla_line_put(&line, bit);
            *bits++ = (char)('0' + bit);
            *halves++ = (char)('0' + (pair >> 1));
            *halves++ = (char)('0' + (pair & 1));
        }
        *bits++ = *halves++ = ' ';
    }
    bits[-1] = halves[-1] = '\0';
}

static json_t *say(const struct vec_block *block, enum bulla_air_link link, bool stop)
{
    static char bits[TEXT_MAX], halves[TEXT_MAX], runs[TEXT_MAX];
    struct bulla_air_sender sender;
    struct bulla_air_receiver receiver;
    struct bulla_air_run run;
    struct bulla_bytes frame = {0};
    size_t at = 0;
    enum bulla_status status = BULLA_MORE;
    put_bits(block, stop, bits, halves);
    bulla_air_send(&sender, link, (struct bulla_bytes){block->bytes, block->n}, stop);
    bulla_air_listen(&receiver, stop);
    while (bulla_air_next(&sender, &run)) {
        at += (size_t)snprintf(runs + at, TEXT_MAX - at, "%s%s%u", at ? " " : "", run.high ? "" : "-", (unsigned)(run.ns / 1000));
        status = bulla_air_hear(&receiver, run, &frame);
    }
    assert_int_equal(status, BULLA_OK);
    assert_int_equal(receiver.link, link);
    assert_int_equal(frame.len, block->n);
    assert_memory_equal(frame.at, block->bytes, block->n);
    return json_pack("{s:s, s:s, s:s, s:i}", "bits", bits, "halves", halves, "runs", runs, "us",
                     (int)(bulla_air_ns(link, block->n, stop) / 1000));
}

/* [ISO-T7-F7] [ISO-T7-F11a] [ISO-T7-F13] [ISO-T8-R7] [ISO-T8-R10] [ISO-T8-R12] */
static void waveforms_are_those_of_the_generator(void **state)
{
    (void)state;
    char why[500];
    struct vec_file *file = vec_read(BULLA_SOURCE_DIR "/tests/vectors/air/iso433.vec", why, sizeof why);
    if (!file)
        fail_msg("%s", why);
    assert_true(file->n >= 7);
    for (size_t i = 0; i < file->n; i++) {
        char link[32] = "", stop[8] = "";
        assert_true(sscanf(file->blocks[i].profile.settings, "%31s %7s", link, stop) >= 1);
        assert_true(bulla_air_from(link) >= 0);
        json_t *got = say(&file->blocks[i], (enum bulla_air_link)bulla_air_from(link), strcmp(stop, "stop") == 0);
        if (!vec_match(file->blocks[i].expect, got, why, sizeof why))
            fail_msg("%s: %s", file->blocks[i].name, why);
        json_decref(got);
    }
    vec_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(waveforms_are_those_of_the_generator)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
