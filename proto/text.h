/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and times written as characters, for protocols that speak text. Those with *out return false, and leave
 * it alone, when the characters are not exactly what is asked for: no blanks, no rest, no overflow.
 */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include "bulla/bytes.h"
#include "bulla/time.h"

static inline bool proto_text_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool proto_text_is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Digits alone, at most 18. */
bool proto_text_number(struct bulla_bytes text, uint64_t *out);

/* "-12.5" as a whole number of 10^-decimals, rounded half away from zero; at most nine digits before the point. */
bool proto_text_fixed(struct bulla_bytes text, unsigned decimals, int64_t *out);

/* "YYYY-MM-DD", with '-' or another separator, and "hh:mm:ss". The fields need not be a real date: bulla_calendar_valid() tells. */
bool proto_text_date(struct bulla_bytes text, uint8_t separator, struct bulla_calendar *calendar);
bool proto_text_clock(struct bulla_bytes text, struct bulla_calendar *calendar);

/* "DDMMYY" or "hhmmss": six digits as three pairs. */
bool proto_text_pairs(struct bulla_bytes text, unsigned out[3]);

bool proto_text_is_digits(struct bulla_bytes text);
bool proto_text_is_printable(struct bulla_bytes text);

/* Hexadecimal digits alone, at most 16, either case. */
bool proto_text_hex(struct bulla_bytes text, uint64_t *out);

/* Degrees and minutes in one number, "DDDMM.mmmm" in 10^-7 minutes, to 10^-7 degrees; false from 60 minutes on. */
bool proto_text_degrees(int64_t dddmm_e7, int32_t *out);

/* The parts between separators, empty ones too. Returns how many there are; only `max` of them are put. */
size_t proto_text_split(struct bulla_bytes text, uint8_t separator, struct bulla_bytes *part, size_t max);

/* A view of a text that ends in NUL. */
static inline struct bulla_bytes proto_text_view(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, bulla_length(text)};
}

#endif
