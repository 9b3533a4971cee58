/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies: what an administration decides once and changes seldom, as versioned JSON documents: which grades lead to inspection, how
 * risk is weighed, which goods must or need not be sealed, when an alarm goes up. Pure: checks a document against the table of its
 * members, and gives the one that holds until the first is written.
 */
#ifndef FLOW_POLICY_H
#define FLOW_POLICY_H

#include "platform/model/json.h"
#include "platform/model/paper.h"

/* Names of policies; NULL ends them. */
extern const char *const policy_names[];
bool policy_exists(const char *name);

/* The document that holds when nobody has written one. New reference; NULL: no such policy, or out of memory. */
json_t *policy_default(const char *name);

/* False with "member: expected E, got G". A member that is absent keeps its default; one that is unknown is refused. */
bool policy_check(const char *name, const json_t *body, char why[MODEL_WHY_SIZE]);

/* A number or a word of a document, or of the default where it says nothing. */
double policy_number(const char *name, const json_t *body, const char *member);
const char *policy_word(const char *name, const json_t *body, const char *member);
bool policy_flag(const char *name, const json_t *body, const char *member);

/* Whether one of the member's texts is a beginning of `code` (HS headings) or the code itself; points and spaces do not count. */
bool policy_lists(const json_t *body, const char *member, const char *code);

#endif
