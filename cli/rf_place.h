/* SPDX-License-Identifier: Apache-2.0
 *
 * Plays a place to one of its antennas.
 */
#ifndef CLI_RF_PLACE_H
#define CLI_RF_PLACE_H

#include "cli/rf_sink.h"
#include "reader/source/place.h"

struct cli_rf_place_options { /* as they were typed, or NULL */
    const char *scene, *antenna, *truth, *format, *sigmf, *region, *frequency;
};

/* CLI_OK, or what to exit with, after telling stderr. */
enum cli_exit cli_rf_place(const struct cli_rf_place_options *options);

#endif
