/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the reader have of each other.
 */
#ifndef SRC_READER_INSIDE_H
#define SRC_READER_INSIDE_H

#include "bulla/reader.h"

/* The next frame of a seal until then. MORE: none came; DAMAGED: what came was none; FAILED: the transport. */
enum bulla_status reader_receive(struct bulla_reader *reader, uint64_t until_ms, uint8_t bytes[BULLA_FRAME_MAX], struct bulla_frame *frame);
bool reader_send(struct bulla_reader *reader, const struct bulla_frame *frame);

#endif
