// SPDX-License-Identifier: Apache-2.0
// Packed tracks, measured: bytes a position all in, packing, reading; beside reading the observations, in one run. Each line is one
// JSON object.
//
//   bench_tracks [FOLDER [STORE-URL SECONDS]]     FOLDER: scratch, default bench-tracks-data
// With a STORE-URL (an empty database of PostgreSQL) instead of SQLite: the one fleet that reports every so many seconds.
//
// The tracks: lorries on the roads of the simulation, 9 to 15 hours of driving with halts and then parked, the receiver's noise,
// gaps and wild fixes; positions in millionths of a degree, speed in tenths of a km/h, whole degrees and seconds, as JT808 has
// them; a report now and then comes a second late.

#include "platform/store/store_backend.h"
#include "platform/tracks.h"
#include "sim/vehicle.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

extern const struct store_backend store_sqlite, store_postgres;
static const struct store_backend *const BACKENDS[] = {&store_sqlite, &store_postgres, NULL};

#define DAY0 (INT64_C(20717) * TRACK_DAY_MS)
enum { BATCH = 4000 };

static double cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "bench_tracks: %s: %s\n", what, why);
    exit(3);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static struct store *open_store(const char *url)
{
    char why[400] = "";
    struct store *store = store_open(BACKENDS, url, why, sizeof why);
    if (!store) {
        stop("opening", why);
    }
    return store;
}

/* --- the lorries --- */

struct lorry {
    struct sim_vehicle vehicle;
    struct sim_gnss gnss;
    struct sim_random random;
    struct sim_reading reading;
    int32_t starts_s; /* second of the day in which it drives off */
    double battery;
};

static void start_day(struct lorry *l, struct sim_roads *roads, uint64_t seed)
{
    static const enum sim_place_id ENDS[][2] = {{SIM_MOMBASA, SIM_NAIROBI}, {SIM_NAIROBI, SIM_MOMBASA}, {SIM_NAIROBI, SIM_NAKURU}, {SIM_NAKURU, SIM_MOMBASA}};
    const enum sim_place_id *ends = ENDS[seed % 4];
    sim_vehicle_init(&l->vehicle, sim_roads_path(roads, ends[0], ends[1]), seed);
    l->random = sim_random_new(seed * 7919 + 1);
    sim_gnss_init(&l->gnss, seed);
    double length = sim_path_length(l->vehicle.path);
    for (int i = 1; i < 5; i++) {
        sim_vehicle_halt(&l->vehicle, length * i / 5, 300 + (int32_t)(sim_random_u64(&l->random) % 2700));
    }
    l->starts_s = 3600 + (int32_t)(sim_random_u64(&l->random) % 14400);
    l->battery = 60 + (double)(sim_random_u64(&l->random) % 40);
}

static void step(struct lorry *l, int32_t second)
{
    if (second >= l->starts_s && !sim_vehicle_arrived(&l->vehicle)) {
        sim_vehicle_step(&l->vehicle);
    }
    sim_gnss_step(&l->gnss, &l->vehicle, &l->reading);
    l->battery -= 1.0 / 20000;
}

static void report(struct lorry *l, uint64_t seal, int64_t at_ms, uint64_t n, struct bulla_observation *o)
{
    bulla_observation_init(o, "jt808");
    snprintf(o->device, sizeof o->device, "0138%08u", (unsigned)seal);
    uint64_t mix[2] = {(n + 1) * UINT64_C(0x9E3779B97F4A7C15), (n + 7) * UINT64_C(0xD1B54A32D192ED03)};
    bulla_hex_put(o->id, (const uint8_t *)mix, 16);
    o->id[32] = '\0';
    o->has = BULLA_HAS_TIME | BULLA_HAS_FIX | BULLA_HAS_SPEED | BULLA_HAS_COURSE | BULLA_HAS_PERCENT | BULLA_HAS_SATELLITES;
    o->time_ms = at_ms + (sim_random_u64(&l->random) % 40 == 0 ? 1000 : 0);
    o->received_ms = o->time_ms + 900;
    o->fix_valid = l->reading.fix;
    o->lat_e7 = (int32_t)lround(l->reading.lat * 1e6) * 10;
    o->lon_e7 = (int32_t)lround(l->reading.lon * 1e6) * 10;
    o->speed_cmh = (int32_t)lround(l->reading.speed_kmh * 10) * 10;
    o->course_cdeg = (int32_t)lround(l->reading.course_deg) % 360 * 100;
    o->percent = (uint8_t)l->battery;
    o->satellites = l->reading.satellites;
    o->state.seal = BULLA_SEAL_SEALED;
}

struct fleet {
    unsigned interval_s, seals, days;
    uint64_t observations;
};

static void fill(struct store *store, struct fleet *f)
{
    static struct bulla_observation observations[BATCH];
    static struct store_row rows[BATCH];
    static const uint8_t raw[40] = "a message of jt808 of about this length";
    struct sim_roads *roads = sim_roads_new();
    struct lorry *lorries = calloc(f->seals, sizeof *lorries);
    size_t n = 0;
    for (unsigned day = 0; day < f->days; day++) {
        for (unsigned s = 0; s < f->seals; s++) {
            start_day(&lorries[s], roads, day * 1009 + s);
        }
        for (int32_t second = 0; second < 86400; second++) {
            for (unsigned s = 0; s < f->seals; s++) {
                step(&lorries[s], second);
                if (((unsigned)second + s * 13) % f->interval_s != 0) {
                    continue;
                }
                report(&lorries[s], s, DAY0 + day * TRACK_DAY_MS + second * 1000, f->observations++, &observations[n]);
                rows[n] = (struct store_row){&observations[n], {raw, sizeof raw}, false};
                if (++n == BATCH || (day + 1 == f->days && second == 86399 && s + 1 == f->seals)) {
                    if (store_append(store, rows, n)) {
                        stop("appending", store_error(store));
                    }
                    n = 0;
                }
            }
        }
    }
    if (n > 0 && store_append(store, rows, n)) {
        stop("appending", store_error(store));
    }
    free(lorries);
    sim_roads_free(roads);
}

/* --- reading --- */

static uint64_t read_count;

static void count_fix(void *context, const struct track_fix *fix, const char *id)
{
    (void)context;
    (void)id;
    read_count += fix->at_ms != 0;
}

static void count_observation(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct track_fix fix = tracks_fix(o);
    (void)raw;
    count_fix(context, &fix, o->id);
}

/* One span out of a day, over and over: reads a processor second, and fixes. */
static void bench_read(struct store *store, const struct fleet *f, bool packed, int64_t span_ms, const char *name)
{
    double begin = cpu(), took = 0;
    uint64_t reads = 0;
    read_count = 0;
    while ((took = cpu() - begin) < 1.0) {
        char seal[MODEL_SEAL_SIZE];
        snprintf(seal, sizeof seal, "jt808:0138%08u", (unsigned)(reads * 17 % f->seals));
        int64_t from = DAY0 + (int64_t)(reads % f->days) * TRACK_DAY_MS + (span_ms < TRACK_DAY_MS ? 11 * 3600000 : 0);
        int outcome = packed ? tracks_read(store, seal, from, from + span_ms - 1, 0, count_fix, NULL)
                             : store_observations(store, seal, from, from + span_ms - 1, 0, count_observation, NULL);
        if (outcome) {
            stop("reading", store_error(store));
        }
        reads++;
    }
    printf("{\"bench\": \"tracks-read\", \"interval_s\": %u, \"from\": \"%s\", \"span\": \"%s\", \"reads_per_cpu_s\": %.0f, "
           "\"fixes_per_cpu_s\": %.0f, \"us_a_read\": %.0f}\n",
           f->interval_s, packed ? "blocks" : "observations", name, (double)reads / took, (double)read_count / took, took / (double)reads * 1e6);
}

struct all {
    struct track_fix *fixes;
    size_t n;
};

static void take_fix(void *context, const struct track_fix *fix)
{
    struct all *all = context;
    all->fixes[all->n++] = *fix;
}

/* The codec alone: blocks that are there, decoded and encoded again. */
struct codec {
    double encode_s, decode_s;
    uint64_t fixes, thinned;
};

static void run_codec(void *context, const struct store_track *track)
{
    struct codec *c = context;
    struct all all = {malloc(track->fixes * sizeof *all.fixes), 0};
    struct track_buffer out = {0};
    char why[96];
    double t0 = cpu();
    track_read(track->bytes, INT64_MIN, INT64_MAX, take_fix, &all, why);
    double t1 = cpu();
    if (!track_encode(track->day_ms, all.fixes, all.n, &out, why) || out.len != track->bytes.len) {
        stop("encoding", "not the same again");
    }
    c->decode_s += t1 - t0;
    c->encode_s += cpu() - t1;
    c->fixes += all.n;
    c->thinned += track_thin(all.fixes, all.n, 60);
    free(all.fixes);
    free(out.at);
}

static void pack(struct store *store, const struct fleet *f)
{
    struct tracks_packer packer = {.store = store, .policy = tracks_policy_default()};
    struct tracks_done done = {0};
    int64_t now_ms = DAY0 + (int64_t)(f->days + 1) * TRACK_DAY_MS;
    double begin = cpu();
    do {
        if (tracks_turn(&packer, now_ms, 64, &done)) {
            stop("packing", store_error(store));
        }
    } while (done.more);
    double took = cpu() - begin;
    printf("{\"bench\": \"tracks-pack\", \"interval_s\": %u, \"seals\": %u, \"days\": %u, \"fixes\": %llu, \"blocks\": %llu, "
           "\"fixes_per_cpu_s\": %.0f, \"payload_bytes_a_position\": %.2f}\n",
           f->interval_s, f->seals, f->days, (unsigned long long)done.fixes, (unsigned long long)done.packed, (double)done.fixes / took,
           (double)done.bytes / (double)done.fixes);
}

static void bench_fleet(const char *folder, const char *other, struct fleet f)
{
    char url[600], path[600];
    struct stat info;
    struct store_track_size size;
    if (!other) {
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    snprintf(url, sizeof url, "sqlite:%s", folder);
    struct store *store = open_store(other ? other : url);
    fill(store, &f);
    store_close(store);
    store = open_store(other ? other : url);
    pack(store, &f);
    bench_read(store, &f, true, TRACK_DAY_MS, "day");
    bench_read(store, &f, false, TRACK_DAY_MS, "day");
    bench_read(store, &f, true, 3600000, "hour");
    bench_read(store, &f, false, 3600000, "hour");
    struct codec c = {0};
    if (store_tracks(store, "", INT64_MIN, INT64_MAX, run_codec, &c) || store_track_size(store, &size)) {
        stop("reading", store_error(store));
    }
    printf("{\"bench\": \"tracks-codec\", \"interval_s\": %u, \"encode_fixes_per_cpu_s\": %.0f, \"decode_fixes_per_cpu_s\": %.0f, "
           "\"left_when_thinned_to_60_s\": %.3f}\n",
           f.interval_s, (double)c.fixes / c.encode_s, (double)c.fixes / c.decode_s, (double)c.thinned / (double)c.fixes);
    store_close(store);
    double bytes = (double)size.file_bytes;
    snprintf(path, sizeof path, "%s/tracks.db", folder);
    if (!other && stat(path, &info) == 0) {
        bytes = (double)info.st_size; /* what is on the disk, its log put away */
    }
    printf("{\"bench\": \"tracks-size\", \"interval_s\": %u, \"positions\": %llu, \"file_bytes\": %.0f, \"bytes_a_position_all_in\": %.2f}\n",
           f.interval_s, (unsigned long long)size.fixes, bytes, bytes / (double)size.fixes);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "bench-tracks-data";
    const char *other = argc > 2 ? argv[2] : NULL;
    setvbuf(stdout, NULL, _IOLBF, 0);
    static const struct fleet FLEETS[] = {{10, 40, 2, 0}, {60, 100, 4, 0}, {300, 200, 8, 0}};
    for (size_t i = 0; i < sizeof FLEETS / sizeof *FLEETS; i++) {
        if (!other || (argc > 3 && (unsigned)atoi(argv[3]) == FLEETS[i].interval_s)) {
            bench_fleet(folder, other, FLEETS[i]);
        }
    }
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
