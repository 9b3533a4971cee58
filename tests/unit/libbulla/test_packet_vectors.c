/* SPDX-License-Identifier: Apache-2.0
 *
 * Every block of tests/vectors/air/packet.vec: a packet's bytes on the air, as an independent program has them. settings: return or
 * forward.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/packet.h"
#include "tests/support/vec.h"

/* [WCO-4.3-P4] [WCO-4.3-Q7] [WCO-4.3-Q8] [WCO-4.3-Q9] */
static void bits_are_those_of_the_other_program(void **state)
{
    (void)state;
    char why[500], air[2 * (6 + BULLA_PACKET_BODY_MAX) + 1];
    struct vec_file *file = vec_read(BULLA_SOURCE_DIR "/tests/vectors/air/packet.vec", why, sizeof why);
    if (!file)
        fail_msg("%s", why);
    assert_true(file->n >= 6);
    for (size_t i = 0; i < file->n; i++) {
        const struct vec_block *block = &file->blocks[i];
        struct bulla_packet_sender sender;
        bool to_seal = strcmp(block->profile.settings, "forward") == 0, bit;
        size_t n = 0;
        unsigned byte = 0;
        assert_int_equal(bulla_packet_send(&sender, (struct bulla_bytes){block->bytes, block->n}, to_seal), BULLA_OK);
        while (bulla_packet_next(&sender, &bit)) {
            byte = byte << 1 | bit;
            if (++n % 8 == 0)
                snprintf(air + n / 4 - 2, 3, "%02x", byte & 0xFF);
        }
        json_t *got = json_pack("{s:s, s:i}", "air", air, "bits", (int)n);
        if (!vec_match(block->expect, got, why, sizeof why))
            fail_msg("%s: %s", block->name, why);
        json_decref(got);
    }
    vec_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bits_are_those_of_the_other_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
