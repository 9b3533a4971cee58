/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes as JSON from inside (MQTT, HTTP): one object, or an array of them, of protocol `json`. Each item is read by itself: one that
 * is refused harms no other.
 */
#ifndef IN_ITEMS_H
#define IN_ITEMS_H

#include "proto/json_device.h"

#define ITEMS_WHY_SIZE 160

struct items_host {
    void *host;
    /* Each item in turn, one of the two; `item` counts from 0, `raw` is its bytes. */
    void (*good)(void *host, size_t item, const struct bulla_observation *o, bool through_server, struct bulla_bytes raw);
    void (*bad)(void *host, size_t item, const char *why, struct bulla_bytes raw);
};

/* `device`: as topic or address names it, "" : they do not. Returns the number of items; 0: the message is refused as a whole, with
 * a sentence in why, and nothing was told. */
size_t items_read(struct bulla_bytes message, const char *device, const struct items_host *host, char why[ITEMS_WHY_SIZE]);

#endif
