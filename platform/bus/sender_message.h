/* SPDX-License-Identifier: Apache-2.0
 *
 * Within the sender: writing a message. Its form stands in sender.h.
 */
#ifndef BUS_SENDER_MESSAGE_H
#define BUS_SENDER_MESSAGE_H

#include "platform/bus/sender.h"

void sender_message_begin(struct bulla_writer *writer, const char *source, int64_t published_ms);
/* Appends a parcel; false, and nothing is written, when it does not fit. */
bool sender_message_add(struct bulla_writer *writer, const struct outbox_parcel *parcel);

#endif
