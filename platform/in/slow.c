/* SPDX-License-Identifier: Apache-2.0
 *
 * Under lasting pressure the devices that report most often are told to report less often, and get their interval back
 * afterwards. Only where the protocol has such a command, and only where the interval is known that is to be put back: the one
 * that was last sent through this gateway. Loop thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/in/gateway_internal.h"

/* What a device is told: so many times its interval, within what the protocol allows. jt701, jt808 and meitrack have the same
 * word for it; the others have none. */
static const struct {
    const char *protocol;
    unsigned times, least_s, most_s;
} slower[] = {
    {"jt701", 4, 5, 600},        /* P04: 5 to 600 s awake */
    {"jt808", 4, 1, 86400},      /* 0x8103 parameter 0x0029 */
    {"meitrack", 4, 10, 655350}, /* A12: tens of seconds */
};

/* The command with other seconds: the rest of the arguments stays. False: this protocol has none, or it would change nothing. */
static bool slower_args(const char *seal, const char *args, char *to, size_t size)
{
    char own[SLOW_ARGS_SIZE], *at = own;
    size_t used = 0;
    bool changed = false;
    snprintf(own, sizeof own, "%s", args);
    for (size_t i = 0; i < sizeof slower / sizeof *slower; i++) {
        size_t n = strlen(slower[i].protocol);
        if (strncmp(slower[i].protocol, seal, n) != 0 || seal[n] != ':')
            continue;
        for (char *line; (line = strsep(&at, "\n"));) {
            unsigned long s = strncmp(line, "seconds=", 8) == 0 ? strtoul(line + 8, NULL, 10) : 0;
            unsigned long wanted = s * slower[i].times > slower[i].most_s ? slower[i].most_s : s * slower[i].times;
            changed |= s >= slower[i].least_s && wanted > s;
            int put = s ? snprintf(to + used, size - used, "seconds=%lu\n", wanted) : snprintf(to + used, size - used, "%s\n", line);
            if (put < 0 || (used += (size_t)put) >= size)
                return false;
        }
    }
    return changed;
}

void gateway_interval_sent(struct gateway *g, const char *seal, const char *args)
{
    struct route_entry *r;
    HASH_FIND_STR(g->routes, seal, r);
    if (!r)
        return;
    bool fits = strlen(args) < sizeof r->interval;
    g->intervals_known |= fits;
    snprintf(r->interval, sizeof r->interval, "%s", fits ? args : "");
    r->slowed = false; /* somebody has decided anew */
}

/* One that leaves while it is slowed gets its interval back when it comes again. */
void gateway_slow_leave(struct gateway *g, const struct route_entry *r)
{
    struct owed *o = r->slowed && HASH_COUNT(g->owed) < LIMIT_CONNECTIONS ? calloc(1, sizeof *o) : NULL;
    if (!o)
        return;
    snprintf(o->seal, sizeof o->seal, "%s", r->seal);
    snprintf(o->interval, sizeof o->interval, "%s", r->interval);
    HASH_ADD_STR(g->owed, seal, o);
}

void gateway_slow_return(struct gateway *g, struct route_entry *r)
{
    struct owed *o = NULL;
    if (g->owed)
        HASH_FIND_STR(g->owed, r->seal, o);
    if (!o)
        return;
    snprintf(r->interval, sizeof r->interval, "%s", o->interval);
    r->slowed = true;
    HASH_DEL(g->owed, o);
    free(o);
}

void gateway_owed_free(struct gateway *g)
{
    struct owed *o, *next;
    HASH_ITER(hh, g->owed, o, next)
    {
        HASH_DEL(g->owed, o);
        free(o);
    }
}

static bool tell(struct gateway *g, struct route_entry *r, const char *args)
{
    struct order order = {.name = "interval"};
    snprintf(order.seal, sizeof order.seal, "%s", r->seal);
    snprintf(order.args, sizeof order.args, "%s", args);
    return gateway_send_command(g, &order);
}

/* The one that reported most often, of those that can be told. */
static struct route_entry *most_talkative(struct gateway *g)
{
    struct route_entry *found = NULL;
    char args[2 * SLOW_ARGS_SIZE];
    for (struct route_entry *r = g->routes; r; r = r->hh.next)
        if (!r->slowed && r->interval[0] && r->memory.gap_ms && (!found || r->memory.gap_ms < found->memory.gap_ms) &&
            slower_args(r->seal, r->interval, args, sizeof args))
            found = r;
    return found;
}

static struct route_entry *one_slowed(struct gateway *g)
{
    struct route_entry *r = g->routes;
    while (r && !r->slowed)
        r = r->hh.next;
    return r;
}

void gateway_slow_down(struct gateway *g, int64_t now_ms)
{
    static struct log_gate gate;
    char args[2 * SLOW_ARGS_SIZE];
    if (now_ms < g->slow_due_ms && g->slow_due_ms - now_ms <= LIMIT_SLOW_EVERY_MS)
        return;
    g->slow_due_ms = now_ms + LIMIT_SLOW_EVERY_MS;
    if (!g->intervals_known)
        return;
    pthread_mutex_lock(&g->mutex);
    unsigned level = g->shed.off ? 0 : shed_level(&g->shed);
    pthread_mutex_unlock(&g->mutex);
    g->slow_turns = level ? g->slow_turns + 1 : 0;
    if (level && g->slow_turns < LIMIT_SLOW_TURNS)
        return;
    for (unsigned i = 0; i < LIMIT_SLOW_AT_ONCE; i++) {
        struct route_entry *r = level ? most_talkative(g) : one_slowed(g);
        if (!r || (level && !slower_args(r->seal, r->interval, args, sizeof args)))
            return;
        bool told = tell(g, r, level ? args : r->interval);
        r->slowed = level != 0; /* also one that could not be told: it is not asked again and again */
        g->counts.slowed += told && level;
        g->counts.restored += told && !level;
        if (told)
            log_gated(&gate, LOG_INFO, "in", "%s is told to report %s", r->seal, level ? "less often: overload" : "as before");
    }
}
