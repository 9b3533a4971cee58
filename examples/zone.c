/* SPDX-License-Identifier: Apache-2.0
 *
 * Two zones are replaced at once; what was not committed counts for nothing. For bulla/zone.h
 *
 * prints: Mombasa, Nairobi
 */
#include <bulla/zone.h>
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

static struct bulla_bytes text(const char *characters)
{
    return (struct bulla_bytes){(const uint8_t *)characters, bulla_length(characters)};
}

int main(void)
{
    static const struct bulla_zone table[] = {{1, 16}, {2, 16}};
    struct bulla_zones zones;
    char from[16], to[16];
    if (bulla_zones_format(&zones, &area, table, 2) != BULLA_OK || bulla_zones_begin(&zones) != BULLA_OK ||
        bulla_zones_write(&zones, 1, 0, text("Mombasa")) != BULLA_OK || bulla_zones_write(&zones, 2, 0, text("Nairobi")) != BULLA_OK ||
        bulla_zones_commit(&zones) != BULLA_OK || bulla_zones_begin(&zones) != BULLA_OK ||
        bulla_zones_write(&zones, 2, 0, text("Kampala")) != BULLA_OK)
        return 1;
    if (bulla_zones_open(&zones, &area, table, 2) != BULLA_OK || /* power was lost before the commit */
        bulla_zones_read(&zones, 1, 0, (uint8_t *)from, sizeof from) != BULLA_OK ||
        bulla_zones_read(&zones, 2, 0, (uint8_t *)to, sizeof to) != BULLA_OK)
        return 1;
    printf("%s, %s\n", from, to);
    return 0;
}
