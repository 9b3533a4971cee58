/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/wave.h"

#include "reader/modem/link.h"

double modem_wave_seconds(const struct modem_wave *wave)
{
    return modem_link_or_first(wave->link)->family->seconds(wave);
}

double modem_wave_before(const struct modem_wave *wave)
{
    const struct modem_family *family = modem_link_or_first(wave->link)->family;
    return family->before ? family->before(wave) : wave->ramp_s;
}

double modem_wave_bit_s(const struct modem_wave *wave)
{
    const struct modem_link *link = modem_link_or_first(wave->link);
    return link->family->bit_s ? link->family->bit_s(wave) : link->bit_s;
}

void modem_wave_add(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n)
{
    modem_link_or_first(wave->link)->family->add(wave, rate_hz, edge, iq, n);
}
