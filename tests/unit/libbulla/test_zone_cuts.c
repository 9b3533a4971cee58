/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: zones when power goes, at every programmed byte and in every erase, when flash calls fail, and through
 * random transactions beside a plain model.
 */
#include "tests/unit/libbulla/zone_support.h"

static uint8_t chip[16 * 1024];
static struct model model;

struct shape {
    uint32_t sector_size, n_sectors;
};

static const struct shape shapes[] = {{1024, 2}, {256, 8}, {512, 6}};

static struct bulla_zones begin(struct nor *nor, const struct shape *shape, uint64_t seed)
{
    struct bulla_zones zones;
    nor_init(nor, chip, shape->sector_size, shape->n_sectors, seed);
    memset(&model, 0, sizeof model);
    struct bulla_flash flash = nor_flash(nor);
    assert_int_equal(bulla_zones_format(&zones, &flash, table, N_ZONES), BULLA_OK);
    nor_power(nor);
    return zones;
}

static struct bulla_zones reopened(struct nor *nor)
{
    struct bulla_zones zones;
    struct bulla_flash flash = nor_flash(nor);
    nor_power(nor);
    assert_int_equal(bulla_zones_open(&zones, &flash, table, N_ZONES), BULLA_OK);
    assert_int_equal(zones.damaged, 0);
    return zones;
}

static enum bulla_status go(struct bulla_zones *zones, struct random *random, unsigned changes)
{
    enum bulla_status status = BULLA_OK;
    for (unsigned i = 0; i < changes && (status == BULLA_OK || status == BULLA_FULL); i++)
        status = model_change(&model, zones, random);
    return status == BULLA_FULL ? BULLA_OK : status;
}

/* [WCO-4.3-B1] */
static void power_may_go_at_any_moment(void **state)
{
    (void)state;
    uint64_t cuts = 0;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (uint64_t cut = 1;; cut++) {
            struct nor nor;
            struct bulla_zones zones = begin(&nor, &shapes[s], cut);
            struct random random = {s};
            nor.cut_at = cut;
            enum bulla_status status = go(&zones, &random, 14);
            if (status == BULLA_OK)
                break;
            assert_int_equal(status, BULLA_FAILED);
            cuts++;
            zones = reopened(&nor);
            model_check(&model, &zones);
            assert_int_equal(go(&zones, &random, 4), BULLA_OK);
            zones = reopened(&nor);
            model_check(&model, &zones);
            assert_int_equal(nor.broken, 0);
        }
    }
    assert_true(cuts > 10000);
}

/* Random transactions, cuts, failures, readings of parts; power also goes while it comes back. */
static void whatever_happens_it_is_the_old_or_the_new(void **state)
{
    (void)state;
    struct random chance = {3};
    unsigned unsure = 0, done = 0;
    for (unsigned round = 0; round < 600; round++) {
        struct nor nor;
        struct bulla_zones zones = begin(&nor, &shapes[round % 3], round);
        struct random random = {round};
        for (unsigned step = 0; step < 40; step++) {
            uint64_t what = random_below(&chance, 8);
            if (what == 0)
                nor.fail_at = nor.calls + 1 + random_below(&chance, 200);
            if (what == 1)
                nor.cut_at = nor.steps + 1 + random_below(&chance, 1000);
            enum bulla_status status = what == 2 ? bulla_zones_compact(&zones) : model_change(&model, &zones, &random);
            done += status == BULLA_OK;
            if (status == BULLA_FULL)
                assert_true(status == BULLA_OK || status == BULLA_FULL || status == BULLA_FAILED);
            if (status == BULLA_FAILED || random_below(&chance, 10) == 0) {
                unsure += model.unsure;
                zones = reopened(&nor);
            }
            nor_power(&nor);
            model_check(&model, &zones);
            unsigned zone = (unsigned)random_below(&chance, N_ZONES);
            uint16_t offset = (uint16_t)random_below(&chance, table[zone].size);
            uint16_t n = (uint16_t)(1 + random_below(&chance, (uint64_t)table[zone].size - offset));
            uint8_t part[256];
            assert_int_equal(bulla_zones_read(&zones, table[zone].id, offset, part, n), BULLA_OK);
            assert_memory_equal(part, model.now.bytes + zone_at(zone) + offset, n);
        }
        assert_int_equal(nor.broken, 0);
    }
    assert_true(unsure > 300 && done > 8000);
}

/* The nth call fails, for every n, and the same zones go on without being opened again. */
static void any_call_may_fail(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (uint64_t nth = 1;; nth++) {
            struct nor nor;
            struct bulla_zones zones = begin(&nor, &shapes[s], nth);
            struct random random = {s + 20};
            nor.fail_at = nth;
            enum bulla_status status = go(&zones, &random, 16);
            if (nor.calls < nth)
                break;
            assert_true(status == BULLA_OK || status == BULLA_FAILED);
            assert_false(zones.open);
            model_check(&model, &zones);
            assert_int_equal(go(&zones, &random, 3), BULLA_OK);
            model_check(&model, &zones);
            zones = reopened(&nor);
            model_check(&model, &zones);
            assert_int_equal(nor.broken, 0);
        }
    }
}

static void any_call_of_opening_and_reading_may_fail(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct nor nor;
        struct bulla_zones zones = begin(&nor, &shapes[0], kind), again;
        struct random random = {kind};
        struct bulla_flash flash = nor_flash(&nor);
        uint8_t part[88];
        assert_int_equal(go(&zones, &random, 3), BULLA_OK);
        assert_int_equal(bulla_zones_put(&zones, 2, 0, (struct bulla_bytes){model.now.bytes, 88}), BULLA_OK);
        uint32_t last = (zones.bank * 1024 + zones.end - 88 - 8) * 8;
        if (kind == 1) /* the last bytes have rotted */
            nor_flip(&nor, last + 11);
        if (kind == 2) /* the last head has rotted */
            nor_flip(&nor, last - 16 * 8);
        if (kind == 3) /* the last entry is torn */
            memset(chip + last / 8 + 8, 0xFF, 88);
        uint64_t nth;
        for (nth = 1;; nth++) {
            again.end = 7777;
            nor_power(&nor);
            nor.fail_at = nth;
            if (bulla_zones_open(&again, &flash, table, N_ZONES) == BULLA_OK)
                break;
            assert_int_equal(again.end, 7777);
        }
        assert_true(nth > 4);
        nor_power(&nor);
        enum bulla_status expected = kind == 1 || kind == 2 ? BULLA_DAMAGED : BULLA_OK, status;
        for (nth = 1;; nth++) {
            nor_power(&nor);
            nor.fail_at = nth;
            memset(part, 1, sizeof part);
            status = bulla_zones_read(&again, 2, 0, part, 88);
            if (status == expected)
                break;
            assert_int_equal(status, BULLA_FAILED);
            for (unsigned i = 0; i < 88; i++)
                assert_int_equal(part[i], 0);
        }
        assert_int_equal(nor.broken, 0);
    }
}

/* What is cut off before the end of a format is not opened as something else: nothing, or empty zones. */
static void power_may_go_in_a_format(void **state)
{
    (void)state;
    for (uint64_t cut = 1;; cut++) {
        struct nor nor;
        struct bulla_zones zones;
        nor_init(&nor, chip, 1024, 2, cut);
        struct bulla_flash flash = nor_flash(&nor);
        nor.cut_at = cut;
        enum bulla_status status = bulla_zones_format(&zones, &flash, table, N_ZONES);
        if (status == BULLA_OK) {
            assert_int_equal(cut, 2 + 64 + 1);
            break;
        }
        assert_int_equal(status, BULLA_FAILED);
        nor_power(&nor);
        status = bulla_zones_open(&zones, &flash, table, N_ZONES);
        if (status == BULLA_OK)
            model_check(&(struct model){0}, &zones);
        else
            assert_int_equal(status, BULLA_NOT_MINE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_may_go_at_any_moment), cmocka_unit_test(whatever_happens_it_is_the_old_or_the_new),
        cmocka_unit_test(any_call_may_fail),          cmocka_unit_test(any_call_of_opening_and_reading_may_fail),
        cmocka_unit_test(power_may_go_in_a_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
