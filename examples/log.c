/* SPDX-License-Identifier: Apache-2.0
 *
 * An event log on a chip of flash (here: in memory) that is opened again. For bulla/log.h bulla/flash.h bulla/crc32.h
 *
 * prints: 0: kind 1 at 1772265600
 * prints: 1: kind 2 at 1772269200
 */
#include <bulla/log.h>
#include <stdio.h>
#include <string.h>

enum { SECTOR = 256 };

static uint8_t chip[8 * SECTOR];

static bool chip_read(void *context, uint32_t at, uint8_t *to, uint32_t n)
{
    memcpy(to, (uint8_t *)context + at, n);
    return true;
}

static bool chip_program(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        ((uint8_t *)context)[at + i] &= from[i];
    return true;
}

static bool chip_erase(void *context, uint32_t sector)
{
    memset((uint8_t *)context + sector * SECTOR, BULLA_FLASH_ERASED, SECTOR);
    return true;
}

static const struct bulla_flash_ops ops = {chip_read, chip_program, chip_erase};
static const struct bulla_flash area = {&ops, chip, SECTOR, 0, 8};

int main(void)
{
    struct bulla_log log, again;
    struct bulla_log_event event = {.kind = 1, .clock_set = true, .time_s = 1772265600};
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    uint32_t counter;
    if (bulla_log_format(&log, &area, 0) != BULLA_OK || bulla_log_append(&log, &event, &counter) != BULLA_OK)
        return 1;
    event.kind = 2;
    event.time_s += 3600;
    if (bulla_log_append(&log, &event, &counter) != BULLA_OK || bulla_log_open(&again, &area) != BULLA_OK)
        return 1;
    while (bulla_log_read(&again, &cursor, &record) == BULLA_OK)
        printf("%u: kind %u at %u\n", (unsigned)record.counter, record.event.kind, (unsigned)record.event.time_s);
    return 0;
}
