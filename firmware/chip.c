/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/chip.h"

#include "bulla/crc32.h"
#include "bulla/cursor.h"

#define FORM      UINT32_C(0x424C4631)
#define PAGE_SIZE 24

bool chip_factory(const struct bulla_flash *chip, struct bulla_seal_make *make)
{
    const struct bulla_flash area = bulla_flash_part(chip, CHIP_FACTORY_FIRST, CHIP_FACTORY_N);
    uint8_t page[PAGE_SIZE];
    struct bulla_seal_make m = {0};
    if (bulla_flash_read(&area, 0, page, sizeof page) != BULLA_OK)
        return false;
    struct bulla_cursor c = bulla_cursor_over(page, sizeof page);
    uint32_t form = bulla_cursor_get_u32(&c);
    m.profile = bulla_cursor_get_u8(&c);
    m.proven = bulla_cursor_get_u8(&c) != 0;
    m.address.maker = bulla_cursor_get_u16(&c);
    m.address.serial = bulla_cursor_get_u32(&c);
    m.model = bulla_cursor_get_u32(&c);
    bulla_copy(m.alpha, bulla_cursor_take(&c, sizeof m.alpha).at, sizeof m.alpha);
    if (form != FORM || bulla_cursor_get_u32(&c) != bulla_crc32(0, (struct bulla_bytes){page, PAGE_SIZE - 4}) ||
        !bulla_profile_row(m.profile))
        return false;
    *make = m;
    return true;
}
