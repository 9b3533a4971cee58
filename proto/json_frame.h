/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of protocols that send JSON objects one behind the other.
 */
#ifndef PROTO_JSON_FRAME_H
#define PROTO_JSON_FRAME_H

#include "proto/proto.h"

#define PROTO_JSON_MESSAGE_MAX 65536

/* A protocol's frame() */
enum bulla_status proto_json_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame);

#endif
