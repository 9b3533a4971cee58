/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/passages.h"

#include <stdlib.h>
#include <string.h>

struct mark { /* something that is known of a journey; several of one journey are joined at the end */
    char journey[MODEL_ID_SIZE];
    bool odd, examined;
    int64_t released_ms; /* by a decision; BULLA_TIME_NONE: not by this one */
};

struct passage {
    char journey[MODEL_ID_SIZE];
    enum journey_regime regime;
    int64_t arrived_ms, unsealed_ms;
};

struct list {
    void *at;
    size_t n, room;
};

struct passages {
    struct list marks, passages;
    bool failed;
};

struct passages *passages_new(void)
{
    return calloc(1, sizeof(struct passages));
}

void passages_free(struct passages *p)
{
    if (!p)
        return;
    free(p->marks.at);
    free(p->passages.at);
    free(p);
}

static void *add(struct passages *p, struct list *list, size_t size)
{
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 256;
        void *at = realloc(list->at, room * size);
        if (!at) {
            p->failed = true;
            return NULL;
        }
        list->at = at;
        list->room = room;
    }
    void *one = (char *)list->at + list->n++ * size;
    memset(one, 0, size);
    return one;
}

static struct mark *mark(struct passages *p, const char *journey)
{
    struct mark *m = journey[0] ? add(p, &p->marks, sizeof *m) : NULL;
    if (m) {
        snprintf(m->journey, sizeof m->journey, "%s", journey);
        m->released_ms = BULLA_TIME_NONE;
    }
    return m;
}

void passages_alarm(struct passages *p, const struct alarm *alarm)
{
    if (alarm->grade < 2 || alarm->state == ALARM_STATE_WITHDRAWN || alarm->finding == ALARM_FINDING_FALSE)
        return;
    struct mark *m = mark(p, alarm->journey);
    if (m)
        m->odd = true;
}

void passages_decision(struct passages *p, const struct paper *decision)
{
    json_t *body = json_loads(decision->body, 0, NULL);
    const char *said = json_string_value(json_object_get(body, "decision"));
    struct mark *m = said ? mark(p, decision->journey) : NULL;
    if (m) {
        m->examined = m->odd = strcmp(said, "inspect") == 0;
        m->released_ms = m->examined ? BULLA_TIME_NONE : decision->created_ms;
    }
    json_decref(body);
}

void passages_journey(struct passages *p, const struct journey *journey)
{
    if (journey->arrived_at_ms == BULLA_TIME_NONE)
        return;
    struct passage *x = add(p, &p->passages, sizeof *x);
    if (x) {
        memcpy(x->journey, journey->id, sizeof x->journey);
        x->regime = journey->regime;
        x->arrived_ms = journey->arrived_at_ms;
        x->unsealed_ms = journey->unsealed_at_ms;
    }
}

static int by_journey(const void *a, const void *b)
{
    return strcmp(((const struct mark *)a)->journey, ((const struct mark *)b)->journey);
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One mark a journey: whatever was odd in any, and the last release. */
static void join(struct list *marks)
{
    struct mark *at = marks->at;
    size_t n = 0;
    if (marks->n)
        qsort(at, marks->n, sizeof *at, by_journey);
    for (size_t i = 0; i < marks->n; i++) {
        struct mark *last = n ? &at[n - 1] : NULL;
        if (!last || strcmp(last->journey, at[i].journey) != 0) {
            at[n++] = at[i];
            continue;
        }
        last->odd |= at[i].odd;
        last->examined |= at[i].examined;
        if (at[i].released_ms > last->released_ms)
            last->released_ms = at[i].released_ms;
    }
    marks->n = n;
}

static json_t *span_json(double *minutes, size_t n)
{
    if (!n)
        return json_pack("{s:i, s:n, s:n}", "journeys", 0, "median_minutes", "p90_minutes");
    qsort(minutes, n, sizeof *minutes, by_number);
    return json_pack("{s:I, s:f, s:f}", "journeys", (json_int_t)n, "median_minutes", minutes[n / 2], "p90_minutes", minutes[n * 9 / 10]);
}

struct counted {
    double *minutes[2]; /* clean, abnormal */
    size_t n[2];
    json_int_t examined, unexamined;
    json_t *regimes;
};

static void count(struct counted *c, const struct passage *x, const struct mark *m)
{
    bool odd = m && m->odd;
    int64_t end_ms = x->unsealed_ms != BULLA_TIME_NONE ? x->unsealed_ms : m ? m->released_ms : BULLA_TIME_NONE;
    if (end_ms == BULLA_TIME_NONE || end_ms < x->arrived_ms)
        return;
    c->minutes[odd][c->n[odd]++] = (double)(end_ms - x->arrived_ms) / 60000;
    if (m && m->examined)
        c->examined++;
    else
        c->unexamined++;
    const char *regime = journey_regime_text(x->regime);
    json_object_set_new(c->regimes, regime, json_integer(json_integer_value(json_object_get(c->regimes, regime)) + 1));
}

json_t *passages_json(struct passages *p)
{
    size_t n = p->passages.n;
    struct counted c = {.minutes = {calloc(n + 1, sizeof(double)), calloc(n + 1, sizeof(double))}, .regimes = json_object()};
    json_t *json = NULL;
    join(&p->marks);
    if (!p->failed && c.minutes[0] && c.minutes[1] && c.regimes) {
        for (size_t i = 0; i < n; i++) {
            const struct passage *x = (const struct passage *)p->passages.at + i;
            struct mark key;
            memcpy(key.journey, x->journey, sizeof key.journey);
            count(&c, x, p->marks.n ? bsearch(&key, p->marks.at, p->marks.n, sizeof key, by_journey) : NULL);
        }
        json = json_pack("{s:o, s:o, s:I, s:I, s:O}", "clean", span_json(c.minutes[0], c.n[0]), "abnormal", span_json(c.minutes[1], c.n[1]),
                         "unexamined", c.unexamined, "examined", c.examined, "regimes", c.regimes);
    }
    json_decref(c.regimes);
    free(c.minutes[0]);
    free(c.minutes[1]);
    return json;
}
