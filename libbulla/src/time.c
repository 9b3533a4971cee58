/* SPDX-License-Identifier: Apache-2.0
 *
 * Days are counted from 0000-03-01, so that the leap day is the last of its year and months have a
 * closed form; 719468 is the distance from there to 1970-01-01.
 */
#include "bulla/time.h"

#define DAY_MS INT64_C(86400000)
#define DAYS_TO_EPOCH 719468
#define DAYS_OF_400_YEARS 146097

static bool leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of_month(int year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29u : days[month - 1];
}

bool bulla_calendar_valid(const struct bulla_calendar *c)
{
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_of_month(c->year, c->month) && c->hour < 24 && c->minute < 60 && c->second < 60 && c->ms < 1000;
}

int64_t bulla_time_from_calendar(const struct bulla_calendar *c)
{
    if (!bulla_calendar_valid(c))
        return BULLA_TIME_NONE;
    int64_t year = c->month > 2 ? c->year : c->year - 1;
    int64_t era = year / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * ((int64_t)c->month + (c->month > 2 ? -3 : 9)) + 2) / 5 + c->day - 1;
    int64_t days = era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_EPOCH;
    return days * DAY_MS + (int64_t)c->hour * 3600000 + (int64_t)c->minute * 60000 + (int64_t)c->second * 1000 + c->ms;
}

struct bulla_calendar bulla_time_to_calendar(int64_t time_ms)
{
    int64_t days = time_ms / DAY_MS;
    int64_t rest = time_ms % DAY_MS;
    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    days += DAYS_TO_EPOCH;
    int64_t era = (days >= 0 ? days : days - DAYS_OF_400_YEARS + 1) / DAYS_OF_400_YEARS;
    int64_t of_era = days - era * DAYS_OF_400_YEARS;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    struct bulla_calendar c = {
        .year = (int)(year_of_era + era * 400 + (shifted >= 10)),
        .month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9),
        .day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1),
        .hour = (unsigned)(rest / 3600000),
        .minute = (unsigned)(rest / 60000 % 60),
        .second = (unsigned)(rest / 1000 % 60),
        .ms = (unsigned)(rest % 1000),
    };
    return c;
}

static char *put_digits(char *to, unsigned value, unsigned width)
{
    for (unsigned i = width; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + width;
}

void bulla_time_put(char to[BULLA_TIME_TEXT], int64_t time_ms)
{
    struct bulla_calendar c = bulla_time_to_calendar(time_ms);
    if (c.year < 0 || c.year > 9999) { /* outside of what RFC 3339 can write */
        to[0] = '\0';
        return;
    }
    to = put_digits(to, (unsigned)c.year, 4);
    *to++ = '-';
    to = put_digits(to, c.month, 2);
    *to++ = '-';
    to = put_digits(to, c.day, 2);
    *to++ = 'T';
    to = put_digits(to, c.hour, 2);
    *to++ = ':';
    to = put_digits(to, c.minute, 2);
    *to++ = ':';
    to = put_digits(to, c.second, 2);
    if (c.ms > 0) {
        *to++ = '.';
        to = put_digits(to, c.ms, 3);
    }
    *to++ = 'Z';
    *to = '\0';
}

struct reader {
    const char *at;
    bool failed;
};

static unsigned get_digits(struct reader *r, unsigned width)
{
    unsigned value = 0;
    for (unsigned i = 0; i < width && !r->failed; i++) {
        if (r->at[0] < '0' || r->at[0] > '9')
            r->failed = true;
        else
            value = value * 10 + (unsigned)(*r->at++ - '0');
    }
    return value;
}

static void get_mark(struct reader *r, char a, char b)
{
    if (r->failed || (*r->at != a && *r->at != b))
        r->failed = true;
    else
        r->at++;
}

/* Fraction of a second: any number of digits, the first three count. */
static unsigned get_fraction(struct reader *r)
{
    unsigned ms = 0, n = 0;
    if (r->failed || *r->at != '.')
        return 0;
    r->at++;
    for (; *r->at >= '0' && *r->at <= '9'; r->at++, n++)
        if (n < 3)
            ms = ms * 10 + (unsigned)(*r->at - '0');
    for (unsigned i = n; i < 3; i++)
        ms *= 10;
    r->failed |= n == 0;
    return ms;
}

static int64_t get_offset_ms(struct reader *r)
{
    if (r->failed)
        return 0;
    if (*r->at == 'Z' || *r->at == 'z') {
        r->at++;
        return 0;
    }
    int64_t sign = *r->at == '-' ? -1 : 1;
    get_mark(r, '+', '-');
    unsigned hours = get_digits(r, 2);
    get_mark(r, ':', ':');
    unsigned minutes = get_digits(r, 2);
    r->failed |= hours > 23 || minutes > 59;
    return sign * ((int64_t)hours * 3600000 + (int64_t)minutes * 60000);
}

int64_t bulla_time_get(const char *text)
{
    struct reader r = {text, false};
    struct bulla_calendar c = {0};
    c.year = (int)get_digits(&r, 4);
    get_mark(&r, '-', '-');
    c.month = get_digits(&r, 2);
    get_mark(&r, '-', '-');
    c.day = get_digits(&r, 2);
    get_mark(&r, 'T', 't');
    c.hour = get_digits(&r, 2);
    get_mark(&r, ':', ':');
    c.minute = get_digits(&r, 2);
    get_mark(&r, ':', ':');
    c.second = get_digits(&r, 2);
    c.ms = get_fraction(&r);
    int64_t offset_ms = get_offset_ms(&r);
    if (r.failed || *r.at != '\0')
        return BULLA_TIME_NONE;
    int64_t local_ms = bulla_time_from_calendar(&c);
    return local_ms == BULLA_TIME_NONE ? BULLA_TIME_NONE : local_ms - offset_ms;
}
