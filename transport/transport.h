/* SPDX-License-Identifier: Apache-2.0
 *
 * How a host's reader and a virtual seal reach each other; both ends of bulla/reader.h's transport.
 *
 *   unix:PATH          a stream to one seal; on the seal's side several readers at a time
 *   tcp:HOST:PORT      the same
 *   serial:DEVICE[:BAUD]  a line (115200 unless said), for readers
 *   pty                a pseudo-terminal, for seals: readers open its name as a serial line
 *   air:DIRECTORY      a shared room of many seals and readers: datagram sockets in one directory
 *
 * On streams and lines a frame is cut out by its own length byte. In the air each frame has a time and lasts as long as its bytes do at
 * 27.7 kbit/s (ISO/DIS 18185, tables 7 and 8); what overlaps at a reader is noise. Readers hear no readers, seals no seals.
 *
 * One thread a thing. Functions that fail say why in words in why[size].
 */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <poll.h>

#include "bulla/api.h"
#include "bulla/reader.h"

BULLA_BEGIN

#define BULLA_HOST_PEERS 16 /* readers at one seal */
#define BULLA_HOST_NAME  128

/* ---- the reader's end ---- */

struct bulla_host;

struct bulla_host *bulla_host_connect(const char *where, char *why, size_t size); /* NULL: it failed */
void bulla_host_close(struct bulla_host *transport);
struct bulla_transport bulla_host_port(struct bulla_host *transport); /* good until it is closed */

/* ---- the seal's end ---- */

struct bulla_host_server;

struct bulla_host_server *bulla_host_listen(const char *where, char *why, size_t size); /* NULL: it failed */
void bulla_host_server_close(struct bulla_host_server *server);
const char *bulla_host_server_name(const struct bulla_host_server *server); /* where readers find it, in the words above */

/* What to wait for: how many of fds[max] were filled in. */
size_t bulla_host_server_fds(const struct bulla_host_server *server, struct pollfd *fds, size_t max);

/* After poll(): takes in what there is, and hands on each whole frame with the number of its peer. */
void bulla_host_server_feed(struct bulla_host_server *server, void (*heard)(void *context, unsigned peer, struct bulla_bytes frame),
                            void *context);

/* To that peer; false: it is gone. */
bool bulla_host_server_answer(struct bulla_host_server *server, unsigned peer, struct bulla_bytes frame);

/* Microseconds of a clock that only grows and that all processes of a machine share. */
uint64_t bulla_host_now_us(void);

BULLA_END

#endif
