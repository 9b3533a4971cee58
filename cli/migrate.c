/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla migrate: moves a whole platform from one store to another of any kind, while it runs, with a short pause.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/app.h"
#include "platform/base/clock.h"
#include "platform/store/move.h"

#define ROUND_SHORT_MS 2000 /* a round this short: the pause would be as short */
#define ROUNDS_MOST    20
#define HOLD_WAIT_MS   200
#define STOP_WAIT_MS   60000

static const char help[] =
    "Usage: bulla migrate --from URL --to URL [OPTIONS]\n"
    "\n"
    "Moves everything from one store to another: sqlite:DIR to postgres://... or the other way. A platform on SQLite may go\n"
    "on running meanwhile: what is there is copied, then again what is new, until a round is short; then the platform is\n"
    "stopped, the rest is copied, both sides are read back and compared by count and SHA-256, and the pause is printed. What\n"
    "was broken off goes on when the same command is given again. A target that has anything else in it is refused.\n"
    "\n"
    "Options:\n"
    "  --from URL         the store to move\n"
    "  --to URL           an empty store\n"
    "  --stop             stop the running platform (SIGTERM) when all but the rest is copied; else: wait until somebody\n"
    "                     does. Out of PostgreSQL: stop every node before\n"
    "  --help             this text\n"
    "\n"
    "Example:\n"
    "  bulla migrate --from sqlite:/var/lib/bulla --to postgres://bulla@db/bulla --stop\n"
    "  bulla serve --data /var/lib/bulla --store postgres://bulla@db/bulla\n"
    "\n"
    "Exit codes: 0 moved and equal, 1 not equal or refused, 2 wrong usage, 3 it could not be done, or was broken off.\n";

extern const struct cli_command cli_migrate;

static volatile sig_atomic_t broken_off;

static void on_signal(int number)
{
    (void)number;
    broken_off = 1;
}

static int64_t now_ms(void *context)
{
    struct clock clock = clock_system();
    (void)context;
    return clock_now(&clock);
}

static void say(void *context, const char *text)
{
    (void)context;
    cli_say("%s", text);
}

static bool stop(void *context)
{
    (void)context;
    return broken_off != 0;
}

static void pause_ms(unsigned ms)
{
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* --- the pause --- */

/* Takes the source for oneself; with `stop_it`, its platform is told to end. False after telling stderr. */
static bool take_source(struct store *from, bool stop_it)
{
    int pid = 0, told = 0;
    for (int64_t waited = 0;; waited += HOLD_WAIT_MS) {
        int outcome = store_image_hold(from, &pid);
        if (outcome == STORE_OK)
            return true;
        if (outcome != STORE_CONFLICT || broken_off || (stop_it && waited > STOP_WAIT_MS)) {
            cli_say("%s", broken_off ? "broken off: give the same command again to go on" : store_error(from));
            return false;
        }
        if (!told && stop_it && pid > 0) {
            cli_say("stopping the platform (process %d)", pid);
            if (kill(pid, SIGTERM) != 0)
                cli_say("process %d cannot be stopped: %s; stop it otherwise", pid, strerror(errno));
        } else if (!told) {
            cli_say("stop the platform now%s: the rest is copied when its directory is free", pid > 0 ? " (kill the process named below)" : "");
            if (pid > 0)
                cli_say("it is process %d", pid);
        }
        told = 1;
        pause_ms(HOLD_WAIT_MS);
    }
}

/* --- what came out --- */

static void print_line(void *context, const struct move_line *line)
{
    (void)context;
    printf("%-14s %12llu %12llu  %.16s  %.16s  %s\n", line->name, (unsigned long long)line->from_rows, (unsigned long long)line->to_rows,
           line->from_digest, line->to_digest, line->equal ? "equal" : "DIFFERENT");
}

static int failed(struct store *to, int outcome)
{
    if (outcome == MOVE_STOPPED)
        cli_say("broken off: give the same command again to go on");
    else
        cli_say("%s", store_error(to));
    return CLI_IO;
}

static int compare(struct move *move, struct store *to)
{
    bool equal = false;
    printf("%-14s %12s %12s  %-16s  %-16s\n", "what", "from", "to", "SHA-256 from", "SHA-256 to");
    int outcome = move_compare(move, print_line, NULL, &equal);
    if (outcome)
        return failed(to, outcome);
    if (!equal)
        cli_say("the two are not equal: nothing of the source was changed; do not use the target");
    return equal ? CLI_OK : CLI_NO;
}

/* --- the whole --- */

static int copy_while_running(struct move *move, struct store *to)
{
    int64_t ms = ROUND_SHORT_MS + 1;
    uint64_t written = 0;
    int outcome = 0;
    for (int i = 1; i <= ROUNDS_MOST && ms > ROUND_SHORT_MS && !outcome; i++) {
        outcome = move_round(move, &ms, &written);
        if (!outcome)
            cli_say("round %d: %llu rows in %.1f s", i, (unsigned long long)written, (double)ms / 1000);
        if (!outcome && i == 1)
            outcome = move_read_back(move); /* ahead, so that little is to be read in the pause */
    }
    return outcome ? failed(to, outcome) : CLI_OK;
}

static int move_all(struct move *move, struct store *from, struct store *to, bool stop_it)
{
    int code = copy_while_running(move, to);
    if (code != CLI_OK)
        return code;
    int64_t began_ms = now_ms(NULL);
    if (!take_source(from, stop_it))
        return CLI_IO;
    int outcome = move_rest(move);
    if (outcome)
        return failed(to, outcome);
    code = compare(move, to);
    printf("The pause was %.1f s, with the stopping and the comparison.\n", (double)(now_ms(NULL) - began_ms) / 1000);
    return code;
}

static int migrate(const struct cli_context *context, const char *from_url, const char *to_url, bool stop_it)
{
    char why[MODEL_WHY_SIZE + 200] = "";
    struct store *from = store_look(context->stores, from_url, why, sizeof why), *to = NULL;
    if (!from) {
        cli_say("--from: %s", why);
        return CLI_IO;
    }
    to = store_open(context->stores, to_url, why, sizeof why);
    if (!to) {
        cli_say("--to: %s", why);
        store_close(from);
        return CLI_IO;
    }
    /* A password in a URL is not kept in the target. */
    const char *at = strrchr(from_url, '@');
    struct move_options options = {.from = from, .to = to, .name = at ? at + 1 : from_url, .now_ms = now_ms, .say = say, .stop = stop};
    struct move *move = move_new(&options, why);
    if (!move)
        cli_say("--to: %s", why);
    int code = move ? move_all(move, from, to, stop_it) : CLI_NO;
    move_free(move);
    store_close(to);
    store_close(from);
    return code;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    const char *from = NULL, *to = NULL;
    bool stop_it = false;
    const struct cli_option options[] = {{"from", &from, NULL}, {"to", &to, NULL}, {"stop", NULL, &stop_it}};
    argc = cli_options(&cli_migrate, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1 || !from || !to) {
        cli_say("expected --from URL and --to URL%s%s", argc > 1 ? ", got " : "", argc > 1 ? argv[1] : "");
        return CLI_USAGE;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return migrate(context, from, to, stop_it);
}

const struct cli_command cli_migrate = {"migrate", "Move a platform to another store while it runs", help, run};
