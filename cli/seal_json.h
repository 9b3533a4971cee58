/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a container, a block or a record as JSON: what the subcommands print, and the vectors of
 * tests/vectors/{container,block,gbt} expect. `*good` becomes false when the answer is no.
 */
#ifndef CLI_SEAL_JSON_H
#define CLI_SEAL_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "bulla/bytes.h"

json_t *cli_container_json(struct bulla_bytes number, bool *good);
json_t *cli_size_type_json(struct bulla_bytes code, bool *good);

#endif
