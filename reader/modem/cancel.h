/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a frame that was read out of what was received, so that a weaker one under it can be read: its waveform is made
 * again from its bytes, laid along the carrier and clock that the demodulator followed, and as much of it as there is, run by run, is
 * subtracted; its ramps too.
 */
#ifndef MODEM_CANCEL_H
#define MODEM_CANCEL_H

#include "reader/modem/demod.h"

/* re and im are those of the demodulator's region. Returns the power of what is left in the frame's stretch, a sample. */
float modem_cancel(const struct modem_demod *demod, struct bulla_bytes bytes, bool stop_bit, float *re, float *im);

/* The power of a sample of the stretch that a frame takes, with the frame. */
float modem_cancel_power(const struct modem_demod *demod);

#endif
