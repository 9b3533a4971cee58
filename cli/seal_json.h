/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a container, a block or a record as JSON: what the subcommands print, and the vectors of
 * tests/vectors/{container,block,gbt,supervision,attachment,tag} expect. `*good` becomes false when the answer is no.
 */
#ifndef CLI_SEAL_JSON_H
#define CLI_SEAL_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "bulla/attachment.h"
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

/* The bytes (heap) that such an object describes. False with "member: expected E, got G" in why[size]. */
typedef bool cli_record_from_json(const json_t *object, uint8_t **bytes, size_t *n, char *why, size_t size);

/* The supervision record of active seals: an object a group, an array of them for cargo. */
json_t *cli_supervision_json(struct bulla_bytes bytes, bool *good);
json_t *cli_supervision_masked_json(struct bulla_bytes bytes, bool *good); /* personal fields are "***" */
cli_record_from_json cli_supervision_from_json;

/* What describes an attached file. */
json_t *cli_attachment_json(struct bulla_bytes bytes, bool *good);
json_t *cli_attachment_members(const struct bulla_attachment *attachment);
bool cli_attachment_get(const json_t *object, struct bulla_attachment *attachment, char *why, size_t size);
cli_record_from_json cli_attachment_from_json;

/* The tag of passive and semi-active seals. */
json_t *cli_tag_json(struct bulla_bytes bytes, bool *good);
cli_record_from_json cli_tag_from_json;

/* ---- what they share ---- */

json_t *cli_hex_json(struct bulla_bytes bytes);

/* {"outcome", "error"} for bytes that cannot be read; `unit` is what the fault counts. */
json_t *cli_fault_json(enum bulla_status status, const struct bulla_fault *fault, const char *unit);

/* Puts "group.member: expected E, got G" into why[size]; false. Group or member may be "". */
bool cli_json_refuse(char *why, size_t size, const char *group, const char *member, const char *expected, const json_t *got);

/* False, refused, for a member that is none of these. */
bool cli_json_knows(const json_t *object, const char *group, const char *const *known, size_t n, char *why, size_t size);

#endif
