/* SPDX-License-Identifier: Apache-2.0
 *
 * A plain model beside a log: what was acknowledged, and what must be read after whatever happened.
 */
#ifndef TESTS_LOG_SUPPORT_H
#define TESTS_LOG_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/log.h"
#include "tests/support/nor.h"

#define MODEL_MAX 4096

struct model {
    struct bulla_log_record told[MODEL_MAX]; /* acknowledged, in order */
    unsigned n;
    struct bulla_log_event tried; /* the last one, acknowledged or not */
    bool unsure;                  /* `tried` may be there although it was not acknowledged */
};

static inline struct bulla_log_event event_of(struct random *random)
{
    struct bulla_log_event event = {
        .kind = (uint8_t)random_next(random),
        .state = (uint8_t)random_next(random),
        .clock_set = random_below(random, 2),
        .time_s = (uint32_t)random_next(random),
        .n = (uint8_t)random_below(random, BULLA_LOG_DETAIL + 1),
    };
    random_fill(random, event.detail, event.n);
    return event;
}

static inline void assert_same_event(const struct bulla_log_event *a, const struct bulla_log_event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->clock_set, b->clock_set);
    assert_int_equal(a->time_s, b->time_s);
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->detail, b->detail, sizeof a->detail);
}

static inline enum bulla_status model_append(struct model *model, struct bulla_log *log, struct random *random)
{
    uint32_t counter = 0;
    model->tried = event_of(random);
    enum bulla_status status = bulla_log_append(log, &model->tried, &counter);
    model->unsure = status != BULLA_OK;
    if (status != BULLA_OK)
        return status;
    assert_true(model->n < MODEL_MAX);
    if (model->n > 0)
        assert_true(counter > model->told[model->n - 1].counter);
    model->told[model->n++] = (struct bulla_log_record){counter, model->tried};
    assert_int_equal(log->newest.counter, counter);
    assert_same_event(&log->newest.event, &model->tried);
    return BULLA_OK;
}

/* All that was acknowledged from counter `from` on is read, in order, and nothing else but the one that is not sure. */
static inline void model_check(const struct model *model, const struct bulla_log *log, uint64_t from)
{
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    enum bulla_status status;
    unsigned i = 0, extra = 0;
    while ((status = bulla_log_read(log, &cursor, &record)) == BULLA_OK) {
        while (i < model->n && model->told[i].counter < record.counter) {
            assert_true(model->told[i].counter < from);
            i++;
        }
        if (i < model->n && model->told[i].counter == record.counter) {
            assert_same_event(&record.event, &model->told[i++].event);
        } else {
            assert_true(model->unsure && i == model->n && extra == 0);
            assert_same_event(&record.event, &model->tried);
            extra++;
        }
    }
    assert_int_equal(status, BULLA_MORE);
    for (; i < model->n; i++)
        assert_true(model->told[i].counter < from);
    if (model->n > 0) {
        assert_true(log->next > model->told[model->n - 1].counter);
        if (model->told[model->n - 1].counter >= from)
            assert_true(log->any && log->newest.counter >= model->told[model->n - 1].counter);
    }
}

/* What was not sure and is there now counts as told. */
static inline void model_settle(struct model *model, const struct bulla_log *log)
{
    struct bulla_log_cursor cursor = {.next = model->n ? model->told[model->n - 1].counter + UINT64_C(1) : 0};
    struct bulla_log_record record;
    if (model->unsure && bulla_log_read(log, &cursor, &record) == BULLA_OK)
        model->told[model->n++] = record;
    model->unsure = false;
}

#endif
