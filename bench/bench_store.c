// SPDX-License-Identifier: Apache-2.0
// The store, measured: appending, pacing, size, opening, reading, searching. Each line is one JSON object.
//
//   bench_store [FOLDER|postgres://.../NAMEbench] [append|paced|read|search ...]      without names: all; search: SQLite alone

#include "bench/bench_postgres.h"

#include "platform/store/migrations.h"
#include "platform/store/pack.h"
#include "platform/store/sqlite.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern const struct store_backend store_sqlite, store_postgres, store_postgresql;
static const struct store_backend *const BACKENDS[] = {&store_sqlite, &store_postgres, &store_postgresql, NULL};

enum { SEALS = 10000, MILLION = 1000000, RAW = 90 };
#define T0 INT64_C(1790000000000)

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, why);
    exit(3);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static struct store *open_store(const char *folder, bool fresh)
{
    char url[600], why[400] = "";
    if (fresh && is_postgres(folder)) {
        empty_postgres(folder);
    } else if (fresh) {
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    snprintf(url, sizeof url, "%s%s", is_postgres(folder) ? "" : "sqlite:", folder);
    struct store *store = store_open(BACKENDS, url, why, sizeof why);
    if (!store) {
        stop("opening", why);
    }
    return store;
}

/* A fleet on the road: a report every 30 s from each seal, moving, with battery, satellites and lock state. */
static void make(struct bulla_observation *o, uint8_t raw[RAW], uint64_t n)
{
    uint64_t seal = n % SEALS, turn = n / SEALS, mix = (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    bulla_observation_init(o, "jt701");
    snprintf(o->device, sizeof o->device, "75%08u", (unsigned)seal);
    uint8_t id[16];
    uint64_t other = mix * UINT64_C(0xD1B54A32D192ED03) ^ mix >> 29;
    memcpy(id, &mix, 8);
    memcpy(id + 8, &other, 8);
    bulla_hex_put(o->id, id, 16);
    o->id[32] = '\0';
    o->has = BULLA_HAS_TIME | BULLA_HAS_COUNTER | BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_COURSE | BULLA_HAS_SATELLITES |
             BULLA_HAS_PERCENT | BULLA_HAS_CHARGING;
    o->time_ms = T0 + (int64_t)turn * 30000 + (int64_t)seal * 3;
    o->received_ms = o->time_ms + 800 + (int64_t)(mix >> 54);
    o->counter = (int64_t)turn;
    o->fix_valid = true;
    o->lat_e7 = -12000000 + (int32_t)(seal * 1000 + turn * 2500 + (mix >> 60));
    o->lon_e7 = 368000000 + (int32_t)(seal * 700 + turn * 1900 + (mix >> 59));
    o->speed_cmh = 4000 + (int32_t)(mix >> 53);
    o->course_cdeg = (int32_t)(mix % 36) * 1000;
    o->satellites = (uint8_t)(7 + mix % 6);
    o->percent = (uint8_t)(100 - turn % 90);
    o->state = (struct bulla_state){BULLA_SEAL_SEALED, BULLA_SHACKLE_IN, BULLA_MOTOR_LOCKED, BULLA_COVER_CLOSED, 0};
    for (size_t i = 0; i < RAW; i++) {
        raw[i] = (uint8_t)(mix >> i % 57);
    }
}

struct batch {
    struct bulla_observation *o;
    uint8_t (*raw)[RAW];
    struct store_row *rows;
    size_t n;
};

static struct batch new_batch(size_t n)
{
    struct batch batch = {calloc(n, sizeof *batch.o), calloc(n, sizeof *batch.raw), calloc(n, sizeof *batch.rows), n};
    if (!batch.o || !batch.raw || !batch.rows) {
        stop("a batch", "out of memory");
    }
    return batch;
}

static void free_batch(struct batch *batch)
{
    free(batch->o);
    free(batch->raw);
    free(batch->rows);
}

static void fill(struct batch *batch, uint64_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        make(&batch->o[i], batch->raw[i], first + i);
        batch->rows[i] = (struct store_row){&batch->o[i], {batch->raw[i], RAW}, false};
    }
}

static void append(struct store *store, struct batch *batch, size_t n)
{
    if (store_append(store, batch->rows, n)) {
        stop("appending", store_error(store));
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print_times(double *ms, size_t n)
{
    qsort(ms, n, sizeof *ms, by_value);
    printf("\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f", ms[n / 2], ms[n * 99 / 100], ms[n - 1]);
}

/* Unpaced: rows a second of this thread's CPU and of the wall, by batch. Making the rows is not counted. */
static void bench_append(const char *folder, size_t batch_rows, size_t total)
{
    struct store *store = open_store(folder, true);
    struct batch batch = new_batch(batch_rows);
    double cpu = 0, wall = 0, server = postgres_seconds(folder), *ms = calloc(total / batch_rows + 1, sizeof *ms);
    size_t n = 0;
    for (uint64_t first = 0; first < total; first += batch_rows) {
        fill(&batch, first, batch_rows);
        double cpu_0 = seconds(CLOCK_THREAD_CPUTIME_ID), wall_0 = seconds(CLOCK_MONOTONIC);
        append(store, &batch, batch_rows);
        cpu += seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_0;
        ms[n] = (seconds(CLOCK_MONOTONIC) - wall_0) * 1e3;
        wall += ms[n++] / 1e3;
    }
    server = postgres_seconds(folder) - server;
    printf("{\"bench\":\"append\",\"store\":\"%s\",\"batch\":%zu,\"rows\":%zu,\"rows_per_cpu_s\":%.0f,\"client_us_per_row\":%.2f,"
           "\"server_us_per_row\":%.2f,\"rows_per_s\":%.0f,",
           is_postgres(folder) ? "postgres" : "sqlite", batch_rows, total, (double)total / (cpu + server), cpu / (double)total * 1e6,
           server / (double)total * 1e6, (double)total / wall);
    print_times(ms, n);
    printf("}\n");
    free(ms);
    free_batch(&batch);
    store_close(store);
}

/* A group every 20 ms at the given rate, as the pipeline commits; CPU of the whole process, the keeper's work included. */
static void bench_paced(const char *folder, size_t rate, double for_s)
{
    struct store *store = open_store(folder, true);
    size_t group = rate / 50, n = 0;
    struct batch batch = new_batch(group);
    double *ms = calloc((size_t)(for_s * 50) + 1, sizeof *ms);
    double made = 0, start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), server = postgres_seconds(folder);
    uint64_t first = 0;
    size_t behind = 0;
    for (; n < (size_t)(for_s * 50); n++, first += group) {
        double making = seconds(CLOCK_THREAD_CPUTIME_ID);
        fill(&batch, first, group);
        made += seconds(CLOCK_THREAD_CPUTIME_ID) - making;
        double wait = start + (double)(n + 1) * 0.02 - seconds(CLOCK_MONOTONIC);
        if (wait > 0) {
            struct timespec pause = {0, (long)(wait * 1e9)};
            nanosleep(&pause, NULL);
        } else {
            behind++;
        }
        double before = seconds(CLOCK_MONOTONIC);
        append(store, &batch, group);
        ms[n] = (seconds(CLOCK_MONOTONIC) - before) * 1e3;
    }
    double wall = seconds(CLOCK_MONOTONIC) - start;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu - made;
    printf("{\"bench\":\"paced\",\"store\":\"%s\",\"rate\":%zu,\"stored_per_s\":%.0f,\"cores\":%.2f,\"server_cores\":%.2f,\"groups\":%zu,"
           "\"groups_late\":%zu,",
           is_postgres(folder) ? "postgres" : "sqlite", rate, (double)first / wall, cpu / wall, (postgres_seconds(folder) - server) / wall, n,
           behind);
    print_times(ms, n);
    printf("}\n");
    free(ms);
    free_batch(&batch);
    store_close(store);
}

static void count(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)o;
    (void)raw;
    ++*(size_t *)context;
}

/* Of the history's first file, or of all its tables. */
static double bytes_of(const char *folder, const char *name)
{
    char path[600];
    struct stat info;
    if (is_postgres(folder)) {
        ask_postgres(folder, "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relkind = 'r' AND relname LIKE 'observation_%'",
                     path, sizeof path);
        return atof(path);
    }
    snprintf(path, sizeof path, "%s/segments/%s", folder, name);
    return stat(path, &info) ? 0 : (double)info.st_size;
}

static void time_ranges(struct store *store, const char *what)
{
    enum { TIMES = 200 };
    double ms[TIMES];
    size_t rows = 0;
    for (unsigned i = 0; i < TIMES; i++) {
        char seal[64];
        snprintf(seal, sizeof seal, "jt701:75%08u", i * 37 % SEALS);
        double before = seconds(CLOCK_MONOTONIC);
        store_observations(store, seal, 0, INT64_MAX, 0, count, &rows);
        ms[i] = (seconds(CLOCK_MONOTONIC) - before) * 1e3;
    }
    printf("{\"bench\":\"range\",\"of\":\"%s\",\"rows_each\":%zu,", what, rows / TIMES);
    print_times(ms, TIMES);
    printf("}\n");
}

static void bench_read(const char *folder)
{
    struct store *store = open_store(folder, true);
    struct batch batch = new_batch(10000);
    uint8_t packed[STORE_PACK_MAX];
    double packed_bytes = 0;
    for (uint64_t first = 0; first < MILLION; first += batch.n) {
        fill(&batch, first, batch.n);
        append(store, &batch, batch.n);
        packed_bytes += (double)store_pack_put(packed, &batch.o[7]);
    }
    time_ranges(store, "a hot segment of a million rows, 10,000 seals");
    store_close(store);
    double size = bytes_of(folder, "000001.db");
    printf("{\"bench\":\"size\",\"raw_bytes\":%d,\"row_bytes\":%.1f,\"row_bytes_without_raw\":%.1f,\"packed_bytes\":%.1f}\n", RAW,
           size / MILLION, size / MILLION - RAW, packed_bytes / (MILLION / 10000));
    double before = seconds(CLOCK_MONOTONIC);
    store = open_store(folder, false);
    printf("{\"bench\":\"open\",\"hot_rows\":%d,\"seconds\":%.3f}\n", MILLION, seconds(CLOCK_MONOTONIC) - before);
    before = seconds(CLOCK_MONOTONIC);
    size_t n = 0;
    store_latest(store, count, &n);
    printf("{\"bench\":\"latest\",\"seals\":%zu,\"seconds\":%.3f}\n", n, seconds(CLOCK_MONOTONIC) - before);
    if (!is_postgres(folder)) {
        fill(&batch, MILLION, batch.n);
        append(store, &batch, batch.n); /* the first closes */
        before = seconds(CLOCK_MONOTONIC);
        store_history_settle(store_sqlite_of(store)->history);
        size = bytes_of(folder, "000001.db");
        printf("{\"bench\":\"close\",\"rows\":%d,\"seconds\":%.3f,\"row_bytes\":%.1f}\n", MILLION, seconds(CLOCK_MONOTONIC) - before,
               size / MILLION);
        time_ranges(store, "a closed segment of a million rows and a hot one");
    }
    fill(&batch, 500000, batch.n);
    before = seconds(CLOCK_MONOTONIC);
    append(store, &batch, batch.n);
    printf("{\"bench\":\"repeated\",\"rows\":%zu,\"rows_per_s\":%.0f}\n", batch.n, (double)batch.n / (seconds(CLOCK_MONOTONIC) - before));
    free_batch(&batch);
    store_close(store);
}

/* A million journeys, put in by one statement: only the searching is measured. */
static void make_journeys(const char *folder)
{
    char path[600];
    struct store_db *db = NULL;
    store_close(open_store(folder, true));
    snprintf(path, sizeof path, "%s/bulla.db", folder);
    if (store_db_open(path, STORE_DB_RECORD, &db) ||
        store_db_run(
            db,
            "INSERT INTO journey (position, id, version, state, mode, regime, carrier, administration, reference, vehicle, driver, cargo, "
            "containers, seals, created_ms, sealed_at_ms, depart_by_ms, arrive_by_ms, arrived_at_ms, unsealed_at_ms, has_origin, origin, "
            "has_destination, destination, stops, dead_zones, limits, credentials, silence_minutes, stay_minutes, battery_percent, "
            "corridor_m, route) WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 1000000) SELECT "
            "(1790000000000 + n * 1000) << 20, printf('J%07d', n), 1, CASE WHEN n > 990000 THEN 2 WHEN n % 100000 = 7 THEN 0 ELSE 4 END, "
            "0, 0, "
            "'carrier' || (n % 500), '', printf('T1-2026-%07d', n * 7 % 1000003), printf('K%s%s %03dA', char(65 + n % 26), char(65 + n / "
            "26 % 26), n % "
            "1000), 'driver ' || (n % 3000), '', printf('[\"CSQU%07d\"]', n * 13 % 10000000), printf('[\"jt701:75%08d\"]', n % 10000), "
            "1790000000000 + n * 1000, 0, 0, 0, 0, 0, 0, '{}', 0, '{}', '[]', '[]', '[]', '[]', 0, 0, 0, 500, x'' FROM k")) {
        stop("making journeys", store_error(NULL));
    }
    store_db_close(db);
}

static void count_record(void *context, const void *record)
{
    (void)record;
    ++*(size_t *)context;
}

static void bench_search(const char *folder)
{
    static const struct store_query QUERIES[] = {
        {.limit = 50},
        {.limit = 50, .search = "0471234"},
        {.limit = 50, .search = "KBX 123A"},
        {.limit = 50, .search = "CSQU0000013"},
        {.limit = 50, .search = "T1-2026"},
        {.limit = 50, .search = "jt701:7500000042"},
        {.limit = 50, .search = "no such thing"},
        {.limit = 50, .search = "K"},
        {.limit = 50, .search = "kb"},
        {.limit = 50, .search = "zz"},
        {.limit = 50, .state = "open"},
        {.limit = 50, .state = "draft"},
        {.limit = 50, .carrier = "carrier77"},
        {.limit = 50, .carrier = "carrier77", .state = "draft"},
        {.limit = 50, .search = "T1-2026", .state = "draft"},
        {.limit = 50, .search = "T1-2026", .carrier = "carrier77"},
        {.limit = 50, .search = "driver 12", .state = "open", .carrier = "carrier77"},
        {.limit = 50, .from_ms = T0 + INT64_C(100000000), .until_ms = T0 + INT64_C(200000000)},
    };
    make_journeys(folder);
    struct store *store = open_store(folder, false);
    for (size_t i = 0; i < sizeof QUERIES / sizeof *QUERIES; i++) {
        double ms[11];
        size_t found = 0;
        char next[120];
        for (size_t k = 0; k < 11; k++) {
            found = 0;
            double before = seconds(CLOCK_MONOTONIC);
            if (store_journeys(store, &QUERIES[i], count_record, &found, next)) {
                stop("searching", store_error(store));
            }
            ms[k] = (seconds(CLOCK_MONOTONIC) - before) * 1e3;
        }
        printf(
            "{\"bench\":\"search\",\"journeys\":%d,\"search\":\"%s\",\"state\":\"%s\",\"carrier\":\"%s\",\"found\":%zu,\"first_ms\":%.2f,",
            MILLION, QUERIES[i].search, QUERIES[i].state, QUERIES[i].carrier, found, ms[0]);
        print_times(ms, 11);
        printf("}\n");
    }
    store_close(store);
}

static bool is_asked(int n, char **words, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (!strcmp(words[i], name)) {
            return true;
        }
    }
    return n == 0;
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "bench-store-data";
    int n = argc > 2 ? argc - 2 : 0;
    char **words = argv + 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (is_asked(n, words, "append")) {
        bench_append(folder, 100, 200000);
        bench_append(folder, 1000, 900000);
        bench_append(folder, 10000, 900000);
    }
    if (is_asked(n, words, "paced")) {
        bench_paced(folder, 50000, 30);
        bench_paced(folder, 100000, 30);
    }
    if (is_asked(n, words, "read")) {
        bench_read(folder);
    }
    if (is_asked(n, words, "search") && !is_postgres(folder)) {
        bench_search(folder);
    }
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
