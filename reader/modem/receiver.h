/* SPDX-License-Identifier: Apache-2.0
 *
 * A receiver of one link (reader/modem/link.h): the bytes of a recording or a device in, in pieces of any length; frames out.
 * Its memory does not grow. A receiver belongs to one thread.
 */
#ifndef MODEM_RECEIVER_H
#define MODEM_RECEIVER_H

#include <stdbool.h>

#include "bulla/air.h"
#include "reader/modem/format.h"
#include "reader/modem/kernel.h"

enum modem_crc { MODEM_CRC_OK, MODEM_CRC_BAD, MODEM_CRC_CORRECTED };

struct modem_link;

struct modem_frame {
    const struct modem_link *link;
    bool from_seal;
    double t_s;       /* first edge of the preamble, since the begin of the recording */
    double offset_hz; /* of the carrier */
    double clock_ppm; /* how much longer than nominal its bits are */
    double ebn0_db;   /* energy of a bit over noise density */
    double snr_db;    /* power over noise in the channel: 500 kHz for iso433, twice the bit rate for packets */
    double level_db;  /* of the carrier, under full scale */
    bool inverted;
    enum modem_crc crc;
    unsigned corrected; /* bits that were turned */
    uint8_t start;      /* of the CRC: enum bulla_start; 0 where it is bad */
    size_t n;
    uint8_t bytes[BULLA_FRAME_MAX];
};

struct modem_settings {
    const struct modem_link *link; /* NULL: iso433 */
    enum modem_format format;
    double rate_hz;
    bool stop_bit;
    bool no_correction;
    enum bulla_start start;                                        /* accepted */
    const struct modem_kernels *kernels;                           /* NULL: the fastest */
    void (*on_frame)(void *user, const struct modem_frame *frame); /* in the order in which frames were found */
    void *user;
};

struct modem_counts {
    uint64_t samples;    /* of the input */
    uint64_t candidates; /* places that were looked at */
    uint64_t synced;     /* that had a preamble and a sync */
};

struct modem_receiver;

/* NULL: no memory, or a rate that is not between the link's least one and MODEM_RATE_MAX. */
struct modem_receiver *modem_receiver_new(const struct modem_settings *settings);
void modem_receiver_free(struct modem_receiver *receiver);

void modem_receiver_feed(struct modem_receiver *receiver, const void *bytes, size_t n);
void modem_receiver_end(struct modem_receiver *receiver); /* nothing follows: what waits for more is decided now */

struct modem_counts modem_receiver_counts(const struct modem_receiver *receiver);

#endif
