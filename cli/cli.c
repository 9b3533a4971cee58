/* SPDX-License-Identifier: Apache-2.0
 *
 * Dispatch of subcommands, their help, and their options. What each does is in its own file.
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND(name) extern const struct cli_command cli_##name;
#include "cli/commands.def"
#undef COMMAND

const struct cli_command *const cli_commands[] = {
#define COMMAND(name) &cli_##name,
#include "cli/commands.def"
#undef COMMAND
    NULL,
};

/* Whose words cli_say() prints. A process runs one subcommand, so this is not shared state. */
static const char *speaker = "";

bool cli_colours(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void cli_say(const char *format, ...)
{
    bool colours = cli_colours();
    fprintf(stderr, "%sbulla%s%s:%s ", colours ? "\033[1m" : "", *speaker ? " " : "", speaker, colours ? "\033[0m" : "");
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---- options ---- */

static const struct cli_option *option_find(const struct cli_option *options, size_t n, const char *name, size_t name_len)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(options[i].name) == name_len && memcmp(options[i].name, name, name_len) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static void say_unknown_option(const struct cli_command *command, const struct cli_option *options, size_t n, const char *word)
{
    char known[600] = "";
    size_t len = 0;
    for (size_t i = 0; i < n && len < sizeof known; i++) {
        len += (size_t)snprintf(known + len, sizeof known - len, " --%s", options[i].name);
    }
    cli_say("unknown option %s: expected one of%s --help (see bulla help %s)", word, known, command->name);
}

/* Takes the option at argv[*i], and its value when that is the next word. */
static bool option_take(const struct cli_command *command, const struct cli_option *options, size_t n, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    const struct cli_option *option = option_find(options, n, name, equals ? (size_t)(equals - name) : strlen(name));
    if (!option || word[1] != '-') {
        say_unknown_option(command, options, n, word);
        return false;
    }
    if (option->flag) {
        if (equals) {
            cli_say("option --%s: expected no value, got \"%s\"", option->name, equals + 1);
            return false;
        }
        *option->flag = true;
        return true;
    }
    if (!equals && *i + 1 >= argc) {
        cli_say("option --%s: expected a value, got nothing", option->name);
        return false;
    }
    *option->value = equals ? equals + 1 : argv[++*i];
    return true;
}

/* "-" is a file name and "-5" a number; every other word with a dash is an option. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !(word[1] >= '0' && word[1] <= '9');
}

int cli_options(const struct cli_command *command, const struct cli_option *options, size_t n, int argc, char **argv)
{
    int kept = 1;
    bool ended = false;
    for (int i = 1; i < argc; i++) {
        if (ended || !is_option(argv[i])) {
            argv[kept++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(command->help, stdout);
            return -2;
        } else if (!option_take(command, options, n, argc, argv, &i)) {
            return -1;
        }
    }
    argv[kept] = NULL;
    return kept;
}

/* ---- dispatch ---- */

static const struct cli_command *command_find(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++) {
        if (strcmp(cli_commands[i]->name, name) == 0) {
            return cli_commands[i];
        }
    }
    return NULL;
}

static void print_commands(FILE *to)
{
    fputs("Bulla: electronic seals, from the message on the wire to the alarm on the desk\n\n"
          "Usage: bulla COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n",
          to);
    for (size_t i = 0; cli_commands[i]; i++) {
        fprintf(to, "  %-12s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    }
    fputs("\nbulla help COMMAND explains one; bulla --version prints the version.\n"
          "Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 input, output or environment.\n",
          to);
}

static int unknown_command(const char *name)
{
    cli_say("unknown command \"%s\": expected one of those that bulla help lists", name);
    return CLI_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc < 1) {
        print_commands(stdout);
        return CLI_OK;
    }
    const struct cli_command *command = command_find(argv[0]);
    if (!command) {
        return unknown_command(argv[0]);
    }
    fputs(command->help, stdout);
    return CLI_OK;
}

/* Data that could not be written must not look like success. */
static int finish(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_say("standard output: cannot write");
        return CLI_IO;
    }
    return code;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int cli_main(const struct cli_context *context, int argc, char **argv)
{
    if (argc < 2) {
        print_commands(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || is_one_of(argv[1], "--help", "-h")) {
        return finish(help(argc - 2, argv + 2));
    }
    if (is_one_of(argv[1], "--version", "version")) {
        puts("bulla " BULLA_VERSION);
        return finish(CLI_OK);
    }
    const struct cli_command *command = command_find(argv[1]);
    if (!command) {
        return unknown_command(argv[1]);
    }
    speaker = command->name;
    return finish(command->run(context, argc - 1, argv + 1));
}
