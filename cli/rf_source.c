/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rf_source.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/rf.h"

#define PIECE   (1u << 18)
#define SHOWN_S 0.1 /* between two sights of how far it is */

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum cli_exit cli_rf_source_open(const char *name, const char *format, const char *rate, double least, struct cli_rf_source *source)
{
    struct source_settings settings = {.format = -1, .now_s = now_s, .stop = &stopped};
    if (format && (settings.format = cli_rf_format(format, NULL, -1)) < 0)
        return CLI_USAGE;
    if (rate && !cli_rf_number("--rate", rate, least, MODEM_RATE_MAX, &settings.rate_hz))
        return CLI_USAGE;
    struct sigaction action = {.sa_handler = stop}; /* without SA_RESTART: a read ends */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    char why[SOURCE_WHY];
    *source = (struct cli_rf_source){.name = name};
    enum source_result result = source_open(name, &settings, &source->source, &source->info, why);
    if (result != SOURCE_OK) {
        cli_say("%s", why);
        return result == SOURCE_WRONG ? CLI_USAGE : CLI_IO;
    }
    if (source->info.rate_hz >= least && source->info.rate_hz <= MODEM_RATE_MAX)
        return CLI_OK;
    cli_say("%s: expected a rate from %.12g to %d samples a second, got %.12g (see --rate)", name, least, MODEM_RATE_MAX,
            source->info.rate_hz);
    cli_rf_source_close(source);
    return CLI_USAGE;
}

void cli_rf_source_close(struct cli_rf_source *source)
{
    source_close(source->source);
    source->source = NULL;
}

struct progress {
    bool shown; /* on a terminal, of a recording */
    double began_s, last_s;
};

static void show_progress(struct progress *p, const struct cli_rf_source *s, double samples)
{
    double now = now_s(), of_air = samples / s->info.rate_hz;
    if (!p->shown || now - p->last_s < SHOWN_S)
        return;
    p->last_s = now;
    fprintf(stderr, "\r%3.0f %%, %.1f s of %.1f s, %.0f times real time\033[K", 100 * samples / (double)s->info.samples, of_air,
            (double)s->info.samples / s->info.rate_hz, of_air / (now - p->began_s));
    fflush(stderr);
}

bool cli_rf_source_run(struct cli_rf_source *s, bool (*take)(void *user, const void *bytes, size_t n, double gap_s), void *user)
{
    static uint8_t piece[PIECE];
    char why[SOURCE_WHY];
    size_t size = modem_format_size(s->info.format);
    uint64_t since_gap = 0;
    double gap, samples = 0, began = now_s();
    struct progress progress = {
        .shown = isatty(STDERR_FILENO) && s->info.samples > 0 && !(s->prints && isatty(STDOUT_FILENO)), .began_s = began, .last_s = began};
    ssize_t n;
    while ((n = source_read(s->source, piece, sizeof piece, &gap, why)) > 0) {
        since_gap = (gap > 0 ? 0 : since_gap) + (uint64_t)n;
        samples += (double)n / (double)size;
        if (!take(user, piece, (size_t)n, gap)) {
            since_gap = 0; /* what follows nobody wants */
            break;
        }
        show_progress(&progress, s, samples);
    }
    if (progress.last_s > began)
        fputs("\r\033[K", stderr);
    if (n < 0)
        cli_say("%s", why);
    else if (since_gap % size != 0)
        cli_say("%s: expected a whole number of samples of %zu bytes, got %zu bytes more: cut off?", s->name, size,
                (size_t)(since_gap % size));
    return n >= 0;
}
