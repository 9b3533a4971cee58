/* SPDX-License-Identifier: Apache-2.0
 *
 * Several replies in one slot: how many of them are read, by their number, powers and offsets. An inventory that knows this table can
 * choose how many slots it offers.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/rf_bench.h"

#define REPLIES_MAX 6
#define GUARD_S     6e-3   /* between slots */
#define JITTER_S    100e-6 /* within which all replies of a slot begin */
#define WEAKEST_DB  18.0   /* Eb/N0 of the weakest one, where powers have steps */
#define MEDIAN_DB   24.0   /* of all, where they are random */
#define MOST_SIGMAS 2.5    /* above the median; nearer antennas turn their gain down */

struct collision {
    size_t replies;
    bool random;          /* normal with sigma db around the median; else each is db above the next one */
    double db, within_hz; /* of the carrier that they should have */
};

static double strongest_db(const struct collision *c)
{
    return c->random ? MEDIAN_DB + MOST_SIGMAS * c->db : WEAKEST_DB + c->db * (double)(c->replies - 1);
}

/* Of reply i, below the strongest that there can be. */
static double below_db(const struct collision *c, size_t i, struct modem_random *random)
{
    double sigmas = c->random ? modem_random_normal(random) : 0;
    return c->random ? c->db * (MOST_SIGMAS - fmin(sigmas, MOST_SIGMAS)) : c->db * (double)i;
}

static double slot_s(const struct cli_bench *bench)
{
    static const uint8_t block[BULLA_BLOCK_SIZE];
    return GUARD_S + modem_wave_seconds(&(struct modem_wave){.link = bench->link, .bytes = {block, sizeof block}, .clock = 1});
}

static bool lay_out(const struct cli_bench *bench, const struct collision *c, size_t slots, uint64_t seed, struct modem_scene *scene)
{
    struct modem_random random = {.state = seed};
    double slot = slot_s(bench), room = c->replies > 2 ? 2 / (double)c->replies : 1; /* all of them together must not be clipped */
    *scene = (struct modem_scene){.rate_hz = cli_bench_usual.rate_hz,
                                  .ebn0_db = strongest_db(c) - 20 * log10(room),
                                  .n_frames = c->replies * slots,
                                  .seconds = 40e-3 + slot * (double)slots,
                                  .seed = seed + 1};
    scene->frames = calloc(scene->n_frames, sizeof *scene->frames);
    for (size_t i = 0; scene->frames && i < scene->n_frames; i++) {
        struct modem_scene_frame *f = &scene->frames[i];
        cli_bench_frame(bench, &cli_bench_usual, &random, f);
        f->wave.offset_hz *= c->within_hz / bench->link->offset_hz;
        f->wave.amplitude = room * pow(10, -below_db(c, i % c->replies, &random) / 20);
        f->at_s = 20e-3 + slot * (double)(i / c->replies) + modem_random_between(&random, 0, JITTER_S);
    }
    return scene->frames != NULL;
}

/* In how many slots so many were read, and in how many the strongest was. */
static void count(const struct cli_bench_score *score, size_t replies, double read[REPLIES_MAX + 1], double *strongest)
{
    for (size_t i = 0; i < score->scene->n_frames; i += replies) {
        const struct modem_scene_frame *frames = &score->scene->frames[i];
        size_t n = 0, top = 0;
        for (size_t k = 0; k < replies; k++) {
            n += score->got[i + k];
            top = frames[k].wave.amplitude > frames[top].wave.amplitude ? k : top;
        }
        read[n]++;
        *strongest += score->got[i + top];
    }
}

static void print(const struct cli_bench *bench, const struct collision *c, const struct cli_bench_score *score, size_t slots)
{
    double read[REPLIES_MAX + 1] = {0}, strongest = 0, n = (double)slots, mean = 0;
    count(score, c->replies, read, &strongest);
    json_t *shares = json_array();
    for (size_t i = 0; i <= c->replies; i++) {
        json_array_append_new(shares, json_real(read[i] / n));
        mean += (double)i * read[i] / n;
    }
    cli_json_print(json_pack("{s:s, s:s, s:I, s:s, s:f, s:f, s:f, s:I, s:o, s:f, s:f, s:I}", "measured", "collision", "link",
                             bench->link->name, "replies", (json_int_t)c->replies, "powers", c->random ? "normal" : "steps", "db", c->db,
                             "within_hz", c->within_hz, c->random ? "median_ebn0_db" : "weakest_ebn0_db",
                             c->random ? MEDIAN_DB : WEAKEST_DB, "slots", (json_int_t)slots, "read", shares, "mean", mean, "strongest",
                             strongest / n, "wrong", (json_int_t)score->n_wrong));
}

static bool collide(const struct cli_bench *bench, const struct collision *c, uint64_t seed)
{
    size_t slots = bench->packets > 1 ? bench->packets / 2 : 1;
    struct modem_scene scene;
    struct cli_bench_score score = {0};
    bool played = lay_out(bench, c, slots, seed, &scene) && cli_bench_play(bench, &scene, cli_bench_usual.format, NULL, NULL, &score);
    if (played)
        print(bench, c, &score, slots);
    free(score.got);
    free(scene.frames);
    return played;
}

bool cli_bench_collisions(const struct cli_bench *bench)
{
    static const double steps[] = {0, 1, 2, 4, 6, 10, 15}, sigmas[] = {3, 6, 8},
                        shares[] = {1, 0.25, 0.1}; /* of the offsets that there may be */
    uint64_t seed = bench->seed + 1000;
    for (size_t p = 0; p < sizeof shares / sizeof *shares; p++) {
        double within = shares[p] * bench->link->offset_hz;
        for (size_t replies = 2; replies <= 3; replies++)
            for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
                if (!collide(bench, &(struct collision){replies, false, steps[i], within}, seed++))
                    return false;
        for (size_t replies = 1; replies <= REPLIES_MAX; replies++)
            for (size_t i = 0; i < sizeof sigmas / sizeof *sigmas; i++)
                if (!collide(bench, &(struct collision){replies, true, sigmas[i], within}, seed++))
                    return false;
    }
    return true;
}
