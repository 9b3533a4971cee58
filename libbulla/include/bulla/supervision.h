/* SPDX-License-Identifier: Apache-2.0
 *
 * What an active seal stores of the object under supervision, so that an office along the way can read it without
 * asking anybody: vehicle, cargo, declaration and driver (WCO study report, 7.2). The report names the fields and no
 * format; this one is ours:
 *
 *   'B' 'S' version 1 | items: tag 1, length 2, value | CRC-16 from 0xFFFF over all before it
 *
 * Items stand in the order of the table, so that one meaning has one encoding. Cargo comes once a consignment:
 * its `type` begins the next one. Texts are UTF-8 without control characters; numbers have four bytes.
 * Personal fields are marked: whoever shows a record masks them for those who may not see them.
 *
 * A decoded item is a view into the bytes. `fault->at` counts bytes in decoding, items in encoding.
 */
#ifndef BULLA_SUPERVISION_H
#define BULLA_SUPERVISION_H

#include "bulla/api.h"
#include "bulla/container.h"
#include "bulla/fault.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_SUPERVISION_TABLE(X) /* field, tag, name, group, kind, most (bytes, or value), mandatory, repeated, personal, meaning */ \
    X(PLATE,       0x11, "plate",       VEHICLE,     TEXT,      24,      true,  false, false, "licence plate")                            \
    X(MODEL,       0x12, "model",       VEHICLE,     TEXT,      48,      false, false, false, "vehicle model")                            \
    X(LENGTH,      0x13, "length_mm",   VEHICLE,     NUMBER,    100000,  false, false, false, "length of the vehicle")                    \
    X(WIDTH,       0x14, "width_mm",    VEHICLE,     NUMBER,    20000,   false, false, false, "width")                                    \
    X(HEIGHT,      0x15, "height_mm",   VEHICLE,     NUMBER,    20000,   false, false, false, "height")                                   \
    X(WEIGHT,      0x16, "weight_kg",   VEHICLE,     NUMBER,    1000000, false, false, false, "weight")                                   \
    X(CONTAINER,   0x17, "container",   VEHICLE,     CONTAINER, 11,      false, true,  false, "container on it, ISO 6346")                \
    X(CARGO,       0x21, "type",        CARGO,       TEXT,      200,     true,  false, false, "what it is; begins a consignment")         \
    X(QUANTITY,    0x22, "quantity",    CARGO,       NUMBER,    UINT32_MAX, true, false, false, "how much, in thousandths of the unit")   \
    X(UNIT,        0x23, "unit",        CARGO,       CODE,      3,       true,  false, false, "unit, as UN/ECE recommendation 20")        \
    X(ORIGIN,      0x24, "origin",      CARGO,       TEXT,      100,     false, false, false, "place of origin")                          \
    X(CONSIGNOR,   0x25, "consignor",   CARGO,       TEXT,      200,     false, false, false, "who sends")                                \
    X(CONSIGNEE,   0x26, "consignee",   CARGO,       TEXT,      200,     false, false, false, "who receives")                             \
    X(DECLARATION, 0x31, "number",      DECLARATION, TEXT,      48,      true,  false, false, "customs declaration")                      \
    X(MANIFEST,    0x32, "manifest",    DECLARATION, TEXT,      48,      false, false, false, "manifest")                                 \
    X(DOCUMENT,    0x33, "document",    DECLARATION, BYTES,     128,     false, true,  false, "attached file: bulla/attachment.h")        \
    X(NATIONALITY, 0x41, "nationality", DRIVER,      CODE,      3,       true,  false, true,  "country code, ISO 3166")                   \
    X(DRIVER,      0x42, "name",        DRIVER,      TEXT,      100,     true,  false, true,  "name")                                     \
    X(CONTACT,     0x43, "contact",     DRIVER,      TEXT,      32,      false, false, true,  "telephone number")

#define BULLA_SUPERVISION_GROUP_TABLE(X) X(VEHICLE, "vehicle") X(CARGO, "cargo") X(DECLARATION, "declaration") X(DRIVER, "driver")

#define BULLA_SUPERVISION_KIND_TABLE(X)                                      \
    X(TEXT,      "UTF-8 without control characters, not empty, not too long") \
    X(NUMBER,    "a number within the range of the field")                   \
    X(CODE,      "two or three capital letters or digits")                   \
    X(CONTAINER, "an ISO 6346 number with its check digit")                  \
    X(BYTES,     "bytes, not empty, not too many")
/* clang-format on */

enum bulla_supervision_field {
#define X(field, tag, name, group, kind, most, mandatory, repeated, personal, meaning) BULLA_SUPERVISION_##field,
    BULLA_SUPERVISION_TABLE(X)
#undef X
        BULLA_SUPERVISION_FIELDS
};
enum bulla_supervision_group {
#define X(group, name) BULLA_SUPERVISION_GROUP_##group,
    BULLA_SUPERVISION_GROUP_TABLE(X)
#undef X
        BULLA_SUPERVISION_GROUPS
};
enum bulla_supervision_kind {
#define X(kind, expected) BULLA_SUPERVISION_KIND_##kind,
    BULLA_SUPERVISION_KIND_TABLE(X)
#undef X
};

struct bulla_supervision_about { /* a row of the table */
    const char *name, *meaning;
    uint8_t tag, group, kind;
    bool mandatory, repeated, personal;
    uint32_t most;
};

struct bulla_supervision_item {
    uint8_t field;
    uint32_t number;          /* of a NUMBER */
    struct bulla_bytes value; /* of any other */
};

extern const struct bulla_supervision_about bulla_supervision_about[BULLA_SUPERVISION_FIELDS];

const char *bulla_supervision_group_text(unsigned group);

/* REFUSED: a value, an order or a missing item; FULL: more than `size` bytes. */
enum bulla_status bulla_supervision_encode(const struct bulla_supervision_item *items, size_t n, uint8_t *bytes, size_t size, size_t *len,
                                           struct bulla_fault *fault) BULLA_MUST_CHECK;

/* Into at most `max` items. NOT_MINE: another format; MORE or DAMAGED: cut off, CRC, lengths; INSANE: a value, an order, a
 * missing item; FULL: more items. */
enum bulla_status bulla_supervision_decode(struct bulla_bytes bytes, struct bulla_supervision_item *items, size_t max, size_t *n,
                                           struct bulla_fault *fault) BULLA_MUST_CHECK;

BULLA_END

#endif
