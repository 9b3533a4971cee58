/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/receiver.h"

#include <stdlib.h>

#include "reader/modem/link.h"

struct modem_receiver {
    const struct modem_family *family;
    void *state;
};

struct modem_receiver *modem_receiver_new(const struct modem_settings *settings)
{
    struct modem_settings whole = *settings;
    whole.link = modem_link_or_first(settings->link);
    if (!(whole.rate_hz >= whole.link->least_rate_hz && whole.rate_hz <= MODEM_RATE_MAX))
        return NULL;
    struct modem_receiver *receiver = malloc(sizeof *receiver);
    if (!receiver)
        return NULL;
    *receiver = (struct modem_receiver){whole.link->family, whole.link->family->open(&whole)};
    if (receiver->state)
        return receiver;
    free(receiver);
    return NULL;
}

void modem_receiver_free(struct modem_receiver *receiver)
{
    if (!receiver)
        return;
    receiver->family->close(receiver->state);
    free(receiver);
}

void modem_receiver_feed(struct modem_receiver *receiver, const void *bytes, size_t n)
{
    receiver->family->feed(receiver->state, bytes, n);
}

void modem_receiver_end(struct modem_receiver *receiver)
{
    receiver->family->end(receiver->state);
}

struct modem_counts modem_receiver_counts(const struct modem_receiver *receiver)
{
    return receiver->family->counts(receiver->state);
}
