/* SPDX-License-Identifier: Apache-2.0
 *
 * Firmware images: two slots, of which one runs and the other takes a new image; which one runs is the newest record
 * of a log (bulla/log.h) of its own.
 *
 * An image is a header (BULLA_IMAGE_TABLE) and a body. The signature covers the header up to it, and so the digest
 * of the body: a forged header is refused before anything is erased. Digest and signature come in as functions
 * (struct bulla_image_trust), because they are the device's: a secure element, or software.
 *
 * Life: begin (header) - write, in order, sector by sector - finish, which checks all of it as it lies in flash -
 * activate: one program operation, after which the next start tries the new image - confirm, by the new image when
 * it works. An image that was started BULLA_IMAGE_TRIES times without confirming is given up and the one before
 * runs. Power may go anywhere: bulla_images_boot() finds an image that is whole and signed, or says so.
 *
 * After a loss of power reception goes on at the last whole sector (bulla_images_received()).
 *
 * Never back: an image whose rollback number is below the highest that was ever confirmed neither is accepted nor
 * starts, and one whose version is not above that of the running image is not accepted.
 *
 * State is written twice, so that one rotten record does not bring back what was before.
 */
#ifndef BULLA_IMAGE_H
#define BULLA_IMAGE_H

#include "bulla/api.h"
#include "bulla/log.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_IMAGE_TABLE(X) /* field, offset, bytes, name, meaning; numbers are big-endian */                       \
    X(FORM,      0,   4,  "form",      "BIM1")                                                                       \
    X(ALGORITHM, 4,   1,  "algorithm", "of the signature; the device's own numbers, 0: not signed, never accepted")  \
    X(SPARE,     5,   3,  "spare",     "0")                                                                          \
    X(MODEL,     8,   4,  "model",     "of the device that it is for")                                               \
    X(VERSION,   12,  4,  "version",   "of the firmware")                                                            \
    X(ROLLBACK,  16,  4,  "rollback",  "raised when older images must not run any more")                             \
    X(LENGTH,    20,  4,  "length",    "of the body, in bytes")                                                      \
    X(DIGEST,    24,  32, "digest",    "of the body")                                                                \
    X(RESERVED,  56,  8,  "reserved",  "0")                                                                          \
    X(SIGNATURE, 64,  64, "signature", "over the bytes before")

#define BULLA_IMAGE_STATE_TABLE(X) /* what is in the detail of a record of the state's log */                        \
    X(RUNNING,  0,  1, "running",  "slot of the image that was confirmed last, 0 or 1")                              \
    X(TRIES,    1,  1, "tries",    "how often the other slot will be tried; 0: it is not")                           \
    X(PHASE,    2,  1, "phase",    "of the other slot, from BULLA_IMAGE_PHASE_TABLE")                   \
    X(SPARE,    3,  1, "spare",    "0")                                                                              \
    X(ROLLBACK, 4,  4, "rollback", "the highest that was confirmed")                                                 \
    X(RECEIVED, 8,  4, "received", "bytes of header and body that are surely in the other slot")                     \
    X(IMAGE,    12, 4, "image",    "CRC-32 of the header of what is received")

#define BULLA_IMAGE_PHASE_TABLE(X) /* of what is in the other slot */                                                \
    X(NOTHING,   0, "nothing to install")                                                                            \
    X(RECEIVING, 1, "being received")                                                                                \
    X(WHOLE,     2, "received and checked")                                                                          \
    X(TRIED,     3, "activated: started until it is confirmed or no tries are left")                                 \
    X(GIVEN_UP,  4, "never confirmed, or not good any more when it was to start")

#define BULLA_IMAGE_REFUSAL_TABLE(X)                                                                                 \
    X(GOOD,       0, "good")                                                                                         \
    X(NONE,       1, "no image: expected a header that begins with BIM1")                                            \
    X(UNSIGNED,   2, "not signed: expected an algorithm other than 0")                                               \
    X(FOREIGN,    3, "for another model of device")                                                                  \
    X(LARGE,      4, "expected a body of at least one byte that fits into the slot")                                 \
    X(OLD,        5, "expected a version above the running one and a rollback number not below the highest confirmed") \
    X(UNTRUSTED,  6, "the signature is not that of a trusted key, or of an algorithm that the device does not have") \
    X(CHANGED,    7, "the body is not the one that was signed")                                                      \
    X(INCOMPLETE, 8, "expected all of the image to be received and checked before")                                  \
    X(PIECE,      9, "expected a multiple of 8 bytes, or what ends the body")                                        \
    X(BUSY,       10, "another image is being tried: expected it to be confirmed or given up before")                \
    X(IDLE,       11, "no image is being tried")                                                                     \
    X(UNREADABLE, 12, "the slot cannot be read")
/* clang-format on */

#define BULLA_IMAGE_HEADER    128
#define BULLA_IMAGE_SIGNED    64 /* bytes that the signature covers */
#define BULLA_IMAGE_DIGEST    32
#define BULLA_IMAGE_SIGNATURE 64
#define BULLA_IMAGE_TRIES     3

/* The state of a digest lives in `context`; one digest at a time. */
struct bulla_image_trust {
    void *context;
    void (*digest_begin)(void *context);
    void (*digest_add)(void *context, struct bulla_bytes bytes);
    void (*digest_end)(void *context, uint8_t digest[BULLA_IMAGE_DIGEST]);
    /* True: a key that this device trusts made the signature, with that algorithm. False for algorithms that it does not have. */
    bool (*verify)(void *context, uint8_t algorithm, const uint8_t told[BULLA_IMAGE_SIGNED],
                   const uint8_t signature[BULLA_IMAGE_SIGNATURE]);
};

enum bulla_image_phase {
#define X(name, number, text) BULLA_IMAGE_##name = number,
    BULLA_IMAGE_PHASE_TABLE(X)
#undef X
};

struct bulla_image {
    uint8_t algorithm;
    uint32_t model, version, rollback, length;
    uint8_t digest[BULLA_IMAGE_DIGEST];
};

enum bulla_image_refusal {
#define X(name, number, text) BULLA_IMAGE_##name = number,
    BULLA_IMAGE_REFUSAL_TABLE(X)
#undef X
};

/* Where what lies, as the device's maker decides. */
struct bulla_image_places {
    struct bulla_flash slot[2]; /* of the same shape, sectors in steps of 8 bytes, at least BULLA_IMAGE_HEADER */
    struct bulla_flash state;   /* as a log wants it */
    uint32_t model;
    struct bulla_image_trust trust;
};

struct bulla_images {
    struct bulla_image_places places;
    struct bulla_log log;
    uint8_t running, tries, phase;
    uint32_t rollback, received, image;
    uint32_t written, total; /* bytes of header and body while one is received; those after `received` are lost when power goes */
};

/* A new state: what runs is the good image with the highest version, else slot 0. For the maker, and when open is NOT_MINE.
 * REFUSED: slots or state have no such shape. */
enum bulla_status bulla_images_format(struct bulla_images *images, const struct bulla_image_places *places,
                                      uint32_t rollback) BULLA_MUST_CHECK;
enum bulla_status bulla_images_open(struct bulla_images *images, const struct bulla_image_places *places) BULLA_MUST_CHECK;

/* Reads a slot through and says in *refusal whether its image may start. `image` is set when there is a header. */
void bulla_images_look(const struct bulla_images *images, unsigned slot, struct bulla_image *image, enum bulla_image_refusal *refusal);

/* At each start: the slot to run. REFUSED: neither has an image that may start; why the one that ran before may not. */
enum bulla_status bulla_images_boot(struct bulla_images *images, unsigned *slot, enum bulla_image_refusal *refusal) BULLA_MUST_CHECK;

/* The rest: REFUSED with *refusal; FAILED: flash, and it is done or not, which is certain after the next opening.
 *
 * Begin takes the header; when it is the one that was begun before, reception goes on at bulla_images_received(), also
 * after a loss of power or after a write that FAILED. Write takes the next bytes of the body in multiples of 8, and the rest.
 * Finish checks all of it as it lies in flash. */
enum bulla_status bulla_images_begin(struct bulla_images *images, const uint8_t header[BULLA_IMAGE_HEADER],
                                     enum bulla_image_refusal *refusal) BULLA_MUST_CHECK;
enum bulla_status bulla_images_write(struct bulla_images *images, struct bulla_bytes bytes,
                                     enum bulla_image_refusal *refusal) BULLA_MUST_CHECK;
enum bulla_status bulla_images_finish(struct bulla_images *images, enum bulla_image_refusal *refusal) BULLA_MUST_CHECK;
enum bulla_status bulla_images_activate(struct bulla_images *images, enum bulla_image_refusal *refusal) BULLA_MUST_CHECK;
enum bulla_status bulla_images_confirm(struct bulla_images *images, enum bulla_image_refusal *refusal) BULLA_MUST_CHECK;

/* Bytes of the body, from its start, that need not be sent again; 0 until begin. */
static inline uint32_t bulla_images_received(const struct bulla_images *images)
{
    return images->written > BULLA_IMAGE_HEADER ? images->written - BULLA_IMAGE_HEADER : 0;
}

const char *bulla_image_refusal_text(unsigned refusal);

BULLA_END

#endif
