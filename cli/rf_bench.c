/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf bench: the receiver against theory, against itself on other processors, and against rtl_433 on the same file. One
 * JSON object a measurement.
 */
#include "cli/rf_bench.h"

#include <string.h>

static const char help[] =
    "Usage: bulla rf bench [OPTIONS]\n"
    "\n"
    "Measures the receiver of a link on frames from seals with random contents, offsets (iso433: within 200 ppm), phases and\n"
    "polarities, and prints one JSON object a measurement. scripts/curves.py draws them.\n"
    "\n"
    "Options:\n"
    "  --link NAME   iso433 (default), wco433, wco2450, fhss or narrow915; fhss-forward or narrow915-forward: orders to seals\n"
    "  --shallow     such orders with a modulation index of 11 %\n"
    "  --packets N   a point (1000)\n"
    "  --part NAME   one of these; all of them otherwise:\n"
    "                  curve        loss against Eb/N0, with theory\n"
    "                  conditions   the same at other rates, formats, ramps, gaps and clocks\n"
    "                  collisions   several replies in a slot, by number, powers and offsets\n"
    "                  beside       loss beside rtl_433, where that is installed (iso433)\n"
    "                  noise        what noise is taken for\n"
    "                  speed        samples a second of a core, beside rtl_433\n"
    "  --noise N     samples of noise (100M)\n"
    "  --seed N      (1)\n"
    "  --help        this text\n";

struct part {
    const char *name;
    bool (*run)(const struct cli_bench *bench);
    enum { ALL, NOT_KEYED, ISO433 } of; /* links */
};

static const struct part parts[] = {
    {"curve", cli_bench_curve, ALL},      {"conditions", cli_bench_conditions, ALL}, {"collisions", cli_bench_collisions, NOT_KEYED},
    {"beside", cli_bench_beside, ISO433}, {"noise", cli_bench_noise, ALL},           {"speed", cli_bench_speed, ALL}};

static bool has_part(const struct cli_bench *bench, const char *name)
{
    int kind = cli_bench_keyed(bench) ? ALL : cli_bench_fsk(bench) ? NOT_KEYED : ISO433;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].name, name) == 0)
            return (int)parts[i].of <= kind;
    return false;
}

/* --link and --shallow. False after telling stderr. */
static bool choose(struct cli_bench *bench, const char *link_text)
{
    int way;
    bench->link = cli_rf_link(link_text, false, &way);
    if (!bench->link)
        return false;
    bench->forward = way == 2;
    bool of_orders = cli_bench_keyed(bench) && bench->forward;
    if (of_orders || (!bench->forward && !bench->shallow))
        return true;
    cli_say("bench: expected fhss-forward or narrow915-forward where it is not about seals, or for --shallow, got \"%s\"",
            link_text ? link_text : "iso433");
    return false;
}

static bool run(const struct cli_bench *bench, const char *part)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if ((!part || strcmp(parts[i].name, part) == 0) && has_part(bench, parts[i].name) && !parts[i].run(bench))
            return false;
    return true;
}

int cli_rf_bench(int argc, char **argv)
{
    static const struct cli_command self = {"rf", "", help, NULL};
    const char *link_text = NULL, *packets_text = NULL, *part = NULL, *noise_text = NULL, *seed_text = NULL;
    struct cli_bench bench = {.noise_samples = 100e6};
    const struct cli_option options[] = {{"link", &link_text, NULL},   {"packets", &packets_text, NULL}, {"part", &part, NULL},
                                         {"noise", &noise_text, NULL}, {"seed", &seed_text, NULL},       {"shallow", NULL, &bench.shallow}};
    double packets = 1000, seed = 1;
    argc = cli_options(&self, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if ((packets_text && !cli_rf_number("--packets", packets_text, 1, 1e6, &packets)) ||
        (noise_text && !cli_rf_number("--noise", noise_text, 1e4, 1e12, &bench.noise_samples)) ||
        (seed_text && !cli_rf_number("--seed", seed_text, 0, 9e15, &seed)) || !choose(&bench, link_text))
        return CLI_USAGE;
    if ((part && !has_part(&bench, part)) || argc > 1) {
        cli_say("bench: expected --part curve, conditions, noise or speed, collisions (not of switched carriers) or beside (iso433), got "
                "\"%s\"",
                argc > 1 ? argv[1] : part);
        return CLI_USAGE;
    }
    bench.packets = (size_t)packets;
    bench.seed = (uint64_t)seed;
    return run(&bench, part) ? CLI_OK : CLI_IO;
}
