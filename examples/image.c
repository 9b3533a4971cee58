/* SPDX-License-Identifier: Apache-2.0
 *
 * Two slots for firmware that are empty, and what is said of a header that is not signed. For bulla/image.h
 *
 * prints: boot: no image: expected a header that begins with BIM1
 * prints: begin: not signed: expected an algorithm other than 0
 */
#include <bulla/image.h>
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
    struct bulla_images images;
    struct bulla_image_places places = {.slot = {bulla_flash_part(&area, 0, 2), bulla_flash_part(&area, 2, 2)},
                                        .state = bulla_flash_part(&area, 4, 4)};
    enum bulla_image_refusal refusal;
    uint8_t header[BULLA_IMAGE_HEADER] = "BIM1";
    unsigned slot;
    memset(chip, BULLA_FLASH_ERASED, sizeof chip);
    if (bulla_images_format(&images, &places, 0) != BULLA_OK)
        return 1;
    if (bulla_images_boot(&images, &slot, &refusal) == BULLA_REFUSED)
        printf("boot: %s\n", bulla_image_refusal_text(refusal));
    if (bulla_images_begin(&images, header, &refusal) == BULLA_REFUSED)
        printf("begin: %s\n", bulla_image_refusal_text(refusal));
    return 0;
}
