/* SPDX-License-Identifier: Apache-2.0
 *
 * What a node of several does with what its gateway accepts: name it, divide it among partitions, put it into the outbox, and only
 * then let the replies go; the sender brings it to the bus. Neither the bus nor the store need be there: a node goes on accepting
 * until its outbox is full.
 *
 * Runs on the ingest thread. The engine thread, which takes what the bus says, sends word by ingest_mail().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"

static void note_applied(void *context, unsigned partition, uint64_t number)
{
    uint64_t *applied = context;
    if (partition < STORE_PARTITIONS_MOST)
        applied[partition] = number;
}

/* The two ways in which outbox and store can have come apart. NULL: they have not. */
static const char *apart(const struct outbox *outbox, unsigned partitions, const uint64_t applied[STORE_PARTITIONS_MOST])
{
    for (unsigned i = 0; i < partitions; i++) {
        uint64_t oldest = outbox_oldest(outbox, i), forgotten = oldest ? oldest - 1 : outbox_last(outbox, i);
        if (applied[i] > outbox_last(outbox, i))
            return "the outbox is older than what the store has had of it";
        if (applied[i] < forgotten)
            return "the store is older than what it has confirmed to the outbox";
    }
    return NULL;
}

/* An outbox that was put back to an earlier state would give numbers again that the store knows, and what it accepts under
 * them would be passed over; a store that was put back waits for numbers that the outbox has no more. Either way it goes on as a new
 * one, and what the store has had of it nevertheless is known there by its identity. */
static bool check_outbox(struct platform *p, struct ingest *in, char why[MODEL_WHY_SIZE])
{
    uint64_t applied[STORE_PARTITIONS_MOST] = {0};
    if (outbox_belong(in->outbox, p->cluster.store) != OUTBOX_OK) {
        snprintf(why, MODEL_WHY_SIZE, "%s", outbox_error(in->outbox));
        return false;
    }
    if (store_progress_of(p->store, outbox_id(in->outbox), note_applied, applied) != STORE_OK) {
        snprintf(why, MODEL_WHY_SIZE, "the progress of the outbox could not be read: %s", store_error(p->store));
        return false;
    }
    const char *how = apart(in->outbox, p->cluster.partitions, applied);
    if (!how)
        return true;
    log_say(LOG_WARN, "ingest", "%s: the outbox goes on under a new id", how);
    if (outbox_renew(in->outbox) == OUTBOX_OK)
        return true;
    snprintf(why, MODEL_WHY_SIZE, "the outbox: %s", outbox_error(in->outbox));
    return false;
}

struct ingest *ingest_new(struct platform *p, const struct platform_options *options, char why[MODEL_WHY_SIZE])
{
    struct outbox_options outbox = {.partitions = p->cluster.partitions, .vfs = options->vfs};
    struct ingest *in = calloc(1, sizeof *in);
    if (!in) {
        snprintf(why, MODEL_WHY_SIZE, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&in->mutex, NULL);
    in->maker = parcel_maker_new(p->cluster.partitions);
    in->ahead = ahead_new(p->cluster.partitions);
    in->outbox = in->maker && in->ahead ? outbox_open(options->folder, &outbox, why, MODEL_WHY_SIZE) : NULL;
    if (in->outbox && check_outbox(p, in, why)) {
        snprintf(p->cluster.self.source, sizeof p->cluster.self.source, "%s", outbox_id(in->outbox));
        in->seen = outbox_counts(in->outbox);
        return in;
    }
    ingest_free(in);
    return NULL;
}

bool ingest_connect(struct platform *p, char why[MODEL_WHY_SIZE])
{
    p->ingest->sender = sender_new(p->ingest->outbox, p->bus, p->cluster.partitions);
    if (!p->ingest->sender)
        snprintf(why, MODEL_WHY_SIZE, "out of memory");
    return p->ingest->sender != NULL;
}

void ingest_free(struct ingest *in)
{
    if (!in)
        return;
    sender_free(in->sender);
    outbox_close(in->outbox);
    parcel_maker_free(in->maker);
    ahead_free(in->ahead);
    pthread_mutex_destroy(&in->mutex);
    free(in->parcels);
    free(in->bytes);
    free(in->mail);
    free(in);
}

/* --- word from the engine thread --- */

void ingest_mail(struct platform *p, const struct mail *mail)
{
    struct ingest *in = p->ingest;
    pthread_mutex_lock(&in->mutex);
    if (in->n_mail == in->mail_size) {
        size_t bigger = in->mail_size ? in->mail_size * 2 : 256;
        struct mail *grown = realloc(in->mail, bigger * sizeof *grown);
        if (!grown)
            abort(); /* an acknowledgement that is lost would leave a parcel under way for ever */
        in->mail = grown;
        in->mail_size = bigger;
    }
    bool first = in->n_mail == 0; /* the others are found with it */
    in->mail[in->n_mail++] = *mail;
    pthread_mutex_unlock(&in->mutex);
    if (first && !p->stepped)
        gateway_wake(p->gateway);
}

static void applied(struct ingest *in, const struct mail *mail, int64_t now_ms)
{
    sender_applied(in->sender, mail->partition, mail->number, now_ms);
    ahead_applied(in->ahead, mail->partition, mail->number, now_ms);
}

static void read_mail(struct ingest *in, int64_t now_ms)
{
    struct mail few[64];
    size_t n;
    do {
        pthread_mutex_lock(&in->mutex);
        n = in->n_mail < 64 ? in->n_mail : 64;
        if (n > 0)
            memcpy(few, in->mail, n * sizeof *few);
        in->n_mail -= n;
        if (n > 0)
            memmove(in->mail, in->mail + n, in->n_mail * sizeof *in->mail);
        pthread_mutex_unlock(&in->mutex);
        for (size_t i = 0; i < n; i++) {
            if (few[i].kind == MAIL_EVENT)
                sender_event(in->sender, &few[i].event, now_ms);
            else if (few[i].kind == MAIL_APPLIED)
                applied(in, &few[i], now_ms);
            else
                sender_again(in->sender, few[i].partition);
        }
    } while (n == 64);
}

/* --- putting --- */

static void keep_parcel(void *context, unsigned partition, uint32_t rows, bool news, struct bulla_bytes bytes)
{
    struct ingest *in = context;
    if (in->n_parcels == in->parcels_size) {
        size_t bigger = in->parcels_size ? in->parcels_size * 2 : 64;
        struct outbox_parcel *grown = realloc(in->parcels, bigger * sizeof *grown);
        if (!grown) {
            in->short_of_memory = true;
            return;
        }
        in->parcels = grown;
        in->parcels_size = bigger;
    }
    if (in->n_bytes + bytes.len > in->bytes_size) {
        size_t bigger = (in->n_bytes + bytes.len) * 2;
        uint8_t *grown = realloc(in->bytes, bigger);
        if (!grown) {
            in->short_of_memory = true;
            return;
        }
        in->bytes = grown;
        in->bytes_size = bigger;
    }
    memcpy(in->bytes + in->n_bytes, bytes.at, bytes.len);
    in->parcels[in->n_parcels++] = (struct outbox_parcel){.partition = partition, .rows = rows, .news = news, .bytes = {NULL, bytes.len}};
    in->n_bytes += bytes.len;
}

static bool divide(struct platform *p, struct batch *b, int64_t now_ms)
{
    struct ingest *in = p->ingest;
    in->n_parcels = in->n_bytes = 0;
    in->short_of_memory = false;
    for (size_t i = 0; i < b->n_rows; i++)
        if (!b->rows[i].o.id[0])
            identity_name(p->identity, &b->rows[i].o);
    if (!parcel_divide(in->maker, b, keep_parcel, in) || in->short_of_memory)
        return false;
    const uint8_t *at = in->bytes; /* only now: it moved while it grew */
    for (size_t i = 0; i < in->n_parcels; at += in->parcels[i++].bytes.len) {
        in->parcels[i].bytes.at = at;
        in->parcels[i].taken_ms = now_ms;
    }
    return true;
}

/* False: not now; the batch is kept, its replies wait, and when the next one is full sockets are not read. */
static bool put(struct platform *p, struct batch *b, int64_t now_ms)
{
    static struct log_gate gate;
    struct ingest *in = p->ingest;
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    bool divided = divide(p, b, now_ms);
    if (!divided || (in->n_parcels && outbox_put(in->outbox, in->parcels, in->n_parcels) != OUTBOX_OK)) {
        atomic_fetch_add(&p->counts.append_failures, 1);
        atomic_store(&p->outbox_fails, true);
        in->retry_ms = now_ms + LIMIT_RETRY_MS;
        log_gated(&gate, LOG_ERROR, "ingest", "%zu observations cannot be kept and are not acknowledged, trying again: %s", b->n_rows,
                  divided ? outbox_error(in->outbox) : "out of memory");
        return false;
    }
    if (atomic_exchange(&p->outbox_fails, false))
        log_say(LOG_INFO, "ingest", "accepting again");
    for (size_t i = 0; i < in->n_parcels; i++) {
        const struct outbox_parcel *parcel = &in->parcels[i];
        sender_put(in->sender, parcel, now_ms);
        ahead_put(in->ahead, parcel->partition, parcel->number, parcel->rows, now_ms);
    }
    atomic_fetch_add(&p->counts.accepted, b->n_rows);
    uint64_t us = elapsed_us(&began);
    atomic_store(&p->counts.outbox_us_last, us);
    gateway_stored(p->gateway, b);
    gateway_done(p->gateway, b);
    return true;
}

/* In overload, and when the outbox fills, plain reports go, so that devices need not wait. */
static unsigned pressure(const struct ahead_view *ahead, const struct outbox_counts *c)
{
    static const struct {
        int64_t lag_ms;
        unsigned percent; /* of the outbox */
    } levels[] = {{0, 50}, {6000, 80}, {12000, 95}};
    unsigned level = 0;
    for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++)
        if ((ahead->most && ahead->lag_ms > levels[i].lag_ms) || c->bytes / 100 > LIMIT_OUTBOX_BYTES / 10000 * levels[i].percent)
            level = i + 1;
    return level;
}

unsigned ingest_turn(struct platform *p, unsigned wait_ms)
{
    struct ingest *in = p->ingest;
    int64_t now_ms = clock_now(&p->clock);
    read_mail(in, now_ms);
    unsigned wants_ms = sender_turn(in->sender, now_ms);
    bool may = clock_due(in->retry_ms, now_ms, LIMIT_RETRY_MS);
    unsigned most_ms = wants_ms < wait_ms ? wants_ms : wait_ms;
    if (!in->stuck && may)
        in->stuck = gateway_take(p->gateway, p->stepped ? 0 : most_ms);
    else if (!p->stepped && !may)
        nanosleep(&(struct timespec){0, 20 * 1000000L}, NULL);
    if (in->stuck && may && put(p, in->stuck, clock_now(&p->clock))) {
        in->stuck = NULL;
        wants_ms = sender_turn(in->sender, clock_now(&p->clock));
    }
    struct outbox_counts counts = outbox_counts(in->outbox);
    struct ahead_view ahead = ahead_look(in->ahead, now_ms);
    gateway_pressure(p->gateway, pressure(&ahead, &counts));
    gateway_ahead(p->gateway, ahead.rows, ahead.most);
    pthread_mutex_lock(&in->mutex);
    in->seen = counts;
    in->sent = sender_counts(in->sender);
    pthread_mutex_unlock(&in->mutex);
    return in->stuck ? LIMIT_RETRY_MS : wants_ms;
}

bool ingest_empty(struct platform *p)
{
    pthread_mutex_lock(&p->ingest->mutex);
    bool empty = p->ingest->seen.parcels == 0;
    pthread_mutex_unlock(&p->ingest->mutex);
    return empty;
}

struct ingest_view ingest_view(struct platform *p)
{
    struct ingest_view view = {.oldest_s = 0};
    if (!p->ingest)
        return view;
    int64_t now_ms = clock_now(&p->clock);
    pthread_mutex_lock(&p->ingest->mutex);
    view.outbox = p->ingest->seen;
    view.sender = p->ingest->sent;
    pthread_mutex_unlock(&p->ingest->mutex);
    view.oldest_s = view.outbox.oldest_ms ? (uint64_t)(now_ms > view.outbox.oldest_ms ? now_ms - view.outbox.oldest_ms : 0) / 1000 : 0;
    return view;
}

/* The threads have ended: what the gateway still had goes into the outbox, to be sent after the next start. */
void ingest_last(struct platform *p)
{
    struct batch *b = p->ingest->stuck ? p->ingest->stuck : gateway_take(p->gateway, 0);
    for (; b; b = gateway_take(p->gateway, 0)) {
        if (put(p, b, clock_now(&p->clock)))
            continue;
        batch_lose(b);
        gateway_stored(p->gateway, b);
        gateway_done(p->gateway, b);
    }
    p->ingest->stuck = NULL;
}
