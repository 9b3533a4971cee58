/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the store share: a directory of their own, and observations made from a number.
 */
#ifndef STORE_SUPPORT_H
#define STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/store/store_backend.h"

extern const struct store_backend store_sqlite;
static const struct store_backend *const BACKENDS[] = {&store_sqlite, NULL};

#define T0 INT64_C(1790000000000) /* 2026-09-21 */

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void remove_folder(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void make_temporary(char folder[64])
{
    snprintf(folder, 64, "/tmp/bulla-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static inline struct store *open_store(const char *folder, const char *options)
{
    char url[600], why[400] = "";
    snprintf(url, sizeof url, "sqlite:%s%s", folder, options);
    struct store *store = store_open(BACKENDS, url, why, sizeof why);
    if (!store) {
        fail_msg("store_open: %s", why);
    }
    return store;
}

/* Row number n of a made-up fleet: seals in turn, a position report a second apart, a raw message that names n. */
struct sample {
    struct bulla_observation o;
    uint8_t raw[48];
    size_t raw_len;
};

static inline void make_sample(struct sample *s, uint64_t n, unsigned seals)
{
    bulla_observation_init(&s->o, "jt701");
    snprintf(s->o.device, sizeof s->o.device, "75%08llu", (unsigned long long)(n % seals));
    snprintf(s->o.id, sizeof s->o.id, "%016llx%016llx", (unsigned long long)(n * UINT64_C(0x9E3779B97F4A7C15)),
             (unsigned long long)((n + 7) * UINT64_C(0xD1B54A32D192ED03)));
    s->o.has = BULLA_HAS_TIME | BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_PERCENT | BULLA_HAS_COUNTER;
    s->o.time_ms = T0 + (int64_t)n * 1000;
    s->o.received_ms = s->o.time_ms + 1500;
    s->o.counter = (int64_t)n;
    s->o.fix_valid = true;
    s->o.lat_e7 = -12000000 + (int32_t)(n % 1000) * 100;
    s->o.lon_e7 = 368000000 + (int32_t)(n % 777) * 100;
    s->o.speed_cmh = 4500;
    s->o.percent = (uint8_t)(n % 101);
    s->raw_len = (size_t)snprintf((char *)s->raw, sizeof s->raw, "(raw message %llu)", (unsigned long long)n);
}

/* Appends samples first .. first + n - 1 as one batch. */
static inline int append_samples(struct store *store, uint64_t first, size_t n, unsigned seals, size_t *duplicates)
{
    struct sample *samples = calloc(n, sizeof *samples);
    struct store_row *rows = calloc(n, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        make_sample(&samples[i], first + i, seals);
        rows[i] = (struct store_row){&samples[i].o, {samples[i].raw, samples[i].raw_len}, false};
    }
    int outcome = store_append(store, rows, n);
    for (size_t i = 0; i < n && duplicates; i++) {
        *duplicates += rows[i].duplicate;
    }
    free(samples);
    free(rows);
    return outcome;
}

struct seen { /* what a reading gave */
    size_t n, wrong, out_of_order;
    int64_t last_ms;
    uint64_t sum;
};

/* Compares each with the sample that its raw message names, field for field. */
static inline void see_sample(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct seen *seen = context;
    unsigned long long n = 0;
    char text[64] = "";
    memcpy(text, raw.at, raw.len < sizeof text ? raw.len : sizeof text - 1);
    if (sscanf(text, "(raw message %llu)", &n) != 1) {
        seen->wrong++;
    }
    struct sample s;
    make_sample(&s, n, 1); /* all but the device, which the caller asked for */
    seen->wrong += strcmp(s.o.id, o->id) != 0 || s.o.time_ms != o->time_ms || s.o.received_ms != o->received_ms ||
                   s.o.lat_e7 != o->lat_e7 || s.o.lon_e7 != o->lon_e7 || s.o.counter != o->counter || s.o.percent != o->percent ||
                   s.o.has != o->has || strcmp(s.o.protocol, o->protocol) != 0 || raw.len != s.raw_len;
    seen->out_of_order += seen->n > 0 && o->time_ms < seen->last_ms;
    seen->last_ms = o->time_ms;
    seen->sum += n;
    seen->n++;
}

#endif
