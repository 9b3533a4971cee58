/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla demo: the platform on a fresh directory, and a simulated world that speaks real device protocols
 * to its real ports.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "platform/base/log.h"
#include "platform/base/ulid.h"
#include "platform/out/out.h"
#include "sim/world.h"

#define HISTORY_WAIT_MS 500
#define HISTORY_WAITS   14
#define HISTORY_QUIET   20 /* messages in one wait: live reports, no more history */

static const char help[] =
    "Usage: bulla demo [OPTIONS]\n"
    "\n"
    "Runs the platform on a fresh directory with a simulated world: sealed lorries between the ports and capitals of\n"
    "East Africa, whose seals speak JT701 and JT/T 808 to the platform's ports. Journeys are under way already; within\n"
    "a minute a seal is cut on the road. Prints the address and how to sign in.\n"
    "\n"
    "Options:\n"
    "  --journeys N       lorries under way (default 40)\n"
    "  --speed N          reports and incidents come N times as fast, 1 to 60 (default 1)\n"
    "  --seed N           another world (default 1)\n"
    "  --http ADDR:PORT   address of the workplace (default 127.0.0.1:8080; port 0: any)\n"
    "  --listen LIST      device ports (default: any free ones)\n"
    "  --data DIR         keep everything in DIR, which must be new or empty (default: removed at the end)\n"
    "  --password TEXT    password of the demo's users (default: made up and printed)\n"
    "  --help             this text\n"
    "\n"
    "Example:\n"
    "  bulla demo --journeys 100\n"
    "\n"
    "Exit codes: 0 stopped as asked, 2 wrong usage, 3 it could not start.\n";

extern const struct cli_command cli_demo;

struct settings {
    struct app_options app;
    const char *journeys, *speed, *seed, *password;
};

struct demo {
    struct app *app;
    struct world *world;
};

/* --- people --- */

static const struct {
    const char *name, *full_name;
    enum user_role role;
} people[] = {
    {"admin", "Administrator", USER_ROLE_ADMINISTRATOR},
    {"watch", "Watch officer", USER_ROLE_WATCH_OFFICER},
    {"checkpoint", "Checkpoint officer", USER_ROLE_CHECKPOINT_OFFICER},
    {"carrier", "Carrier's dispatcher", USER_ROLE_CARRIER},
};

static bool add_people(struct store *store, const struct world_plan *plan, const char *password, int64_t now_ms)
{
    const char *carrier = "";
    for (size_t i = 0; i < plan->n_journeys && !carrier[0]; i++)
        carrier = plan->journeys[i]->carrier;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        struct user u = {.role = people[i].role, .created_ms = now_ms};
        if (u.role == USER_ROLE_CARRIER && !carrier[0])
            continue;
        ulid_put(u.id, now_ms);
        snprintf(u.name, sizeof u.name, "%s", people[i].name);
        snprintf(u.full_name, sizeof u.full_name, "%s", people[i].full_name);
        if (u.role == USER_ROLE_CARRIER)
            snprintf(u.party, sizeof u.party, "%s", carrier);
        if (!out_user_password(&u, password) || store_user_put(store, &u, NULL) != STORE_OK)
            return false;
    }
    return true;
}

/* --- the world's records --- */

/* Records of a plan have version 0 and are const: each is put from a copy. */
#define PUT_ALL(noun, list, n)                                                                                                             \
    for (size_t i = 0; i < (n); i++) {                                                                                                     \
        struct noun record = (list)[i];                                                                                                    \
        if (store_##noun##_put(store, &record, NULL) != STORE_OK)                                                                          \
            return false;                                                                                                                  \
    }

static bool add_records(struct store *store, const struct world_plan *plan)
{
    PUT_ALL(party, plan->parties, plan->n_parties)
    PUT_ALL(station, plan->stations, plan->n_stations)
    PUT_ALL(seal, plan->seals, plan->n_seals)
    return true;
}

/* Journeys are entered once their seals have delivered what they stored: an officer who enters them now must not first
 * see alarms about hours of which the news is on its way. */
static bool add_journeys(struct demo *demo, const struct world_plan *plan)
{
    for (size_t i = 0; i < plan->n_journeys; i++) {
        struct journey *j = journey_copy(plan->journeys[i]);
        bool stored = j && store_journey_put(app_store(demo->app), j, NULL) == STORE_OK;
        if (stored)
            platform_journey_changed(app_platform(demo->app), j->id);
        journey_free(j);
        if (!stored)
            return false;
    }
    return true;
}

/* Until the devices have nothing more to deliver at once, or some seconds have passed; true when asked to stop. */
static bool wait_for_history(struct demo *demo)
{
    uint64_t before = 0;
    for (unsigned i = 0; i < HISTORY_WAITS; i++) {
        if (app_wait(HISTORY_WAIT_MS))
            return true;
        uint64_t now = world_counts(demo->world).acknowledged;
        if (now > 0 && now - before < HISTORY_QUIET)
            return false;
        before = now;
    }
    return false;
}

/* --- what happens in the world --- */

static void release(struct demo *demo, const struct world_event *event)
{
    struct store *store = app_store(demo->app);
    struct journey *j = NULL;
    struct audit audit = {.time_ms = platform_now(app_platform(demo->app))};
    if (store_journey_get(store, event->journey, &j) != STORE_OK)
        return;
    j->state = JOURNEY_RELEASED;
    j->unsealed_at_ms = event->time_ms;
    snprintf(audit.user_name, sizeof audit.user_name, "demo");
    snprintf(audit.action, sizeof audit.action, "journey.state");
    snprintf(audit.object, sizeof audit.object, "%s", j->id);
    snprintf(audit.detail, sizeof audit.detail, "{\"to\":\"released\"}");
    if (store_journey_put(store, j, &audit) == STORE_OK)
        platform_journey_changed(app_platform(demo->app), j->id);
    journey_free(j);
    struct seal seal;
    if (store_seal_get(store, event->seal, &seal) != STORE_OK)
        return;
    seal.life = SEAL_LIFE_UNSEALED;
    if (store_seal_put(store, &seal, NULL) == STORE_OK)
        platform_seal_changed(app_platform(demo->app), seal.id);
}

static void on_event(void *host, const struct world_event *event)
{
    log_say(event->kind == WORLD_REFUSED ? LOG_WARN : LOG_INFO, "demo", "%s", event->text);
    if (event->kind == WORLD_UNSEALED)
        release(host, event);
}

/* --- directory --- */

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    bool empty = true;
    if (!dir)
        return errno == ENOENT;
    for (struct dirent *e; (e = readdir(dir));)
        empty &= strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(dir);
    return empty;
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    char inside[1024];
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(inside, sizeof inside, "%s/%s", path, e->d_name);
        if (e->d_type == DT_DIR)
            remove_tree(inside);
        else
            unlink(inside);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

/* --- running --- */

static bool number(const char *name, const char *text, double min, double max, double *out)
{
    char *end = NULL;
    double value = text ? strtod(text, &end) : *out;
    if (!text || (end && *text && !*end && value >= min && value <= max)) {
        *out = value;
        return true;
    }
    cli_say("--%s: expected a number from %g to %g, got \"%s\"", name, min, max, text);
    return false;
}

static void print_people(const char *password, const struct world_plan *plan)
{
    printf("Sign in as admin, watch, checkpoint or carrier; password: %s\n", password);
    printf("Static password of the simulated JT701 seals, for the unlock command: %s\n", plan->password);
    fflush(stdout);
}

static int live(struct demo *demo, const struct world_options *options, const char *password)
{
    char why[MODEL_WHY_SIZE] = "";
    struct store *store = app_store(demo->app);
    demo->world = world_new(options);
    if (!demo->world) {
        cli_say("the world could not be made: out of memory");
        return CLI_IO;
    }
    const struct world_plan *plan = world_plan(demo->world);
    if (!add_people(store, plan, password, options->start_ms) || !add_records(store, plan)) {
        cli_say("the world's records could not be stored: %s", store_error(store));
        return CLI_IO;
    }
    world_on_event(demo->world, on_event, demo);
    if (!app_start(demo->app))
        return CLI_IO;
    print_people(password, plan);
    if (!world_start(demo->world, "127.0.0.1", app_device_port(demo->app, "jt701"), app_device_port(demo->app, "jt808"), why, sizeof why)) {
        cli_say("%s", why);
        return CLI_IO;
    }
    bool stop = wait_for_history(demo);
    if (!stop && !add_journeys(demo, plan)) {
        cli_say("the world's journeys could not be stored: %s", store_error(store));
        stop = true;
    }
    if (!stop)
        app_wait(0);
    world_stop(demo->world);
    return CLI_OK;
}

static int demo_run(const struct cli_context *context, struct settings *s, const struct world_options *options)
{
    char made[] = "/tmp/bulla-demo-XXXXXX", random[ULID_SIZE];
    bool temporary = !s->app.data;
    if (temporary && !(s->app.data = mkdtemp(made))) {
        cli_say("a directory could not be made: %s", strerror(errno));
        return CLI_IO;
    }
    if (!is_empty(s->app.data)) {
        cli_say("--data: expected a new or empty directory, got %s", s->app.data);
        return CLI_USAGE;
    }
    if (!s->app.listen)
        s->app.listen = "jt701=tcp:0,jt808=tcp:0,auto=tcp:0,auto=udp:0";
    s->app.devices = "127.0.0.1";
    ulid_put(random, options->start_ms);
    struct demo demo = {.app = app_open(context, &s->app)};
    int code = demo.app ? live(&demo, options, s->password ? s->password : random + 12) : CLI_IO;
    app_close(demo.app);
    world_free(demo.world);
    if (temporary)
        remove_tree(s->app.data);
    return code;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    struct settings s = {0};
    const struct cli_option options[] = {
        {"journeys", &s.journeys, NULL}, {"speed", &s.speed, NULL},       {"seed", &s.seed, NULL},         {"http", &s.app.http, NULL},
        {"listen", &s.app.listen, NULL}, {"data", &s.app.data, NULL}, {"password", &s.password, NULL},
    };
    double journeys = 40, speed = 1, seed = 1;
    argc = cli_options(&cli_demo, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1) {
        cli_say("expected no argument, got \"%s\"", argv[1]);
        return CLI_USAGE;
    }
    if (!number("journeys", s.journeys, 1, WORLD_JOURNEYS_MAX, &journeys) || !number("speed", s.speed, 1, 60, &speed) ||
        !number("seed", s.seed, 0, 4e9, &seed))
        return CLI_USAGE;
    app_prepare_process();
    struct clock clock = clock_system();
    struct world_options world = {
        .seed = (uint64_t)seed, .journeys = (int)journeys, .speed = speed, .start_ms = clock_now(&clock) / 1000 * 1000};
    return demo_run(context, &s, &world);
}

const struct cli_command cli_demo = {"demo", "Run the platform with a simulated world to look at", help, run};
