/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla train: a recorded day once more, for officers to act on. Its messages go through the ordinary pipeline of a platform of its own,
 * on a clock of its own; the real store is only read, before that begins.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/demo_records.h"
#include "cli/train.h"
#include "platform/base/log.h"
#include "platform/base/ulid.h"

#define STEP_MS    100 /* between looks at the clock */
#define AT_ONCE    200 /* messages of one batch */
#define SPEED_MOST 600.0
#define DAY_MS     INT64_C(86400000)

static const char help[] =
    "Usage: bulla train --store URL --day YYYY-MM-DD [OPTIONS]\n"
    "\n"
    "Training on a recorded day: copies the journeys that were supervised on that day (UTC), their seals and what these said from a store "
    "into a\n"
    "fresh one in a new directory, and runs a platform on it whose clock begins with the day. The day's messages arrive again at\n"
    "their times, from the bytes as they came, through the same rules; officers see what was seen then and act on it. Nothing of it "
    "reaches\n"
    "the real store, which is only read before it begins and may be in use meanwhile. Every page is marked as a training.\n"
    "\n"
    "What officers did with alarms since the day began is theirs to do again; sealing, arrivals and ends of journeys happen at\n"
    "their times. Stations, parties, rules and policies are those of now. People of then are named, but nobody signs in as they; no device "
    "is connected, so that\n"
    "orders to seals wait until they expire.\n"
    "\n"
    "Options:\n"
    "  --store URL        the real store: sqlite:DIR or postgres://USER@HOST:PORT/DATABASE\n"
    "  --day YYYY-MM-DD   a day that is over\n"
    "  --begin HH:MM      the time of the day at which it begins (default 00:00); what came before is there\n"
    "  --speed N          the day goes N times as fast, 1 to 600 (default 10)\n"
    "  --data DIR         keep the training in DIR, which must be new or empty (default: removed at the end)\n"
    "  --http ADDR:PORT   address of the workplace (default 127.0.0.1:8080; port 0: any)\n"
    "  --password TEXT    password of admin, watch, night, checkpoint, patrol and seals (default: made up and printed)\n"
    "  --help             this text\n"
    "\n"
    "Example:\n"
    "  bulla train --store sqlite:/var/lib/bulla --day 2026-03-01 --begin 08:00 --speed 5 --http 127.0.0.1:8090\n"
    "\n"
    "Exit codes: 0 stopped as asked, 1 nothing was supervised on that day, 2 wrong usage, 3 it could not be read or started.\n";

extern const struct cli_command cli_train;

struct settings {
    struct app_options app;
    const char *from, *day, *begin, *speed, *password;
};

/* --- the day goes on --- */

struct training {
    struct app *app;
    const struct train_day *day;
    size_t next; /* event */
};

static int64_t now_of(const struct training *t)
{
    return platform_now(app_platform(t->app));
}

static bool is_over(const struct journey *j)
{
    return j->state == JOURNEY_RELEASED || j->state == JOURNEY_CANCELLED;
}

/* What became of it then, unless those who are trained were first. False: nothing is to be changed. */
static bool turn(struct journey *j, const struct train_event *event)
{
    if (is_over(j) || (event->act == TRAIN_SEALED && j->state != JOURNEY_DRAFT) ||
        (event->act == TRAIN_ARRIVED && j->state != JOURNEY_SEALED && j->state != JOURNEY_UNDER_WAY))
        return false;
    j->state = event->state;
    if (event->act == TRAIN_ARRIVED)
        j->arrived_at_ms = event->at_ms;
    if (event->act == TRAIN_ENDED)
        j->unsealed_at_ms = event->at_ms;
    return true;
}

static void set_life(struct store *store, const struct journey *j, enum seal_life life)
{
    for (size_t i = 0; i < j->n_seals; i++) {
        struct seal seal;
        if (store_seal_get(store, j->seals[i], &seal) != STORE_OK)
            continue;
        seal.life = life;
        (void)store_seal_put(store, &seal, NULL);
    }
}

static void happen(struct training *t, const struct train_event *event)
{
    const char *id = t->day->journeys[event->place];
    struct store *store = app_store(t->app);
    struct journey *j = NULL;
    struct audit audit = {.time_ms = now_of(t), .user_name = "the recorded day", .action = "journey.state"};
    int outcome = store_journey_get(store, id, &j);
    if (outcome == STORE_OK && turn(j, event)) {
        snprintf(audit.object, sizeof audit.object, "%s", id);
        snprintf(audit.detail, sizeof audit.detail, "{\"to\":\"%s\"}", journey_state_text(j->state));
        outcome = store_journey_put(store, j, &audit);
        if (outcome == STORE_OK) {
            set_life(store, j, event->act == TRAIN_ENDED ? SEAL_LIFE_UNSEALED : SEAL_LIFE_SEALED);
            platform_journey_changed(app_platform(t->app), id);
        }
    }
    if (outcome != STORE_OK)
        log_say(LOG_WARN, "train", "journey %s: what became of it is not taken over: %s", id, store_error(store));
    journey_free(j);
}

/* Messages that are due, up to AT_ONCE or to the next event of another sort. False: the platform is behind; they are told again. */
static bool say(struct training *t, int64_t now_ms)
{
    static struct bulla_observation o[AT_ONCE];
    struct platform_said said[AT_ONCE];
    uint8_t *raw[AT_ONCE];
    char why[MODEL_WHY_SIZE] = "";
    size_t n = 0, len;
    bool whole = true;
    while (n < AT_ONCE && t->next + n < t->day->n) {
        const struct train_event *event = &t->day->events[t->next + n];
        if (event->act != TRAIN_MESSAGE || event->at_ms > now_ms)
            break;
        whole = train_day_read(t->day, event, &o[n], &raw[n], &len);
        if (!whole)
            break;
        train_day_decode(&o[n], (struct bulla_bytes){raw[n], len});
        o[n].id[0] = '\0';
        o[n].received_ms = BULLA_TIME_NONE;
        said[n] = (struct platform_said){&o[n], {raw[n], len}};
        n++;
    }
    bool told = n > 0 && platform_observe(app_platform(t->app), said, n, why) == STORE_OK;
    if (!whole || (n > 0 && !told))
        log_say(LOG_WARN, "train", "%s", whole ? why : "a message of the day could not be read back");
    for (size_t i = 0; i < n; i++)
        free(raw[i]);
    t->next += told ? n : 0;
    t->next += !whole && n == 0;
    return told || !whole;
}

static void go_on(struct training *t)
{
    int64_t now_ms = now_of(t);
    bool told = true;
    while (told && t->next < t->day->n && t->day->events[t->next].at_ms <= now_ms) {
        if (t->day->events[t->next].act == TRAIN_MESSAGE)
            told = say(t, now_ms);
        else
            happen(t, &t->day->events[t->next++]);
    }
}

static void play(struct training *t)
{
    bool over = false;
    while (!app_wait(STEP_MS)) {
        go_on(t);
        if (!over && t->next == t->day->n && now_of(t) >= t->day->until_ms) {
            over = true;
            cli_say("the day is over; what is open can still be worked on");
        }
    }
}

/* --- before it begins --- */

static const struct {
    const char *name, *full_name;
    enum user_role role;
} people[] = {
    {"admin", "Administrator (training)", USER_ROLE_ADMINISTRATOR},
    {"watch", "Watch officer (training)", USER_ROLE_WATCH_OFFICER},
    {"night", "Second watch officer (training)", USER_ROLE_WATCH_OFFICER},
    {"checkpoint", "Checkpoint officer (training)", USER_ROLE_CHECKPOINT_OFFICER},
    {"patrol", "Patrol officer (training)", USER_ROLE_PATROL_OFFICER},
    {"seals", "Seal operator (training)", USER_ROLE_SEAL_OPERATOR},
};

static bool hire(struct store *store, const char *password, int64_t now_ms)
{
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        struct user u = {.role = people[i].role};
        snprintf(u.name, sizeof u.name, "%s", people[i].name);
        snprintf(u.full_name, sizeof u.full_name, "%s", people[i].full_name);
        if (!demo_user_put(store, &u, password, now_ms)) {
            cli_say("the users of the training could not be made: %s", store_error(store));
            return false;
        }
    }
    return true;
}

/* A file that nobody else can open: the messages are as confidential as the store that they come from. */
static bool open_file(struct train_day *day, const char *folder)
{
    char path[600];
    snprintf(path, sizeof path, "%s/day-XXXXXX", folder);
    int fd = mkstemp(path);
    day->file = fd >= 0 ? fdopen(fd, "w+b") : NULL;
    if (!day->file) {
        cli_say("%s: %s", path, strerror(errno));
        return false;
    }
    unlink(path);
    return true;
}

static int copy(const struct cli_context *context, const struct settings *s, const char *password, struct train_day *day)
{
    char url[600], shown[600], why[400] = "";
    store_url_show(s->from, shown, sizeof shown);
    struct store *from = store_look(context->stores, s->from, why, sizeof why);
    if (!from) {
        cli_say("--store: %s: %s", shown, why);
        return CLI_IO;
    }
    snprintf(url, sizeof url, "sqlite:%s", s->app.data);
    struct store *to = open_file(day, s->app.data) ? store_open(context->stores, url, why, sizeof why) : NULL;
    if (!to && why[0])
        cli_say("%s: %s", s->app.data, why);
    bool done = to && train_copy(from, to, day) && hire(to, password, day->from_ms);
    store_close(from);
    if (to)
        store_close(to);
    if (!done)
        return CLI_IO;
    if (day->n_journeys == 0) {
        cli_say("--day: expected a day on which something was supervised, got %s, of which %s has no journey", s->day, shown);
        return CLI_NO;
    }
    return CLI_OK;
}

static int train(const struct cli_context *context, struct settings *s, struct train_day *day, double speed)
{
    char clock[64], time[BULLA_TIME_TEXT], random[ULID_SIZE], made[64];
    bool temporary;
    if (!demo_folder(&s->app.data, made, &temporary))
        return temporary ? CLI_IO : CLI_USAGE;
    ulid_put(random, day->from_ms);
    const char *password = s->password ? s->password : random + 12;
    int code = copy(context, s, password, day);
    bulla_time_put(time, day->from_ms);
    snprintf(clock, sizeof clock, "%s,%g", time, speed);
    s->app.clock = clock;
    s->app.listen = "none";
    struct training t = {.app = code == CLI_OK ? app_open(context, &s->app) : NULL, .day = day};
    if (code == CLI_OK)
        code = t.app && app_start(t.app) ? CLI_OK : CLI_IO;
    if (code == CLI_OK) {
        printf("Training: %zu journeys, %zu messages from %s on\n", day->n_journeys, day->messages, time);
        printf("Sign in as admin, watch, night, checkpoint, patrol or seals; password: %s\n", password);
        fflush(stdout);
        play(&t);
    }
    app_close(t.app);
    if (temporary)
        demo_folder_remove(s->app.data);
    return code;
}

static bool read_day(const struct settings *s, struct train_day *day)
{
    char text[40];
    struct clock clock = clock_system();
    snprintf(text, sizeof text, "%.10sT00:00:00Z", s->day ? s->day : "");
    int64_t midnight_ms = s->day && strlen(s->day) == 10 ? bulla_time_get(text) : BULLA_TIME_NONE;
    if (midnight_ms == BULLA_TIME_NONE || midnight_ms + DAY_MS > clock_now(&clock)) {
        cli_say("--day: expected a day that is over, such as 2026-03-01, got %s", s->day ? s->day : "none");
        return false;
    }
    const char *begin = s->begin ? s->begin : "00:00";
    snprintf(text, sizeof text, "%.10sT%.5s:00Z", s->day, begin);
    day->from_ms = strlen(begin) == 5 ? bulla_time_get(text) : BULLA_TIME_NONE;
    day->until_ms = midnight_ms + DAY_MS;
    if (day->from_ms == BULLA_TIME_NONE) {
        cli_say("--begin: expected a time of the day such as 08:00, got %s", begin);
        return false;
    }
    return true;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    struct settings s = {0};
    struct train_day day = {0};
    const struct cli_option options[] = {
        {"store", &s.from, NULL},    {"day", &s.day, NULL},       {"begin", &s.begin, NULL},       {"speed", &s.speed, NULL},
        {"data", &s.app.data, NULL}, {"http", &s.app.http, NULL}, {"password", &s.password, NULL},
    };
    double speed = 10;
    argc = cli_options(&cli_train, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1 || !s.from) {
        cli_say(argc > 1 ? "expected no argument, got \"%s\"" : "--store: expected the store that has the day, got none", argv[argc - 1]);
        return CLI_USAGE;
    }
    if (!read_day(&s, &day) || !demo_number("speed", s.speed, 1, SPEED_MOST, &speed))
        return CLI_USAGE;
    app_prepare_process();
    int code = train(context, &s, &day, speed);
    train_day_clear(&day);
    return code;
}

const struct cli_command cli_train = {"train", "Train officers on a recorded day", help, run};
