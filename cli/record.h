/* SPDX-License-Identifier: Apache-2.0
 *
 * What the subcommands of one record have in common: decode, encode and fields.
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "cli/cli.h"
#include "cli/seal_json.h"

struct cli_record {
    json_t *(*to_json)(struct bulla_bytes bytes, bool *good);
    cli_record_from_json *from_json;
    void (*print_fields)(void);
};

/* argv behind the options: decode HEX|FILE..., encode JSON, or fields. */
int cli_record_run(const struct cli_record *record, bool raw, int argc, char **argv);

#endif
