/* SPDX-License-Identifier: Apache-2.0
 *
 * What the built-in rules go by, for people.
 */
#ifndef PLATFORM_RULE_LIST_H
#define PLATFORM_RULE_LIST_H

#include "platform/model/alarm.h"
#include "platform/model/json.h"

/* The parameters of the rule for that kind of alarm, each with its default and the member of a journey that sets it. New reference. */
json_t *platform_rule_parameters(enum alarm_kind kind);

#endif
