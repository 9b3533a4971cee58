/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf encode --scene: a place (reader/source/place.h) as one of its antennas hears it.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bytes.h"
#include "cli/rf.h"
#include "cli/rf_place.h"
#include "reader/modem/rules.h"

#define PIECE   4096
#define HOUR_S  3600.0
#define BURST_S 0.1

/* Whether the region lets each seal send as it does. */
static bool permitted(const struct cli_rf_place_options *o, const struct place *p)
{
    char link[24];
    double hz = 0;
    snprintf(link, sizeof link, "%s-%s", p->link->name, p->to_seal ? "forward" : "return");
    if (o->frequency && !cli_rf_number("--frequency", o->frequency, 1e6, 1e10, &hz))
        return false;
    for (size_t i = 0; o->region && i < p->n_seals; i++) {
        const struct place_seal *s = &p->seals[i];
        double lasts = place_frame_s(p, s) + 2e-6 * s->ramp_us;
        struct modem_emission emission = {.region = o->region,
                                          .link = link,
                                          .hz = hz,
                                          .eirp_dbm = s->power_dbm + s->gain_dbi,
                                          .antenna_dbi = s->gain_dbi,
                                          .duty = fmin(1, lasts * fmin(p->seconds, HOUR_S) / s->every_s / HOUR_S),
                                          .channels = 1,
                                          .burst_duty = fmin(1, lasts * (1 + floor((BURST_S + s->jitter_s) / s->every_s)) / BURST_S)};
        char why[MODEM_RULES_WHY];
        if (!modem_rules_allow(&emission, why)) {
            cli_say("encode: %s: seal %s: not allowed: %s", o->scene, s->name, why);
            return false;
        }
    }
    return true;
}

/* -1 after telling stderr. */
static int antenna_of(const struct cli_rf_place_options *o, const struct place *p)
{
    for (size_t i = 0; i < p->n_antennas; i++)
        if (!o->antenna || strcmp(p->antennas[i].name, o->antenna) == 0)
            return (int)i;
    cli_say("--antenna: expected one of %s, %s or another of its %zu, got \"%s\"", o->scene, p->antennas[0].name, p->n_antennas,
            o->antenna);
    return -1;
}

static json_t *truth_of(const struct place *p, const struct modem_yard_frame *f, const struct place_heard *h)
{
    char hex[2 * MODEM_SCENE_BYTES_MAX + 1];
    struct modem_gain g = modem_fading_at(&f->fading, f->frame.at_s);
    bulla_hex_put(hex, f->frame.bytes, f->frame.n);
    return json_pack("{s:f, s:s, s:s, s:f, s:f, s:f, s:f}", "t", f->frame.at_s, "seal", p->seals[h->seal].name, "bytes", hex, "level_dbm",
                     f->level_dbm, "fading_db", 10 * log10(fmax(g.re * g.re + g.im * g.im, 1e-30)), "offset_hz",
                     f->frame.wave.offset_hz + f->fading.steady_hz, "distance_m", h->distance_m);
}

/* --truth: an object a line for each frame. */
static bool write_truth(const char *name, const struct place *p, const struct modem_yard *yard, const struct place_heard *heard)
{
    FILE *out = name ? fopen(name, "w") : NULL;
    bool done = !name || out;
    for (size_t i = 0; out && i < yard->n_frames; i++) {
        json_t *object = truth_of(p, &yard->frames[i], &heard[i]);
        done = done && json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(10)) == 0 && fputc('\n', out) != EOF;
        json_decref(object);
    }
    if (out && fclose(out) != 0)
        done = false;
    if (!done)
        cli_say("--truth: %s: cannot write: %s", name, strerror(errno));
    return done;
}

static enum cli_exit play(const struct cli_rf_place_options *o, const struct place *p, int format)
{
    static float iq[2 * PIECE];
    struct modem_yard yard;
    struct place_heard *heard = NULL;
    struct cli_rf_sink sink;
    char why[SOURCE_WHY];
    double frequency = p->link->centre_hz;
    int antenna = antenna_of(o, p);
    if (antenna < 0 || !permitted(o, p) || (o->frequency && !cli_rf_number("--frequency", o->frequency, 1e6, 1e10, &frequency)))
        return CLI_USAGE;
    if (place_lay_out(p, (size_t)antenna, &yard, &heard, why) != SOURCE_OK) {
        cli_say("encode: %s: %s", o->scene, why);
        return CLI_USAGE;
    }
    enum cli_exit code = write_truth(o->truth, p, &yard, heard) ? CLI_OK : CLI_IO;
    if (code == CLI_OK)
        code = cli_rf_sink_open(o->sigmf, (enum modem_format)format, p->rate_hz, frequency, &sink);
    if (code == CLI_OK) {
        for (size_t n; (n = modem_yard_next(&yard, iq, PIECE)) > 0 && cli_rf_sink_put(&sink, iq, n);)
            ;
        for (size_t i = 0; i < yard.n_frames; i++)
            cli_rf_sink_annotate(&sink, p->rate_hz, &yard.frames[i].frame);
        code = cli_rf_sink_close(&sink);
    }
    free(yard.frames);
    free(heard);
    return code;
}

enum cli_exit cli_rf_place(const struct cli_rf_place_options *o)
{
    struct place place;
    char why[SOURCE_WHY];
    size_t n;
    int format = cli_rf_format(o->format, NULL, MODEM_CU8);
    if (format < 0)
        return CLI_USAGE;
    uint8_t *text = cli_bytes_read(o->scene, &n);
    if (!text)
        return CLI_IO;
    enum source_result result = place_parse(o->scene, (const char *)text, n, &place, why);
    free(text);
    if (result != SOURCE_OK) {
        cli_say("encode: %s", why);
        return CLI_USAGE;
    }
    enum cli_exit code = play(o, &place, format);
    place_clear(&place);
    return code;
}
