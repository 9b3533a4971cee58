/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: an update of firmware when power goes at every programmed byte and in every erase, and when flash calls fail.
 */
#include "tests/unit/libbulla/image_support.h"

static uint8_t chip[CHIP];

/* A device that runs version 1 and is about to get version 2. */
static struct bulla_images before_update(struct nor *nor, const struct package *first, uint64_t seed)
{
    struct bulla_images images;
    nor_init(nor, chip, SECTOR, CHIP / SECTOR, seed);
    struct bulla_image_places places = places_on(nor);
    assert_int_equal(bulla_images_format(&images, &places, 0), BULLA_OK);
    install(&images, first);
    nor_power(nor);
    return images;
}

/* The update from wherever it is to its end, with a start of the device in between. */
static enum bulla_status update(struct bulla_images *images, const struct package *p)
{
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    enum bulla_status status = BULLA_OK;
    unsigned slot;
    if (images->phase != BULLA_IMAGE_TRIED)
        status = receive(images, p, 120, &refusal);
    if (status == BULLA_OK && images->phase != BULLA_IMAGE_TRIED)
        status = bulla_images_activate(images, &refusal);
    if (status == BULLA_OK)
        status = bulla_images_boot(images, &slot, &refusal);
    return status == BULLA_OK ? bulla_images_confirm(images, &refusal) : status;
}

/* What starts is whole: its version. */
static uint32_t started(struct bulla_images *images)
{
    enum bulla_image_refusal refusal = BULLA_IMAGE_NONE;
    struct bulla_image image = {0};
    unsigned slot = 9;
    assert_int_equal(bulla_images_boot(images, &slot, &refusal), BULLA_OK);
    bulla_images_look(images, slot, &image, &refusal);
    assert_int_equal(refusal, BULLA_IMAGE_GOOD);
    return image.version;
}

/* [WCO-4.3-F8] Wherever power goes something whole starts, reception goes on at the sector, and the update comes to its end. */
static void power_may_go_at_any_moment(void **state)
{
    (void)state;
    struct package first = package_of(1, 0, 500), second = package_of(2, 1, 801);
    uint64_t cuts = 0;
    for (uint64_t cut = 1;; cut++) {
        struct nor nor;
        struct bulla_images images = before_update(&nor, &first, cut);
        struct bulla_image_places places = places_on(&nor);
        enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
        nor.cut_at = cut;
        if (update(&images, &second) == BULLA_OK && !nor.off)
            break;
        cuts++;
        nor_power(&nor);
        uint32_t received = images.received;
        assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
        uint32_t version = started(&images);
        assert_true(version == 1 || images.phase == BULLA_IMAGE_TRIED || images.running == 0);
        if (images.phase == BULLA_IMAGE_RECEIVING && received >= BULLA_IMAGE_HEADER) {
            assert_int_equal(bulla_images_begin(&images, second.bytes, &refusal), BULLA_OK);
            assert_true(bulla_images_received(&images) + BULLA_IMAGE_HEADER >= received);
            assert_true(bulla_images_received(&images) <= second.length);
        }
        if (images.running == 1)
            assert_int_equal(update(&images, &second), BULLA_OK);
        assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
        assert_int_equal(started(&images), 2);
        assert_int_equal(images.running, 0);
        assert_int_equal(images.rollback, 1);
        assert_int_equal(nor.broken, 0);
    }
    assert_true(cuts > 1300);
}

/* Power goes again and again, at random moments, through one update after another. */
static void power_may_go_again_and_again(void **state)
{
    (void)state;
    struct random chance = {8};
    for (unsigned round = 0; round < 300; round++) {
        struct nor nor;
        struct package p = package_of(1, 0, 100 + round);
        struct bulla_images images = before_update(&nor, &p, round);
        struct bulla_image_places places = places_on(&nor);
        uint32_t runs = 1;
        for (unsigned step = 0; step < 12; step++) {
            p = package_of(runs + 1, runs / 3, 1 + (uint32_t)(runs * 331) % BODY_MAX);
            nor.cut_at = 1 + random_below(&chance, 1600);
            if (random_below(&chance, 3) == 0)
                nor.fail_at = 1 + random_below(&chance, 300);
            (void)!update(&images, &p);
            nor_power(&nor);
            assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
            uint32_t version = started(&images);
            assert_true(version == runs || version == runs + 1);
            if (images.phase != BULLA_IMAGE_TRIED)
                runs = version;
        }
        assert_int_equal(nor.broken, 0);
    }
}

/* The nth call fails, for every n: the same update goes on without being opened again. */
static void any_call_may_fail(void **state)
{
    (void)state;
    struct package first = package_of(1, 0, 500), second = package_of(2, 1, 801);
    for (uint64_t nth = 1;; nth++) {
        struct nor nor;
        struct bulla_images images = before_update(&nor, &first, nth);
        struct bulla_image_places places = places_on(&nor);
        nor.fail_at = nth;
        enum bulla_status status = update(&images, &second);
        if (nor.calls < nth)
            break;
        for (unsigned i = 0; i < 3 && images.running == 1; i++)
            status = update(&images, &second);
        assert_int_equal(status, BULLA_OK);
        assert_int_equal(images.running, 0);
        assert_int_equal(images.rollback, 1);
        assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
        assert_int_equal(started(&images), 2);
        assert_int_equal(nor.broken, 0);
    }
}

/* Sectors smaller than the header: what was received of a header alone is not gone on from. */
static void small_sectors_do_too(void **state)
{
    (void)state;
    struct package p = package_of(1, 0, 100);
    for (uint64_t cut = 1; cut < 400; cut++) {
        struct nor nor;
        struct bulla_images images;
        enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
        nor_init(&nor, chip, 64, 40, cut);
        struct bulla_image_places places = places_on(&nor);
        places.state.n_sectors = 4;
        assert_int_equal(bulla_images_format(&images, &places, 0), BULLA_OK);
        nor_power(&nor);
        nor.cut_at = cut;
        (void)!receive(&images, &p, 8, &refusal);
        nor_power(&nor);
        assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
        install(&images, &p);
        assert_memory_equal(chip + 4 * 64, p.bytes, BULLA_IMAGE_HEADER + p.length);
        assert_int_equal(nor.broken, 0);
    }
}

/* A new state: cut off before its end it is none, and the images are where they were. */
static void power_may_go_in_a_format(void **state)
{
    (void)state;
    struct package first = package_of(1, 0, 500);
    for (uint64_t cut = 1;; cut++) {
        struct nor nor;
        struct bulla_images images = before_update(&nor, &first, cut);
        struct bulla_image_places places = places_on(&nor);
        nor.cut_at = cut;
        enum bulla_status status = bulla_images_format(&images, &places, 0);
        bool off = nor.off;
        nor_power(&nor);
        if (status != BULLA_OK && bulla_images_open(&images, &places) != BULLA_OK)
            assert_int_equal(bulla_images_format(&images, &places, 0), BULLA_OK);
        assert_int_equal(started(&images), 1);
        if (!off)
            break;
    }
}

/* After a write that failed the place is not blank: no more is taken before begin says from where. */
static void a_failed_write_wants_a_new_begin(void **state)
{
    (void)state;
    struct package first = package_of(1, 0, 500), second = package_of(2, 1, 801);
    struct nor nor;
    struct bulla_images images = before_update(&nor, &first, 1);
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    struct bulla_bytes piece = {second.bytes + BULLA_IMAGE_HEADER, 200};
    assert_int_equal(bulla_images_begin(&images, second.bytes, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_write(&images, piece, &refusal), BULLA_OK);
    piece.at += 200;
    nor.fail_at = nor.calls + 2; /* the program */
    assert_int_equal(bulla_images_write(&images, piece, &refusal), BULLA_FAILED);
    assert_int_equal(bulla_images_received(&images), 0);
    assert_int_equal(bulla_images_write(&images, piece, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_INCOMPLETE);
    assert_int_equal(bulla_images_begin(&images, second.bytes, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_received(&images), SECTOR - BULLA_IMAGE_HEADER);
    assert_int_equal(receive(&images, &second, 120, &refusal), BULLA_OK);
    assert_int_equal(nor.broken, 0);
}

static bool program_fails(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    (void)context, (void)at, (void)from, (void)n;
    return false;
}

/* A device that cannot write its state any more starts what ran before, not what is to be tried without being counted. */
static void a_chip_may_die(void **state)
{
    (void)state;
    struct package first = package_of(1, 0, 500), second = package_of(2, 1, 801);
    struct nor nor;
    struct bulla_images images = before_update(&nor, &first, 1);
    struct bulla_image_places places = places_on(&nor);
    enum bulla_image_refusal refusal = BULLA_IMAGE_GOOD;
    unsigned slot = 9;
    assert_int_equal(receive(&images, &second, 120, &refusal), BULLA_OK);
    assert_int_equal(bulla_images_activate(&images, &refusal), BULLA_OK);
    struct bulla_flash_ops dead = *places.state.ops;
    dead.program = program_fails;
    places.state.ops = &dead;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(bulla_images_open(&images, &places), BULLA_OK);
        assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_OK);
        assert_int_equal(slot, 1);
        assert_int_equal(images.tries, BULLA_IMAGE_TRIES);
    }
    nor.off = true;
    assert_int_equal(bulla_images_boot(&images, &slot, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_may_go_at_any_moment),
        cmocka_unit_test(power_may_go_again_and_again),
        cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(small_sectors_do_too),
        cmocka_unit_test(power_may_go_in_a_format),
        cmocka_unit_test(a_failed_write_wants_a_new_begin),
        cmocka_unit_test(a_chip_may_die),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
