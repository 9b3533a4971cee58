/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/intake.h"

#include <stdlib.h>
#include <string.h>

static size_t slice_bytes(const struct modem_intake *in)
{
    return MODEM_SLICE_IN(&in->front) * modem_format_size(in->front.format);
}

bool modem_intake_open(struct modem_intake *in, enum modem_format format, double rate_hz, const struct modem_band *band,
                       const struct modem_kernels *kernels, size_t kept, size_t lead)
{
    *in = (struct modem_intake){.kept = kept, .n_x = lead};
    bool opened = modem_front_open(&in->front, format, rate_hz, band, kernels);
    in->x = calloc(2 * (kept + MODEM_SLICE + 64), sizeof *in->x);
    in->raw = opened ? malloc(slice_bytes(in)) : NULL;
    return in->raw && in->x;
}

void modem_intake_close(struct modem_intake *in)
{
    modem_front_close(&in->front);
    free(in->raw);
    free(in->x);
    in->raw = NULL;
    in->x = NULL;
}

/* A slice. */
static void take(struct modem_intake *in, const uint8_t *bytes, void (*took)(void *user), void *user)
{
    size_t n = MODEM_SLICE_IN(&in->front);
    in->n_x += modem_front_feed(&in->front, bytes, n, in->x + 2 * in->n_x);
    in->samples += n;
    took(user);
}

void modem_intake_feed(struct modem_intake *in, const void *bytes, size_t n, void (*took)(void *user), void *user)
{
    const uint8_t *from = bytes;
    size_t slice = slice_bytes(in);
    while (n > 0) {
        if (in->n_raw == 0 && n >= slice) {
            take(in, from, took, user);
            from += slice;
            n -= slice;
            continue;
        }
        size_t part = slice - in->n_raw < n ? slice - in->n_raw : n;
        memcpy(in->raw + in->n_raw, from, part);
        in->n_raw += part;
        from += part;
        n -= part;
        if (in->n_raw == slice) {
            in->n_raw = 0;
            take(in, in->raw, took, user);
        }
    }
}

void modem_intake_end(struct modem_intake *in, void (*took)(void *user), void *user)
{
    size_t slice = slice_bytes(in), sample = modem_format_size(in->front.format);
    uint64_t whole = in->samples + in->n_raw / sample;
    int middle = in->front.format == MODEM_CU8 ? 0x80 : 0;
    in->n_raw -= in->n_raw % sample;
    memset(in->raw + in->n_raw, middle, slice - in->n_raw);
    take(in, in->raw, took, user);
    memset(in->raw, middle, slice);
    take(in, in->raw, took, user);
    in->n_raw = 0;
    in->samples = whole;
}

void modem_intake_let_go(struct modem_intake *in, uint64_t needed)
{
    uint64_t all = in->x_at + in->n_x;
    if (all > in->kept && needed < all - in->kept) /* nothing waits for so long: a chain of candidates in a hostile recording */
        needed = all - in->kept;
    if (needed <= in->x_at)
        return;
    size_t gone = (size_t)(needed - in->x_at);
    in->n_x -= gone;
    memmove(in->x, in->x + 2 * gone, 2 * in->n_x * sizeof *in->x);
    in->x_at = needed;
}
