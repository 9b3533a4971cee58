/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf: its verbs, a file each, and what they share.
 */
#ifndef CLI_RF_H
#define CLI_RF_H

#include "cli/cli.h"
#include "reader/modem/link.h"

int cli_rf_decode(int argc, char **argv);
int cli_rf_encode(int argc, char **argv);
int cli_rf_bench(int argc, char **argv);
int cli_rf_rules(int argc, char **argv);
int cli_rf_show(int argc, char **argv);

extern const struct cli_command cli_rf;

/* A number with its unit: 1M, 2.4M, 250k, 1000000. False after telling stderr, which begins with `what`. */
bool cli_rf_number(const char *what, const char *text, double least, double most, double *value);

/* --format, else what the name says, else `otherwise` (-1: none). -1 after telling stderr. */
int cli_rf_format(const char *option, const char *name, int otherwise);

/* --link, iso433 when it is NULL; --stop-bit, which only iso433 has; *way as modem_link_read() has it. NULL after telling stderr. */
const struct modem_link *cli_rf_link(const char *option, bool stop_bit, int *way);

/* --crc-init; any when it is NULL. False after telling stderr. */
bool cli_rf_start(const char *option, enum bulla_start *start);

#endif
