/* SPDX-License-Identifier: Apache-2.0
 *
 * What must hold for every protocol and any bytes. A broken promise aborts the process.
 *
 *   probe   an answer does not change when more bytes come
 *   frame   makes progress, stays inside what it was given, never waits for more than frame_max; the same
 *           bytes give the same messages, observations and answers however they are cut
 *   decode  says why when it fails, and emits nothing then; what it emits is in range and terminated
 *   memory  what a link holds is bounded
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include "proto/proto.h"

/* data[0] chooses how the device is set up; a hash of it all, how the rest is cut. Returns 0. */
int fuzz_check(const struct proto *proto, const uint8_t *data, size_t n);

/* The protocol of that name, or the process ends. */
const struct proto *fuzz_protocol(const char *name);

#endif
