/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/rf_bench.h"
#include "reader/modem/fsk.h"
#include "reader/modem/keyed.h"

#define PIECE 65536 /* samples */

const struct cli_bench_conditions cli_bench_usual = {"usual", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8};

bool cli_bench_keyed(const struct cli_bench *bench)
{
    return bench->link->family == &modem_family_keyed;
}

bool cli_bench_fsk(const struct cli_bench *bench)
{
    return bench->link->family == &modem_family_fsk;
}

/* An order to all, to a seal. */
static void random_order(struct modem_random *random, struct modem_scene_frame *f)
{
    uint64_t bits = modem_random_next(random);
    const uint8_t arguments[] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 24), (uint8_t)(bits >> 32), 0};
    struct bulla_frame frame = {.to_all = true,
                                .start = BULLA_START_FFFF,
                                .code = BULLA_ORDER_COLLECT,
                                .session = (uint16_t)bits,
                                .data = {arguments, sizeof arguments}};
    struct bulla_fault fault;
    if (bulla_frame_encode_to_seal(&frame, f->bytes, sizeof f->bytes, &f->n, &fault) != BULLA_OK)
        f->n = 0; /* cannot be: it has all that such a frame has */
}

/* Any rate that the link has, with the same energy of a bit. */
static void random_rate(const struct cli_bench *bench, const struct cli_bench_conditions *c, struct modem_random *random,
                        struct modem_wave *wave)
{
    const struct modem_keyed *links = &modem_keyed_links[bench->link->number];
    const struct bulla_keyed *row = bulla_keyed_of(bench->forward ? links->forward : links->back);
    bool deep = bench->forward && !bench->shallow && bench->link->number == MODEM_KEYED_FHSS;
    double least = deep ? MODEM_KEYED_DEEP_BPS : row->least_bps;
    wave->to_seal = bench->forward;
    wave->depth = c->depth_db < 0 ? pow(10, c->depth_db / 20) : 0;
    wave->low = bench->shallow ? MODEM_KEYED_SHALLOW : 0;
    wave->tag_turns = modem_random_between(random, 0, 1);
    wave->clock = row->nominal_bps / modem_random_between(random, least, row->most_bps);
    wave->amplitude = 1 / sqrt(wave->clock);
    wave->inverted = false;
}

void cli_bench_frame(const struct cli_bench *bench, const struct cli_bench_conditions *c, struct modem_random *random,
                     struct modem_scene_frame *f)
{
    const struct modem_link *link = bench->link;
    modem_scene_block(random, f->bytes);
    f->n = BULLA_BLOCK_SIZE;
    if (bench->forward)
        random_order(random, f);
    f->wave = (struct modem_wave){.link = link,
                                  .inverted = modem_random_next(random) & 1,
                                  .offset_hz = modem_random_between(random, -link->offset_hz, link->offset_hz),
                                  .clock = 1 + modem_random_between(random, -c->clock_percent, c->clock_percent) / 100,
                                  .ramp_s = c->ramp_s,
                                  .phase_turns = modem_random_between(random, 0, 1),
                                  .amplitude = 1};
    if (cli_bench_keyed(bench))
        random_rate(bench, c, random, &f->wave);
    f->wave.bytes = (struct bulla_bytes){f->bytes, f->n};
}

bool cli_bench_lay_out(const struct cli_bench *bench, const struct cli_bench_conditions *c, size_t n, uint64_t seed,
                       struct modem_scene *scene)
{
    struct modem_random random = {.state = seed};
    double at = 20e-3;
    *scene = (struct modem_scene){.rate_hz = c->rate_hz, .ebn0_db = c->ebn0_db, .n_frames = n, .seed = seed + 1000003};
    scene->frames = calloc(n + 1, sizeof *scene->frames);
    for (size_t i = 0; scene->frames && i < n; i++) {
        cli_bench_frame(bench, c, &random, &scene->frames[i]);
        scene->frames[i].at_s = at + modem_wave_before(&scene->frames[i].wave);
        at += modem_wave_seconds(&scene->frames[i].wave) + modem_random_between(&random, c->gap_least_s, c->gap_most_s);
    }
    scene->seconds = at + 20e-3;
    return scene->frames != NULL;
}

static void take_frame(void *user, const struct modem_frame *f)
{
    struct cli_bench_score *score = user;
    if (f->crc == MODEM_CRC_BAD) {
        score->n_bad++;
        return;
    }
    for (size_t i = 0; i < score->scene->n_frames; i++) {
        const struct modem_scene_frame *sent = &score->scene->frames[i];
        if (fabs(sent->at_s - f->t_s) > 1e-3 || sent->n != f->n || memcmp(sent->bytes, f->bytes, f->n) != 0)
            continue;
        if (!score->got[i])
            *(f->crc == MODEM_CRC_OK ? &score->n_hard : &score->n_corrected) += 1;
        score->got[i] = true;
        return;
    }
    score->n_wrong++;
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Where a terminal looks on: how much of a long scene is behind us. */
static void show(const struct modem_scene *scene, double *next_s)
{
    double at_s = (double)scene->at / scene->rate_hz;
    if (scene->seconds < 1000 || at_s < *next_s || !isatty(STDERR_FILENO))
        return;
    *next_s += scene->seconds / 200;
    fprintf(stderr, "\r%.0f of %.0f million samples\r", at_s * scene->rate_hz / 1e6, scene->seconds * scene->rate_hz / 1e6);
}

bool cli_bench_play(const struct cli_bench *bench, struct modem_scene *scene, enum modem_format format, const struct modem_kernels *kernels,
                    FILE *also, struct cli_bench_score *score)
{
    static float iq[2 * PIECE];
    static uint8_t bytes[8 * PIECE];
    struct modem_settings settings = {.link = bench->link,
                                      .format = format,
                                      .rate_hz = scene->rate_hz,
                                      .start = BULLA_START_ANY,
                                      .kernels = kernels,
                                      .on_frame = take_frame,
                                      .user = score};
    struct modem_receiver *receiver = modem_receiver_new(&settings);
    *score = (struct cli_bench_score){.scene = scene, .got = calloc(scene->n_frames + 1, sizeof *score->got)};
    if (!receiver || !score->got) {
        modem_receiver_free(receiver);
        return false;
    }
    size_t n, size = modem_format_size(format);
    double next_s = 0;
    while ((n = modem_scene_next(scene, iq, PIECE)) > 0) {
        modem_format_put(format, bytes, iq, n);
        if (also)
            (void)!fwrite(bytes, size, n, also);
        double began = processor_seconds();
        modem_receiver_feed(receiver, bytes, n * size);
        score->seconds += processor_seconds() - began;
        show(scene, &next_s);
    }
    modem_receiver_end(receiver);
    modem_receiver_free(receiver);
    return true;
}
