/* SPDX-License-Identifier: Apache-2.0
 *
 * When something goes up because nobody acted in time (WCO 9.1, en route customs). Pure: times from the policy "escalation".
 */
#ifndef FLOW_ESCALATE_H
#define FLOW_ESCALATE_H

#include "platform/flow/policy.h"
#include "platform/model/alarm.h"

/* When an alarm that nobody took goes up; BULLA_TIME_NONE: never (somebody has it, or it is over). */
int64_t escalate_alarm_due(const struct alarm *alarm, const json_t *policy);

/* When a task goes up: not accepted, not arrived, or not closed in time, and after its own `due`. */
int64_t escalate_task_due(const struct paper *task, const json_t *policy);

/* Why, in a sentence: what was expected by when. */
void escalate_why(const char *what, int64_t due_ms, char to[MODEL_WHY_SIZE]);

#endif
