/* SPDX-License-Identifier: Apache-2.0
 *
 * What people write as JSON for a seal: data[0] chooses what it is to be. A record that is made of it prints as JSON that makes
 * the same record again; what is refused says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/seal_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static bool gbt_from_json(const json_t *object, uint8_t **bytes, size_t *n, char *why, size_t size)
{
    struct bulla_gbt record;
    bool read = cli_gbt_from_json(object, -1, &record, why, size);
    if (read) {
        *bytes = record.at;
        *n = record.len;
    }
    return read;
}

/* As encode and decode of bulla block: a chain that a seal could have said, or why not. */
static bool block_from_json(const json_t *object, uint8_t **bytes, size_t *n, char *why, size_t size)
{
    struct bulla_chain chain;
    struct bulla_fault fault;
    uint8_t made[BULLA_CHAIN_SIZE];
    if (!cli_block_from_json(object, &chain, why, size)) {
        return false;
    }
    if (bulla_chain_encode(&chain, made, n, &fault) != BULLA_OK) {
        snprintf(why, size, "%s", fault.expected);
        return false;
    }
    *bytes = malloc(*n);
    memcpy(*bytes, made, *n);
    return true;
}

static const struct {
    cli_record_from_json *from_json;
    json_t *(*to_json)(struct bulla_bytes bytes, bool *good); /* NULL: what it prints depends on options */
} kinds[] = {
    {cli_supervision_from_json, cli_supervision_json},
    {cli_attachment_from_json, cli_attachment_json},
    {cli_tag_from_json, cli_tag_json},
    {block_from_json, NULL},
    {gbt_from_json, NULL},
};

static void check_again(unsigned kind, struct bulla_bytes bytes)
{
    bool good = true;
    char why[300] = "";
    uint8_t *again;
    size_t n;
    json_t *printed = kinds[kind].to_json(bytes, &good);
    promise(printed && good, "what was made can be read");
    promise(kinds[kind].from_json(printed, &again, &n, why, sizeof why), "what is printed can be made again");
    promise(n == bytes.len && memcmp(again, bytes.at, n) == 0, "to the same bytes");
    free(again);
    json_decref(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    json_error_t error;
    char why[300] = "";
    uint8_t *bytes = NULL;
    size_t len;
    json_t *object = n > 1 ? json_loadb((const char *)data + 1, n - 1, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (json_is_object(object)) {
        unsigned kind = data[0] % (sizeof kinds / sizeof *kinds);
        if (!kinds[kind].from_json(object, &bytes, &len, why, sizeof why)) {
            promise(why[0] != '\0', "what is refused says why");
        } else if (kinds[kind].to_json) {
            check_again(kind, (struct bulla_bytes){bytes, len});
        }
        free(bytes);
    }
    json_decref(object);
    return 0;
}
