/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: zones while power lasts: layout, limits, transactions, deletion, bit rot.
 */
#include "bulla/crc32.h"
#include "tests/unit/libbulla/zone_support.h"

static uint8_t chip[16 * 1024];
static struct model model;

static struct bulla_zones formatted(struct nor *nor, uint32_t sector_size, uint32_t n_sectors)
{
    struct bulla_zones zones;
    nor_init(nor, chip, sector_size, n_sectors, 1);
    memset(&model, 0, sizeof model);
    struct bulla_flash flash = nor_flash(nor);
    assert_int_equal(bulla_zones_format(&zones, &flash, table, N_ZONES), BULLA_OK);
    return zones;
}

static struct bulla_bytes text(const char *characters)
{
    return (struct bulla_bytes){(const uint8_t *)characters, strlen(characters)};
}

static void the_tables_fill_their_bytes(void **state)
{
    (void)state;
    unsigned bank[32] = {0}, head[16] = {0};
#define X(field, at, size, name, meaning)                                                                                                  \
    for (unsigned i = 0; i < (size); i++)                                                                                                  \
        bank[(at) + i]++;
    BULLA_ZONE_BANK_TABLE(X)
#undef X
#define X(field, at, size, name, meaning)                                                                                                  \
    for (unsigned i = 0; i < (size); i++)                                                                                                  \
        head[(at) + i]++;
    BULLA_ZONE_HEAD_TABLE(X)
#undef X
    for (unsigned i = 0; i < 32; i++)
        assert_true(bank[i] == 1 && head[i % 16] == 1);
}

static void an_entry_has_its_layout(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_zones zones = formatted(&nor, 1024, 2);
    assert_int_equal(bulla_zones_put(&zones, 3, 258 - 249, text("Mombasa - Nairobi")), BULLA_OK);
    const uint8_t head[] = {0xD1, 3, 3, 0, 0, 9, 0, 17};
    assert_memory_equal(chip, "BZN1\0\0\0\0", 8);
    assert_memory_equal(chip, chip + 32, 32);
    assert_memory_equal(chip + 64, head, 8);
    assert_memory_equal(chip + 80, "Mombasa - Nairobi\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0\xFF", 33);
    assert_int_equal(zones.end, 64 + 16 + 24 + 8);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_zones zones = formatted(&nor, 1024, 2), other;
    struct bulla_flash flash = nor_flash(&nor), wrong = flash;
    uint8_t bytes[300] = {7};
    const struct {
        uint8_t id;
        uint16_t offset, n;
    } bad[] = {{0, 0, 1}, {4, 0, 1}, {1, 0, 30}, {1, 29, 1}, {1, 30, 0}, {1, 65535, 1}, {1, 0, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bulla_bytes view = {bytes, bad[i].n};
        assert_int_equal(bulla_zones_read(&zones, bad[i].id, bad[i].offset, bytes, bad[i].n), BULLA_REFUSED);
        assert_int_equal(bulla_zones_put(&zones, bad[i].id, bad[i].offset, view), BULLA_REFUSED);
        assert_int_equal(bulla_zones_begin(&zones), BULLA_OK);
        assert_int_equal(bulla_zones_write(&zones, bad[i].id, bad[i].offset, view), BULLA_REFUSED);
        assert_int_equal(bulla_zones_commit(&zones), BULLA_OK);
    }
    assert_int_equal(bytes[0], 7);
    assert_int_equal(bulla_zones_put(&zones, 1, 0, (struct bulla_bytes){bytes, (size_t)1 << 16 | 5}), BULLA_REFUSED);
    assert_int_equal(bulla_zones_write(&zones, 1, 0, text("x")), BULLA_REFUSED);
    assert_int_equal(bulla_zones_commit(&zones), BULLA_REFUSED);
    assert_int_equal(bulla_zones_begin(&zones), BULLA_OK);
    assert_int_equal(bulla_zones_begin(&zones), BULLA_REFUSED);
    assert_int_equal(bulla_zones_put(&zones, 1, 0, text("x")), BULLA_REFUSED);
    assert_int_equal(bulla_zones_compact(&zones), BULLA_REFUSED);
    bulla_zones_abort(&zones);
    assert_int_equal(zones.end, BULLA_ZONE_FIRST);

    const struct bulla_zone twice[] = {{1, 5}, {2, 5}, {1, 5}}, nothing[] = {{1, 0}}, other_table[] = {{1, 29}, {2, 88}, {3, 249}, {9, 71}};
    assert_int_equal(bulla_zones_open(&other, &flash, twice, 3), BULLA_REFUSED);
    assert_int_equal(bulla_zones_format(&other, &flash, twice, 3), BULLA_REFUSED);
    assert_int_equal(bulla_zones_open(&other, &flash, nothing, 1), BULLA_REFUSED);
    assert_int_equal(bulla_zones_open(&other, &flash, table, 0), BULLA_REFUSED);
    assert_int_equal(bulla_zones_open(&other, &flash, other_table, N_ZONES), BULLA_NOT_MINE);
    const struct {
        uint32_t sector_size, n_sectors;
    } shapes[] = {{1024, 0}, {1024, 1}, {512, 3}, {1020, 2}, {512, 2}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        wrong.sector_size = shapes[i].sector_size;
        wrong.n_sectors = shapes[i].n_sectors;
        assert_int_equal(bulla_zones_open(&other, &wrong, table, N_ZONES), BULLA_REFUSED);
    }
    wrong.sector_size = 1032;
    wrong.n_sectors = 2;
    assert_int_equal(bulla_zones_open(&other, &wrong, table, N_ZONES), BULLA_NOT_MINE);
}

/* The smallest bank: all zones and the largest of them again. */
static void the_smallest_bank_takes_every_zone_again_and_again(void **state)
{
    (void)state;
    struct nor nor;
    uint32_t size = BULLA_ZONE_FIRST + (24 + 32) + (24 + 88) + (24 + 256) * 2 + (24 + 72) + 24;
    struct bulla_flash flash;
    struct bulla_zones zones = formatted(&nor, size, 2), other;
    struct random random = {1};
    for (unsigned i = 0; i < 400; i++) {
        unsigned zone = i % N_ZONES;
        uint8_t *at = model.now.bytes + zone_at(zone);
        random_fill(&random, at, table[zone].size);
        assert_int_equal(bulla_zones_put(&zones, table[zone].id, 0, (struct bulla_bytes){at, table[zone].size}), BULLA_OK);
        model_check(&model, &zones);
    }
    uint8_t bytes[249] = {0};
    assert_int_equal(bulla_zones_begin(&zones), BULLA_OK);
    assert_int_equal(bulla_zones_write(&zones, 3, 0, (struct bulla_bytes){bytes, 249}), BULLA_OK);
    assert_int_equal(bulla_zones_write(&zones, 3, 0, (struct bulla_bytes){bytes, 249}), BULLA_FULL);
    assert_int_equal(bulla_zones_commit(&zones), BULLA_REFUSED);
    model_check(&model, &zones);
    assert_int_equal(bulla_zones_put(&zones, 3, 0, (struct bulla_bytes){model.now.bytes + zone_at(2), 249}), BULLA_OK);
    model_check(&model, &zones);
    assert_int_equal(nor.broken, 0);
    assert_true(nor.wear[0] - nor.wear[1] <= 1 || nor.wear[1] - nor.wear[0] <= 1);
    nor_init(&nor, chip, size - 8, 2, 1);
    flash = nor_flash(&nor);
    assert_int_equal(bulla_zones_format(&other, &flash, table, N_ZONES), BULLA_REFUSED);
}

/* [GBT-5.2.1b] [GBT-3.1] What was deleted is not in flash any more once it is compacted; what is permanent stays. */
static void what_is_deleted_is_gone(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_zones zones = formatted(&nor, 1024, 2);
    uint8_t nothing[249] = {0}, got[29];
    assert_int_equal(bulla_zones_put(&zones, 1, 0, text("E200 permanent")), BULLA_OK);
    for (unsigned cycle = 0; cycle < 1000; cycle++) {
        assert_int_equal(bulla_zones_begin(&zones), BULLA_OK);
        assert_int_equal(bulla_zones_write(&zones, 2, 0, text("CSQU3054383")), BULLA_OK);
        assert_int_equal(bulla_zones_write(&zones, 3, 0, text("secret place")), BULLA_OK);
        assert_int_equal(bulla_zones_commit(&zones), BULLA_OK);
        assert_int_equal(bulla_zones_begin(&zones), BULLA_OK);
        assert_int_equal(bulla_zones_write(&zones, 2, 0, (struct bulla_bytes){nothing, 88}), BULLA_OK);
        assert_int_equal(bulla_zones_write(&zones, 3, 0, (struct bulla_bytes){nothing, 249}), BULLA_OK);
        assert_int_equal(bulla_zones_commit(&zones), BULLA_OK);
        assert_int_equal(bulla_zones_compact(&zones), BULLA_OK);
        assert_null(memmem(chip, 2048, "CSQU", 4));
        assert_null(memmem(chip, 2048, "secret", 6));
    }
    assert_int_equal(bulla_zones_read(&zones, 1, 0, got, 14), BULLA_OK);
    assert_memory_equal(got, "E200 permanent", 14);
    assert_int_equal(nor.broken, 0);
}

/* When the old bank cannot be erased, compact says so and the next transaction finishes it; also after an opening. */
static void an_old_bank_that_stayed_is_erased_later(void **state)
{
    (void)state;
    for (unsigned reopen = 0; reopen < 2; reopen++) {
        struct nor nor;
        struct bulla_zones zones = formatted(&nor, 1024, 2);
        assert_int_equal(bulla_zones_put(&zones, 3, 0, text("secret place")), BULLA_OK);
        assert_int_equal(bulla_zones_put(&zones, 3, 0, text("other secret")), BULLA_OK);
        nor_power(&nor);
        for (nor.cut_at = 1;; nor.cut_at++) { /* the last erase of a compaction */
            struct nor tried = nor;
            static uint8_t kept[2048];
            memcpy(kept, chip, sizeof kept);
            struct bulla_zones copy = zones;
            tried.random.state = 4;
            struct bulla_flash tried_flash = nor_flash(&tried);
            copy.flash = tried_flash;
            enum bulla_status status = bulla_zones_compact(&copy);
            if (status == BULLA_FAILED && copy.other_stale) {
                nor_power(&tried);
                memcpy(chip, kept, 1024); /* it did not even begin */
                if (reopen)
                    assert_int_equal(bulla_zones_open(&copy, &tried_flash, table, N_ZONES), BULLA_OK);
                assert_true(copy.other_stale && copy.bank == 1);
                assert_non_null(memmem(chip, 1024, "secret place", 12));
                tried.fail_at = tried.calls + 1;
                assert_int_equal(bulla_zones_begin(&copy), BULLA_FAILED);
                assert_int_equal(bulla_zones_put(&copy, 1, 0, text("x")), BULLA_OK);
                assert_null(memmem(chip, 2048, "secret place", 12));
                assert_int_equal(tried.broken, 0);
                break;
            }
            assert_int_equal(status, BULLA_FAILED);
            memcpy(chip, kept, sizeof kept);
        }
    }
}

/* [GBT-5.2.1b] Power goes at every step of a compaction: once the other bank counts, what is left of the old one is erased before
 * anything else is written, whatever the erase left. */
static void what_is_deleted_is_gone_although_power_went(void **state)
{
    (void)state;
    unsigned switched = 0, finished = 0;
    for (unsigned seed = 0; seed < 40; seed++) {
        for (uint64_t back = 0; back < 6; back++) { /* from the end: four erases, and two bytes of the header before */
            struct nor nor;
            struct bulla_zones zones = formatted(&nor, 256, 8);
            struct bulla_flash flash = nor_flash(&nor);
            uint8_t nothing[249] = {0};
            for (unsigned i = 0; i < 14; i++)
                assert_int_equal(bulla_zones_put(&zones, 3, (uint16_t)(12 * i), text("secret place")), BULLA_OK);
            assert_int_equal(bulla_zones_put(&zones, 3, 0, (struct bulla_bytes){nothing, 249}), BULLA_OK);
            assert_int_equal(zones.bank, 0);
            static uint8_t kept[2048];
            memcpy(kept, chip, sizeof kept);
            struct bulla_zones dry = zones;
            nor_power(&nor);
            assert_int_equal(bulla_zones_compact(&dry), BULLA_OK);
            uint64_t steps = nor.steps;
            memcpy(chip, kept, sizeof kept);
            nor_power(&nor);
            nor.random.state = seed;
            nor.cut_at = steps - back;
            assert_int_equal(bulla_zones_compact(&zones), BULLA_FAILED);
            nor_power(&nor);
            assert_int_equal(bulla_zones_open(&zones, &flash, table, N_ZONES), BULLA_OK);
            if (zones.bank == 0)
                continue;
            switched++;
            finished += zones.other_stale;
            assert_int_equal(bulla_zones_begin(&zones), BULLA_OK);
            bulla_zones_abort(&zones);
            assert_null(memmem(chip, sizeof kept, "secret", 6));
            model_check(&model, &zones);
        }
    }
    assert_true(switched > 100 && finished > 50);
}

/* [GBT-3.4] Every bit of the area: reads give what was written or say DAMAGED, never older bytes; writing a zone anew heals it. */
static void every_bit_may_rot(void **state)
{
    (void)state;
    static uint8_t kept[2048];
    unsigned damaged = 0, healed = 0;
    for (unsigned stage = 0; stage < 4; stage++) {
        struct nor nor;
        struct bulla_zones zones = formatted(&nor, 1024, 2), again;
        struct random random = {stage};
        struct bulla_flash flash = nor_flash(&nor);
        for (unsigned i = 0; i < 3 * stage; i++)
            assert_int_equal(model_change(&model, &zones, &random), BULLA_OK);
        memcpy(kept, chip, sizeof kept);
        for (uint32_t bit = 0; bit < 8 * sizeof kept; bit++) {
            unsigned bad = 0;
            memcpy(chip, kept, sizeof kept);
            nor_flip(&nor, bit);
            assert_int_equal(bulla_zones_open(&again, &flash, table, N_ZONES), BULLA_OK);
            for (unsigned heal = 0; heal < 2; heal++, bad = 0) {
                for (unsigned i = 0; i < N_ZONES; i++) {
                    uint8_t got[249];
                    enum bulla_status status = bulla_zones_read(&again, table[i].id, 0, got, table[i].size);
                    struct bulla_bytes right = {model.now.bytes + zone_at(i), table[i].size};
                    bad += status == BULLA_DAMAGED;
                    if (status == BULLA_OK)
                        assert_memory_equal(got, right.at, right.len);
                    else
                        assert_int_equal(status, BULLA_DAMAGED);
                    if (heal == 0 && status == BULLA_DAMAGED)
                        assert_int_equal(bulla_zones_put(&again, table[i].id, 0, right), BULLA_OK);
                }
                damaged += heal == 0 && bad > 0;
                healed += heal == 1 && bad == 0;
            }
        }
        assert_int_equal(nor.broken, 0);
    }
    assert_true(damaged > 5000);
    assert_int_equal(healed, 4 * 8 * sizeof kept);
}

/* Rot while zones are open, and what a compaction makes of it: the zone is lost, the others are not, and it stays known as lost. */
static void what_rots_later_stays_known_as_lost(void **state)
{
    (void)state;
    for (unsigned head = 0; head < 2; head++) {
        struct nor nor;
        struct bulla_zones zones = formatted(&nor, 1024, 2);
        struct bulla_flash flash = nor_flash(&nor);
        uint8_t got[249];
        assert_int_equal(bulla_zones_put(&zones, 1, 0, text("first")), BULLA_OK);
        uint32_t second = zones.end;
        assert_int_equal(bulla_zones_begin(&zones), BULLA_OK);
        assert_int_equal(bulla_zones_write(&zones, 3, 0, text("second")), BULLA_OK);
        assert_int_equal(bulla_zones_write(&zones, 9, 0, text("third")), BULLA_OK);
        assert_int_equal(bulla_zones_commit(&zones), BULLA_OK);
        nor_flip(&nor, 8 * (second + (head ? 24 + 8 + 2 : 17)));
        struct bulla_zones opened;
        assert_int_equal(bulla_zones_open(&opened, &flash, table, N_ZONES), BULLA_OK);
        assert_int_equal(opened.damaged, 1);
        assert_int_equal(bulla_zones_read(&opened, 3, 0, got, 6), BULLA_DAMAGED);
        assert_int_equal(bulla_zones_read(&opened, 9, 0, got, 5), head ? BULLA_DAMAGED : BULLA_OK);
        assert_int_equal(bulla_zones_read(&zones, 3, 0, got, 6), BULLA_DAMAGED);
        assert_int_equal(bulla_zones_read(&zones, 3, 100, got, 6), head ? BULLA_DAMAGED : BULLA_OK);
        assert_int_equal(bulla_zones_compact(&zones), BULLA_OK);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(bulla_zones_read(&zones, 3, 100, got, 6), BULLA_DAMAGED);
            assert_int_equal(bulla_zones_read(&zones, 1, 0, got, 5), head ? BULLA_DAMAGED : BULLA_OK);
            assert_int_equal(bulla_zones_read(&zones, 9, 0, got, 5), head ? BULLA_DAMAGED : BULLA_OK);
            assert_int_equal(bulla_zones_open(&zones, &flash, table, N_ZONES), BULLA_OK);
        }
        memset(got, 5, sizeof got);
        assert_int_equal(bulla_zones_put(&zones, 3, 0, (struct bulla_bytes){got, 249}), BULLA_OK);
        assert_int_equal(bulla_zones_read(&zones, 3, 100, got, 6), BULLA_OK);
        assert_int_equal(got[0], 5);
    }
}

/* Entries with right check values that no bank writes: one that goes beyond the bank. */
static void a_check_value_does_not_make_it_true(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_zones zones = formatted(&nor, 1024, 2);
    struct bulla_flash flash = nor_flash(&nor);
    uint8_t got[5];
    assert_int_equal(bulla_zones_put(&zones, 1, 0, text("first")), BULLA_OK);
    uint8_t *head = chip + 64;
    head[6] = 0xFF;
    uint32_t crc = bulla_crc32(0, (struct bulla_bytes){head, 12});
    for (unsigned i = 0; i < 4; i++)
        head[12 + i] = (uint8_t)(crc >> (24 - 8 * i));
    assert_int_equal(bulla_zones_open(&zones, &flash, table, N_ZONES), BULLA_OK);
    assert_true(zones.lost && zones.damaged == 1);
    assert_int_equal(bulla_zones_read(&zones, 1, 0, got, 5), BULLA_DAMAGED);
}

/* Whatever a chip holds: opening ends, and what it opens can be read and written. */
static void anything_may_be_on_the_chip(void **state)
{
    (void)state;
    struct random random = {4};
    unsigned opened = 0;
    for (unsigned round = 0; round < 3000; round++) {
        struct nor nor;
        struct bulla_zones zones = formatted(&nor, 1024, 2);
        struct bulla_flash flash = nor_flash(&nor);
        for (uint64_t i = random_below(&random, 12); i > 0; i--)
            (void)!model_change(&model, &zones, &random);
        for (uint64_t i = random_below(&random, 40); i > 0; i--) {
            uint32_t to = (uint32_t)random_below(&random, 2048 / 8) * 8, from = (uint32_t)random_below(&random, 2048 / 8) * 8;
            if (random_below(&random, 8) == 0)
                random_fill(&random, chip + to, 8);
            else
                memmove(chip + to, chip + from, 2048 - (to > from ? to : from) < 64 ? 8 : 8 + 8 * random_below(&random, 7));
        }
        if (bulla_zones_open(&zones, &flash, table, N_ZONES) != BULLA_OK)
            continue;
        for (unsigned i = 0; i < N_ZONES; i++) {
            uint8_t got[249];
            assert_int_not_equal(bulla_zones_read(&zones, table[i].id, 0, got, table[i].size), BULLA_FAILED);
        }
        for (unsigned i = 0; i < 10; i++)
            (void)!model_change(&model, &zones, &random);
        opened++;
        assert_int_equal(nor.broken, 0);
    }
    assert_true(opened > 500);
}

/* A chip whose erases leave one bit programmed in each sector, at the same place. */
static bool worn_erase(void *context, uint32_t sector)
{
    struct nor *nor = context;
    memset(nor->bytes + sector * nor->sector_size, BULLA_FLASH_ERASED, nor->sector_size);
    nor->bytes[sector * nor->sector_size + 200] = 0x7F;
    return true;
}

static void a_place_that_is_never_blank_is_tried_in_both_banks(void **state)
{
    (void)state;
    static const struct bulla_zone one[] = {{1, 100}};
    static uint8_t bytes[1024];
    uint8_t first[100], second[100], got[100];
    struct bulla_zones zones;
    struct nor nor;
    nor_init(&nor, bytes, 512, 2, 1);
    struct bulla_flash flash = nor_flash(&nor);
    struct bulla_flash_ops worn = *flash.ops;
    worn.erase = worn_erase;
    flash.ops = &worn;
    memset(first, 1, sizeof first);
    memset(second, 2, sizeof second);
    assert_int_equal(bulla_zones_format(&zones, &flash, one, 1), BULLA_OK);
    assert_int_equal(bulla_zones_put(&zones, 1, 0, (struct bulla_bytes){first, 100}), BULLA_OK); /* ends before that place */
    unsigned bank = zones.bank;
    assert_int_equal(bulla_zones_put(&zones, 1, 0, (struct bulla_bytes){second, 100}), BULLA_DAMAGED);
    assert_int_not_equal(zones.bank, bank);
    assert_int_equal(bulla_zones_read(&zones, 1, 0, got, 100), BULLA_OK);
    assert_memory_equal(got, first, 100);
    assert_int_equal(bulla_zones_open(&zones, &flash, one, 1), BULLA_OK);
    assert_int_equal(bulla_zones_read(&zones, 1, 0, got, 100), BULLA_OK);
    assert_memory_equal(got, first, 100);
    assert_int_equal(nor.broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_fill_their_bytes),
        cmocka_unit_test(an_entry_has_its_layout),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(the_smallest_bank_takes_every_zone_again_and_again),
        cmocka_unit_test(what_is_deleted_is_gone),
        cmocka_unit_test(what_is_deleted_is_gone_although_power_went),
        cmocka_unit_test(an_old_bank_that_stayed_is_erased_later),
        cmocka_unit_test(every_bit_may_rot),
        cmocka_unit_test(what_rots_later_stays_known_as_lost),
        cmocka_unit_test(a_check_value_does_not_make_it_true),
        cmocka_unit_test(anything_may_be_on_the_chip),
        cmocka_unit_test(a_place_that_is_never_blank_is_tried_in_both_banks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
