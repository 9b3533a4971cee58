/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sheet_clear(struct sheet *sheet)
{
    free(sheet->drafts);
    *sheet = (struct sheet){0};
}

static bool known(const struct sheet *sheet, enum alarm_kind kind, const char *rule, size_t seal, int64_t onset_ms)
{
    for (size_t i = sheet->n; i-- > 0;) {
        const struct draft *d = &sheet->drafts[i];
        if (d->kind == kind && d->seal == seal && d->onset_ms == onset_ms && !d->dropped && strcmp(d->rule, rule) == 0)
            return true;
    }
    return false;
}

static bool grow(struct sheet *sheet)
{
    if (sheet->n < sheet->capacity)
        return true;
    size_t capacity = sheet->capacity ? sheet->capacity * 2 : 4;
    struct draft *drafts = realloc(sheet->drafts, capacity * sizeof *drafts);
    if (!drafts) {
        sheet->failed = true;
        return false;
    }
    sheet->drafts = drafts;
    sheet->capacity = capacity;
    return true;
}

sheet_slot sheet_raise_of(struct sheet *sheet, enum alarm_kind kind, const char *rule, size_t seal, int64_t onset_ms, int64_t known_ms)
{
    if (known(sheet, kind, rule, seal, onset_ms) || !grow(sheet))
        return 0;
    struct draft *d = &sheet->drafts[sheet->n++];
    memset(d, 0, sizeof *d);
    d->kind = (uint8_t)kind;
    d->seal = (uint8_t)seal;
    d->grade = (uint8_t)alarm_kind_grade(kind);
    d->onset_ms = onset_ms;
    d->known_ms = known_ms;
    d->ended_ms = BULLA_TIME_NONE;
    d->count = 1;
    snprintf(d->rule, sizeof d->rule, "%s", rule);
    sheet->touched = true;
    return (sheet_slot)sheet->n;
}

sheet_slot sheet_raise(struct sheet *sheet, enum alarm_kind kind, size_t seal, int64_t onset_ms, int64_t known_ms)
{
    return sheet_raise_of(sheet, kind, "", seal, onset_ms, known_ms);
}

struct draft *sheet_open(struct sheet *sheet, sheet_slot slot)
{
    if (slot == 0 || slot > sheet->n)
        return NULL;
    struct draft *d = &sheet->drafts[slot - 1];
    return d->ended || d->dropped ? NULL : d;
}

void sheet_touch(struct sheet *sheet)
{
    sheet->touched = true;
}

void sheet_evidence(struct sheet *sheet, sheet_slot slot, const char *id)
{
    struct draft *d = sheet_open(sheet, slot);
    if (!d)
        return;
    sheet->touched = true; /* there may be no room for it, but what was counted with it is told */
    if (!id[0] || d->n_evidence == ALARM_EVIDENCE_MAX)
        return;
    for (size_t i = 0; i < d->n_evidence; i++)
        if (strcmp(d->evidence[i], id) == 0)
            return;
    snprintf(d->evidence[d->n_evidence++], BULLA_ID_SIZE, "%s", id);
}

void sheet_position(struct sheet *sheet, sheet_slot slot, double lat, double lon)
{
    struct draft *d = sheet_open(sheet, slot);
    if (!d)
        return;
    d->has_position = true;
    d->lat = lat;
    d->lon = lon;
    sheet->touched = true;
}

void sheet_grade(struct sheet *sheet, sheet_slot slot, int grade)
{
    struct draft *d = sheet_open(sheet, slot);
    if (!d)
        return;
    d->grade = (uint8_t)grade;
    sheet->touched = true;
}

void sheet_whole_text(char *text)
{
    size_t n = strlen(text), tail = 0;
    while (tail < n && tail < 3 && ((uint8_t)text[n - 1 - tail] & 0xC0) == 0x80)
        tail++;
    if (tail == n)
        return;
    uint8_t lead = (uint8_t)text[n - 1 - tail];
    size_t needs = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (tail < needs)
        text[n - 1 - tail] = '\0';
}

void sheet_why(struct sheet *sheet, sheet_slot slot, const char *format, ...)
{
    struct draft *d = sheet_open(sheet, slot);
    if (!d)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(d->why, sizeof d->why, format, args);
    va_end(args);
    sheet_whole_text(d->why);
    sheet->touched = true;
}

void sheet_end(struct sheet *sheet, sheet_slot *slot, int64_t ended_ms)
{
    struct draft *d = sheet_open(sheet, *slot);
    *slot = 0;
    if (!d)
        return;
    d->ended = true;
    d->ended_ms = ended_ms;
    sheet->touched = true;
}

void sheet_drop(struct sheet *sheet, sheet_slot *slot)
{
    struct draft *d = sheet_open(sheet, *slot);
    *slot = 0;
    if (!d)
        return;
    d->dropped = true;
    sheet->touched = true;
}

/* --- checkpoints --- */

bool sheet_mark(const struct sheet *sheet, struct sheet_mark *out)
{
    struct sheet_mark mark = {.n = sheet->n};
    for (size_t i = 0; i < sheet->n; i++)
        mark.n_open += !sheet->drafts[i].ended && !sheet->drafts[i].dropped;
    if (mark.n_open) {
        mark.open = malloc(mark.n_open * sizeof *mark.open);
        mark.index = malloc(mark.n_open * sizeof *mark.index);
        if (!mark.open || !mark.index) {
            sheet_mark_clear(&mark);
            return false;
        }
    }
    for (size_t i = 0, k = 0; i < sheet->n; i++)
        if (!sheet->drafts[i].ended && !sheet->drafts[i].dropped) {
            mark.open[k] = sheet->drafts[i];
            mark.index[k++] = (uint32_t)i;
        }
    *out = mark;
    return true;
}

void sheet_rewind(struct sheet *sheet, const struct sheet_mark *mark)
{
    sheet->n = mark->n;
    for (size_t i = 0; i < mark->n_open; i++)
        sheet->drafts[mark->index[i]] = mark->open[i];
    sheet->touched = true;
}

void sheet_mark_clear(struct sheet_mark *mark)
{
    free(mark->open);
    free(mark->index);
    *mark = (struct sheet_mark){0};
}
