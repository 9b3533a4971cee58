/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla serve: the platform.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "platform/base/log.h"
#include "platform/out/out.h"

static const char help[] =
    "Usage: bulla serve [OPTIONS]\n"
    "\n"
    "Runs the platform until it is told to stop (Ctrl-C). At the first start it makes the administrator and prints\n"
    "the one-time password; nothing else ever knows it.\n"
    "\n"
    "Options:\n"
    "  --data DIR         where everything is kept (default ./bulla-data)\n"
    "  --http ADDR:PORT   address of the workplace and the API (default 127.0.0.1:8080)\n"
    "  --devices ADDR     address of the device ports (default 127.0.0.1; 0.0.0.0 for real devices)\n"
    "  --listen LIST      device ports, protocol=transport:port,... or none\n"
    "                     (default " APP_LISTEN_DEFAULT ")\n"
    "  --store URL        sqlite:DIR (default: the data directory) or postgres://USER@HOST:PORT/DATABASE\n"
    "  --bus URL          local (default: one process alone) or nats://HOST:PORT[,HOST:PORT...]: one node of several\n"
    "  --node NAME        this node's name among several (default: the host's name and the HTTP port)\n"
    "  --mqtt URL         takes what devices say in JSON from a broker: mqtt://HOST[:PORT] or mqtts://HOST[:PORT]\n"
    "  --mqtt-filter F    topics that are theirs; the last + is the device, commands go to the same with down (default bulla/+/up)\n"
    "  --mqtt-login FILE  user and password at the broker, a line each\n"
    "  --mqtt-ca FILE     certificates that prove the broker (default: the system's)\n"
    "  --mqtt-cert FILE, --mqtt-key FILE\n"
    "                     our own certificate and its key\n"
    "  --mqtt-client NAME under which the broker keeps what waits for us (default bulla- and the node's name)\n"
    "  --quota LIST       observations a second, name=number,...: of a listener (jt701/tcp), a tenant, or * for each tenant;\n"
    "                     above it plain reports are shed like under overload\n"
    "  --shed on|off      overload: shed plain reports, counted and unacknowledged (on, default), or let sockets wait\n"
    "  --behind-tls       a proxy on this machine ends TLS: cookies are marked Secure, its X-Forwarded-For is believed\n"
    "  --clock TIME[,SPEED]\n"
    "                     for training: the clock begins at TIME and runs SPEED times as fast (a store of its own)\n"
    "  --config FILE      JSON with any of the above by name: {\"http\": \"127.0.0.1:80\", \"devices\": \"0.0.0.0\"};\n"
    "                     and \"retention\": {\"observations_days\": 400, \"thin_days\": 90, \"thin_step_s\": 60,\n"
    "                     \"tracks_days\": 1100, \"grace_h\": 6}: packed tracks outlive the observations; 0: never\n"
    "  --quiet, --debug   fewer or more words\n"
    "  --help             this text\n"
    "\n"
    "Examples:\n"
    "  bulla serve\n"
    "  bulla serve --data /var/lib/bulla --devices 0.0.0.0 --listen auto=tcp:10000\n"
    "  bulla serve --store postgres://bulla@db/bulla\n"
    "  bulla serve --mqtt mqtts://broker.example --mqtt-login /etc/bulla/mqtt --mqtt-ca /etc/bulla/broker.pem\n"
    "  bulla serve --store postgres://bulla@db/bulla --bus nats://n1:4222,n2:4222,n3:4222 --node gate-1\n"
    "\n"
    "Exit codes: 0 stopped as asked, 2 wrong usage, 3 it could not start.\n";

extern const struct cli_command cli_serve;

struct settings {
    struct app_options app;
    const char *config;
    bool quiet, debug;
};

/* What the configuration file says, where the command line said nothing. The texts live as long as `file`. */
static bool read_config(struct settings *s, json_t **file)
{
    const struct {
        const char *name;
        const char **value;
    } rows[] = {
        {"data", &s->app.data},       {"http", &s->app.http},   {"devices", &s->app.devices},
        {"listen", &s->app.listen},   {"store", &s->app.store}, {"bus", &s->app.bus},
        {"node", &s->app.node},       {"shed", &s->app.shed},   {"quota", &s->app.quota},
        {"mqtt", &s->app.broker.url},           {"mqtt_filter", &s->app.broker.filter}, {"mqtt_login", &s->app.broker.login},
        {"mqtt_ca", &s->app.broker.ca},         {"mqtt_cert", &s->app.broker.cert},     {"mqtt_key", &s->app.broker.key},
        {"mqtt_client", &s->app.broker.client},
    };
    json_error_t error;
    *file = json_load_file(s->config, JSON_REJECT_DUPLICATES, &error);
    if (!*file) {
        cli_say("%s:%d: expected a JSON object, got: %s", s->config, error.line, error.text);
        return false;
    }
    const char *name;
    json_t *value;
    json_object_foreach(*file, name, value)
    {
        size_t i = 0, n = sizeof rows / sizeof *rows;
        while (i < n && strcmp(rows[i].name, name) != 0)
            i++;
        if (strcmp(name, "retention") == 0 && json_is_object(value)) {
            s->app.retention = value;
        } else if (strcmp(name, "behind_tls") == 0 && json_is_boolean(value)) {
            s->app.behind_tls |= json_is_true(value);
        } else if (i == n || !json_is_string(value)) {
            cli_say("%s: %s: expected %s", s->config, name, i == n ? "a name that bulla help serve lists" : "a text");
            return false;
        } else if (!*rows[i].value) {
            *rows[i].value = json_string_value(value);
        }
    }
    return true;
}

static void print_first_user(struct app *app)
{
    char password[OUT_PASSWORD_SIZE];
    if (out_first_user(app_store(app), platform_now(app_platform(app)), password) != STORE_OK)
        return;
    printf("\nFirst start: sign in as admin with the one-time password %s\n\n", password);
    fflush(stdout);
}

static int serve(const struct cli_context *context, struct settings *s)
{
    if (s->app.node && (!s->app.node[0] || strlen(s->app.node) >= STORE_NODE_SIZE || strpbrk(s->app.node, " \t/"))) {
        cli_say("--node: expected 1 to %d characters without spaces and slashes, got \"%s\"", STORE_NODE_SIZE - 1, s->app.node);
        return CLI_USAGE;
    }
    log_set_level(s->quiet ? LOG_WARN : s->debug ? LOG_DEBUG : LOG_INFO);
    app_prepare_process();
    struct app *app = app_open(context, &s->app);
    if (!app)
        return CLI_IO;
    print_first_user(app);
    bool started = app_start(app);
    if (started)
        app_wait(0);
    if (started && !s->quiet)
        cli_say("stopping: what has come in is being stored");
    app_close(app);
    return started ? CLI_OK : CLI_IO;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    struct settings s = {0};
    const struct cli_option options[] = {
        {"data", &s.app.data, NULL},     {"http", &s.app.http, NULL},   {"devices", &s.app.devices, NULL},
        {"listen", &s.app.listen, NULL}, {"store", &s.app.store, NULL}, {"bus", &s.app.bus, NULL},
        {"node", &s.app.node, NULL},     {"shed", &s.app.shed, NULL},   {"quota", &s.app.quota, NULL},
        {"config", &s.config, NULL},     {"quiet", NULL, &s.quiet},     {"debug", NULL, &s.debug},
        {"behind-tls", NULL, &s.app.behind_tls}, {"clock", &s.app.clock, NULL},
        {"mqtt", &s.app.broker.url, NULL}, {"mqtt-filter", &s.app.broker.filter, NULL}, {"mqtt-login", &s.app.broker.login, NULL},
        {"mqtt-ca", &s.app.broker.ca, NULL}, {"mqtt-cert", &s.app.broker.cert, NULL}, {"mqtt-key", &s.app.broker.key, NULL},
        {"mqtt-client", &s.app.broker.client, NULL},
    };
    argc = cli_options(&cli_serve, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1) {
        cli_say("expected no argument, got \"%s\"", argv[1]);
        return CLI_USAGE;
    }
    json_t *file = NULL;
    int code = s.config && !read_config(&s, &file) ? CLI_USAGE : serve(context, &s);
    json_decref(file);
    return code;
}

const struct cli_command cli_serve = {"serve", "Run the platform", help, run};
