/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla tag: what a passive or semi-active seal has room for, from and to its bytes.
 */
#include <stdio.h>

#include "bulla/tag.h"
#include "cli/record.h"

extern const struct cli_command cli_tag;

static const char help[] = "Usage: bulla tag decode HEX|FILE...\n"
                           "       bulla tag encode [--raw] JSON\n"
                           "       bulla tag fields\n"
                           "\n"
                           "Reads the 32 bytes that a passive or semi-active seal has room for, a document number and a licence\n"
                           "plate, and prints one JSON object a line; or writes the bytes that such an object describes, in\n"
                           "hexadecimal. FILE holds the bytes or hexadecimal, - is standard input. JSON is the object itself, a\n"
                           "file, or -. `fields` prints the table of fields.\n"
                           "\n"
                           "Options:\n"
                           "  --raw    encode writes the bytes themselves\n"
                           "  --help   this text\n"
                           "\n"
                           "Examples:\n"
                           "  bulla tag encode '{\"document\":\"C-2026/77\",\"plate\":\"KBX 123A\"}'\n"
                           "  bulla tag encode tag.json | bulla tag decode -\n"
                           "\n"
                           "Exit codes: 0 done, 1 the tag or a field is wrong, 2 wrong usage, 3 input or output.\n";

static void print_fields(void)
{
    printf("%-5s  %-8s  %s\n", " BITS", "FIELD", "MEANING");
#define X(field, name, bits, most, meaning) printf("%2dx%-2d  %-8s  %s\n", bits, most, name, meaning);
    BULLA_TAG_TABLE(X)
#undef X
    puts("\ncharacters: 1 to 26 A to Z, 27 to 36 the digits, 37 -, 38 /, 39 ., 40 blank");
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    static const struct cli_record record = {cli_tag_json, cli_tag_from_json, print_fields};
    bool raw = false;
    const struct cli_option options[] = {{"raw", NULL, &raw}};
    (void)context;
    argc = cli_options(&cli_tag, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    return cli_record_run(&record, raw, argc, argv);
}

const struct cli_command cli_tag = {
    .name = "tag",
    .summary = "Read and write the tag of passive and semi-active seals",
    .help = help,
    .run = run,
};
