/* SPDX-License-Identifier: Apache-2.0
 *
 * jt701: text frames "(" field { "," field } ")". Field 0 is the device id, ten digits; the command word is
 * field 1, or stands behind a head of one or two numbers ("1,SSS" or "2"). Offsets below count fields from
 * the word.
 *
 *   word            meaning                                                    answer
 *   @JT             heartbeat                                                  -
 *   P22,2           what time is it                                            (P22,DDMMYYhhmmss)
 *   P52,2,NNNNNN    the lock made a new dynamic password                       (P52,2,NNNNNN)
 *   P42,n,card...   cards enrolled on site; without cards an answer            -
 *   P45             lock report, jt701_lock.c                                  (P69,0,n) or (P46)
 *   WLNET           sub-lock or sensor, jt701_wlnet.c                          (P69,0,n)
 *   U01 U02 U03     vehicle report, jt701_vehicle.c                            (S39)
 *   U06             vehicle alarm, jt701_vehicle.c                             (S20)
 *   W01             vehicle position, jt701_vehicle.c                          -
 *   anything else   answer to a command or unknown, jt701_answer.c             -
 */
#include "proto/jt701.h"
#include "proto/text.h"

#define CARDS_A_TEXT 7 /* card numbers that fit a result's text */
#define KM_MAX       2147483u

/* ---- fields ---- */

bool jt701_number(struct bulla_bytes digits, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (digits.len == 0 || digits.len > 18) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = digits.at[i] - (unsigned)'0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (value > max) {
        return false;
    }
    *out = value;
    return true;
}

bool jt701_decimal(struct bulla_bytes digits, unsigned decimals, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    unsigned wanted = decimals;
    bool point = false;
    bool any = false;
    if (digits.len > 18) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = digits.at[i] - (unsigned)'0';
        if (digits.at[i] == '.' && !point && decimals > 0) {
            point = true;
        } else if (digit > 9) {
            return false;
        } else {
            any = true;
            if (!point || wanted > 0) {
                value = value * 10 + digit;
                wanted -= point;
            }
        }
    }
    for (; wanted > 0 && value <= max; wanted--) {
        value *= 10;
    }
    if (!any || value > max) {
        return false;
    }
    *out = value;
    return true;
}

bool jt701_letter(struct bulla_bytes field, char yes, char no, bool *out)
{
    if (field.len != 1 || (field.at[0] != (uint8_t)yes && field.at[0] != (uint8_t)no)) {
        return false;
    }
    *out = field.at[0] == (uint8_t)yes;
    return true;
}

enum bulla_status jt701_text_time(struct proto_link *link, struct bulla_bytes date, struct bulla_bytes time, int64_t *out)
{
    unsigned d[3];
    unsigned t[3];
    if (!proto_text_pairs(date, d)) {
        return proto_fail(link, BULLA_DAMAGED, "date", "DDMMYY", date);
    }
    if (!proto_text_pairs(time, t)) {
        return proto_fail(link, BULLA_DAMAGED, "time", "hhmmss", time);
    }
    struct bulla_calendar calendar = {.year = 2000 + (int)d[2], .month = d[1], .day = d[0], .hour = t[0], .minute = t[1], .second = t[2]};
    int64_t time_ms = bulla_time_from_calendar(&calendar);
    if (time_ms == BULLA_TIME_NONE && (d[0] | d[1] | d[2]) != 0) {
        return proto_fail(link, BULLA_INSANE, "date and time", "a day and time that exist", date);
    }
    *out = time_ms;
    return BULLA_OK;
}

enum bulla_status jt701_text_place(struct proto_link *link, const struct bulla_bytes field[4], bool valid, struct bulla_observation *o)
{
    uint64_t lat;
    uint64_t lon;
    bool north;
    bool east;
    o->has |= BULLA_HAS_FIX;
    if (!valid && field[0].len == 0 && field[2].len == 0) {
        o->unknown |= BULLA_HAS_FIX;
        return BULLA_OK;
    }
    if (!jt701_decimal(field[0], 7, UINT64_C(999999999999), &lat) || !jt701_letter(field[1], 'N', 'S', &north)) {
        return proto_fail(link, BULLA_DAMAGED, "latitude", "decimal degrees, N or S", field[0]);
    }
    if (!jt701_decimal(field[2], 7, UINT64_C(999999999999), &lon) || !jt701_letter(field[3], 'E', 'W', &east)) {
        return proto_fail(link, BULLA_DAMAGED, "longitude", "decimal degrees, E or W", field[2]);
    }
    if (lat > 900000000) {
        return proto_fail(link, BULLA_INSANE, "latitude", "up to 90 degrees", field[0]);
    }
    if (lon > 1800000000) {
        return proto_fail(link, BULLA_INSANE, "longitude", "up to 180 degrees", field[2]);
    }
    o->lat_e7 = north ? (int32_t)lat : -(int32_t)lat;
    o->lon_e7 = east ? (int32_t)lon : -(int32_t)lon;
    o->fix_valid = valid;
    return BULLA_OK;
}

void jt701_add_mileage(struct bulla_observation *o, uint64_t km)
{
    if (km <= KM_MAX) { /* thousandths fit */
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_MILEAGE, (int32_t)km * 1000);
    }
}

void jt701_add_csq(struct bulla_observation *o, uint64_t csq)
{
    if (csq <= 31) {
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_CSQ, (int32_t)csq * 1000);
    }
}

void jt701_result(struct bulla_observation *o, struct bulla_bytes command, enum bulla_verdict verdict, struct bulla_bytes text)
{
    o->has |= BULLA_HAS_RESULT;
    bulla_text_put(o->result.command, sizeof o->result.command, command);
    bulla_text_put(o->result.text, sizeof o->result.text, text);
    o->result.serial = -1;
    o->result.verdict = (uint8_t)verdict;
}

void jt701_text_begin(const struct jt701_text *text, struct bulla_observation *o)
{
    bulla_observation_init(o, "jt701");
    bulla_copy(o->device, text->field[0].at, JT701_ID_DIGITS);
    o->device[JT701_ID_DIGITS] = '\0';
}

/* ---- small messages ---- */

static enum bulla_status heartbeat_decode(struct proto_link *link, const struct jt701_text *text)
{
    struct bulla_observation o;
    jt701_text_begin(text, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_HEARTBEAT);
    link->emit(link->host, &o);
    return BULLA_OK;
}

static void reply_time(struct proto_link *link)
{
    uint8_t bytes[24];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    struct bulla_calendar now = bulla_time_to_calendar(link->now_ms);
    bulla_writer_put_text(&w, "(P22,");
    bulla_writer_put_decimal(&w, now.day * 10000u + now.month * 100u + (unsigned)now.year % 100, 6);
    bulla_writer_put_decimal(&w, now.hour * 10000u + now.minute * 100u + now.second, 6);
    bulla_writer_put_text(&w, ")");
    link->reply(link->host, bytes, w.len);
}

static enum bulla_status time_decode(struct proto_link *link, const struct jt701_text *text)
{
    if (text->n != text->word + 2 || !bulla_bytes_is(text->field[text->word + 1], "2")) {
        return jt701_answer_decode(link, text);
    }
    struct bulla_observation o;
    jt701_text_begin(text, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_TIME_REQUEST);
    link->emit(link->host, &o);
    reply_time(link);
    return BULLA_OK;
}

/* The digits go back to the device and nowhere else: it reports them until it hears them. */
static enum bulla_status password_decode(struct proto_link *link, const struct jt701_text *text)
{
    const struct bulla_bytes *field = text->field + text->word;
    uint64_t password;
    if (text->n - text->word < 3 || !bulla_bytes_is(field[1], "2")) {
        return jt701_answer_decode(link, text);
    }
    if (field[2].len != 6 || !jt701_number(field[2], 999999, &password)) {
        return proto_fail_number(link, BULLA_DAMAGED, "dynamic password", "six digits", (int64_t)field[2].len);
    }
    struct bulla_observation o;
    jt701_text_begin(text, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_DYNAMIC_PASSWORD);
    link->emit(link->host, &o);
    uint8_t bytes[24];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_text(&w, "(P52,2,");
    bulla_writer_put(&w, field[2].at, field[2].len);
    bulla_writer_put_text(&w, ")");
    link->reply(link->host, bytes, w.len);
    return BULLA_OK;
}

/* Up to 20 cards, an observation for each handful that fits the text of one. */
static void emit_cards(struct proto_link *link, const struct jt701_text *text)
{
    for (size_t from = text->word + 2; from < text->n; from += CARDS_A_TEXT) {
        struct bulla_observation o;
        uint8_t cards[CARDS_A_TEXT * (JT701_ID_DIGITS + 1)];
        struct bulla_writer w = bulla_writer_over(cards, sizeof cards);
        for (size_t i = from; i < text->n && i < from + CARDS_A_TEXT; i++) {
            bulla_writer_put(&w, ";", i > from);
            bulla_writer_put(&w, text->field[i].at, text->field[i].len);
        }
        jt701_text_begin(text, &o);
        bulla_observation_add_event(&o, BULLA_EVENT_ENROLMENT);
        jt701_result(&o, text->field[text->word], BULLA_VERDICT_ACCEPTED, (struct bulla_bytes){cards, w.len});
        link->emit(link->host, &o);
    }
}

static enum bulla_status cards_decode(struct proto_link *link, const struct jt701_text *text)
{
    uint64_t n;
    size_t cards = text->n - text->word - 2;
    if (text->n <= text->word + 2) {
        return jt701_answer_decode(link, text);
    }
    if (!jt701_number(text->field[text->word + 1], 20, &n) || n != cards) {
        return proto_fail(link, BULLA_DAMAGED, "number of cards", "that of the cards that follow", text->field[text->word + 1]);
    }
    for (size_t i = text->word + 2; i < text->n; i++) {
        uint64_t card;
        if (text->field[i].len > JT701_ID_DIGITS || !jt701_number(text->field[i], UINT32_MAX, &card)) {
            return proto_fail(link, BULLA_DAMAGED, "card", "up to ten digits", text->field[i]);
        }
    }
    emit_cards(link, text);
    return BULLA_OK;
}

/* ---- which word ---- */

static const struct word {
    const char *word;
    enum bulla_status (*decode)(struct proto_link *link, const struct jt701_text *text);
} words[] = {
    {"P45", jt701_lock_decode},    {"@JT", heartbeat_decode},      {"P22", time_decode},          {"P42", cards_decode},
    {"P52", password_decode},      {"U01", jt701_vehicle_decode},  {"U02", jt701_vehicle_decode}, {"U03", jt701_vehicle_decode},
    {"U06", jt701_vehicle_decode}, {"W01", jt701_waypoint_decode},
};

static bool is_word(struct bulla_bytes field)
{
    if (field.len < 2 || field.len > 11) {
        return false;
    }
    for (size_t i = 0; i < field.len; i++) {
        uint8_t c = field.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || c == '@';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return true;
}

/* Splits what stands between the brackets. */
static void split(struct bulla_bytes inside, struct jt701_text *text)
{
    const uint8_t *at = inside.at;
    const uint8_t *end = inside.at + inside.len;
    const uint8_t *from = at;
    text->n = 0;
    for (; at < end; at++) {
        if (*at == ',' && text->n < JT701_FIELDS_MAX - 1) {
            text->field[text->n++] = (struct bulla_bytes){from, (size_t)(at - from)};
            from = at + 1;
        }
    }
    text->field[text->n++] = (struct bulla_bytes){from, (size_t)(end - from)};
    text->word = 1;
    while (text->word < text->n && text->word < 4 && !is_word(text->field[text->word])) {
        text->word++;
    }
}

static enum bulla_status word_decode(struct proto_link *link, const struct jt701_text *text)
{
    struct bulla_bytes word = text->field[text->word];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (word.len == 3 && bulla_compare(word.at, words[i].word, 3) == 0) {
            return words[i].decode(link, text);
        }
    }
    return jt701_answer_decode(link, text);
}

/* "(" ten digits ",". A frame of the wrong kind must not be taken for a short one. */
static enum bulla_status check_head(struct proto_link *link, const uint8_t *at, size_t n)
{
    uint64_t id;
    size_t seen = n < 1 + JT701_ID_DIGITS ? n : 1 + JT701_ID_DIGITS;
    if (seen > 1 && !jt701_number((struct bulla_bytes){at + 1, seen - 1}, UINT64_MAX, &id)) {
        return proto_fail(link, BULLA_DAMAGED, "device id", "ten digits", (struct bulla_bytes){at + 1, seen - 1});
    }
    if (n > seen && at[seen] != ',') {
        return proto_fail(link, BULLA_DAMAGED, "device id", "a comma behind ten digits", (struct bulla_bytes){at + seen, 1});
    }
    return BULLA_OK;
}

enum bulla_status jt701_text_decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    enum bulla_status status = check_head(link, at, n);
    if (status != BULLA_OK) {
        return status;
    }
    if (n < 2 + JT701_ID_DIGITS || at[n - 1] != ')') {
        return proto_fail_number(link, link->whole ? BULLA_MORE : BULLA_DAMAGED, "text", "a closing bracket at its end", (int64_t)n);
    }
    struct jt701_text text;
    size_t body = jt701_wlnet_body(at, n);
    split((struct bulla_bytes){at + 1, (body ? body - 1 : n - 1) - 1}, &text);
    if (body) {
        return jt701_wlnet_decode(link, &text, (struct bulla_bytes){at + body, n - 1 - body});
    }
    for (size_t i = 1; i + 1 < n; i++) {
        if (at[i] == '(' || at[i] == ')') {
            return proto_fail_number(link, BULLA_DAMAGED, "text", "no bracket inside, one at byte", (int64_t)i);
        }
    }
    if (text.word >= text.n || text.word >= 4) {
        return proto_fail(link, BULLA_DAMAGED, "command word", "letters and digits", text.field[text.n > 1]);
    }
    return word_decode(link, &text);
}
