/* SPDX-License-Identifier: Apache-2.0
 *
 * The port: finds the back end by the URL's scheme.
 */
#include "platform/in/broker.h"

#include <stdio.h>
#include <string.h>

struct broker *broker_open(const struct broker_backend *const *backends, struct gateway *g, const struct broker_options *options, char *why,
                           size_t size)
{
    size_t scheme = strcspn(options->url, ":");
    for (; backends && *backends; backends++) {
        if (strlen((*backends)->scheme) != scheme || strncmp((*backends)->scheme, options->url, scheme) != 0)
            continue;
        struct broker *broker = (*backends)->open(g, options, why, size);
        if (broker)
            broker->backend = *backends;
        return broker;
    }
    snprintf(why, size, "expected a URL like mqtt://127.0.0.1:1883 or mqtts://broker:8883, got %.80s", options->url);
    return NULL;
}

bool broker_start(struct broker *broker)
{
    return broker->backend->start(broker);
}

void broker_close(struct broker *broker)
{
    if (broker)
        broker->backend->close(broker);
}
