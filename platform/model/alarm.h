/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarm: something that a rule found in a journey. Its identity is (journey, seal, kind, rule, onset), so the
 * same facts never make a second one. Its life: raised -> acknowledged -> dispatched -> resolved, or
 * withdrawn by later facts; `ended` tells when the condition itself was over, which closes nothing.
 */
#ifndef MODEL_ALARM_H
#define MODEL_ALARM_H

#include "platform/model/journey.h"

/* clang-format off */
/* Numbers are stored: never reuse one. Kind, number, text, default grade. */
#define ALARM_KIND_TABLE(X) \
    X(ILLEGAL_OPENING, 1, "illegal_opening", 3) X(CABLE_CUT, 2, "cable_cut", 3) X(BODY_DESTROYED, 3, "body_destroyed", 3) \
    X(COVER_OPENED, 4, "cover_opened", 3) X(TAMPER, 5, "tamper", 2) X(MALFUNCTION, 6, "malfunction", 2) \
    X(UNLOCK_REFUSED, 7, "unlock_refused", 1) X(WRONG_CREDENTIAL, 8, "wrong_credential", 2) X(REPLAYED_COMMAND, 9, "replayed_command", 3) \
    X(CLONE_SUSPECTED, 10, "clone_suspected", 3) X(PAIRING_MISMATCH, 11, "pairing_mismatch", 3) X(DATA_MISMATCH, 12, "data_mismatch", 2) \
    X(SEAL_UNREAD, 13, "seal_unread", 2) X(SEAL_MISSING, 14, "seal_missing", 3) X(ROUTE_DEVIATION, 15, "route_deviation", 2) \
    X(ILLEGAL_STAY, 16, "illegal_stay", 2) X(OVERTIME_STAY, 17, "overtime_stay", 1) X(JOURNEY_TIMEOUT, 18, "journey_timeout", 2) \
    X(SCHEDULE_DEVIATION, 19, "schedule_deviation", 1) X(OVERLANDED, 20, "overlanded", 2) X(LATE_DEPARTURE, 21, "late_departure", 1) \
    X(SIGNAL_LOST, 22, "signal_lost", 2) X(LOW_BATTERY, 23, "low_battery", 1) X(JAMMING_SUSPECTED, 24, "jamming_suspected", 2) \
    X(SPOOFING_SUSPECTED, 25, "spoofing_suspected", 3) X(IMPLAUSIBLE_MOTION, 26, "implausible_motion", 1) \
    X(ABNORMAL_OIL_VOLUME, 27, "abnormal_oil_volume", 3) X(TEMPERATURE, 28, "temperature", 2) X(HUMIDITY, 29, "humidity", 2) \
    X(SHOCK, 30, "shock", 1) X(TILT, 31, "tilt", 1) X(LIGHT, 32, "light", 3) X(PRESSURE, 33, "pressure", 2) X(VOC, 34, "voc", 2) \
    X(POWER_FAILURE, 35, "power_failure", 2) X(UNSUPERVISED_GAP, 36, "unsupervised_gap", 2) X(CLOCK_ERROR, 37, "clock_error", 1) \
    X(CUSTOM, 38, "custom", 1)
#define ALARM_STATE_TABLE(X) X(RAISED, 0, "raised") X(ACKNOWLEDGED, 1, "acknowledged") X(DISPATCHED, 2, "dispatched") \
                             X(RESOLVED, 3, "resolved") X(WITHDRAWN, 4, "withdrawn")
#define ALARM_FINDING_TABLE(X) X(NONE, 0, "") X(TRUE, 1, "true") X(FALSE, 2, "false") X(EXPLAINED, 3, "explained")
/* clang-format on */
#define X(name, number, text, grade) ALARM_##name = number,
enum alarm_kind { ALARM_KIND_TABLE(X) };
#undef X
#define X(name, number, text) ALARM_STATE_##name = number,
enum alarm_state { ALARM_STATE_TABLE(X) };
#undef X
#define X(name, number, text) ALARM_FINDING_##name = number,
enum alarm_finding { ALARM_FINDING_TABLE(X) };
#undef X

#define ALARM_ID_SIZE 40
#define ALARM_EVIDENCE_MAX 6
#define ALARM_WHY_SIZE 200

struct alarm {
    char id[ALARM_ID_SIZE]; /* from its identity: alarm_name() */
    char journey[MODEL_ID_SIZE];
    char seal[MODEL_SEAL_SIZE];
    enum alarm_kind kind;
    char rule[MODEL_ID_SIZE]; /* which of its kind: the field of a data_mismatch, the definition of a custom; "" : there is one */
    int grade;             /* 1 inform, 2 check, 3 intervene */
    int64_t onset_ms;      /* when it happened, event time */
    int64_t raised_ms;     /* when the platform could first know */
    int64_t ended_ms;      /* when the condition was over, BULLA_TIME_NONE: it goes on */
    char evidence[ALARM_EVIDENCE_MAX][BULLA_ID_SIZE]; /* observation ids, the telling one first */
    size_t n_evidence;
    uint32_t count;        /* attempts or reports of the one episode, at least 1 */
    char why[ALARM_WHY_SIZE]; /* one sentence that a person can check against the evidence */
    bool has_position;
    double lat, lon;       /* where, when known */
    /* its life, set by people (or, for withdrawn, by later facts) */
    enum alarm_state state;
    enum alarm_finding finding;
    char handler[MODEL_ID_SIZE]; /* user id of who holds it */
    char patrol[80];       /* to whom it was dispatched */
    char note[1000];
    int64_t changed_ms;
    int64_t version;
};

/* Fills alarm->id from journey, seal, kind, onset and rule: 32 hexadecimal characters of a digest. */
void alarm_name(struct alarm *alarm);

/* The state machine, from the const table. */
bool alarm_may(enum alarm_state from, enum alarm_state to);

const char *alarm_kind_text(unsigned value);
int alarm_kind_from(const char *text);
int alarm_kind_grade(unsigned value);
const char *alarm_state_text(unsigned value);
int alarm_state_from(const char *text);
const char *alarm_finding_text(unsigned value);
int alarm_finding_from(const char *text);

#endif
