/* SPDX-License-Identifier: Apache-2.0
 *
 * Losses against Eb/N0, with theory beside them; the same under other conditions; what noise is taken for.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/rf_bench.h"
#include "reader/modem/fsk.h"
#include "reader/modem/keyed.h"

#define BITS_OF_PACKET (8 * (BULLA_BLOCK_SIZE + 3)) /* length, block and CRC */
#define BYTES_OF_ORDER 12

/* Of n bits at least one wrong. */
static double lost(double n, double bit)
{
    return -expm1(n * log1p(-bit));
}

static double theory_fsk(const struct cli_bench *bench, double ebn0)
{
    static struct modem_fsk_shape shape;
    modem_fsk_shape_make(&shape, bulla_packet_of((enum bulla_packet_link)bench->link->number));
    return lost(BITS_OF_PACKET, modem_fsk_theory(&shape, ebn0));
}

/* Coherently with perfect synchronisation: the tones of a one and a zero have the correlation 0.0954 (h = 1.35 a half bit). */
static double theory_iso433(double ebn0)
{
    return lost(8 * BULLA_BLOCK_SIZE, 0.5 * erfc(sqrt(ebn0 * (1 - 0.0954) / 2)));
}

static double theory(const struct cli_bench *bench, double ebn0)
{
    if (cli_bench_keyed(bench))
        return modem_keyed_theory(!bench->forward, bench->forward ? BYTES_OF_ORDER : BULLA_BLOCK_SIZE, ebn0);
    return cli_bench_fsk(bench) ? theory_fsk(bench, ebn0) : theory_iso433(ebn0);
}

static json_t *measured(const struct cli_bench *bench, const char *what, const struct cli_bench_conditions *c)
{
    return json_pack("{s:s, s:s, s:s, s:f, s:s, s:f}", "measured", what, "link", bench->link->name, "conditions", c->name, "rate_hz",
                     c->rate_hz, "format", modem_format_text(c->format), "ebn0_db", c->ebn0_db);
}

static void print(const struct cli_bench *bench, json_t *row, const struct cli_bench_score *score, double ebn0)
{
    double n = (double)bench->packets, hard = n - (double)score->n_hard;
    json_object_update_new(row, json_pack("{s:I, s:f, s:f, s:f, s:I, s:I}", "packets", (json_int_t)bench->packets, "lost_hard", hard / n,
                                          "lost_corrected", (hard - (double)score->n_corrected) / n, "theory_hard", theory(bench, ebn0),
                                          "wrong", (json_int_t)score->n_wrong, "bad", (json_int_t)score->n_bad));
    if (cli_bench_fsk(bench))
        json_object_set_new(row, "theory_noncoherent", json_real(lost(BITS_OF_PACKET, modem_fsk_theory_noncoherent(ebn0))));
    if (cli_bench_keyed(bench))
        json_object_update_new(row, json_pack("{s:s, s:b}", "direction", bench->forward ? "forward" : "return", "shallow", bench->shallow));
    if (cli_bench_keyed(bench) && bench->forward)
        json_object_set_new(row, "theory_noncoherent", json_real(modem_keyed_theory_noncoherent(BYTES_OF_ORDER, ebn0)));
    cli_json_print(row);
}

static bool point(const struct cli_bench *bench, const char *what, const struct cli_bench_conditions *c, uint64_t seed)
{
    struct modem_scene scene;
    struct cli_bench_score score = {0};
    bool played = cli_bench_lay_out(bench, c, bench->packets, seed, &scene) && cli_bench_play(bench, &scene, c->format, NULL, NULL, &score);
    if (played)
        print(bench, measured(bench, what, c), &score, pow(10, c->ebn0_db / 10));
    free(score.got);
    free(scene.frames);
    return played;
}

bool cli_bench_curve(const struct cli_bench *bench)
{
    const double points[] = {6, 7, 7.5, 8, 8.5, 8.8, 9, 9.5, 10, 10.2, 10.6, 11, 11.5, 12, 13, 14, 16, 20, 30};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct cli_bench_conditions c = cli_bench_usual;
        c.ebn0_db = points[i];
        if (!point(bench, "curve", &c, bench->seed + i))
            return false;
    }
    return true;
}

bool cli_bench_conditions(const struct cli_bench *bench)
{
    bool fsk = cli_bench_fsk(bench), answers = cli_bench_keyed(bench) && !bench->forward;
    const struct cli_bench_conditions cases[] = {
        {"0.5 MS/s", 0.5e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"0.85 MS/s", 0.85e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"1.6 MS/s", 1.6e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"2 MS/s", 2e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"2.4 MS/s", 2.4e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"cs8", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CS8},
        {"cs16", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CS16},
        {"cf32", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CF32},
        {"ramps of 1 ms", 1e6, 0, 3e-3, 15e-3, 1e-3, 0, MODEM_CU8},
        {"gaps of 100 ms", 1e6, 0, 100e-3, 101e-3, 50e-6, 0, MODEM_CU8},
        {"no gaps", 1e6, 0, 0, 0, 50e-6, 0, MODEM_CU8},
        {fsk ? "clock +-1 %" : "clock +-5 %", 1e6, 0, 3e-3, 15e-3, 50e-6, fsk ? 1 : 5, MODEM_CU8},
        {"40 dB under the carrier", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CS16, -40},
        {"60 dB under the carrier", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CF32, -60},
    };
    const double points[] = {8.8, 9.3, 9.8, 10.2, 10.6, 11.1, 11.6, 30}, points_fsk[] = {7.5, 9, 9.5, 10, 10.5, 11, 12, 30};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].depth_db < 0 && !answers)
            continue;
        for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
            struct cli_bench_conditions c = cases[i];
            c.ebn0_db = fsk ? points_fsk[k] : points[k];
            if (!point(bench, "conditions", &c, bench->seed + 100 * (i + 1) + k))
                return false;
        }
    }
    return true;
}

bool cli_bench_noise(const struct cli_bench *bench)
{
    struct modem_scene scene = {.rate_hz = 1e6, .ebn0_db = -40, .seconds = bench->noise_samples / 1e6, .seed = bench->seed};
    struct cli_bench_score score = {0};
    bool played = cli_bench_play(bench, &scene, MODEM_CU8, NULL, NULL, &score);
    if (played)
        cli_json_print(json_pack("{s:s, s:s, s:I, s:I, s:I}", "measured", "noise", "link", bench->link->name, "samples",
                                 (json_int_t)bench->noise_samples, "frames", (json_int_t)score.n_wrong, "bad", (json_int_t)score.n_bad));
    free(score.got);
    return played;
}
