/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf encode: frames to samples, through a channel that a seed makes again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/rf.h"
#include "reader/modem/format.h"
#include "reader/modem/scene.h"

#define PIECE      65536
#define FRAMES_MAX 1000000
#define BEFORE_S   5e-3 /* of the first frame, and behind the last one */

struct options {
    const char *rate, *format, *link, *ebn0, *offset, *clock, *ramp, *gap, *repeat, *random, *seed;
    bool stop_bit, inverted;
};

struct channel {
    double rate, ebn0, offset, clock_ppm, ramp_us, gap_ms, repeat, random, seed;
    int format, way;
    const struct modem_link *link;
};

static bool read_options(const struct options *o, struct channel *c)
{
    *c = (struct channel){.rate = 1e6, .ebn0 = INFINITY, .ramp_us = 50, .gap_ms = 5, .repeat = 1, .seed = 1};
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
                   {"--seed", o->seed, 0, 9007199254740992.0, &c->seed}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].text && !cli_rf_number(numbers[i].name, numbers[i].text, numbers[i].least, numbers[i].most, numbers[i].to))
            return false;
    c->format = cli_rf_format(o->format, NULL, MODEM_CU8);
    return c->format >= 0 && c->link;
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
                                      .phase_turns = modem_random_between(&random, 0, 1),
                                      .amplitude = 1};
        if (n_words > 0) {
            if (!read_hex(words[i % n_words], f))
                return false;
        } else {
            modem_scene_block(&random, f->bytes);
            f->n = BULLA_BLOCK_SIZE;
            f->wave.offset_hz += modem_random_between(&random, -c->link->offset_hz, c->link->offset_hz);
        }
        f->wave.bytes = (struct bulla_bytes){f->bytes, f->n};
        f->at_s = at + f->wave.ramp_s;
        at += modem_wave_seconds(&f->wave) + c->gap_ms * 1e-3;
    }
    scene->seconds = at - c->gap_ms * 1e-3 + BEFORE_S;
    return true;
}

static int write_all(struct modem_scene *scene, enum modem_format format)
{
    static float iq[2 * PIECE];
    static uint8_t bytes[8 * PIECE];
    size_t n, size = modem_format_size(format);
    while ((n = modem_scene_next(scene, iq, PIECE)) > 0) {
        modem_format_put(format, bytes, iq, n);
        if (fwrite(bytes, size, n, stdout) != n)
            break; /* told by whoever called us */
    }
    return CLI_OK;
}

int cli_rf_encode(int argc, char **argv)
{
    struct options o = {0};
    struct channel c;
    const struct cli_option options[] = {{"rate", &o.rate, NULL},        {"format", &o.format, NULL}, {"link", &o.link, NULL},
                                         {"ebn0", &o.ebn0, NULL},        {"offset", &o.offset, NULL}, {"clock", &o.clock, NULL},
                                         {"ramp", &o.ramp, NULL},        {"gap", &o.gap, NULL},       {"repeat", &o.repeat, NULL},
                                         {"random", &o.random, NULL},    {"seed", &o.seed, NULL},     {"stop-bit", NULL, &o.stop_bit},
                                         {"inverted", NULL, &o.inverted}};
    argc = cli_options(&cli_rf, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (!read_options(&o, &c))
        return CLI_USAGE;
    size_t n_words = (size_t)argc - 1;
    if ((n_words > 0) == (o.random != NULL)) {
        cli_say("encode: expected frames in hexadecimal, or --random N, got %s", n_words > 0 ? "both" : "neither");
        return CLI_USAGE;
    }
    if (isatty(STDOUT_FILENO)) {
        cli_say("encode: expected standard output to be a file or a pipe, got a terminal");
        return CLI_USAGE;
    }
    struct modem_scene scene = {.rate_hz = c.rate, .bit_s = c.link->bit_s, .ebn0_db = c.ebn0, .seed = (uint64_t)c.seed + 1};
    scene.n_frames = (n_words > 0 ? n_words : (size_t)c.random) * (size_t)c.repeat;
    scene.frames = scene.n_frames <= FRAMES_MAX ? calloc(scene.n_frames, sizeof *scene.frames) : NULL;
    if (!scene.frames) {
        cli_say("encode: expected at most %d frames, got %zu", FRAMES_MAX, scene.n_frames);
        return CLI_USAGE;
    }
    int code = lay_out(&o, &c, argv + 1, n_words, &scene) ? write_all(&scene, (enum modem_format)c.format) : CLI_USAGE;
    free(scene.frames);
    return code;
}
