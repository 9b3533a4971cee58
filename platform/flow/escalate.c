/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/escalate.h"

#include <stdio.h>

#define POLICY    "escalation"
#define MINUTE_MS INT64_C(60000)

static int64_t after(int64_t from_ms, const json_t *policy, const char *member)
{
    return from_ms + (int64_t)(policy_number(POLICY, policy, member) * (double)MINUTE_MS);
}

int64_t escalate_alarm_due(const struct alarm *a, const json_t *policy)
{
    static const char *const members[] = {"inform_minutes", "inform_minutes", "check_minutes", "intervene_minutes"};
    if (a->state != ALARM_STATE_RAISED)
        return BULLA_TIME_NONE;
    return after(a->raised_ms, policy, members[a->grade < 0 || a->grade > 3 ? 3 : a->grade]);
}

int64_t escalate_task_due(const struct paper *t, const json_t *policy)
{
    static const struct {
        enum paper_state state;
        const char *member;
    } waits[] = {{PAPER_OPEN, "accept_minutes"},
                 {PAPER_ACCEPTED, "arrive_minutes"},
                 {PAPER_UNDER_WAY, "arrive_minutes"},
                 {PAPER_ARRIVED, "close_minutes"},
                 {PAPER_REPORTED, "close_minutes"}};
    if (t->kind != PAPER_TASK)
        return BULLA_TIME_NONE;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        if (waits[i].state == t->state) {
            int64_t due_ms = after(t->state == PAPER_OPEN ? t->created_ms : t->changed_ms, policy, waits[i].member);
            bool sooner = t->due_ms != BULLA_TIME_NONE && t->due_ms < due_ms && t->state < PAPER_ARRIVED;
            return sooner ? t->due_ms : due_ms;
        }
    return BULLA_TIME_NONE;
}

void escalate_why(const char *what, int64_t due_ms, char to[MODEL_WHY_SIZE])
{
    char time[BULLA_TIME_TEXT];
    bulla_time_put(time, due_ms);
    snprintf(to, MODEL_WHY_SIZE, "%s: expected somebody to act by %s, nobody did", what, time);
}
