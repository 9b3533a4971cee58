/* SPDX-License-Identifier: Apache-2.0
 *
 * TeraTrack: what its two files share. The wire map is in teratrack.c.
 */
#ifndef PROTO_TERATRACK_H
#define PROTO_TERATRACK_H

#include "proto/proto.h"

#define TERATRACK_MESSAGE_MAX 65536

extern const struct proto proto_teratrack;

enum bulla_status teratrack_probe(const uint8_t *at, size_t n);
enum bulla_status teratrack_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame);

#endif
