/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a packet that was read out of what was received, as reader/modem/cancel.h does for frames of iso433: its waveform is made again
 * from its bytes, laid along the carrier and clock that the demodulator followed, and as much of it as there is, bit by bit, is
 * subtracted; its ramps too.
 */
#ifndef MODEM_FSK_CANCEL_H
#define MODEM_FSK_CANCEL_H

#include "reader/modem/fsk_demod.h"

/* The power of a sample of the stretch that a packet with that payload takes. */
float modem_fsk_power(const struct modem_fsk_demod *demod, size_t payload, const float *re, const float *im);

/* re and im are those of the demodulator's region. */
void modem_fsk_cancel(const struct modem_fsk_demod *demod, struct bulla_bytes payload, float *re, float *im);

#endif
