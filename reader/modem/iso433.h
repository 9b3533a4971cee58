/* SPDX-License-Identifier: Apache-2.0
 *
 * The family of iso433 (reader/modem/link.h): both directions of the 433.92 MHz link of ISO/DIS 18185, heard at once.
 *
 *   bytes -> front (filter) -> detect (preambles) -> sync (carrier, clock) -> demod (bits) -> correct (CRC) -> frame
 */
#ifndef MODEM_ISO433_H
#define MODEM_ISO433_H

#include "reader/modem/link.h"

#define MODEM_ISO433_RUNS_MAX (2 * 9 * BULLA_FRAME_MAX + 64) /* of a frame */

double modem_iso433_seconds(const struct modem_wave *wave);
void modem_iso433_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n);

#endif
