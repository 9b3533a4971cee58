/* SPDX-License-Identifier: Apache-2.0
 *
 * From where things are to what an antenna hears: distances, losses, Doppler, times.
 */
#include "reader/source/place.h"

#include <stdlib.h>
#include <string.h>

#include "reader/source/source_internal.h"

#define LIGHT 299792458.0

double place_frame_s(const struct place *place, const struct place_seal *seal)
{
    return modem_wave_seconds(&(struct modem_wave){
        .link = place->link, .to_seal = place->to_seal, .bytes = {seal->bytes, seal->n}, .clock = 1 + seal->clock_ppm * 1e-6});
}

static double length_of(const double v[3])
{
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

/* Whether the straight way goes through the box: the parts of it between each pair of sides have something in common. */
static bool in_the_way(const struct place_metal *box, const double from[3], const double to[3])
{
    double begin = 0, end = 1;
    for (size_t i = 0; i < 3; i++) {
        double low = fmin(box->from[i], box->to[i]), high = fmax(box->from[i], box->to[i]), way = to[i] - from[i];
        if (way == 0) {
            if (from[i] < low || from[i] > high)
                return false;
            continue;
        }
        double a = (low - from[i]) / way, b = (high - from[i]) / way;
        begin = fmax(begin, fmin(a, b));
        end = fmin(end, fmax(a, b));
    }
    return begin < end;
}

/* dB of the way in the mean, without shadows. */
static double gain_db(const struct place *p, double hz, const double from[3], const double to[3])
{
    const double way[3] = {to[0] - from[0], to[1] - from[1], to[2] - from[2]};
    double distance = length_of(way), gain;
    if (p->path.model == PLACE_TWO_RAY) {
        struct modem_gain g = modem_channel_two_ray(hz, hypot(way[0], way[1]), fabs(from[2]), fabs(to[2]), p->path.permittivity);
        gain = 10 * log10(fmax(g.re * g.re + g.im * g.im, 1e-30));
    } else if (p->path.model == PLACE_LOG_DISTANCE) {
        gain = -modem_channel_log_distance_db(hz, distance, p->path.exponent);
    } else {
        gain = -modem_channel_free_space_db(hz, distance);
    }
    for (size_t i = 0; i < p->n_metal; i++)
        if (in_the_way(&p->metal[i], from, to))
            gain -= p->metal[i].loss_db;
    return gain;
}

struct laying {
    const struct place *place;
    const struct place_antenna *antenna;
    struct modem_random random;
    struct modem_yard_frame *frames;
    struct place_heard *heard;
    size_t n, room;
};

static bool make_room(struct laying *l)
{
    if (l->n < l->room)
        return true;
    size_t room = l->room ? 2 * l->room : 64;
    struct modem_yard_frame *frames = realloc(l->frames, room * sizeof *frames);
    l->frames = frames ? frames : l->frames;
    struct place_heard *heard = realloc(l->heard, room * sizeof *heard);
    l->heard = heard ? heard : l->heard;
    l->room = frames && heard ? room : l->room;
    return frames && heard;
}

static void lay_frame(struct laying *l, size_t which, double sent_s, const struct modem_fading *fading, struct modem_shadow *shadow,
                      double moved_m)
{
    const struct place *p = l->place;
    const struct place_seal *s = &p->seals[which];
    double hz = p->link->centre_hz, at[3], way[3];
    for (size_t i = 0; i < 3; i++) {
        at[i] = s->at[i] + s->velocity[i] * sent_s;
        way[i] = l->antenna->at[i] - at[i];
    }
    double distance = length_of(way), towards = 0;
    for (size_t i = 0; i < 3; i++)
        towards += distance > 0 ? s->velocity[i] * way[i] / distance : 0;
    double way_db = s->gain_dbi + l->antenna->gain_dbi + gain_db(p, hz, at, l->antenna->at);
    way_db -= p->path.shadow_db > 0 ? modem_shadow_next(shadow, &l->random, moved_m) : 0;
    double reaches = l->antenna->power_dbm + way_db; /* there and back the way is the same */
    if (reaches < s->wake_dbm)
        return;
    double level = way_db + (isinf(s->reflect_db) ? s->power_dbm : reaches - s->reflect_db);
    struct modem_yard_frame *f = &l->frames[l->n];
    *f = (struct modem_yard_frame){
        .frame = {.at_s = sent_s + distance / LIGHT, .n = s->n}, .level_dbm = level, .drift_hz_s = s->drift_hz_s, .fading = *fading};
    f->fading.steady_hz = hz * towards / LIGHT;
    memcpy(f->frame.bytes, s->bytes, s->n);
    f->frame.wave = (struct modem_wave){.link = p->link,
                                        .to_seal = p->to_seal,
                                        .offset_hz = hz * s->offset_ppm * 1e-6,
                                        .clock = 1 + s->clock_ppm * 1e-6,
                                        .ramp_s = s->ramp_us * 1e-6,
                                        .phase_turns = modem_random_between(&l->random, 0, 1)};
    l->heard[l->n++] = (struct place_heard){which, distance};
}

static enum source_result lay_seal(struct laying *l, size_t which, char why[SOURCE_WHY])
{
    const struct place *p = l->place;
    const struct place_seal *s = &p->seals[which];
    struct modem_fading fading;
    struct modem_shadow shadow = {.sigma_db = p->path.shadow_db, .length_m = p->path.shadow_m};
    double speed = length_of(s->velocity), before = 0, hz = p->link->centre_hz;
    double lasts = place_frame_s(p, s) + s->ramp_us * 1e-6;
    modem_fading_init(&fading, &l->random, p->path.k_db, hz * speed / LIGHT, 0);
    for (size_t i = 0;; i++) {
        double due = s->first_s + (double)i * s->every_s;
        double sent = due + (s->jitter_s > 0 ? modem_random_between(&l->random, 0, s->jitter_s) : 0);
        if (due + lasts > p->seconds)
            return SOURCE_OK;
        if (sent < s->ramp_us * 1e-6 || sent + lasts > p->seconds)
            continue;
        if (l->n == PLACE_FRAMES_MAX)
            return source_say(SOURCE_WRONG, why, "expected at most %d frames in a place, got more: fewer seals, seldomer, or less time",
                              PLACE_FRAMES_MAX);
        if (!make_room(l))
            return source_say(SOURCE_FAILED, why, "expected memory for frames, got none");
        lay_frame(l, which, sent, &fading, &shadow, speed * fabs(sent - before));
        before = sent;
    }
}

struct both { /* so that what is beside a frame stays beside it */
    struct modem_yard_frame frame;
    struct place_heard heard;
};

static int by_time(const void *a, const void *b)
{
    const struct both *x = a, *y = b;
    return (x->frame.frame.at_s > y->frame.frame.at_s) - (x->frame.frame.at_s < y->frame.frame.at_s);
}

static bool sort_by_time(struct laying *l)
{
    struct both *all = calloc(l->n + 1, sizeof *all);
    if (!all)
        return false;
    for (size_t i = 0; i < l->n; i++)
        all[i] = (struct both){l->frames[i], l->heard[i]};
    qsort(all, l->n, sizeof *all, by_time);
    for (size_t i = 0; i < l->n; i++) {
        l->frames[i] = all[i].frame;
        l->heard[i] = all[i].heard;
    }
    free(all);
    return true;
}

enum source_result place_lay_out(const struct place *place, size_t antenna, struct modem_yard *yard, struct place_heard **heard,
                                 char why[SOURCE_WHY])
{
    struct laying l = {.place = place, .antenna = &place->antennas[antenna]};
    enum source_result result = SOURCE_OK;
    for (size_t i = 0; i < place->n_seals && result == SOURCE_OK; i++) {
        /* A seal's own numbers, so that one more seal changes nothing of the others; each antenna has its own ways. */
        l.random = (struct modem_random){.state = place->seed ^ (i + 1) * UINT64_C(0xD1342543DE82EF95) ^ antenna << 48};
        result = lay_seal(&l, i, why);
    }
    if (result == SOURCE_OK && !sort_by_time(&l))
        result = source_say(SOURCE_FAILED, why, "expected memory for frames, got none");
    if (result != SOURCE_OK) {
        free(l.frames);
        free(l.heard);
        return result;
    }
    *yard = (struct modem_yard){.rate_hz = place->rate_hz,
                                .seconds = place->seconds,
                                .full_scale_dbm = place->full_scale_dbm,
                                .figure_db = place->figure_db,
                                .impulses = place->impulses,
                                .n_neighbours = place->n_neighbours,
                                .frames = l.frames,
                                .n_frames = l.n,
                                .seed = place->seed * 2 + 1 + antenna};
    memcpy(yard->neighbours, place->neighbours, sizeof yard->neighbours);
    *heard = l.heard;
    return SOURCE_OK;
}
