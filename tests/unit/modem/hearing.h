/* SPDX-License-Identifier: Apache-2.0
 *
 * A scene played to a receiver, and what it heard of it; for tests of every link.
 */
#ifndef TESTS_UNIT_MODEM_HEARING_H
#define TESTS_UNIT_MODEM_HEARING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "reader/modem/link.h"
#include "reader/modem/scene.h"

#define HEARING_FRAMES_MAX 600
#define HEARING_PIECE      32768

struct heard {
    const struct modem_scene *scene;
    bool any_polarity; /* a link that has none to tell */
    bool got[HEARING_FRAMES_MAX];
    size_t n_hard, n_corrected, n_wrong;
    double worst_t, worst_hz, worst_clock, ebn0_sum;
};

static inline void hearing_hear(void *user, const struct modem_frame *f)
{
    struct heard *h = user;
    if (f->crc == MODEM_CRC_BAD)
        return;
    for (size_t i = 0; i < h->scene->n_frames; i++) {
        const struct modem_scene_frame *sent = &h->scene->frames[i];
        if (h->got[i] || f->n != sent->n || f->from_seal == sent->wave.to_seal || memcmp(f->bytes, sent->bytes, f->n) != 0)
            continue;
        h->got[i] = true;
        *(f->crc == MODEM_CRC_OK ? &h->n_hard : &h->n_corrected) += 1;
        h->worst_t = fmax(h->worst_t, fabs(f->t_s - sent->at_s));
        h->worst_hz = fmax(h->worst_hz, fabs(f->offset_hz - sent->wave.offset_hz));
        h->worst_clock = fmax(h->worst_clock, fabs((1 + f->clock_ppm * 1e-6) / sent->wave.clock - 1));
        h->ebn0_sum += f->ebn0_db;
        assert_true(h->any_polarity || f->inverted == sent->wave.inverted);
        assert_ptr_equal(f->link, modem_link_or_first(sent->wave.link));
        return;
    }
    h->n_wrong++;
}

struct hearing {
    const struct modem_link *link; /* NULL: iso433 */
    enum modem_format format;
    double rate_hz;
    const char *kernels;  /* NULL: the fastest */
    float times, shifted; /* the samples times one more than this, and plus that */
    size_t piece;         /* bytes that the receiver gets at once; 0: all */
};

/* `heard` is the caller's to clear. */
static inline void hearing_play(struct modem_scene *scene, const struct hearing *how, struct heard *heard)
{
    static float iq[2 * HEARING_PIECE];
    static uint8_t bytes[8 * HEARING_PIECE];
    struct modem_settings settings = {.link = how->link,
                                      .format = how->format,
                                      .rate_hz = how->rate_hz,
                                      .start = BULLA_START_ANY,
                                      .kernels = how->kernels ? modem_kernels_named(how->kernels) : NULL,
                                      .on_frame = hearing_hear,
                                      .user = heard};
    struct modem_receiver *receiver = modem_receiver_new(&settings);
    assert_non_null(receiver);
    assert_true(scene->n_frames <= HEARING_FRAMES_MAX);
    heard->scene = scene;
    size_t n, size = modem_format_size(how->format);
    while ((n = modem_scene_next(scene, iq, HEARING_PIECE)) > 0) {
        for (size_t i = 0; i < 2 * n; i++)
            iq[i] = iq[i] * (1 + how->times) + how->shifted;
        modem_format_put(how->format, bytes, iq, n);
        size_t all = n * size, piece = how->piece ? how->piece : all;
        for (size_t at = 0; at < all; at += piece)
            modem_receiver_feed(receiver, bytes + at, all - at < piece ? all - at : piece);
    }
    modem_receiver_end(receiver);
    modem_receiver_free(receiver);
}

static inline void hearing_count(void *user, const struct modem_frame *f)
{
    size_t *found = user;
    found[f->crc == MODEM_CRC_BAD]++;
}

/* How many good frames the bytes, said so many times, have at 1 MS/s; *bad too, where it is asked for. */
static inline size_t hearing_frames_in(const char *link, enum modem_format format, const uint8_t *bytes, size_t n, size_t times,
                                       size_t *bad)
{
    size_t found[2] = {0};
    struct modem_settings settings = {.link = modem_link_named(link),
                                      .format = format,
                                      .rate_hz = 1e6,
                                      .start = BULLA_START_ANY,
                                      .on_frame = hearing_count,
                                      .user = found};
    struct modem_receiver *receiver = modem_receiver_new(&settings);
    assert_non_null(receiver);
    for (size_t i = 0; i < times; i++)
        modem_receiver_feed(receiver, bytes, n);
    modem_receiver_end(receiver);
    modem_receiver_free(receiver);
    if (bad)
        *bad = found[1];
    return found[0];
}

#endif
