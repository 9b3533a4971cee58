/* SPDX-License-Identifier: Apache-2.0
 *
 * jt701: answers to commands, "(id,Pxx,values)". There is no number that ties an answer to its command: the
 * word and the order must do. Words that nobody documented are kept the same way, with the verdict unknown.
 *
 * Passwords that a device answers with are left out of the text: P44 (static password), P52,0 (dynamic
 * password), P06 (access point) and OTA (file server).
 */
#include "proto/jt701.h"

enum verdict_rule {
    ANSWERED, /* the answer itself is the yes */
    FLAG_1,   /* field 1: 1 yes, 0 no */
    PASSWORD, /* P44: one character is a flag, more is the password itself */
    DYNAMIC,  /* P52: 0 query, 1 setting, 3 unlocking with a flag */
    SERVER,   /* P06: fields 4 and 5 are user and password */
    UPGRADE,  /* OTA: user and password, and the last field tells */
};

static const struct answer {
    const char *word;
    enum verdict_rule rule;
} answers[] = {
    {"P01", ANSWERED}, {"P02", ANSWERED}, {"P03", ANSWERED}, {"P04", ANSWERED}, {"P06", SERVER},   {"P10", ANSWERED}, {"P11", ANSWERED},
    {"P12", ANSWERED}, {"P13", ANSWERED}, {"P14", ANSWERED}, {"P15", ANSWERED}, {"P22", FLAG_1},   {"P23", ANSWERED}, {"P24", ANSWERED},
    {"P29", ANSWERED}, {"P30", FLAG_1},   {"P31", ANSWERED}, {"P32", ANSWERED}, {"P37", ANSWERED}, {"P38", ANSWERED}, {"P39", ANSWERED},
    {"P40", ANSWERED}, {"P41", ANSWERED}, {"P42", ANSWERED}, {"P43", FLAG_1},   {"P44", PASSWORD}, {"P50", ANSWERED}, {"P52", DYNAMIC},
    {"P54", ANSWERED}, {"P58", ANSWERED}, {"P59", ANSWERED}, {"P61", ANSWERED}, {"P62", ANSWERED}, {"P63", ANSWERED}, {"P65", ANSWERED},
    {"P68", ANSWERED}, {"P70", ANSWERED}, {"P98", ANSWERED}, {"OTA", UPGRADE},
};

static const struct bulla_bytes nothing = {(const uint8_t *)"", 0};

static struct bulla_bytes literal(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, bulla_length(text)};
}

static enum bulla_verdict flag(struct bulla_bytes field)
{
    if (bulla_bytes_is(field, "1")) {
        return BULLA_VERDICT_ACCEPTED;
    }
    return bulla_bytes_is(field, "0") ? BULLA_VERDICT_REFUSED : BULLA_VERDICT_UNKNOWN;
}

/* Field i behind the word; empty when there is none. */
static struct bulla_bytes field_of(const struct jt701_text *text, size_t i)
{
    return text->word + i < text->n ? text->field[text->word + i] : nothing;
}

/* The fields behind the word as they came, those in [from, to) left out. */
static struct bulla_bytes text_without(const struct jt701_text *text, size_t from, size_t to, uint8_t *at, size_t size)
{
    struct bulla_writer w = bulla_writer_over(at, size);
    for (size_t i = 1; text->word + i < text->n; i++) {
        struct bulla_bytes field = i >= from && i < to ? literal("*") : text->field[text->word + i];
        size_t room = size - w.len;
        bulla_writer_put(&w, ",", i > 1 && room > 0);
        room = size - w.len;
        bulla_writer_put(&w, field.at, field.len < room ? field.len : room);
    }
    return (struct bulla_bytes){at, w.len};
}

static enum bulla_verdict upgrade_verdict(const struct jt701_text *text)
{
    struct bulla_bytes last = text->field[text->n - 1];
    bool going_on = bulla_bytes_is(last, "0") || bulla_bytes_is(last, "1");
    return going_on ? BULLA_VERDICT_ACCEPTED : BULLA_VERDICT_REFUSED;
}

static void password_judge(const struct jt701_text *text, struct bulla_observation *o)
{
    struct bulla_bytes value = field_of(text, 1);
    bool is_flag = flag(value) != BULLA_VERDICT_UNKNOWN;
    jt701_result(o, text->field[text->word], is_flag ? flag(value) : BULLA_VERDICT_ACCEPTED,
                 is_flag ? value : literal("password withheld"));
}

static void dynamic_judge(const struct jt701_text *text, struct bulla_observation *o, struct bulla_bytes plain)
{
    struct bulla_bytes word = text->field[text->word];
    if (bulla_bytes_is(field_of(text, 1), "3")) {
        jt701_result(o, word, flag(field_of(text, 2)), plain);
    } else if (bulla_bytes_is(field_of(text, 1), "1")) {
        jt701_result(o, word, BULLA_VERDICT_ACCEPTED, plain);
    } else if (bulla_bytes_is(field_of(text, 1), "0")) {
        bool off = field_of(text, 3).len == 0;
        jt701_result(o, word, BULLA_VERDICT_ACCEPTED, literal(off ? "dynamic password off" : "dynamic password on, digits withheld"));
    } else {
        jt701_result(o, word, BULLA_VERDICT_UNKNOWN, literal("withheld"));
    }
}

static void judge(const struct jt701_text *text, const struct answer *answer, struct bulla_observation *o)
{
    uint8_t room[sizeof o->result.text];
    struct bulla_bytes word = text->field[text->word];
    struct bulla_bytes plain = text_without(text, 0, 0, room, sizeof room);
    switch (answer->rule) {
    case ANSWERED:
        jt701_result(o, word, BULLA_VERDICT_ACCEPTED, plain);
        break;
    case FLAG_1:
        jt701_result(o, word, flag(field_of(text, 1)), plain);
        break;
    case PASSWORD:
        password_judge(text, o);
        break;
    case DYNAMIC:
        dynamic_judge(text, o, plain);
        break;
    case SERVER:
        jt701_result(o, word, BULLA_VERDICT_ACCEPTED, text_without(text, 4, 6, room, sizeof room));
        break;
    case UPGRADE: /* 9, host, port, user, password, file, size, sum, status */
        jt701_result(o, word, upgrade_verdict(text), text_without(text, 4, 6, room, sizeof room));
        break;
    }
}

static const struct answer *answer_of(struct bulla_bytes word)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (bulla_bytes_is(word, answers[i].word)) {
            return &answers[i];
        }
    }
    return NULL;
}

enum bulla_status jt701_answer_decode(struct proto_link *link, const struct jt701_text *text)
{
    const struct answer *answer = answer_of(text->field[text->word]);
    struct bulla_observation o;
    jt701_text_begin(text, &o);
    bulla_observation_add_event(&o, BULLA_EVENT_COMMAND_RESULT);
    if (answer) {
        judge(text, answer, &o);
    } else {
        uint8_t room[sizeof o.result.text];
        jt701_result(&o, text->field[text->word], BULLA_VERDICT_UNKNOWN, text_without(text, 0, 0, room, sizeof room));
    }
    link->emit(link->host, &o);
    return BULLA_OK;
}
