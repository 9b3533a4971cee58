/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/iso433.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader/modem/cancel.h"
#include "reader/modem/correct.h"
#include "reader/modem/demod.h"
#include "reader/modem/detect.h"
#include "reader/modem/intake.h"

#define BEFORE_S   420e-6 /* of a candidate that is looked at as well */
#define AFTER_S    600e-6 /* behind the end of a frame: for a late candidate and a slow clock */
#define FIRST_S    6.2e-3 /* of a frame with a block */
#define SLOW       1.055
#define KEPT       98304  /* samples that wait at most: a frame of 255 bytes and what comes meanwhile */
#define WAITING    64     /* candidates at a time */
#define LEAD       128    /* samples of nothing before the first one */
#define COLLIDING  4      /* frames that are looked for where two or more begin together */
#define FEW        2      /* bits that may be turned where so much is tried */
#define BENEATH    3      /* frames that are taken out of each other */
#define READ       16     /* frames that are remembered */
#define SAME_S     100e-6 /* a frame that begins so near to the same one is the same */
#define HISTORY_S  8e-3   /* kept for frames that began before one that covers them */
#define MORE_THAN  1.35f  /* the floor: something is there */
#define LEFT_OVER  0.004f /* of a frame's power that its removal leaves */
#define CHANNEL_HZ 500e3

struct waiting {
    struct modem_candidate candidate;
    double seconds;   /* of what follows that it needs */
    unsigned beneath; /* so many frames were taken out where it was found */
};

struct read_frame { /* a good one */
    double edge;    /* samples since the begin */
    size_t n;
    uint8_t bytes[BULLA_FRAME_MAX];
};

struct iso433 {
    struct modem_settings settings;
    struct modem_intake in;
    struct modem_detector detector;
    struct modem_counts counts;
    uint64_t looked_at; /* by the detector, blocks */
    float *re, *im;     /* those of one frame */
    struct waiting waiting[WAITING];
    size_t n_waiting;
    struct modem_demod demod;
    struct modem_sync sync;
    struct modem_sync syncs[COLLIDING];
    struct modem_detector again;  /* for what is under a frame */
    struct read_frame read[READ]; /* the last ones, in turn */
    size_t n_read;
    double over; /* where the last good frame ends: what begins in it was in its bits */
    bool ending;
};

/* 200 kHz on either side; a tone of a half bit is no longer than MODEM_TONE samples. */
static const struct modem_band band = {450e3, 840e3, 255e3, 8};
static const struct modem_preamble preamble = {60e-6, 19, 13, 450e3, 0.16f};

static void close_iso433(void *state)
{
    struct iso433 *r = state;
    if (!r)
        return;
    modem_intake_close(&r->in);
    free(r->re);
    free(r->im);
    free(r);
}

static void *open_iso433(const struct modem_settings *settings)
{
    struct iso433 *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    modem_turns_fill();
    r->settings = *settings;
    const struct modem_kernels *kernels = settings->kernels ? settings->kernels : modem_kernels_best();
    bool opened = modem_intake_open(&r->in, settings->format, settings->rate_hz, &band, kernels, KEPT, LEAD);
    r->re = calloc(KEPT + MODEM_SLICE + 64, sizeof *r->re);
    r->im = calloc(KEPT + MODEM_SLICE + 64, sizeof *r->im);
    if (!opened || !r->re || !r->im) {
        close_iso433(r);
        return NULL;
    }
    modem_detector_begin(&r->detector, &preamble, r->in.front.work_hz, kernels);
    r->over = -1;
    return r;
}

static struct modem_counts counts_of(const void *state)
{
    const struct iso433 *r = state;
    struct modem_counts counts = r->counts;
    counts.samples = r->in.samples;
    return counts;
}

/* ---- one frame ---- */

/* Byte i of the frame as it was decided. */
static void decide(struct iso433 *r, uint8_t *bytes, size_t n)
{
    size_t a_byte = r->settings.stop_bit ? 9 : 8;
    for (size_t i = 0; i < n; i++) {
        bytes[i] = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            bytes[i] |= (uint8_t)((r->demod.soft[i * a_byte + bit] > 0) << bit);
    }
}

/* Without those of stop bits; in place is well, for it only moves them down. */
static const float *soft_of(struct iso433 *r, float *soft, size_t n)
{
    if (!r->settings.stop_bit)
        return r->demod.soft;
    for (size_t i = 0; i < 8 * n; i++)
        soft[i] = r->demod.soft[i / 8 * 9 + i % 8];
    return soft;
}

enum outcome { DONE, MORE_SAMPLES };

static bool demodulate(struct iso433 *r, size_t n_bytes)
{
    return modem_demod_to(&r->demod, n_bytes * (r->settings.stop_bit ? 9 : 8));
}

/* The CRCs of a frame, or of every block of a chain, from one start. */
static unsigned start_of(const struct iso433 *r, const struct modem_frame *f)
{
    if (f->bytes[0] == 0x40)
        return modem_crc_start(f->bytes, f->n, r->settings.start);
    unsigned accepted = r->settings.start;
    for (size_t at = 0; at < f->n && accepted; at += BULLA_BLOCK_SIZE)
        accepted = modem_crc_start(f->bytes + at, BULLA_BLOCK_SIZE, accepted);
    return accepted;
}

/* The first block as it is, or corrected; whatever the first byte seems to say. False: it is no block. */
static bool settle_block(struct iso433 *r, struct modem_frame *f)
{
    float room[8 * BULLA_BLOCK_SIZE];
    decide(r, f->bytes, BULLA_BLOCK_SIZE);
    if (f->bytes[0] >> 4 == 1 && modem_crc_start(f->bytes, BULLA_BLOCK_SIZE, r->settings.start))
        return true;
    f->corrected = r->settings.no_correction
                       ? 0
                       : modem_correct_block(f->bytes, soft_of(r, room, BULLA_BLOCK_SIZE), r->settings.start, MODEM_ORDER_LSB);
    return f->corrected > 0;
}

/* A frame with a length, as far as its head can be believed. */
static bool settle_frame(struct iso433 *r, struct modem_frame *f, bool from_seal)
{
    float room[MODEM_BITS_MAX];
    decide(r, f->bytes, f->n);
    if (modem_crc_start(f->bytes, f->n, r->settings.start))
        return true;
    if (!r->settings.no_correction)
        f->corrected = modem_correct_frame(f->bytes, f->n, soft_of(r, room, f->n), from_seal, r->settings.start, MODEM_ORDER_LSB);
    return f->corrected > 0;
}

/* What follows a block that says so. False: there is not enough yet; n says how many bytes it has at least. */
static bool take_chain(struct iso433 *r, struct modem_frame *f)
{
    uint8_t all[BULLA_CHAIN_SIZE];
    size_t needs;
    while ((needs = bulla_air_needs((struct bulla_bytes){f->bytes, f->n}, true)) > f->n) {
        size_t had = f->n;
        f->n = needs;
        if (!demodulate(r, needs))
            return false;
        decide(r, all, needs);
        memcpy(f->bytes + had, all + had, needs - had); /* what was corrected stays */
    }
    return true;
}

static void finish(struct iso433 *r, struct modem_frame *f)
{
    bool known = bulla_air_needs((struct bulla_bytes){f->bytes, f->n}, f->from_seal) == f->n;
    f->start = known ? (uint8_t)start_of(r, f) : 0;
    f->crc = f->start == 0 ? MODEM_CRC_BAD : f->corrected > 0 ? MODEM_CRC_CORRECTED : MODEM_CRC_OK;
    if (f->crc == MODEM_CRC_BAD)
        f->corrected = 0;
}

/* The bytes of a frame. MORE_SAMPLES: n says how many bytes it has. */
static enum outcome read_bytes(struct iso433 *r, struct modem_frame *f)
{
    size_t head = f->from_seal ? BULLA_BLOCK_SIZE : 4;
    f->n = head;
    if (!demodulate(r, head))
        return MORE_SAMPLES;
    decide(r, f->bytes, head);
    size_t needs = bulla_air_needs((struct bulla_bytes){f->bytes, head}, f->from_seal);
    if (f->bytes[0] == 0x40 && needs >= 8) {
        f->n = needs;
        if (!demodulate(r, needs))
            return MORE_SAMPLES;
        if (settle_frame(r, f, f->from_seal) || !f->from_seal) {
            finish(r, f);
            return DONE;
        }
    }
    f->n = head;
    if (f->from_seal && settle_block(r, f) && !take_chain(r, f))
        return MORE_SAMPLES;
    finish(r, f);
    return DONE;
}

/* All that is said of a frame beside its bytes; `begin` is the region's first sample. */
static void describe(const struct iso433 *r, uint64_t begin, struct modem_frame *f)
{
    const struct modem_sync *s = &r->sync;
    const struct modem_front *front = &r->in.front;
    double sample = (double)begin + s->edge - LEAD;
    double power = (double)s->amplitude * s->amplitude, bit_s = 2e-9 * bulla_air_of(s->link)->half_ns;
    f->link = r->settings.link;
    f->from_seal = bulla_air_of(s->link)->from_seal;
    f->t_s = modem_front_s(front, sample);
    f->offset_hz = s->carrier * front->work_hz;
    f->clock_ppm = (s->clock - 1) * 1e6;
    f->ebn0_db = modem_decibels(s->ebn0);
    f->snr_db = modem_decibels(s->ebn0 / (bit_s * CHANNEL_HZ));
    f->level_db = modem_front_level_db(power, front->gain);
    f->inverted = s->inverted;
}

/* ---- candidates ---- */

static void make_region(struct iso433 *r, uint64_t begin, size_t n)
{
    r->in.front.kernels->split(r->re, r->im, r->in.x + 2 * (begin - r->in.x_at), n);
    memset(r->re + n, 0, MODEM_TONE * sizeof *r->re);
    memset(r->im + n, 0, MODEM_TONE * sizeof *r->im);
}

static void wait_for(struct iso433 *r, const struct modem_candidate *found, size_t n, unsigned beneath)
{
    double first = FIRST_S * SLOW + AFTER_S + (r->settings.stop_bit ? 0.7e-3 : 0);
    for (size_t i = 0; i < n && r->n_waiting < WAITING; i++)
        r->waiting[r->n_waiting++] = (struct waiting){found[i], first, beneath};
}

static bool read_before(const struct iso433 *r, double edge, const struct modem_frame *f)
{
    for (size_t i = 0; i < READ && i < r->n_read; i++) {
        const struct read_frame *read = &r->read[i];
        if (fabs(read->edge - edge) < SAME_S * r->in.front.work_hz && read->n == f->n && memcmp(read->bytes, f->bytes, f->n) == 0)
            return true;
    }
    return false;
}

/* Looks for preambles in what was left of a frame, and before it. */
static void look_beneath(struct iso433 *r, uint64_t begin, unsigned beneath)
{
    double work = r->in.front.work_hz;
    uint64_t end = begin + (uint64_t)r->demod.place.value, back = (uint64_t)(HISTORY_S * work);
    uint64_t from = begin + (uint64_t)fmax(r->sync.edge, 0), earliest = r->in.x_at + r->detector.lag;
    from = from > back && from - back > earliest ? from - back : earliest;
    struct modem_candidate found[COLLIDING];
    size_t blocks = end > from ? (size_t)(end - from) / MODEM_BLOCK : 0;
    modem_detector_begin(&r->again, &preamble, work, r->in.front.kernels);
    while (blocks > 0) {
        size_t n = blocks < MODEM_DETECT_BLOCKS_MAX ? blocks : MODEM_DETECT_BLOCKS_MAX;
        const int16_t *x = r->in.x + 2 * (from - r->in.x_at);
        size_t n_found = modem_detector_feed(&r->again, x + 2 * MODEM_BLOCK * r->again.n_blocks, n, found, COLLIDING);
        blocks -= n;
        if (blocks == 0 && n_found < COLLIDING)
            n_found += modem_detector_end(&r->again, &found[n_found]);
        for (size_t i = 0; i < n_found; i++)
            found[i].at += from;
        wait_for(r, found, n_found, beneath);
    }
}

/* Takes the good frame out of the samples and looks at what is left, where something is. */
static void take_out(struct iso433 *r, uint64_t begin, size_t n, const struct modem_frame *f, unsigned beneath)
{
    float amplitude = r->sync.amplitude, with = modem_cancel_power(&r->demod);
    if (beneath >= BENEATH || with - amplitude * amplitude < MORE_THAN * r->detector.floor + LEFT_OVER * with)
        return;
    float left = modem_cancel(&r->demod, (struct bulla_bytes){f->bytes, f->n}, r->settings.stop_bit, r->re, r->im);
    int16_t *x = r->in.x + 2 * (begin - r->in.x_at);
    for (size_t i = 0; i < n; i++) {
        x[2 * i] = (int16_t)lrintf(r->re[i]);
        x[2 * i + 1] = (int16_t)lrintf(r->im[i]);
    }
    if (left > MORE_THAN * r->detector.floor + LEFT_OVER * with)
        look_beneath(r, begin, beneath + 1);
}

/* Reads the frame that r->sync is about. */
static enum outcome read_frame(struct iso433 *r, const struct modem_region *region, uint64_t begin, struct modem_frame *frame)
{
    *frame = (struct modem_frame){0};
    describe(r, begin, frame);
    modem_demod_begin(&r->demod, region, &r->sync);
    return read_bytes(r, frame);
}

/* Two or three that begin together: whichever of the likely carriers gives a good frame. */
static bool read_one_of_several(struct iso433 *r, const struct modem_region *region, uint64_t begin, double guess,
                                struct modem_frame *frame)
{
    size_t n = modem_sync_find_all(region, guess, r->syncs, COLLIDING);
    for (size_t i = 0; i < n; i++) {
        r->sync = r->syncs[i];
        if (read_frame(r, region, begin, frame) == DONE && frame->crc != MODEM_CRC_BAD && frame->corrected <= FEW)
            return true;
    }
    return false;
}

static void settle_good(struct iso433 *r, uint64_t begin, size_t n, const struct modem_frame *frame, unsigned beneath)
{
    double edge = (double)begin + r->sync.edge;
    if (read_before(r, edge, frame))
        return;
    struct read_frame *read = &r->read[r->n_read++ % READ];
    *read = (struct read_frame){.edge = edge, .n = frame->n};
    memcpy(read->bytes, frame->bytes, frame->n);
    r->over = fmax(r->over, (double)begin + r->demod.place.value);
    r->settings.on_frame(r->settings.user, frame);
    take_out(r, begin, n, frame, beneath);
}

/* Looks at a candidate for which there is enough, or all that there will be. MORE_SAMPLES: it turned out that it is not. */
static enum outcome look(struct iso433 *r, struct waiting *w)
{
    double work = r->in.front.work_hz;
    uint64_t before = (uint64_t)(BEFORE_S * work), begin = w->candidate.at > before ? w->candidate.at - before : 0;
    begin = begin > r->in.x_at ? begin : r->in.x_at;
    size_t there = (size_t)(r->in.x_at + r->in.n_x - begin), wanted = before + (size_t)(w->seconds * work),
           n = there < wanted ? there : wanted;
    double guess = (double)w->candidate.at - (double)begin;
    struct modem_frame frame;
    make_region(r, begin, n);
    struct modem_region region = {r->re, r->im, n, work, r->in.front.kernels};
    r->counts.candidates++;
    if (!modem_sync_find(&region, guess, &r->sync)) {
        if ((w->beneath > 0 || (double)w->candidate.at > r->over) && read_one_of_several(r, &region, begin, guess, &frame))
            settle_good(r, begin, n, &frame, w->beneath);
        return DONE;
    }
    if (w->beneath == 0 && (double)begin + r->sync.edge < r->over) /* in the bits of a frame that was good */
        return DONE;
    r->counts.synced++;
    enum outcome outcome = read_frame(r, &region, begin, &frame);
    double seconds = bulla_air_ns(r->sync.link, frame.n, r->settings.stop_bit) * 1e-9 * SLOW + AFTER_S;
    if (outcome == MORE_SAMPLES && seconds > w->seconds && !r->ending) {
        w->seconds = seconds;
        return MORE_SAMPLES;
    }
    if (outcome == MORE_SAMPLES) /* the recording ends within it */
        return DONE;
    struct modem_frame first = frame;
    if (frame.crc != MODEM_CRC_BAD || read_one_of_several(r, &region, begin, guess, &frame))
        settle_good(r, begin, n, &frame, w->beneath);
    else if (w->beneath == 0)
        r->settings.on_frame(r->settings.user, &first);
    return DONE;
}

static void look_at_waiting(struct iso433 *r)
{
    for (size_t i = 0; i < r->n_waiting;) {
        struct waiting w = r->waiting[i];
        uint64_t end = w.candidate.at + (uint64_t)(w.seconds * r->in.front.work_hz);
        if (end > r->in.x_at + r->in.n_x && !r->ending) {
            i++;
            continue;
        }
        memmove(&r->waiting[i], &r->waiting[i + 1], (r->n_waiting - i - 1) * sizeof w);
        r->n_waiting--;
        if (w.beneath == 0 && (double)w.candidate.at + BEFORE_S * r->in.front.work_hz < r->over)
            continue;
        if (look(r, &w) == MORE_SAMPLES && r->n_waiting < WAITING) { /* what was found beneath is at the end */
            memmove(&r->waiting[i + 1], &r->waiting[i], (r->n_waiting - i) * sizeof w);
            r->waiting[i++] = w;
            r->n_waiting++;
        }
    }
}

/* Lets go of samples that nobody needs any more. */
static void let_go(struct iso433 *r)
{
    uint64_t needed = r->looked_at * MODEM_BLOCK - r->detector.window * MODEM_BLOCK * (r->looked_at > r->detector.window);
    uint64_t before = (uint64_t)((BEFORE_S + HISTORY_S) * r->in.front.work_hz) + r->detector.lag + 4 * MODEM_BLOCK;
    for (size_t i = 0; i < r->n_waiting; i++)
        needed = r->waiting[i].candidate.at < needed ? r->waiting[i].candidate.at : needed;
    if (r->detector.above && r->detector.best.at < needed)
        needed = r->detector.best.at;
    needed = needed > before ? needed - before : 0;
    modem_intake_let_go(&r->in, needed);
}

static void detect(struct iso433 *r)
{
    struct modem_candidate found[16];
    uint64_t blocks = (r->in.x_at + r->in.n_x - LEAD) / MODEM_BLOCK;
    while (r->looked_at < blocks) {
        size_t n = blocks - r->looked_at < MODEM_DETECT_BLOCKS_MAX ? (size_t)(blocks - r->looked_at) : MODEM_DETECT_BLOCKS_MAX;
        const int16_t *x = r->in.x + 2 * (LEAD + r->looked_at * MODEM_BLOCK - r->in.x_at);
        size_t n_found = modem_detector_feed(&r->detector, x, n, found, sizeof found / sizeof *found);
        r->looked_at += n;
        for (size_t i = 0; i < n_found; i++)
            found[i].at += LEAD;
        wait_for(r, found, n_found, 0);
    }
}

static void took(void *user)
{
    struct iso433 *r = user;
    detect(r);
    look_at_waiting(r);
    let_go(r);
}

static void feed_iso433(void *state, const void *bytes, size_t n)
{
    struct iso433 *r = state;
    modem_intake_feed(&r->in, bytes, n, took, r);
}

static void end_iso433(void *state)
{
    struct iso433 *r = state;
    struct modem_candidate last;
    modem_intake_end(&r->in, took, r);
    if (modem_detector_end(&r->detector, &last)) {
        last.at += LEAD;
        wait_for(r, &last, 1, 0);
    }
    r->ending = true;
    look_at_waiting(r);
}

const struct modem_family modem_family_iso433 = {
    .open = open_iso433,
    .feed = feed_iso433,
    .end = end_iso433,
    .close = close_iso433,
    .counts = counts_of,
    .seconds = modem_iso433_seconds,
    .add = modem_iso433_add,
};
