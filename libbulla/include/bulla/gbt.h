/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of a GB/T 23678-2009 seal, table A.1. The record is its bytes, in memory that the caller owns (a
 * seal's, or a copy of it): fields are read and written in place, one at a time, and BULLA_GBT_TABLE is the
 * only description of them.
 *
 *   inherent 29 | container 88 | security 249 | cargo 1857, or 357 without its reserve, or 0 | nodes 58 each | extension
 *
 * Characters are ASCII, blank-padded on the right; a blank field is not given; numbers have leading zeros. The
 * seal id alone is binary. The times and places of closing and opening are rings of the last three, newest
 * first, in 14 and 20 bytes each; the reading `single` takes the whole field for one. A time has 12 digits, or 14.
 *
 * Inherent fields are written once, in the factory. Cargo is read and written by whoever knows the security
 * code. At the end of a trip all but the inherent fields and the extension becomes blank.
 *
 * `fault->at` counts bytes of the record. DAMAGED: a character; INSANE: a value; REFUSED: not there, or not allowed.
 */
#ifndef BULLA_GBT_H
#define BULLA_GBT_H

#include "bulla/api.h"
#include "bulla/container.h"
#include "bulla/fault.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_GBT_TABLE(X) /* field, name, segment, bytes, entries, kind, meaning */                                                        \
    X(SEAL_ID,        "seal_id",        INHERENT,  10,   1, ID,          "burned in by the chip's maker, ISO/IEC 15963 UCC-EAN")            \
    X(MADE,           "made",           INHERENT,  8,    1, DATE,        "day of manufacture")                                              \
    X(MAKER,          "maker",          INHERENT,  9,    1, CODE,        "manufacturer")                                                    \
    X(TYPE,           "type",           INHERENT,  2,    1, CODE,        "kind of seal, by frequency")                                      \
    X(CONTAINER,      "container",      CONTAINER, 11,   1, CONTAINER,   "container number, ISO 6346")                                      \
    X(SIZE_TYPE,      "size_type",      CONTAINER, 4,    1, SIZE_TYPE,   "size and type code, ISO 6346")                                    \
    X(LENGTH,         "length_ft",      CONTAINER, 2,    1, NUMBER,      "nominal length in feet, ISO 668")                                 \
    X(TARE,           "tare_kg",        CONTAINER, 5,    1, NUMBER,      "mass of the empty container")                                     \
    X(RATED,          "rated_kg",       CONTAINER, 6,    1, NUMBER,      "most that it may weigh")                                          \
    X(OPERATOR,       "operator",       CONTAINER, 60,   1, TEXT,        "who has the use of the container")                                \
    X(STATE,          "state",          SECURITY,  1,    1, STATE,       "Y secure, N not")                                                 \
    X(CLOSED_AT,      "closed_at",      SECURITY,  42,   3, TIME,        "when it was closed, newest first")                                \
    X(CLOSED_PLACE,   "closed_place",   SECURITY,  60,   3, TEXT,        "where, newest first")                                             \
    X(CLOSED_READER,  "closed_reader",  SECURITY,  8,    1, CODE,        "by which reader, the newest time")                                \
    X(CLOSED_BY,      "closed_by",      SECURITY,  14,   1, CODE,        "by whom, the newest time: organisation and staff number")         \
    X(OPENED_AT,      "opened_at",      SECURITY,  42,   3, TIME,        "when it was opened, newest first")                                \
    X(OPENED_PLACE,   "opened_place",   SECURITY,  60,   3, TEXT,        "where, newest first")                                             \
    X(OPENED_READER,  "opened_reader",  SECURITY,  8,    1, CODE,        "by which reader, the newest time")                                \
    X(OPENED_BY,      "opened_by",      SECURITY,  14,   1, CODE,        "by whom, the newest time: organisation and staff number")         \
    X(TRANSPORT,      "transport",      CARGO,     35,   1, TEXT,        "ship's name, plate or train")                                     \
    X(SHIP,           "ship",           CARGO,     12,   1, CODE,        "registration number of the ship")                                 \
    X(VOYAGE,         "voyage",         CARGO,     8,    1, CODE,        "voyage or train number")                                          \
    X(WAYBILL,        "waybill",        CARGO,     20,   1, TEXT,        "bill of lading or waybill")                                       \
    X(ORIGIN,         "origin",         CARGO,     20,   1, TEXT,        "port of loading or place of departure")                           \
    X(DESTINATION,    "destination",    CARGO,     20,   1, TEXT,        "port or place of destination")                                    \
    X(SHIPPER,        "shipper",        CARGO,     100,  1, TEXT,        "who sends")                                                       \
    X(CONSIGNEE,      "consignee",      CARGO,     100,  1, TEXT,        "who receives")                                                    \
    X(GOODS,          "goods",          CARGO,     30,   1, TEXT,        "what it is")                                                      \
    X(DANGER,         "danger_class",   CARGO,     3,    1, DANGER,      "class or division of the IMDG code")                              \
    X(UN,             "un_number",      CARGO,     4,    1, UN,          "UN number of dangerous goods")                                    \
    X(TEMPERATURE,    "temperature",    CARGO,     4,    1, TEMPERATURE, "to be kept in a refrigerated container")                          \
    X(UNIT,           "unit",           CARGO,     1,    1, UNIT,        "of the temperature: F or C")                                      \
    X(OTHER,          "other",          CARGO,     1500, 1, TEXT,        "reserved")                                                        \
    X(NODE,           "node",           NODE,      2,    1, NODE,        "point of the process")                                            \
    X(NODE_AT,        "at",             NODE,      14,   1, TIME,        "when")                                                            \
    X(NODE_PLACE,     "place",          NODE,      20,   1, TEXT,        "where")                                                           \
    X(NODE_READER,    "reader",         NODE,      8,    1, CODE,        "by which reader")                                                 \
    X(NODE_BY,        "by",             NODE,      14,   1, CODE,        "by whom: organisation and staff number")

#define BULLA_GBT_SEGMENT_TABLE(X) /* segment, name, bytes, deleted at the end of a trip */ \
    X(INHERENT,  "inherent",  29,   false)                                                  \
    X(CONTAINER, "container", 88,   true)                                                   \
    X(SECURITY,  "security",  249,  true)                                                   \
    X(CARGO,     "cargo",     1857, true)                                                   \
    X(NODE,      "nodes",     58,   true)

#define BULLA_GBT_KIND_TABLE(X) /* kind, what a value has to be */                          \
    X(ID,          "ten bytes, the first E2")                                               \
    X(DATE,        "a day as YYYYMMDD")                                                     \
    X(TIME,        "a time as YYYYMMDDHHMM or YYYYMMDDHHMMSS")                              \
    X(CODE,        "letters and digits")                                                    \
    X(TEXT,        "characters")                                                            \
    X(NUMBER,      "digits, as many as the field has")                                      \
    X(CONTAINER,   "an ISO 6346 number with its check digit")                               \
    X(SIZE_TYPE,   "a size and type code of ISO 6346")                                      \
    X(STATE,       "Y or N")                                                                \
    X(DANGER,      "a class or division of the IMDG code, as 3 or 6.1")                     \
    X(UN,          "four digits, not 0000")                                                 \
    X(TEMPERATURE, "four digits, or - and three")                                           \
    X(UNIT,        "F or C")                                                                \
    X(NODE,        "one of VC TY YT YV VT UC IC ZC XC")

#define BULLA_GBT_NODE_TABLE(X) /* code, meaning, is it in the standard */                  \
    X("VC", "stuffing", true)               X("TY", "into a yard", true)                    \
    X("YT", "out of a yard", true)          X("YV", "onto a ship", true)                    \
    X("VT", "off a ship", true)             X("UC", "unstuffing", true)                     \
    X("IC", "inspection", true)             X("ZC", "onto a lorry or train", false)         \
    X("XC", "off a lorry or train", false)

#define BULLA_GBT_READING_TABLE(X) X(RING, 0, "ring") X(SINGLE, 1, "single")
#define BULLA_GBT_CARGO_TABLE(X)   X(NONE, 0, "none", 0) X(SHORT, 1, "short", 357) X(FULL, 2, "full", 1857)

#define BULLA_GBT_FORMAT_TABLE(X) /* format, number, name, what clause 5.2.3 calls it */                            \
    X(SEAL,    0, "seal",      "a: the seal and its container, 5.2.1; nothing else")                                \
    X(ANNEX_A, 1, "annex-a",   "b: with cargo or nodes as table A.1 has them")                                      \
    X(FOREIGN, 2, "iso-17363", "c: cargo in another format, behind the mandatory fields: kept as it is, not read")
/* clang-format on */

enum bulla_gbt_field {
#define X(field, name, segment, bytes, entries, kind, meaning) BULLA_GBT_##field,
    BULLA_GBT_TABLE(X)
#undef X
        BULLA_GBT_FIELDS
};
enum bulla_gbt_segment {
#define X(segment, name, bytes, deleted) BULLA_GBT_SEGMENT_##segment,
    BULLA_GBT_SEGMENT_TABLE(X)
#undef X
        BULLA_GBT_SEGMENTS
};
enum bulla_gbt_kind {
#define X(kind, expected) BULLA_GBT_KIND_##kind,
    BULLA_GBT_KIND_TABLE(X)
#undef X
        BULLA_GBT_KINDS
};
enum bulla_gbt_reading {
#define X(name, number, text) BULLA_GBT_READING_##name = number,
    BULLA_GBT_READING_TABLE(X)
#undef X
};
enum bulla_gbt_cargo {
#define X(name, number, text, bytes) BULLA_GBT_CARGO_##name = number,
    BULLA_GBT_CARGO_TABLE(X)
#undef X
};

enum bulla_gbt_format {
#define X(name, number, text, meaning) BULLA_GBT_FORMAT_##name = number,
    BULLA_GBT_FORMAT_TABLE(X)
#undef X
};

#define BULLA_GBT_MANDATORY  366
#define BULLA_GBT_NODE_SIZE  58
#define BULLA_GBT_ENTRIES    3
#define BULLA_GBT_CODE_TRIES 5

enum bulla_gbt_right {                                    /* bits */
                       BULLA_GBT_RIGHT_FACTORY = 1u << 0, /* may write inherent fields that are blank */
                       BULLA_GBT_RIGHT_CARGO = 1u << 1,   /* may read and write cargo: see bulla_gbt_unlock() */
};

struct bulla_gbt_about { /* a row of the table */
    const char *name, *meaning;
    uint8_t segment, kind, entries;
    uint16_t bytes, offset; /* from the start of its segment */
};

struct bulla_gbt {
    uint8_t *at; /* the caller's */
    uint32_t len;
    uint8_t reading, cargo; /* enums above */
    uint16_t n_nodes;       /* room for them; unused ones are blank */
    uint8_t rights;
    bool foreign; /* what follows the mandatory fields is cargo in another format: bulla_gbt_select() */
};

extern const struct bulla_gbt_about bulla_gbt_about[BULLA_GBT_FIELDS];

/* What the length says of the layout: table A.1 has no field for it, but no two layouts without an extension are equally
 * long. MORE: not even the mandatory fields; REFUSED: no layout is so long, give it yourself. */
enum bulla_status bulla_gbt_over(uint8_t *at, size_t len, enum bulla_gbt_reading reading, struct bulla_gbt *record,
                                 struct bulla_fault *fault) BULLA_MUST_CHECK;

/* The same with a given layout; what is left at the end is the extension. */
enum bulla_status bulla_gbt_with(uint8_t *at, size_t len, enum bulla_gbt_reading reading, enum bulla_gbt_cargo cargo, unsigned n_nodes,
                                 struct bulla_gbt *record, struct bulla_fault *fault) BULLA_MUST_CHECK;

/* The same for one of the formats of clause 5.2.3, which the bytes themselves do not name. MORE: not even the mandatory fields, or
 * nothing behind them where something has to be; REFUSED: a length that this format does not have, or no such format. */
enum bulla_status bulla_gbt_select(uint8_t *at, size_t len, enum bulla_gbt_reading reading, enum bulla_gbt_format format,
                                   struct bulla_gbt *record, struct bulla_fault *fault) BULLA_MUST_CHECK;

/* Which one a record has: FOREIGN when it was selected, SEAL when it has room for nothing else, else ANNEX_A. */
enum bulla_gbt_format bulla_gbt_format(const struct bulla_gbt *record);

/* Cargo in another format, as it came and all of it at once; the text of ISO 17363 is not at hand, so nothing of it is checked. It
 * belongs to the trip and wants the right to cargo, as cargo of table A.1 does. REFUSED: no such cargo, no right, or in putting
 * another length than the record has room for. */
enum bulla_status bulla_gbt_foreign_get(const struct bulla_gbt *record, struct bulla_bytes *cargo, struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_gbt_foreign_put(struct bulla_gbt *record, struct bulla_bytes cargo, struct bulla_fault *fault) BULLA_MUST_CHECK;

size_t bulla_gbt_size(enum bulla_gbt_cargo cargo, unsigned n_nodes);

/* The extension area, whose content nobody has described: kept. Cargo in another format is none. */
struct bulla_bytes bulla_gbt_extension(const struct bulla_gbt *record);

/* Makes the record blank, inherent fields too: for the factory. */
void bulla_gbt_init(struct bulla_gbt *record);

/* How many values the field has in this record: entries of a ring, or nodes; 0 when its segment is not there. */
unsigned bulla_gbt_count(const struct bulla_gbt *record, enum bulla_gbt_field field);

/* Where that value begins; `index` has to be one that the field has. */
size_t bulla_gbt_at(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index);

/* The value as a view into the record, without its padding; empty when it is not given. */
enum bulla_status bulla_gbt_get(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, struct bulla_bytes *value,
                                struct bulla_fault *fault) BULLA_MUST_CHECK;

/* Writes the value, or blanks when it is empty. */
enum bulla_status bulla_gbt_put(struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, struct bulla_bytes value,
                                struct bulla_fault *fault) BULLA_MUST_CHECK;

/* A NUMBER or a TEMPERATURE that was got; 0 for an empty one. And as it is put: REFUSED when it does not fit. */
int32_t bulla_gbt_number(struct bulla_bytes value);
enum bulla_status bulla_gbt_put_number(struct bulla_gbt *record, enum bulla_gbt_field field, int32_t number,
                                       struct bulla_fault *fault) BULLA_MUST_CHECK;

struct bulla_gbt_mark { /* when, where, with which reader, who */
    struct bulla_bytes time, place, reader, by;
};

/* The seal was closed or opened: the newest of its ring, the oldest goes. All of it is written, or nothing. */
enum bulla_status bulla_gbt_close(struct bulla_gbt *record, const struct bulla_gbt_mark *mark, struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_gbt_open(struct bulla_gbt *record, const struct bulla_gbt_mark *mark, struct bulla_fault *fault) BULLA_MUST_CHECK;

/* A point of the process, in the first node that is blank. FULL: none is. */
enum bulla_status bulla_gbt_pass(struct bulla_gbt *record, struct bulla_bytes node, const struct bulla_gbt_mark *mark,
                                 struct bulla_fault *fault) BULLA_MUST_CHECK;

/* The whole record: every field, and what fields have to do with each other. */
enum bulla_status bulla_gbt_check(const struct bulla_gbt *record, struct bulla_fault *fault) BULLA_MUST_CHECK;

/* ---- the security code of the cargo, kept by the seal beside the record ---- */

struct bulla_gbt_code {
    uint8_t digest[32]; /* of salt and code, by whatever digest the seal has */
    bool set;
    uint8_t wrong; /* tries in a row */
};

/* REFUSED: one is set already, and the record is not unlocked. */
enum bulla_status bulla_gbt_code_set(struct bulla_gbt *record, struct bulla_gbt_code *code, const uint8_t digest[32]) BULLA_MUST_CHECK;

/* Gives the record the right to its cargo. REFUSED: another code, none set, or too many tries (until the trip ends). */
enum bulla_status bulla_gbt_unlock(struct bulla_gbt *record, struct bulla_gbt_code *code, const uint8_t digest[32]) BULLA_MUST_CHECK;

/* Deletes what belongs to the trip, and the code. `code` may be NULL. */
void bulla_gbt_end_trip(struct bulla_gbt *record, struct bulla_gbt_code *code);

/* Whether a value, without its padding, is one of that kind in a field of `bytes` bytes. */
bool bulla_gbt_valid(enum bulla_gbt_kind kind, struct bulla_bytes value, size_t bytes);

/* ---- words ---- */

const char *bulla_gbt_segment_text(unsigned segment);
const char *bulla_gbt_kind_text(unsigned kind);
const char *bulla_gbt_node_text(struct bulla_bytes code); /* "unknown" */
const char *bulla_gbt_reading_text(unsigned reading);
int bulla_gbt_reading_from(const char *text); /* -1: none */
const char *bulla_gbt_cargo_text(unsigned cargo);
int bulla_gbt_cargo_from(const char *text); /* -1: none */
const char *bulla_gbt_format_text(unsigned format);
int bulla_gbt_format_from(const char *text); /* -1: none */

BULLA_END

#endif
