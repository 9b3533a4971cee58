/* SPDX-License-Identifier: Apache-2.0
 *
 * What every receiver begins with: bytes in pieces of any length become slices (the same ones whatever the pieces are), the front
 * (reader/modem/front.h) makes samples of them, and the last of these are kept for those who look back.
 */
#ifndef MODEM_INTAKE_H
#define MODEM_INTAKE_H

#include "reader/modem/front.h"

struct modem_intake {
    struct modem_front front;
    uint8_t *raw; /* bytes that are not yet a slice */
    size_t n_raw;
    int16_t *x; /* samples behind the filter */
    size_t n_x, kept;
    uint64_t x_at;    /* which one x[0] is, the lead counted */
    uint64_t samples; /* of the input */
};

/* So many samples are kept at most; `lead` of nothing come before the first one. False: no memory; close it all the same. */
bool modem_intake_open(struct modem_intake *in, enum modem_format format, double rate_hz, const struct modem_band *band,
                       const struct modem_kernels *kernels, size_t kept, size_t lead);
void modem_intake_close(struct modem_intake *in);

/* `took` is called after each slice, when there are new samples. */
void modem_intake_feed(struct modem_intake *in, const void *bytes, size_t n, void (*took)(void *user), void *user);

/* What is left, and silence behind it, so that the filter gives all that it holds. */
void modem_intake_end(struct modem_intake *in, void (*took)(void *user), void *user);

/* Lets go of samples before `needed`, and of as many as are more than are kept. */
void modem_intake_let_go(struct modem_intake *in, uint64_t needed);

#endif
