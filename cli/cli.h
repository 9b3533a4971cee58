/* SPDX-License-Identifier: Apache-2.0
 *
 * Subcommands: one file each, one line each in commands.def. Data goes to stdout, words to stderr.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_NO = 1,    /* the answer is no: invalid, refused, failed proof */
    CLI_USAGE = 2, /* wrong usage */
    CLI_IO = 3,    /* input, output or environment */
};

/* What main.c wires in, so that nothing else names a concrete back end. */
struct cli_context {
    const struct store_backend *const *stores; /* NULL ends them */
    const struct bus_backend *const *buses;
    const struct broker_backend *const *brokers; /* of messages from devices */
};

struct cli_command {
    const char *name;
    const char *summary; /* one line, for `bulla help` */
    const char *help;    /* all of `bulla NAME --help`: usage, options, examples, exit codes */
    int (*run)(const struct cli_context *context, int argc, char **argv); /* argv[0] is the subcommand's name */
};

extern const struct cli_command *const cli_commands[]; /* NULL ends them; from commands.def */

int cli_main(const struct cli_context *context, int argc, char **argv);

/* Options of a subcommand, as a table. `--name value`, `--name=value`; a flag has value NULL. */
struct cli_option {
    const char *name;    /* without the dashes */
    const char **value;  /* where a text goes; NULL for a flag */
    bool *flag;          /* where a flag goes; NULL for a text */
};

/* Takes options out of argv, leaving the rest in order behind argv[0]; returns the new argc, or -1 after telling
 * stderr what is wrong (the caller returns CLI_USAGE), or -2 when --help was printed (the caller returns CLI_OK). */
int cli_options(const struct cli_command *command, const struct cli_option *options, size_t n, int argc, char **argv);

/* Words for people, to stderr, with the subcommand's name in front. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* True when stderr is a terminal that wants colours (NO_COLOR unset). */
bool cli_colours(void);

#endif
