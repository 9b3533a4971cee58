/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/in/batch.h"

#include <stdlib.h>
#include <string.h>

struct batch *batch_new(void)
{
    struct batch *b = calloc(1, sizeof *b);
    if (b)
        batch_clear(b);
    return b;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    free(b->rows);
    free(b->replies);
    free(b->damages);
    free(b->notes);
    free(b->told);
    free(b->bytes);
    free(b);
}

void batch_clear(struct batch *b)
{
    b->n_rows = b->n_replies = b->n_damages = b->n_notes = b->n_told = b->n_bytes = 0;
    b->failed = b->lost = false;
    b->rows_ms = -1;
    b->next = NULL;
}

bool batch_empty(const struct batch *b)
{
    return b->n_rows == 0 && b->n_replies == 0 && b->n_damages == 0 && b->n_notes == 0 && b->n_told == 0;
}

void batch_rewind(struct batch *b, struct batch_mark mark)
{
    b->n_rows = mark.rows;
    b->n_replies = mark.replies;
    b->n_bytes = mark.bytes;
}

/* Makes room for one more item of `each` bytes; doubles. */
static bool grow(struct batch *b, void **items, size_t *size, size_t need, size_t each)
{
    if (need <= *size)
        return true;
    size_t bigger = *size ? *size * 2 : 64;
    while (bigger < need)
        bigger *= 2;
    void *grown = realloc(*items, bigger * each);
    if (!grown) {
        b->failed = true;
        return false;
    }
    *items = grown;
    *size = bigger;
    return true;
}

size_t batch_put_bytes(struct batch *b, const void *bytes, size_t n)
{
    if (!grow(b, (void **)&b->bytes, &b->bytes_size, b->n_bytes + n, 1))
        return SIZE_MAX;
    if (n > 0)
        memcpy(b->bytes + b->n_bytes, bytes, n);
    b->n_bytes += n;
    return b->n_bytes - n;
}

/* How much of an observation is in use: the arrays lie at the end, in this order. */
static size_t used_size(const struct bulla_observation *o)
{
    if (o->has & BULLA_HAS_NOTE)
        return sizeof *o;
    if (o->n_sublocks)
        return offsetof(struct bulla_observation, sublocks) + o->n_sublocks * sizeof o->sublocks[0];
    if (o->n_cells)
        return offsetof(struct bulla_observation, cells) + o->n_cells * sizeof o->cells[0];
    return offsetof(struct bulla_observation, sensors) + o->n_sensors * sizeof o->sensors[0];
}

struct batch_row *batch_put_row(struct batch *b, const struct bulla_observation *o)
{
    if (!grow(b, (void **)&b->rows, &b->rows_size, b->n_rows + 1, sizeof *b->rows))
        return NULL;
    struct batch_row *row = &b->rows[b->n_rows++];
    memcpy(&row->o, o, used_size(o));
    row->raw_at = row->raw_len = 0;
    row->news = false;
    return row;
}

bool batch_put_reply(struct batch *b, uint64_t peer, const uint8_t *bytes, size_t n)
{
    size_t at = batch_put_bytes(b, bytes, n);
    if (at == SIZE_MAX || !grow(b, (void **)&b->replies, &b->replies_size, b->n_replies + 1, sizeof *b->replies))
        return false;
    b->replies[b->n_replies++] = (struct batch_reply){peer, at, n};
    return true;
}

struct batch_damage *batch_put_damage(struct batch *b)
{
    if (!grow(b, (void **)&b->damages, &b->damages_size, b->n_damages + 1, sizeof *b->damages))
        return NULL;
    return memset(&b->damages[b->n_damages++], 0, sizeof *b->damages);
}

struct batch_note *batch_put_note(struct batch *b)
{
    if (!grow(b, (void **)&b->notes, &b->notes_size, b->n_notes + 1, sizeof *b->notes))
        return NULL;
    return memset(&b->notes[b->n_notes++], 0, sizeof *b->notes);
}

bool batch_put_told(struct batch *b, void (*done)(void *context, bool stored), void *context)
{
    if (!grow(b, (void **)&b->told, &b->told_size, b->n_told + 1, sizeof *b->told))
        return false;
    b->told[b->n_told++] = (struct batch_told){done, context};
    return true;
}

void batch_lose(struct batch *b)
{
    b->n_replies = 0;
    b->lost = true;
}

void batch_tell(struct batch *b)
{
    for (size_t i = 0; i < b->n_told; i++)
        b->told[i].done(b->told[i].context, !b->lost);
    b->n_told = 0;
}
