/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/ticket.h"

#include "bulla/cursor.h"
#include "libbulla/src/signed.h"
#include "libbulla/src/word.h"

#define LAT_MAX INT32_C(900000000)
#define LON_MAX INT32_C(1800000000)

enum {
#define X(name, offset, bytes, text, meaning) AT_##name = (offset), END_##name = (offset) + (bytes),
    BULLA_TICKET_TABLE(X)
#undef X
};

_Static_assert((int)END_SIGNATURE == BULLA_TICKET_SIZE && (int)AT_SIGNATURE == BULLA_TICKET_SIGNED, "the table is the format");

enum { FLAG_PLACE = 1, FLAG_CHALLENGE = 2 };

static const char form[] = "BTK1";
static const char label[] = "bulla ticket 1";
static const uint8_t zeros[BULLA_TICKET_CHALLENGE_SIZE];

static bool is_zero(const uint8_t bytes[BULLA_TICKET_CHALLENGE_SIZE])
{
    return bulla_compare(bytes, zeros, BULLA_TICKET_CHALLENGE_SIZE) == 0;
}

/* ---- the format ---- */

static bool place_good(const struct bulla_ticket *ticket)
{
    if (!ticket->has_place)
        return ticket->lat_e7 == 0 && ticket->lon_e7 == 0 && ticket->radius_m == 0;
    return ticket->lat_e7 >= -LAT_MAX && ticket->lat_e7 <= LAT_MAX && ticket->lon_e7 >= -LON_MAX && ticket->lon_e7 <= LON_MAX &&
           ticket->radius_m >= 1 && ticket->radius_m <= BULLA_TICKET_RADIUS_MAX;
}

static enum bulla_status fields_judge(const struct bulla_ticket *ticket, enum bulla_status wrong, struct bulla_fault *fault)
{
    if (!*bulla_ticket_operation_text(ticket->operation))
        return bulla_fault_set(fault, wrong, "operation", "1 or 2", AT_OPERATION);
    if (ticket->counter == 0)
        return bulla_fault_set(fault, wrong, "counter", "at least 1", AT_COUNTER);
    if (ticket->until_s <= ticket->from_s)
        return bulla_fault_set(fault, wrong, "until", "an end after the beginning", AT_UNTIL);
    if (!place_good(ticket))
        return bulla_fault_set(fault, wrong, "place", "a position and a radius of 1 to 200000 m, or zeros", AT_LAT);
    if (!ticket->has_challenge && !is_zero(ticket->challenge))
        return bulla_fault_set(fault, wrong, "challenge", "zeros, for there is none", AT_CHALLENGE);
    return BULLA_OK;
}

enum bulla_status bulla_ticket_encode(const struct bulla_ticket *ticket, uint8_t bytes[BULLA_TICKET_SIZE], struct bulla_fault *fault)
{
    enum bulla_status status = fields_judge(ticket, BULLA_REFUSED, fault);
    if (status != BULLA_OK)
        return status;
    struct bulla_writer w = bulla_writer_over(bytes, BULLA_TICKET_SIZE);
    bulla_writer_put_text(&w, form);
    bulla_writer_put_u8(&w, ticket->suite);
    bulla_writer_put_u8(&w, ticket->operation);
    bulla_writer_put_u8(&w, (uint8_t)((ticket->has_place ? FLAG_PLACE : 0) | (ticket->has_challenge ? FLAG_CHALLENGE : 0)));
    bulla_writer_put_u8(&w, 0);
    bulla_writer_put_u16(&w, ticket->device.maker);
    bulla_writer_put_u32(&w, ticket->device.serial);
    bulla_writer_put(&w, ticket->journey, sizeof ticket->journey);
    bulla_writer_put_u32(&w, ticket->counter);
    bulla_writer_put_u32(&w, ticket->from_s);
    bulla_writer_put_u32(&w, ticket->until_s);
    bulla_writer_put_u32(&w, (uint32_t)ticket->lat_e7);
    bulla_writer_put_u32(&w, (uint32_t)ticket->lon_e7);
    bulla_writer_put_u32(&w, ticket->radius_m);
    bulla_writer_put(&w, ticket->challenge, sizeof ticket->challenge);
    bulla_writer_put(&w, ticket->issuer, sizeof ticket->issuer);
    bulla_writer_put(&w, ticket->signature, sizeof ticket->signature);
    return BULLA_OK;
}

static void fields_get(const uint8_t *bytes, struct bulla_ticket *got)
{
    struct bulla_cursor c = bulla_cursor_over(bytes, BULLA_TICKET_SIZE);
    bulla_cursor_skip(&c, AT_SUITE);
    got->suite = bulla_cursor_get_u8(&c);
    got->operation = bulla_cursor_get_u8(&c);
    got->has_place = (bytes[AT_FLAGS] & FLAG_PLACE) != 0;
    got->has_challenge = (bytes[AT_FLAGS] & FLAG_CHALLENGE) != 0;
    bulla_cursor_skip(&c, AT_MAKER - AT_FLAGS);
    got->device.maker = bulla_cursor_get_u16(&c);
    got->device.serial = bulla_cursor_get_u32(&c);
    bulla_copy(got->journey, bulla_cursor_take(&c, sizeof got->journey).at, sizeof got->journey);
    got->counter = bulla_cursor_get_u32(&c);
    got->from_s = bulla_cursor_get_u32(&c);
    got->until_s = bulla_cursor_get_u32(&c);
    got->lat_e7 = (int32_t)bulla_cursor_get_u32(&c);
    got->lon_e7 = (int32_t)bulla_cursor_get_u32(&c);
    got->radius_m = bulla_cursor_get_u32(&c);
    bulla_copy(got->challenge, bytes + AT_CHALLENGE, sizeof got->challenge);
    bulla_copy(got->issuer, bytes + AT_ISSUER, sizeof got->issuer);
    bulla_copy(got->signature, bytes + AT_SIGNATURE, sizeof got->signature);
}

enum bulla_status bulla_ticket_decode(struct bulla_bytes bytes, struct bulla_ticket *ticket, struct bulla_fault *fault)
{
    struct bulla_ticket got;
    if (bytes.len < sizeof form - 1 || bulla_compare(bytes.at, form, sizeof form - 1) != 0)
        return bulla_fault_set(fault, BULLA_NOT_MINE, "form", form, AT_FORM);
    if (bytes.len != BULLA_TICKET_SIZE)
        return bulla_fault_set(fault, BULLA_DAMAGED, "length", "138 bytes", bytes.len);
    if (bytes.at[AT_FLAGS] & ~(FLAG_PLACE | FLAG_CHALLENGE))
        return bulla_fault_set(fault, BULLA_INSANE, "flags", "bits 0 and 1", AT_FLAGS);
    if (bytes.at[AT_SPARE] != 0)
        return bulla_fault_set(fault, BULLA_INSANE, "spare", "0", AT_SPARE);
    fields_get(bytes.at, &got);
    enum bulla_status status = fields_judge(&got, BULLA_INSANE, fault);
    if (status == BULLA_OK)
        *ticket = got;
    return status;
}

enum bulla_status bulla_ticket_sign(const struct bulla_suite *suite, const uint8_t secret[BULLA_SECRET],
                                    const uint8_t issuer_public[BULLA_PUBLIC], struct bulla_ticket *ticket)
{
    struct bulla_ticket made = *ticket;
    uint8_t bytes[BULLA_TICKET_SIZE];
    struct bulla_fault fault;
    made.suite = suite->id;
    enum bulla_status status = bulla_suite_key_id(suite, issuer_public, made.issuer);
    if (status == BULLA_OK)
        status = bulla_ticket_encode(&made, bytes, &fault);
    if (status == BULLA_OK)
        status = signed_make(suite, label, (struct bulla_bytes){bytes, BULLA_TICKET_SIGNED}, secret, made.signature);
    if (status == BULLA_OK)
        *ticket = made;
    return status;
}

/* ---- whether it permits ---- */

static enum bulla_ticket_refusal signature_judge(const struct bulla_suite *suite, const struct bulla_trust *trust, struct bulla_bytes bytes,
                                                 struct bulla_ticket *got)
{
    struct bulla_fault fault;
    uint8_t issuer[BULLA_PUBLIC];
    if (bulla_ticket_decode(bytes, got, &fault) != BULLA_OK)
        return BULLA_TICKET_SHAPE;
    if (got->suite != suite->id)
        return BULLA_TICKET_SUITE;
    if (!trust->issuer(trust->context, 0, got->issuer, issuer))
        return BULLA_TICKET_ISSUER;
    enum bulla_status status = signed_check(suite, label, (struct bulla_bytes){bytes.at, BULLA_TICKET_SIGNED}, issuer, got->signature);
    if (status == BULLA_REFUSED)
        return BULLA_TICKET_SIGNATURE;
    return status == BULLA_OK ? BULLA_TICKET_GOOD : BULLA_TICKET_BELOW;
}

static bool challenge_fits(const struct bulla_ticket *ticket, const struct bulla_ticket_facts *facts)
{
    if (!ticket->has_challenge)
        return !facts->challenge_needed;
    return facts->challenge && bulla_same_secret(facts->challenge, ticket->challenge, sizeof ticket->challenge);
}

static bool journey_fits(const struct bulla_ticket *ticket, const uint8_t *journey)
{
    return is_zero(ticket->journey) || !journey || bulla_compare(journey, ticket->journey, sizeof ticket->journey) == 0;
}

static enum bulla_ticket_refusal device_judge(const struct bulla_ticket *ticket, const struct bulla_ticket_facts *facts)
{
    if (ticket->device.maker != facts->device.maker || ticket->device.serial != facts->device.serial)
        return BULLA_TICKET_DEVICE;
    if (ticket->operation != facts->operation)
        return BULLA_TICKET_OPERATION;
    if (!journey_fits(ticket, facts->journey))
        return BULLA_TICKET_JOURNEY;
    if (ticket->counter <= facts->counter)
        return BULLA_TICKET_SPENT;
    return challenge_fits(ticket, facts) ? BULLA_TICKET_GOOD : BULLA_TICKET_CHALLENGE;
}

static enum bulla_ticket_refusal window_judge(const struct bulla_ticket *ticket, const struct bulla_ticket_facts *facts)
{
    bool good;
    uint32_t now_s = bulla_moment_seconds(&facts->moment, &good);
    if (!good)
        return BULLA_TICKET_CLOCK;
    if (now_s < ticket->from_s)
        return BULLA_TICKET_EARLY;
    if (now_s >= ticket->until_s)
        return BULLA_TICKET_LATE;
    if (!ticket->has_place)
        return BULLA_TICKET_GOOD;
    if (!facts->has_position)
        return BULLA_TICKET_NO_PLACE;
    return bulla_ticket_within(facts->lat_e7, facts->lon_e7, ticket->lat_e7, ticket->lon_e7, ticket->radius_m) ? BULLA_TICKET_GOOD
                                                                                                               : BULLA_TICKET_PLACE;
}

enum bulla_status bulla_ticket_check(const struct bulla_suite *suite, const struct bulla_trust *trust,
                                     const struct bulla_ticket_facts *facts, struct bulla_bytes bytes, struct bulla_ticket *ticket,
                                     enum bulla_ticket_refusal *refusal)
{
    struct bulla_ticket got;
    *refusal = signature_judge(suite, trust, bytes, &got);
    if (*refusal == BULLA_TICKET_GOOD)
        *refusal = device_judge(&got, facts);
    if (*refusal == BULLA_TICKET_GOOD)
        *refusal = window_judge(&got, facts);
    if (*refusal == BULLA_TICKET_BELOW)
        return BULLA_FAILED;
    if (*refusal != BULLA_TICKET_GOOD)
        return BULLA_REFUSED;
    *ticket = got;
    return BULLA_OK;
}

/* ---- distance ---- */

#define DEGREE_E7 INT64_C(10000000)
#define COSINES   90

/* Cosine of 0 to 90 degrees in 65536ths. */
static const uint32_t cosines[COSINES + 1] = {
    65536, 65526, 65496, 65446, 65376, 65287, 65177, 65048, 64898, 64729, 64540, 64332, 64104, 63856, 63589, 63303, 62997, 62672, 62328,
    61966, 61584, 61183, 60764, 60326, 59870, 59396, 58903, 58393, 57865, 57319, 56756, 56175, 55578, 54963, 54332, 53684, 53020, 52339,
    51643, 50931, 50203, 49461, 48703, 47930, 47143, 46341, 45525, 44695, 43852, 42995, 42126, 41243, 40348, 39441, 38521, 37590, 36647,
    35693, 34729, 33754, 32768, 31772, 30767, 29753, 28729, 27697, 26656, 25607, 24550, 23486, 22415, 21336, 20252, 19161, 18064, 16962,
    15855, 14742, 13626, 12505, 11380, 10252, 9121,  7987,  6850,  5712,  4572,  3430,  2287,  1144,  0,
};

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* In 65536ths; straight lines between whole degrees are wrong by less than 0.004 % of the radius. */
static int64_t cosine(int64_t lat_e7)
{
    int64_t degree = magnitude(lat_e7) / DEGREE_E7, rest = magnitude(lat_e7) % DEGREE_E7;
    int64_t next = degree < COSINES ? cosines[degree + 1] : 0;
    return (cosines[degree] * (DEGREE_E7 - rest) + next * rest) / DEGREE_E7;
}

/* 10^-7 degrees on the sphere are 0.0111195 m: into millimetres, at most 2.1 * 10^10. */
static int64_t millimetres(int64_t e7)
{
    return e7 * 111195 / 10000;
}

bool bulla_ticket_within(int32_t lat_e7, int32_t lon_e7, int32_t of_lat_e7, int32_t of_lon_e7, uint32_t metres)
{
    int64_t north = magnitude((int64_t)lat_e7 - of_lat_e7), east = magnitude((int64_t)lon_e7 - of_lon_e7);
    int64_t most = (int64_t)(metres < BULLA_TICKET_RADIUS_MAX ? metres : BULLA_TICKET_RADIUS_MAX) * 1000;
    if (east > LON_MAX) /* the shorter way round */
        east = 2 * (int64_t)LON_MAX - east;
    if (magnitude(lat_e7) > LAT_MAX || magnitude(of_lat_e7) > LAT_MAX || east < 0)
        return false; /* no position */
    int64_t y = millimetres(north), x = millimetres(east) * cosine(((int64_t)lat_e7 + of_lat_e7) / 2) / 65536;
    return x <= most && y <= most && x * x + y * y <= most * most;
}

const char *bulla_ticket_operation_text(unsigned operation)
{
    static const struct word words[] = {
#define X(name, number, text) {number, text},
        BULLA_TICKET_OPERATION_TABLE(X)
#undef X
    };
    return WORD_FIND(words, operation);
}

const char *bulla_ticket_refusal_text(unsigned refusal)
{
    static const struct word words[] = {
#define X(name, number, text) {number, text},
        BULLA_TICKET_REFUSAL_TABLE(X)
#undef X
    };
    return WORD_FIND(words, refusal);
}
