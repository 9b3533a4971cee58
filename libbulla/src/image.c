/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/image.h"

#include "bulla/crc32.h"
#include "bulla/cursor.h"

#define FORM_OF_IMAGE UINT32_C(0x42494D31)
#define CHUNK         64u
#define KIND_STATE    1 /* of records of the state's log */

static enum bulla_status refuse(enum bulla_image_refusal *refusal, enum bulla_image_refusal why)
{
    *refusal = why;
    return BULLA_REFUSED;
}

static unsigned other_slot(const struct bulla_images *images)
{
    return images->running ^ 1u;
}

static uint32_t slot_size(const struct bulla_images *images)
{
    return images->places.slot[0].sector_size * images->places.slot[0].n_sectors;
}

static bool shape_good(const struct bulla_images *images)
{
    const struct bulla_flash *slot = images->places.slot;
    return slot[0].sector_size == slot[1].sector_size && slot[0].n_sectors == slot[1].n_sectors && slot[0].sector_size > 0 &&
           slot[0].sector_size % BULLA_FLASH_WORD == 0 && slot_size(images) > BULLA_IMAGE_HEADER;
}

/* ---- the state ---- */

static void state_decode(struct bulla_images *images, const uint8_t detail[BULLA_LOG_DETAIL])
{
    struct bulla_cursor c = bulla_cursor_over(detail, BULLA_LOG_DETAIL);
    images->running = bulla_cursor_get_u8(&c) & 1;
    images->tries = bulla_cursor_get_u8(&c);
    images->phase = bulla_cursor_get_u8(&c);
    bulla_cursor_skip(&c, 1);
    images->rollback = bulla_cursor_get_u32(&c);
    images->received = bulla_cursor_get_u32(&c);
    images->image = bulla_cursor_get_u32(&c);
}

/* Makes `to` the state. The first record decides; the second is there in case the first rots. */
static enum bulla_status state_put(struct bulla_images *images, const struct bulla_images *to)
{
    struct bulla_log_event event = {.kind = KIND_STATE, .state = to->phase, .n = BULLA_LOG_DETAIL};
    struct bulla_writer w = bulla_writer_over(event.detail, sizeof event.detail);
    uint32_t counter;
    bulla_writer_put_u8(&w, to->running);
    bulla_writer_put_u8(&w, to->tries);
    bulla_writer_put_u8(&w, to->phase);
    bulla_writer_put_u8(&w, 0);
    bulla_writer_put_u32(&w, to->rollback);
    bulla_writer_put_u32(&w, to->received);
    bulla_writer_put_u32(&w, to->image);
    if (bulla_log_append(&images->log, &event, &counter) != BULLA_OK)
        return BULLA_FAILED;
    state_decode(images, event.detail);
    (void)!bulla_log_append(&images->log, &event, &counter);
    return BULLA_OK;
}

static enum bulla_status phase_put(struct bulla_images *images, enum bulla_image_phase phase, unsigned tries)
{
    struct bulla_images to = *images;
    to.phase = (uint8_t)phase;
    to.tries = (uint8_t)tries;
    return state_put(images, &to);
}

/* ---- looking at images ---- */

/* False: no header of this form. */
static bool header_decode(const uint8_t header[BULLA_IMAGE_HEADER], struct bulla_image *image)
{
    struct bulla_cursor c = bulla_cursor_over(header, BULLA_IMAGE_HEADER);
    struct bulla_image got;
    if (bulla_cursor_get_u32(&c) != FORM_OF_IMAGE)
        return false;
    got.algorithm = bulla_cursor_get_u8(&c);
    bulla_cursor_skip(&c, 3);
    got.model = bulla_cursor_get_u32(&c);
    got.version = bulla_cursor_get_u32(&c);
    got.rollback = bulla_cursor_get_u32(&c);
    got.length = bulla_cursor_get_u32(&c);
    bulla_copy(got.digest, bulla_cursor_take(&c, BULLA_IMAGE_DIGEST).at, BULLA_IMAGE_DIGEST);
    *image = got;
    return true;
}

/* All that can be said without the body. */
static enum bulla_image_refusal header_judge(const struct bulla_images *images, const uint8_t header[BULLA_IMAGE_HEADER],
                                             struct bulla_image *image)
{
    const struct bulla_image_trust *trust = &images->places.trust;
    if (!header_decode(header, image))
        return BULLA_IMAGE_NONE;
    if (image->algorithm == 0)
        return BULLA_IMAGE_UNSIGNED;
    if (image->model != images->places.model)
        return BULLA_IMAGE_FOREIGN;
    if (image->length == 0 || image->length > slot_size(images) - BULLA_IMAGE_HEADER)
        return BULLA_IMAGE_LARGE;
    if (image->rollback < images->rollback)
        return BULLA_IMAGE_OLD;
    return trust->verify(trust->context, image->algorithm, header, header + BULLA_IMAGE_SIGNED) ? BULLA_IMAGE_GOOD : BULLA_IMAGE_UNTRUSTED;
}

static enum bulla_image_refusal body_judge(const struct bulla_images *images, const struct bulla_flash *slot,
                                           const struct bulla_image *image)
{
    const struct bulla_image_trust *trust = &images->places.trust;
    uint8_t chunk[CHUNK], digest[BULLA_IMAGE_DIGEST];
    trust->digest_begin(trust->context);
    for (uint32_t done = 0; done < image->length; done += CHUNK) {
        uint32_t n = image->length - done < CHUNK ? image->length - done : CHUNK;
        if (bulla_flash_read(slot, BULLA_IMAGE_HEADER + done, chunk, n) != BULLA_OK)
            return BULLA_IMAGE_UNREADABLE;
        trust->digest_add(trust->context, (struct bulla_bytes){chunk, n});
    }
    trust->digest_end(trust->context, digest);
    return bulla_compare(digest, image->digest, sizeof digest) == 0 ? BULLA_IMAGE_GOOD : BULLA_IMAGE_CHANGED;
}

void bulla_images_look(const struct bulla_images *images, unsigned slot, struct bulla_image *image, enum bulla_image_refusal *refusal)
{
    const struct bulla_flash *flash = &images->places.slot[slot & 1];
    uint8_t header[BULLA_IMAGE_HEADER];
    *refusal = BULLA_IMAGE_UNREADABLE;
    if (bulla_flash_read(flash, 0, header, sizeof header) != BULLA_OK)
        return;
    *refusal = header_judge(images, header, image);
    if (*refusal == BULLA_IMAGE_GOOD)
        *refusal = body_judge(images, flash, image);
}

/* ---- opening and starting ---- */

enum bulla_status bulla_images_open(struct bulla_images *images, const struct bulla_image_places *places)
{
    struct bulla_images got = {.places = *places};
    if (!shape_good(&got))
        return BULLA_REFUSED;
    enum bulla_status status = bulla_log_open(&got.log, &places->state);
    if (status != BULLA_OK)
        return status;
    if (!got.log.any || got.log.newest.event.kind != KIND_STATE || got.log.newest.event.n != BULLA_LOG_DETAIL)
        return BULLA_NOT_MINE;
    state_decode(&got, got.log.newest.event.detail);
    *images = got;
    return BULLA_OK;
}

enum bulla_status bulla_images_format(struct bulla_images *images, const struct bulla_image_places *places, uint32_t rollback)
{
    struct bulla_images made = {.places = *places, .rollback = rollback};
    if (!shape_good(&made))
        return BULLA_REFUSED;
    struct bulla_image image[2];
    enum bulla_image_refusal refusal[2];
    for (unsigned slot = 0; slot < 2; slot++)
        bulla_images_look(&made, slot, &image[slot], &refusal[slot]);
    if (refusal[1] == BULLA_IMAGE_GOOD)
        made.running = refusal[0] != BULLA_IMAGE_GOOD || image[1].version > image[0].version;
    enum bulla_status status = bulla_log_format(&made.log, &places->state, 0);
    if (status == BULLA_OK)
        status = state_put(&made, &made);
    if (status == BULLA_OK)
        *images = made;
    return status;
}

/* Counts one more try before the image is started; false when it is not to be tried (any more). */
static bool try_other(struct bulla_images *images)
{
    struct bulla_image image;
    enum bulla_image_refusal refusal = BULLA_IMAGE_IDLE;
    if (images->tries > 0)
        bulla_images_look(images, other_slot(images), &image, &refusal);
    if (refusal == BULLA_IMAGE_GOOD)
        return phase_put(images, BULLA_IMAGE_TRIED, images->tries - 1u) == BULLA_OK;
    (void)!phase_put(images, BULLA_IMAGE_GIVEN_UP, 0); /* at the next start, if not now */
    return false;
}

enum bulla_status bulla_images_boot(struct bulla_images *images, unsigned *slot, enum bulla_image_refusal *refusal)
{
    struct bulla_image image;
    enum bulla_image_refusal last;
    if (images->phase == BULLA_IMAGE_TRIED && try_other(images)) {
        *slot = other_slot(images);
        return BULLA_OK;
    }
    bulla_images_look(images, images->running, &image, refusal);
    if (*refusal == BULLA_IMAGE_GOOD) {
        *slot = images->running;
        return BULLA_OK;
    }
    bulla_images_look(images, other_slot(images), &image, &last);
    if (last != BULLA_IMAGE_GOOD)
        return BULLA_REFUSED;
    *slot = other_slot(images);
    return BULLA_OK;
}

/* ---- receiving ---- */

/* Programs what comes next in the other slot; a sector is erased when its turn comes, and counts when it is full. */
static enum bulla_status bytes_put(struct bulla_images *images, struct bulla_bytes bytes)
{
    const struct bulla_flash *flash = &images->places.slot[other_slot(images)];
    enum bulla_status status = BULLA_OK;
    while (bytes.len > 0 && status == BULLA_OK) {
        uint8_t chunk[CHUNK];
        uint32_t room = flash->sector_size - images->written % flash->sector_size;
        uint32_t n = room < CHUNK ? room : CHUNK;
        n = bytes.len < n ? (uint32_t)bytes.len : n;
        bulla_fill(chunk, BULLA_FLASH_ERASED, sizeof chunk);
        bulla_copy(chunk, bytes.at, n);
        if (room == flash->sector_size)
            status = bulla_flash_erase(flash, images->written / flash->sector_size);
        if (status == BULLA_OK)
            status = bulla_flash_put(flash, images->written, chunk, (n + 7u) & ~7u);
        images->written += n;
        bytes.at += n;
        bytes.len -= n;
        if (status == BULLA_OK && n == room) {
            struct bulla_images to = *images;
            to.received = images->written;
            status = state_put(images, &to);
        }
    }
    if (status == BULLA_OK)
        return BULLA_OK;
    images->written = 0; /* begin again, from the last sector that counts */
    return BULLA_FAILED;
}

enum bulla_status bulla_images_begin(struct bulla_images *images, const uint8_t header[BULLA_IMAGE_HEADER],
                                     enum bulla_image_refusal *refusal)
{
    struct bulla_image image, running = {0};
    enum bulla_image_refusal of_running;
    if (images->phase == BULLA_IMAGE_TRIED)
        return refuse(refusal, BULLA_IMAGE_BUSY);
    enum bulla_image_refusal why = header_judge(images, header, &image);
    bulla_images_look(images, images->running, &running, &of_running);
    if (why == BULLA_IMAGE_GOOD && of_running == BULLA_IMAGE_GOOD && image.version <= running.version)
        why = BULLA_IMAGE_OLD;
    if (why != BULLA_IMAGE_GOOD)
        return refuse(refusal, why);
    uint32_t check = bulla_crc32(0, (struct bulla_bytes){header, BULLA_IMAGE_HEADER});
    bool begun = images->phase == BULLA_IMAGE_RECEIVING || images->phase == BULLA_IMAGE_WHOLE;
    images->total = BULLA_IMAGE_HEADER + image.length;
    images->written = images->received;
    if (begun && images->image == check && images->received >= BULLA_IMAGE_HEADER)
        return BULLA_OK;
    struct bulla_images to = *images;
    to.phase = BULLA_IMAGE_RECEIVING;
    to.received = images->written = 0;
    to.image = check;
    enum bulla_status status = state_put(images, &to);
    return status == BULLA_OK ? bytes_put(images, (struct bulla_bytes){header, BULLA_IMAGE_HEADER}) : status;
}

enum bulla_status bulla_images_write(struct bulla_images *images, struct bulla_bytes bytes, enum bulla_image_refusal *refusal)
{
    if (images->written < BULLA_IMAGE_HEADER)
        return refuse(refusal, BULLA_IMAGE_INCOMPLETE);
    uint32_t left = images->total - images->written;
    if (bytes.len > left || (bytes.len < left && bytes.len % BULLA_FLASH_WORD != 0))
        return refuse(refusal, BULLA_IMAGE_PIECE);
    return bytes_put(images, bytes);
}

enum bulla_status bulla_images_finish(struct bulla_images *images, enum bulla_image_refusal *refusal)
{
    struct bulla_image image;
    if (images->written < BULLA_IMAGE_HEADER || images->written < images->total)
        return refuse(refusal, BULLA_IMAGE_INCOMPLETE);
    bulla_images_look(images, other_slot(images), &image, refusal);
    struct bulla_images to = *images;
    to.phase = *refusal == BULLA_IMAGE_GOOD ? BULLA_IMAGE_WHOLE : BULLA_IMAGE_NOTHING;
    to.received = images->total;
    if (*refusal == BULLA_IMAGE_UNREADABLE || state_put(images, &to) != BULLA_OK)
        return BULLA_FAILED;
    images->written = 0;
    return *refusal == BULLA_IMAGE_GOOD ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_images_activate(struct bulla_images *images, enum bulla_image_refusal *refusal)
{
    if (images->phase == BULLA_IMAGE_TRIED)
        return refuse(refusal, BULLA_IMAGE_BUSY);
    if (images->phase != BULLA_IMAGE_WHOLE)
        return refuse(refusal, BULLA_IMAGE_INCOMPLETE);
    return phase_put(images, BULLA_IMAGE_TRIED, BULLA_IMAGE_TRIES);
}

enum bulla_status bulla_images_confirm(struct bulla_images *images, enum bulla_image_refusal *refusal)
{
    struct bulla_image image;
    if (images->phase != BULLA_IMAGE_TRIED || images->tries >= BULLA_IMAGE_TRIES)
        return refuse(refusal, BULLA_IMAGE_IDLE);
    bulla_images_look(images, other_slot(images), &image, refusal);
    if (*refusal != BULLA_IMAGE_GOOD)
        return BULLA_REFUSED;
    struct bulla_images to = *images;
    to.running = (uint8_t)other_slot(images);
    to.rollback = image.rollback; /* not below: it was looked at */
    to.phase = BULLA_IMAGE_NOTHING;
    to.tries = 0;
    to.received = to.image = 0;
    return state_put(images, &to);
}

const char *bulla_image_refusal_text(unsigned refusal)
{
    static const char *const texts[] = {
#define X(name, number, text) [number] = text,
        BULLA_IMAGE_REFUSAL_TABLE(X)
#undef X
    };
    return refusal < sizeof texts / sizeof *texts ? texts[refusal] : "unknown";
}
