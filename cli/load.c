/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla load: thousands of simulated devices on a platform's ports.
 */
#include "cli/load.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: bulla load --to ADDR:PORT[,ADDR:PORT...] [OPTIONS]\n"
    "       bulla load --prepare --store URL [OPTIONS]\n"
    "\n"
    "Drives simulated devices over real sockets in the device protocols, and says how many reports were acknowledged and\n"
    "how long that took, from the moment each was intended, whatever came between. Devices keep what is not acknowledged\n"
    "and send it again; when a connection breaks they go on to the next address. It may only be pointed at a platform of\n"
    "one's own: its devices are entered there.\n"
    "\n"
    "Options:\n"
    "  --scenario NAME    steady    every device reports in turn (default)\n"
    "                     storm     twice, all connections break and come back at once\n"
    "                     dawn      all connect at once, each with the records of a night\n"
    "                     skew      1 device of 100 sends 9 reports of 10; 1 clock of 20 is wrong\n"
    "                     idle      connected, one report each, then silence\n"
    "                     overload  ten times the rate\n"
    "  --protocol LIST    jt701, jt808, or both, shared out in turn (default jt701); those of jt808 are JT709, which the\n"
    "                     platform must know (--prepare) to read their clock and their state aright\n"
    "  --devices N        how many (default 1000)\n"
    "  --first N          number of the first one (default 0)\n"
    "  --rate N           reports a second, all devices together (default 1000)\n"
    "  --seconds S        measured time (default 10)\n"
    "  --warm S           time before it (default 2)\n"
    "  --drain S          most time behind it, for answers that are still to come (default 10)\n"
    "  --jitter S         storm, dawn: all connect within this (default 1)\n"
    "  --stored N         dawn: records of the night (default 200)\n"
    "  --retry S          what is not acknowledged for so long is sent again (default 20)\n"
    "  --patience S       a device that gets no answer for so long tries the next address (default 30)\n"
    "  --alarms N         the first N devices open, one after the other; their alarms are awaited on the live stream\n"
    "  --http URL         the platform's address, for --alarms and --prepare\n"
    "  --user NAME, --password TEXT, --key TEXT   who signs in there (default user: load)\n"
    "  --prepare          first make a seal and a journey with a route for each device, through --http, or straight into\n"
    "  --store URL        the store (before the platform is started on it), with the user when --password is given\n"
    "  --acked FILE       append a line for each acknowledged report: seal, event time in ms, number, serial number\n"
    "  --pid N            process of the server on this machine: its memory and processor time are told\n"
    "  --processes N      share the devices out (default: as many as the limit on open files demands)\n"
    "  --seed N           another course of chance (default 1)\n"
    "  --json             one JSON object instead of the table\n"
    "  --quiet            no line a second\n"
    "  --help             this text\n"
    "\n"
    "Examples:\n"
    "  bulla load --prepare --store sqlite:/tmp/d --devices 10000 --password 'a long word 1'\n"
    "  bulla serve --data /tmp/d & bulla load --to 127.0.0.1:10001 --devices 10000 --rate 25000\n"
    "  bulla load --to 127.0.0.1:10001,127.0.0.1:20001 --scenario storm --devices 5000 --acked /tmp/acked\n"
    "\n"
    "Exit codes: 0 all was acknowledged and every alarm was seen once, 1 not so, 2 wrong usage, 3 it could not begin.\n";

extern const struct cli_command cli_load;

struct settings {
    const char *scenario, *protocol, *to, *devices, *first, *rate, *seconds, *warm, *drain, *jitter, *stored, *retry, *patience, *alarms, *store,
        *pid, *processes, *seed;
    bool prepare, json;
    struct load_options o;
};

static bool number(const char *name, const char *text, double min, double max, double *out)
{
    char *end = NULL;
    double value = text ? strtod(text, &end) : *out;
    if (!text || (*text && !*end && value >= min && value <= max)) {
        *out = value;
        return true;
    }
    cli_say("--%s: expected a number from %g to %.10g, got \"%s\"", name, min, max, text);
    return false;
}

static bool whole(const char *name, const char *text, double min, double max, unsigned *out)
{
    double value = *out;
    if (!number(name, text, min, max, &value))
        return false;
    if (value != (double)(unsigned)value) {
        cli_say("--%s: expected a whole number, got \"%s\"", name, text);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool read_numbers(struct settings *s)
{
    struct load_options *o = &s->o;
    double seed = 1;
    *o = (struct load_options){.devices = 1000, .rate = 1000, .seconds = 10, .warm_s = 2, .drain_s = 10, .jitter_s = 1, .retry_s = 20, .patience_s = 30,
                               .stored = 200, .acked = o->acked, .http = o->http, .user = o->user ? o->user : "load",
                               .password = o->password, .key = o->key, .quiet = o->quiet};
    bool ok = whole("devices", s->devices, 1, 1000000, &o->devices) && whole("first", s->first, 0, 98999999, &o->first) &&
              whole("stored", s->stored, 0, 100000, &o->stored) && whole("alarms", s->alarms, 0, LOAD_ALARMS_MOST, &o->alarms) &&
              whole("pid", s->pid, 1, 4194304, &o->pid) && whole("processes", s->processes, 1, LOAD_PROCESSES_MOST, &o->processes) &&
              number("rate", s->rate, 0, 1e7, &o->rate) && number("seconds", s->seconds, 0.1, 1e6, &o->seconds) &&
              number("warm", s->warm, 0, 1e6, &o->warm_s) && number("drain", s->drain, 0, 1e6, &o->drain_s) &&
              number("jitter", s->jitter, 0, 1e4, &o->jitter_s) && number("retry", s->retry, 0.5, 1e5, &o->retry_s) && number("patience", s->patience, 0.1, 1e5, &o->patience_s) &&
              number("seed", s->seed, 0, 9e15, &seed);
    o->seed = (uint64_t)seed;
    if (ok && o->alarms > o->devices) {
        cli_say("--alarms: expected at most as many as --devices (%u), got %u", o->devices, o->alarms);
        return false;
    }
    return ok;
}

static bool read_protocols(struct load_options *o, const char *list)
{
    char *copy = strdup(list ? list : "jt701"), *rest = copy;
    bool ok = copy != NULL;
    for (char *name = copy ? strtok_r(rest, ",", &rest) : NULL; ok && name; name = strtok_r(NULL, ",", &rest)) {
        const struct load_protocol *p = load_protocol_find(name);
        ok = p && o->n_protocols < LOAD_PROTOCOLS_MOST;
        if (ok)
            o->protocols[o->n_protocols++] = p;
        else
            cli_say("--protocol: expected jt701 or jt808, or both with a comma between, got \"%s\"", name);
    }
    free(copy);
    if (ok && !o->n_protocols) {
        cli_say("--protocol: expected jt701 or jt808, got \"%s\"", list);
        return false;
    }
    return ok;
}

/* "127.0.0.1:10001" or "[::1]:10001" */
static bool read_address(const char *text, struct sockaddr_storage *to)
{
    char host[64], *end = NULL;
    const char *colon = strrchr(text, ':');
    bool six = text[0] == '[';
    size_t n = colon ? (size_t)(colon - text) : 0;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    struct sockaddr_in *in = (struct sockaddr_in *)to;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
    if (!colon || n < 2 || n >= sizeof host || *end || port < 1 || port > 65535 || (six && colon[-1] != ']'))
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(six ? n - 2 : n), text + six);
    *to = (struct sockaddr_storage){0};
    if (six) {
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1;
    }
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static bool read_addresses(struct load_options *o, const char *list)
{
    char *copy = strdup(list), *rest = copy;
    bool ok = copy != NULL;
    for (char *text = copy ? strtok_r(rest, ",", &rest) : NULL; ok && text; text = strtok_r(NULL, ",", &rest)) {
        ok = o->n_to < LOAD_TO_MOST && read_address(text, &o->to[o->n_to]);
        if (ok)
            o->n_to++;
        else
            cli_say("--to: expected numeric addresses with ports, 127.0.0.1:10001,... (at most %d), got \"%s\"", LOAD_TO_MOST, text);
    }
    free(copy);
    if (ok && !o->n_to) {
        cli_say("--to: expected ADDR:PORT, got \"%s\"", list);
        return false;
    }
    return ok;
}

static bool read_settings(struct settings *s)
{
    struct load_options *o = &s->o;
    if (!read_numbers(s) || !read_protocols(o, s->protocol) || (s->to && !read_addresses(o, s->to)))
        return false;
    o->scenario = load_scenario_find(s->scenario ? s->scenario : "steady");
    if (!o->scenario) {
        cli_say("--scenario: expected one of those that bulla help load lists, got \"%s\"", s->scenario);
        return false;
    }
    if (o->scenario->offline_first || o->scenario->silent)
        o->warm_s = s->warm ? o->warm_s : 0; /* what happens at once is what is looked at */
    if (!s->to && !s->prepare) {
        cli_say("expected --to ADDR:PORT, the platform's device port");
        return false;
    }
    if (s->prepare && !s->store && !o->http) {
        cli_say("--prepare: expected --store or --http as well");
        return false;
    }
    if (o->http && !o->key && !o->password) {
        cli_say("--http: expected --password or --key as well");
        return false;
    }
    return true;
}

static int drive(const struct settings *s)
{
    char why[512] = "";
    struct load_result *r = calloc(1, sizeof *r);
    if (!r || !load_run(&s->o, r, why, sizeof why)) {
        cli_say("%s", r ? why : "out of memory");
        free(r);
        return CLI_IO;
    }
    (s->json ? load_print_json : load_print_table)(&s->o, r);
    const struct load_counts *c = &r->counts;
    bool alarms = !s->o.alarms || !s->o.http || (r->alarms_seen == s->o.alarms && !r->alarms_twice);
    bool all = c->acknowledged == c->made && !c->behind && alarms;
    free(r);
    return all ? CLI_OK : CLI_NO;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    struct settings s = {0};
    const struct cli_option options[] = {
        {"scenario", &s.scenario, NULL}, {"protocol", &s.protocol, NULL}, {"to", &s.to, NULL},
        {"devices", &s.devices, NULL},   {"first", &s.first, NULL},       {"rate", &s.rate, NULL},
        {"seconds", &s.seconds, NULL},   {"warm", &s.warm, NULL},         {"drain", &s.drain, NULL},
        {"jitter", &s.jitter, NULL},     {"stored", &s.stored, NULL},     {"patience", &s.patience, NULL},
        {"alarms", &s.alarms, NULL},     {"http", &s.o.http, NULL},       {"user", &s.o.user, NULL},
        {"retry", &s.retry, NULL},       {"password", &s.o.password, NULL}, {"key", &s.o.key, NULL},       {"prepare", NULL, &s.prepare},
        {"store", &s.store, NULL},       {"acked", &s.o.acked, NULL},     {"pid", &s.pid, NULL},
        {"processes", &s.processes, NULL}, {"seed", &s.seed, NULL},       {"json", NULL, &s.json},
        {"quiet", NULL, &s.o.quiet},
    };
    argc = cli_options(&cli_load, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1) {
        cli_say("expected no argument, got \"%s\"", argv[1]);
        return CLI_USAGE;
    }
    if (!read_settings(&s))
        return CLI_USAGE;
    if (s.prepare && !(s.store ? load_prepare_store(context, &s.o, s.store) : load_prepare_api(&s.o)))
        return CLI_IO;
    return s.to ? drive(&s) : CLI_OK;
}

const struct cli_command cli_load = {"load", "Drive a platform with thousands of simulated devices", help, run};
