/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/fsk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader/modem/correct.h"
#include "reader/modem/detect.h"
#include "reader/modem/fsk_cancel.h"
#include "reader/modem/intake.h"

#define LEAD        512 /* samples of nothing before the first one: a cycle of the slowest link */
#define WAITING     256 /* candidates at a time: there is one in 15 bits at most, and 2,900 bits are kept */
#define BEFORE_BITS 26  /* of a candidate that are looked at as well */
#define AFTER_BITS  20  /* behind the end of a packet: for a late candidate */
#define SLOW        1.012
#define AROUND      3 /* bytes of a body that are no payload */
#define FIRST_BYTES (BULLA_BLOCK_SIZE + AROUND)
#define LENGTH_BITS 16     /* that are demodulated before the length is believed */
#define LENGTHS     6      /* that are tried where the first one gives no good packet */
#define SAME_BITS   4      /* packets that begin so near to each other are one */
#define CHANNEL     2.0    /* bandwidth in which snr_db is told, of the bit rate */
#define BENEATH     3      /* packets that are taken out of each other */
#define COLLIDING   4      /* that are looked for where two or more begin together */
#define FEW         2      /* bits that may be turned where so much is tried */
#define FOUND       4      /* candidates that are looked at in what one left */
#define HISTORY     230    /* bits kept for packets that began before one that covers them: one with a block */
#define READ        16     /* packets that are remembered */
#define MORE_THAN   1.35f  /* the floor: something is there */
#define LEFT_OVER   0.004f /* of a packet's power that its removal leaves */

/* The carrier may be 58 kHz off at 434.4 MHz and 40 ppm at 2.44 GHz, 98 kHz; the signal takes 50 and 12 kHz on either side of it. */
static const struct modem_band band = {350e3, 700e3, 145e3, 12};

struct waiting {
    struct modem_candidate candidate;
    double bits;      /* behind it that it needs */
    unsigned beneath; /* so many packets were taken out where it was found */
};

struct read_packet { /* a good one */
    double start;    /* of its body, samples since the begin */
    size_t n;
    uint8_t bytes[BULLA_PACKET_PAYLOAD_MAX];
};

struct fsk {
    struct modem_settings settings;
    struct modem_fsk_shape shape;
    struct modem_intake in;
    struct modem_detector detector;
    struct modem_counts counts;
    double bit;         /* nominal, samples */
    uint64_t looked_at; /* by the detector, blocks */
    float *re, *im;     /* those of one packet */
    struct waiting waiting[WAITING];
    size_t n_waiting;
    struct modem_fsk_sync sync, syncs[COLLIDING];
    struct modem_fsk_demod demod;
    struct modem_preamble preamble;
    struct modem_detector again;   /* for what is under a packet */
    struct read_packet read[READ]; /* the last ones, in turn */
    size_t n_read;
    double before; /* where the one before it ends */
    double over;   /* where the last good packet ends: what begins in it was in its bits */
    double last;   /* where the last packet's body began, good or bad */
    bool ending;
};

static size_t kept_for(const struct bulla_packet *packet, double work_hz)
{
    return (size_t)((MODEM_FSK_BITS_MAX + 200 + HISTORY) * SLOW * work_hz / packet->rate) + MODEM_SLICE;
}

static void close_fsk(void *state)
{
    struct fsk *r = state;
    if (!r)
        return;
    modem_intake_close(&r->in);
    free(r->re);
    free(r->im);
    free(r);
}

static void *open_fsk(const struct modem_settings *settings)
{
    const struct bulla_packet *packet = bulla_packet_of((enum bulla_packet_link)settings->link->number);
    struct fsk *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    modem_turns_fill();
    r->settings = *settings;
    modem_fsk_shape_make(&r->shape, packet);
    const struct modem_kernels *kernels = settings->kernels ? settings->kernels : modem_kernels_best();
    size_t kept = kept_for(packet, band.most_hz);
    bool opened = modem_intake_open(&r->in, settings->format, settings->rate_hz, &band, kernels, kept, LEAD);
    r->re = calloc(kept + MODEM_SLICE + 64, sizeof *r->re);
    r->im = calloc(kept + MODEM_SLICE + 64, sizeof *r->im);
    if (!opened || !r->re || !r->im) {
        close_fsk(r);
        return NULL;
    }
    r->preamble = (struct modem_preamble){2.0 / packet->rate, BULLA_PACKET_PREAMBLE_BITS / 2 - 1, 10, 2 * band.edge_hz, 0.12f};
    modem_detector_begin(&r->detector, &r->preamble, r->in.front.work_hz, kernels);
    r->bit = r->in.front.work_hz / packet->rate;
    r->before = r->over = r->last = -1e9;
    return r;
}

static struct modem_counts counts_of(const void *state)
{
    const struct fsk *r = state;
    struct modem_counts counts = r->counts;
    counts.samples = r->in.samples;
    return counts;
}

/* ---- one packet ---- */

enum outcome { DONE, MORE_SAMPLES };

/* The first n bytes of the body as they were decided. */
static void decide(const struct fsk *r, uint8_t *body, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        body[i] = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            body[i] = (uint8_t)(body[i] << 1 | (r->demod.soft[8 * i + bit] > 0));
    }
    bulla_packet_whiten(0, body, n);
}

/* A body with that length, in which so many bits are taken to be wrong already. False: no good packet. */
static bool settle(const struct fsk *r, size_t length, unsigned turned, bool correct, struct modem_frame *f)
{
    uint8_t body[BULLA_PACKET_BODY_MAX];
    float soft[8 * BULLA_PACKET_BODY_MAX];
    size_t n = length + AROUND;
    decide(r, body, n);
    body[0] = (uint8_t)length;
    f->n = length;
    memcpy(f->bytes, body + 1, length);
    if (turned == 0 && modem_crc_start(body, n, BULLA_START_FFFF)) { /* whatever it carries */
        f->crc = MODEM_CRC_OK;
        return true;
    }
    if (!correct)
        return false;
    for (size_t i = 0; i < 8 * n; i++)
        soft[i] = r->demod.soft[i / 8 * 8 + 7 - i % 8];
    unsigned more = 0;
    if (!modem_sane_packet(body, n, f->from_seal)) {
        more = modem_correct_packet(body, n, soft, f->from_seal, MODEM_CORRECT_BITS_MAX - turned);
        if (more == 0)
            return false;
    }
    f->crc = MODEM_CRC_CORRECTED;
    f->corrected = turned + more;
    memcpy(f->bytes, body + 1, length);
    return true;
}

struct length {
    uint8_t length, turned;
    float cost;
};

/* What the length may be, with up to two of its bits turned, the cheapest one first. Returns how many. */
static size_t lengths_of(const struct fsk *r, uint8_t read, struct length lengths[LENGTHS])
{
    size_t n = 0;
    for (unsigned a = 0; a < 8; a++)
        for (unsigned b = a; b < 8; b++) {
            unsigned mask = 0x80u >> a | 0x80u >> b;
            float cost = fabsf(r->demod.soft[a]) + (b > a ? fabsf(r->demod.soft[b]) : 0);
            struct length one = {(uint8_t)(read ^ mask), (uint8_t)(b > a ? 2 : 1), cost};
            if (one.length == 0 || (n == LENGTHS && cost >= lengths[n - 1].cost))
                continue;
            size_t at = n < LENGTHS ? n++ : LENGTHS - 1;
            for (; at > 0 && lengths[at - 1].cost > cost; at--)
                lengths[at] = lengths[at - 1];
            lengths[at] = one;
        }
    return n;
}

/* The payload of a packet. MORE_SAMPLES: n says how many bytes it has. */
static enum outcome read_packet(struct fsk *r, struct modem_frame *f)
{
    uint8_t length;
    f->n = BULLA_BLOCK_SIZE;
    f->crc = MODEM_CRC_BAD;
    if (!modem_fsk_demod_to(&r->demod, LENGTH_BITS))
        return MORE_SAMPLES;
    decide(r, &length, 1);
    bool correct = !r->settings.no_correction, first = true;
    if (length > 0) {
        f->n = length;
        if (!modem_fsk_demod_to(&r->demod, 8u * (length + AROUND)))
            return MORE_SAMPLES;
        if (settle(r, length, 0, correct, f))
            return DONE;
        first = false;
    }
    struct modem_frame bad = *f;
    struct length lengths[LENGTHS];
    size_t n = correct ? lengths_of(r, length, lengths) : 0;
    for (size_t i = 0; i < n; i++)
        if (modem_fsk_demod_to(&r->demod, 8u * (lengths[i].length + AROUND)) && settle(r, lengths[i].length, lengths[i].turned, true, f))
            return DONE;
    *f = bad;
    if (first)
        f->n = 0;
    return DONE;
}

/* All that is said of a packet beside its bytes; `begin` is the region's first sample. */
static void describe(const struct fsk *r, uint64_t begin, struct modem_frame *f)
{
    const struct modem_fsk_sync *s = &r->sync;
    const struct modem_front *front = &r->in.front;
    const double *state = r->demod.state; /* at the end of what was demodulated: sure of more bits than those that are known */
    double edge = s->start + (state[2] - (double)(MODEM_FSK_HEAD + r->demod.n) * state[3]) * s->bit;
    double sample = (double)begin + edge - LEAD;
    double power = (double)s->amplitude * s->amplitude, ebn0 = modem_fsk_demod_ebn0(&r->demod);
    f->t_s = modem_front_s(front, sample);
    f->offset_hz = state[1] / (2 * M_PI) / s->bit * front->work_hz;
    f->clock_ppm = (s->clock * state[3] - 1) * 1e6;
    f->ebn0_db = modem_decibels(ebn0);
    f->snr_db = modem_decibels(ebn0 / CHANNEL);
    f->level_db = modem_front_level_db(power, front->gain);
    f->inverted = s->inverted;
    f->start = f->crc == MODEM_CRC_BAD ? 0 : BULLA_START_FFFF;
}

/* ---- candidates ---- */

static double first_bits(void)
{
    return (MODEM_FSK_HEAD + 8 * FIRST_BYTES) * SLOW + AFTER_BITS;
}

static void wait_for(struct fsk *r, const struct modem_candidate *found, size_t n)
{
    for (size_t i = 0; i < n && r->n_waiting < WAITING; i++)
        r->waiting[r->n_waiting++] = (struct waiting){{found[i].at + LEAD, found[i].strength}, first_bits(), 0};
}

/* What was found where a packet was taken out comes next, behind the one that is being looked at: the others begin later. */
static void wait_beneath(struct fsk *r, const struct modem_candidate *found, size_t n, unsigned beneath)
{
    const size_t at = 1;
    if (r->n_waiting + n > WAITING)
        return;
    memmove(&r->waiting[at + n], &r->waiting[at], (r->n_waiting - at) * sizeof *r->waiting);
    for (size_t i = 0; i < n; i++)
        r->waiting[at + i] = (struct waiting){found[i], first_bits(), beneath};
    r->n_waiting += n;
}

static bool read_before(const struct fsk *r, double start, const struct modem_frame *f)
{
    for (size_t i = 0; i < READ && i < r->n_read; i++) {
        const struct read_packet *read = &r->read[i];
        if (fabs(read->start - start) < SAME_BITS * r->bit && read->n == f->n && memcmp(read->bytes, f->bytes, f->n) == 0)
            return true;
    }
    return false;
}

static void remember(struct fsk *r, double start, const struct modem_frame *f)
{
    struct read_packet *read = &r->read[r->n_read++ % READ];
    read->start = start;
    read->n = f->n;
    memcpy(read->bytes, f->bytes, f->n);
}

/* Looks for preambles in what was left of a packet that began and ended there, and before it. */
static void look_beneath(struct fsk *r, double began, double ended, unsigned beneath)
{
    const struct modem_intake *in = &r->in;
    uint64_t end = (uint64_t)fmax(ended, 0), earliest = in->x_at + r->detector.lag, from = (uint64_t)fmax(began - HISTORY * r->bit, 0);
    if (r->before < began && r->before > (double)from) /* what is in a packet that was read is its data */
        from = (uint64_t)r->before;
    from = from > earliest ? from : earliest;
    end = end < in->x_at + in->n_x ? end : in->x_at + in->n_x;
    struct modem_candidate found[FOUND + 1];
    size_t blocks = end > from ? (size_t)(end - from) / MODEM_BLOCK : 0, n_found = 0;
    modem_detector_begin(&r->again, &r->preamble, in->front.work_hz, in->front.kernels);
    while (blocks > 0) {
        size_t n = blocks < MODEM_DETECT_BLOCKS_MAX ? blocks : MODEM_DETECT_BLOCKS_MAX;
        const int16_t *x = in->x + 2 * (from - in->x_at);
        n_found += modem_detector_feed(&r->again, x + 2 * MODEM_BLOCK * r->again.n_blocks, n, &found[n_found], FOUND - n_found);
        blocks -= n;
    }
    n_found += modem_detector_end(&r->again, &found[n_found]);
    for (size_t i = 0; i < n_found; i++)
        found[i].at += from;
    wait_beneath(r, found, n_found, beneath);
}

/* Whether something else is where a packet was read. */
static bool has_company(const struct fsk *r, const struct modem_frame *f)
{
    float with = modem_fsk_power(&r->demod, f->n, r->re, r->im), amplitude = r->sync.amplitude;
    return with - amplitude * amplitude > MORE_THAN * r->detector.floor + LEFT_OVER * with;
}

/* Takes a good packet out of the samples and looks at what is left, where something is. */
static void take_out(struct fsk *r, uint64_t begin, size_t n, const struct modem_frame *f, unsigned beneath)
{
    float with = modem_fsk_power(&r->demod, f->n, r->re, r->im);
    if (beneath >= BENEATH || !has_company(r, f))
        return;
    modem_fsk_cancel(&r->demod, (struct bulla_bytes){f->bytes, f->n}, r->re, r->im);
    int16_t *x = r->in.x + 2 * (begin - r->in.x_at);
    for (size_t i = 0; i < n; i++) {
        x[2 * i] = (int16_t)lrintf(r->re[i]);
        x[2 * i + 1] = (int16_t)lrintf(r->im[i]);
    }
    double start = (double)begin + r->sync.start;
    if (modem_fsk_power(&r->demod, f->n, r->re, r->im) > MORE_THAN * r->detector.floor + LEFT_OVER * with)
        look_beneath(r, start - MODEM_FSK_HEAD * r->bit, start + 8 * (double)(f->n + AROUND) * r->bit, beneath + 1);
}

/* A packet of which all that there will be was read. */
static void settle_read(struct fsk *r, uint64_t begin, size_t n, const struct modem_frame *frame, unsigned beneath)
{
    double start = (double)begin + r->sync.start;
    bool bad = frame->crc == MODEM_CRC_BAD;
    if (bad ? beneath > 0 : read_before(r, start, frame))
        return;
    r->last = start;
    if (!bad) {
        remember(r, start, frame);
        if (beneath == 0)
            r->before = r->over;
        r->over = fmax(r->over, start + 8 * (double)(frame->n + AROUND) * r->sync.bit);
    }
    r->settings.on_frame(r->settings.user, frame);
    if (!bad)
        take_out(r, begin, n, frame, beneath);
}

/* The packet that r->sync is about. */
static enum outcome read_here(struct fsk *r, const struct modem_region *region, uint64_t begin, struct modem_frame *frame)
{
    *frame = (struct modem_frame){.link = r->settings.link, .from_seal = !r->sync.to_seal};
    modem_fsk_demod_begin(&r->demod, region, &r->shape, &r->sync);
    enum outcome outcome = read_packet(r, frame);
    describe(r, begin, frame);
    return outcome;
}

/* Two or three that begin together: whichever of the likely carriers gives a good packet. */
static bool read_one_of_several(struct fsk *r, const struct modem_region *region, double guess, uint64_t begin, struct modem_frame *frame)
{
    size_t n = modem_fsk_sync_find_all(region, &r->shape, guess, r->syncs, COLLIDING);
    for (size_t i = 0; i < n; i++) {
        r->sync = r->syncs[i];
        if (read_here(r, region, begin, frame) == DONE && frame->crc != MODEM_CRC_BAD && frame->corrected <= FEW)
            return true;
    }
    return false;
}

/* Looks at a candidate for which there is enough, or all that there will be. MORE_SAMPLES: it turned out that it is not. */
static enum outcome look(struct fsk *r, struct waiting *w)
{
    struct modem_intake *in = &r->in;
    uint64_t before = (uint64_t)(BEFORE_BITS * r->bit), begin = w->candidate.at > before ? w->candidate.at - before : 0;
    begin = begin > in->x_at ? begin : in->x_at;
    size_t there = (size_t)(in->x_at + in->n_x - begin), wanted = before + (size_t)(w->bits * r->bit), n = there < wanted ? there : wanted;
    in->front.kernels->split(r->re, r->im, in->x + 2 * (begin - in->x_at), n);
    struct modem_region region = {r->re, r->im, n, in->front.work_hz, in->front.kernels};
    r->counts.candidates++;
    double guess = (double)w->candidate.at - (double)begin;
    struct modem_frame frame;
    if (!modem_fsk_sync_find(&region, &r->shape, guess, &r->sync)) {
        if (w->beneath > 0 && /* elsewhere it is mostly data, and all carriers take long */
            read_one_of_several(r, &region, guess, begin, &frame))
            settle_read(r, begin, n, &frame, w->beneath);
        return DONE;
    }
    double start = (double)begin + r->sync.start;
    bool covered = start - (MODEM_FSK_HEAD - SAME_BITS) * r->bit < r->over; /* in the bits of a packet that was good */
    if (w->beneath == 0 && (covered || fabs(start - r->last) < SAME_BITS * r->bit))
        return DONE;
    enum outcome outcome = read_here(r, &region, begin, &frame);
    double bits = (MODEM_FSK_HEAD + 8 * (double)(frame.n + AROUND)) * SLOW + AFTER_BITS;
    if (outcome == MORE_SAMPLES && bits > w->bits && !r->ending) {
        w->bits = bits;
        return MORE_SAMPLES;
    }
    r->counts.synced++;
    if (outcome == MORE_SAMPLES || frame.n == 0) /* the recording ends within it, or it has no length */
        return DONE;
    struct modem_frame first = frame;
    struct modem_fsk_sync sync = r->sync;
    if (frame.corrected > FEW && (w->beneath > 0 || has_company(r, &frame))) { /* how sure bits are says little here */
        frame.crc = first.crc = MODEM_CRC_BAD;
        first.corrected = first.start = 0;
    }
    if (frame.crc != MODEM_CRC_BAD || read_one_of_several(r, &region, guess, begin, &frame)) {
        settle_read(r, begin, n, &frame, w->beneath);
        return DONE;
    }
    r->sync = sync;
    settle_read(r, begin, n, &first, w->beneath);
    return DONE;
}

/* In their order: what is within a packet that is still on its way waits until that is decided. */
static void look_at_waiting(struct fsk *r)
{
    while (r->n_waiting > 0) {
        struct waiting *w = &r->waiting[0];
        uint64_t end = w->candidate.at + (uint64_t)(w->bits * r->bit);
        if (end > r->in.x_at + r->in.n_x && !r->ending)
            return;
        bool covered = w->beneath == 0 && (double)w->candidate.at + BEFORE_BITS * r->bit < r->over;
        if (!covered && look(r, w) == MORE_SAMPLES)
            continue;
        r->n_waiting--;
        memmove(w, w + 1, r->n_waiting * sizeof *w);
    }
}

static void let_go(struct fsk *r)
{
    uint64_t looked = r->looked_at * MODEM_BLOCK, window = r->detector.window * MODEM_BLOCK;
    uint64_t needed = looked > window ? looked - window : 0,
             before = (uint64_t)((BEFORE_BITS + HISTORY) * r->bit) + r->detector.lag + 4 * MODEM_BLOCK;
    for (size_t i = 0; i < r->n_waiting; i++)
        needed = r->waiting[i].candidate.at < needed ? r->waiting[i].candidate.at : needed;
    if (r->detector.above && r->detector.best.at < needed)
        needed = r->detector.best.at;
    modem_intake_let_go(&r->in, needed > before ? needed - before : 0);
}

static void detect(struct fsk *r)
{
    struct modem_candidate found[16];
    const struct modem_intake *in = &r->in;
    uint64_t blocks = (in->x_at + in->n_x - LEAD) / MODEM_BLOCK;
    while (r->looked_at < blocks) {
        size_t n = blocks - r->looked_at < MODEM_DETECT_BLOCKS_MAX ? (size_t)(blocks - r->looked_at) : MODEM_DETECT_BLOCKS_MAX;
        const int16_t *x = in->x + 2 * (LEAD + r->looked_at * MODEM_BLOCK - in->x_at);
        size_t n_found = modem_detector_feed(&r->detector, x, n, found, sizeof found / sizeof *found);
        r->looked_at += n;
        wait_for(r, found, n_found);
    }
}

static void took(void *user)
{
    struct fsk *r = user;
    detect(r);
    look_at_waiting(r);
    let_go(r);
}

static void feed_fsk(void *state, const void *bytes, size_t n)
{
    struct fsk *r = state;
    modem_intake_feed(&r->in, bytes, n, took, r);
}

static void end_fsk(void *state)
{
    struct fsk *r = state;
    struct modem_candidate last;
    modem_intake_end(&r->in, took, r);
    if (modem_detector_end(&r->detector, &last))
        wait_for(r, &last, 1);
    r->ending = true;
    look_at_waiting(r);
}

const struct modem_family modem_family_fsk = {
    .open = open_fsk,
    .feed = feed_fsk,
    .end = end_fsk,
    .close = close_fsk,
    .counts = counts_of,
    .seconds = modem_fsk_seconds,
    .add = modem_fsk_add,
};
