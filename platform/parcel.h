/* SPDX-License-Identifier: Apache-2.0
 *
 * Parcel: the part of a batch that belongs to one partition, as bytes for the outbox and the bus: observations with their
 * identity and the message they came from, what happened to connections and commands, and refused messages.
 *
 * "BO" 1, flags (1: the rest is one zstd frame), then items: u8 kind, fields. Numbers are varints (zigzag where they can be
 * negative), texts and bytes have a varint length in front.
 */
#ifndef PARCEL_H
#define PARCEL_H

#include "platform/in/batch.h"
#include "platform/store/store.h"

struct parcel_maker; /* buffers of one thread, kept between batches */

struct parcel_maker *parcel_maker_new(unsigned partitions);
void parcel_maker_free(struct parcel_maker *maker);

/* Divides a batch, whose observations have their ids, among partitions, one parcel each or several when it is long; false when
 * out of memory. Refused messages go to
 * partition 0, notes of commands that no node here could send are left out. `each` gets a parcel's bytes, valid until the next
 * call, and whether it is news (batch_row, or the word that a command was sent): plain reports are in parcels of their own. */
typedef void (*parcel_fn)(void *context, unsigned partition, uint32_t rows, bool news, struct bulla_bytes bytes);
bool parcel_divide(struct parcel_maker *maker, const struct batch *batch, parcel_fn each, void *context);

/* Adds a parcel's content to a batch. False, and the batch as it was, when the bytes are not exactly one parcel or memory is
 * out. Safe on any bytes. */
bool parcel_unpack(struct parcel_maker *maker, struct bulla_bytes bytes, struct batch *to);

#endif
