/* SPDX-License-Identifier: Apache-2.0
 *
 * The live stream: Server-Sent Events out of the platform's ring. A stream with nothing to say is suspended and
 * costs no more than its connection; a thread wakes the suspended ones after a publish and when a heartbeat is
 * due. A reader that is slow keeps nothing but its place in the ring; when the ring has passed it, it is told so.
 */
#ifndef OUT_LIVE_H
#define OUT_LIVE_H

#include "platform/out/request.h"

struct out_live;

struct out_live *out_live_new(struct out *out);
void out_live_end(struct out_live *live);  /* ends all streams and the waking */
void out_live_free(struct out_live *live); /* after the daemon has stopped; NULL is fine */
bool out_live_is_stream(const struct out_request *r);
size_t out_live_streams(struct out_live *live);

#endif
