/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla gbt: the record of a GB/T 23678 seal, from and to its bytes.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bytes.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/seal_json.h"

extern const struct cli_command cli_gbt;

static const char help[] = "Usage: bulla gbt decode [OPTIONS] FILE\n"
                           "       bulla gbt encode [OPTIONS] JSON\n"
                           "       bulla gbt fields\n"
                           "\n"
                           "Reads the record of a GB/T 23678-2009 seal (table A.1) and prints one JSON object; or writes the bytes\n"
                           "that such an object describes, in hexadecimal. FILE holds the bytes or hexadecimal, - is standard input.\n"
                           "JSON is the object itself, a file, or -. What is wrong with a record comes in \"error\", beside all that\n"
                           "can be read. `fields` prints the table of fields.\n"
                           "\n"
                           "Options:\n"
                           "  --reading NAME   ring (the last three times and places, the default) or single (one)\n"
                           "  --cargo NAME     none, short or full: when the length does not tell, as with an extension\n"
                           "  --nodes N        room for nodes, with --cargo\n"
                           "  --format NAME    which of clause 5.2.3: seal (nothing but seal and container), annex-a (with cargo or nodes\n"
                           "                   of table A.1) or iso-17363 (behind the mandatory fields is cargo in another format, which\n"
                           "                   is shown, and given to encode, in hexadecimal)\n"
                           "  --raw            encode writes the bytes themselves\n"
                           "  --help           this text\n"
                           "\n"
                           "Examples:\n"
                           "  bulla gbt decode record.bin\n"
                           "  bulla gbt decode --cargo short --nodes 4 record.hex\n"
                           "  bulla gbt decode record.bin | bulla gbt encode -\n"
                           "\n"
                           "Exit codes: 0 done, 1 the record or a field is wrong, 2 wrong usage, 3 input or output.\n";

struct options {
    const char *reading, *cargo, *nodes, *format;
    bool raw;
    int reading_number, cargo_number, format_number; /* -1: not given */
    unsigned n_nodes;
};

static bool read_options(struct options *o)
{
    char *end = "";
    unsigned long nodes = o->nodes ? strtoul(o->nodes, &end, 10) : 0;
    o->reading_number = o->reading ? bulla_gbt_reading_from(o->reading) : -1;
    o->cargo_number = o->cargo ? bulla_gbt_cargo_from(o->cargo) : -1;
    if (o->reading && o->reading_number < 0) {
        cli_say("--reading: expected ring or single, got \"%s\"", o->reading);
        return false;
    }
    if (o->cargo && o->cargo_number < 0) {
        cli_say("--cargo: expected none, short or full, got \"%s\"", o->cargo);
        return false;
    }
    o->format_number = o->format ? bulla_gbt_format_from(o->format) : -1;
    if (o->format && (o->format_number < 0 || o->cargo)) {
        cli_say("--format: expected seal, annex-a or iso-17363, without --cargo, got \"%s\"", o->format);
        return false;
    }
    if (o->nodes && (!isdigit((unsigned char)o->nodes[0]) || *end || nodes > UINT16_MAX || !o->cargo)) {
        cli_say("--nodes: expected 0 to 65535, with --cargo, got \"%s\"", o->nodes);
        return false;
    }
    o->n_nodes = (unsigned)nodes;
    return true;
}

/* ---- decode ---- */

/* The layout that was given, or what the length says. */
static enum bulla_status open_record(const struct options *o, uint8_t *all, size_t n, enum bulla_gbt_reading reading,
                                     struct bulla_gbt *record, struct bulla_fault *fault)
{
    if (o->format_number >= 0) {
        return bulla_gbt_select(all, n, reading, (enum bulla_gbt_format)o->format_number, record, fault);
    }
    if (o->cargo_number >= 0) {
        return bulla_gbt_with(all, n, reading, (enum bulla_gbt_cargo)o->cargo_number, o->n_nodes, record, fault);
    }
    return bulla_gbt_over(all, n, reading, record, fault);
}

static int decode(const struct options *o, const char *name)
{
    struct bulla_gbt record;
    struct bulla_fault fault;
    enum bulla_gbt_reading reading = o->reading_number < 0 ? BULLA_GBT_READING_RING : (enum bulla_gbt_reading)o->reading_number;
    bool good = true;
    size_t n;
    uint8_t *all = cli_bytes_read(name, &n);
    if (!all) {
        return CLI_IO;
    }
    cli_bytes_unhex(all, &n); /* a record begins with E2, which is no digit */
    enum bulla_status status = open_record(o, all, n, reading, &record, &fault);
    json_t *object = status == BULLA_OK ? cli_gbt_json(&record, &good)
                                        : json_pack("{s:s, s:o}", "outcome", bulla_status_text(status), "error",
                                                    json_sprintf("%s: expected %s, got %zu bytes", fault.field, fault.expected, n));
    cli_json_print(object);
    free(all);
    return status == BULLA_OK && good ? CLI_OK : CLI_NO;
}

/* ---- encode ---- */

static int encode(const struct options *o, const char *word)
{
    struct bulla_gbt record;
    char why[200];
    int code;
    json_t *object = cli_json_read(word, &code);
    if (!object) {
        return code;
    }
    bool read = cli_gbt_from_json(object, o->reading_number, &record, why, sizeof why);
    json_decref(object);
    if (!read) {
        cli_say("%s", why);
        return CLI_NO;
    }
    cli_bytes_print((struct bulla_bytes){record.at, record.len}, o->raw);
    free(record.at);
    return CLI_OK;
}

static int print_fields(void)
{
    struct bulla_gbt full = {.cargo = BULLA_GBT_CARGO_FULL, .n_nodes = 1};
    printf("%-9s  %4s  %5s  %-13s  %-46s  %s\n", "SEGMENT", "BYTE", "BYTES", "FIELD", "VALUE", "MEANING");
    for (unsigned i = 0; i < BULLA_GBT_FIELDS; i++) {
        const struct bulla_gbt_about *about = &bulla_gbt_about[i];
        char bytes[12];
        snprintf(bytes, sizeof bytes, about->entries > 1 ? "%ux%u" : "%u", about->entries > 1 ? about->entries : about->bytes,
                 about->bytes / about->entries);
        printf("%-9s  %4zu  %5s  %-13s  %-46s  %s\n", bulla_gbt_segment_text(about->segment),
               bulla_gbt_at(&full, (enum bulla_gbt_field)i, 0), bytes, about->name, bulla_gbt_kind_text(about->kind), about->meaning);
    }
    return CLI_OK;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    struct options o = {0};
    const struct cli_option options[] = {{"reading", &o.reading, NULL},
                                         {"cargo", &o.cargo, NULL},
                                         {"nodes", &o.nodes, NULL},
                                         {"format", &o.format, NULL},
                                         {"raw", NULL, &o.raw}};
    argc = cli_options(&cli_gbt, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    if (!read_options(&o)) {
        return CLI_USAGE;
    }
    if (argc == 3 && strcmp(argv[1], "decode") == 0) {
        return decode(&o, argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "encode") == 0) {
        return encode(&o, argv[2]);
    }
    if (argc == 2 && strcmp(argv[1], "fields") == 0) {
        return print_fields();
    }
    cli_say("expected decode FILE, encode JSON or fields, got %s%s%s", argc > 1 ? "\"" : "", argc > 1 ? argv[1] : "nothing",
            argc > 1 ? "\" and its arguments" : "");
    return CLI_USAGE;
}

const struct cli_command cli_gbt = {
    .name = "gbt",
    .summary = "Read and write the record of GB/T 23678 seals",
    .help = help,
    .run = run,
};
