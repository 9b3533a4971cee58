/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rf_sink.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/rf.h"
#include "reader/modem/rules.h"

#define PIECE   4096
#define HOUR_S  3600.0
#define BURST_S 0.1 /* over which some regions take the mean of a power */

enum cli_exit cli_rf_sink_open(const char *sigmf, enum modem_format format, double rate_hz, double frequency_hz, struct cli_rf_sink *sink)
{
    *sink = (struct cli_rf_sink){.format = format};
    if (!sigmf && isatty(STDOUT_FILENO)) {
        cli_say("encode: expected standard output to be a file or a pipe, got a terminal");
        return CLI_USAGE;
    }
    const struct source_info info = {.format = format, .rate_hz = rate_hz, .frequency_hz = frequency_hz};
    char why[SOURCE_WHY];
    enum source_result result = sigmf ? sigmf_create(sigmf, NULL, &info, NULL, &sink->sigmf, why) : SOURCE_OK;
    if (result != SOURCE_OK)
        cli_say("--sigmf: %s", why);
    return result == SOURCE_OK ? CLI_OK : CLI_IO;
}

bool cli_rf_sink_put(struct cli_rf_sink *sink, const float *iq, size_t n)
{
    static uint8_t bytes[8 * PIECE];
    size_t size = modem_format_size(sink->format);
    for (size_t at = 0; at < n; at += PIECE) {
        size_t some = n - at < PIECE ? n - at : PIECE;
        modem_format_put(sink->format, bytes, iq + 2 * at, some);
        if (sink->sigmf)
            sigmf_put(sink->sigmf, bytes, size * some, 0);
        else if (fwrite(bytes, size, some, stdout) != some)
            return false; /* told by whoever called us */
    }
    return true;
}

struct cli_rf_extent cli_rf_extent(const struct modem_link *link, bool from_seal, struct bulla_bytes bytes, double clock)
{
    struct modem_wave wave = {.link = link, .to_seal = !from_seal, .bytes = bytes, .clock = clock};
    struct cli_rf_extent extent = {.seconds = modem_wave_seconds(&wave)};
    snprintf(extent.label, sizeof extent.label, "%s-%s", modem_link_or_first(link)->name, from_seal ? "return" : "forward");
    const struct modem_link_rule *rule = modem_link_rule_of(extent.label);
    extent.half_hz = rule ? rule->bandwidth_hz / 2 : 1 / modem_link_or_first(link)->bit_s;
    return extent;
}

void cli_rf_sink_annotate(struct cli_rf_sink *sink, double rate_hz, const struct modem_scene_frame *frame)
{
    const struct modem_wave *wave = &frame->wave;
    struct cli_rf_extent extent = cli_rf_extent(wave->link, !wave->to_seal, (struct bulla_bytes){frame->bytes, frame->n}, wave->clock);
    char hex[2 * MODEM_SCENE_BYTES_MAX + 1];
    if (!sink->sigmf)
        return;
    bulla_hex_put(hex, frame->bytes, frame->n);
    sigmf_annotate(sink->sigmf, &(struct sigmf_annotation){.start = (uint64_t)llrint(fmax(0, frame->at_s * rate_hz)),
                                                           .count = (uint64_t)llrint(extent.seconds * rate_hz),
                                                           .low_hz = wave->offset_hz - extent.half_hz,
                                                           .high_hz = wave->offset_hz + extent.half_hz,
                                                           .label = extent.label,
                                                           .comment = hex});
}

enum cli_exit cli_rf_sink_close(struct cli_rf_sink *sink)
{
    char why[SOURCE_WHY];
    if (!sink->sigmf || sigmf_finish(sink->sigmf, why) == SOURCE_OK)
        return CLI_OK;
    cli_say("--sigmf: %s", why);
    return CLI_IO;
}

/* ---- may it be sent ---- */

/* Of an hour, and of the busiest 100 ms, in which frames are on the air. */
static void busy(const struct modem_scene *scene, double *of_hour, double *of_burst)
{
    double all = 0, most = 0;
    for (size_t i = 0; i < scene->n_frames; i++) {
        double burst = 0;
        for (size_t k = i; k < scene->n_frames && scene->frames[k].at_s < scene->frames[i].at_s + BURST_S; k++) {
            struct modem_wave wave = scene->frames[k].wave;
            wave.bytes = (struct bulla_bytes){scene->frames[k].bytes, scene->frames[k].n};
            double seconds = modem_wave_seconds(&wave), left = scene->frames[i].at_s + BURST_S - scene->frames[k].at_s;
            all += k == i ? seconds : 0;
            burst += fmin(seconds, left);
        }
        most = fmax(most, burst);
    }
    *of_hour = fmin(1, all / fmax(HOUR_S, scene->seconds));
    *of_burst = fmin(1, most / BURST_S);
}

bool cli_rf_permitted(const struct cli_rf_permit *permit, const struct modem_link *link, bool from_seal, const struct modem_scene *scene,
                      double *frequency_hz)
{
    char name[24];
    snprintf(name, sizeof name, "%s-%s", link->name, from_seal ? "return" : "forward");
    const struct modem_link_rule *rule = modem_link_rule_of(name);
    struct modem_emission emission = {.region = permit->region, .link = name, .channels = 1};
    char why[MODEM_RULES_WHY];
    *frequency_hz = rule ? rule->default_hz : 0;
    if ((permit->frequency && !cli_rf_number("--frequency", permit->frequency, 1e6, 1e10, frequency_hz)) ||
        (permit->power_dbm && !cli_rf_number("--power-dbm", permit->power_dbm, -100, 100, &emission.eirp_dbm)) ||
        (permit->antenna_dbi && !cli_rf_number("--antenna-dbi", permit->antenna_dbi, -50, 50, &emission.antenna_dbi)))
        return false;
    if (!permit->region != !permit->power_dbm) {
        cli_say("encode: expected --region and --power-dbm together, got one of them");
        return false;
    }
    emission.hz = *frequency_hz;
    busy(scene, &emission.duty, &emission.burst_duty);
    if (!permit->region || modem_rules_allow(&emission, why))
        return true;
    cli_say("encode: not allowed: %s", why);
    return false;
}
