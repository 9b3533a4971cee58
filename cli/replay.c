/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla replay: the rules over recorded observations. The same engine as the platform's, with a scenario for a world.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "platform/model/identity.h"
#include "platform/model/json.h"
#include "platform/rules/engine.h"

extern const struct cli_command cli_replay;

static const char help[] = "Usage: bulla replay [OPTIONS] SCENARIO.json\n"
                           "\n"
                           "Runs the rules over recorded observations and prints the alarms that stand at the end, one JSON\n"
                           "object a line, in order of raising.\n"
                           "\n"
                           "A scenario is {\"journey\": {...}, \"observations\": [...], \"observations_file\": \"relative.jsonl\",\n"
                           "\"until\": TIME}. Observations are in the order of their arrival; without \"received\" one arrives at its\n"
                           "own time. Timers fire up to \"until\". docs/rules.md says what each alarm means.\n"
                           "\n"
                           "Options:\n"
                           "  --all          print every change as it happens (raised, changed, withdrawn) with its alarm\n"
                           "  --until TIME   RFC 3339; instead of the scenario's own\n"
                           "  --help         this text\n"
                           "\n"
                           "Example:\n"
                           "  bulla replay --until 2026-01-02T00:00:00Z journey.json\n"
                           "\n"
                           "Exit codes: 0 done, 1 the journey cannot be supervised, 2 wrong usage or scenario, 3 input or output.\n";

struct replay {
    const char *path;
    struct journey *journey;
    struct bulla_observation *observations; /* in order of arrival */
    size_t n, capacity;
    size_t n_arrived; /* what history may tell */
    int64_t until_ms;
    bool all;
    bool failed_output;
};

/* --- reading --- */

static bool keep(struct replay *replay, const struct bulla_observation *o)
{
    if (replay->n == replay->capacity) {
        size_t capacity = replay->capacity ? replay->capacity * 2 : 1024;
        struct bulla_observation *grown = realloc(replay->observations, capacity * sizeof *grown);
        if (!grown) {
            cli_say("out of memory at observation %zu", replay->n + 1);
            return false;
        }
        replay->observations = grown;
        replay->capacity = capacity;
    }
    replay->observations[replay->n++] = *o;
    return true;
}

static int take(struct replay *replay, const json_t *json, const char *where, size_t number)
{
    struct bulla_observation o;
    char why[MODEL_WHY_SIZE];
    if (!observation_from_json(json, &o, why)) {
        cli_say("%s: %s %zu: %s", replay->path, where, number, why);
        return CLI_USAGE;
    }
    if (o.received_ms == BULLA_TIME_NONE && (!bulla_observation_knows(&o, BULLA_HAS_TIME) || o.time_ms == BULLA_TIME_NONE)) {
        cli_say("%s: %s %zu: time: expected a time or received, got neither", replay->path, where, number);
        return CLI_USAGE;
    }
    if (o.received_ms == BULLA_TIME_NONE)
        o.received_ms = o.time_ms;
    return keep(replay, &o) ? CLI_OK : CLI_IO;
}

/* Where observations.jsonl of a scenario lies: beside it. */
static char *beside(const char *scenario, const char *file)
{
    const char *slash = strrchr(scenario, '/');
    size_t folder = slash && file[0] != '/' ? (size_t)(slash - scenario) + 1 : 0;
    char *path = malloc(folder + strlen(file) + 1);
    if (path) {
        memcpy(path, scenario, folder);
        strcpy(path + folder, file);
    }
    return path;
}

static int take_line(struct replay *replay, const char *line, size_t len, size_t number, const char *file)
{
    json_error_t error;
    if (strspn(line, " \t\r\n") == len)
        return CLI_OK;
    json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        cli_say("%s:%zu:%d: expected a JSON object, got: %s", file, number, error.column, error.text);
        return CLI_USAGE;
    }
    int code = take(replay, json, "observations_file line", number);
    json_decref(json);
    return code;
}

static int take_file(struct replay *replay, const char *name)
{
    char *path = beside(replay->path, name);
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) {
        cli_say("observations_file: expected a file that can be read, got %s: %s", path ? path : name, strerror(errno));
        free(path);
        return CLI_IO;
    }
    char *line = NULL;
    size_t size = 0, number = 0;
    ssize_t len;
    int code = CLI_OK;
    while (code == CLI_OK && (len = getline(&line, &size, file)) >= 0)
        code = take_line(replay, line, (size_t)len, ++number, path);
    if (ferror(file)) {
        cli_say("%s: %s", path, strerror(errno));
        code = CLI_IO;
    }
    free(line);
    fclose(file);
    free(path);
    return code;
}

static int take_journey(struct replay *replay, const json_t *json)
{
    char why[MODEL_WHY_SIZE];
    replay->journey = journey_from_json(json, why);
    if (!replay->journey) {
        cli_say("%s: journey: %s", replay->path, why);
        return CLI_NO;
    }
    if (replay->journey->sealed_at_ms == BULLA_TIME_NONE) {
        cli_say("%s: journey: sealed_at: expected the time of sealing, got none", replay->path);
        return CLI_NO;
    }
    if (!journey_check(replay->journey, why, sizeof why)) {
        cli_say("%s: journey: %s", replay->path, why);
        return CLI_NO;
    }
    return CLI_OK;
}

static int take_time(struct replay *replay, const char *text, const char *from)
{
    replay->until_ms = bulla_time_get(text);
    if (replay->until_ms != BULLA_TIME_NONE)
        return CLI_OK;
    cli_say("%s: expected an RFC 3339 time, got \"%s\"", from, text);
    return CLI_USAGE;
}

static int take_members(struct replay *replay, const json_t *scenario)
{
    const json_t *list = json_object_get(scenario, "observations"), *file = json_object_get(scenario, "observations_file");
    const json_t *until = json_object_get(scenario, "until");
    if ((list && !json_is_null(list) && !json_is_array(list)) || (file && !json_is_null(file) && !json_is_string(file)) ||
        (until && !json_is_null(until) && !json_is_string(until))) {
        cli_say("%s: expected observations as an array, observations_file and until as texts", replay->path);
        return CLI_USAGE;
    }
    int code = take_journey(replay, json_object_get(scenario, "journey"));
    for (size_t i = 0; code == CLI_OK && i < json_array_size(list); i++)
        code = take(replay, json_array_get(list, i), "observation", i + 1);
    if (code == CLI_OK && json_is_string(file))
        code = take_file(replay, json_string_value(file));
    if (code == CLI_OK && json_is_string(until) && replay->until_ms == BULLA_TIME_NONE)
        code = take_time(replay, json_string_value(until), "until");
    return code;
}

static int read_scenario(struct replay *replay)
{
    json_error_t error;
    FILE *file = strcmp(replay->path, "-") == 0 ? stdin : fopen(replay->path, "r");
    if (!file) {
        cli_say("%s: %s", replay->path, strerror(errno));
        return CLI_IO;
    }
    json_t *scenario = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    if (file != stdin)
        fclose(file);
    if (!scenario) {
        cli_say("%s:%d:%d: expected JSON, got: %s", replay->path, error.line, error.column, error.text);
        return CLI_USAGE;
    }
    int code = CLI_USAGE;
    if (json_is_object(scenario))
        code = take_members(replay, scenario);
    else
        cli_say("%s: expected an object with journey and observations", replay->path);
    json_decref(scenario);
    return code;
}

/* --- naming --- */

struct named {
    char digest[BULLA_ID_SIZE];
    size_t at;
};

static int by_digest(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int by = strcmp(x->digest, y->digest);
    return by ? by : (x->at > y->at) - (x->at < y->at);
}

/* An observation without an id gets its position; the same message again gets the position of the first. */
static bool name_observations(struct replay *replay)
{
    struct named *named = malloc((replay->n + 1) * sizeof *named);
    struct identity *identity = identity_new();
    size_t n = 0;
    for (size_t i = 0; named && identity && i < replay->n; i++) {
        struct bulla_observation copy = replay->observations[i];
        if (copy.id[0])
            continue;
        identity_name(identity, &copy);
        memcpy(named[n].digest, copy.id, sizeof named[n].digest);
        named[n++].at = i;
    }
    bool done = named && identity;
    if (n)
        qsort(named, n, sizeof *named, by_digest);
    for (size_t i = 0, first = 0; done && i < n; i++) {
        first = strcmp(named[i].digest, named[first].digest) == 0 ? first : i;
        snprintf(replay->observations[named[i].at].id, BULLA_ID_SIZE, "#%zu", named[first].at + 1);
    }
    identity_free(identity);
    free(named);
    if (!done)
        cli_say("out of memory");
    return done;
}

/* --- running --- */

static bool history(void *host, const char *seal, int64_t from_ms, int64_t until_ms,
                    void (*each)(void *context, const struct bulla_observation *o), void *context)
{
    const struct replay *replay = host;
    (void)from_ms; /* the engine orders by event time, which a wrong clock is not: it gets them all */
    (void)until_ms;
    for (size_t i = 0; i < replay->n_arrived; i++) {
        char name[MODEL_SEAL_SIZE];
        snprintf(name, sizeof name, "%s:%s", replay->observations[i].protocol, replay->observations[i].device);
        if (strcmp(name, seal) == 0)
            each(context, &replay->observations[i]);
    }
    return true;
}

static void print(struct replay *replay, const struct alarm *alarm, const char *change)
{
    json_t *json = alarm_to_replay_json(alarm);
    if (json && change)
        json_object_set_new(json, "change", json_string(change));
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    if (!text || puts(text) < 0)
        replay->failed_output = true;
    free(text);
    json_decref(json);
}

static void on_alarm(void *host, enum engine_change change, const struct alarm *alarm)
{
    static const char *const words[] = {[ENGINE_RAISED] = "raised", [ENGINE_CHANGED] = "changed", [ENGINE_WITHDRAWN] = "withdrawn"};
    struct replay *replay = host;
    if (replay->all)
        print(replay, alarm, words[change]);
}

static void print_standing(void *context, const struct alarm *alarm)
{
    print(context, alarm, NULL);
}

/* Time passes to just before the arrival, then the observation comes. */
static void run_observations(struct replay *replay, struct engine *engine)
{
    int64_t clock_ms = INT64_MIN;
    for (size_t i = 0; i < replay->n; i++) {
        const struct bulla_observation *o = &replay->observations[i];
        if (replay->until_ms != BULLA_TIME_NONE && o->received_ms > replay->until_ms)
            continue;
        if (o->received_ms > clock_ms) {
            clock_ms = o->received_ms;
            engine_tick(engine, clock_ms - 1);
        }
        engine_observe(engine, o);
        replay->n_arrived = i + 1;
    }
    if (replay->until_ms != BULLA_TIME_NONE)
        engine_tick(engine, replay->until_ms);
    else if (replay->n)
        engine_tick(engine, clock_ms);
}

static int play(struct replay *replay)
{
    struct engine *engine = engine_new(&(struct engine_host){.host = replay, .on_alarm = on_alarm, .history = history, .together = true});
    int code = CLI_IO;
    if (engine && engine_journey_put(engine, replay->journey, replay->journey->sealed_at_ms)) {
        run_observations(replay, engine);
        if (!replay->all)
            engine_standing(engine, "", print_standing, replay);
        code = replay->failed_output || fflush(stdout) != 0 ? CLI_IO : CLI_OK;
    } else {
        cli_say("out of memory");
    }
    engine_free(engine);
    return code;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    const char *until = NULL;
    struct replay replay = {.until_ms = BULLA_TIME_NONE};
    const struct cli_option options[] = {{"all", NULL, &replay.all}, {"until", &until, NULL}};
    argc = cli_options(&cli_replay, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc != 2) {
        cli_say("expected one scenario file, got %d (see bulla replay --help)", argc - 1);
        return CLI_USAGE;
    }
    replay.path = argv[1];
    int code = until ? take_time(&replay, until, "--until") : CLI_OK;
    if (code == CLI_OK)
        code = read_scenario(&replay);
    if (code == CLI_OK && !name_observations(&replay))
        code = CLI_IO;
    if (code == CLI_OK)
        code = play(&replay);
    journey_free(replay.journey);
    free(replay.observations);
    return code;
}

const struct cli_command cli_replay = {
    .name = "replay",
    .summary = "Run the rules over recorded observations",
    .help = help,
    .run = run,
};
