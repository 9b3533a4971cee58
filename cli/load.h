/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of `bulla load` (load.c, load_prepare.c, load_print.c).
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "cli/cli.h"
#include "platform/store/store.h"
#include "sim/load.h"

/* A seal and a journey for each device, and the user when there is a password. False after telling stderr why. */
bool load_prepare_store(const struct cli_context *context, const struct load_options *options, const char *url);
bool load_prepare_api(const struct load_options *options);

/* The outcome to stdout: a table for people, or one JSON object. */
void load_print_table(const struct load_options *options, const struct load_result *result);
void load_print_json(const struct load_options *options, const struct load_result *result);

#endif
