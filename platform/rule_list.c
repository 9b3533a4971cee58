/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rule_list.h"

#include "platform/rules/rule.h"

json_t *platform_rule_parameters(enum alarm_kind kind)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rules_count; i++)
        for (const struct rule_parameter *p = rules[i]->kind == kind ? rules[i]->parameters : NULL; p && p->name; p++)
            json_array_append_new(list,
                                  json_pack("{s:o, s:s, s:f, s:s?, s:b}", "name", json_sprintf("%s.%s", alarm_kind_text(kind), p->name),
                                            "unit", p->unit ? p->unit : "", "value", p->value, "journey", p->journey, "fixed", p->fixed));
    return list;
}
