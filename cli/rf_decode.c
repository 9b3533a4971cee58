/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf decode: samples from a file, standard input or a device; a JSON object a frame.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/rf.h"
#include "cli/rf_sink.h"
#include "cli/rf_source.h"
#include "cli/seal_json.h"
#include "reader/source/sigmf.h"

struct options {
    const char *rate, *format, *link, *crc_init, *sigmf;
    bool stop_bit, no_correction, good, stats;
};

struct printer {
    int way; /* see modem_link_read() */
    bool good;
    enum bulla_start start;
    unsigned long n_good, n_bad, n_corrected;
    double rate_hz, base_s; /* of what the receiver began with, in the time of the recording */
    double gaps_s;
    uint64_t base_samples;
    struct sigmf_writer *sigmf; /* NULL: not asked for */
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

static void print_line(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
    putchar('\n');
    fflush(stdout); /* whoever reads a pipe wants it now */
    json_decref(object);
}

static void annotate(const struct printer *printer, const struct modem_frame *f, const char *crc)
{
    struct cli_rf_extent extent = cli_rf_extent(f->link, f->from_seal, (struct bulla_bytes){f->bytes, f->n}, 1 + f->clock_ppm * 1e-6);
    double start = (double)printer->base_samples + f->t_s * printer->rate_hz;
    char comment[2 * BULLA_FRAME_MAX + 40], hex[2 * BULLA_FRAME_MAX + 1];
    bulla_hex_put(hex, f->bytes, f->n);
    snprintf(comment, sizeof comment, "%.*s crc %s, %.1f dB", (int)(2 * f->n), hex, crc, f->snr_db);
    sigmf_annotate(printer->sigmf, &(struct sigmf_annotation){.start = (uint64_t)(start > 0 ? llrint(start) : 0),
                                                              .count = (uint64_t)llrint(extent.seconds * printer->rate_hz),
                                                              .low_hz = f->offset_hz - extent.half_hz,
                                                              .high_hz = f->offset_hz + extent.half_hz,
                                                              .label = extent.label,
                                                              .comment = comment});
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
    json_object_set_new(object, "t", rounded(printer->base_s + f->t_s, 1e-7));
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
    if (printer->sigmf)
        annotate(printer, f, crcs[f->crc]);
    print_line(object);
}

static bool read_settings(const struct options *o, struct modem_settings *settings, struct printer *printer)
{
    settings->stop_bit = o->stop_bit;
    settings->no_correction = o->no_correction;
    printer->good = o->good;
    settings->link = cli_rf_link(o->link, o->stop_bit, &printer->way);
    bool right = cli_rf_start(o->crc_init, &settings->start);
    printer->start = settings->start;
    return right && settings->link;
}

static double seconds_used(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A receiver, and what came before it: behind a hole a new one begins. */
struct hearing {
    struct modem_settings settings;
    struct modem_receiver *receiver; /* NULL: no memory */
    struct modem_counts before;
    struct printer *printer;
};

static struct modem_counts counts_of(const struct hearing *h)
{
    struct modem_counts now = h->receiver ? modem_receiver_counts(h->receiver) : (struct modem_counts){0};
    return (struct modem_counts){h->before.samples + now.samples, h->before.candidates + now.candidates, h->before.synced + now.synced};
}

static void end_receiver(struct hearing *h)
{
    if (h->receiver)
        modem_receiver_end(h->receiver);
    h->before = counts_of(h);
    modem_receiver_free(h->receiver);
    h->receiver = NULL;
}

static void begin_behind(struct hearing *h, double gap_s)
{
    end_receiver(h);
    struct printer *printer = h->printer;
    double at_s = (double)h->before.samples / h->settings.rate_hz + printer->gaps_s;
    printer->gaps_s += gap_s;
    printer->base_s = at_s + gap_s;
    printer->base_samples = h->before.samples;
    json_t *object = json_pack("{s:o, s:o}", "t", rounded(at_s, 1e-7), "gap", rounded(gap_s, 1e-7));
    print_line(object);
    h->receiver = modem_receiver_new(&h->settings);
}

static bool take(void *user, const void *bytes, size_t n, double gap_s)
{
    struct hearing *h = user;
    if (gap_s > 0)
        begin_behind(h, gap_s);
    if (h->printer->sigmf)
        sigmf_put(h->printer->sigmf, bytes, n, gap_s);
    if (h->receiver)
        modem_receiver_feed(h->receiver, bytes, n);
    return h->receiver != NULL;
}

static void say_stats(const struct hearing *h, double used_s)
{
    const struct printer *p = h->printer;
    struct modem_counts counts = counts_of(h);
    double said = (double)counts.samples / h->settings.rate_hz;
    cli_say("%lu frames, %lu corrected, %lu bad; %llu samples, %.3f s; %.0f times real time a core, %.1f MS/s; %llu candidates", p->n_good,
            p->n_corrected, p->n_bad, (unsigned long long)counts.samples, said, said / (used_s + 1e-9),
            (double)counts.samples / (used_s + 1e-9) / 1e6, (unsigned long long)counts.candidates);
}

/* --sigmf. False after telling stderr. */
static enum cli_exit begin_sigmf(const struct options *o, const struct cli_rf_source *source, struct printer *printer)
{
    char why[SOURCE_WHY], datetime[40];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t n = strftime(datetime, sizeof datetime, "%Y-%m-%dT%H:%M:%S", gmtime(&now.tv_sec));
    snprintf(datetime + n, sizeof datetime - n, ".%03ldZ", now.tv_nsec / 1000000);
    enum source_result result =
        o->sigmf ? sigmf_create(o->sigmf, source->name, &source->info, source->info.live ? datetime : NULL, &printer->sigmf, why)
                 : SOURCE_OK;
    if (result != SOURCE_OK)
        cli_say("--sigmf: %s", why);
    return result == SOURCE_OK ? CLI_OK : result == SOURCE_WRONG ? CLI_USAGE : CLI_IO;
}

static bool end_sigmf(struct printer *printer)
{
    char why[SOURCE_WHY];
    if (!printer->sigmf || sigmf_finish(printer->sigmf, why) == SOURCE_OK)
        return true;
    cli_say("--sigmf: %s", why);
    return false;
}

static int decode(const struct options *o, const char *name)
{
    struct printer printer = {0};
    struct hearing h = {.settings = {.on_frame = print_frame, .user = &printer}, .printer = &printer};
    struct cli_rf_source source;
    if (!read_settings(o, &h.settings, &printer))
        return CLI_USAGE;
    enum cli_exit code = cli_rf_source_open(name, o->format, o->rate, h.settings.link->least_rate_hz, &source);
    if (code != CLI_OK)
        return code;
    source.prints = true;
    code = begin_sigmf(o, &source, &printer);
    h.settings.format = source.info.format;
    h.settings.rate_hz = printer.rate_hz = source.info.rate_hz;
    h.receiver = code == CLI_OK ? modem_receiver_new(&h.settings) : NULL;
    if (h.receiver) {
        double began = seconds_used(CLOCK_PROCESS_CPUTIME_ID);
        bool read_all = cli_rf_source_run(&source, take, &h), has_memory = h.receiver != NULL;
        end_receiver(&h);
        if (o->stats)
            say_stats(&h, seconds_used(CLOCK_PROCESS_CPUTIME_ID) - began);
        if (!has_memory)
            cli_say("expected memory for a receiver, got none");
        code = !end_sigmf(&printer) || !read_all || !has_memory ? CLI_IO : printer.n_good + printer.n_corrected > 0 ? CLI_OK : CLI_NO;
    } else if (code == CLI_OK) {
        cli_say("expected memory for a receiver, got none");
        end_sigmf(&printer);
        code = CLI_IO;
    }
    cli_rf_source_close(&source);
    return code;
}

int cli_rf_decode(int argc, char **argv)
{
    struct options o = {0};
    const struct cli_option options[] = {
        {"rate", &o.rate, NULL},         {"format", &o.format, NULL},     {"link", &o.link, NULL},
        {"crc-init", &o.crc_init, NULL}, {"stop-bit", NULL, &o.stop_bit}, {"no-correction", NULL, &o.no_correction},
        {"good", NULL, &o.good},         {"stats", NULL, &o.stats},       {"sigmf", &o.sigmf, NULL}};
    argc = cli_options(&cli_rf, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 2) {
        cli_say("decode: expected one file, got %d", argc - 1);
        return CLI_USAGE;
    }
    return decode(&o, argc == 2 ? argv[1] : "-");
}
