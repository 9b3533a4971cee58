/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of table A.1: where fields lie, reading and writing them, and what the seal itself writes.
 */
#include "bulla/gbt.h"

#define CARGO_SHORT 357
#define CARGO_FULL  1857
#define TIME_BYTES  14
#define PLACE_BYTES 20
#define NODES_MAX   UINT16_MAX

/* Offsets follow from the order of the tables. */
struct fields {
#define X(field, name, segment, bytes, entries, kind, meaning) uint8_t field[bytes];
    BULLA_GBT_TABLE(X)
#undef X
};

struct segments {
#define X(segment, name, bytes, deleted) uint8_t segment[bytes];
    BULLA_GBT_SEGMENT_TABLE(X)
#undef X
};

/* The fields of each segment have the size of the segment. */
_Static_assert(offsetof(struct segments, CONTAINER) == offsetof(struct fields, CONTAINER), "inherent");
_Static_assert(offsetof(struct segments, SECURITY) == offsetof(struct fields, STATE), "container");
_Static_assert(offsetof(struct segments, CARGO) == offsetof(struct fields, TRANSPORT), "security");
_Static_assert(offsetof(struct segments, NODE) == offsetof(struct fields, NODE), "cargo");
_Static_assert(sizeof(struct segments) == sizeof(struct fields), "nodes");
_Static_assert(offsetof(struct fields, TRANSPORT) == BULLA_GBT_MANDATORY, "mandatory");
_Static_assert(offsetof(struct fields, OTHER) == BULLA_GBT_MANDATORY + CARGO_SHORT, "cargo without its reserve");

const struct bulla_gbt_about bulla_gbt_about[BULLA_GBT_FIELDS] = {
#define X(field, name, segment, bytes, entries, kind, meaning)                                                                             \
    {name,                                                                                                                                 \
     meaning,                                                                                                                              \
     BULLA_GBT_SEGMENT_##segment,                                                                                                          \
     BULLA_GBT_KIND_##kind,                                                                                                                \
     entries,                                                                                                                              \
     bytes,                                                                                                                                \
     offsetof(struct fields, field) - offsetof(struct segments, segment)},
    BULLA_GBT_TABLE(X)
#undef X
};

static const uint16_t segment_starts[BULLA_GBT_SEGMENTS] = {/* nodes follow the cargo there is */
#define X(segment, name, bytes, deleted) offsetof(struct segments, segment),
                                                            BULLA_GBT_SEGMENT_TABLE(X)
#undef X
};

static const uint16_t cargo_bytes[] = {
#define X(name, number, text, bytes) [number] = bytes,
    BULLA_GBT_CARGO_TABLE(X)
#undef X
};

/* ---- layout ---- */

size_t bulla_gbt_size(enum bulla_gbt_cargo cargo, unsigned n_nodes)
{
    return BULLA_GBT_MANDATORY + cargo_bytes[cargo] + (size_t)n_nodes * BULLA_GBT_NODE_SIZE;
}

enum bulla_status bulla_gbt_with(uint8_t *at, size_t len, enum bulla_gbt_reading reading, enum bulla_gbt_cargo cargo, unsigned n_nodes,
                                 struct bulla_gbt *record, struct bulla_fault *fault)
{
    if (cargo > BULLA_GBT_CARGO_FULL || n_nodes > NODES_MAX || len > UINT32_MAX)
        return bulla_fault_set(fault, BULLA_REFUSED, "layout", "cargo none, short or full, and at most 65535 nodes", 0);
    if (len < bulla_gbt_size(cargo, n_nodes))
        return bulla_fault_set(fault, BULLA_MORE, "record", "as many bytes as its layout has", len);
    *record = (struct bulla_gbt){at, (uint32_t)len, reading == BULLA_GBT_READING_SINGLE, (uint8_t)cargo, (uint16_t)n_nodes, 0, false};
    return BULLA_OK;
}

enum bulla_status bulla_gbt_over(uint8_t *at, size_t len, enum bulla_gbt_reading reading, struct bulla_gbt *record,
                                 struct bulla_fault *fault)
{
    if (len < BULLA_GBT_MANDATORY)
        return bulla_fault_set(fault, BULLA_MORE, "record", "the 366 bytes of the mandatory fields", len);
    for (unsigned cargo = BULLA_GBT_CARGO_NONE; cargo <= BULLA_GBT_CARGO_FULL; cargo++) {
        size_t before = bulla_gbt_size((enum bulla_gbt_cargo)cargo, 0);
        if (len >= before && (len - before) % BULLA_GBT_NODE_SIZE == 0 && (len - before) / BULLA_GBT_NODE_SIZE <= NODES_MAX)
            return bulla_gbt_with(at, len, reading, (enum bulla_gbt_cargo)cargo, (unsigned)((len - before) / BULLA_GBT_NODE_SIZE), record,
                                  fault);
    }
    return bulla_fault_set(fault, BULLA_REFUSED, "record", "366 bytes, 357 or 1857 of cargo or none, and 58 a node; or a given layout",
                           len);
}

struct bulla_bytes bulla_gbt_extension(const struct bulla_gbt *record)
{
    size_t before = record->foreign ? record->len : bulla_gbt_size(record->cargo, record->n_nodes);
    return (struct bulla_bytes){record->at + before, record->len - before};
}

static unsigned entries_of(const struct bulla_gbt *record, const struct bulla_gbt_about *about)
{
    return record->reading == BULLA_GBT_READING_SINGLE ? 1 : about->entries;
}

unsigned bulla_gbt_count(const struct bulla_gbt *record, enum bulla_gbt_field field)
{
    const struct bulla_gbt_about *about = &bulla_gbt_about[field];
    if (about->segment == BULLA_GBT_SEGMENT_NODE)
        return record->n_nodes;
    if (about->segment == BULLA_GBT_SEGMENT_CARGO && about->offset + about->bytes > cargo_bytes[record->cargo])
        return 0;
    return entries_of(record, about);
}

struct slot { /* where one value lies */
    size_t at, bytes;
};

static struct slot slot_of(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index)
{
    const struct bulla_gbt_about *about = &bulla_gbt_about[field];
    size_t at = segment_starts[about->segment] + (size_t)about->offset;
    if (about->segment == BULLA_GBT_SEGMENT_NODE)
        return (struct slot){at - CARGO_FULL + cargo_bytes[record->cargo] + (size_t)index * BULLA_GBT_NODE_SIZE, about->bytes};
    size_t bytes = about->bytes / entries_of(record, about);
    return (struct slot){at + index * bytes, bytes};
}

size_t bulla_gbt_at(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index)
{
    return slot_of(record, field, index).at;
}

/* ---- one value ---- */

static enum bulla_status allowed(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, struct bulla_fault *fault)
{
    const struct bulla_gbt_about *about = &bulla_gbt_about[field];
    if (index >= bulla_gbt_count(record, field))
        return bulla_fault_set(fault, BULLA_REFUSED, about->name, "a field of this record", record->len);
    if (about->segment == BULLA_GBT_SEGMENT_CARGO && !(record->rights & BULLA_GBT_RIGHT_CARGO))
        return bulla_fault_set(fault, BULLA_REFUSED, about->name, "the security code of the cargo first", slot_of(record, field, index).at);
    return BULLA_OK;
}

/* The first byte that is no printable ASCII character; n when all are. */
static size_t printable(const uint8_t *at, size_t n)
{
    size_t i = 0;
    while (i < n && at[i] >= 0x20 && at[i] <= 0x7E)
        i++;
    return i;
}

static size_t trimmed(const uint8_t *at, size_t n)
{
    while (n > 0 && at[n - 1] == ' ')
        n--;
    return n;
}

enum bulla_status bulla_gbt_get(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, struct bulla_bytes *value,
                                struct bulla_fault *fault)
{
    const struct bulla_gbt_about *about = &bulla_gbt_about[field];
    enum bulla_status status = allowed(record, field, index, fault);
    if (status != BULLA_OK)
        return status;
    struct slot slot = slot_of(record, field, index);
    const uint8_t *at = record->at + slot.at;
    size_t n = trimmed(at, slot.bytes);
    if (about->kind == BULLA_GBT_KIND_ID) {
        n = n == 0 ? 0 : slot.bytes; /* its last byte may look like a blank */
    } else {
        size_t good = printable(at, slot.bytes);
        if (good < slot.bytes)
            return bulla_fault_set(fault, BULLA_DAMAGED, about->name, "ASCII characters from blank to ~", slot.at + good);
    }
    struct bulla_bytes got = {at, n};
    if (n > 0 && !bulla_gbt_valid(about->kind, got, slot.bytes))
        return bulla_fault_set(fault, BULLA_INSANE, about->name, bulla_gbt_kind_text(about->kind), slot.at);
    *value = got;
    return BULLA_OK;
}

/* Whether `value` may be written there. */
static enum bulla_status check_put(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, struct bulla_bytes value,
                                   struct bulla_fault *fault)
{
    const struct bulla_gbt_about *about = &bulla_gbt_about[field];
    enum bulla_status status = allowed(record, field, index, fault);
    if (status != BULLA_OK)
        return status;
    struct slot slot = slot_of(record, field, index);
    if (about->segment == BULLA_GBT_SEGMENT_INHERENT &&
        (!(record->rights & BULLA_GBT_RIGHT_FACTORY) || trimmed(record->at + slot.at, slot.bytes) > 0))
        return bulla_fault_set(fault, BULLA_REFUSED, about->name, "no change: inherent fields are written once, in the factory", slot.at);
    if (value.len > slot.bytes)
        return bulla_fault_set(fault, BULLA_REFUSED, about->name, "no more characters than the field has", slot.at + slot.bytes);
    if (value.len == 0)
        return BULLA_OK;
    if (about->kind != BULLA_GBT_KIND_ID) {
        size_t good = printable(value.at, value.len);
        if (good < value.len)
            return bulla_fault_set(fault, BULLA_REFUSED, about->name, "ASCII characters from blank to ~", slot.at + good);
        if (trimmed(value.at, value.len) < value.len)
            return bulla_fault_set(fault, BULLA_REFUSED, about->name, "no blank at the end", slot.at + value.len - 1);
    }
    if (!bulla_gbt_valid(about->kind, value, slot.bytes))
        return bulla_fault_set(fault, BULLA_REFUSED, about->name, bulla_gbt_kind_text(about->kind), slot.at);
    return BULLA_OK;
}

/* After check_put(). */
static void write(struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, struct bulla_bytes value)
{
    struct slot slot = slot_of(record, field, index);
    uint8_t *at = record->at + slot.at;
    if (value.len > 0) /* an empty view may have no address */
        bulla_move(at, value.at, value.len);
    bulla_fill(at + value.len, ' ', slot.bytes - value.len);
}

enum bulla_status bulla_gbt_put(struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, struct bulla_bytes value,
                                struct bulla_fault *fault)
{
    enum bulla_status status = check_put(record, field, index, value, fault);
    if (status == BULLA_OK)
        write(record, field, index, value);
    return status;
}

int32_t bulla_gbt_number(struct bulla_bytes value)
{
    int32_t number = 0;
    bool negative = value.len > 0 && value.at[0] == '-';
    for (size_t i = negative; i < value.len; i++)
        number = number * 10 + (value.at[i] - '0');
    return negative ? -number : number;
}

enum bulla_status bulla_gbt_put_number(struct bulla_gbt *record, enum bulla_gbt_field field, int32_t number, struct bulla_fault *fault)
{
    const struct bulla_gbt_about *about = &bulla_gbt_about[field];
    uint8_t digits[8];
    uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    if (about->bytes > sizeof digits)
        return bulla_fault_set(fault, BULLA_REFUSED, about->name, bulla_gbt_kind_text(about->kind), about->offset);
    for (unsigned i = about->bytes; i-- > 0; rest /= 10)
        digits[i] = (uint8_t)('0' + rest % 10);
    if (number < 0 && digits[0] == '0')
        digits[0] = '-';
    else if (number < 0)
        rest = 1;
    if (rest > 0)
        return bulla_fault_set(fault, BULLA_REFUSED, about->name, "a number that the field has digits for", slot_of(record, field, 0).at);
    return bulla_gbt_put(record, field, 0, (struct bulla_bytes){digits, about->bytes}, fault);
}

/* ---- what the seal writes ---- */

void bulla_gbt_init(struct bulla_gbt *record)
{
    bulla_fill(record->at, ' ', record->len - bulla_gbt_extension(record).len);
}

/* The fields of a mark are neighbours in the table, time first; all of them may be written at `index`, and a time is there. */
static enum bulla_status check_mark(const struct bulla_gbt *record, enum bulla_gbt_field first, unsigned index,
                                    const struct bulla_gbt_mark *mark, struct bulla_fault *fault)
{
    const struct bulla_bytes values[4] = {mark->time, mark->place, mark->reader, mark->by};
    for (unsigned i = 0; i < 4; i++) {
        enum bulla_status status = check_put(record, (enum bulla_gbt_field)(first + i), index, values[i], fault);
        if (status != BULLA_OK)
            return status;
    }
    if (mark->time.len == 0)
        return bulla_fault_set(fault, BULLA_REFUSED, bulla_gbt_about[first].name, bulla_gbt_kind_text(BULLA_GBT_KIND_TIME),
                               slot_of(record, first, index).at);
    return BULLA_OK;
}

static void write_mark(struct bulla_gbt *record, enum bulla_gbt_field first, unsigned index, const struct bulla_gbt_mark *mark)
{
    const struct bulla_bytes values[4] = {mark->time, mark->place, mark->reader, mark->by};
    for (unsigned i = 0; i < 4; i++)
        write(record, (enum bulla_gbt_field)(first + i), index, values[i]);
}

static enum bulla_status push(struct bulla_gbt *record, enum bulla_gbt_field first, const struct bulla_gbt_mark *mark,
                              struct bulla_fault *fault)
{
    enum bulla_status status = check_mark(record, first, 0, mark, fault);
    if (status != BULLA_OK)
        return status;
    if (record->reading == BULLA_GBT_READING_RING) {
        uint8_t *times = record->at + slot_of(record, first, 0).at;
        uint8_t *places = record->at + slot_of(record, (enum bulla_gbt_field)(first + 1), 0).at;
        bulla_move(times + TIME_BYTES, times, (BULLA_GBT_ENTRIES - 1) * TIME_BYTES);
        bulla_move(places + PLACE_BYTES, places, (BULLA_GBT_ENTRIES - 1) * PLACE_BYTES);
    }
    write_mark(record, first, 0, mark);
    return BULLA_OK;
}

enum bulla_status bulla_gbt_close(struct bulla_gbt *record, const struct bulla_gbt_mark *mark, struct bulla_fault *fault)
{
    return push(record, BULLA_GBT_CLOSED_AT, mark, fault);
}

enum bulla_status bulla_gbt_open(struct bulla_gbt *record, const struct bulla_gbt_mark *mark, struct bulla_fault *fault)
{
    return push(record, BULLA_GBT_OPENED_AT, mark, fault);
}

enum bulla_status bulla_gbt_pass(struct bulla_gbt *record, struct bulla_bytes node, const struct bulla_gbt_mark *mark,
                                 struct bulla_fault *fault)
{
    unsigned index = 0;
    while (index < record->n_nodes && trimmed(record->at + slot_of(record, BULLA_GBT_NODE, index).at, BULLA_GBT_NODE_SIZE) > 0)
        index++;
    if (index == record->n_nodes)
        return bulla_fault_set(fault, BULLA_FULL, "node", "a blank node", bulla_gbt_size(record->cargo, record->n_nodes));
    if (node.len == 0)
        return bulla_fault_set(fault, BULLA_REFUSED, "node", bulla_gbt_kind_text(BULLA_GBT_KIND_NODE),
                               slot_of(record, BULLA_GBT_NODE, index).at);
    enum bulla_status status = check_put(record, BULLA_GBT_NODE, index, node, fault);
    if (status == BULLA_OK)
        status = check_mark(record, BULLA_GBT_NODE_AT, index, mark, fault);
    if (status != BULLA_OK)
        return status;
    write(record, BULLA_GBT_NODE, index, node);
    write_mark(record, BULLA_GBT_NODE_AT, index, mark);
    return BULLA_OK;
}

void bulla_gbt_end_trip(struct bulla_gbt *record, struct bulla_gbt_code *code)
{
    static const bool deleted[BULLA_GBT_SEGMENTS] = {
#define X(segment, name, bytes, deleted) deleted,
        BULLA_GBT_SEGMENT_TABLE(X)
#undef X
    };
    size_t kept = 0; /* the segments that stay come first */
    while (!deleted[kept])
        kept++;
    size_t end = record->len - bulla_gbt_extension(record).len;
    bulla_fill(record->at + segment_starts[kept], ' ', end - segment_starts[kept]);
    record->rights &= (uint8_t)~BULLA_GBT_RIGHT_CARGO;
    if (code)
        *code = (struct bulla_gbt_code){0};
}

/* ---- the security code ---- */

/* Takes as long for a wrong digest as for the right one. */
static bool same_digest(const uint8_t a[32], const uint8_t b[32])
{
    volatile unsigned differ = 0;
    for (unsigned i = 0; i < 32; i++)
        differ |= (unsigned)(a[i] ^ b[i]);
    return differ == 0;
}

enum bulla_status bulla_gbt_code_set(struct bulla_gbt *record, struct bulla_gbt_code *code, const uint8_t digest[32])
{
    if (code->set && !(record->rights & BULLA_GBT_RIGHT_CARGO))
        return BULLA_REFUSED;
    bulla_copy(code->digest, digest, sizeof code->digest);
    code->set = true;
    code->wrong = 0;
    record->rights |= BULLA_GBT_RIGHT_CARGO;
    return BULLA_OK;
}

enum bulla_status bulla_gbt_unlock(struct bulla_gbt *record, struct bulla_gbt_code *code, const uint8_t digest[32])
{
    if (!code->set || code->wrong >= BULLA_GBT_CODE_TRIES)
        return BULLA_REFUSED;
    if (!same_digest(code->digest, digest)) {
        code->wrong++;
        return BULLA_REFUSED;
    }
    code->wrong = 0;
    record->rights |= BULLA_GBT_RIGHT_CARGO;
    return BULLA_OK;
}
