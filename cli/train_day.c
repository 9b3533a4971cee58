/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/train.h"
#include "proto/proto.h"

struct head {
    struct bulla_observation o;
    size_t n; /* bytes behind it */
};

bool train_day_event(struct train_day *day, const struct train_event *event)
{
    if (day->n == day->room) {
        size_t room = day->room ? day->room * 2 : 1024;
        struct train_event *grown = realloc(day->events, room * sizeof *grown);
        if (!grown)
            return false;
        day->events = grown;
        day->room = room;
    }
    day->events[day->n++] = *event;
    return true;
}

bool train_day_message(struct train_day *day, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct head head = {.n = raw.len};
    head.o = *o;
    struct train_event event = {.at_ms = o->received_ms, .act = TRAIN_MESSAGE, .place = ftell(day->file)};
    day->messages++;
    return event.place >= 0 && fwrite(&head, sizeof head, 1, day->file) == 1 &&
           (raw.len == 0 || fwrite(raw.at, raw.len, 1, day->file) == 1) && train_day_event(day, &event);
}

static int by_time(const void *a, const void *b)
{
    const struct train_event *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->act != y->act) /* a journey is sealed before its seal speaks, and ends when it has spoken */
        return (x->act == TRAIN_SEALED) != (y->act == TRAIN_SEALED) ? (x->act == TRAIN_SEALED ? -1 : 1) : x->act < y->act ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

void train_day_sort(struct train_day *day)
{
    if (day->n)
        qsort(day->events, day->n, sizeof *day->events, by_time);
}

bool train_day_read(const struct train_day *day, const struct train_event *event, struct bulla_observation *o, uint8_t **raw, size_t *n)
{
    struct head head;
    *raw = NULL;
    if (fseek(day->file, event->place, SEEK_SET) != 0 || fread(&head, sizeof head, 1, day->file) != 1)
        return false;
    *raw = malloc(head.n ? head.n : 1);
    if (!*raw || (head.n && fread(*raw, head.n, 1, day->file) != 1)) {
        free(*raw);
        *raw = NULL;
        return false;
    }
    *o = head.o;
    *n = head.n;
    return true;
}

struct heard {
    const struct bulla_observation *recorded;
    struct bulla_observation o;
    bool found;
};

static void hear(void *host, const struct bulla_observation *o)
{
    struct heard *h = host;
    if (h->found || strcmp(o->device, h->recorded->device) != 0 || o->time_ms != h->recorded->time_ms || o->counter != h->recorded->counter)
        return;
    h->o = *o;
    h->found = true;
}

static void ignore(void *host, const uint8_t *bytes, size_t n)
{
    (void)host, (void)bytes, (void)n;
}

void train_day_decode(struct bulla_observation *o, struct bulla_bytes raw)
{
    _Alignas(max_align_t) uint8_t state[PROTO_STATE_MAX] = {0};
    const struct proto *p = proto_find(o->protocol);
    struct heard heard = {.recorded = o};
    struct proto_link link = {.state = state, .now_ms = o->received_ms, .host = &heard, .emit = hear, .reply = ignore};
    if (!p || raw.len == 0 || (o->has & BULLA_HAS_NOTE) || p->decode(&link, raw.at, raw.len) != BULLA_OK || !heard.found)
        return;
    int64_t received_ms = o->received_ms;
    memcpy(o, &heard.o, sizeof *o);
    o->received_ms = received_ms;
}

void train_day_clear(struct train_day *day)
{
    if (day->file)
        fclose(day->file);
    free(day->events);
    free(day->journeys);
    free(day->seals);
    *day = (struct train_day){0};
}
