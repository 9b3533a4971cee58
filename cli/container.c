/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla container: is this a container number, and if not, what was probably meant.
 */
#include <string.h>

#include "bulla/container.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/seal_json.h"

extern const struct cli_command cli_container;

static const char help[] = "Usage: bulla container [--tidy] NUMBER...\n"
                           "       bulla container --type CODE...\n"
                           "\n"
                           "Checks container numbers (ISO 6346) and prints one JSON object a line. A wrong number comes with\n"
                           "what is wrong and with the right numbers that one slip would explain, likely ones first.\n"
                           "\n"
                           "Options:\n"
                           "  --tidy   take numbers as people write them: small letters, blanks and hyphens\n"
                           "  --type   explain size and type codes instead, as 22G1\n"
                           "  --help   this text\n"
                           "\n"
                           "Examples:\n"
                           "  bulla container CSQU3054383\n"
                           "  bulla container --tidy 'csqu 305438-3'\n"
                           "  bulla container --type 22G1 45R1\n"
                           "\n"
                           "Exit codes: 0 all are valid, 1 one is not, 2 wrong usage.\n";

/* The word as it is to be checked: tidied, unless it has too many characters for that. */
static struct bulla_bytes number_of(const char *word, bool tidy, char tidied[BULLA_CONTAINER_LENGTH + 1])
{
    struct bulla_bytes number = {(const uint8_t *)word, strlen(word)};
    if (tidy && bulla_container_tidy(number, tidied) == BULLA_OK) {
        number = (struct bulla_bytes){(const uint8_t *)tidied, strlen(tidied)};
    }
    return number;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    bool tidy = false, type = false, all = true;
    const struct cli_option options[] = {{"tidy", NULL, &tidy}, {"type", NULL, &type}};
    argc = cli_options(&cli_container, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    if (argc < 2) {
        cli_say("expected a container number, got nothing");
        return CLI_USAGE;
    }
    for (int i = 1; i < argc; i++) {
        char tidied[BULLA_CONTAINER_LENGTH + 1];
        struct bulla_bytes word = number_of(argv[i], tidy, tidied);
        cli_json_print(type ? cli_size_type_json(word, &all) : cli_container_json(word, &all));
    }
    return all ? CLI_OK : CLI_NO;
}

const struct cli_command cli_container = {
    .name = "container",
    .summary = "Check container numbers, explain size and type codes",
    .help = help,
    .run = run,
};
