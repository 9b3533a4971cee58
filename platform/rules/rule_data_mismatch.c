/* SPDX-License-Identifier: Apache-2.0
 *
 * Somebody found that a field of the seal, a document or the vehicle differs from the declaration. One alarm a field; it is over
 * when a reading of that field agrees. What counts as equal is settled where the values are compared: here only the outcome comes.
 */
#include <string.h>

#include "platform/rules/rule.h"

#define FIELDS 8 /* told at a time; of more, the oldest's alarm stays without an end */

struct field {
    uint32_t key; /* digest of its name */
    sheet_slot slot;
};

struct differing {
    struct field fields[FIELDS]; /* oldest first; without a slot: free */
};

static const struct rule_parameter parameters[] = {{NULL, NULL, 0, NULL}};

static uint32_t key_of(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

static struct field *find(struct differing *s, uint32_t key)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (s->fields[i].slot && s->fields[i].key == key)
            return &s->fields[i];
    return NULL;
}

static struct field *place_for(struct differing *s)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (!s->fields[i].slot)
            return &s->fields[i];
    memmove(s->fields, s->fields + 1, (FIELDS - 1) * sizeof *s->fields);
    return &s->fields[FIELDS - 1];
}

static void step(void *state, const struct rule_input *in)
{
    struct differing *s = state;
    const struct entry *e = in->entry;
    if (!e || !e->note)
        return;
    struct field *known = find(s, key_of(e->note->about));
    if (!entry_is(e, BULLA_EVENT_DATA_DIFFERS)) {
        if (known && entry_is(e, BULLA_EVENT_READ))
            sheet_end(in->sheet, &known->slot, in->at_ms);
        return;
    }
    struct draft *d = known ? sheet_open(in->sheet, known->slot) : NULL;
    if (d) {
        d->count++;
        sheet_evidence(in->sheet, known->slot, e->id);
        sheet_touch(in->sheet);
        return;
    }
    char said[RULE_SAID_TEXT];
    struct field *fresh = known ? known : place_for(s);
    fresh->key = key_of(e->note->about);
    fresh->slot = rule_raise_of(in, ALARM_DATA_MISMATCH, e->note->about, in->at_ms);
    sheet_why(in->sheet, fresh->slot, "Differs from the declaration. %s", rule_said(said, e, BULLA_EVENT_DATA_DIFFERS));
}

const struct rule rule_data_mismatch = {
    .kind = ALARM_DATA_MISMATCH, .scope = RULE_OF_SEAL, .parameters = parameters, .state_size = sizeof(struct differing), .step = step};
