/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/app.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/escalation.h"
#include "platform/out/out.h"
#include "platform/tracks.h"

#define LISTENERS_MAX      64
#define DESCRIPTORS_WANTED (LIMIT_CONNECTIONS + 4096) /* and what the API, its streams and the store need */

struct device_port {
    char protocol[BULLA_PROTOCOL_SIZE];
    char transport[4];
    unsigned port;
};

struct app {
    struct app_options options;
    char data[512];
    char node[STORE_NODE_SIZE];
    struct store *store;
    struct platform *platform;
    struct out *out;
    struct tracks *tracks;
    struct escalation *escalation;
    struct broker *broker;
    struct device_port ports[LISTENERS_MAX];
    size_t n_ports;
    struct clock clock;
    struct clock_pace pace;
};

/* --- process --- */

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void app_prepare_process(void)
{
    sigset_t set = stop_signals();
    struct rlimit files;
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        struct rlimit more = {DESCRIPTORS_WANTED, DESCRIPTORS_WANTED};
        files.rlim_cur = files.rlim_max;
        if (files.rlim_max >= DESCRIPTORS_WANTED || setrlimit(RLIMIT_NOFILE, &more) != 0) /* the hard limit: only with the right to */
            setrlimit(RLIMIT_NOFILE, &files);
    }
}

bool app_wait(unsigned wait_ms)
{
    sigset_t set = stop_signals();
    struct timespec most = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
    int got;
    do
        got = wait_ms ? sigtimedwait(&set, NULL, &most) : sigwaitinfo(&set, NULL);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

/* --- opening --- */

static bool make_directory(const char *path)
{
    struct stat is;
    if (mkdir(path, 0700) == 0 || (errno == EEXIST && stat(path, &is) == 0 && S_ISDIR(is.st_mode)))
        return true;
    cli_say("data directory %s: expected to make or find it, got: %s", path, strerror(errno));
    return false;
}

/* One "protocol=transport:port" of the list. */
static bool add_listener(struct app *app, char *spec)
{
    char why[MODEL_WHY_SIZE], *equals = strchr(spec, '='), *colon = equals ? strchr(equals, ':') : NULL, *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    if (!colon || !end || *end || port > 65535) {
        cli_say("--listen: expected protocol=transport:port, got \"%s\"", spec);
        return false;
    }
    *equals = *colon = '\0';
    if (strcmp(equals + 1, "tcp") != 0 && strcmp(equals + 1, "udp") != 0) {
        cli_say("--listen: expected tcp or udp, got \"%s\"", equals + 1);
        return false;
    }
    if (app->n_ports == LISTENERS_MAX) {
        cli_say("--listen: expected at most %d listeners, got more", LISTENERS_MAX);
        return false;
    }
    const char *address = app->options.devices ? app->options.devices : "127.0.0.1";
    unsigned bound = gateway_listen(platform_gateway(app->platform), spec, equals + 1, address, (unsigned)port, why, sizeof why);
    if (!bound) {
        cli_say("--listen: %s", why);
        return false;
    }
    struct device_port *p = &app->ports[app->n_ports++];
    snprintf(p->protocol, sizeof p->protocol, "%s", spec);
    snprintf(p->transport, sizeof p->transport, "%s", equals + 1);
    p->port = bound;
    return true;
}

static bool add_listeners(struct app *app)
{
    const char *wanted = app->options.listen ? app->options.listen : APP_LISTEN_DEFAULT;
    char *list = strdup(wanted), *rest = list;
    bool ok = list != NULL;
    if (strcmp(wanted, "none") != 0)
        for (char *spec = strtok_r(rest, ",", &rest); ok && spec; spec = strtok_r(NULL, ",", &rest))
            ok = add_listener(app, spec);
    free(list);
    return ok;
}

static bool open_store(struct app *app, const struct cli_context *context)
{
    char url[600], why[MODEL_WHY_SIZE] = "";
    if (app->options.store)
        snprintf(url, sizeof url, "%s", app->options.store);
    else
        snprintf(url, sizeof url, "sqlite:%s", app->data);
    app->store = store_open(context->stores, url, why, sizeof why);
    if (!app->store) {
        char shown[600];
        store_url_show(url, shown, sizeof shown);
        cli_say("store %s: %s", shown, why);
        return false;
    }
    if (store_recovery(app->store)[0])
        log_say(LOG_WARN, "store", "%s", store_recovery(app->store));
    return true;
}

/* A node of several with a store of its own would be a cluster of one that others cannot see. */
static bool suits_bus(const struct app *app)
{
    if (!app->options.bus || strcmp(app->options.bus, "local") == 0 || store_is_shared(app->store))
        return true;
    cli_say("--bus: several nodes need a store that all of them reach, got one on this machine's disk: give --store "
            "postgres://USER@HOST:PORT/DATABASE, or leave --bus out");
    return false;
}

/* Two nodes on one machine differ by their port. */
static void name_node(struct app *app)
{
    char host[40] = "";
    const char *http = app->options.http ? app->options.http : "127.0.0.1:8080", *colon = strrchr(http, ':');
    if (app->options.node) {
        snprintf(app->node, sizeof app->node, "%s", app->options.node);
        return;
    }
    gethostname(host, sizeof host - 1);
    snprintf(app->node, sizeof app->node, "%s-%s", host[0] ? host : "node", colon ? colon + 1 : "");
}

/* What the gateway does when more comes than it may take. */
static bool set_limits(struct app *app)
{
    struct gateway *gateway = platform_gateway(app->platform);
    const char *shed = app->options.shed ? app->options.shed : "on";
    char list[1024], *at = list;
    if (strcmp(shed, "on") != 0 && strcmp(shed, "off") != 0) {
        cli_say("--shed: expected on or off, got \"%s\"", shed);
        return false;
    }
    gateway_shedding(gateway, strcmp(shed, "on") == 0);
    if (snprintf(list, sizeof list, "%s", app->options.quota ? app->options.quota : "") >= (int)sizeof list) {
        cli_say("--quota: expected at most %zu characters, got more", sizeof list - 1);
        return false;
    }
    for (char *spec; (spec = strsep(&at, ","));) {
        char *equals = strrchr(spec, '='), *end = NULL;
        unsigned long rate = equals ? strtoul(equals + 1, &end, 10) : 0;
        if (!*spec)
            continue;
        if (!equals || equals == spec || end == equals + 1 || *end || rate == 0 || rate > 10000000 ||
            equals - spec >= GATEWAY_TENANT_SIZE) {
            cli_say("--quota: expected name=number (1 to 10000000 observations a second), got \"%s\"", spec);
            return false;
        }
        *equals = '\0';
        if (!gateway_quota(gateway, spec, (unsigned)rate)) {
            cli_say("--quota: expected at most %d names, got more", LIMIT_TENANTS);
            return false;
        }
    }
    return true;
}

#define CLOCK_SPEED_MOST 10000.0

/* A training clock is this process's alone: a shared store goes by its database's clock, and so do its other nodes. */
static bool set_clock(struct app *app)
{
    const char *spec = app->options.clock;
    app->clock = clock_system();
    if (!spec)
        return true;
    char time[BULLA_TIME_TEXT] = "";
    const char *comma = strchr(spec, ',');
    size_t n = comma ? (size_t)(comma - spec) : strlen(spec);
    snprintf(time, sizeof time, "%.*s", (int)n, spec);
    int64_t from_ms = n < sizeof time ? bulla_time_get(time) : BULLA_TIME_NONE;
    char *end = NULL;
    double speed = comma ? strtod(comma + 1, &end) : 1;
    if (from_ms == BULLA_TIME_NONE || (comma && (*end || end == comma + 1)) || !(speed > 0 && speed <= CLOCK_SPEED_MOST)) {
        cli_say("--clock: expected TIME[,SPEED] such as 2026-03-01T06:00:00Z,60 with a speed up to %.0f, got \"%s\"", CLOCK_SPEED_MOST,
                spec);
        return false;
    }
    if (store_is_shared(app->store)) {
        cli_say("--clock: a training needs a store on this machine's disk, got one that others share");
        return false;
    }
    app->clock = clock_paced(&app->pace, from_ms, speed);
    cli_say("training: the clock is not the machine's; it begins at %s and runs %g times as fast", time, speed);
    return true;
}

static bool open_broker(struct app *app, const struct cli_context *context)
{
    struct broker_options options = app->options.broker;
    char why[MODEL_WHY_SIZE] = "", client[STORE_NODE_SIZE + 8];
    if (!options.url)
        return true;
    snprintf(client, sizeof client, "bulla-%s", app->node);
    if (!options.client)
        options.client = client;
    app->broker = broker_open(context->brokers, platform_gateway(app->platform), &options, why, sizeof why);
    if (!app->broker)
        cli_say("--mqtt: %s", why);
    return app->broker != NULL;
}

struct app *app_open(const struct cli_context *context, const struct app_options *options)
{
    char why[MODEL_WHY_SIZE] = "";
    struct app *app = calloc(1, sizeof *app);
    if (!app)
        return NULL;
    app->options = *options;
    snprintf(app->data, sizeof app->data, "%s", options->data ? options->data : "bulla-data");
    if (!make_directory(app->data) || !open_store(app, context) || !suits_bus(app) || !set_clock(app)) {
        app_close(app);
        return NULL;
    }
    name_node(app);
    const struct platform_options platform_options = {.clock = app->clock,
                                                      .clock_speed = app->pace.speed,
                                                      .node = app->node,
                                                      .buses = context->buses,
                                                      .bus = options->bus && strcmp(options->bus, "local") != 0 ? options->bus : NULL,
                                                      .folder = app->data};
    app->platform = platform_open(app->store, &platform_options, why);
    if (!app->platform)
        cli_say("%s", why);
    if (!app->platform || !set_limits(app) || !add_listeners(app) || !open_broker(app, context)) {
        app_close(app);
        return NULL;
    }
    return app;
}

struct platform *app_platform(struct app *app)
{
    return app->platform;
}

struct store *app_store(struct app *app)
{
    return app->store;
}

/* --- starting --- */

static void http_url(const struct app *app, char *to, size_t size)
{
    const char *http = app->options.http ? app->options.http : "127.0.0.1:8080";
    int host = (int)(strrchr(http, ':') ? strrchr(http, ':') - http : 0);
    snprintf(to, size, "http://%.*s:%u/", host, http, out_port(app->out));
}

static void print_where(const struct app *app)
{
    char where[300];
    http_url(app, where, sizeof where);
    printf("Bulla " BULLA_VERSION " is ready: %s\n", where);
    printf("Devices (%s):", app->options.devices ? app->options.devices : "127.0.0.1");
    for (size_t i = 0; i < app->n_ports; i++)
        printf("%s %s %s/%u", i ? "," : "", app->ports[i].protocol, app->ports[i].transport, app->ports[i].port);
    printf("%s\n", app->n_ports ? "" : " none");
    fflush(stdout);
}

/* Tracks are packed, and what is too old is dropped, by one node. */
static bool start_tracks(struct app *app)
{
    struct tracks_policy policy;
    char why[120] = "";
    if (tracks_policy_load(app->store, &policy) < 0 ||
        (app->options.retention && !tracks_policy_read(app->options.retention, &policy, why))) {
        cli_say("retention: %s", why[0] ? why : store_error(app->store));
        return false;
    }
    app->tracks = tracks_start(app->store, app->clock, &policy, platform_is_first, app->platform);
    if (!app->tracks)
        cli_say("the thread that packs tracks could not be started");
    return app->tracks != NULL;
}

bool app_start(struct app *app)
{
    char why[MODEL_WHY_SIZE] = "";
    if (!platform_start(app->platform, why)) {
        cli_say("%s", why);
        return false;
    }
    struct out_options options = {.address = app->options.http ? app->options.http : "127.0.0.1:8080",
                                  .behind_tls = app->options.behind_tls};
    app->out = out_start(app->platform, &options, why, sizeof why);
    if (!app->out) {
        cli_say("--http: %s", why);
        return false;
    }
    char where[64];
    http_url(app, where, sizeof where);
    platform_set_http(app->platform, where);
    if (!start_tracks(app))
        return false;
    app->escalation = escalation_start(app->platform, app->clock);
    if (!app->escalation) {
        cli_say("the thread that watches over alarms that nobody takes could not be started");
        return false;
    }
    if (app->broker && !broker_start(app->broker)) {
        cli_say("--mqtt: the thread could not be started");
        return false;
    }
    print_where(app);
    return true;
}

unsigned app_http_port(const struct app *app)
{
    return out_port(app->out);
}

unsigned app_device_port(const struct app *app, const char *protocol)
{
    for (size_t i = 0; i < app->n_ports; i++)
        if (strcmp(app->ports[i].protocol, protocol) == 0)
            return app->ports[i].port;
    return 0;
}

void app_close(struct app *app)
{
    if (!app)
        return;
    out_stop(app->out);
    escalation_stop(app->escalation);
    broker_close(app->broker);
    tracks_stop(app->tracks);
    platform_close(app->platform);
    if (app->store)
        store_close(app->store);
    free(app);
}
