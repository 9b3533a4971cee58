/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/wave.h"

#include "reader/modem/link.h"

double modem_wave_seconds(const struct modem_wave *wave)
{
    return modem_link_or_first(wave->link)->family->seconds(wave);
}

void modem_wave_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n)
{
    modem_link_or_first(wave->link)->family->add(wave, rate_hz, edge, iq, n);
}
