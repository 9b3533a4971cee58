/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: firmware images while power lasts: what is accepted, tried, confirmed, given up; bit rot.
 */
#include "tests/unit/libbulla/image_support.h"

static uint8_t chip[CHIP];

static struct bulla_images formatted(struct nor *nor, uint32_t rollback)
{
    struct bulla_images images;
    nor_init(nor, chip, SECTOR, CHIP / SECTOR, 1);
    struct bulla_image_places places = places_on(nor);
    assert_int_equal(bulla_images_format(&images, &places, rollback), BULLA_OK);
    return images;
}

static void the_tables_fill_their_bytes(void **state)
{
    (void)state;
    unsigned header[BULLA_IMAGE_HEADER] = {0}, detail[BULLA_LOG_DETAIL] = {0};
#define X(field, at, size, name, meaning)                                                                                                  \
    for (unsigned i = 0; i < (size); i++)                                                                                                  \
        header[(at) + i]++;
    BULLA_IMAGE_TABLE(X)
#undef X
#define X(field, at, size, name, meaning)                                                                                                  \
    for (unsigned i = 0; i < (size); i++)                                                                                                  \
        detail[(at) + i]++;
    BULLA_IMAGE_STATE_TABLE(X)
#undef X
    for (unsigned i = 0; i < BULLA_IMAGE_HEADER; i++)
        assert_true(header[i] == 1 && detail[i % BULLA_LOG_DETAIL] == 1);
    for (unsigned i = 0; i <= BULLA_IMAGE_UNREADABLE; i++)
        assert_string_not_equal(bulla_image_refusal_text(i), "unknown");
    assert_string_equal(bulla_image_refusal_text(BULLA_IMAGE_UNREADABLE + 1), "unknown");
}

static void images_take_turns(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_images images = formatted(&nor, 0);
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    unsigned slot = 9;
    assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_NONE);
    assert_int_equal(slot, 9);
    for (uint32_t version = 1; version < 40; version++) {
        struct package p = package_of(version, version / 4, 1 + version * 89 % BODY_MAX);
        install(&images, &p);
        assert_int_equal(images.running, version % 2);
        assert_int_equal(images.rollback, version / 4);
        struct bulla_images again;
        struct bulla_image_places places = places_on(&nor);
        struct bulla_image image;
        assert_int_equal(bulla_images_open(&again, &places), BULLA_OK);
        assert_int_equal(bulla_images_boot(&again, &slot, &refusal), BULLA_OK);
        assert_int_equal(slot, version % 2);
        bulla_images_look(&again, slot, &image, &refusal);
        assert_int_equal(refusal, BULLA_IMAGE_GOOD);
        assert_int_equal(image.version, version);
        assert_memory_equal(chip + slot * SLOT, p.bytes, BULLA_IMAGE_HEADER + p.length);
        images = again;
    }
    assert_int_equal(nor.broken, 0);
}

static void refused(struct bulla_images *images, const struct package *p, enum bulla_image_refusal why)
{
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    struct bulla_images before = *images;
    static uint8_t kept[CHIP];
    memcpy(kept, chip, CHIP);
    assert_int_equal(bulla_images_begin(images, p->bytes, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, why);
    assert_memory_equal(kept, chip, CHIP);
    assert_memory_equal(&before, images, sizeof before);
}

/* [WCO-4.3-F8] Unsigned, older, wrongly signed, foreign images are refused by their headers and nothing is erased for them. */
static void what_must_not_run_is_not_received(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_images images = formatted(&nor, 3);
    struct package good = package_of(10, 5, 500), p;
    install(&images, &good);
    p = package_of(11, 5, 500), p.bytes[0] = 'X';
    refused(&images, &p, BULLA_IMAGE_NONE);
    p = package_of(11, 5, 500), p.bytes[4] = 0, quick_sign(p.bytes, p.bytes + 64);
    refused(&images, &p, BULLA_IMAGE_UNSIGNED);
    p = package_of(11, 5, 500), p.bytes[4] = QUICK + 1, quick_sign(p.bytes, p.bytes + 64);
    refused(&images, &p, BULLA_IMAGE_UNTRUSTED);
    p = package_of(11, 5, 500), put_u32(p.bytes + 8, MODEL + 1), quick_sign(p.bytes, p.bytes + 64);
    refused(&images, &p, BULLA_IMAGE_FOREIGN);
    p = package_of(11, 5, 500), put_u32(p.bytes + 20, 0), quick_sign(p.bytes, p.bytes + 64);
    refused(&images, &p, BULLA_IMAGE_LARGE);
    p = package_of(11, 5, 500), put_u32(p.bytes + 20, BODY_MAX + 1), quick_sign(p.bytes, p.bytes + 64);
    refused(&images, &p, BULLA_IMAGE_LARGE);
    p = package_of(11, 5, 500), put_u32(p.bytes + 20, UINT32_MAX), quick_sign(p.bytes, p.bytes + 64);
    refused(&images, &p, BULLA_IMAGE_LARGE);
    p = package_of(11, 4, 500);
    refused(&images, &p, BULLA_IMAGE_OLD);
    p = package_of(10, 5, 500);
    refused(&images, &p, BULLA_IMAGE_OLD);
    p = package_of(9, 6, 500);
    refused(&images, &p, BULLA_IMAGE_OLD);
    for (unsigned bit = 0; bit < 8 * BULLA_IMAGE_HEADER; bit++) {
        enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
        p = package_of(11, 5, 500);
        p.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(bulla_images_begin(&images, p.bytes, &refusal), BULLA_REFUSED);
        assert_int_not_equal(refusal, BULLA_IMAGE_GOOD);
    }
    assert_int_equal(images.phase, BULLA_IMAGE_NOTHING);
}

/* [WCO-4.3-F8] */
static void truncated_and_changed_images_are_not_activated(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_images images = formatted(&nor, 0);
    struct package first = package_of(1, 0, 500), p = package_of(2, 0, 501);
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    const uint8_t *body = p.bytes + BULLA_IMAGE_HEADER;
    unsigned slot;
    install(&images, &first);
    assert_int_equal(bulla_images_write(&images, (struct bulla_bytes){body, 8}, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_INCOMPLETE);
    assert_int_equal(bulla_images_finish(&images, &refusal), BULLA_REFUSED);
    assert_int_equal(bulla_images_begin(&images, p.bytes, &refusal), BULLA_OK);
    for (uint32_t at = 0; at < 496; at += 8) {
        assert_int_equal(bulla_images_received(&images), at);
        assert_int_equal(bulla_images_finish(&images, &refusal), BULLA_REFUSED);
        assert_int_equal(refusal, BULLA_IMAGE_INCOMPLETE);
        assert_int_equal(bulla_images_activate(&images, &refusal), BULLA_REFUSED);
        assert_int_equal(refusal, BULLA_IMAGE_INCOMPLETE);
        assert_int_equal(bulla_images_write(&images, (struct bulla_bytes){body + at, 5}, &refusal), BULLA_REFUSED);
        assert_int_equal(refusal, BULLA_IMAGE_PIECE);
        assert_int_equal(bulla_images_write(&images, (struct bulla_bytes){body + at, 8}, &refusal), BULLA_OK);
    }
    assert_int_equal(bulla_images_write(&images, (struct bulla_bytes){body + 496, 6}, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_PIECE);
    assert_int_equal(bulla_images_write(&images, (struct bulla_bytes){body + 496, 4}, &refusal), BULLA_REFUSED);
    assert_int_equal(bulla_images_write(&images, (struct bulla_bytes){body + 496, 5}, &refusal), BULLA_OK);
    nor_flip(&nor, 8 * (BULLA_IMAGE_HEADER + 300)); /* the other slot is the first */
    assert_int_equal(bulla_images_finish(&images, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_CHANGED);
    assert_int_equal(images.phase, BULLA_IMAGE_NOTHING);
    assert_int_equal(bulla_images_activate(&images, &refusal), BULLA_REFUSED);
    assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_OK);
    assert_int_equal(slot, 1);
    install(&images, &p);
}

static void what_is_not_confirmed_is_given_up(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_images images = formatted(&nor, 0);
    struct bulla_image_places places = places_on(&nor);
    struct package first = package_of(1, 0, 500), second = package_of(2, 1, 600), third = package_of(3, 1, 700);
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    unsigned slot = 9;
    install(&images, &first);
    assert_int_equal(bulla_images_confirm(&images, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_IDLE);
    assert_int_equal(bulla_images_begin(&images, third.bytes, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_write(&images, (struct bulla_bytes){third.bytes + BULLA_IMAGE_HEADER, 512}, &refusal), BULLA_OK);
    assert_int_equal(receive(&images, &second, 512, &refusal), BULLA_OK); /* what was begun is left for it */
    assert_int_equal(receive(&images, &second, 512, &refusal), BULLA_OK); /* nothing is missing */
    assert_int_equal(bulla_images_activate(&images, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_confirm(&images, &refusal), BULLA_REFUSED); /* it has not been started */
    for (unsigned i = 0; i < BULLA_IMAGE_TRIES; i++) {
        assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_OK);
        assert_int_equal(slot, 0);
        assert_int_equal(bulla_images_begin(&images, third.bytes, &refusal), BULLA_REFUSED);
        assert_int_equal(refusal, BULLA_IMAGE_BUSY);
        assert_int_equal(bulla_images_activate(&images, &refusal), BULLA_REFUSED);
        assert_int_equal(refusal, BULLA_IMAGE_BUSY);
        assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_OK);
        assert_int_equal(slot, 1);
        assert_int_equal(images.phase, BULLA_IMAGE_GIVEN_UP);
        assert_int_equal(bulla_images_confirm(&images, &refusal), BULLA_REFUSED);
        assert_int_equal(images.rollback, 0);
    }
    install(&images, &second);
    /* What is activated and rots before it is started, or before it is confirmed. */
    assert_int_equal(receive(&images, &third, 512, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_activate(&images, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_OK);
    assert_int_equal(slot, 1);
    nor_flip(&nor, 8 * (SLOT + 400));
    assert_int_equal(bulla_images_confirm(&images, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_CHANGED);
    assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_OK);
    assert_int_equal(slot, 0);
    assert_int_equal(images.phase, BULLA_IMAGE_GIVEN_UP);
}

/* [GBT-3.4] Every bit of slots and state: an image that is whole runs; state and rollback number stay. */
static void every_bit_may_rot(void **state)
{
    (void)state;
    struct nor nor;
    static uint8_t kept[CHIP];
    struct bulla_images images = formatted(&nor, 0), again;
    struct bulla_image_places places = places_on(&nor);
    struct package first = package_of(1, 1, 300), second = package_of(2, 1, 400);
    install(&images, &first);
    install(&images, &second);
    memcpy(kept, chip, CHIP);
    unsigned fell_back = 0;
    for (uint32_t bit = 0; bit < 8 * CHIP; bit++) {
        enum bulla_image_refusal refusal;
        unsigned slot = 9;
        memcpy(chip, kept, CHIP);
        nor_flip(&nor, bit);
        assert_int_equal(bulla_images_open(&again, &places), BULLA_OK);
        assert_int_equal(again.rollback, 1);
        assert_int_equal(again.running, 0);
        assert_int_equal(bulla_images_boot(&again, &slot, &refusal), BULLA_OK);
        if (bit >= 8 * (BULLA_IMAGE_HEADER + 400)) /* nothing of the image that runs */
            assert_int_equal(slot, 0);
        fell_back += slot;
    }
    assert_true(fell_back > 8 * 400 && fell_back <= 8 * (BULLA_IMAGE_HEADER + 400));
    memcpy(chip, kept, CHIP);
    nor_flip(&nor, 8 * 200);
    nor_flip(&nor, 8 * (SLOT + 200));
    unsigned slot = 9;
    enum bulla_image_refusal refusal;
    assert_int_equal(bulla_images_boot(&again, &slot, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_CHANGED);
}

/* When the state is lost, a new one finds out what can run. */
static void a_new_state_finds_what_runs(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 3; n++) {
        struct nor nor;
        struct bulla_images images = formatted(&nor, 0);
        struct bulla_image_places places = places_on(&nor);
        for (uint32_t version = 1; version <= n + 1; version++) {
            struct package p = package_of(version, 0, 300);
            install(&images, &p);
        }
        memset(chip + 2 * SLOT, 0, 2 * SECTOR);
        assert_int_equal(bulla_images_open(&images, &places), BULLA_NOT_MINE);
        assert_int_equal(bulla_images_format(&images, &places, 0), BULLA_OK);
        assert_int_equal(images.running, (n + 1) % 2);
        assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
        assert_int_equal(images.running, (n + 1) % 2);
        nor_flip(&nor, 8 * 200 + 8 * SLOT * images.running);
        assert_int_equal(bulla_images_format(&images, &places, 0), BULLA_OK);
        assert_int_equal(images.running, n == 0 ? 0 : n % 2);
    }
}

static void shapes_are_checked(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_images images = formatted(&nor, 0);
    struct bulla_image_places good = places_on(&nor), bad[7];
    for (unsigned i = 0; i < 7; i++)
        bad[i] = good;
    bad[0].slot[1].n_sectors = 3;
    bad[1].slot[1].sector_size = 128;
    bad[2].slot[0].sector_size = bad[2].slot[1].sector_size = 0;
    bad[3].slot[0].sector_size = bad[3].slot[1].sector_size = 252;
    bad[4].slot[0].n_sectors = bad[4].slot[1].n_sectors = 0;
    bad[5].slot[0].sector_size = bad[5].slot[1].sector_size = 32;
    bad[6].state.n_sectors = 1;
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(bulla_images_format(&images, &bad[i], 0), BULLA_REFUSED);
        assert_int_equal(bulla_images_open(&images, &bad[i]), i < 6 ? BULLA_REFUSED : BULLA_NOT_MINE);
    }
    /* A log that is no state: without records, with one of another kind, or with less in it. */
    const struct bulla_log_event strange[] = {{.kind = 2, .n = BULLA_LOG_DETAIL}, {.kind = 1, .n = BULLA_LOG_DETAIL - 1}};
    struct bulla_log log;
    uint32_t counter;
    assert_int_equal(bulla_log_format(&log, &good.state, 0), BULLA_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(bulla_images_open(&images, &good), BULLA_NOT_MINE);
        assert_int_equal(bulla_log_append(&log, &strange[i], &counter), BULLA_OK);
    }
    assert_int_equal(bulla_images_open(&images, &good), BULLA_NOT_MINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_fill_their_bytes),       cmocka_unit_test(images_take_turns),
        cmocka_unit_test(what_must_not_run_is_not_received), cmocka_unit_test(truncated_and_changed_images_are_not_activated),
        cmocka_unit_test(what_is_not_confirmed_is_given_up), cmocka_unit_test(every_bit_may_rot),
        cmocka_unit_test(a_new_state_finds_what_runs),       cmocka_unit_test(shapes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
