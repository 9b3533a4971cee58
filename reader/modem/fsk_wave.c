/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "reader/modem/fsk.h"

#define REACH 2 /* bits to either side that shape one, with room */

size_t modem_fsk_bits(struct bulla_bytes payload, bool to_seal, uint8_t bits[MODEM_FSK_BITS_MAX])
{
    struct bulla_packet_sender sender;
    size_t n = 0;
    bool bit;
    if (bulla_packet_send(&sender, payload, to_seal) != BULLA_OK)
        return 0;
    while (bulla_packet_next(&sender, &bit))
        bits[n++] = bit;
    return n;
}

static double bit_seconds(const struct modem_wave *w)
{
    return w->clock / bulla_packet_of((enum bulla_packet_link)w->link->number)->rate;
}

static double frame_seconds(const struct modem_wave *w)
{
    return bulla_packet_bits(w->bytes.len) * bit_seconds(w);
}

double modem_fsk_seconds(const struct modem_wave *wave)
{
    return frame_seconds(wave) + 2 * wave->ramp_s;
}

static double envelope(const struct modem_wave *w, double t, double whole)
{
    double outside = t < 0 ? -t : t > whole ? t - whole : 0;
    if (outside == 0)
        return w->amplitude;
    return outside < w->ramp_s ? w->amplitude * (0.5 + 0.5 * cos(M_PI * outside / w->ramp_s)) : 0;
}

struct turning { /* of a packet's carrier */
    const struct bulla_packet *packet;
    double scale; /* 1: the deviation of the link */
    long n;       /* bits */
    uint8_t bits[MODEM_FSK_BITS_MAX];
    double before[MODEM_FSK_BITS_MAX + 1]; /* turns of all bits before each */
};

static double sign_of(const struct turning *t, long bit)
{
    bit = bit < 0 ? 0 : bit >= t->n ? t->n - 1 : bit; /* the ramps have the tone that follows, or was before */
    return t->bits[bit] ? 1 : -1;
}

/* Turns at a place in bits after the first edge. */
static double turns_at(const struct turning *t, double place)
{
    long bit = (long)floor(place), low = bit < 0 ? 0 : bit > t->n ? t->n : bit;
    double sum = t->before[low] + (double)(bit - low) * 0.5 * sign_of(t, bit), within = place - (double)bit;
    for (long k = -REACH; k <= REACH; k++) {
        double turned = modem_fsk_turned(t->packet, within - (double)k);
        sum += sign_of(t, bit + k) * (k < 0 ? turned - 0.5 : turned);
    }
    return sum * t->scale;
}

static void prepare(const struct modem_wave *w, struct turning *t)
{
    t->packet = bulla_packet_of((enum bulla_packet_link)w->link->number);
    t->scale = w->deviation_hz > 0 ? w->deviation_hz / t->packet->deviation_hz : 1;
    t->n = (long)modem_fsk_bits(w->bytes, w->to_seal, t->bits);
    t->before[0] = 0;
    for (long i = 0; i < t->n; i++) {
        t->bits[i] ^= w->inverted;
        t->before[i + 1] = t->before[i] + 0.5 * (t->bits[i] ? 1 : -1);
    }
}

void modem_fsk_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n)
{
    static _Thread_local struct turning t;
    double whole = frame_seconds(wave), bit = bit_seconds(wave);
    double first = ceil(edge - wave->ramp_s * rate_hz), last = floor(edge + (whole + wave->ramp_s) * rate_hz);
    if (last < 0 || first >= (double)n)
        return;
    prepare(wave, &t);
    if (t.n == 0)
        return;
    size_t from = first < 0 ? 0 : (size_t)first, to = last >= (double)n ? n - 1 : (size_t)last;
    for (size_t i = from; i <= to; i++) {
        double at = ((double)i - edge) / rate_hz, a = envelope(wave, at, whole);
        double turns = turns_at(&t, at / bit) + wave->offset_hz * at + wave->phase_turns;
        turns = 2 * M_PI * (turns - floor(turns));
        iq[2 * i] += (float)(a * cos(turns));
        iq[2 * i + 1] += (float)(a * sin(turns));
    }
}
