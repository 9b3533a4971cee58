/* SPDX-License-Identifier: Apache-2.0
 *
 * What every protocol needs: arguments of commands, and the sentence that says why something failed.
 */
#include "proto/proto.h"

#define DECIMAL_MAX 21 /* characters of a 64-bit number with its sign and NUL */

/* ---- the sentence in link->error ---- */

struct sentence {
    char *at;
    size_t left; /* characters that still fit, without the NUL */
};

static struct sentence sentence_in(struct proto_link *link)
{
    return (struct sentence){link->error, sizeof link->error - 1};
}

static void add(struct sentence *s, struct bulla_bytes bytes)
{
    size_t n = bytes.len < s->left ? bytes.len : s->left;
    bulla_text_put(s->at, n + 1, (struct bulla_bytes){bytes.at, n});
    s->at += n;
    s->left -= n;
}

static void add_text(struct sentence *s, const char *text)
{
    add(s, (struct bulla_bytes){(const uint8_t *)text, bulla_length(text)});
}

static void add_decimal(struct sentence *s, bool minus, uint64_t value)
{
    char text[DECIMAL_MAX];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    if (minus) {
        text[--at] = '-';
    }
    add(s, (struct bulla_bytes){(const uint8_t *)text + at, sizeof text - at});
}

static struct sentence expected_got(struct proto_link *link, const char *field, const char *expected)
{
    struct sentence s = sentence_in(link);
    add_text(&s, field);
    add_text(&s, ": expected ");
    add_text(&s, expected);
    add_text(&s, ", got ");
    return s;
}

enum bulla_status proto_fail(struct proto_link *link, enum bulla_status status, const char *field, const char *expected,
                             struct bulla_bytes got)
{
    struct sentence s = expected_got(link, field, expected);
    if (got.len == 0) {
        add_text(&s, "nothing");
    } else {
        add_text(&s, "\"");
        add(&s, got);
        add_text(&s, "\"");
    }
    return status;
}

enum bulla_status proto_fail_number(struct proto_link *link, enum bulla_status status, const char *field, const char *expected, int64_t got)
{
    struct sentence s = expected_got(link, field, expected);
    add_decimal(&s, got < 0, got < 0 ? -(uint64_t)got : (uint64_t)got);
    return status;
}

/* ---- commands and their arguments ---- */

const struct proto_command *proto_command_find(const struct proto *p, const char *name)
{
    for (const struct proto_command *command = p->commands; command && command->name; command++) {
        if (bulla_text_is(command->name, name)) {
            return command;
        }
    }
    return NULL;
}

const char *proto_args_get(const struct proto_args *args, const char *name)
{
    for (size_t i = 0; i < args->n; i++) {
        if (bulla_text_is(args->arg[i].name, name)) {
            return args->arg[i].value;
        }
    }
    return NULL;
}

struct word { /* one of "required [optional]" */
    struct bulla_bytes name;
    bool optional;
};

/* The next word of an argument list; false at its end. */
static bool next_word(struct bulla_cursor *list, struct word *out)
{
    while (list->left && list->at[0] == ' ') {
        bulla_cursor_skip(list, 1);
    }
    if (!list->left) {
        return false;
    }
    struct bulla_bytes word = bulla_cursor_take_until(list, ' ');
    out->optional = word.len > 2 && word.at[0] == '[' && word.at[word.len - 1] == ']';
    out->name = out->optional ? (struct bulla_bytes){word.at + 1, word.len - 2} : word;
    return true;
}

static struct bulla_cursor list_of(const struct proto_command *command)
{
    const char *list = command->args ? command->args : "";
    return bulla_cursor_over((const uint8_t *)list, bulla_length(list));
}

static bool listed(const struct proto_command *command, const char *name)
{
    struct bulla_cursor list = list_of(command);
    for (struct word word; next_word(&list, &word);) {
        if (bulla_bytes_is(word.name, name)) {
            return true;
        }
    }
    return false;
}

static bool given(const struct proto_args *args, struct bulla_bytes name)
{
    for (size_t i = 0; i < args->n; i++) {
        if (bulla_bytes_is(name, args->arg[i].name)) {
            return true;
        }
    }
    return false;
}

static enum bulla_status refuse_argument(struct proto_link *link, const struct proto_command *command, const char *what,
                                         struct bulla_bytes name)
{
    struct sentence s = sentence_in(link);
    add_text(&s, command->name);
    add_text(&s, what);
    add(&s, name);
    add_text(&s, ": expected ");
    add_text(&s, command->args && command->args[0] ? command->args : "no arguments");
    return BULLA_REFUSED;
}

enum bulla_status proto_args_check(struct proto_link *link, const struct proto_command *command, const struct proto_args *args)
{
    struct bulla_cursor list = list_of(command);
    for (struct word word; next_word(&list, &word);) {
        if (!word.optional && !given(args, word.name)) {
            return refuse_argument(link, command, ": missing argument ", word.name);
        }
    }
    for (size_t i = 0; i < args->n; i++) {
        const char *name = args->arg[i].name;
        struct bulla_bytes bytes = {(const uint8_t *)name, bulla_length(name)};
        if (!listed(command, name)) {
            return refuse_argument(link, command, ": unknown argument ", bytes);
        }
        if (proto_args_get(args, name) != args->arg[i].value) {
            return refuse_argument(link, command, ": argument given twice ", bytes);
        }
    }
    return BULLA_OK;
}

/* Decimal digits alone; false when it is none or does not fit. */
static bool decimal(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        unsigned digit = (unsigned)*text - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static enum bulla_status refuse_range(struct proto_link *link, const char *name, uint64_t min, uint64_t max, const char *got)
{
    struct sentence s = sentence_in(link);
    add_text(&s, name);
    add_text(&s, ": expected ");
    add_decimal(&s, false, min);
    add_text(&s, " to ");
    add_decimal(&s, false, max);
    add_text(&s, ", got ");
    add_text(&s, got && *got ? got : "nothing");
    return BULLA_REFUSED;
}

enum bulla_status proto_args_number(struct proto_link *link, const struct proto_args *args, const char *name, uint64_t min, uint64_t max,
                                    uint64_t *out)
{
    const char *text = proto_args_get(args, name);
    uint64_t value;
    if (!text || !decimal(text, &value) || value < min || value > max) {
        return refuse_range(link, name, min, max, text);
    }
    *out = value;
    return BULLA_OK;
}
