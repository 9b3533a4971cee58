/* SPDX-License-Identifier: Apache-2.0
 *
 * Identification of freight containers, ISO 6346: a number of eleven characters
 *
 *   0-2   owner code, letters          4-9  serial number, digits
 *   3     category: what it is         10   check digit over all before it
 *
 * and a size and type code of four: length; height and width; group and detail of the type.
 *
 * The check digit is the sum of value times 2^position, modulo 11 and then modulo 10: digits count as
 * themselves, letters 10 to 38 without the multiples of 11. Remainder 10 becomes 0, which ISO 6346 advises
 * not to use: accepted with a remark. A wrong number comes with the place of what is wrong (`fault->at` is a
 * character's position) and, on demand, with the numbers that a single slip of the pen would explain.
 */
#ifndef BULLA_CONTAINER_H
#define BULLA_CONTAINER_H

#include "bulla/api.h"
#include "bulla/fault.h"

BULLA_BEGIN

#define BULLA_CONTAINER_LENGTH 11
#define BULLA_SIZE_TYPE_LENGTH 4
#define BULLA_CANDIDATES_MAX   64 /* no number has more */

/* clang-format off */
#define BULLA_CATEGORY_TABLE(X) /* letter, name, is it in ISO 6346 */ \
    X('U', "freight container", true)                                 \
    X('J', "detachable equipment", true)                              \
    X('Z', "trailer or chassis", true)                                \
    X('R', "refrigerated container", false)

#define BULLA_SLIP_TABLE(X)                                                                              \
    X(TRANSPOSED, 1, "transposed")   /* two neighbours changed places */                                 \
    X(LOOK_ALIKE, 2, "look-alike")   /* a character that is read or written for the right one: O for 0 */ \
    X(CHARACTER, 3, "character")     /* any other single character */                                    \
    X(CHECK_DIGIT, 4, "check-digit") /* the check digit alone */
/* clang-format on */

enum bulla_slip {
#define X(name, number, text) BULLA_SLIP_##name = number,
    BULLA_SLIP_TABLE(X)
#undef X
};

enum bulla_container_remark { /* bits; true of numbers that are right */
                              BULLA_CONTAINER_REMAINDER_TEN = 1u << 0,
                              BULLA_CONTAINER_CATEGORY_OTHER = 1u << 1, /* a category in use, but not one of ISO 6346 */
};

struct bulla_container {
    char number[BULLA_CONTAINER_LENGTH + 1];
    const char *category; /* its name */
    uint8_t remarks;
};

/* A number as it is stored: eleven capital letters and digits. DAMAGED: length or a character; INSANE: check digit. */
enum bulla_status bulla_container_decode(struct bulla_bytes text, struct bulla_container *container,
                                         struct bulla_fault *fault) BULLA_MUST_CHECK;

/* A number as people write it, "csqu 305438-3": letters become capital, blanks and hyphens go. FULL: more than eleven are left. */
enum bulla_status bulla_container_tidy(struct bulla_bytes text, char number[BULLA_CONTAINER_LENGTH + 1]) BULLA_MUST_CHECK;

/* The check digit that belongs to the first ten characters, which must be letters and digits: 0 .. 10, where 10 is written 0. */
unsigned bulla_container_remainder(const char number[BULLA_CONTAINER_LENGTH]);

struct bulla_candidate {
    char number[BULLA_CONTAINER_LENGTH + 1];
    uint8_t slip, at; /* enum bulla_slip; where it differs first */
};

/* Numbers that are right and one slip away from `text`, likely ones first. The first `max` are written; returns how many there are. */
size_t bulla_container_candidates(struct bulla_bytes text, struct bulla_candidate *candidates, size_t max);

const char *bulla_slip_text(unsigned slip);

/* ---- size and type ---- */

#define BULLA_MM_OPEN UINT16_C(0xFFFF) /* a range without an upper end */

struct bulla_size_type {
    uint16_t length_mm, length_ft;                                     /* 0 ft: no whole number of feet */
    uint16_t height_from_mm, height_to_mm, width_from_mm, width_to_mm; /* equal: exactly this */
    char group;                                                        /* G V B S R H U P T A */
    const char *kind, *detail;                                         /* in words; detail "" for a code of the group alone */
};

enum bulla_status bulla_size_type_decode(struct bulla_bytes code, struct bulla_size_type *size_type,
                                         struct bulla_fault *fault) BULLA_MUST_CHECK;

BULLA_END

#endif
