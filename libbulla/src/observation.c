/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/observation.h"

void bulla_observation_init(struct bulla_observation *o, const char *protocol)
{
    bulla_fill(o, 0, offsetof(struct bulla_observation, result));
    bulla_text_put(o->protocol, sizeof o->protocol, (struct bulla_bytes){(const uint8_t *)protocol, bulla_length(protocol)});
    o->time_ms = BULLA_TIME_NONE;
    o->received_ms = BULLA_TIME_NONE;
}

static void put_id(char *to, size_t size, const char *id)
{
    bulla_text_put(to, size, (struct bulla_bytes){(const uint8_t *)id, id ? bulla_length(id) : 0});
}

void bulla_observation_add_sensor(struct bulla_observation *o, const char *id, enum bulla_sensor_kind kind, int32_t milli)
{
    if (o->n_sensors >= BULLA_SENSORS_MAX)
        return;
    struct bulla_sensor *sensor = &o->sensors[o->n_sensors++];
    put_id(sensor->id, sizeof sensor->id, id);
    sensor->kind = (uint8_t)kind;
    sensor->milli = milli;
}

void bulla_observation_add_cell(struct bulla_observation *o, uint16_t mcc, uint16_t mnc, uint32_t lac, uint32_t cid)
{
    if (o->n_cells < BULLA_CELLS_MAX)
        o->cells[o->n_cells++] = (struct bulla_cell){mcc, mnc, lac, cid};
}

struct bulla_sublock *bulla_observation_add_sublock(struct bulla_observation *o, const char *id)
{
    if (o->n_sublocks >= BULLA_SUBLOCKS_MAX)
        return NULL;
    struct bulla_sublock *sub = &o->sublocks[o->n_sublocks++];
    bulla_fill(sub, 0, sizeof *sub);
    put_id(sub->id, sizeof sub->id, id);
    sub->percent = 255;
    return sub;
}

enum bulla_seal_state bulla_seal_from(enum bulla_shackle shackle, enum bulla_motor motor)
{
    if (shackle == BULLA_SHACKLE_CUT || shackle == BULLA_SHACKLE_OUT)
        return BULLA_SEAL_OPEN;
    if (motor == BULLA_MOTOR_UNLOCKED)
        return shackle == BULLA_SHACKLE_IN ? BULLA_SEAL_UNLOCKED_CLOSED : BULLA_SEAL_OPEN;
    if (shackle == BULLA_SHACKLE_IN && motor == BULLA_MOTOR_LOCKED)
        return BULLA_SEAL_SEALED;
    return shackle == BULLA_SHACKLE_NONE && motor == BULLA_MOTOR_NONE ? BULLA_SEAL_NONE : BULLA_SEAL_UNKNOWN;
}

struct word {
    int number;
    const char *text;
};

static const char *word_text(const struct word *words, size_t n, unsigned value)
{
    for (size_t i = 0; i < n; i++)
        if (words[i].number == (int)value)
            return words[i].text;
    return "unknown";
}

static int word_number(const struct word *words, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (words[i].text[0] && bulla_text_is(words[i].text, text))
            return words[i].number;
    return -1;
}

/* clang-format off */
#define X(name, number, text) {number, text},
#define WORDS(noun, TABLE)                                                                                      \
    static const struct word noun##_words[] = {TABLE(X)};                                                       \
    const char *bulla_##noun##_text(unsigned value) { return word_text(noun##_words, sizeof noun##_words / sizeof *noun##_words, value); } \
    int bulla_##noun##_from(const char *text) { return word_number(noun##_words, sizeof noun##_words / sizeof *noun##_words, text); }

WORDS(seal_state, BULLA_SEAL_TABLE)
WORDS(shackle, BULLA_SHACKLE_TABLE)
WORDS(motor, BULLA_MOTOR_TABLE)
WORDS(cover, BULLA_COVER_TABLE)
WORDS(proof, BULLA_PROOF_TABLE)
WORDS(channel, BULLA_CHANNEL_TABLE)
WORDS(verdict, BULLA_VERDICT_TABLE)
WORDS(reason, BULLA_REASON_TABLE)
WORDS(event, BULLA_EVENT_TABLE)
#undef X
#define X(name, number, text, unit) {number, text},
WORDS(sensor, BULLA_SENSOR_TABLE)
#undef X
#define X(name, number, text, unit) {number, unit},
static const struct word unit_words[] = {BULLA_SENSOR_TABLE(X)};
#undef X
/* clang-format on */

const char *bulla_sensor_unit(unsigned value)
{
    return word_text(unit_words, sizeof unit_words / sizeof *unit_words, value);
}
