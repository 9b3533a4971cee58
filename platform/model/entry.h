/* SPDX-License-Identifier: Apache-2.0
 *
 * Entry: one thing that was done or said in the dossier of a journey. A dossier is its entries, numbered from 1 without a gap and never
 * altered: of two officers who do the same thing at once one gets the number, the other hears who did. What only its kind has is JSON in
 * `body` (platform/flow/dossier.h).
 */
#ifndef MODEL_ENTRY_H
#define MODEL_ENTRY_H

#include "platform/model/records.h"

#define ENTRY_BODY_SIZE 8000
#define ENTRY_ID_SIZE   (MODEL_ID_SIZE + 12)

/* clang-format off */
/* Numbers are stored: never reuse one. */
#define ENTRY_KIND_TABLE(X) X(OPENED, 1, "opened") X(VISIT, 2, "visit") X(ACT, 3, "act") X(STATEMENT, 4, "statement")
/* clang-format on */
#define X(name, number, text) ENTRY_##name = number,
enum entry_kind { ENTRY_KIND_TABLE(X) };
#undef X

struct dossier_entry {
    char id[ENTRY_ID_SIZE]; /* entry_name() */
    char journey[MODEL_ID_SIZE];
    enum entry_kind kind;
    int64_t number;
    int64_t time_ms;
    char user[MODEL_ID_SIZE], user_name[120]; /* who; the name as it was */
    char origin[64];                          /* of an entry that came in another platform's file: PLATFORM/NUMBER; "" : made here */
    char body[ENTRY_BODY_SIZE];               /* a JSON object */
    int64_t version;                          /* 0: not stored yet */
};

/* JOURNEY.NUMBER */
void entry_name(struct dossier_entry *entry);

const char *entry_kind_text(unsigned value);
int entry_kind_from(const char *text);

#endif
