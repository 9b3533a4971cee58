/* SPDX-License-Identifier: Apache-2.0
 *
 * The shift on watch: who has it since when, what is open, and how it goes to the next.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/out/papers.h"
#include "platform/out/routes.h"

static void take_newest(void *context, const void *record)
{
    struct paper *p = context;
    if (!p->id[0])
        memcpy(p, record, sizeof *p);
}

/* The shift that goes on; p->id is "" when none was begun. */
static bool current(struct out_request *r, struct paper *p)
{
    struct store_query q = {.limit = 1, .kind = "shift", .state = "active"};
    char next[120];
    memset(p, 0, sizeof *p);
    return out_store_ok(r, store_papers(out_store(r), &q, take_newest, p, next), "shift");
}

static void count_record(void *context, const void *record)
{
    (void)record;
    ++*(int *)context;
}

#define COUNT_MOST 1000

static bool count_open(struct out_request *r, int *alarms, int *tasks)
{
    struct store_query q = {.limit = COUNT_MOST, .state = "open"}, t = {.limit = COUNT_MOST, .state = "open", .kind = "task"};
    char next[120];
    *alarms = *tasks = 0;
    return out_store_ok(r, store_alarms(out_store(r), &q, count_record, alarms, next), "alarm") &&
           out_store_ok(r, store_papers(out_store(r), &t, count_record, tasks, next), "task");
}

static json_t *shift_json(struct out_request *r, const struct paper *p, int alarms, int tasks)
{
    json_t *body = p->id[0] ? json_loads(p->body, 0, NULL) : NULL;
    json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:i, s:i}", "user", p->holder[0] ? json_string(p->holder) : json_null(), "user_name",
                             out_page_user_name(r, p->holder), "since", json_time(p->id[0] ? p->created_ms : BULLA_TIME_NONE), "note",
                             body ? json_incref(json_object_get(body, "note")) : json_null(), "open_alarms", alarms, "open_tasks", tasks);
    json_decref(body);
    return json;
}

void out_shift_get(struct out_request *r)
{
    int alarms, tasks;
    struct paper *p = out_paper_new(r);
    if (p && current(r, p) && count_open(r, &alarms, &tasks))
        out_answer_record(r, 200, shift_json(r, p, alarms, tasks), p->version);
    free(p);
}

/* The old one is closed first, under its version: of two who hand over at once one is told that the other was first. */
void out_shift_hand_over(struct out_request *r)
{
    struct user to;
    int alarms, tasks;
    const char *id = out_body_text(r, "to", 1, MODEL_ID_SIZE - 1), *note = id ? out_body_text(r, "note", 1, 900) : NULL;
    if (!note)
        return;
    bool may = store_user_get(out_store(r), id, &to) == STORE_OK && !to.disabled &&
               (to.role == USER_ROLE_WATCH_OFFICER || to.role == USER_ROLE_ADMINISTRATOR);
    if (!out_body_wants(r, may, "to", "the id of a watch officer", id))
        return;
    struct paper *old = out_paper_new(r), *fresh = old ? out_paper_new(r) : NULL;
    if (fresh && current(r, old) && count_open(r, &alarms, &tasks)) {
        bool closed = true;
        if (old->id[0]) {
            old->state = PAPER_CLOSED;
            closed =
                out_paper_put(r, old, "shift.end", json_pack("{s:s, s:i, s:i}", "to", to.name, "open_alarms", alarms, "open_tasks", tasks));
        }
        json_t *body = json_pack("{s:s, s:s, s:i, s:i}", "note", note, "from", r->user.id, "open_alarms", alarms, "open_tasks", tasks);
        size_t n = json_dumpb(body, fresh->body, sizeof fresh->body - 1, JSON_COMPACT);
        fresh->body[n < sizeof fresh->body ? n : 0] = '\0';
        platform_new_id(r->out->platform, fresh->id);
        fresh->kind = PAPER_SHIFT;
        fresh->state = PAPER_ACTIVE;
        memcpy(fresh->holder, to.id, sizeof fresh->holder);
        memcpy(fresh->author, r->user.id, sizeof fresh->author);
        fresh->created_ms = r->now_ms;
        fresh->due_ms = BULLA_TIME_NONE;
        if (closed && out_paper_put(r, fresh, "shift.begin", body)) {
            platform_publish(r->out->platform, LIVE_NOTICE, "",
                             json_pack("{s:s, s:s, s:s}", "text", "the shift was handed over", "about", "shift", "id", fresh->id));
            out_answer_record(r, 201, shift_json(r, fresh, alarms, tasks), fresh->version);
        }
        if (!closed)
            json_decref(body);
    }
    free(old);
    free(fresh);
}
