/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla demo: the platform on a fresh directory, and a simulated world that speaks real device protocols
 * to its real ports.
 */
#include <stdio.h>

#include "cli/app.h"
#include "cli/demo_records.h"
#include "platform/base/ulid.h"

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
    "  --store URL        a new store, which stays: sqlite:DIR (default: the data directory) or postgres://USER@HOST:PORT/DATABASE\n"
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

static void on_changed(void *context, enum store_changed kind, const char *id)
{
    struct platform *platform = app_platform(((struct demo *)context)->app);
    if (kind == STORE_CHANGED_JOURNEY)
        platform_journey_changed(platform, id);
    else
        platform_seal_changed(platform, id);
}

static void on_event(void *host, const struct world_event *event)
{
    struct demo *demo = host;
    demo_event(app_store(demo->app), event, platform_now(app_platform(demo->app)), &(struct demo_told){on_changed, demo});
}

/* True when asked to stop meanwhile. */
static bool wait_for_history(struct demo *demo)
{
    struct demo_history history = {0};
    do
        if (app_wait(DEMO_HISTORY_MS))
            return true;
    while (!demo_history_is_in(&history, demo->world));
    return false;
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
    if (!demo_store_is_new(store))
        return CLI_USAGE;
    if (!demo_people_put(store, plan, password, options->start_ms) || !demo_records_put(store, plan)) {
        cli_say("the world's records could not be stored: %s", store_error(store));
        return CLI_IO;
    }
    world_on_event(demo->world, on_event, demo);
    if (!app_start(demo->app))
        return CLI_IO;
    demo_people_print(plan, password);
    if (!world_start(demo->world, "127.0.0.1", app_device_port(demo->app, "jt701"), app_device_port(demo->app, "jt808"), why, sizeof why)) {
        cli_say("%s", why);
        return CLI_IO;
    }
    bool stop = wait_for_history(demo);
    if (!stop && !demo_journeys_put(store, plan, &(struct demo_told){on_changed, demo})) {
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
    char made[64], random[ULID_SIZE];
    bool temporary;
    if (!demo_folder(&s->app.data, made, &temporary))
        return temporary ? CLI_IO : CLI_USAGE;
    if (!s->app.listen)
        s->app.listen = "jt701=tcp:0,jt808=tcp:0,auto=tcp:0,auto=udp:0";
    s->app.devices = "127.0.0.1";
    ulid_put(random, options->start_ms);
    struct demo demo = {.app = app_open(context, &s->app)};
    int code = demo.app ? live(&demo, options, s->password ? s->password : random + 12) : CLI_IO;
    app_close(demo.app);
    world_free(demo.world);
    if (temporary)
        demo_folder_remove(s->app.data);
    return code;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    struct settings s = {0};
    const struct cli_option options[] = {
        {"journeys", &s.journeys, NULL}, {"speed", &s.speed, NULL},   {"seed", &s.seed, NULL},       {"http", &s.app.http, NULL},
        {"listen", &s.app.listen, NULL}, {"data", &s.app.data, NULL}, {"store", &s.app.store, NULL}, {"password", &s.password, NULL},
    };
    double journeys = 40, speed = 1, seed = 1;
    argc = cli_options(&cli_demo, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1) {
        cli_say("expected no argument, got \"%s\"", argv[1]);
        return CLI_USAGE;
    }
    if (!demo_number("journeys", s.journeys, 1, WORLD_JOURNEYS_MAX, &journeys) || !demo_number("speed", s.speed, 1, 60, &speed) ||
        !demo_number("seed", s.seed, 0, 4e9, &seed))
        return CLI_USAGE;
    app_prepare_process();
    struct clock clock = clock_system();
    struct world_options world = {
        .seed = (uint64_t)seed, .journeys = (int)journeys, .speed = speed, .start_ms = clock_now(&clock) / 1000 * 1000};
    return demo_run(context, &s, &world);
}

const struct cli_command cli_demo = {"demo", "Run the platform with a simulated world to look at", help, run};
