/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/entry.h"

#include <stdio.h>

#include "platform/model/words.h"

MODEL_WORDS(entry_kind, ENTRY_KIND_TABLE)

void entry_name(struct dossier_entry *e)
{
    snprintf(e->id, sizeof e->id, "%s.%u", e->journey, (unsigned)e->number);
}
