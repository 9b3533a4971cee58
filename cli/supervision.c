/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla supervision: what an active seal stores of the object under supervision, from and to its bytes.
 */
#include <stdio.h>

#include "bulla/supervision.h"
#include "cli/record.h"

extern const struct cli_command cli_supervision;

static const char help[] =
    "Usage: bulla supervision decode [--mask] HEX|FILE...\n"
    "       bulla supervision encode [--raw] JSON\n"
    "       bulla supervision fields\n"
    "\n"
    "Reads what an active seal stores of vehicle, cargo, declaration and driver (WCO study report, 7.2) and\n"
    "prints one JSON object a line; or writes the bytes that such an object describes, in hexadecimal. FILE\n"
    "holds the bytes or hexadecimal, - is standard input. JSON is the object itself, a file, or -. Cargo is an\n"
    "array, a consignment each; a document is what `bulla attachment` prints. `fields` prints the table.\n"
    "\n"
    "Options:\n"
    "  --mask   decode shows *** in the place of personal fields\n"
    "  --raw    encode writes the bytes themselves\n"
    "  --help   this text\n"
    "\n"
    "Examples:\n"
    "  bulla supervision decode --mask record.bin\n"
    "  bulla supervision encode '{\"vehicle\":{\"plate\":\"KBX 123A\"},\"cargo\":[{\"type\":\"tea\",\"quantity\":24000000,\n"
    "    \"unit\":\"KGM\"}],\"declaration\":{\"number\":\"2026-77\"},\"driver\":{\"nationality\":\"KE\",\"name\":\"J. Kamau\"}}'\n"
    "\n"
    "Exit codes: 0 done, 1 the record or a field is wrong, 2 wrong usage, 3 input or output.\n";

static void print_fields(void)
{
    static const char *const kinds[] = {
#define X(kind, expected) expected,
        BULLA_SUPERVISION_KIND_TABLE(X)
#undef X
    };
    printf("%-3s  %-11s  %-11s  %10s  %-9s  %-8s  %-8s  %s\n", "TAG", "GROUP", "FIELD", "MOST", "MANDATORY", "REPEATED", "PERSONAL",
           "MEANING: VALUE");
    for (unsigned i = 0; i < BULLA_SUPERVISION_FIELDS; i++) {
        const struct bulla_supervision_about *about = &bulla_supervision_about[i];
        printf("%02x   %-11s  %-11s  %10u  %-9s  %-8s  %-8s  %s: %s\n", about->tag, bulla_supervision_group_text(about->group), about->name,
               (unsigned)about->most, about->mandatory ? "yes" : "", about->repeated ? "yes" : "", about->personal ? "yes" : "",
               about->meaning, kinds[about->kind]);
    }
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    static const struct cli_record plain = {cli_supervision_json, cli_supervision_from_json, print_fields};
    static const struct cli_record masked = {cli_supervision_masked_json, cli_supervision_from_json, print_fields};
    bool raw = false, mask = false;
    const struct cli_option options[] = {{"raw", NULL, &raw}, {"mask", NULL, &mask}};
    (void)context;
    argc = cli_options(&cli_supervision, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    return cli_record_run(mask ? &masked : &plain, raw, argc, argv);
}

const struct cli_command cli_supervision = {
    .name = "supervision",
    .summary = "Read and write the supervision record of active seals",
    .help = help,
    .run = run,
};
