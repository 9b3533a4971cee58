/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <stdlib.h>
#include <string.h>

#include "cli/bytes.h"
#include "cli/json.h"

static int decode(const struct cli_record *record, int argc, char **argv)
{
    bool good = true;
    for (int i = 0; i < argc; i++) {
        size_t n;
        uint8_t *bytes = cli_bytes_of(argv[i], &n);
        if (!bytes) {
            return CLI_IO;
        }
        cli_json_print(record->to_json((struct bulla_bytes){bytes, n}, &good));
        free(bytes);
    }
    return good ? CLI_OK : CLI_NO;
}

static int encode(const struct cli_record *record, bool raw, const char *word)
{
    uint8_t *bytes;
    char why[300];
    size_t n;
    int code;
    json_t *object = cli_json_read(word, &code);
    if (!object) {
        return code;
    }
    bool read = record->from_json(object, &bytes, &n, why, sizeof why);
    json_decref(object);
    if (!read) {
        cli_say("%s", why);
        return CLI_NO;
    }
    cli_bytes_print((struct bulla_bytes){bytes, n}, raw);
    free(bytes);
    return CLI_OK;
}

int cli_record_run(const struct cli_record *record, bool raw, int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "decode") == 0) {
        return decode(record, argc - 2, argv + 2);
    }
    if (argc == 3 && strcmp(argv[1], "encode") == 0) {
        return encode(record, raw, argv[2]);
    }
    if (argc == 2 && strcmp(argv[1], "fields") == 0) {
        record->print_fields();
        return CLI_OK;
    }
    cli_say("expected decode HEX|FILE..., encode JSON or fields, got %s%s%s", argc > 1 ? "\"" : "", argc > 1 ? argv[1] : "nothing",
            argc > 1 ? "\" and its arguments" : "");
    return CLI_USAGE;
}
