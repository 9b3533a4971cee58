/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a container, a block or a record as JSON: what the subcommands print, and the vectors of
 * tests/vectors/{container,block,gbt} expect. `*good` becomes false when the answer is no.
 */
#ifndef CLI_SEAL_JSON_H
#define CLI_SEAL_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "bulla/block.h"
#include "bulla/gbt.h"

json_t *cli_container_json(struct bulla_bytes number, bool *good);
json_t *cli_size_type_json(struct bulla_bytes code, bool *good);

/* A chain of blocks. `written` is the random value that the reader wrote, or BULLA_RANDOM_UNKNOWN. */
json_t *cli_block_json(struct bulla_bytes bytes, enum bulla_reading reading, enum bulla_start accepted, int32_t written, bool *good);

/* The chain that such an object describes; what is derived (bytes, crc, evidence, remarks, error) is passed over.
 * False with "member: expected E, got G" in why[size]. */
bool cli_block_from_json(const json_t *object, struct bulla_chain *chain, char *why, size_t size);

/* A GB/T 23678 record, with all that can be read of one that is wrong. */
json_t *cli_gbt_json(const struct bulla_gbt *record, bool *good);

/* The record that such an object describes, in bytes that *record then points to (heap). A reading that is not -1 wins over
 * the object's. False with "member: expected E, got G" in why[size]. */
bool cli_gbt_from_json(const json_t *object, int reading, struct bulla_gbt *record, char *why, size_t size);

#endif
