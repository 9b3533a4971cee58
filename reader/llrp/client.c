/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/llrp/client.h"

#include <stdio.h>

#define ROOM 512 /* of the longest thing that is said */

enum { GEN2 = 1, BANK_TID = 2, BANK_USER = 3, BANK_EPC = 1, MATCH = 0x20, TRIGGER_TAGS = 1, ON = 0x80 };

/* What is said in a step, behind the header. */
typedef void body_of(const struct llrp_client *c, struct bulla_writer *to);

static void say_nothing(const struct llrp_client *c, struct bulla_writer *to)
{
    (void)c, (void)to;
}

static void say_all(const struct llrp_client *c, struct bulla_writer *to)
{
    (void)c;
    bulla_writer_put_u8(to, 0);
}

static void say_all_specs(const struct llrp_client *c, struct bulla_writer *to)
{
    (void)c;
    bulla_writer_put_u32(to, LLRP_ALL);
}

static void say_rospec(const struct llrp_client *c, struct bulla_writer *to)
{
    (void)c;
    bulla_writer_put_u32(to, LLRP_ROSPEC_ID);
}

static void say_accessspec(const struct llrp_client *c, struct bulla_writer *to)
{
    (void)c;
    bulla_writer_put_u32(to, LLRP_ACCESSSPEC);
}

/* Keepalives, and the events that matter. */
static void say_config(const struct llrp_client *c, struct bulla_writer *to)
{
    static const uint16_t events[] = {2, 3, 4, 8}; /* ROSpec, buffer, exception, antenna */
    (void)c;
    bulla_writer_put_u8(to, 0);
    size_t spec = llrp_parameter_begin(to, 244);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        size_t one = llrp_parameter_begin(to, 245);
        bulla_writer_put_u16(to, events[i]);
        bulla_writer_put_u8(to, ON);
        llrp_parameter_end(to, one);
    }
    llrp_parameter_end(to, spec);
    size_t keepalive = llrp_parameter_begin(to, 220);
    bulla_writer_put_u8(to, 1); /* periodic */
    bulla_writer_put_u32(to, LLRP_KEEPALIVE_MS);
    llrp_parameter_end(to, keepalive);
}

static void put_inventory(const struct llrp_client *c, struct bulla_writer *to)
{
    size_t ai = llrp_parameter_begin(to, 183), stop, inventory, antenna, command, control;
    bulla_writer_put_u16(to, 1);
    bulla_writer_put_u16(to, LLRP_ALL); /* antennas */
    stop = llrp_parameter_begin(to, 184);
    bulla_writer_put_u8(to, 0);
    bulla_writer_put_u32(to, 0);
    llrp_parameter_end(to, stop);
    inventory = llrp_parameter_begin(to, 186);
    bulla_writer_put_u16(to, 1);
    bulla_writer_put_u8(to, GEN2);
    antenna = llrp_parameter_begin(to, 222);
    bulla_writer_put_u16(to, LLRP_ALL);
    command = llrp_parameter_begin(to, 330);
    bulla_writer_put_u8(to, 0);
    control = llrp_parameter_begin(to, 336);
    bulla_writer_put_u8(to, (uint8_t)(c->settings.session << 6));
    bulla_writer_put_u16(to, c->settings.population);
    bulla_writer_put_u32(to, 0);
    llrp_parameter_end(to, control);
    llrp_parameter_end(to, command);
    llrp_parameter_end(to, antenna);
    llrp_parameter_end(to, inventory);
    llrp_parameter_end(to, ai);
}

/* After each tag: where, when, how strong, and its protocol word. */
static void put_report(struct bulla_writer *to)
{
    size_t report = llrp_parameter_begin(to, 237), content, memory;
    bulla_writer_put_u8(to, TRIGGER_TAGS);
    bulla_writer_put_u16(to, 1);
    content = llrp_parameter_begin(to, 238);
    bulla_writer_put_u16(to, 0x1FC0); /* antenna, channel, RSSI, first and last seen, count, access spec */
    memory = llrp_parameter_begin(to, 348);
    bulla_writer_put_u8(to, 0x40); /* PC */
    llrp_parameter_end(to, memory);
    llrp_parameter_end(to, content);
    llrp_parameter_end(to, report);
}

static void say_inventory(const struct llrp_client *c, struct bulla_writer *to)
{
    size_t ro = llrp_parameter_begin(to, 177), boundary, trigger;
    bulla_writer_put_u32(to, LLRP_ROSPEC_ID);
    bulla_writer_put_u8(to, 0); /* priority */
    bulla_writer_put_u8(to, 0); /* disabled */
    boundary = llrp_parameter_begin(to, 178);
    trigger = llrp_parameter_begin(to, 179);
    bulla_writer_put_u8(to, 0); /* when it is told */
    llrp_parameter_end(to, trigger);
    trigger = llrp_parameter_begin(to, 182);
    bulla_writer_put_u8(to, 0);
    bulla_writer_put_u32(to, 0);
    llrp_parameter_end(to, trigger);
    llrp_parameter_end(to, boundary);
    put_inventory(c, to);
    put_report(to);
    llrp_parameter_end(to, ro);
}

static void put_read(struct bulla_writer *to, uint16_t operation, uint8_t bank, uint16_t words)
{
    size_t read = llrp_parameter_begin(to, 341);
    bulla_writer_put_u16(to, operation);
    bulla_writer_put_u32(to, 0); /* access password */
    bulla_writer_put_u8(to, (uint8_t)(bank << 6));
    bulla_writer_put_u16(to, 0);
    bulla_writer_put_u16(to, words);
    llrp_parameter_end(to, read);
}

/* Reads of any tag: nothing else is ever done to one from here, no write, lock or kill. */
static void say_reads(const struct llrp_client *c, struct bulla_writer *to)
{
    size_t access = llrp_parameter_begin(to, 207), part, target;
    bulla_writer_put_u32(to, LLRP_ACCESSSPEC);
    bulla_writer_put_u16(to, LLRP_ALL);
    bulla_writer_put_u8(to, GEN2);
    bulla_writer_put_u8(to, 0); /* disabled */
    bulla_writer_put_u32(to, LLRP_ROSPEC_ID);
    part = llrp_parameter_begin(to, 208);
    bulla_writer_put_u8(to, 0);
    bulla_writer_put_u16(to, 0);
    llrp_parameter_end(to, part);
    part = llrp_parameter_begin(to, 209);
    size_t tags = llrp_parameter_begin(to, 338);
    target = llrp_parameter_begin(to, 339);
    bulla_writer_put_u8(to, BANK_EPC << 6 | MATCH);
    bulla_writer_put_u16(to, 0);
    bulla_writer_put_u16(to, 0); /* an empty mask: any tag */
    bulla_writer_put_u16(to, 0);
    llrp_parameter_end(to, target);
    llrp_parameter_end(to, tags);
    if (c->settings.tid_words > 0)
        put_read(to, LLRP_READ_TID, BANK_TID, c->settings.tid_words);
    if (c->settings.user_words > 0)
        put_read(to, LLRP_READ_USER, BANK_USER, c->settings.user_words);
    llrp_parameter_end(to, part);
    part = llrp_parameter_begin(to, 239);
    bulla_writer_put_u8(to, 0); /* with the inventory's report */
    llrp_parameter_end(to, part);
    llrp_parameter_end(to, access);
}

static const struct step {
    enum llrp_type ask, answer;
    body_of *body;
    bool reads; /* only where tags are read beside being counted */
    const char *what;
} steps[] = {
    {LLRP_GET_READER_CAPABILITIES, LLRP_GET_READER_CAPABILITIES_RESPONSE, say_all, false, "capabilities"},
    {LLRP_DELETE_ACCESSSPEC, LLRP_DELETE_ACCESSSPEC_RESPONSE, say_all_specs, false, "clearing reads"},
    {LLRP_DELETE_ROSPEC, LLRP_DELETE_ROSPEC_RESPONSE, say_all_specs, false, "clearing inventories"},
    {LLRP_SET_READER_CONFIG, LLRP_SET_READER_CONFIG_RESPONSE, say_config, false, "configuration"},
    {LLRP_ADD_ROSPEC, LLRP_ADD_ROSPEC_RESPONSE, say_inventory, false, "inventory"},
    {LLRP_ADD_ACCESSSPEC, LLRP_ADD_ACCESSSPEC_RESPONSE, say_reads, true, "reads"},
    {LLRP_ENABLE_ACCESSSPEC, LLRP_ENABLE_ACCESSSPEC_RESPONSE, say_accessspec, true, "enabling reads"},
    {LLRP_ENABLE_ROSPEC, LLRP_ENABLE_ROSPEC_RESPONSE, say_rospec, false, "enabling the inventory"},
    {LLRP_START_ROSPEC, LLRP_START_ROSPEC_RESPONSE, say_rospec, false, "starting the inventory"},
};

#define N_STEPS (sizeof steps / sizeof *steps)

static const struct step last_steps[] = {
    {LLRP_STOP_ROSPEC, LLRP_STOP_ROSPEC_RESPONSE, say_rospec, false, "stopping the inventory"},
    {LLRP_CLOSE_CONNECTION, LLRP_CLOSE_CONNECTION_RESPONSE, say_nothing, false, "closing"},
};

#define N_LAST_STEPS (sizeof last_steps / sizeof *last_steps)

/* ---- what is said ---- */

static void trouble(struct llrp_client *c, bool lost, const char *what, const char *detail)
{
    char text[2 * LLRP_TEXT_MAX];
    snprintf(text, sizeof text, "%s%s%s", what, *detail ? ": " : "", detail);
    if (lost)
        c->state = LLRP_OVER;
    c->ops->trouble(c->user, lost, text);
}

static void say(struct llrp_client *c, enum llrp_type type, uint32_t id, body_of *body)
{
    uint8_t room[ROOM];
    struct bulla_writer to = bulla_writer_over(room, sizeof room);
    size_t begun = llrp_begin(&to, type, id);
    body(c, &to);
    llrp_end(&to, begun);
    if (!to.failed) /* there is room for each of them */
        c->ops->send(c->user, room, to.len);
}

static const struct step *step_of(const struct llrp_client *c)
{
    return c->state == LLRP_ASKING ? &steps[c->step] : c->state == LLRP_STOPPING ? &last_steps[c->step] : NULL;
}

static void ask(struct llrp_client *c, uint64_t now_ms)
{
    const struct step *step = step_of(c);
    c->asked_ms = now_ms;
    say(c, step->ask, ++c->id, step->body);
}

static bool wants_reads(const struct llrp_client *c)
{
    return c->settings.tid_words > 0 || c->settings.user_words > 0;
}

static void go_on(struct llrp_client *c, uint64_t now_ms)
{
    c->step++;
    while (c->state == LLRP_ASKING && c->step < N_STEPS && steps[c->step].reads && !wants_reads(c))
        c->step++;
    if (c->state == LLRP_ASKING && c->step == N_STEPS)
        c->state = LLRP_RUNNING;
    else if (c->state == LLRP_STOPPING && c->step == N_LAST_STEPS)
        c->state = LLRP_OVER;
    else
        ask(c, now_ms);
}

/* ---- what is heard ---- */

static void take_tag(void *user, const struct llrp_tag *tag)
{
    struct llrp_client *c = user;
    c->n_tags++;
    c->ops->tag(c->user, tag);
}

struct happening {
    struct llrp_client *client;
    uint64_t now_ms;
};

static void take_event(void *user, const struct llrp_event *event)
{
    struct happening *h = user;
    struct llrp_client *c = h->client;
    c->ops->event(c->user, event);
    if (event->what == LLRP_CONNECTED && event->value != 0)
        trouble(c, true, "the reader does not take the connection", event->value == 1 || event->value == 2 ? "it has another client" : "");
    if (event->what == LLRP_CLOSED && c->state != LLRP_OVER)
        trouble(c, true, "the reader closed the connection", "");
    if (event->what == LLRP_CONNECTED && event->value == 0 && c->state == LLRP_WAITING) {
        c->state = LLRP_ASKING;
        c->step = 0;
        ask(c, h->now_ms);
    }
}

static void take_answer(struct llrp_client *c, const struct llrp_message *m, uint64_t now_ms)
{
    const struct step *step = step_of(c);
    struct llrp_status status = {0};
    if (!step || m->id != c->id || (m->type != step->answer && m->type != LLRP_ERROR_MESSAGE))
        return; /* of a question that was given up */
    if (!llrp_status_of(m->body, &status)) {
        trouble(c, true, step->what, "an answer without a status");
        return;
    }
    if (status.code != 0 || m->type == LLRP_ERROR_MESSAGE) {
        char text[LLRP_TEXT_MAX + 32];
        snprintf(text, sizeof text, "refused with %u%s%s", status.code, status.text[0] ? ", " : "", status.text);
        trouble(c, c->state == LLRP_ASKING, step->what, text);
        if (c->state == LLRP_OVER)
            return;
    }
    go_on(c, now_ms);
}

static void take_message(struct llrp_client *c, const struct llrp_message *m, uint64_t now_ms)
{
    size_t damaged = 0;
    c->heard_ms = now_ms;
    switch (m->type) {
    case LLRP_KEEPALIVE:
        say(c, LLRP_KEEPALIVE_ACK, m->id, say_nothing);
        return;
    case LLRP_RO_ACCESS_REPORT:
        llrp_tags(m->body, take_tag, c, &damaged);
        break;
    case LLRP_READER_EVENT_NOTIFICATION:
        damaged = !llrp_events(m->body, take_event, &(struct happening){c, now_ms});
        break;
    default:
        take_answer(c, m, now_ms);
        return;
    }
    c->n_damaged += damaged;
    if (damaged > 0)
        trouble(c, false, "a report is damaged", "");
}

void llrp_feed(struct llrp_client *c, const uint8_t *bytes, size_t n, uint64_t now_ms)
{
    while (n > 0 && c->state != LLRP_OVER) {
        size_t part = n < sizeof c->held - c->n_held ? n : sizeof c->held - c->n_held, at = 0, length;
        bulla_copy(c->held + c->n_held, bytes, part);
        c->n_held += part;
        bytes += part;
        n -= part;
        while (c->state != LLRP_OVER && (length = llrp_framed(c->held + at, c->n_held - at)) > 0) {
            if (length == SIZE_MAX) {
                trouble(c, true, "no LLRP", "a message without a version, or of a length that cannot be");
                return;
            }
            struct llrp_message m = llrp_message_of((struct bulla_bytes){c->held + at, length});
            at += length;
            take_message(c, &m, now_ms);
        }
        c->n_held -= at;
        bulla_move(c->held, c->held + at, c->n_held);
    }
}

/* ---- begin, time, end ---- */

void llrp_open(struct llrp_client *c, const struct llrp_settings *settings, const struct llrp_ops *ops, void *user, uint64_t now_ms)
{
    c->settings = *settings;
    c->ops = ops;
    c->user = user;
    c->state = LLRP_WAITING;
    c->step = c->n_held = 0;
    c->id = 0;
    c->asked_ms = c->heard_ms = now_ms;
    c->n_tags = c->n_damaged = 0;
}

void llrp_tick(struct llrp_client *c, uint64_t now_ms)
{
    const struct step *step = step_of(c);
    if (c->state == LLRP_OVER)
        return;
    if ((step || c->state == LLRP_WAITING) && now_ms - c->asked_ms > LLRP_ANSWER_MS)
        trouble(c, true, step ? step->what : "the reader does not take the connection", "no answer");
    else if (c->state == LLRP_RUNNING && now_ms - c->heard_ms > LLRP_MISSED * LLRP_KEEPALIVE_MS)
        trouble(c, true, "the reader is silent", "");
}

void llrp_close(struct llrp_client *c, uint64_t now_ms)
{
    if (c->state == LLRP_OVER || c->state == LLRP_STOPPING)
        return;
    c->step = c->state == LLRP_RUNNING ? 0 : N_LAST_STEPS - 1; /* without an inventory there is none to stop */
    c->state = LLRP_STOPPING;
    ask(c, now_ms);
}
