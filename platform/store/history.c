// SPDX-License-Identifier: Apache-2.0
// The history: opening what is there, closing, and the Bloom filters' share of memory.

#include "platform/store/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool store_history_add(struct store_history *history, struct segment *segment)
{
    if (history->n_segments == history->segments_size) {
        size_t size = history->segments_size * 2 + 16;
        struct segment **segments = realloc(history->segments, size * sizeof(struct segment *));
        if (!segments) {
            return false;
        }
        history->segments = segments;
        history->segments_size = size;
    }
    history->segments[history->n_segments++] = segment;
    return true;
}

static int by_number(const void *left, const void *right)
{
    unsigned a = *(const unsigned *)left;
    unsigned b = *(const unsigned *)right;
    return a < b ? -1 : a > b;
}

struct numbers {
    unsigned *items;
    size_t n;
    bool out_of_memory;
};

static void take_name(void *context, const char *name)
{
    struct numbers *numbers = context;
    unsigned number;
    int end = 0;
    if (sscanf(name, "%6u.db%n", &number, &end) != 1 || end == 0 || name[end] != '\0') {
        return;
    }
    unsigned *more = realloc(numbers->items, (numbers->n + 1) * sizeof *more);
    if (!more) {
        numbers->out_of_memory = true;
        return;
    }
    numbers->items = more;
    numbers->items[numbers->n++] = number;
}

/* The numbers of the segment files in the folder, ascending. Heap. */
static int list_numbers(const struct store_disk *disk, const char *folder, unsigned **out, size_t *out_n)
{
    struct numbers found = {NULL, 0, false};
    int failed = disk->list(disk->host, folder, take_name, &found);
    if (failed || found.out_of_memory) {
        free(found.items);
        return store_fail(STORE_FAILED, "%s: %s", folder, failed ? strerror(failed) : "out of memory");
    }
    if (found.n > 0) {
        qsort(found.items, found.n, sizeof *found.items, by_number);
    }
    *out = found.items;
    *out_n = found.n;
    return 0;
}

static void note(struct store_history *history, const char *sentence)
{
    size_t used = strlen(history->found);
    snprintf(history->found + used, sizeof history->found - used, "%s%s", used ? "; " : "", sentence);
}

/* Not counted, and its number is given again. */
static void drop_unborn(struct store_history *history)
{
    struct segment *segment = history->segments[--history->n_segments];
    const struct store_disk *disk = segment->disk;
    char log[STORE_PATH_SIZE + 8];
    snprintf(log, sizeof log, "%s-wal", segment->path);
    disk->remove(disk->host, log);
    snprintf(log, sizeof log, "%s-shm", segment->path);
    disk->remove(disk->host, log);
    disk->remove(disk->host, segment->path);
    store_segment_free(segment);
}

static int load(struct store_history *history, unsigned number)
{
    char why[400] = "";
    struct segment *segment = store_segment_new(history->options.disk, history->folder, number);
    if (!segment || !store_history_add(history, segment)) {
        store_segment_free(segment);
        return store_fail(STORE_FAILED, "%s: out of memory", history->folder);
    }
    int outcome = store_segment_load(segment, history->options.rows, why, sizeof why);
    if (outcome) {
        return outcome;
    }
    history->log_bytes += segment->log_bytes;
    if (segment->unborn) {
        drop_unborn(history);
        return 0;
    }
    if (*why) {
        note(history, why);
    }
    history->next_number = number + 1;
    return 0;
}

static bool is_new(const struct segment *segment)
{
    return segment->state == SEGMENT_OPEN && segment->index->n_rows == 0;
}

/* The newest open segment becomes hot; an empty one behind it is the spare that was never used. */
static int choose_hot(struct store_history *history)
{
    size_t n = history->n_segments;
    if (n > 1 && is_new(history->segments[n - 1]) && history->segments[n - 2]->state == SEGMENT_OPEN) {
        history->spare = history->segments[--history->n_segments];
        n--;
    }
    struct segment *last = n ? history->segments[n - 1] : NULL;
    if (last && last->state == SEGMENT_OPEN) {
        history->hot = last;
        return last->writer ? 0 : store_db_open_on(last->disk, last->path, STORE_DB_APPEND, &last->writer);
    }
    history->hot = store_keeper_spare(history);
    if (!history->hot) {
        return store_outcome();
    }
    return store_history_add(history, history->hot) ? 0 : store_fail(STORE_FAILED, "%s: out of memory", history->folder);
}

static int load_all(struct store_history *history)
{
    unsigned *numbers = NULL;
    size_t n = 0;
    int outcome = list_numbers(history->options.disk, history->folder, &numbers, &n);
    for (size_t i = 0; i < n && !outcome; i++) {
        outcome = load(history, numbers[i]);
    }
    free(numbers);
    outcome = outcome ? outcome : choose_hot(history);
    if (!outcome && history->spare && !history->spare->writer) {
        outcome = store_db_open_on(history->options.disk, history->spare->path, STORE_DB_APPEND, &history->spare->writer);
    }
    return outcome;
}

static struct store_history *new_history(const char *folder, const struct store_history_options *options)
{
    struct store_history *history = calloc(1, sizeof *history);
    if (history) {
        snprintf(history->folder, sizeof history->folder, "%s", folder);
        history->options = *options;
        history->next_number = 1;
        pthread_rwlockattr_t fair; /* so that readers cannot keep the writer waiting */
        pthread_rwlockattr_init(&fair);
        pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        pthread_rwlock_init(&history->lock, &fair);
        pthread_rwlockattr_destroy(&fair);
        pthread_mutex_init(&history->bloom_lock, NULL);
        pthread_mutex_init(&history->making, NULL);
        pthread_mutex_init(&history->work_lock, NULL);
        pthread_cond_init(&history->work, NULL);
        pthread_cond_init(&history->done, NULL);
    }
    return history;
}

int store_history_open(const char *folder, const struct store_history_options *options, struct store_history **out)
{
    int failed = options->disk->make_folder(options->disk->host, folder);
    if (failed && failed != EEXIST) {
        return store_fail(STORE_FAILED, "%s: %s", folder, strerror(failed));
    }
    struct store_history *history = new_history(folder, options);
    if (!history) {
        return store_fail(STORE_FAILED, "%s: out of memory", folder);
    }
    int outcome = load_all(history);
    outcome = outcome || options->disk->stepped ? outcome : store_keeper_start(history);
    if (outcome) {
        store_history_close(history);
        return outcome;
    }
    *out = history;
    return 0;
}

void store_history_close(struct store_history *history)
{
    if (!history) {
        return;
    }
    store_keeper_stop(history);
    for (size_t i = 0; i < history->n_segments; i++) {
        store_segment_free(history->segments[i]);
    }
    for (size_t i = 0; i < history->n_dropped; i++) {
        store_segment_free(history->dropped[i]);
    }
    free(history->dropped);
    store_segment_free(history->spare);
    free(history->segments);
    free(history->batch.plans);
    free(history->batch.slots);
    pthread_rwlock_destroy(&history->lock);
    pthread_mutex_destroy(&history->bloom_lock);
    pthread_mutex_destroy(&history->making);
    pthread_mutex_destroy(&history->work_lock);
    pthread_cond_destroy(&history->work);
    pthread_cond_destroy(&history->done);
    free(history);
}

/* The place of the filter that was asked for least recently, which leaves memory. */
static size_t free_place(struct store_history *history)
{
    size_t oldest = 0;
    if (history->n_blooms < STORE_BLOOMS_MOST) {
        return history->n_blooms++;
    }
    for (size_t i = 1; i < history->n_blooms; i++) {
        oldest = history->blooms[i]->bloom_used < history->blooms[oldest]->bloom_used ? i : oldest;
    }
    free(history->blooms[oldest]->bloom);
    history->blooms[oldest]->bloom = NULL;
    return oldest;
}

/* Needs the bloom lock. */
static void keep_bloom(struct store_history *history, struct segment *segment, struct store_bloom *bloom)
{
    if (segment->bloom) { /* another thread was faster */
        free(bloom);
        return;
    }
    history->blooms[free_place(history)] = segment;
    segment->bloom = bloom;
}

bool store_history_may_have(struct store_history *history, struct segment *segment, struct store_key key)
{
    pthread_mutex_lock(&history->bloom_lock);
    if (!segment->bloom) {
        pthread_mutex_unlock(&history->bloom_lock); /* not held while a file is read */
        struct store_bloom *bloom = store_segment_read_bloom(segment);
        if (!bloom) {
            return true; /* the rows themselves must tell */
        }
        pthread_mutex_lock(&history->bloom_lock);
        keep_bloom(history, segment, bloom);
    }
    segment->bloom_used = ++history->bloom_clock;
    bool may = store_bloom_may_have(segment->bloom, key);
    pthread_mutex_unlock(&history->bloom_lock);
    return may;
}
