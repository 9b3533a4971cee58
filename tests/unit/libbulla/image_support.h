/* SPDX-License-Identifier: Apache-2.0
 *
 * Two slots of four sectors and a state of two on one chip, images that are made for tests, and a trust that is quick
 * and no more: a keyed check value. Real digests and signatures are tried in test_image_signed.c.
 */
#ifndef TESTS_IMAGE_SUPPORT_H
#define TESTS_IMAGE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/crc32.h"
#include "bulla/image.h"
#include "tests/support/nor.h"

#define SECTOR   256u
#define SLOT     (4 * SECTOR)
#define CHIP     (10 * SECTOR)
#define MODEL    0xB0110001u
#define BODY_MAX (SLOT - BULLA_IMAGE_HEADER)

enum { QUICK = 7 }; /* the algorithm */

struct package {
    uint8_t bytes[SLOT]; /* header and body */
    uint32_t length;     /* of the body */
};

static inline void quick_begin(void *context)
{
    *(uint32_t *)context = 0x5EA1;
}

static inline void quick_add(void *context, struct bulla_bytes bytes)
{
    uint32_t *crc = context;
    *crc = bulla_crc32(*crc, bytes);
}

static inline void quick_end(void *context, uint8_t digest[BULLA_IMAGE_DIGEST])
{
    struct random random = {*(uint32_t *)context};
    random_fill(&random, digest, BULLA_IMAGE_DIGEST);
}

static inline void quick_sign(const uint8_t *told, uint8_t signature[BULLA_IMAGE_SIGNATURE])
{
    struct random random = {bulla_crc32(0x0DD, (struct bulla_bytes){told, BULLA_IMAGE_SIGNED})};
    random_fill(&random, signature, BULLA_IMAGE_SIGNATURE);
}

static inline bool quick_verify(void *context, uint8_t algorithm, const uint8_t *told, const uint8_t *signature)
{
    (void)context;
    uint8_t right[BULLA_IMAGE_SIGNATURE];
    quick_sign(told, right);
    return algorithm == QUICK && memcmp(right, signature, sizeof right) == 0;
}

static inline void put_u32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline struct package package_of(uint32_t version, uint32_t rollback, uint32_t length)
{
    struct package p = {.length = length};
    struct random random = {version};
    uint32_t crc;
    random_fill(&random, p.bytes + BULLA_IMAGE_HEADER, length);
    memcpy(p.bytes, "BIM1", 4);
    p.bytes[4] = QUICK;
    put_u32(p.bytes + 8, MODEL);
    put_u32(p.bytes + 12, version);
    put_u32(p.bytes + 16, rollback);
    put_u32(p.bytes + 20, length);
    quick_begin(&crc);
    quick_add(&crc, (struct bulla_bytes){p.bytes + BULLA_IMAGE_HEADER, length});
    quick_end(&crc, p.bytes + 24);
    quick_sign(p.bytes, p.bytes + BULLA_IMAGE_SIGNED);
    return p;
}

static inline struct bulla_image_places places_on(struct nor *nor)
{
    static uint32_t digest_state;
    struct bulla_flash chip = nor_flash(nor);
    return (struct bulla_image_places){
        .slot = {bulla_flash_part(&chip, 0, 4), bulla_flash_part(&chip, 4, 4)},
        .state = bulla_flash_part(&chip, 8, 2),
        .model = MODEL,
        .trust = {&digest_state, quick_begin, quick_add, quick_end, quick_verify},
    };
}

/* Receives what is still missing, in pieces of `piece` bytes, and checks it. */
static inline enum bulla_status receive(struct bulla_images *images, const struct package *p, uint32_t piece,
                                        enum bulla_image_refusal *refusal)
{
    enum bulla_status status = bulla_images_begin(images, p->bytes, refusal);
    while (status == BULLA_OK && bulla_images_received(images) < p->length) {
        uint32_t at = bulla_images_received(images), n = p->length - at < piece ? p->length - at : piece;
        status = bulla_images_write(images, (struct bulla_bytes){p->bytes + BULLA_IMAGE_HEADER + at, n}, refusal);
    }
    return status == BULLA_OK ? bulla_images_finish(images, refusal) : status;
}

/* The whole way to a running, confirmed image. */
static inline void install(struct bulla_images *images, const struct package *p)
{
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    unsigned slot = 9;
    assert_int_equal(receive(images, p, 64, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_activate(images, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_boot(images, &slot, &refusal), BULLA_OK);
    assert_int_equal(slot, images->running ^ 1);
    assert_int_equal(bulla_images_confirm(images, &refusal), BULLA_OK);
    assert_int_equal(slot, images->running);
}

#endif
