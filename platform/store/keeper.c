// SPDX-License-Identifier: Apache-2.0
// The keeper: the thread that does what must not delay an append.

#include "platform/store/history.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { RETRY_S = 5 };

void store_keeper_wake(struct store_history *history, bool close, bool move_log)
{
    pthread_mutex_lock(&history->work_lock);
    history->close_soon = history->close_soon || close;
    history->move_log = history->move_log || move_log;
    pthread_cond_signal(&history->work);
    pthread_mutex_unlock(&history->work_lock);
}

void store_keeper_move(struct store_history *history, const char *path)
{
    pthread_mutex_lock(&history->work_lock);
    history->other_log = path;
    pthread_cond_signal(&history->work);
    pthread_mutex_unlock(&history->work_lock);
}

/* Needs `making`. */
static struct segment *make_segment(struct store_history *history)
{
    struct segment *segment = store_segment_new(history->options.disk, history->folder, history->next_number);
    if (segment && store_segment_create(segment, history->options.rows)) {
        store_segment_free(segment);
        segment = NULL;
    }
    if (segment) {
        history->next_number++;
    }
    return segment;
}

static struct segment *take_spare(struct store_history *history)
{
    pthread_mutex_lock(&history->work_lock);
    struct segment *spare = history->spare;
    history->spare = NULL;
    pthread_cond_signal(&history->work);
    pthread_mutex_unlock(&history->work_lock);
    return spare;
}

struct segment *store_keeper_spare(struct store_history *history)
{
    struct segment *spare = take_spare(history);
    if (!spare) {
        pthread_mutex_lock(&history->making);
        spare = take_spare(history); /* the keeper was just making it */
        if (!spare) {
            spare = make_segment(history);
            history->stalls++;
        }
        pthread_mutex_unlock(&history->making);
    }
    return spare;
}

static bool is_spare_missing(struct store_history *history)
{
    pthread_mutex_lock(&history->work_lock);
    bool missing = !history->spare;
    pthread_mutex_unlock(&history->work_lock);
    return missing;
}

static void make_spare(struct store_history *history)
{
    pthread_mutex_lock(&history->making);
    if (is_spare_missing(history)) {
        struct segment *spare = make_segment(history);
        pthread_mutex_lock(&history->work_lock);
        history->spare = spare;
        pthread_mutex_unlock(&history->work_lock);
    }
    pthread_mutex_unlock(&history->making);
}

/* The oldest segment that waits to be closed, or whose log waits to be put away. */
static struct segment *next_to_close(struct store_history *history, bool log)
{
    struct segment *found = NULL;
    pthread_rwlock_rdlock(&history->lock);
    for (size_t i = 0; i < history->n_segments && !found; i++) {
        struct segment *segment = history->segments[i];
        bool waits =
            log ? segment->state == SEGMENT_CLOSED && segment->log_kept : segment->state == SEGMENT_OPEN && segment != history->hot;
        found = waits ? segment : NULL;
    }
    pthread_rwlock_unlock(&history->lock);
    return found;
}

static int close_segment(struct store_history *history, struct segment *segment)
{
    int outcome = segment->writer ? 0 : store_db_open_on(segment->disk, segment->path, STORE_DB_APPEND, &segment->writer);
    if (outcome) {
        return outcome;
    }
    outcome = store_segment_index_file(segment);
    if (outcome) {
        return outcome;
    }
    sqlite3_wal_checkpoint_v2(segment->writer->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    pthread_rwlock_wrlock(&history->lock);
    outcome = store_segment_become_closed(segment, segment->writer);
    segment->log_kept = true;
    pthread_rwlock_unlock(&history->lock);
    return outcome;
}

enum step { STEP_NOTHING, STEP_DONE, STEP_FAILED };

static enum step close_one(struct store_history *history)
{
    struct segment *segment = next_to_close(history, false);
    if (!segment) {
        return STEP_NOTHING;
    }
    bool done = close_segment(history, segment) == 0;
    pthread_mutex_lock(&history->work_lock);
    history->closed += done;
    history->close_failures += !done;
    pthread_mutex_unlock(&history->work_lock);
    return done ? STEP_DONE : STEP_FAILED;
}

static enum step put_one_log_away(struct store_history *history)
{
    struct segment *segment = next_to_close(history, true);
    if (!segment) {
        return STEP_NOTHING;
    }
    if (!store_segment_put_log_away(segment)) {
        return STEP_FAILED;
    }
    pthread_rwlock_wrlock(&history->lock);
    segment->log_kept = false;
    pthread_rwlock_unlock(&history->lock);
    return STEP_DONE;
}

static bool close_all(struct store_history *history)
{
    enum step step;
    while ((step = close_one(history)) == STEP_DONE) {
    }
    while (step == STEP_NOTHING && (step = put_one_log_away(history)) == STEP_DONE) {
        step = STEP_NOTHING;
    }
    return step != STEP_FAILED;
}

static void move_log_of(const struct store_disk *disk, const char *path)
{
    struct store_db *db = NULL;
    if (store_db_open_on(disk, path, STORE_DB_APPEND, &db) == 0) {
        sqlite3_busy_timeout(db->handle, 0);
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    store_db_close(db);
}

static void move_log(struct store_history *history)
{
    pthread_rwlock_rdlock(&history->lock);
    struct segment *hot = history->hot;
    pthread_rwlock_unlock(&history->lock);
    move_log_of(hot->disk, hot->path);
}

/* Needs the work lock. Waits for work, at most until a failed attempt is to be repeated. */
static void wait_for_work(struct store_history *history, bool retry)
{
    if (history->close_soon || history->move_log || history->other_log) {
        return;
    }
    if (retry) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += RETRY_S;
        pthread_cond_timedwait(&history->work, &history->work_lock, &until);
        return;
    }
    while (!history->stop && !history->close_soon && !history->move_log && !history->other_log && history->spare) {
        pthread_cond_wait(&history->work, &history->work_lock);
    }
}

static void *keep(void *context)
{
    struct store_history *history = context;
    bool retry = false;
    pthread_setname_np(pthread_self(), "keeper");
    pthread_mutex_lock(&history->work_lock);
    while (!history->stop) {
        bool log = history->move_log;
        const char *other = history->other_log;
        history->close_soon = history->move_log = false;
        history->other_log = NULL;
        history->busy = true;
        pthread_mutex_unlock(&history->work_lock);
        make_spare(history);
        if (log) {
            move_log(history);
        }
        if (other) {
            move_log_of(history->options.disk, other);
        }
        retry = !close_all(history);
        pthread_mutex_lock(&history->work_lock);
        history->busy = false;
        pthread_cond_broadcast(&history->done);
        if (!history->stop) {
            wait_for_work(history, retry || !history->spare);
        }
    }
    pthread_mutex_unlock(&history->work_lock);
    return NULL;
}

int store_keeper_start(struct store_history *history)
{
    history->close_soon = true;
    int code = pthread_create(&history->keeper, NULL, keep, history);
    history->keeper_runs = code == 0;
    return code ? store_fail(STORE_FAILED, "starting the store's keeper: error %d", code) : 0;
}

void store_keeper_stop(struct store_history *history)
{
    if (!history->keeper_runs) {
        return;
    }
    pthread_mutex_lock(&history->work_lock);
    history->stop = true;
    pthread_cond_signal(&history->work);
    pthread_mutex_unlock(&history->work_lock);
    pthread_join(history->keeper, NULL);
    history->keeper_runs = false;
}

/* One piece of the keeper's work. */
static enum step step(struct store_history *history)
{
    pthread_mutex_lock(&history->work_lock);
    bool log = history->move_log;
    const char *other = history->other_log;
    history->close_soon = history->move_log = false;
    history->other_log = NULL;
    pthread_mutex_unlock(&history->work_lock);
    if (other) {
        move_log_of(history->options.disk, other);
        history->move_log = log;
        return STEP_DONE;
    }
    if (is_spare_missing(history)) {
        make_spare(history);
        history->move_log = log;
        return is_spare_missing(history) ? STEP_FAILED : STEP_DONE;
    }
    if (log) {
        move_log(history);
        return STEP_DONE;
    }
    enum step closed = close_one(history);
    return closed == STEP_NOTHING ? put_one_log_away(history) : closed;
}

bool store_history_step(struct store_history *history)
{
    return step(history) != STEP_NOTHING;
}

void store_history_settle(struct store_history *history)
{
    if (!history->keeper_runs) {
        while (step(history) == STEP_DONE) {
        }
        return;
    }
    pthread_mutex_lock(&history->work_lock);
    history->close_soon = true;
    history->busy = true; /* until the keeper has been round once more */
    pthread_cond_signal(&history->work);
    while (history->busy || history->close_soon) {
        pthread_cond_wait(&history->done, &history->work_lock);
    }
    pthread_mutex_unlock(&history->work_lock);
}
