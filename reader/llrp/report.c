/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/llrp/report.h"

enum parameter {
    ANTENNA = 1,
    FIRST_SEEN = 2,
    LAST_SEEN = 4,
    PEAK_RSSI = 6,
    CHANNEL = 7,
    TAG_SEEN = 8,
    PC = 12,
    EPC96 = 13,
    TAG_REPORT = 240,
    EPC_DATA = 241,
    EVENT_DATA = 246,
    STATUS = 287,
    READ_RESULT = 349,
    CUSTOM = 1023,
};

#define IMPINJ 25882
enum impinj { TID = 55, PHASE = 56, RSSI = 57, DOPPLER = 68 };

#define PHASE_STEPS   4096.0
#define DOPPLER_STEPS 16.0
#define RSSI_STEPS    100

/* ---- tags ---- */

static bool take_epc(struct llrp_tag *tag, struct bulla_cursor *c, size_t bits)
{
    struct bulla_bytes epc = bulla_cursor_take(c, (bits + 7) / 8);
    if (c->failed || epc.len > sizeof tag->epc)
        return false;
    bulla_copy(tag->epc, epc.at, epc.len);
    tag->epc_bits = bits;
    tag->has |= LLRP_HAS_EPC;
    return true;
}

static bool take_read(struct llrp_tag *tag, struct bulla_cursor *c)
{
    struct llrp_read read = {.result = bulla_cursor_get_u8(c)};
    read.operation = bulla_cursor_get_u16(c);
    read.n = bulla_cursor_get_u16(c);
    if (c->failed || read.n > LLRP_WORDS_MAX || c->left < 2u * read.n)
        return false;
    for (size_t i = 0; i < read.n; i++)
        read.words[i] = bulla_cursor_get_u16(c);
    if (tag->n_reads < LLRP_READS)
        tag->reads[tag->n_reads++] = read;
    return true;
}

/* What one vendor adds; of others nothing is known. */
static bool take_custom(struct llrp_tag *tag, struct bulla_cursor *c)
{
    uint32_t vendor = bulla_cursor_get_u32(c), kind = bulla_cursor_get_u32(c);
    if (c->failed)
        return false;
    if (vendor != IMPINJ || (kind != PHASE && kind != RSSI && kind != DOPPLER))
        return true;
    uint16_t value = bulla_cursor_get_u16(c);
    if (c->failed)
        return false;
    if (kind == PHASE)
        tag->phase_turns = value / PHASE_STEPS;
    else if (kind == RSSI)
        tag->rssi_cdbm = (int16_t)value;
    else
        tag->doppler_hz = (int16_t)value / DOPPLER_STEPS;
    tag->has |= kind == PHASE ? LLRP_HAS_PHASE : kind == RSSI ? LLRP_HAS_RSSI : LLRP_HAS_DOPPLER;
    return true;
}

/* Numbers of 16 bits, and where they go. */
static uint16_t *number_of(struct llrp_tag *tag, unsigned type, unsigned *has)
{
    switch (type) {
    case ANTENNA:
        *has = LLRP_HAS_ANTENNA;
        return &tag->antenna;
    case CHANNEL:
        *has = LLRP_HAS_CHANNEL;
        return &tag->channel;
    case TAG_SEEN:
        *has = LLRP_HAS_SEEN;
        return &tag->seen;
    case PC:
        *has = LLRP_HAS_PC;
        return &tag->pc;
    default:
        return NULL;
    }
}

static bool take_member(struct llrp_tag *tag, const struct llrp_parameter *p)
{
    struct bulla_cursor c = bulla_cursor_over(p->fields.at, p->fields.len);
    unsigned has = 0;
    uint16_t *number = number_of(tag, p->type, &has);
    if (number) {
        *number = bulla_cursor_get_u16(&c);
        tag->has |= has;
        return !c.failed;
    }
    switch (p->type) {
    case EPC96:
        return take_epc(tag, &c, 96);
    case EPC_DATA: {
        uint16_t bits = bulla_cursor_get_u16(&c);
        return take_epc(tag, &c, bits);
    }
    case PEAK_RSSI:
        if (!(tag->has & LLRP_HAS_RSSI)) /* a vendor's is finer */
            tag->rssi_cdbm = (int16_t)((int8_t)bulla_cursor_get_u8(&c) * RSSI_STEPS);
        tag->has |= LLRP_HAS_RSSI;
        return true;
    case FIRST_SEEN:
        tag->first_us = bulla_cursor_get_u64(&c);
        tag->has |= LLRP_HAS_FIRST;
        return true;
    case LAST_SEEN:
        tag->last_us = bulla_cursor_get_u64(&c);
        tag->has |= LLRP_HAS_LAST;
        return true;
    case READ_RESULT:
        return take_read(tag, &c);
    case CUSTOM:
        return take_custom(tag, &c);
    default:
        return true;
    }
}

static bool take_tag(struct bulla_bytes fields, struct llrp_tag *tag)
{
    struct bulla_cursor c = bulla_cursor_over(fields.at, fields.len);
    struct llrp_parameter p;
    *tag = (struct llrp_tag){0};
    while (llrp_next(&c, &p))
        if (!take_member(tag, &p))
            return false;
    return !c.failed && (tag->has & LLRP_HAS_EPC);
}

size_t llrp_tags(struct bulla_bytes body, void (*take)(void *user, const struct llrp_tag *tag), void *user, size_t *damaged)
{
    struct bulla_cursor c = bulla_cursor_over(body.at, body.len);
    struct llrp_parameter p;
    struct llrp_tag tag;
    size_t n = 0;
    *damaged = 0;
    while (llrp_next(&c, &p)) {
        if (p.type != TAG_REPORT)
            continue;
        if (!take_tag(p.fields, &tag)) {
            ++*damaged;
            continue;
        }
        n++;
        take(user, &tag);
    }
    *damaged += c.failed;
    return n;
}

/* ---- outcomes and events ---- */

/* A string with its length before it; what is no ASCII becomes a question mark. */
static void take_text(struct bulla_cursor *c, char text[LLRP_TEXT_MAX])
{
    uint16_t length = bulla_cursor_get_u16(c);
    struct bulla_bytes bytes = bulla_cursor_take(c, length);
    size_t n = bytes.len < LLRP_TEXT_MAX - 1 ? bytes.len : LLRP_TEXT_MAX - 1;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(bytes.at[i] >= ' ' && bytes.at[i] < 0x7F ? bytes.at[i] : '?');
    text[n] = '\0';
}

bool llrp_status_of(struct bulla_bytes body, struct llrp_status *status)
{
    struct llrp_parameter p;
    if (!llrp_find(bulla_cursor_over(body.at, body.len), STATUS, &p))
        return false;
    struct bulla_cursor c = bulla_cursor_over(p.fields.at, p.fields.len);
    status->code = bulla_cursor_get_u16(&c);
    take_text(&c, status->text);
    return !c.failed;
}

/* Of the parameters in an event: what it is. */
static const struct {
    uint16_t type;
    enum llrp_happening what;
} kinds[] = {{248, LLRP_INPUT},     {249, LLRP_ROSPEC},  {250, LLRP_BUFFER_FULL}, {251, LLRP_OVERFLOW},
             {252, LLRP_EXCEPTION}, {255, LLRP_ANTENNA}, {256, LLRP_CONNECTED},   {257, LLRP_CLOSED}};

static bool take_event(const struct llrp_parameter *p, struct llrp_event *event)
{
    struct bulla_cursor c = bulla_cursor_over(p->fields.at, p->fields.len);
    switch (event->what) {
    case LLRP_CONNECTED:
        event->value = bulla_cursor_get_u16(&c);
        break;
    case LLRP_ROSPEC:
    case LLRP_BUFFER_FULL:
        event->value = bulla_cursor_get_u8(&c);
        break;
    case LLRP_ANTENNA:
        event->value = bulla_cursor_get_u8(&c);
        event->antenna = bulla_cursor_get_u16(&c);
        break;
    case LLRP_INPUT:
        event->antenna = bulla_cursor_get_u16(&c);
        event->value = bulla_cursor_get_u8(&c) >> 7;
        break;
    case LLRP_EXCEPTION:
        take_text(&c, event->text);
        break;
    default:
        break;
    }
    return !c.failed;
}

bool llrp_events(struct bulla_bytes body, void (*take)(void *user, const struct llrp_event *event), void *user)
{
    struct llrp_parameter data, p;
    if (!llrp_find(bulla_cursor_over(body.at, body.len), EVENT_DATA, &data))
        return false;
    struct bulla_cursor c = bulla_cursor_over(data.fields.at, data.fields.len);
    while (llrp_next(&c, &p))
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            struct llrp_event event = {.what = kinds[i].what};
            if (kinds[i].type != p.type)
                continue;
            if (!take_event(&p, &event))
                return false;
            take(user, &event);
        }
    return !c.failed;
}
