/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the samples of bulla rf encode go, standard output or a SigMF recording; and whether a transmitter may send them.
 */
#ifndef CLI_RF_SINK_H
#define CLI_RF_SINK_H

#include "cli/cli.h"
#include "reader/modem/link.h"
#include "reader/modem/scene.h"
#include "reader/source/sigmf.h"

struct cli_rf_sink {
    enum modem_format format;
    struct sigmf_writer *sigmf; /* NULL: standard output */
};

/* `sigmf` is the name of --sigmf, or NULL. CLI_OK, or what to exit with, after telling stderr. */
enum cli_exit cli_rf_sink_open(const char *sigmf, enum modem_format format, double rate_hz, double frequency_hz, struct cli_rf_sink *sink);

/* n pairs of floats. False: nobody takes more. */
bool cli_rf_sink_put(struct cli_rf_sink *sink, const float *iq, size_t n);

/* A frame that was put, in samples, with its tones; only a SigMF recording keeps it. */
void cli_rf_sink_annotate(struct cli_rf_sink *sink, double rate_hz, const struct modem_scene_frame *frame);
enum cli_exit cli_rf_sink_close(struct cli_rf_sink *sink);

/* How long a frame of a link takes, how wide it is about its carrier, and what it is called. */
struct cli_rf_extent {
    double seconds, half_hz;
    char label[24];
};

/* `clock`: how much longer than nominal it takes. */
struct cli_rf_extent cli_rf_extent(const struct modem_link *link, bool from_seal, struct bulla_bytes bytes, double clock);

struct cli_rf_permit { /* options, or NULL */
    const char *region, *power_dbm, *antenna_dbi, *frequency;
};

/* Reads --frequency, or takes the link's own; and, where there is a region, whether it lets the frames of a scene be sent. False
 * after telling stderr. */
bool cli_rf_permitted(const struct cli_rf_permit *permit, const struct modem_link *link, bool from_seal, const struct modem_scene *scene, double *frequency_hz);

#endif
