/* SPDX-License-Identifier: Apache-2.0
 *
 * Training on a recorded day: what the real store had at the beginning of the day is put into a fresh one (train_copy.c), what happened
 * that day is laid aside in the order in which it arrived (train_day.c) and happens again (train.c). The real store is only read, and is
 * closed before the training begins.
 */
#ifndef CLI_TRAIN_H
#define CLI_TRAIN_H

#include <stdio.h>

#include "platform/store/image.h"

#define TRAIN_LONGEST_MS (INT64_C(60) * 86400000) /* a journey that was sealed longer before the day is left out */

/* --- what happened --- */

enum train_act { TRAIN_MESSAGE, TRAIN_SEALED, TRAIN_ARRIVED, TRAIN_ENDED };

struct train_event {
    int64_t at_ms;
    enum train_act act;
    long place;                  /* of a message in the file; otherwise of the journey in train_day.journeys */
    enum journey_state state;    /* TRAIN_ENDED: released or cancelled */
};

struct train_day {
    int64_t from_ms, until_ms;
    FILE *file; /* has no name: it is gone with the process */
    struct train_event *events;
    size_t n, room, messages;
    char (*journeys)[MODEL_ID_SIZE]; /* sorted */
    size_t n_journeys;
    char (*seals)[MODEL_SEAL_SIZE]; /* sorted; theirs, and what carries them */
    size_t n_seals;
};

/* False: it could not be written, or memory is out. */
bool train_day_message(struct train_day *day, const struct bulla_observation *o, struct bulla_bytes raw);
bool train_day_event(struct train_day *day, const struct train_event *event);
void train_day_sort(struct train_day *day); /* by time, messages in the order in which they were added */
/* Reads a message; the bytes are in *raw, heap: free(). */
bool train_day_read(const struct train_day *day, const struct train_event *event, struct bulla_observation *o, uint8_t **raw, size_t *n);
/* Reads the bytes once more, by the decoder of now: *o becomes what they say of that device and time. What needs more than its own bytes (a
 * log-in before it), and what people said, stays as it was recorded. */
void train_day_decode(struct bulla_observation *o, struct bulla_bytes raw);
void train_day_clear(struct train_day *day);

/* --- copying --- */

/* Puts into `to` what `from` (of store_look()) had at day->from_ms of the journeys that were supervised that day, and fills the day. Records
 * that belong to no journey, rules and policies are those of now. False after telling stderr. */
bool train_copy(struct store *from, struct store *to, struct train_day *day);

#endif
