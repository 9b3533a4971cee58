/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the transports have of each other.
 */
#ifndef TRANSPORT_INSIDE_H
#define TRANSPORT_INSIDE_H

#include "transport/transport.h"

#define STREAM_SIZE (4 * BULLA_FRAME_MAX)

/* Bytes of a stream, and frames cut out of them. */
struct stream {
    int fd; /* -1: none */
    size_t n;
    uint64_t since_us; /* when the first of them came */
    uint8_t bytes[STREAM_SIZE];
};

/* Takes in what there is without waiting. False: the other side is gone. */
bool stream_fill(struct stream *stream);
/* The length of the first whole frame, which then begins at bytes[0]; 0: none yet. What is no frame is dropped. */
size_t stream_frame(struct stream *stream, bool from_seal);
void stream_drop(struct stream *stream, size_t n);
bool stream_send(int fd, struct bulla_bytes bytes);

/* A descriptor, or -1 with why. `listens`: as a server. */
int address_open(const char *where, bool listens, char *why, size_t size);
int address_line(const char *where, char *why, size_t size);         /* serial:... */
int address_pty(char name[BULLA_HOST_NAME], char *why, size_t size); /* the master; `name` is serial:... */

/* A place in a shared room. */
struct air {
    int fd;
    bool seal;
    char folder[BULLA_HOST_NAME], own[2 * BULLA_HOST_NAME];
};

#define AIR_HEAD 12 /* of a datagram: time 8, microseconds that it lasts 4 */

bool air_open(struct air *air, const char *folder, bool seal, char *why, size_t size);
void air_close(struct air *air);
/* To all on the other side that there are. */
bool air_send(const struct air *air, struct bulla_bytes frame);
/* One datagram, without waiting: bytes of its frame, -1: there is none. */
int air_take(const struct air *air, uint8_t frame[BULLA_FRAME_MAX], uint64_t *from_us, uint64_t *to_us);

#endif
