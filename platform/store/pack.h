/* SPDX-License-Identifier: Apache-2.0
 *
 * The packed observation: what a stored row keeps of one, in 20 to 60 bytes.
 *
 * Not in it, because the row has them beside it: protocol, device, id, the time of the row (event time, or
 * arrival where the message has none) and received_ms. Every other field comes back exactly; a field whose
 * bit in `has` is clear, or which is said to be unknown, comes back as bulla_observation_init() leaves it.
 *
 *   byte  0    version (high 4 bits, now 1), FLAG_STORED .. FLAG_PROOF (low 4 bits)
 *   byte  1    FLAG_STATE .. FLAG_SUBLOCKS
 *   varint     has
 *   varint     unknown, with FLAG_UNKNOWN
 *   u8         proof, with FLAG_PROOF
 *   then, each where its bit in has (and not in unknown) or its flag says so:
 *   zigzag counter · i32 lat, i32 lon · zigzag speed · varint course · zigzag altitude · u8 satellites · zigzag accuracy ·
 *   u8 percent · zigzag millivolts · u8 fence · u8 wake · state · varint events · unlock · result · sensors · cells · sub-locks · note
 *   state      two bytes, 3 bits each (first bit 0), or 0x80 and five bytes
 *   text       u8 length, characters
 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "bulla/cursor.h"
#include "bulla/observation.h"

#define STORE_PACK_MAX 1800 /* no observation packs to more */

/* The packed bytes, written to `to[STORE_PACK_MAX]`; returns their number. */
size_t store_pack_put(uint8_t to[STORE_PACK_MAX], const struct bulla_observation *o);

/* Fills *out from packed bytes; time_ms is set to at_ms where the message has a time. False, and *out untouched, when the
 * bytes are not exactly one packed observation. Safe on any bytes. */
bool store_pack_get(struct bulla_bytes packed, int64_t at_ms, struct bulla_observation *out);

#endif
