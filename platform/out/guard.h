/* SPDX-License-Identifier: Apache-2.0
 *
 * Deadlines of connections, for what the library's own time-out (silence) does not see: a header or body that
 * dribbles, an answer taken in a byte at a time. A thread looks twice a second and shuts the socket.
 */
#ifndef OUT_GUARD_H
#define OUT_GUARD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct out_guard;

struct out_guard *out_guard_new(void);
void out_guard_free(struct out_guard *guard); /* after the daemon has stopped; NULL is fine */

/* The library's MHD_NotifyConnectionCallback, with the guard as its argument. */
void out_guard_notify(void *guard, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code);

/* The connection gets `ms` from now, INT64_MAX: as long as it likes. */
void out_guard_allow(struct out_guard *guard, struct MHD_Connection *connection, int64_t ms);

uint64_t out_guard_cut(const struct out_guard *guard); /* connections shut so far */

#endif
