/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla simulate: the whole platform under simulated time and faults.
 */
#include "sim/simulate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

extern const struct cli_command cli_simulate;

static const char help[] = "Usage: bulla simulate [OPTIONS]\n"
                           "\n"
                           "Runs the whole platform in this process under a simulated clock, network, disk, bus and scheduler, and lets\n"
                           "everything fail that can: programs are killed and machines lose power between any two writes, disks fill\n"
                           "up and fail, connections break, clocks are wrong, nodes stand still or are cut off. What must always hold is\n"
                           "checked: nothing that was acknowledged is lost or stored twice, alarms are those of the rules run afresh, and\n"
                           "others (docs/simulation.md). Everything follows from the seed: a seed that fails fails again.\n"
                           "\n"
                           "Options:\n"
                           "  --seed N       the first seed (1)\n"
                           "  --seeds N      so many, one after another (1)\n"
                           "  --days D       simulated days of each, or\n"
                           "  --years Y      years (0.05)\n"
                           "  --nodes N      1: one process with SQLite; 2 to 8: a cluster (1)\n"
                           "  --faults LIST  of crash,disk,network,clock,bus,database,stall,messages; all or none (all)\n"
                           "  --trace        what happens, to stderr\n"
                           "  --help         this text\n"
                           "\n"
                           "Prints one line a seed. Example, replaying a seed that failed:\n"
                           "  bulla simulate --seed 4711 --nodes 3 --trace\n"
                           "\n"
                           "Exit codes: 0 done, 1 something that must hold did not, 2 wrong usage, 3 out of memory.\n";

static bool read_number(const char *name, const char *text, double least, double most, double *out)
{
    char *end = NULL;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || *end || errno || !(value >= least && value <= most)) {
        cli_say("--%s: expected %g to %g, got %s", name, least, most, text);
        return false;
    }
    *out = value;
    return true;
}

static bool read_faults(const char *text, unsigned *out)
{
    unsigned faults = 0;
    if (strcmp(text, "none") == 0 || strcmp(text, "all") == 0) {
        *out = *text == 'a' ? SIMULATE_ALL : 0;
        return true;
    }
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, ","), i = 0;
        while (simulate_fault_names[i] && (strlen(simulate_fault_names[i]) != n || strncmp(simulate_fault_names[i], at, n) != 0))
            i++;
        if (!simulate_fault_names[i]) {
            cli_say("--faults: expected names of faults with commas between them, all or none, got %s", at);
            return false;
        }
        faults |= 1u << i;
        at += n + (at[n] == ',');
    }
    *out = faults;
    return true;
}

static void tell(const struct simulate_options *o, const struct simulate_result *r, double seconds)
{
    printf(
        "{\"seed\":%llu,\"nodes\":%u,\"days\":%.1f,\"rounds\":%llu,\"steps\":%llu,\"records\":%llu,\"acknowledged\":%llu,\"alarms\":%llu,"
        "\"crashes\":%llu,\"power_cuts\":%llu,\"connections\":%llu,\"broken\":%llu,\"write_errors\":%llu,\"sync_errors\":%llu,"
        "\"elections\":%llu,\"early\":%llu,\"stands\":%llu,\"copies_checked\":%llu,\"digest\":\"%016llx\",\"seconds\":%.2f,\"failed\":%s}"
        "\n",
        (unsigned long long)o->seed, o->nodes, (double)r->simulated_ms / 86400000.0, (unsigned long long)r->rounds,
        (unsigned long long)r->steps, (unsigned long long)r->messages, (unsigned long long)r->acknowledged, (unsigned long long)r->alarms,
        (unsigned long long)r->crashes, (unsigned long long)r->power_cuts, (unsigned long long)r->connections,
        (unsigned long long)r->broken, (unsigned long long)r->write_errors, (unsigned long long)r->sync_errors,
        (unsigned long long)r->elections, (unsigned long long)r->early, (unsigned long long)r->stands,
        (unsigned long long)r->copies_checked, (unsigned long long)r->digest, seconds, r->failed ? "true" : "false");
    fflush(stdout);
    if (r->failed)
        cli_say("seed %llu, step %llu, day %.4f: \"%s\" does not hold: %s", (unsigned long long)o->seed, (unsigned long long)r->step,
                (double)r->simulated_ms / 86400000.0, r->invariant, r->why);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_all(struct simulate_options *options, uint64_t seeds)
{
    uint64_t failed = 0;
    double began_s = now_s(), days = 0;
    for (uint64_t i = 0; i < seeds; i++, options->seed++) {
        struct simulate_result result;
        double seed_s = now_s();
        if (!simulate_run(options, &result)) {
            cli_say("out of memory");
            return CLI_IO;
        }
        tell(options, &result, now_s() - seed_s);
        days += (double)result.simulated_ms / 86400000.0;
        failed += result.failed;
    }
    double minutes = (now_s() - began_s) / 60;
    cli_say("%llu of %llu seeds hold; %.2f simulated years in %.1f s: %.2f years a minute", (unsigned long long)(seeds - failed),
            (unsigned long long)seeds, days / 365.25, minutes * 60, days / 365.25 / minutes);
    return failed ? CLI_NO : CLI_OK;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    const char *seed = "1", *seeds = "1", *days = NULL, *years = "0.05", *nodes = "1", *faults = "all";
    bool trace = false;
    const struct cli_option options[] = {{"seed", &seed, NULL},   {"seeds", &seeds, NULL}, {"days", &days, NULL},
                                         {"years", &years, NULL}, {"nodes", &nodes, NULL}, {"faults", &faults, NULL},
                                         {"trace", NULL, &trace}};
    (void)context;
    argc = cli_options(&cli_simulate, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -1 ? CLI_USAGE : CLI_OK;
    double n_seed, n_seeds, n_days, n_nodes;
    struct simulate_options o = {.trace = trace ? stderr : NULL};
    if (argc > 1) {
        cli_say("expected options alone, got %s", argv[1]);
        return CLI_USAGE;
    }
    if (!read_number("seed", seed, 0, 9e15, &n_seed) || !read_number("seeds", seeds, 1, 1e9, &n_seeds) ||
        !read_number(days ? "days" : "years", days ? days : years, 0.0001, 1e6, &n_days) || !read_number("nodes", nodes, 1, 8, &n_nodes) ||
        !read_faults(faults, &o.faults))
        return CLI_USAGE;
    o.seed = (uint64_t)n_seed;
    o.days = days ? n_days : n_days * 365.25;
    o.nodes = (unsigned)n_nodes;
    return run_all(&o, (uint64_t)n_seeds);
}

const struct cli_command cli_simulate = {"simulate", "Run the whole platform under simulated time and faults", help, run};
