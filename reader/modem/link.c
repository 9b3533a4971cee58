/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/link.h"

#include <stdio.h>
#include <string.h>

#include "bulla/packet.h"
#include "reader/modem/keyed.h"

const struct modem_link modem_links[] = {
    {"iso433", 433.92e6, 36e-6, 86784, MODEM_RATE_MIN, &modem_family_iso433, 0},
    {"iso315", 315e6, 36e-6, 63e3, MODEM_RATE_MIN, &modem_family_iso433, 0}, /* of seals with several frequencies */
    {"wco433", 434.4e6, 1 / 50e3, 58e3, MODEM_RATE_MIN, &modem_family_fsk, BULLA_PACKET_WCO433},
    {"wco2450", 2441.75e6, 1 / 9.6e3, 97670, MODEM_RATE_MIN, &modem_family_fsk, BULLA_PACKET_WCO2450},
    {"fhss", 915e6, 25e-6, 22875, MODEM_RATE_MIN, &modem_family_keyed, MODEM_KEYED_FHSS},
    {"narrow915", 915e6, 32e-6, 22875, MODEM_RATE_MIN, &modem_family_keyed, MODEM_KEYED_NARROW915},
};
const size_t modem_n_links = sizeof modem_links / sizeof *modem_links;

static const char *const ways[] = {"", "-return", "-forward"};

const struct modem_link *modem_link_or_first(const struct modem_link *link)
{
    return link ? link : modem_links;
}

const struct modem_link *modem_link_named(const char *name)
{
    for (size_t i = 0; i < modem_n_links; i++)
        if (strcmp(modem_links[i].name, name) == 0)
            return &modem_links[i];
    return NULL;
}

const struct modem_link *modem_link_read(const char *text, int *way)
{
    for (size_t i = 0; i < modem_n_links; i++) {
        size_t n = strlen(modem_links[i].name);
        if (strncmp(text, modem_links[i].name, n) != 0)
            continue;
        for (int k = 0; k < 3; k++)
            if (strcmp(text + n, ways[k]) == 0) {
                *way = k;
                return &modem_links[i];
            }
    }
    return NULL;
}

void modem_link_names(char text[MODEM_LINK_NAMES_MAX])
{
    size_t at = 0;
    for (size_t i = 0; i < modem_n_links && at < MODEM_LINK_NAMES_MAX; i++)
        at += (size_t)snprintf(text + at, MODEM_LINK_NAMES_MAX - at, "%s%s", i > 0 ? ", " : "", modem_links[i].name);
}
