/* SPDX-License-Identifier: Apache-2.0
 *
 * Calendar <-> time stamp. A time stamp is signed milliseconds since 1970-01-01T00:00:00Z, without leap
 * seconds, named `..._ms`. There is no clock here: the current time is always an argument.
 */
#ifndef BULLA_TIME_H
#define BULLA_TIME_H

#include "bulla/api.h"
#include "bulla/bytes.h"

BULLA_BEGIN

/* A time that is not known. Smaller than every real one. */
#define BULLA_TIME_NONE INT64_MIN

struct bulla_calendar {
    int year;             /* 1 .. 9999 */
    unsigned month, day;  /* 1 .. 12, 1 .. 31 */
    unsigned hour, minute, second, ms;
};

/* True when every field is in range, the day exists in its month, and second < 60. */
bool bulla_calendar_valid(const struct bulla_calendar *calendar);

/* Milliseconds since the epoch, or BULLA_TIME_NONE when the calendar is not valid. */
int64_t bulla_time_from_calendar(const struct bulla_calendar *calendar);

struct bulla_calendar bulla_time_to_calendar(int64_t time_ms);

/* RFC 3339 in UTC: "2021-05-03T10:00:00Z", with ".123" only when the milliseconds are not zero. */
#define BULLA_TIME_TEXT 25
void bulla_time_put(char to[BULLA_TIME_TEXT], int64_t time_ms);

/* Reads RFC 3339 with Z or an offset. BULLA_TIME_NONE when it is not one. */
int64_t bulla_time_get(const char *text);

BULLA_END

#endif
