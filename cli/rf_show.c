/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf show: what a recording looks like, in the terminal or as a PNG.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/rf.h"
#include "cli/rf_source.h"
#include "reader/picture/sight.h"

#define PIECE          4096
#define SECONDS_MOST   1e9
#define COLUMNS_LEAST  40
#define COLUMNS_MOST   400
#define COLUMNS_OF_ALL 100 /* where nobody says how wide it is */

struct showing {
    struct sight *sight;
    enum modem_format format;
    size_t n_held; /* bytes of a sample that has come in part */
    uint8_t held[16];
    uint64_t shown; /* samples */
    double samples_most;
    double samples_each; /* of a picture, where there are several; 0: one of all */
    const struct cli_rf_source *source;
};

/* Full scale as the format has it. */
static float end_of(enum modem_format format)
{
    return format == MODEM_CF32 ? 1.0f : 0.999f;
}

static size_t columns_of(FILE *out)
{
    struct winsize size;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_OF_ALL;
    return size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col > COLUMNS_MOST ? COLUMNS_MOST : size.ws_col;
}

static void print_picture(const struct showing *s)
{
    const struct sight_labels labels = {.name = s->source->name, .frequency_hz = s->source->info.frequency_hz};
    bool colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    const struct sight_terminal terminal = {.columns = columns_of(stdout), .colours = colours};
    sight_print(s->sight, &labels, &terminal, stdout);
}

/* One of several: on a terminal each is drawn over the one before. False: no memory for the next one. */
static bool turn_page(struct showing *s)
{
    if (isatty(STDOUT_FILENO))
        fputs("\033[H\033[J", stdout);
    print_picture(s);
    fflush(stdout);
    sight_free(s->sight);
    s->sight = sight_new(s->source->info.rate_hz);
    return s->sight != NULL;
}

static bool show_samples(struct showing *s, const uint8_t *bytes, size_t n)
{
    static float iq[2 * PIECE];
    size_t size = modem_format_size(s->format), some;
    for (size_t at = 0; at < n; at += some) {
        double left = s->samples_most - (double)s->shown, of_page = s->samples_each - (double)s->sight->samples;
        some = n - at < PIECE ? n - at : PIECE;
        some = (double)some > left ? (size_t)left : some;
        some = s->samples_each > 0 && (double)some > of_page ? (size_t)of_page : some;
        modem_format_get(s->format, iq, bytes + at * size, some);
        sight_feed(s->sight, iq, some, end_of(s->format));
        s->shown += some;
        if (s->samples_each > 0 && (double)s->sight->samples + 1 > s->samples_each && !turn_page(s))
            return false;
        if ((double)s->shown + 1 > s->samples_most)
            return false;
    }
    return true;
}

static bool take(void *user, const void *from, size_t n, double gap_s)
{
    struct showing *s = user;
    const uint8_t *bytes = from;
    size_t size = modem_format_size(s->format);
    if (gap_s > 0)
        s->n_held = 0;
    while (s->n_held > 0 && n > 0) {
        s->held[s->n_held++] = *bytes++;
        n--;
        if (s->n_held == size) {
            s->n_held = 0;
            if (!show_samples(s, s->held, 1))
                return false;
        }
    }
    if (n % size != 0)
        memcpy(s->held, bytes + n - n % size, s->n_held = n % size);
    return show_samples(s, bytes, n / size);
}

/* What is left when everything was read. */
static enum cli_exit write_picture(const struct showing *s, const char *png)
{
    const struct sight_labels labels = {.name = s->source->name, .frequency_hz = s->source->info.frequency_hz};
    if (!s->sight) {
        cli_say("show: expected memory for a picture, got none");
        return CLI_IO;
    }
    if (s->shown == 0) {
        cli_say("%s: expected samples, got none", s->source->name);
        return CLI_NO;
    }
    sight_end(s->sight);
    if (png && !sight_png(s->sight, &labels, png)) {
        cli_say("--png: %s: cannot write: %s", png, strerror(errno));
        return CLI_IO;
    }
    if (!png && s->sight->samples > 0)
        print_picture(s);
    return CLI_OK;
}

static bool read_seconds(const char *name, const char *text, double *seconds)
{
    return !text || cli_rf_number(name, text, 1e-3, SECONDS_MOST, seconds);
}

int cli_rf_show(int argc, char **argv)
{
    const char *rate = NULL, *format = NULL, *png = NULL, *seconds = NULL, *every = NULL;
    const struct cli_option options[] = {
        {"rate", &rate, NULL}, {"format", &format, NULL}, {"png", &png, NULL}, {"seconds", &seconds, NULL}, {"every", &every, NULL}};
    argc = cli_options(&cli_rf, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    struct cli_rf_source source;
    struct showing s = {.samples_most = SECONDS_MOST, .source = &source};
    if (argc > 2 || (png && every)) {
        cli_say("show: expected %s", argc > 2 ? "one file, got several" : "--png or --every, got both");
        return CLI_USAGE;
    }
    if (!read_seconds("--seconds", seconds, &s.samples_most) || !read_seconds("--every", every, &s.samples_each))
        return CLI_USAGE;
    enum cli_exit code = cli_rf_source_open(argc == 2 ? argv[1] : "-", format, rate, MODEM_RATE_MIN, &source);
    if (code != CLI_OK)
        return code;
    s.samples_most *= source.info.rate_hz;
    s.samples_each *= source.info.rate_hz;
    s.format = source.info.format;
    s.sight = sight_new(source.info.rate_hz);
    bool read_all = !s.sight || cli_rf_source_run(&source, take, &s);
    code = write_picture(&s, png);
    sight_free(s.sight);
    cli_rf_source_close(&source);
    return read_all ? (int)code : CLI_IO;
}
