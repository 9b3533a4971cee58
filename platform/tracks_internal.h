/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the packed tracks.
 */
#ifndef PLATFORM_TRACKS_INTERNAL_H
#define PLATFORM_TRACKS_INTERNAL_H

#include "platform/tracks.h"

#define TRACKS_DROPPED "tracks.dropped" /* settings: ms as text; observations before it may be gone */
#define TRACKS_THINNED "tracks.thinned" /* blocks of days before it are thinned */

struct track_list { /* heap */
    struct track_fix *fixes;
    size_t n, size;
    bool failed; /* out of memory: it is not whole */
};

bool tracks_add(struct track_list *list, const struct track_fix *fix);
/* A store_observation_fn whose context is a track_list. */
void tracks_collect(void *context, const struct bulla_observation *o, struct bulla_bytes raw);

/* What is in either, by time; twins count once for each pair. Those of `observed` come first where times are the same. Both are
 * left in another order. */
void tracks_unite(struct track_list *observed, struct track_list *packed, struct track_list *out);

/* Whether a day's observations may be gone in part, so that they and its block are both needed. */
bool tracks_is_united(int64_t day_ms, int64_t packed_ms, int64_t dropped_ms);

/* A number in the store's settings; INT64_MIN when there is none. */
int tracks_setting(struct store *store, const char *name, int64_t *value);

#endif
