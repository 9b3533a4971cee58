/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/live_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "platform/platform_internal.h"

#define E7_PLACES   7 /* of a coordinate in degrees: 1 cm */
#define REST_PLACES 2 /* of speed and course, as observations have them */

struct live_list {
    yajl_gen gen;
    size_t n;
    bool failed;
};

static void check(struct live_list *l, yajl_gen_status status)
{
    l->failed |= status != yajl_gen_status_ok;
}

static void put_text(struct live_list *l, const char *text)
{
    check(l, yajl_gen_string(l->gen, (const unsigned char *)text, strlen(text)));
}

static void put_text_or_null(struct live_list *l, const char *text)
{
    if (text[0])
        put_text(l, text);
    else
        check(l, yajl_gen_null(l->gen));
}

static void put_time(struct live_list *l, int64_t time_ms)
{
    char text[BULLA_TIME_TEXT] = "";
    if (time_ms != BULLA_TIME_NONE)
        bulla_time_put(text, time_ms);
    put_text_or_null(l, text);
}

/* A number with so many places at most: printf's %g of a double takes longer than all the rest of a seal. */
static void put_places(struct live_list *l, double value, int places)
{
    char digits[32], *end = digits + sizeof digits, *at = end;
    uint64_t unit = 1, scaled;
    for (int i = 0; i < places; i++)
        unit *= 10;
    scaled = (uint64_t)llround(fabs(value) * (double)unit);
    bool trailing = true;
    for (int i = 0; i < places; i++, scaled /= 10) {
        trailing &= scaled % 10 == 0;
        if (!trailing)
            *--at = (char)('0' + scaled % 10);
    }
    *--at = '.';
    if (at + 1 == end) { /* a real number also where it is whole */
        at = end - 2;
        at[0] = '.';
        at[1] = '0';
    }
    bool zero = scaled == 0 && trailing;
    do
        *--at = (char)('0' + scaled % 10);
    while ((scaled /= 10) > 0);
    if (value < 0 && !zero)
        *--at = '-';
    check(l, yajl_gen_number(l->gen, at, (size_t)(end - at)));
}

static void put_state(struct live_list *l, const struct live_seal *s)
{
    const struct {
        const char *name, *word;
    } words[] = {{"seal", bulla_seal_state_text(s->seal_state)},
                 {"shackle", bulla_shackle_text(s->shackle)},
                 {"motor", bulla_motor_text(s->motor)},
                 {"cover", bulla_cover_text(s->cover)},
                 {"door", bulla_cover_text(s->door)}};
    check(l, yajl_gen_map_open(l->gen));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!words[i].word[0])
            continue; /* not said */
        put_text(l, words[i].name);
        put_text(l, words[i].word);
    }
    check(l, yajl_gen_map_close(l->gen));
}

static void put_fix(struct live_list *l, const struct live_seal *s)
{
    if (!s->has_fix) {
        check(l, yajl_gen_null(l->gen));
        return;
    }
    check(l, yajl_gen_map_open(l->gen));
    put_text(l, "lat");
    put_places(l, s->lat, E7_PLACES);
    put_text(l, "lon");
    put_places(l, s->lon, E7_PLACES);
    put_text(l, "speed_kmh");
    put_places(l, s->speed_kmh, REST_PLACES);
    put_text(l, "course_deg");
    put_places(l, s->course_deg, REST_PLACES);
    put_text(l, "accuracy_m");
    check(l, s->accuracy_m ? yajl_gen_integer(l->gen, s->accuracy_m) : yajl_gen_null(l->gen));
    put_text(l, "time");
    put_time(l, s->fix_ms);
    check(l, yajl_gen_map_close(l->gen));
}

static void put_seal(struct live_list *l, const struct live_seal *s)
{
    static const char *const knowledge[] = {"unknown", "claimed", "proven"};
    check(l, yajl_gen_map_open(l->gen));
    put_text(l, "seal");
    put_text(l, s->seal);
    put_text(l, "journey");
    put_text_or_null(l, s->journey);
    put_text(l, "heard");
    put_time(l, s->heard_ms);
    put_text(l, "time");
    put_time(l, s->time_ms);
    put_text(l, "state");
    put_state(l, s);
    live_list_put_flag(l, "tampered", s->tampered);
    put_text(l, "knowledge");
    put_text(l, knowledge[s->knowledge]);
    live_list_put_flag(l, "connected", s->connected);
    live_list_put_flag(l, "charging", s->charging);
    put_text(l, "percent");
    check(l, s->has_percent ? yajl_gen_integer(l->gen, s->percent) : yajl_gen_null(l->gen));
    put_text(l, "fix");
    put_fix(l, s);
    live_list_put(l, "grade", s->grade);
    live_list_put(l, "change", (int64_t)s->change);
    check(l, yajl_gen_map_close(l->gen));
}

static struct live_list *begin(void)
{
    struct live_list *l = calloc(1, sizeof *l);
    if (l && !(l->gen = yajl_gen_alloc(NULL))) {
        free(l);
        return NULL;
    }
    if (l)
        yajl_gen_config(l->gen, yajl_gen_validate_utf8, 1);
    return l;
}

struct live_list *live_list_new(void)
{
    struct live_list *l = begin();
    if (!l)
        return NULL;
    check(l, yajl_gen_map_open(l->gen));
    put_text(l, "seals");
    check(l, yajl_gen_array_open(l->gen));
    return l;
}

void live_list_add(struct live_list *l, const struct live_seal *s)
{
    put_seal(l, s);
    l->n++;
}

size_t live_list_count(const struct live_list *l)
{
    return l->n;
}

void live_list_close(struct live_list *l)
{
    check(l, yajl_gen_array_close(l->gen));
}

void live_list_put(struct live_list *l, const char *name, int64_t value)
{
    put_text(l, name);
    check(l, yajl_gen_integer(l->gen, value));
}

void live_list_put_flag(struct live_list *l, const char *name, bool value)
{
    put_text(l, name);
    check(l, yajl_gen_bool(l->gen, value));
}

static char *take_text(struct live_list *l, size_t *len)
{
    const unsigned char *text = NULL;
    char *copy = NULL;
    if (!l->failed && yajl_gen_get_buf(l->gen, &text, len) == yajl_gen_status_ok && (copy = malloc(*len + 1)) != NULL) {
        memcpy(copy, text, *len);
        copy[*len] = '\0';
    }
    yajl_gen_free(l->gen);
    free(l);
    return copy;
}

char *live_list_end(struct live_list *l, size_t *len)
{
    if (!l)
        return NULL;
    check(l, yajl_gen_map_close(l->gen));
    return take_text(l, len);
}

char *live_seal_text(const struct live_seal *s, size_t *len)
{
    struct live_list *l = begin();
    if (!l)
        return NULL;
    put_seal(l, s);
    return take_text(l, len);
}
