/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seal remembers: the input is what becomes of a flash chip. Log, zones and images open it or do not; what opens is read
 * to its end and written on. The first two bytes choose what and its shape; the rest spoils what a seal has written, or is all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/crc32.h"
#include "bulla/image.h"
#include "bulla/zone.h"

enum { SECTOR = 256, CHIP = 16 * SECTOR, STEPS_MOST = 200000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t chip[CHIP];
static unsigned calls;

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static bool inside(uint32_t at, uint32_t n)
{
    promise(++calls < STEPS_MOST, "it comes to an end");
    promise(at <= CHIP && n <= CHIP - at, "accesses are inside the chip");
    return true;
}

static bool chip_read(void *context, uint32_t at, uint8_t *to, uint32_t n)
{
    (void)context;
    memcpy(to, chip + at, inside(at, n) ? n : 0);
    return true;
}

static bool chip_program(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    (void)context;
    promise(inside(at, n) && at % 8 == 0 && n % 8 == 0, "programs are whole words");
    for (uint32_t i = 0; i < n; i++) {
        promise(chip[at + i] == 0xFF, "what is programmed is blank");
        chip[at + i] = from[i];
    }
    return true;
}

static bool chip_erase(void *context, uint32_t sector)
{
    (void)context;
    promise(inside(sector * SECTOR, SECTOR), "erases are inside the chip");
    memset(chip + sector * SECTOR, 0xFF, SECTOR);
    return true;
}

static const struct bulla_flash_ops ops = {chip_read, chip_program, chip_erase};

static const struct bulla_zone table[] = {{1, 29}, {2, 88}, {9, 100}};

static struct bulla_flash part(uint32_t first, uint32_t n)
{
    return (struct bulla_flash){&ops, NULL, SECTOR, first, n};
}

/* The check value of `size` bytes made right, so that what lies behind it is reached. */
static void check_make(uint32_t at, uint32_t size)
{
    uint32_t crc = bulla_crc32(0, (struct bulla_bytes){chip + at, size - 4});
    for (unsigned i = 0; i < 4; i++)
        chip[at + size - 4 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

static void try_log(uint32_t sectors)
{
    struct bulla_log log;
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    struct bulla_log_event event = {.kind = 1};
    struct bulla_flash flash = part(0, sectors);
    uint32_t counter = 0;
    if (bulla_log_open(&log, &flash) != BULLA_OK)
        return;
    uint64_t before = 0, next = log.next;
    while (bulla_log_read(&log, &cursor, &record) == BULLA_OK) {
        promise(before == 0 || record.counter >= before, "counters rise");
        before = record.counter + UINT64_C(1);
    }
    for (unsigned i = 0; i < 20; i++)
        if (bulla_log_append(&log, &event, &counter) == BULLA_OK) {
            promise(counter >= next, "the counter does not go back");
            next = counter + UINT64_C(1);
        }
}

static void try_zones(uint32_t sectors)
{
    struct bulla_zones zones;
    struct bulla_flash flash = part(0, sectors);
    uint8_t bytes[100];
    if (bulla_zones_open(&zones, &flash, table, 3) != BULLA_OK)
        return;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 3; i++) {
            (void)!bulla_zones_read(&zones, table[i].id, 0, bytes, table[i].size);
            memset(bytes, (int)i + 1, sizeof bytes);
            promise(bulla_zones_put(&zones, table[i].id, 0, (struct bulla_bytes){bytes, table[i].size}) == BULLA_OK, "zones are written");
            bytes[0] = 0;
            promise(bulla_zones_compact(&zones) == BULLA_OK, "zones are compacted");
            promise(bulla_zones_read(&zones, table[i].id, 0, bytes, 1) == BULLA_OK && bytes[0] == i + 1, "and read");
        }
}

static void digest_nothing(void *context)
{
    (void)context;
}

static void digest_add(void *context, struct bulla_bytes bytes)
{
    (void)context;
    (void)bytes;
}

static void digest_any(void *context, uint8_t digest[BULLA_IMAGE_DIGEST])
{
    (void)context;
    memset(digest, 0, BULLA_IMAGE_DIGEST);
}

static bool trust_all(void *context, uint8_t algorithm, const uint8_t *told, const uint8_t *signature)
{
    (void)context;
    return algorithm != 0 && told != signature;
}

static void try_images(void)
{
    struct bulla_images images;
    struct bulla_image_places places = {
        .slot = {part(0, 4), part(4, 4)},
        .state = part(8, 4),
        .trust = {NULL, digest_nothing, digest_add, digest_any, trust_all},
    };
    enum bulla_image_refusal refusal;
    unsigned slot = 0;
    uint8_t header[BULLA_IMAGE_HEADER];
    if (bulla_images_open(&images, &places) != BULLA_OK && bulla_images_format(&images, &places, 0) != BULLA_OK)
        return;
    memcpy(header, chip + 12 * SECTOR, sizeof header);
    if (bulla_images_begin(&images, header, &refusal) == BULLA_OK)
        (void)!bulla_images_write(&images, (struct bulla_bytes){chip + 12 * SECTOR, 16}, &refusal);
    (void)!bulla_images_finish(&images, &refusal);
    (void)!bulla_images_activate(&images, &refusal);
    promise(bulla_images_boot(&images, &slot, &refusal) != BULLA_OK || slot < 2, "a slot");
    (void)!bulla_images_confirm(&images, &refusal);
}

/* What a seal has written before it is spoilt: some laps of the log, or zones with a transaction and one that was given up. */
static void write_first(unsigned what, uint32_t sectors)
{
    struct bulla_flash flash = part(0, sectors);
    struct bulla_log log;
    struct bulla_zones zones;
    struct bulla_log_event event = {.kind = 1, .n = 4, .detail = "seal"};
    uint32_t counter;
    memset(chip, 0xFF, CHIP);
    if (what == 0 && bulla_log_format(&log, &flash, 0) == BULLA_OK)
        for (unsigned i = 0; i < 10 * sectors + 3; i++)
            promise(bulla_log_append(&log, &event, &counter) == BULLA_OK, "a log is written");
    if (what != 1 || bulla_zones_format(&zones, &flash, table, 3) != BULLA_OK)
        return;
    struct bulla_bytes bytes = {(const uint8_t *)"Mombasa - Nairobi", 17};
    for (unsigned i = 0; i < 2 * sectors; i++) {
        bool done = bulla_zones_put(&zones, 1, (uint16_t)(i % 8), bytes) == BULLA_OK && bulla_zones_begin(&zones) == BULLA_OK &&
                    bulla_zones_write(&zones, 2, (uint16_t)i, bytes) == BULLA_OK && bulla_zones_write(&zones, 9, 3, bytes) == BULLA_OK;
        if (i % 3 == 0)
            bulla_zones_abort(&zones);
        else
            done = done && bulla_zones_commit(&zones) == BULLA_OK;
        promise(done, "zones are written");
    }
}

/* Each six bytes of the input change the chip: what, where, how much, and with what. */
static void spoil(const uint8_t *data, size_t n)
{
    for (; n >= 6; data += 6, n -= 6) {
        uint32_t at = (uint32_t)(data[1] << 8 | data[2]) % CHIP, from = (uint32_t)(data[3] << 8 | data[4]) % CHIP;
        uint32_t len = 1 + data[5] % 64u, room = CHIP - (at > from ? at : from);
        len = len < room ? len : room;
        if (data[0] % 5 == 0)
            chip[at] ^= data[5];
        else if (data[0] % 5 == 1)
            memmove(chip + at / 8 * 8, chip + from / 8 * 8, len);
        else if (data[0] % 5 == 2)
            memset(chip + at, data[3], len);
        else if (data[0] % 5 == 3)
            check_make(at / 32 * 32, 32);
        else if (at / 8 * 8 + 16 <= CHIP)
            check_make(at / 8 * 8, 16);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    unsigned what = data[0] % 3, sectors = what == 1 ? 4 + 2 * (data[1] % 7u) : 2 + data[1] % 15u;
    calls = 0;
    write_first(what, sectors);
    calls = 0;
    if (data[0] & 0x80) /* all of it is the input's */
        memcpy(chip, data + 2, n - 2 < CHIP ? n - 2 : CHIP);
    else
        spoil(data + 2, n - 2);
    if (what == 0)
        try_log(sectors);
    else if (what == 1)
        try_zones(sectors);
    else
        try_images();
    return 0;
}
