/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms: what a paper of each kind holds, as a table of members, and who may bring it into which state with what. Pure: reads JSON that
 * a person sent into a paper, or says which member is wrong; shows a paper as JSON.
 */
#ifndef FLOW_FORM_H
#define FLOW_FORM_H

#include "platform/model/json.h"
#include "platform/model/paper.h"

/* Bits: who. */
#define FORM_ROLE(role) (1u << USER_ROLE_##role)
#define FORM_HOLDER     (1u << 16) /* the user it is given to */
#define FORM_AUTHOR     (1u << 17) /* the user, or somebody of the party, that wrote it */

struct form;

/* The form of a kind; NULL: it has none (policies, shifts, decisions are written by their own rules). */
const struct form *form_of(enum paper_kind kind);
unsigned form_writers(const struct form *form);      /* roles that may begin one */
const char *form_noun(const struct form *form);

/* Reads what was sent into a new paper: kind, first state, columns and body. False with "member: expected E, got G". */
bool form_read(const struct form *form, const json_t *sent, struct paper *out, char why[MODEL_WHY_SIZE]);

/* Roles (with HOLDER and AUTHOR) that may bring it from its state to that one; 0: its life does not allow it. */
unsigned form_may(const struct paper *paper, enum paper_state to);

/* Takes a step: checks what that state needs ("note", "findings", ...), writes it into the body with who and when. False with why; then
 * the paper is as it was. */
bool form_step(struct paper *paper, enum paper_state to, const json_t *sent, const char *user, int64_t now_ms, char why[MODEL_WHY_SIZE]);

/* As the interface shows it. New reference. */
json_t *form_json(const struct paper *paper);

/* Adds or replaces a member of the body. False: it does not fit any more. */
bool form_note(struct paper *paper, const char *member, json_t *value /* taken */);

#endif
