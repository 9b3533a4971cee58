/* SPDX-License-Identifier: Apache-2.0
 *
 * Packed tracks (store/track.h) as the platform keeps them: made from the observations of each finished day, made again when
 * more comes for that day, thinned when old, dropped when older; and read together with what is not packed, so that nobody
 * who reads can tell which was which.
 *
 *   packer   one thread of one node: tracks_start(), or tracks_turn() by whoever has the time
 *   reading  any thread
 *
 * What becomes of an observation in a track: tracks_fix(). Its time is that of the device, or of arrival without one.
 */
#ifndef PLATFORM_TRACKS_H
#define PLATFORM_TRACKS_H

#include <jansson.h>

#include "bulla/observation.h"
#include "platform/base/clock.h"
#include "platform/store/store.h"
#include "platform/store/track.h"

struct tracks_policy { /* days are counted back from today (UTC); 0: never */
    uint32_t grace_h;           /* a day is packed so long after its end: devices send what they kept */
    uint32_t observations_days; /* observations older than this are dropped once they are packed */
    uint32_t thin_days;         /* blocks older than this are thinned */
    uint32_t thin_step_s;       /* to one fix in so many seconds, besides those that tell something (track_thin) */
    uint32_t tracks_days;       /* blocks older than this are dropped */
};
/* Keep observations 400 days, thin after 90 days to 60 s, keep tracks 1,100 days; 6 h of grace. */
struct tracks_policy tracks_policy_default(void);
/* Takes over what an object says: {"grace_h", "observations_days", "thin_days", "thin_step_s", "tracks_days"}, each a whole
 * number. False, *policy untouched, and the reason in why[120]: an unknown name, a value out of its range. */
bool tracks_policy_read(const json_t *object, struct tracks_policy *policy, char why[120]);
/* The default, changed by the store's setting "retention" (JSON as above) where there is one. */
int tracks_policy_load(struct store *store, struct tracks_policy *policy);

struct tracks_done { /* what one turn, or all turns of a thread, did */
    uint64_t packed, thinned, emptied; /* blocks written; of those: made coarser; days that turned out to have nothing */
    uint64_t fixes, bytes;             /* in what was packed */
    uint64_t damaged, crowded;         /* blocks that could not be read and were made again; days with more than LIMIT_TRACK_FIXES */
    uint64_t tracks_dropped, observations_dropped;
    bool more; /* there is more to do now */
};

struct tracks_packer { /* zero it at first; belongs to one thread */
    struct store *store;
    struct tracks_policy policy;
    int64_t thinned_ms, dropped_ms; /* up to where everything is thinned, and dropped; kept in the store's settings */
    int64_t cleared_day_ms;         /* when it last looked for what is to be dropped */
    bool ready;
};
/* Packs or thins at most `most` (1 .. 1000) days of seals, or drops what is too old. 0, or the store's outcome: what was not
 * done is done in a later turn. Doing it twice at one time changes nothing. */
int tracks_turn(struct tracks_packer *packer, int64_t now_ms, unsigned most, struct tracks_done *done);

/* Makes the blocks of a time again from the observations that are still there: days that begin in [from, until] and are
 * finished, of one seal or ("") of all. Adds to *done. */
int tracks_rebuild(struct tracks_packer *packer, int64_t now_ms, const char *seal, int64_t from_ms, int64_t until_ms,
                   struct tracks_done *done);

/* A seal's fixes in [from, until], ascending, at most `limit` (0: all): of packed days from their blocks, else from the
 * observations. `id` is the observation's, "" when it came from a block. 0, STORE_PARTIAL (what could be read was given), or a
 * negative outcome. */
typedef void (*tracks_fn)(void *context, const struct track_fix *fix, const char *id);
int tracks_read(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, tracks_fn each, void *context);

struct track_fix tracks_fix(const struct bulla_observation *o);

/* A thread that takes turns. `mine` (may be NULL: always) is asked before each turn: in a cluster one node packs. NULL: no
 * thread could be made. */
struct tracks;
struct tracks *tracks_start(struct store *store, struct clock clock, const struct tracks_policy *policy, bool (*mine)(void *host), void *host);
void tracks_stop(struct tracks *tracks); /* NULL is fine */
/* What it did so far. */
struct tracks_done tracks_counts(struct tracks *tracks);

#endif
