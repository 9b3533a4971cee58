/* SPDX-License-Identifier: Apache-2.0
 *
 * Group: alarms that have one cause, so that a person is asked once. Two ways lead into one group:
 *
 *   episode  alarms of one journey of which one follows from another: jamming, then the signal lost; wrong cards, then the rope
 *            cut. What follows from what, and within what time, is a table.
 *   flood    alarms of one kind from several journeys that are near in time and have a place, a station or a batch of seals
 *            in common: a network that is down, a jammer by the road, a road that is closed, a bad batch. What counts as near,
 *            and how many journeys it takes, is a table.
 *
 * A pure function: the order of what goes in does not matter, and alarms are looked at, never changed.
 */
#ifndef MODEL_GROUP_H
#define MODEL_GROUP_H

#include "platform/model/alarm.h"
#include "platform/model/records.h"

/* clang-format off */
/* Cause, number, text, sentence for a person. Numbers are stored: never reuse one. */
#define GROUP_CAUSE_TABLE(X) \
    X(ALONE, 0, "alone", "One alarm") \
    X(EPISODE, 1, "episode", "One thing led to another in one journey") \
    X(NETWORK, 2, "network-outage", "Seals fell silent together: the network is down there") \
    X(JAMMER, 3, "jammer", "Seals lose the satellites near one place: a jammer") \
    X(SPOOFER, 4, "spoofer", "Positions are wrong near one place: a false signal") \
    X(CLOSURE, 5, "closure", "Vehicles stand or are late near one place: the road is closed") \
    X(BATCH, 6, "batch", "Seals of one batch fail alike") \
    X(STATION, 7, "station", "Journeys of one station are affected alike")
/* clang-format on */
#define X(name, number, text, sentence) GROUP_##name = number,
enum group_cause { GROUP_CAUSE_TABLE(X) };
#undef X

struct group_item { /* an alarm, and what of its journey and seal may be the cause; NULL or "" : not known */
    const struct alarm *alarm;
    const char *station; /* id: of departure for late_departure, of the checkpoint for seal_unread, ... */
    const char *batch;   /* of the seal: model and version of its firmware, or a delivery */
};

struct group {
    enum group_cause cause;
    const size_t *member; /* indices of items; the root first, the others by onset */
    size_t n;
    size_t journeys; /* how many are touched */
    int grade;       /* the worst */
    int64_t from_ms, until_ms; /* onsets */
    bool has_position;
    double lat, lon; /* of the root */
};

struct groups {
    struct group *group; /* the gravest first; of the same grade the one that touches most */
    size_t n;
    size_t *member; /* what the groups' members point into */
};

/* Every item is in one group. False when out of memory; *out is then empty. */
bool group_alarms(const struct group_item *items, size_t n, struct groups *out);
void groups_clear(struct groups *groups);

/* Whether the station of such an alarm may be the cause. */
bool group_needs_station(const struct alarm *alarm);
/* The id of the nearest station at which it happened; NULL: at none, or it is not known where. */
const char *group_station(const struct station *stations, size_t n, const struct alarm *alarm);

const char *group_cause_text(unsigned value);
int group_cause_from(const char *text);
const char *group_cause_sentence(unsigned value);

#endif
