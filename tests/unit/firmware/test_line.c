/* SPDX-License-Identifier: Apache-2.0
 *
 * The firmware's line: frames by their own length byte, out of whatever comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/line.c"

struct guarded {
    struct line line;
    uint8_t behind[64];
};

static const uint8_t whole[] = {0x40, 0x04, 8, 0, 7, 0x30, 0xAB, 0xCD};

static size_t put_all(struct line *line, const uint8_t *bytes, size_t n, uint64_t now_ms)
{
    size_t got = 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got, 0);
        got = line_put(line, bytes[i], now_ms);
    }
    return got;
}

static void a_frame_is_cut_out_with_noise_before_it(void **state)
{
    static const uint8_t noise[] = {0x00, 0xFF, 0x41};
    struct line line = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(put_all(&line, noise, sizeof noise, 1000), 0);
        assert_int_equal(put_all(&line, whole, sizeof whole, 1000), sizeof whole);
        assert_memory_equal(line.bytes, whole, sizeof whole);
        line_drop(&line, sizeof whole);
        assert_int_equal(line.n, 0);
    }
}

static void what_has_no_end_is_dropped_after_a_while(void **state)
{
    static const uint8_t begun[] = {0x40, 0x04, 0xFF, 1, 2, 3};
    struct line line = {0};
    (void)state;
    assert_int_equal(put_all(&line, begun, sizeof begun, 5000), 0);
    assert_int_equal(put_all(&line, whole, sizeof whole, 5000 + LINE_STALE_MS), 0);
    assert_int_equal(put_all(&line, whole, sizeof whole, 5001 + LINE_STALE_MS), sizeof whole);
}

static void a_frame_without_a_length_fills_no_more_than_its_room(void **state)
{
    struct guarded g = {0};
    (void)state;
    memset(g.behind, 0xEE, sizeof g.behind);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(line_put(&g.line, i == 0 ? 0x40 : 0, 0), 0);
        assert_true(g.line.n <= sizeof g.line.bytes);
    }
    for (size_t i = 0; i < sizeof g.behind; i++)
        assert_int_equal(g.behind[i], 0xEE);
    assert_int_equal(put_all(&g.line, whole, sizeof whole, 1), sizeof whole);
}

static void the_longest_frame_fits(void **state)
{
    struct line line = {0};
    (void)state;
    for (int i = 0; i < BULLA_FRAME_MAX; i++)
        assert_int_equal(line_put(&line, i == 0 ? 0x40 : 0xFF, 0), i == BULLA_FRAME_MAX - 1 ? BULLA_FRAME_MAX : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_cut_out_with_noise_before_it),
        cmocka_unit_test(what_has_no_end_is_dropped_after_a_while),
        cmocka_unit_test(a_frame_without_a_length_fills_no_more_than_its_room),
        cmocka_unit_test(the_longest_frame_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
