/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands to seals. Arguments of a command that holds a password never leave the platform again.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/page.h"
#include "platform/out/routes.h"

/* What the protocol says of a command, borrowed from `kinds`; NULL: it has no such command. */
static const json_t *kind_of(const json_t *kinds, const char *name)
{
    size_t i;
    json_t *kind;
    json_array_foreach((json_t *)(uintptr_t)kinds, i, kind)
    {
        if (strcmp(json_string_value(json_object_get(kind, "name")), name) == 0)
            return kind;
    }
    return NULL;
}

static json_t *args_json(const char *args, bool secret)
{
    char text[sizeof((struct command *)0)->args], *save = NULL;
    json_t *json = json_object();
    snprintf(text, sizeof text, "%s", args);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(line, '=');
        if (value)
            *value++ = '\0';
        json_object_set_new(json, line, json_string(secret || !value ? "***" : value));
    }
    return json;
}

json_t *out_command_json(struct out_request *r, const struct command *c)
{
    json_t *kinds = platform_commands_of(r->out->platform, c->seal), *json = command_to_json(c);
    const json_t *kind = kind_of(kinds, c->name);
    json_object_set_new(json, "args", args_json(c->args, !kind || json_is_true(json_object_get(kind, "secret"))));
    json_object_set_new(json, "user_name", out_page_user_name(r, c->user));
    json_decref(kinds);
    return json;
}

struct commands {
    struct command *list;
    size_t n, room;
};

static void take_command(void *context, const void *record)
{
    struct commands *all = context;
    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 64;
        struct command *list = realloc(all->list, room * sizeof *list);
        if (!list)
            return;
        all->list = list;
        all->room = room;
    }
    memcpy(&all->list[all->n++], record, sizeof *all->list);
}

int out_command_find(struct out_request *r, const struct store_query *q, json_t *items, char next[120])
{
    struct commands all = {0};
    int outcome = store_commands(out_store(r), q, take_command, &all, next);
    for (size_t i = 0; i < all.n; i++)
        json_array_append_new(items, out_command_json(r, &all.list[i]));
    free(all.list);
    return outcome;
}

static void answer_list(struct out_request *r, const struct store_query *q)
{
    char next[120] = "";
    json_t *items = json_array();
    if (out_store_ok(r, out_command_find(r, q, items, next), "command"))
        out_page_answer(r, items, next);
    else
        json_decref(items);
}

void out_seal_commands(struct out_request *r)
{
    struct store_query q = {0};
    struct seal seal;
    if (!out_page_query(r, &q) || !out_access_seal(r, r->id, &seal))
        return;
    memcpy(q.seal, seal.id, sizeof q.seal);
    answer_list(r, &q);
}

void out_command_list(struct out_request *r)
{
    struct store_query q = {0};
    if (out_page_query(r, &q) && out_param_word(r, "state", command_state_from, q.state, sizeof q.state) &&
        out_param_text(r, "journey", q.journey, sizeof q.journey))
        answer_list(r, &q);
}

void out_command_get(struct out_request *r)
{
    struct command c;
    int found = strlen(r->id) < MODEL_ID_SIZE ? store_command_get(out_store(r), r->id, &c) : STORE_NOT_FOUND;
    if (out_store_ok(r, found, "command"))
        out_answer_json(r, 200, out_command_json(r, &c));
}

/* --- giving --- */

/* The members of `args` as "name=value" lines. */
static bool read_args(struct out_request *r, char *to, size_t size)
{
    json_t *args = json_object_get(r->json, "args"), *value;
    const char *name;
    size_t at = 0;
    to[0] = '\0';
    if (!out_body_wants(r, !args || json_is_null(args) || json_is_object(args), "args", "an object", "another type"))
        return false;
    json_object_foreach(args, name, value)
    {
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        const char *text = json_is_integer(value) ? number : json_string_value(value);
        bool plain = text && !strpbrk(text, "\n") && !strpbrk(name, "\n=") && name[0];
        if (!out_body_wants(r, plain, "args", "texts or whole numbers of one line", name))
            return false;
        int n = snprintf(to + at, size - at, "%s%s=%s", at ? "\n" : "", name, text);
        if (!out_body_wants(r, n > 0 && (size_t)n < size - at, "args", "less text", "more"))
            return false;
        at += (size_t)n;
    }
    return true;
}

/* Names of the arguments, without their values. */
static json_t *args_names(const struct out_request *r)
{
    json_t *names = json_array(), *value;
    const char *name;
    json_object_foreach(json_object_get(r->json, "args"), name, value)
    {
        json_array_append_new(names, json_string(name));
    }
    return names;
}

/* Passive and semi-active seals are operated by a reader where they are, never from afar. [WCO 7.1] */
static bool heeds_orders(const struct seal *seal)
{
    return seal->class_ >= SEAL_CLASS_ACTIVE;
}

void out_command_create(struct out_request *r)
{
    struct command c = {.serial = -1};
    struct seal seal;
    char why[MODEL_WHY_SIZE] = "";
    const char *name = out_body_text(r, "name", 1, sizeof c.name - 1);
    const char *reason = name ? out_body_text(r, "reason", 1, sizeof c.reason - 1) : NULL;
    if (!reason || !read_args(r, c.args, sizeof c.args) || !out_access_seal(r, r->id, &seal) ||
        !out_body_wants(r, heeds_orders(&seal), "class", "active or smart-container: others are operated by a reader, where they are",
                        seal_class_text(seal.class_)))
        return;
    platform_new_id(r->out->platform, c.id);
    memcpy(c.seal, seal.id, sizeof c.seal);
    memcpy(c.journey, seal.journey, sizeof c.journey);
    snprintf(c.user, sizeof c.user, "%s", r->user.id);
    snprintf(c.name, sizeof c.name, "%s", name);
    snprintf(c.reason, sizeof c.reason, "%s", reason);
    json_t *detail = json_pack("{s:s, s:s, s:s, s:o}", "command", c.id, "name", c.name, "reason", c.reason, "args", args_names(r));
    struct audit audit = out_page_audit(r, "command.give", c.seal, detail);
    int outcome = platform_command(r->out->platform, &c, &audit, why);
    if (outcome == STORE_OK)
        out_answer_json(r, 201, out_command_json(r, &c));
    else if (outcome > 0)
        out_problem_why(r, 422, why);
    else
        (void)out_store_ok(r, outcome, "command");
    explicit_bzero(c.args, sizeof c.args);
}

/* "seconds [minutes]" as two lists of names. */
static void split_args(const char *args, json_t *needed, json_t *optional)
{
    char text[512], *save = NULL;
    bool inside = false;
    snprintf(text, sizeof text, "%s", args);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        inside |= word[0] == '[';
        size_t n = strcspn(word + (word[0] == '['), "]");
        json_array_append_new(inside ? optional : needed, json_stringn(word + (word[0] == '['), n));
        if (strchr(word, ']'))
            inside = false;
    }
}

void out_command_kinds(struct out_request *r)
{
    struct seal seal;
    size_t i;
    json_t *kind;
    if (!out_access_seal(r, r->id, &seal))
        return;
    json_t *kinds = heeds_orders(&seal) ? platform_commands_of(r->out->platform, seal.id) : json_array();
    json_array_foreach(kinds, i, kind)
    {
        json_t *needed = json_array(), *optional = json_array();
        split_args(json_string_value(json_object_get(kind, "args")), needed, optional);
        json_object_set_new(kind, "required", needed);
        json_object_set_new(kind, "optional", optional);
        json_object_del(kind, "args");
    }
    out_page_all(r, kinds);
}
