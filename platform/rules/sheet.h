/* SPDX-License-Identifier: Apache-2.0
 *
 * Sheet: the alarms that a fold has found so far. An alarm is open while its condition goes on and never changes once it
 * has ended, so that a checkpoint need only keep the open ones.
 *
 * A slot is an alarm's number plus one; 0 is no alarm. Rules keep slots in their state.
 */
#ifndef RULES_SHEET_H
#define RULES_SHEET_H

#include "platform/model/alarm.h"

typedef uint32_t sheet_slot;

struct draft {
    uint8_t kind, grade, seal, n_evidence;
    bool ended, dropped, has_position;
    bool by_timer; /* found by a timer, at known_ms */
    bool partial;  /* found from data older than what is kept, without what came before them */
    uint32_t count;
    int64_t onset_ms;
    int64_t ended_ms;  /* BULLA_TIME_NONE: goes on */
    int64_t known_ms;  /* when it was found, were everything in time */
    int64_t raised_ms; /* kept by the timeline in what it told */
    double lat, lon;
    char evidence[ALARM_EVIDENCE_MAX][BULLA_ID_SIZE];
    char why[ALARM_WHY_SIZE];
    char rule[MODEL_ID_SIZE]; /* which of its kind; "" : there is one */
};

struct sheet {
    struct draft *drafts;
    size_t n, capacity;
    bool touched; /* something was raised, changed, ended or dropped since this was last cleared */
    bool failed;  /* out of memory: an alarm is missing */
};

void sheet_clear(struct sheet *sheet); /* frees */

/* A new open alarm with count 1; 0 when that identity is already on the sheet or memory is out. */
sheet_slot sheet_raise(struct sheet *sheet, enum alarm_kind kind, size_t seal, int64_t onset_ms, int64_t known_ms);

/* The same of one of several of a kind. */
sheet_slot sheet_raise_of(struct sheet *sheet, enum alarm_kind kind, const char *rule, size_t seal, int64_t onset_ms, int64_t known_ms);

/* The open alarm of a slot, NULL for none. What comes back may be changed, then sheet_touch(). */
struct draft *sheet_open(struct sheet *sheet, sheet_slot slot);
void sheet_touch(struct sheet *sheet);

/* All take slot 0 as "nothing to do". */
void sheet_evidence(struct sheet *sheet, sheet_slot slot, const char *id); /* once each, the first six */
void sheet_position(struct sheet *sheet, sheet_slot slot, double lat, double lon);
void sheet_whole_text(char *text); /* takes off a last character that was cut in its middle (UTF-8) */
void sheet_grade(struct sheet *sheet, sheet_slot slot, int grade);
__attribute__((format(printf, 3, 4))) void sheet_why(struct sheet *sheet, sheet_slot slot, const char *format, ...);
void sheet_end(struct sheet *sheet, sheet_slot *slot, int64_t ended_ms); /* sets *slot to 0 */
void sheet_drop(struct sheet *sheet, sheet_slot *slot);                  /* it was no alarm; sets *slot to 0 */

/* What a checkpoint keeps: how many there were, and the open ones. False when out of memory. */
struct sheet_mark {
    size_t n, n_open;
    struct draft *open; /* heap */
    uint32_t *index;    /* heap */
};
bool sheet_mark(const struct sheet *sheet, struct sheet_mark *out);
void sheet_rewind(struct sheet *sheet, const struct sheet_mark *mark);
void sheet_mark_clear(struct sheet_mark *mark);

#endif
