/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/keyed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader/modem/correct.h"
#include "reader/modem/intake.h"

#define WAITING        16
#define SAME_BITS      3 /* a preamble that begins so near to the last one is the same */
#define FRAME_BEGINS   0x40
#define HEAD_TO        4 /* bytes after which it is known how long a frame is */
#define HEAD_FROM      BULLA_BLOCK_SIZE
#define ROOM_BITS      4     /* behind the last bit */
#define CORRECTED_EBN0 2.5   /* below it there is no frame to correct */
#define TOLD_EBN0      4.0   /* a frame that is not right is told of from here on */
#define BANDWIDTH      160e3 /* F 2a: the least of a receiver, in which the noise of snr_db is */
#define GAINS          128   /* slices: more than are kept */
#define DIRECTIONS     2

const struct modem_keyed modem_keyed_links[MODEM_KEYED_N] = {
    [MODEM_KEYED_FHSS] = {BULLA_KEYED_FHSS_FORWARD, BULLA_KEYED_FHSS_RETURN},
    [MODEM_KEYED_NARROW915] = {BULLA_KEYED_NARROW915_FORWARD, BULLA_KEYED_NARROW915_RETURN},
};

/* A carrier 50 kHz off (of a sender and a receiver, 25 ppm of either) and two side bands of 80 kHz. */
static const struct modem_band band = {450e3, 840e3, 255e3, 8};

struct direction {
    struct modem_keyed_finder finder;
    uint64_t looked_at; /* up to here, in samples of the trace */
    double over;        /* where the last good frame ends */
};

struct waiting {
    struct modem_keyed_sync sync; /* its begin counts from the trace's first sample of all */
    size_t direction, bits;       /* that it needs at least */
};

struct gain {     /* of the front, over one slice: where it changes within it, a frame is where it is the least */
    uint64_t end; /* samples of the trace */
    float value;
};

struct keyed {
    struct modem_settings settings;
    struct modem_intake in;
    struct modem_keyed_trace trace;
    struct direction directions[DIRECTIONS];
    struct waiting waiting[WAITING];
    size_t n_waiting;
    struct modem_counts counts;
    struct gain gains[GAINS]; /* the last ones, in turn */
    size_t n_gains;
    float gain; /* behind the last slice */
    struct modem_keyed_demod demod;
    bool ending;
};

static void close_keyed(void *state)
{
    struct keyed *r = state;
    if (!r)
        return;
    modem_intake_close(&r->in);
    modem_keyed_trace_close(&r->trace);
    free(r);
}

static void *open_keyed(const struct modem_settings *settings)
{
    const struct modem_keyed *links = &modem_keyed_links[settings->link->number];
    const struct modem_kernels *kernels = settings->kernels ? settings->kernels : modem_kernels_best();
    struct keyed *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->settings = *settings;
    bool opened = modem_intake_open(&r->in, settings->format, settings->rate_hz, &band, kernels, MODEM_KEYED_MORE, 0);
    r->in.front.steady = true;
    if (!opened || !modem_keyed_trace_open(&r->trace, r->in.front.work_hz)) {
        close_keyed(r);
        return NULL;
    }
    modem_keyed_finder_begin(&r->directions[0].finder, links->forward, r->in.front.work_hz, kernels);
    modem_keyed_finder_begin(&r->directions[1].finder, links->back, r->in.front.work_hz, kernels);
    for (size_t i = 0; i < DIRECTIONS; i++) {
        r->directions[i].looked_at = r->trace.at;
        r->directions[i].over = -1e9;
    }
    return r;
}

/* ---- one frame ---- */

enum outcome { DONE, MORE_SAMPLES };

static bool demodulate(struct keyed *r, const struct modem_keyed_sync *sync, size_t n_bytes)
{
    return modem_keyed_demod(&r->demod, &r->trace, sync, 8 * n_bytes);
}

static bool crc_is_right(const struct keyed *r, const struct modem_frame *f)
{
    return modem_crc_start(f->bytes, f->n, r->settings.start) != 0;
}

/* What the demodulator has for the first n bytes, made right where that can be. */
static bool settle(struct keyed *r, struct modem_frame *f, bool block)
{
    enum modem_order order = f->from_seal ? MODEM_ORDER_PAIRS : MODEM_ORDER_MSB;
    memcpy(f->bytes, r->demod.bytes, f->n);
    f->corrected = 0;
    if (crc_is_right(r, f))
        return true;
    if (!r->settings.no_correction && r->demod.ebn0 > CORRECTED_EBN0)
        f->corrected = block ? modem_correct_block(f->bytes, r->demod.soft, r->settings.start, order)
                             : modem_correct_frame(f->bytes, f->n, r->demod.soft, f->from_seal, r->settings.start, order);
    return f->corrected > 0;
}

/* The CRCs of a frame, or of every block of a chain, from one start. */
static unsigned start_of(const struct keyed *r, const struct modem_frame *f)
{
    unsigned accepted = r->settings.start;
    if (f->bytes[0] == FRAME_BEGINS)
        return modem_crc_start(f->bytes, f->n, accepted);
    for (size_t at = 0; at < f->n && accepted; at += BULLA_BLOCK_SIZE)
        accepted = modem_crc_start(f->bytes + at, BULLA_BLOCK_SIZE, accepted);
    return accepted;
}

static void finish(const struct keyed *r, struct modem_frame *f)
{
    bool known = bulla_air_needs((struct bulla_bytes){f->bytes, f->n}, f->from_seal) == f->n;
    f->start = known ? (uint8_t)start_of(r, f) : 0;
    f->crc = f->start == 0 ? MODEM_CRC_BAD : f->corrected > 0 ? MODEM_CRC_CORRECTED : MODEM_CRC_OK;
    if (f->crc == MODEM_CRC_BAD)
        f->corrected = 0;
}

/* What follows a block that says so; what was corrected stays. */
static enum outcome take_chain(struct keyed *r, const struct modem_keyed_sync *sync, struct modem_frame *f)
{
    size_t needs;
    while ((needs = bulla_air_needs((struct bulla_bytes){f->bytes, f->n}, true)) > f->n) {
        size_t had = f->n;
        f->n = needs;
        if (!demodulate(r, sync, needs))
            return MORE_SAMPLES;
        memcpy(f->bytes + had, r->demod.bytes + had, needs - had);
    }
    return DONE;
}

/* The bytes of a frame. MORE_SAMPLES: n says how many it has. */
static enum outcome read_bytes(struct keyed *r, const struct modem_keyed_sync *sync, struct modem_frame *f)
{
    f->n = f->from_seal ? HEAD_FROM : HEAD_TO;
    if (!demodulate(r, sync, f->n))
        return MORE_SAMPLES;
    memcpy(f->bytes, r->demod.bytes, f->n);
    size_t head = f->n, needs = bulla_air_needs((struct bulla_bytes){f->bytes, head}, f->from_seal);
    if (f->bytes[0] == FRAME_BEGINS && needs >= 8) {
        f->n = needs;
        if (!demodulate(r, sync, needs))
            return MORE_SAMPLES;
        if (settle(r, f, false) || !f->from_seal) {
            finish(r, f);
            return DONE;
        }
    }
    f->n = head;
    if (f->from_seal && demodulate(r, sync, head) && settle(r, f, true) && take_chain(r, sync, f) == MORE_SAMPLES)
        return MORE_SAMPLES;
    finish(r, f);
    return DONE;
}

static double gain_at(const struct keyed *r, double sample)
{
    size_t oldest = r->n_gains > GAINS ? r->n_gains - GAINS : 0;
    for (size_t i = oldest; i < r->n_gains; i++)
        if ((double)r->gains[i % GAINS].end > sample)
            return r->gains[i % GAINS].value;
    return 1;
}

/* Of the carrier, over all of a frame. */
static double offset_of(const struct keyed *r)
{
    const struct modem_keyed_trace *t = &r->trace;
    double sum = 0;
    size_t first = (size_t)fmax(r->demod.begin, 0) / t->block, n = 0;
    for (size_t i = first; i < t->n_carrier && (n == 0 || (double)((i + 1) * t->block) < r->demod.end); i++, n++)
        sum += t->carrier[i];
    return n > 0 ? sum / (double)n * t->work_hz : 0;
}

/* All that is said of a frame beside its bytes. */
static void describe(const struct keyed *r, const struct modem_keyed_sync *sync, struct modem_frame *f)
{
    const struct modem_front *front = &r->in.front;
    const struct modem_keyed_trace *trace = &r->trace;
    double sample = (double)trace->at + r->demod.begin - 0.5, span = 10 * sync->half;
    double bit_s = 2 * r->demod.half / front->work_hz;
    struct modem_keyed_sum a = modem_keyed_sum_to(trace, sync->begin), b = modem_keyed_sum_to(trace, sync->begin + span);
    double carrier = hypot(b.re - a.re, b.im - a.im) / span;
    if (!f->from_seal) /* half of the time it is low */
        carrier += hypot(sync->re, sync->im);
    f->t_s = modem_front_s(front, sample);
    f->offset_hz = offset_of(r);
    f->clock_ppm = (bit_s / r->settings.link->bit_s - 1) * 1e6;
    f->ebn0_db = modem_decibels(r->demod.ebn0);
    f->snr_db = modem_decibels(r->demod.ebn0 / (bit_s * BANDWIDTH));
    f->level_db = modem_front_level_db(carrier * carrier, gain_at(r, sample));
    f->inverted = false;
}

/* ---- candidates ---- */

static void drop(struct keyed *r, size_t i)
{
    memmove(&r->waiting[i], &r->waiting[i + 1], (--r->n_waiting - i) * sizeof *r->waiting);
}

/* The one that is the least like a preamble. */
static size_t poorest(const struct keyed *r)
{
    size_t worst = 0;
    for (size_t i = 1; i < r->n_waiting; i++)
        if (r->waiting[i].sync.share < r->waiting[worst].sync.share)
            worst = i;
    return worst;
}

/* Whether it lies in a likelier frame, from either side, that waits for its end or is over. */
static bool in_another(const struct keyed *r, const struct waiting *w)
{
    for (size_t i = 0; i < DIRECTIONS; i++)
        if (w->sync.begin < r->directions[i].over)
            return true;
    for (size_t i = 0; i < r->n_waiting; i++) {
        const struct waiting *other = &r->waiting[i];
        double end = other->sync.begin + 2 * (double)other->bits * other->sync.half;
        if (other != w && other->sync.share > w->sync.share && other->sync.begin < w->sync.begin && end > w->sync.begin)
            return true;
    }
    return false;
}

/* Whether one that waits was dealt with; otherwise its bits say for how many it waits. */
static bool look(struct keyed *r, struct waiting *w)
{
    struct direction *direction = &r->directions[w->direction];
    struct modem_keyed_sync sync = w->sync;
    struct modem_frame frame = {.link = r->settings.link, .from_seal = bulla_keyed_of(sync.link)->from_seal};
    sync.begin -= (double)r->trace.at;
    size_t head = direction->finder.halves;
    double end = sync.begin + ((double)head + 2 * (double)(w->bits + ROOM_BITS)) * sync.half;
    if (end > (double)r->trace.n && !r->ending)
        return false;
    if (sync.begin < 0 || w->sync.begin < direction->over)
        return true;
    if (read_bytes(r, &sync, &frame) == MORE_SAMPLES) {
        bool grows = 8 * frame.n > w->bits;
        w->bits = 8 * frame.n;
        return r->ending || !grows;
    }
    r->counts.synced++;
    describe(r, &sync, &frame);
    if (frame.corrected > 0 && in_another(r, w)) /* chance, in the bits of another one */
        return true;
    bool good = frame.crc != MODEM_CRC_BAD, begun = bulla_air_needs((struct bulla_bytes){frame.bytes, frame.n}, frame.from_seal) > 0;
    if (good)
        direction->over = (double)r->trace.at + r->demod.end;
    if (good || (begun && r->demod.ebn0 > TOLD_EBN0 && !in_another(r, w)))
        r->settings.on_frame(r->settings.user, &frame);
    return true;
}

static void look_at_waiting(struct keyed *r)
{
    for (size_t i = 0; i < r->n_waiting;) {
        if (look(r, &r->waiting[i]))
            drop(r, i);
        else
            i++;
    }
}

/* The one that waits for the same frame, found from what is before or behind it; NULL: there is none. */
static struct waiting *same_as(struct keyed *r, size_t which, double begin, double half)
{
    for (size_t i = 0; i < r->n_waiting; i++)
        if (r->waiting[i].direction == which && fabs(r->waiting[i].sync.begin - begin) < SAME_BITS * 2 * half)
            return &r->waiting[i];
    return NULL;
}

static void wait_for(struct keyed *r, size_t which, const struct modem_keyed_sync *found)
{
    struct modem_keyed_sync sync = *found;
    sync.begin += (double)r->trace.at;
    if (sync.begin < r->directions[which].over)
        return;
    struct waiting *same = same_as(r, which, sync.begin, sync.half);
    struct waiting new = {sync, which, 8 * (which == 0 ? HEAD_TO : HEAD_FROM)};
    if (same && sync.share <= same->sync.share)
        return;
    r->counts.candidates++;
    if (same) {
        *same = new;
        return;
    }
    if (r->n_waiting == WAITING)
        drop(r, poorest(r));
    r->waiting[r->n_waiting++] = new;
}

/* Everything that came, as far as what is behind it allows. */
static void find(struct keyed *r)
{
    struct modem_keyed_sync syncs[MODEM_KEYED_FOUND_MAX];
    for (size_t which = 0; which < DIRECTIONS; which++) {
        struct direction *direction = &r->directions[which];
        size_t needs = modem_keyed_finder_needs(&direction->finder);
        for (;;) {
            size_t from = (size_t)(direction->looked_at - r->trace.at);
            if (from + MODEM_KEYED_STRETCH + needs > r->trace.n)
                break;
            size_t n = modem_keyed_find(&direction->finder, &r->trace, from, MODEM_KEYED_STRETCH, syncs);
            for (size_t i = 0; i < n; i++)
                wait_for(r, which, &syncs[i]);
            direction->looked_at += MODEM_KEYED_STRETCH;
            look_at_waiting(r);
        }
    }
    look_at_waiting(r);
}

/* Lets go of what nobody needs any more. */
static void let_go(struct keyed *r)
{
    uint64_t end = r->trace.at + r->trace.n, needed = end;
    for (size_t i = 0; i < DIRECTIONS; i++)
        needed = r->directions[i].looked_at < needed ? r->directions[i].looked_at : needed;
    uint64_t before = (uint64_t)(64 * r->directions[0].finder.rates[r->directions[0].finder.n_rates - 1].half);
    for (size_t i = 0; i < r->n_waiting; i++)
        needed = r->waiting[i].sync.begin < (double)needed ? (uint64_t)fmax(r->waiting[i].sync.begin, 0) : needed;
    needed = needed > before ? needed - before : 0;
    if (end - needed > MODEM_KEYED_KEPT) /* no frame is so long */
        needed = end - MODEM_KEYED_KEPT;
    if (needed > r->trace.at + MODEM_KEYED_MORE)
        modem_keyed_trace_forget(&r->trace, (size_t)(needed - r->trace.at));
}

/* ---- stream ---- */

static void took(void *user)
{
    struct keyed *r = user;
    modem_keyed_trace_feed(&r->trace, r->in.x, r->in.n_x);
    float before = r->gain;
    r->gain = r->in.front.gain > 0 ? r->in.front.gain : 1;
    r->gains[r->n_gains++ % GAINS] = (struct gain){r->in.x_at + r->in.n_x, before > 0 && before < r->gain ? before : r->gain};
    modem_intake_let_go(&r->in, r->in.x_at + r->in.n_x);
    find(r);
    let_go(r);
}

static void feed_keyed(void *state, const void *bytes, size_t n)
{
    struct keyed *r = state;
    modem_intake_feed(&r->in, bytes, n, took, r);
}

static void end_keyed(void *state)
{
    struct keyed *r = state;
    modem_intake_end(&r->in, took, r);
    r->ending = true;
    look_at_waiting(r);
}

static struct modem_counts counts_of(const void *state)
{
    const struct keyed *r = state;
    struct modem_counts counts = r->counts;
    counts.samples = r->in.samples;
    return counts;
}

const struct modem_family modem_family_keyed = {
    .open = open_keyed,
    .feed = feed_keyed,
    .end = end_keyed,
    .close = close_keyed,
    .counts = counts_of,
    .seconds = modem_keyed_seconds,
    .add = modem_keyed_add,
    .before = modem_keyed_before,
    .bit_s = modem_keyed_bit_s,
};
