/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla encode: a command as the device would get it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/session.h"

#define MESSAGE_MAX    65536
#define ARGS_WIDTH_MAX 36 /* longer ones push what they do to the next line */

extern const struct cli_command cli_encode;

static const char help[] = "Usage: bulla encode --protocol NAME [OPTIONS] COMMAND [name=value ...]\n"
                           "       bulla encode --protocol NAME --list\n"
                           "\n"
                           "Prints a command as the device would get it, in hexadecimal.\n"
                           "\n"
                           "Options:\n"
                           "  --protocol NAME   which protocol (required)\n"
                           "  --list            list the protocol's commands and their arguments\n"
                           "  --device ID       the device's own id\n"
                           "  --text            print characters; what is not printable as \\xNN, \\r, \\n\n"
                           "  --model NAME      lock model, where the protocol's layout depends on it\n"
                           "  --zone MINUTES    the device's clock minus UTC\n"
                           "  --now TIME        arrival time, RFC 3339, for output that can be repeated\n"
                           "  --help            this text\n"
                           "\n"
                           "Examples:\n"
                           "  bulla encode --protocol jt701 --list\n"
                           "  bulla encode --protocol eseal --device 1000821 --text unlock\n"
                           "  bulla encode --protocol eseal --device 1000821 power-off\n"
                           "\n"
                           "Exit codes: 0 done, 1 refused by the protocol, 2 wrong usage, 3 input or output.\n";

/* Splits "name=value" in place. False after telling stderr. */
static bool read_args(int n, char **words, struct proto_args *args)
{
    if (n > PROTO_ARGS_MAX) {
        cli_say("expected at most %d arguments, got %d", PROTO_ARGS_MAX, n);
        return false;
    }
    for (int i = 0; i < n; i++) {
        char *equals = strchr(words[i], '=');
        if (!equals || equals == words[i]) {
            cli_say("expected name=value, got \"%s\"", words[i]);
            return false;
        }
        *equals = '\0';
        args->arg[args->n++] = (struct proto_arg){words[i], equals + 1};
    }
    return true;
}

static int list_commands(const struct proto *proto)
{
    int name_width = 7, args_width = 9;
    for (const struct proto_command *c = proto->commands; c && c->name; c++) {
        name_width = (int)strlen(c->name) > name_width ? (int)strlen(c->name) : name_width;
        int width = (int)strlen(c->args ? c->args : "");
        args_width = width > args_width && width <= ARGS_WIDTH_MAX ? width : args_width;
    }
    printf("%-*s  %-*s  %s\n", name_width, "COMMAND", args_width, "ARGUMENTS", "DOES");
    for (const struct proto_command *c = proto->commands; c && c->name; c++) {
        const char *wanted = c->args ? c->args : "";
        printf("%-*s  %-*s", name_width, c->name, args_width, wanted);
        if ((int)strlen(wanted) > args_width) {
            printf("\n%-*s  %-*s", name_width, "", args_width, "");
        }
        printf("  %s\n", c->about ? c->about : "");
    }
    return CLI_OK;
}

static void print_text(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] == '\r' || at[i] == '\n') {
            fputs(at[i] == '\r' ? "\\r" : "\\n", stdout);
        } else if (at[i] == '\\') {
            fputs("\\\\", stdout);
        } else if (at[i] >= 0x20 && at[i] < 0x7F) {
            putchar(at[i]);
        } else {
            printf("\\x%02X", at[i]);
        }
    }
    putchar('\n');
}

static void print_hex(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%02x", at[i]);
    }
    putchar('\n');
}

static int print_command(struct cli_session *session, const char *device, const char *name, const struct proto_args *args, bool text)
{
    static uint8_t message[MESSAGE_MAX];
    struct bulla_writer out = bulla_writer_over(message, sizeof message);
    enum bulla_status status = session->proto->encode(&session->link, device, name, args, &out);
    if (status != BULLA_OK || out.failed) {
        cli_say("%s: %s", name, session->link.error[0] ? session->link.error : "the message is too long");
        return CLI_NO;
    }
    (text ? print_text : print_hex)(message, out.len);
    return CLI_OK;
}

static int encode(const struct proto *proto, const struct cli_device *device, const char *id, bool text, int argc, char **argv)
{
    struct cli_session session;
    struct proto_profile profile;
    struct proto_args args = {0};
    int64_t now_ms;
    if (!cli_device_read(device, &profile, &now_ms) || !read_args(argc - 1, argv + 1, &args)) {
        return CLI_USAGE;
    }
    if (!proto_command_find(proto, argv[0])) {
        cli_say("command: expected one of those that bulla encode --protocol %s --list shows, got \"%s\"", proto->name, argv[0]);
        return CLI_USAGE;
    }
    cli_session_init(&session, proto, &profile, now_ms, device->now != NULL);
    int code = print_command(&session, id, argv[0], &args, text);
    cli_session_clear(&session);
    return code;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    const char *name = NULL, *id = "";
    struct cli_device device = {0};
    bool list = false, text = false;
    const struct cli_option options[] = {
        {"protocol", &name, NULL},    {"device", &id, NULL},      {"model", &device.model, NULL},
        {"zone", &device.zone, NULL}, {"now", &device.now, NULL}, {"settings", &device.settings, NULL},
        {"list", NULL, &list},        {"text", NULL, &text},
    };
    argc = cli_options(&cli_encode, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    if (!name) {
        cli_say("--protocol: expected a name, got nothing");
        return CLI_USAGE;
    }
    const struct proto *proto = cli_proto_find(name);
    if (!proto || (!list && argc < 2)) {
        if (proto) {
            cli_say("command: expected a name (see --list), got nothing");
        }
        return CLI_USAGE;
    }
    return list ? list_commands(proto) : encode(proto, &device, id, text, argc - 1, argv + 1);
}

const struct cli_command cli_encode = {
    .name = "encode",
    .summary = "Write a command as a device would get it",
    .help = help,
    .run = run,
};
