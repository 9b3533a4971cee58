/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla block: what an ISO/DIS 18185 seal says of itself, from and to its bytes.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/seal_json.h"

extern const struct cli_command cli_block;

static const char help[] = "Usage: bulla block decode [OPTIONS] HEX...\n"
                           "       bulla block encode [OPTIONS] JSON\n"
                           "       bulla block fields\n"
                           "\n"
                           "Reads the data block of ISO/DIS 18185 seals, with the blocks that follow it, and prints one JSON object\n"
                           "a line; or writes the bytes that such an object describes, in hexadecimal. JSON is the object itself, a\n"
                           "file, or - for standard input. `fields` prints the tables of fields.\n"
                           "\n"
                           "Options:\n"
                           "  --reading NAME    table (16 bytes, the default) or clauses (15 bytes): the draft sizes its fields twice\n"
                           "  --crc-init VALUE  ffff or 0000: where the CRC starts; decode tries both otherwise, encode uses ffff\n"
                           "  --random VALUE    the random value that the reader wrote, four hexadecimal digits: decode compares\n"
                           "  --help            this text\n"
                           "\n"
                           "Examples:\n"
                           "  bulla block decode 1ca82218004b5a1db35d6299bcc07809\n"
                           "  bulla block encode '{\"status\":\"secure\",\"maker\":42,\"alpha\":\"ABC\",\"number\":1234567,\n"
                           "    \"container\":\"MSKU9070323\",\"extension\":{\"random\":\"5eed\"}}'\n"
                           "\n"
                           "Exit codes: 0 done, 1 a CRC or a field is wrong, 2 wrong usage, 3 input or output.\n";

struct options {
    const char *reading, *crc_init, *random;
    int reading_number;
    enum bulla_start start; /* BULLA_START_ANY: not given */
    int32_t written;
};

static bool read_random(struct options *o)
{
    uint8_t value[2];
    o->written = BULLA_RANDOM_UNKNOWN;
    if (!o->random) {
        return true;
    }
    if (strlen(o->random) != 4 || !bulla_hex_get(value, o->random, 2)) {
        cli_say("--random: expected four hexadecimal digits, got \"%s\"", o->random);
        return false;
    }
    o->written = value[0] << 8 | value[1];
    return true;
}

static bool read_options(struct options *o)
{
    o->reading_number = bulla_reading_from(o->reading ? o->reading : "table");
    if (o->reading_number < 0) {
        cli_say("--reading: expected table or clauses, got \"%s\"", o->reading);
        return false;
    }
    o->start = BULLA_START_ANY;
    if (o->crc_init && strcmp(o->crc_init, "ffff") == 0) {
        o->start = BULLA_START_FFFF;
    } else if (o->crc_init && strcmp(o->crc_init, "0000") == 0) {
        o->start = BULLA_START_0000;
    } else if (o->crc_init) {
        cli_say("--crc-init: expected ffff or 0000, got \"%s\"", o->crc_init);
        return false;
    }
    return read_random(o);
}

/* Blanks between digits go. False after telling stderr. */
static bool read_hex(char *word, uint8_t **bytes, size_t *n)
{
    size_t digits = 0;
    for (const char *c = word; *c; c++) {
        if (!isspace((unsigned char)*c)) {
            word[digits++] = *c;
        }
    }
    word[digits] = '\0';
    *n = digits / 2;
    *bytes = malloc(*n + 1);
    if (*bytes && digits > 0 && digits % 2 == 0 && bulla_hex_get(*bytes, word, *n)) {
        return true;
    }
    cli_say("expected an even count of hexadecimal digits, got \"%.40s\"", word);
    free(*bytes);
    return false;
}

static int decode(const struct options *o, int argc, char **argv)
{
    bool good = true;
    for (int i = 0; i < argc; i++) {
        uint8_t *bytes;
        size_t n;
        if (!read_hex(argv[i], &bytes, &n)) {
            return CLI_USAGE;
        }
        cli_json_print(cli_block_json((struct bulla_bytes){bytes, n}, (enum bulla_reading)o->reading_number, o->start, o->written, &good));
        free(bytes);
    }
    return good ? CLI_OK : CLI_NO;
}

/* An option that is given wins over the object. */
static void set_readings(const struct options *o, struct bulla_block *block)
{
    if (o->reading) {
        block->reading = (uint8_t)o->reading_number;
    }
    if (o->crc_init) {
        block->start = (uint8_t)o->start;
    }
}

static int encode(const struct options *o, const char *word)
{
    struct bulla_chain chain;
    struct bulla_fault fault;
    uint8_t bytes[BULLA_CHAIN_SIZE];
    char hex[2 * sizeof bytes + 1], why[200];
    size_t n;
    int code;
    json_t *object = cli_json_read(word, &code);
    if (!object) {
        return code;
    }
    bool read = cli_block_from_json(object, &chain, why, sizeof why);
    json_decref(object);
    if (!read) {
        cli_say("%s", why);
        return CLI_NO;
    }
    set_readings(o, &chain.block);
    if (bulla_chain_encode(&chain, bytes, &n, &fault) != BULLA_OK) {
        cli_say("%s, bit %u: expected %s", fault.field, fault.at, fault.expected);
        return CLI_NO;
    }
    bulla_hex_put(hex, bytes, n);
    puts(hex);
    return CLI_OK;
}

static int print_fields(void)
{
    printf("%-6s  %-7s  %-10s  %s\n", "TABLE", "CLAUSES", "FIELD", "MEANING");
#define X(field, name, at, width, clauses_at, clauses_width, meaning)                                                                      \
    printf("%3d+%-2d  %3d+%-2d   %-10s  %s\n", at, width, clauses_at, clauses_width, name, meaning);
    BULLA_BLOCK_TABLE(X)
#undef X
    printf("\n%-6s  %-7s  %-10s  %s\n", "SECOND", "", "FIELD", "MEANING");
#define X(field, name, at, width, meaning) printf("%3d+%-2d  %-7s  %-10s  %s\n", at, width, "", name, meaning);
    BULLA_EXTENSION_TABLE(X)
#undef X
    return CLI_OK;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    struct options o = {0};
    const struct cli_option options[] = {{"reading", &o.reading, NULL}, {"crc-init", &o.crc_init, NULL}, {"random", &o.random, NULL}};
    argc = cli_options(&cli_block, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    if (!read_options(&o)) {
        return CLI_USAGE;
    }
    if (argc > 2 && strcmp(argv[1], "decode") == 0) {
        return decode(&o, argc - 2, argv + 2);
    }
    if (argc == 3 && strcmp(argv[1], "encode") == 0) {
        return encode(&o, argv[2]);
    }
    if (argc == 2 && strcmp(argv[1], "fields") == 0) {
        return print_fields();
    }
    cli_say("expected decode HEX..., encode JSON or fields, got %s%s%s", argc > 1 ? "\"" : "", argc > 1 ? argv[1] : "nothing",
            argc > 1 ? "\" and its arguments" : "");
    return CLI_USAGE;
}

const struct cli_command cli_block = {
    .name = "block",
    .summary = "Read and write the data block of ISO/DIS 18185 seals",
    .help = help,
    .run = run,
};
