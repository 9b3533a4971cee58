/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

void cli_json_print(json_t *value)
{
    json_dumpf(value, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
    putchar('\n');
    json_decref(value);
}

static json_t *read_stream(const char *name, json_error_t *error, int *code)
{
    FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    if (!from) {
        cli_say("%s: %s", name, strerror(errno));
        *code = CLI_IO;
        return NULL;
    }
    json_t *value = json_loadf(from, JSON_REJECT_DUPLICATES, error);
    if (from != stdin) {
        fclose(from);
    }
    return value;
}

json_t *cli_json_read(const char *word, int *code)
{
    json_error_t error = {.text = ""};
    *code = CLI_OK;
    json_t *value = word[0] == '{' ? json_loads(word, JSON_REJECT_DUPLICATES, &error) : read_stream(word, &error, code);
    if (json_is_object(value) || *code != CLI_OK) {
        return value;
    }
    cli_say("JSON: expected an object, got %s (line %d, column %d)", value ? "another value" : error.text, error.line, error.column);
    json_decref(value);
    *code = CLI_USAGE;
    return NULL;
}
