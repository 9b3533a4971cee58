/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/in/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/limits.h"

/* A block of reassembly memory: its size is kept so that limits hold, and the list so that closing frees all. */
struct peer_block {
    struct peer_block *next, **link;
    size_t size;
    max_align_t bytes[];
};

static void block_unlink(struct peer_block *block)
{
    *block->link = block->next;
    if (block->next)
        block->next->link = block->link;
}

static void block_link(struct peer *p, struct peer_block *block)
{
    block->next = p->blocks;
    block->link = &p->blocks;
    if (p->blocks)
        p->blocks->link = &block->next;
    p->blocks = block;
}

static void account(struct peer *p, size_t had, size_t size)
{
    p->reassembly_bytes += size - had;
    *p->host->reassembly_total += size - had;
}

static void *reassembly(void *host, void *at, size_t size)
{
    struct peer *p = host;
    struct peer_block *old = at ? (struct peer_block *)((char *)at - offsetof(struct peer_block, bytes)) : NULL;
    size_t had = old ? old->size : 0;
    if (size > had &&
        (p->reassembly_bytes - had + size > LIMIT_REASSEMBLY_BYTES || *p->host->reassembly_total - had + size > LIMIT_REASSEMBLY_TOTAL_BYTES))
        return NULL;
    if (old)
        block_unlink(old);
    if (size == 0) {
        account(p, had, 0);
        free(old);
        return NULL;
    }
    struct peer_block *grown = realloc(old, sizeof *grown + size);
    if (grown) {
        account(p, had, size);
        grown->size = size;
    }
    if (grown || old)
        block_link(p, grown ? grown : old);
    return grown ? grown->bytes : NULL;
}

static void randomness(void *host, uint8_t *to, size_t n)
{
    struct peer *p = host;
    p->host->random(p->host->gateway, to, n);
}

/* The seal's set-up is known only once the message tells whose it is: the first message of a seal with a set-up of its
 * own is decoded a second time with it. */
static void learn_profile(struct peer *p, const char *seal)
{
    struct proto_profile found = {0};
    snprintf(p->seal, sizeof p->seal, "%s", seal);
    bool special = p->host->profile(p->host->gateway, seal, &found);
    p->again = special && (!p->profile_known || memcmp(&found, &p->profile, sizeof found) != 0);
    p->profile = found;
    p->profile_known = true;
    p->link.profile = special ? &p->profile : NULL;
}

static bool speaks_for(const struct peer *p, const struct bulla_observation *o)
{
    size_t n = strlen(o->protocol);
    return p->profile_known && strncmp(p->seal, o->protocol, n) == 0 && p->seal[n] == ':' && strcmp(p->seal + n + 1, o->device) == 0;
}

static void on_emit(void *host, const struct bulla_observation *o)
{
    struct peer *p = host;
    struct batch_row *row = batch_put_row(p->host->batch(p->host->gateway), o);
    if (!row)
        return;
    row->o.received_ms = p->link.now_ms;
    if (!speaks_for(p, o)) {
        char seal[sizeof p->seal];
        snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
        learn_profile(p, seal);
        p->host->route(p->host->gateway, p, seal);
    }
    if (p->keep == SHED_NO || p->keep == KEEP_CALM) /* one that must be kept keeps the whole message */
        p->keep = p->host->judge(p->host->gateway, p, o);
}

static void on_reply(void *host, const uint8_t *bytes, size_t n)
{
    struct peer *p = host;
    p->unnamed |= p->proto && !shed_answer_names(p->proto->name, bytes, n);
    if (batch_put_reply(p->host->batch(p->host->gateway), p->number, bytes, n))
        p->host->counts->replies++;
    else
        p->host->counts->dropped_replies++;
}

static bool begin(struct peer *p, const struct proto *proto)
{
    p->proto = proto;
    p->link.state = calloc(1, proto->state_size ? proto->state_size : 1);
    return p->link.state != NULL;
}

struct peer *peer_new(const struct peer_host *host, const struct proto *proto, uint64_t number, int64_t now_ms)
{
    struct peer *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->number = number;
    p->host = host;
    p->opened_ms = p->heard_ms = now_ms;
    p->link.host = p;
    p->link.emit = on_emit;
    p->link.reply = on_reply;
    p->link.memory = reassembly;
    p->link.random = randomness;
    if (proto && !begin(p, proto)) {
        free(p);
        return NULL;
    }
    return p;
}

void peer_free(struct peer *p)
{
    if (!p)
        return;
    *p->host->reassembly_total -= p->reassembly_bytes;
    while (p->blocks) {
        struct peer_block *block = p->blocks;
        p->blocks = block->next;
        free(block);
    }
    free(p->link.state);
    free(p->held);
    free(p);
}

static void keep_damage(struct peer *p, enum bulla_status outcome, const char *why, const uint8_t *at, size_t n)
{
    struct batch *b = p->host->batch(p->host->gateway);
    p->host->counts->outcomes[-outcome & 7]++;
    if (b->n_damages >= LIMIT_DAMAGES_PER_BATCH)
        return;
    size_t kept = n < LIMIT_DAMAGE_BYTES ? n : LIMIT_DAMAGE_BYTES;
    size_t raw_at = batch_put_bytes(b, at, kept);
    struct batch_damage *damage = raw_at == SIZE_MAX ? NULL : batch_put_damage(b);
    if (!damage)
        return;
    snprintf(damage->protocol, sizeof damage->protocol, "%s", p->proto ? p->proto->name : "auto");
    snprintf(damage->peer, sizeof damage->peer, "%s", p->address);
    snprintf(damage->why, sizeof damage->why, "%s", why);
    damage->outcome = outcome;
    damage->received_ms = p->link.now_ms;
    damage->raw_at = raw_at;
    damage->raw_len = kept;
}

/* Line ends and the like between messages of a text protocol are nothing to study. */
static bool is_blank(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] != '\r' && at[i] != '\n' && at[i] != ' ' && at[i] != '\t' && at[i] != '\0')
            return false;
    return true;
}

static void keep_garbage(struct peer *p, const uint8_t *at, size_t n)
{
    p->garbage_bytes += n;
    p->host->counts->garbage_bytes += n;
    keep_damage(p, BULLA_NOT_MINE, "bytes between messages: expected the start of one", at, n);
}

/* Gives the rows emitted since the mark the bytes they came from. */
static void attach_raw(struct peer *p, struct batch_mark mark, const uint8_t *at, size_t n)
{
    struct batch *b = p->host->batch(p->host->gateway);
    if (b->n_rows == mark.rows)
        return;
    size_t raw_at = batch_put_bytes(b, at, n);
    if (raw_at == SIZE_MAX)
        return;
    for (size_t i = mark.rows; i < b->n_rows; i++) {
        b->rows[i].raw_at = raw_at;
        b->rows[i].raw_len = n;
        b->rows[i].news = shed_keep_is_news(p->keep);
    }
    p->host->counts->observations += b->n_rows - mark.rows;
    if (p->batch != b->number) {
        p->batch = b->number;
        p->batch_rows = 0;
    }
    p->batch_rows += b->n_rows - mark.rows;
}

/* More comes than can be stored, and this says nothing new: neither stored nor acknowledged, so the device keeps it. */
static bool shed(struct peer *p, struct batch *b, struct batch_mark mark)
{
    size_t rows = b->n_rows - mark.rows;
    if (p->keep != SHED_NO || rows == 0 || p->unnamed)
        return false;
    p->host->counts->replies -= b->n_replies - mark.replies;
    p->host->shed(p->host->gateway, p, rows, b->n_replies > mark.replies);
    batch_rewind(b, mark);
    return true;
}

static void decode(struct peer *p, const uint8_t *at, size_t n)
{
    struct batch *b = p->host->batch(p->host->gateway);
    struct batch_mark mark = batch_mark(b);
    p->again = p->unnamed = false;
    p->keep = SHED_NO;
    enum bulla_status outcome = p->proto->decode(&p->link, at, n);
    if (p->again && outcome == BULLA_OK) {
        batch_rewind(b, mark);
        outcome = p->proto->decode(&p->link, at, n);
    }
    p->host->counts->messages++;
    p->host->counts->by_protocol[p->proto->number & 15]++;
    if (outcome == BULLA_OK && !b->failed) {
        p->messages++;
        if (!shed(p, b, mark))
            attach_raw(p, mark, at, n);
        return;
    }
    if (b->failed) { /* nothing of this message may be half kept; the device will send it again */
        batch_rewind(b, mark);
        b->failed = false;
        return;
    }
    b->n_rows = mark.rows; /* replies stay: a protocol may ask for the message again */
    p->damaged++;
    keep_damage(p, outcome, p->link.error[0] ? p->link.error : bulla_status_text(outcome), at, n);
}

/* Whose bytes are these? True when known now; *fatal is set when nobody wants them. */
static bool recognise(struct peer *p, const uint8_t *at, size_t n, bool *fatal)
{
    bool more = false;
    const struct proto *proto = proto_recognise(at, n, &more);
    if (proto && begin(p, proto))
        return true;
    if (!more || proto) {
        p->host->counts->unrecognised++;
        keep_damage(p, BULLA_NOT_MINE, "protocol: expected one that is known, got none that fits", at, n);
        *fatal = true;
    }
    return false;
}

static bool over_limit(struct peer *p)
{
    if (p->garbage_bytes <= LIMIT_GARBAGE_BYTES && p->damaged <= LIMIT_DAMAGED_MESSAGES)
        return false;
    if (p->packets) /* a packet harms only itself; the sender's address may be forged */
        return false;
    p->host->counts->closed_garbage++;
    return true;
}

/* Works through whole messages; returns how many bytes are done with. */
static size_t consume(struct peer *p, const uint8_t *at, size_t n, bool *fatal)
{
    size_t done = 0;
    while (done < n && !*fatal) {
        if (!p->proto && !recognise(p, at + done, n - done, fatal))
            break;
        struct proto_frame frame = {0, 0};
        p->link.error[0] = '\0';
        enum bulla_status found = p->proto->frame(&p->link, at + done, n - done, &frame);
        if (frame.skip > 0 && !is_blank(at + done, frame.skip))
            keep_garbage(p, at + done, frame.skip);
        done += frame.skip;
        if (found == BULLA_OK) {
            decode(p, at + done, frame.len);
            done += frame.len;
        }
        *fatal |= over_limit(p);
        if (found != BULLA_OK)
            break;
    }
    return done;
}

static bool hold(struct peer *p, const uint8_t *at, size_t n, int64_t now_ms)
{
    size_t most = p->proto ? p->proto->frame_max : 65536;
    if (n == 0) {
        p->n_held = 0;
        p->partial_since_ms = 0;
        free(p->held); /* thousands of idle connections must not keep a buffer each */
        p->held = NULL;
        p->held_size = 0;
        return true;
    }
    if (p->packets || n > most + LIMIT_READ_BYTES) {
        keep_damage(p, BULLA_DAMAGED, "message: expected it whole, got a part", at, n);
        return p->packets;
    }
    if (!p->partial_since_ms)
        p->partial_since_ms = now_ms;
    if (p->held == at && p->n_held == n)
        return true;
    if (n > p->held_size) {
        uint8_t *grown = realloc(p->held, n);
        if (!grown)
            return false;
        p->held = grown;
        p->held_size = n;
    }
    memmove(p->held, at, n);
    p->n_held = n;
    return true;
}

bool peer_feed(struct peer *p, const uint8_t *at, size_t n, int64_t now_ms)
{
    bool fatal = false;
    p->heard_ms = now_ms;
    p->link.now_ms = now_ms;
    p->host->counts->bytes_in += n;
    if (p->n_held == 0) {
        size_t done = consume(p, at, n, &fatal);
        return !fatal && hold(p, at + done, n - done, now_ms);
    }
    size_t total = p->n_held + n;
    uint8_t *grown = realloc(p->held, total);
    if (!grown)
        return false;
    memcpy(grown + p->n_held, at, n);
    p->held = grown;
    p->held_size = p->n_held = total;
    size_t done = consume(p, p->held, total, &fatal);
    if (fatal)
        return false;
    if (done == total)
        return hold(p, NULL, 0, now_ms);
    memmove(p->held, p->held + done, total - done);
    p->n_held = total - done;
    if (done > 0)
        p->partial_since_ms = 0;
    return hold(p, p->held, p->n_held, now_ms);
}
