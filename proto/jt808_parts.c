/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages in parts. Each part is answered and emitted by itself, so that its bytes are durable before the device may
 * forget them. A link has a few slots; a slot's block holds a table of parts and their bytes in order of arrival. What is missing is
 * asked for when the last part has come, and again while the device speaks of other things.
 */
#include "proto/jt808.h"

#define ASK_MAX 120 /* parts named in one request */

struct part {
    uint32_t at; /* in bytes() */
    uint16_t len;
    bool here;
};

static struct part *table(const struct jt808_slot *slot)
{
    return slot->block;
}

static uint8_t *bytes(const struct jt808_slot *slot)
{
    return (uint8_t *)slot->block + slot->total * sizeof(struct part);
}

void jt808_parts_drop(struct proto_link *link, struct jt808_slot *slot)
{
    if (slot->block) {
        (void)link->memory(link->host, slot->block, 0);
    }
    *slot = (struct jt808_slot){0};
}

static bool same_phone(const struct jt808_slot *slot, const struct jt808_head *head)
{
    return bulla_compare(slot->phone, head->phone, head->id_len) == 0;
}

static struct jt808_slot *find(struct jt808_call *c, uint16_t first)
{
    for (size_t i = 0; i < JT808_SLOTS; i++) {
        struct jt808_slot *slot = &c->state->slot[i];
        if (slot->block && slot->id == c->head.id && slot->first == first && slot->total == c->head.total && same_phone(slot, &c->head)) {
            return slot;
        }
    }
    return NULL;
}

/* An empty slot, or the one that was quiet longest. */
static struct jt808_slot *vacate(struct jt808_call *c)
{
    struct jt808_slot *oldest = &c->state->slot[0];
    for (size_t i = 0; i < JT808_SLOTS; i++) {
        struct jt808_slot *slot = &c->state->slot[i];
        if (!slot->block) {
            return slot;
        }
        oldest = slot->last_ms < oldest->last_ms ? slot : oldest;
    }
    jt808_parts_drop(c->link, oldest);
    return oldest;
}

static struct jt808_slot *start(struct jt808_call *c, uint16_t first)
{
    struct jt808_slot *slot = vacate(c);
    size_t size = c->head.total * sizeof(struct part);
    void *block = c->link->memory(c->link->host, NULL, size);
    if (!block) {
        return NULL;
    }
    bulla_fill(block, 0, size);
    *slot = (struct jt808_slot){.block = block, .id = c->head.id, .first = first, .total = c->head.total, .last_ms = c->link->now_ms};
    bulla_copy(slot->phone, c->head.phone, c->head.id_len);
    return slot;
}

static bool store(struct jt808_call *c, struct jt808_slot *slot)
{
    size_t size = slot->total * sizeof(struct part) + slot->used + c->body.len;
    void *block = c->link->memory(c->link->host, slot->block, size);
    if (!block) {
        return false;
    }
    slot->block = block;
    bulla_copy(bytes(slot) + slot->used, c->body.at, c->body.len);
    table(slot)[c->head.number - 1] = (struct part){slot->used, (uint16_t)c->body.len, true};
    slot->used += (uint32_t)c->body.len;
    slot->have++;
    return true;
}

/* The parts one behind the other. True also when they arrived that way, without any copying. */
static bool join(struct jt808_call *c, struct jt808_slot *slot)
{
    const struct part *part = table(slot);
    bool ordered = true;
    for (size_t i = 1; i < slot->total; i++) {
        ordered = ordered && part[i].at >= part[i - 1].at;
    }
    if (!ordered) {
        size_t head = slot->total * sizeof(struct part), n = 0;
        uint8_t *joined = c->link->memory(c->link->host, NULL, head + slot->used);
        if (!joined) {
            return false;
        }
        for (size_t i = 0; i < slot->total; n += part[i++].len) {
            bulla_copy(joined + head + n, bytes(slot) + part[i].at, part[i].len);
        }
        (void)c->link->memory(c->link->host, slot->block, 0);
        slot->block = joined;
    }
    c->body = (struct bulla_bytes){bytes(slot), slot->used};
    return true;
}

/* ---- asking ---- */

static size_t put_missing(struct bulla_writer *w, const struct jt808_slot *slot)
{
    size_t n = 0;
    for (uint16_t i = 0; i < slot->total && n < ASK_MAX; i++) {
        if (!table(slot)[i].here) {
            bulla_writer_put_u16(w, (uint16_t)(i + 1));
            n++;
        }
    }
    return n;
}

/* 0x8003, or 0x8800 when it is a photo whose first part, with its number, is here. */
static void ask(struct jt808_call *c, struct jt808_slot *slot)
{
    uint8_t list[2 * ASK_MAX], body[8 + sizeof list];
    struct bulla_writer numbers = bulla_writer_over(list, sizeof list), w = bulla_writer_over(body, sizeof body);
    size_t n = put_missing(&numbers, slot);
    const struct part *first = &table(slot)[0];
    bool photo = slot->id == JT808_MEDIA && first->here && first->len >= 4;
    if (photo) {
        bulla_writer_put(&w, bytes(slot) + first->at, 4);
    } else {
        bulla_writer_put_u16(&w, slot->first);
    }
    if (!photo && c->head.version) {
        bulla_writer_put_u16(&w, (uint16_t)n);
    } else {
        bulla_writer_put_u8(&w, (uint8_t)n);
    }
    bulla_writer_put(&w, list, numbers.len);
    slot->asked_ms = c->link->now_ms;
    slot->asks++;
    jt808_reply(c, photo ? JT808_MEDIA_REPLY : JT808_RESEND, (struct bulla_bytes){body, w.len});
}

void jt808_parts_nudge(struct jt808_call *c)
{
    for (size_t i = 0; i < JT808_SLOTS; i++) {
        struct jt808_slot *slot = &c->state->slot[i];
        if (!slot->block) {
            continue;
        }
        int64_t quiet_ms = c->link->now_ms - slot->last_ms;
        if (quiet_ms > JT808_PARTS_MS) {
            jt808_parts_drop(c->link, slot);
        } else if (quiet_ms > JT808_PARTS_ASK_MS && c->link->now_ms - slot->asked_ms > JT808_PARTS_ASK_MS &&
                   slot->asks < JT808_PARTS_ASKS && same_phone(slot, &c->head)) {
            ask(c, slot);
        }
    }
}

/* ---- one part ---- */

static enum bulla_status refuse(struct jt808_call *c, struct jt808_slot *slot, const char *expected, int64_t got)
{
    if (slot) {
        jt808_parts_drop(c->link, slot);
    }
    return proto_fail_number(c->link, BULLA_FULL, "sub-packages", expected, got);
}

static enum bulla_status kept(struct jt808_call *c, struct jt808_slot *slot)
{
    (void)jt808_bare(c, c->head.id != JT808_MEDIA);
    if (slot && c->head.number == slot->total && !slot->asks) {
        ask(c, slot);
    }
    return BULLA_MORE;
}

enum bulla_status jt808_parts_add(struct jt808_call *c, struct jt808_slot **whole)
{
    const struct jt808_head *head = &c->head;
    if (head->number == 0 || head->number > head->total) {
        return proto_fail_number(c->link, BULLA_INSANE, "sub-package", "a number from 1 to the total", head->number);
    }
    if (head->total == 1 || (!c->link->memory && head->total <= JT808_PARTS_MAX)) {
        return head->total == 1 ? BULLA_OK : kept(c, NULL);
    }
    uint16_t first = (uint16_t)(head->serial - (head->number - 1));
    struct jt808_slot *slot = find(c, first);
    if (head->total > JT808_PARTS_MAX) {
        return refuse(c, slot, "1024 at most", head->total);
    }
    if (slot && c->link->now_ms - slot->last_ms > JT808_PARTS_MS) {
        jt808_parts_drop(c->link, slot);
        slot = NULL;
    }
    slot = slot ? slot : start(c, first);
    if (!slot) {
        return refuse(c, slot, "memory for them", head->total);
    }
    slot->last_ms = c->link->now_ms;
    if (table(slot)[head->number - 1].here) { /* sent again: our answer was lost */
        return kept(c, slot);
    }
    if (slot->used + c->body.len > JT808_PARTS_SIZE || !store(c, slot)) {
        return refuse(c, slot, "4 MiB at most, and memory for them", (int64_t)(slot->used + c->body.len));
    }
    if (slot->have < slot->total) {
        return kept(c, slot);
    }
    if (!join(c, slot)) {
        return refuse(c, slot, "memory to join them", slot->used);
    }
    *whole = slot;
    return BULLA_OK;
}
