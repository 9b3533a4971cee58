/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf encode: frames to samples, through a channel that a seed makes again.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rf.h"
#include "cli/rf_place.h"
#include "reader/modem/format.h"
#include "reader/modem/keyed.h"
#include "reader/modem/scene.h"

#define PIECE      65536
#define FRAMES_MAX 1000000
#define BEFORE_S   5e-3 /* of the first frame, and behind the last one */

struct options {
    const char *rate, *format, *link, *ebn0, *offset, *clock, *ramp, *gap, *repeat, *random, *seed, *bps, *index, *depth;
    const char *sigmf, *scene, *antenna, *truth;
    struct cli_rf_permit permit;
    bool stop_bit, inverted;
};

struct channel {
    double rate, ebn0, offset, clock_ppm, ramp_us, gap_ms, repeat, random, seed, bps, index, depth_db;
    int format, way;
    const struct modem_link *link;
};

/* What only links have that switch their carrier. */
static bool read_keyed(const struct options *o, struct channel *c)
{
    if (c->link->family != &modem_family_keyed) {
        if (o->bps || o->index || o->depth)
            cli_say("encode: expected a link that switches its carrier with --bps, --index or --depth, got %s", c->link->name);
        return !o->bps && !o->index && !o->depth;
    }
    const struct modem_keyed *links = &modem_keyed_links[c->link->number];
    const struct bulla_keyed *row = bulla_keyed_of(c->way == 2 ? links->forward : links->back);
    double bps = o->bps ? c->bps : row->nominal_bps;
    if (bps < row->least_bps || bps > row->most_bps) {
        cli_say("--bps: expected %u to %u for %s, got \"%s\"", (unsigned)row->least_bps, (unsigned)row->most_bps, row->text, o->bps);
        return false;
    }
    if (c->index != 99 && c->index != 11) {
        cli_say("--index: expected 99 or 11, got \"%s\"", o->index);
        return false;
    }
    c->clock_ppm += (row->nominal_bps / bps - 1) * 1e6;
    return true;
}

static bool read_options(const struct options *o, struct channel *c)
{
    *c = (struct channel){.rate = 1e6, .ebn0 = INFINITY, .ramp_us = 50, .gap_ms = 5, .repeat = 1, .seed = 1, .index = 99, .depth_db = -20};
    c->link = cli_rf_link(o->link, o->stop_bit, &c->way);
    const struct {
        const char *name, *text;
        double least, most, *to;
    } numbers[] = {{"--rate", o->rate, c->link ? c->link->least_rate_hz : 0, MODEM_RATE_MAX, &c->rate},
                   {"--ebn0", o->ebn0, -50, 100, &c->ebn0},
                   {"--offset", o->offset, -1e6, 1e6, &c->offset},
                   {"--clock", o->clock, -200000, 200000, &c->clock_ppm},
                   {"--ramp", o->ramp, 0, 100000, &c->ramp_us},
                   {"--gap", o->gap, 0, 3.6e6, &c->gap_ms},
                   {"--repeat", o->repeat, 1, FRAMES_MAX, &c->repeat},
                   {"--random", o->random, 1, FRAMES_MAX, &c->random},
                   {"--seed", o->seed, 0, 9007199254740992.0, &c->seed},
                   {"--bps", o->bps, 1, 1e6, &c->bps},
                   {"--index", o->index, 11, 99, &c->index},
                   {"--depth", o->depth, -100, 0, &c->depth_db}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].text && !cli_rf_number(numbers[i].name, numbers[i].text, numbers[i].least, numbers[i].most, numbers[i].to))
            return false;
    c->format = cli_rf_format(o->format, NULL, MODEM_CU8);
    return c->format >= 0 && c->link && read_keyed(o, c);
}

static bool read_hex(const char *word, struct modem_scene_frame *frame)
{
    size_t n = strlen(word) / 2;
    frame->n = n;
    if (n > 0 && strlen(word) % 2 == 0 && n <= sizeof frame->bytes && bulla_hex_get(frame->bytes, word, n))
        return true;
    cli_say("encode: expected 1 to %zu bytes in hexadecimal, got \"%.40s\"", sizeof frame->bytes, word);
    return false;
}

/* One after another, as the options say. False after telling stderr. */
static bool lay_out(const struct options *o, const struct channel *c, char **words, size_t n_words, struct modem_scene *scene)
{
    struct modem_random random = {.state = (uint64_t)c->seed};
    double at = BEFORE_S;
    for (size_t i = 0; i < scene->n_frames; i++) {
        struct modem_scene_frame *f = &scene->frames[i];
        f->wave = (struct modem_wave){.link = c->link,
                                      .to_seal = c->way == 2,
                                      .stop_bit = o->stop_bit,
                                      .inverted = o->inverted,
                                      .offset_hz = c->offset,
                                      .clock = 1 + c->clock_ppm * 1e-6,
                                      .ramp_s = c->ramp_us * 1e-6,
                                      .low = c->index == 11 ? MODEM_KEYED_SHALLOW : 0,
                                      .depth = pow(10, c->depth_db / 20),
                                      .phase_turns = modem_random_between(&random, 0, 1),
                                      .amplitude = o->bps ? sqrt(c->bps * c->link->bit_s) : 1}; /* the same energy of a bit */
        if (n_words > 0) {
            if (!read_hex(words[i % n_words], f))
                return false;
        } else {
            modem_scene_block(&random, f->bytes);
            f->n = BULLA_BLOCK_SIZE;
            f->wave.offset_hz += modem_random_between(&random, -c->link->offset_hz, c->link->offset_hz);
        }
        f->wave.bytes = (struct bulla_bytes){f->bytes, f->n};
        f->at_s = at + modem_wave_before(&f->wave);
        at += modem_wave_seconds(&f->wave) + c->gap_ms * 1e-3;
    }
    scene->seconds = at - c->gap_ms * 1e-3 + BEFORE_S;
    return true;
}

static enum cli_exit write_all(struct modem_scene *scene, struct cli_rf_sink *sink)
{
    static float iq[2 * PIECE];
    size_t n;
    while ((n = modem_scene_next(scene, iq, PIECE)) > 0)
        if (!cli_rf_sink_put(sink, iq, n))
            break;
    for (size_t i = 0; i < scene->n_frames; i++)
        cli_rf_sink_annotate(sink, scene->rate_hz, &scene->frames[i]);
    return cli_rf_sink_close(sink);
}

static enum cli_exit encode(const struct options *o, const struct channel *c, char **words, size_t n_words, struct modem_scene *scene)
{
    struct cli_rf_sink sink;
    double frequency;
    if (!lay_out(o, c, words, n_words, scene) || !cli_rf_permitted(&o->permit, c->link, c->way != 2, scene, &frequency))
        return CLI_USAGE;
    enum cli_exit code = cli_rf_sink_open(o->sigmf, (enum modem_format)c->format, c->rate, frequency, &sink);
    return code == CLI_OK ? write_all(scene, &sink) : code;
}

/* A place says all of it: what is typed beside it must not contradict. */
static enum cli_exit encode_place(const struct options *o, size_t n_words)
{
    const struct cli_rf_place_options place = {.scene = o->scene,
                                               .antenna = o->antenna,
                                               .truth = o->truth,
                                               .format = o->format,
                                               .sigmf = o->sigmf,
                                               .region = o->permit.region,
                                               .frequency = o->permit.frequency};
    const char *const others[] = {o->rate, o->link,   o->ebn0,   o->offset, o->clock,           o->ramp,
                                  o->gap,  o->repeat, o->random, o->seed,   o->permit.power_dbm, o->bps, o->index, o->depth};
    bool other = n_words > 0 || o->stop_bit || o->inverted;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        other |= others[i] != NULL;
    if (!other)
        return cli_rf_place(&place);
    cli_say("encode: expected beside --scene only --antenna, --truth, --format, --sigmf, --region, --frequency, got more");
    return CLI_USAGE;
}

int cli_rf_encode(int argc, char **argv)
{
    struct options o = {0};
    struct channel c;
    const struct cli_option options[] = {{"rate", &o.rate, NULL},
                                         {"format", &o.format, NULL},
                                         {"link", &o.link, NULL},
                                         {"ebn0", &o.ebn0, NULL},
                                         {"offset", &o.offset, NULL},
                                         {"clock", &o.clock, NULL},
                                         {"ramp", &o.ramp, NULL},
                                         {"gap", &o.gap, NULL},
                                         {"repeat", &o.repeat, NULL},
                                         {"random", &o.random, NULL},
                                         {"seed", &o.seed, NULL},
                                         {"stop-bit", NULL, &o.stop_bit},
                                         {"inverted", NULL, &o.inverted},
                                         {"sigmf", &o.sigmf, NULL},
                                         {"region", &o.permit.region, NULL},
                                         {"power-dbm", &o.permit.power_dbm, NULL},
                                         {"antenna-dbi", &o.permit.antenna_dbi, NULL},
                                         {"frequency", &o.permit.frequency, NULL},
                                         {"scene", &o.scene, NULL},
                                         {"antenna", &o.antenna, NULL},
                                         {"truth", &o.truth, NULL},
                                         {"bps", &o.bps, NULL},
                                         {"index", &o.index, NULL},
                                         {"depth", &o.depth, NULL}};
    argc = cli_options(&cli_rf, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (!read_options(&o, &c))
        return CLI_USAGE;
    size_t n_words = (size_t)argc - 1;
    if (o.scene)
        return encode_place(&o, n_words);
    if ((n_words > 0) == (o.random != NULL)) {
        cli_say("encode: expected frames in hexadecimal, or --random N, got %s", n_words > 0 ? "both" : "neither");
        return CLI_USAGE;
    }
    struct modem_scene scene = {.rate_hz = c.rate, .ebn0_db = c.ebn0, .seed = (uint64_t)c.seed + 1};
    scene.n_frames = (n_words > 0 ? n_words : (size_t)c.random) * (size_t)c.repeat;
    scene.frames = scene.n_frames <= FRAMES_MAX ? calloc(scene.n_frames, sizeof *scene.frames) : NULL;
    if (!scene.frames) {
        cli_say("encode: expected at most %d frames, got %zu", FRAMES_MAX, scene.n_frames);
        return CLI_USAGE;
    }
    enum cli_exit code = encode(&o, &c, argv + 1, n_words, &scene);
    free(scene.frames);
    return code;
}
