/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: a seal that runs, at its edges: a start whose reading fails, a board without a back end, what is due first, who closed it.
 */
#include "tests/unit/libbulla/seal_support.h"

#include "bulla/gbt.h"
#include "platform/model/digest.h"

#include <stddef.h>

static struct bench bench;

/* What the runtime relies on: a row of the device's table that lets something pass the shackle leads to another state. */
static void a_passage_is_another_state(void **state)
{
    (void)state;
    size_t n;
    unsigned passages = 0;
    const struct bulla_device_row *rows = bulla_device_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].passage)
            continue;
        passages++;
        assert_true(rows[i].next);
        assert_false(rows[i].from >> rows[i].next & 1);
    }
    assert_true(passages > 10);
}

/* Each call of flash fails while it starts: it says so and is not there, and the next time it is. */
static void a_start_that_fails(void **state)
{
    (void)state;
    static struct bench clean;
    bench_init(&bench, 1);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    const struct bulla_attachment about = {.decides = BULLA_DIGEST_SHA256, .size = 9, .name = "scan.pdf"};
    struct bulla_fault fault;
    uint8_t bytes[BULLA_ATTACHMENT_SIZE];
    struct bulla_link_message begins = {.code = BULLA_ORDER_FILE_BEGIN, .rest = {bytes, 0}};
    assert_int_equal(bulla_attachment_encode(&about, bytes, &begins.rest.len, &fault), BULLA_OK);
    assert_int_equal(bench_ask(&bench, &begins).nack, 0);
    clean = bench;
    for (uint64_t nth = 1;; nth++) {
        bench = clean;
        nor_power(&bench.nor);
        bench.seal.events = 7777;
        bench.nor.fail_at = nth;
        enum bulla_status status = bulla_seal_start(&bench.seal, &bench.board, NULL, bench.now);
        if (bench.nor.calls < nth) {
            assert_int_equal(status, BULLA_OK);
            assert_true(nth > 40);
            break;
        }
        if (status != BULLA_OK)
            assert_int_equal(bench.seal.events, 7777);
        else
            assert_true(bench.seal.has_file);
        assert_int_equal(bench_restart(&bench), BULLA_OK);
        assert_int_equal(bench.seal.device.state, BULLA_DEVICE_SEALED);
        assert_int_equal(bench.seal.address.serial, 0x12345678);
    }
}

/* A call of flash fails while something happens to a seal that has nobody to report to: it is in the log, once. */
static void what_happens_is_done_once(void **state)
{
    (void)state;
    static struct bench clean;
    struct bulla_seal_note notes[32];
    bench_init(&bench, 2);
    bench.board.ops = &bare_ops;
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    size_t before = bench_log(&bench, notes, 32);
    clean = bench;
    for (uint64_t nth = 1;; nth++) {
        bench = clean;
        nor_power(&bench.nor);
        bench.nor.fail_at = nth;
        (void)!bench_event(&bench, BULLA_ON_INTRUSION, BULLA_SURFACE_ROOF);
        bool over = bench.nor.calls < nth;
        nor_power(&bench.nor);
        (void)bulla_seal_turn(&bench.seal, bench.now);
        assert_int_equal(bench.seal.queued, 0);
        assert_int_equal(bench_log(&bench, notes, 32), before + 1);
        assert_int_equal(notes[before].on, BULLA_ON_INTRUSION);
        if (over)
            break;
    }
}

/* ---- what is due first ---- */

static void a_report_before_the_permission_ends(void **state)
{
    (void)state;
    bench_init(&bench, 3);
    bench_start(&bench, BULLA_PROFILE_ACTIVE);
    struct bulla_link_message every = {.code = BULLA_ORDER_CONFIGURE, .value = {BULLA_SETTING_INTERVAL, 60}};
    bench_seal(&bench);
    assert_int_equal(bench_ask(&bench, &every).nack, 0);
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_UNSEAL).nack, 0);
    bench_wait(&bench, 20000);
    uint32_t wait_ms = bulla_seal_turn(&bench.seal, bench.now);
    assert_in_range(wait_ms, 39000, 40000);
    unsigned reports = bench.reports;
    bench_wait(&bench, wait_ms + 1);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench.reports, reports + 1);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_RELEASED);
}

/* A permission that is over and cannot be ended, for flash fails: it is tried again each second. */
static void a_permission_that_cannot_be_ended(void **state)
{
    (void)state;
    bench_init(&bench, 4);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    assert_int_equal(bench_permit(&bench, BULLA_ORDER_UNSEAL).nack, 0);
    bench_wait(&bench, BULLA_SEAL_PERMIT_MS - 20000);
    assert_in_range(bulla_seal_turn(&bench.seal, bench.now), 19990, 20010);
    bench.nor.off = true;
    bench_wait(&bench, 20010);
    assert_int_equal(bulla_seal_turn(&bench.seal, bench.now), 1000);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_RELEASED);
    nor_power(&bench.nor);
    bench_wait(&bench, 1000);
    (void)bulla_seal_turn(&bench.seal, bench.now);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_SEALED);
}

/* A report that waits for the end of a flight is no record, and is in flash all the same. */
static void a_report_that_is_held(void **state)
{
    (void)state;
    uint8_t modes[4];
    bench_init(&bench, 9);
    bench_start(&bench, BULLA_PROFILE_ACTIVE);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_FLIGHT_BEGIN).nack, 0);
    uint64_t records = bench.seal.log.next;
    assert_int_equal(bench_event(&bench, BULLA_ON_REPORT_DUE, 0), BULLA_OK);
    assert_int_equal(bench.reports, 0);
    assert_int_equal(bench.seal.log.next, records);
    assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_STATE, 4, modes, sizeof modes), BULLA_OK);
    uint32_t stored = (uint32_t)modes[0] << 24 | (uint32_t)modes[1] << 16 | (uint32_t)modes[2] << 8 | modes[3];
    assert_true(stored & BULLA_MODE(HELD));
    assert_int_equal(bench_order(&bench, BULLA_ORDER_FLIGHT_END).nack, SILENT);
    assert_int_equal(bench.reports, 1);
}

/* ---- orders ---- */

/* Closed before it was permitted: the reader that permits it then is the one who closed it, in the ring too. [GBT-7.1.8] */
static void who_closed_it(void **state)
{
    (void)state;
    struct bulla_gbt record;
    struct bulla_fault fault;
    struct bulla_bytes value;
    uint8_t bytes[BULLA_GBT_MANDATORY];
    bench_init(&bench, 5);
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_INITIALISE).nack, 0);
    assert_int_equal(bench_set_clock(&bench, NOON).nack, 0);
    assert_int_equal(bench_write(&bench, BULLA_AREA_CONTAINER, 0, "MSKU9070323", 11).nack, 0);
    bench.out = false;
    assert_int_equal(bench_event(&bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
    assert_int_equal(bench.seal.device.state, BULLA_DEVICE_CLOSED);
    for (unsigned i = 0; i < 2; i++) {
        if (i == 1) {
            assert_int_equal(bench_permit(&bench, BULLA_ORDER_SEAL).nack, 0);
            assert_int_equal(bench.seal.device.state, BULLA_DEVICE_SEALED);
        }
        assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_INHERENT, 0, bytes, 29), BULLA_OK);
        assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_CONTAINER, 0, bytes + 29, 88), BULLA_OK);
        assert_int_equal(bulla_zones_read(&bench.seal.zones, BULLA_AREA_SECURITY, 0, bytes + 117, 249), BULLA_OK);
        assert_int_equal(bulla_gbt_over(bytes, sizeof bytes, BULLA_GBT_READING_RING, &record, &fault), BULLA_OK);
        assert_int_equal(bulla_gbt_get(&record, BULLA_GBT_CLOSED_READER, 0, &value, &fault), BULLA_OK);
        assert_true(bulla_bytes_is(value, i ? "00C0FFEE" : ""));
    }
}

/* Without power it answers nobody, until power is back. */
static void a_seal_without_power(void **state)
{
    (void)state;
    bench_init(&bench, 6);
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_STATUS).nack, 0);
    assert_int_equal(bench_event(&bench, BULLA_ON_POWER_LOST, 0), BULLA_OK);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_STATUS).nack, SILENT);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_int_equal(bench_order(&bench, BULLA_ORDER_STATUS).nack, 0);
}

/* What it is cannot be read: then it stays out of a collection. */
static void a_collection_without_a_block(void **state)
{
    (void)state;
    struct bulla_frame answer;
    const struct bulla_link_message collect = {.code = BULLA_ORDER_COLLECT, .value = {1, 0, 0}};
    bench_init(&bench, 7);
    bench_start(&bench, BULLA_PROFILE_GBT);
    assert_true(bench_ask_as(&bench, true, &collect, &answer));
    bench.nor.off = true;
    assert_false(bench_ask_as(&bench, true, &collect, &answer));
    nor_power(&bench.nor);
    assert_true(bench_ask_as(&bench, true, &collect, &answer));
}

/* A seal that could not check its file is asked with the last chunk again: it is whole now, and stays so. */
static void a_file_is_checked_later(void **state)
{
    (void)state;
    static max_align_t digest_state[32];
    static uint8_t scratch[64], content[96];
    const struct bulla_digest *digest = digest_find(BULLA_DIGEST_SHA256);
    struct bulla_attachment about = {.decides = BULLA_DIGEST_SHA256, .size = sizeof content, .name = "scan.pdf"};
    struct bulla_fault fault;
    uint8_t bytes[BULLA_ATTACHMENT_SIZE];
    struct bulla_link_message begins = {.code = BULLA_ORDER_FILE_BEGIN, .rest = {bytes, 0}};
    const struct bulla_link_message chunk = {.code = BULLA_ORDER_WRITE_FILE, .value = {0}, .rest = {content, sizeof content}};
    digest->begin(digest_state);
    digest->add(digest_state, (struct bulla_bytes){content, sizeof content});
    digest->end(digest_state, about.digest);
    assert_int_equal(bulla_attachment_encode(&about, bytes, &begins.rest.len, &fault), BULLA_OK);
    bench_init(&bench, 8);
    bench_start(&bench, BULLA_PROFILE_GBT);
    bench_seal(&bench);
    assert_int_equal(bench_ask(&bench, &begins).nack, 0);
    assert_int_equal(bench_ask(&bench, &chunk).nack, 0);
    assert_true(!bench.seal.file.whole && bench.seal.file.received == sizeof content);
    bench.board.digest = digest;
    bench.board.scratch = (struct bulla_scratch){scratch, sizeof scratch, digest_state};
    assert_int_equal(bench_ask(&bench, &chunk).nack, 0);
    assert_true(bench.seal.file.whole);
    assert_int_equal(bench_restart(&bench), BULLA_OK);
    assert_true(bench.seal.file.whole && bench.seal.file.received == sizeof content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passage_is_another_state),
        cmocka_unit_test(a_start_that_fails),
        cmocka_unit_test(what_happens_is_done_once),
        cmocka_unit_test(a_report_before_the_permission_ends),
        cmocka_unit_test(a_permission_that_cannot_be_ended),
        cmocka_unit_test(a_report_that_is_held),
        cmocka_unit_test(who_closed_it),
        cmocka_unit_test(a_seal_without_power),
        cmocka_unit_test(a_collection_without_a_block),
        cmocka_unit_test(a_file_is_checked_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
