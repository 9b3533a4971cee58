/* SPDX-License-Identifier: Apache-2.0
 *
 * AIS: what receivers of vessels' transponders say, in sentences of NMEA 0183 over TCP or UDP.
 *
 *   [\s:station,c:1618033988*hh\]!AIVDM,total,number,id,channel,payload,fill*hh
 *
 *   tag block   optional; c is when the receiver heard it. hh: exclusive or of the characters between the marks
 *   total       parts of the message, number: which this is, id: which parts belong together (empty for one part)
 *   payload     six bits a character: 0 to W are 0 to 39, ` to w are 40 to 63 (ITU-R M.1371); the last `fill` bits do not count
 *
 * AIVDO is the receiver's own vessel. Other sentences, such as $GPRMC, are taken for what they are: not damaged, not read.
 * Many vessels speak through one connection: each observation bears its own MMSI. Nothing is answered.
 *
 * The message has the second of UTC alone. The rest is when it was heard: the tag block's time, else the arrival, less the
 * delay that a base station on the same connection has just shown (message 4 has the whole date).
 */
#include "proto/ais.h"

/* ---- parts ---- */

static struct ais_slot *slot_of(struct ais *self, const struct ais_sentence *s)
{
    for (size_t i = 0; i < AIS_SLOTS; i++) {
        struct ais_slot *slot = &self->slots[i];
        if (slot->total && slot->id == s->id && slot->channel == s->channel) {
            return slot;
        }
    }
    return NULL;
}

/* A free one or one that has been read, else the oldest. */
static struct ais_slot *new_slot(struct ais *self, uint32_t now_ms)
{
    struct ais_slot *oldest = &self->slots[0];
    for (size_t i = 0; i < AIS_SLOTS; i++) {
        struct ais_slot *slot = &self->slots[i];
        if (!slot->total || slot->done) {
            return slot;
        }
        if (now_ms - slot->at_ms > now_ms - oldest->at_ms) {
            oldest = slot;
        }
    }
    return oldest;
}

static enum bulla_status first_part(struct ais *self, const struct ais_sentence *s, uint32_t now_ms)
{
    struct ais_slot *slot = slot_of(self, s);
    slot = slot ? slot : new_slot(self, now_ms);
    *slot = (struct ais_slot){.id = s->id, .channel = s->channel, .total = (uint8_t)s->total, .next = 2, .at_ms = now_ms};
    slot->ignored = s->payload.len > sizeof slot->chars || !ais_is_read(ais_six_bits[s->payload.at[0]]);
    if (!slot->ignored) {
        slot->n = (uint8_t)s->payload.len;
        bulla_copy(slot->chars, s->payload.at, s->payload.len);
    }
    return BULLA_OK;
}

/* Out of order, or without the first: parts of a stream that was joined late, or lost. */
static enum bulla_status stray_part(struct proto_link *link, struct ais_slot *slot, const struct ais_sentence *s)
{
    if (slot) {
        slot->total = 0;
    }
    return proto_fail_number(link, BULLA_DAMAGED, "part", "the one behind the last", s->number);
}

static enum bulla_status next_part(struct proto_link *link, const struct ais_sentence *s, uint32_t now_ms, int64_t heard_ms)
{
    struct ais_slot *slot = slot_of(link->state, s);
    uint32_t most_ms = slot && slot->done ? 0 : AIS_PARTS_MS;
    if (!slot || slot->next != s->number || slot->total != s->total || now_ms - slot->at_ms > most_ms) {
        return stray_part(link, slot, s);
    }
    bool last = s->number == s->total;
    slot->done = last;
    slot->at_ms = now_ms;
    slot->next = (uint8_t)(slot->next + !last);
    if (slot->ignored) {
        return BULLA_OK;
    }
    if (s->payload.len > sizeof slot->chars - slot->n) {
        slot->total = 0;
        return proto_fail_number(link, BULLA_DAMAGED, "parts", "at most 76 characters, which a message of this type has", slot->n);
    }
    bulla_copy(slot->chars + slot->n, s->payload.at, s->payload.len);
    size_t n = slot->n + s->payload.len;
    if (!last) {
        slot->n = (uint8_t)n;
        return BULLA_OK;
    }
    return ais_read(link, (struct ais_bits){(const uint8_t *)slot->chars, n * 6 - s->fill}, heard_ms);
}

/* ---- one sentence ---- */

/* The receiver's own time, where it can be; a clock that is ahead of ours is wrong. */
static int64_t heard_at(const struct proto_link *link, const struct ais_sentence *s)
{
    bool said = s->tag_ms != BULLA_TIME_NONE && s->tag_ms <= link->now_ms + 60000;
    return said ? s->tag_ms : link->now_ms;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct ais_sentence s;
    enum bulla_status status = ais_open(link, at, n, &s);
    if (status != BULLA_OK || s.empty) {
        return status;
    }
    int64_t heard_ms = heard_at(link, &s);
    uint32_t now_ms = (uint32_t)(uint64_t)link->now_ms;
    if (s.total == 1) {
        return ais_read(link, (struct ais_bits){s.payload.at, s.payload.len * 6 - s.fill}, heard_ms);
    }
    return s.number == 1 ? first_part(link->state, &s, now_ms) : next_part(link, &s, now_ms, heard_ms);
}

/* A receiver takes no orders. */
static const struct proto_command commands[] = {{NULL}};

static enum bulla_status encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                struct bulla_writer *out)
{
    (void)device;
    (void)args;
    (void)out;
    return proto_fail(link, BULLA_REFUSED, "command", "none: vessels take no orders",
                      (struct bulla_bytes){(const uint8_t *)command, bulla_length(command)});
}

const struct proto proto_ais = {
    .number = 13,
    .name = "ais",
    .title = "AIS receivers",
    .transports = "tcp udp",
    .port = 10110,
    .state_size = sizeof(struct ais),
    .frame_max = AIS_LINE_MAX,
    .probe = ais_probe,
    .frame = ais_frame,
    .decode = decode,
    .encode = encode,
    .commands = commands,
};
