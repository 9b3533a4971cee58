/* SPDX-License-Identifier: Apache-2.0
 *
 * A source of samples as the verbs of bulla rf use one: read until its end, or until somebody presses Ctrl-C, with how far it
 * is on a terminal.
 */
#ifndef CLI_RF_SOURCE_H
#define CLI_RF_SOURCE_H

#include "cli/cli.h"
#include "reader/source/source.h"

struct cli_rf_source {
    struct source *source;
    struct source_info info;
    const char *name;
    bool prints; /* lines go to standard output meanwhile: on a terminal they say enough */
};

/* --format and --rate, or NULL; the rate must be `least` Hz at least. CLI_OK, or what to exit with, after telling stderr. */
enum cli_exit cli_rf_source_open(const char *name, const char *format, const char *rate, double least, struct cli_rf_source *source);
void cli_rf_source_close(struct cli_rf_source *source);

/* Gives all pieces to `take` until it says no; `gap_s` before a piece are missing. False after telling stderr: it broke off. */
bool cli_rf_source_run(struct cli_rf_source *source, bool (*take)(void *user, const void *bytes, size_t n, double gap_s), void *user);

#endif
