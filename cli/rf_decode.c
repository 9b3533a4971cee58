/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf decode: samples from a file or standard input; a JSON object a frame.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/rf.h"
#include "cli/seal_json.h"

#define PIECE (1u << 18)

struct options {
    const char *rate, *format, *link, *crc_init;
    bool stop_bit, no_correction, good, stats;
};

struct printer {
    int way; /* see modem_link_read() */
    bool good;
    enum bulla_start start;
    unsigned long n_good, n_bad, n_corrected;
};

static json_t *frame_json(const struct modem_frame *f)
{
    struct bulla_frame frame;
    struct bulla_fault fault;
    struct bulla_bytes bytes = {f->bytes, f->n};
    enum bulla_status status = f->from_seal ? bulla_frame_decode_from_seal(bytes, BULLA_START_ANY, &frame, &fault)
                                            : bulla_frame_decode_to_seal(bytes, BULLA_START_ANY, &frame, &fault);
    if (status != BULLA_OK)
        return cli_fault_json(status, &fault, "byte");
    const char *order = bulla_order_text(frame.code);
    json_t *object = json_pack("{s:i, s:s?, s:i}", "code", frame.code, "order", order[0] ? order : NULL, "session", frame.session);
    if (f->from_seal)
        json_object_set_new(object, "status", json_integer(frame.status));
    if (!frame.to_all) {
        json_object_set_new(object, "maker", json_integer(frame.address.maker));
        json_object_set_new(object, "serial", json_integer((json_int_t)frame.address.serial));
    }
    json_object_set_new(object, "data", cli_hex_json(frame.data));
    return object;
}

/* As many digits as mean something. */
static json_t *rounded(double value, double step)
{
    return json_real(rint(value / step) * step);
}

static void print_frame(void *user, const struct modem_frame *f)
{
    static const char *const crcs[] = {[MODEM_CRC_OK] = "ok", [MODEM_CRC_BAD] = "bad", [MODEM_CRC_CORRECTED] = "corrected"};
    struct printer *printer = user;
    bool good = f->crc != MODEM_CRC_BAD;
    if ((printer->way > 0 && f->from_seal != (printer->way == 1)) || (printer->good && !good))
        return;
    *(good ? f->corrected ? &printer->n_corrected : &printer->n_good : &printer->n_bad) += 1;
    json_t *object = json_object();
    json_object_set_new(object, "t", rounded(f->t_s, 1e-7));
    json_object_set_new(object, "link", json_string(f->link->name));
    json_object_set_new(object, "direction", json_string(f->from_seal ? "return" : "forward"));
    json_object_set_new(object, "offset_hz", rounded(f->offset_hz, 0.1));
    json_object_set_new(object, "clock_ppm", rounded(f->clock_ppm, 1));
    json_object_set_new(object, "level_db", rounded(f->level_db, 0.01));
    json_object_set_new(object, "snr_db", rounded(f->snr_db, 0.01));
    json_object_set_new(object, "ebn0_db", rounded(f->ebn0_db, 0.01));
    json_object_set_new(object, "polarity", json_string(f->inverted ? "inverted" : "normal"));
    json_object_set_new(object, "bytes", cli_hex_json((struct bulla_bytes){f->bytes, f->n}));
    json_object_set_new(object, "crc", json_string(crcs[f->crc]));
    json_object_set_new(object, "corrected", json_integer((json_int_t)f->corrected));
    bool known = good && bulla_air_needs((struct bulla_bytes){f->bytes, f->n}, f->from_seal) == f->n; /* packets carry anything */
    bool block = known && f->bytes[0] != 0x40, right = true;
    json_object_set_new(
        object, "block",
        block ? cli_block_json((struct bulla_bytes){f->bytes, f->n}, BULLA_READING_TABLE, printer->start, BULLA_RANDOM_UNKNOWN, &right)
              : json_null());
    if (known && !block)
        json_object_set_new(object, "frame", frame_json(f));
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
    putchar('\n');
    fflush(stdout); /* whoever reads a pipe wants it now */
    json_decref(object);
}

/* Whole recording through the receiver. False: it cannot be read. */
static bool feed(struct modem_receiver *receiver, int fd, const char *name, size_t sample)
{
    static uint8_t piece[PIECE];
    uint64_t all = 0;
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            cli_say("%s: cannot read: %s", name, strerror(errno));
            return false;
        }
        if (n == 0)
            break;
        modem_receiver_feed(receiver, piece, (size_t)n);
        all += (uint64_t)n;
    }
    modem_receiver_end(receiver);
    if (all % sample != 0)
        cli_say("%s: expected a whole number of samples of %zu bytes, got %zu bytes more: cut off?", name, sample, (size_t)(all % sample));
    return true;
}

static bool read_settings(const struct options *o, const char *name, struct modem_settings *settings, struct printer *printer)
{
    struct modem_name said = modem_name_read(name);
    int format = cli_rf_format(o->format, name, MODEM_CU8);
    settings->rate_hz = said.rate_hz > 0 ? said.rate_hz : 1e6;
    settings->link = cli_rf_link(o->link, o->stop_bit, &printer->way);
    double least = settings->link ? settings->link->least_rate_hz : 0;
    if (format < 0 || !cli_rf_start(o->crc_init, &settings->start) || !settings->link ||
        (o->rate && !cli_rf_number("--rate", o->rate, least, MODEM_RATE_MAX, &settings->rate_hz)))
        return false;
    if (!(settings->rate_hz >= least && settings->rate_hz <= MODEM_RATE_MAX)) {
        cli_say("%s: expected a rate from %.12g to %d samples a second, got %.12g in the name (see --rate)", name, least, MODEM_RATE_MAX,
                settings->rate_hz);
        return false;
    }
    settings->format = (enum modem_format)format;
    settings->stop_bit = o->stop_bit;
    settings->no_correction = o->no_correction;
    printer->good = o->good;
    printer->start = settings->start;
    return true;
}

static double seconds_used(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int decode(const struct options *o, const char *name)
{
    struct printer printer = {0};
    struct modem_settings settings = {.on_frame = print_frame, .user = &printer};
    if (!read_settings(o, name, &settings, &printer))
        return CLI_USAGE;
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        cli_say("%s: cannot open: %s", name, strerror(errno));
        return CLI_IO;
    }
    struct modem_receiver *receiver = modem_receiver_new(&settings);
    if (!receiver) {
        cli_say("expected memory for a receiver, got none");
        return CLI_IO;
    }
    double began = seconds_used(CLOCK_PROCESS_CPUTIME_ID);
    bool read_all = feed(receiver, fd, name, modem_format_size(settings.format));
    if (o->stats) {
        struct modem_counts counts = modem_receiver_counts(receiver);
        double used = seconds_used(CLOCK_PROCESS_CPUTIME_ID) - began, said = (double)counts.samples / settings.rate_hz;
        cli_say("%lu frames, %lu corrected, %lu bad; %llu samples, %.3f s; %.0f times real time a core, %.1f MS/s; %llu candidates",
                printer.n_good, printer.n_corrected, printer.n_bad, (unsigned long long)counts.samples, said, said / (used + 1e-9),
                (double)counts.samples / (used + 1e-9) / 1e6, (unsigned long long)counts.candidates);
    }
    modem_receiver_free(receiver);
    if (fd != STDIN_FILENO)
        close(fd);
    return !read_all ? CLI_IO : printer.n_good + printer.n_corrected > 0 ? CLI_OK : CLI_NO;
}

int cli_rf_decode(int argc, char **argv)
{
    struct options o = {0};
    const struct cli_option options[] = {{"rate", &o.rate, NULL},         {"format", &o.format, NULL},
                                         {"link", &o.link, NULL},         {"crc-init", &o.crc_init, NULL},
                                         {"stop-bit", NULL, &o.stop_bit}, {"no-correction", NULL, &o.no_correction},
                                         {"good", NULL, &o.good},         {"stats", NULL, &o.stats}};
    argc = cli_options(&cli_rf, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 2) {
        cli_say("decode: expected one file, got %d", argc - 1);
        return CLI_USAGE;
    }
    return decode(&o, argc == 2 ? argv[1] : "-");
}
