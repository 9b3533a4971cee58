/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and times written as characters, for protocols that speak text. All return false, and leave
 * *out alone, when the characters are not exactly what is asked for: no blanks, no rest, no overflow.
 */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include "bulla/bytes.h"
#include "bulla/time.h"

/* Digits alone, at most 18. */
bool proto_text_number(struct bulla_bytes text, uint64_t *out);

/* "-12.5" as a whole number of 10^-decimals, rounded half away from zero; at most nine digits before the point. */
bool proto_text_fixed(struct bulla_bytes text, unsigned decimals, int64_t *out);

/* "YYYY-MM-DD" and "hh:mm:ss". The fields need not be a real date: bulla_calendar_valid() tells. */
bool proto_text_date(struct bulla_bytes text, struct bulla_calendar *calendar);
bool proto_text_clock(struct bulla_bytes text, struct bulla_calendar *calendar);

bool proto_text_is_digits(struct bulla_bytes text);

#endif
