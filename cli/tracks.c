/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla tracks: packed tracks made again, and their size.
 */
#include <stdio.h>
#include <string.h>

#include "bulla/time.h"
#include "cli/cli.h"
#include "platform/tracks.h"

static const char help[] =
    "Usage: bulla tracks rebuild --store URL [--seal SEAL] [--from DAY] [--until DAY]\n"
    "       bulla tracks pack --store URL\n"
    "       bulla tracks stat --store URL\n"
    "\n"
    "Where seals were is packed by seal and day as soon as a day is finished (UTC, and 6 hours of grace); the platform does\n"
    "that by itself. This does it by hand, on a store that no platform has open (SQLite) or beside a running one (PostgreSQL).\n"
    "\n"
    "  rebuild    makes the blocks of these days again from the observations that are still there; finished days only\n"
    "  pack       does all that is due: packs, thins what is old, drops what is older (the setting \"retention\")\n"
    "  stat       prints what there is as one JSON object\n"
    "\n"
    "Options:\n"
    "  --store URL    sqlite:DIR or postgres://...\n"
    "  --seal SEAL    one seal alone, protocol:device\n"
    "  --from DAY     2026-09-01: the first day (default: the oldest)\n"
    "  --until DAY    the last day (default: the newest that is finished)\n"
    "  --help         this text\n"
    "\n"
    "Examples:\n"
    "  bulla tracks stat --store sqlite:/var/lib/bulla\n"
    "  bulla tracks rebuild --store sqlite:/var/lib/bulla --from 2026-09-01 --until 2026-09-30\n"
    "\n"
    "Exit codes: 0 done, 2 wrong usage, 3 input or output.\n";

extern const struct cli_command cli_tracks;

struct request {
    const char *store, *seal, *from, *until;
    int64_t from_ms, until_ms;
};

static bool read_day(const char *name, const char *text, int64_t *day_ms)
{
    char time[32];
    if (!text)
        return true;
    snprintf(time, sizeof time, "%.20sT00:00:00Z", text);
    int64_t at_ms = strlen(text) == 10 ? bulla_time_get(time) : BULLA_TIME_NONE;
    if (at_ms == BULLA_TIME_NONE) {
        cli_say("--%s: expected a day like 2026-09-01, got \"%s\"", name, text);
        return false;
    }
    *day_ms = at_ms;
    return true;
}

static void print_done(const struct tracks_done *done)
{
    printf("{\"packed\":%llu,\"fixes\":%llu,\"bytes\":%llu,\"thinned\":%llu,\"damaged\":%llu,\"crowded\":%llu,\"tracks_dropped\":%llu,"
           "\"observations_dropped\":%llu}\n",
           (unsigned long long)done->packed, (unsigned long long)done->fixes, (unsigned long long)done->bytes,
           (unsigned long long)done->thinned, (unsigned long long)done->damaged, (unsigned long long)done->crowded,
           (unsigned long long)done->tracks_dropped, (unsigned long long)done->observations_dropped);
}

static int make_packer(struct store *store, struct tracks_packer *packer)
{
    *packer = (struct tracks_packer){.store = store};
    return tracks_policy_load(store, &packer->policy);
}

static int rebuild(struct store *store, const struct request *r, int64_t now_ms)
{
    struct tracks_packer packer;
    struct tracks_done done = {0};
    int outcome = make_packer(store, &packer);
    outcome = outcome ? outcome : tracks_rebuild(&packer, now_ms, r->seal ? r->seal : "", r->from_ms, r->until_ms, &done);
    print_done(&done);
    return outcome;
}

static int pack(struct store *store, const struct request *r, int64_t now_ms)
{
    struct tracks_packer packer;
    struct tracks_done done = {0};
    (void)r;
    int outcome = make_packer(store, &packer);
    do {
        outcome = outcome ? outcome : tracks_turn(&packer, now_ms, 256, &done);
    } while (!outcome && done.more);
    print_done(&done);
    return outcome;
}

static void print_day(const char *name, int64_t day_ms, const char *end)
{
    char text[BULLA_TIME_TEXT];
    bulla_time_put(text, day_ms);
    printf("\"%s\":\"%.10s\"%s", name, text, end);
}

static int stat(struct store *store, const struct request *r, int64_t now_ms)
{
    struct store_track_size size;
    (void)r;
    (void)now_ms;
    int outcome = store_track_size(store, &size);
    if (outcome)
        return outcome;
    printf("{\"blocks\":%llu,\"fixes\":%llu,\"seals\":%llu,\"bytes\":%llu,\"file_bytes\":%llu,\"bytes_a_position\":%.2f,\"due\":%llu",
           (unsigned long long)size.blocks, (unsigned long long)size.fixes, (unsigned long long)size.seals, (unsigned long long)size.bytes,
           (unsigned long long)size.file_bytes, size.fixes ? (double)size.file_bytes / (double)size.fixes : 0.0, (unsigned long long)size.due);
    if (size.blocks > 0) {
        printf(",");
        print_day("first_day", size.first_day_ms, ",");
        print_day("last_day", size.last_day_ms, "");
    }
    printf("}\n");
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct store *store, const struct request *r, int64_t now_ms);
} VERBS[] = {{"rebuild", rebuild}, {"pack", pack}, {"stat", stat}};

static int run(const struct cli_context *context, int argc, char **argv)
{
    struct request r = {.from_ms = INT64_MIN, .until_ms = INT64_MAX};
    const struct cli_option options[] = {{"store", &r.store, NULL}, {"seal", &r.seal, NULL}, {"from", &r.from, NULL}, {"until", &r.until, NULL}};
    argc = cli_options(&cli_tracks, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    size_t verb = 0, n = sizeof VERBS / sizeof *VERBS;
    while (argc == 2 && verb < n && strcmp(VERBS[verb].name, argv[1]) != 0)
        verb++;
    if (argc != 2 || verb == n) {
        cli_say("expected rebuild, pack or stat, got \"%s\"", argc > 1 ? argv[argc - 1] : "");
        return CLI_USAGE;
    }
    if (!r.store) {
        cli_say("--store: expected the URL of a store, sqlite:DIR or postgres://...");
        return CLI_USAGE;
    }
    if (!read_day("from", r.from, &r.from_ms) || !read_day("until", r.until, &r.until_ms))
        return CLI_USAGE;
    char why[400] = "";
    struct store *store = store_open(context->stores, r.store, why, sizeof why);
    if (!store) {
        cli_say("%s", why);
        return CLI_IO;
    }
    struct clock clock = clock_system();
    int outcome = VERBS[verb].run(store, &r, clock_now(&clock));
    if (outcome)
        cli_say("%s", store_error(store));
    store_close(store);
    return outcome ? CLI_IO : CLI_OK;
}

const struct cli_command cli_tracks = {"tracks", "Make packed tracks again, and tell their size", help, run};
