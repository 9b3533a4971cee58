/* SPDX-License-Identifier: Apache-2.0
 *
 * The links that a receiver and a transmitter have, a row each, by the name that --link takes. Behind a row is a family: links
 * that differ in numbers alone share one. To add a family: its two files of operations, and its rows in link.c.
 *
 * Callers use modem_receiver_*() and modem_wave_*(), which go through this table.
 */
#ifndef MODEM_LINK_H
#define MODEM_LINK_H

#include "reader/modem/receiver.h"
#include "reader/modem/wave.h"

struct modem_family {
    /* A receiver for settings->link; its memory does not grow. NULL: no memory, or a rate outside of the link's. */
    void *(*open)(const struct modem_settings *settings);
    void (*feed)(void *state, const void *bytes, size_t n);
    void (*end)(void *state);
    void (*close)(void *state); /* NULL is well */
    struct modem_counts (*counts)(const void *state);
    /* A frame to transmit for wave->link: modem_wave_seconds() and modem_wave_add() have the contract. */
    double (*seconds)(const struct modem_wave *wave);
    void (*add)(const struct modem_wave *wave, double rate_hz, double edge, float *iq, size_t n);
    double (*before)(const struct modem_wave *wave); /* NULL: its ramp */
    double (*bit_s)(const struct modem_wave *wave);  /* NULL: that of the link */
};

struct modem_link {
    const char *name;
    double centre_hz;     /* of its channel, or of the one that it begins in */
    double bit_s;         /* nominal, of a seal's answer; Eb is the energy of one */
    double offset_hz;     /* of a carrier, either way, that a receiver takes */
    double least_rate_hz; /* of a recording; MODEM_RATE_MAX is the most for all */
    const struct modem_family *family;
    int number; /* of the link in its family */
};

#define MODEM_LINK_NAMES_MAX 200

extern const struct modem_link modem_links[];
extern const size_t modem_n_links;

const struct modem_link *modem_link_named(const char *name);                 /* NULL: none */
const struct modem_link *modem_link_or_first(const struct modem_link *link); /* iso433 for NULL */

/* "iso433, wco433, ...": for messages. */
void modem_link_names(char text[MODEM_LINK_NAMES_MAX]);

/* A link's name, or one with "-return" (frames from seals) or "-forward" behind it. *way: 0 both, 1 return, 2 forward.
 * NULL: there is none of that name. */
const struct modem_link *modem_link_read(const char *text, int *way);

extern const struct modem_family modem_family_iso433, modem_family_fsk, modem_family_keyed;

#endif
