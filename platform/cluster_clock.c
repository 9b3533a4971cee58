/* SPDX-License-Identifier: Apache-2.0
 *
 * This machine's clock and the store's. The difference is measured with every renewal of the leases, half of the round trip taken off,
 * and shown. Beyond LIMIT_CLOCK_MS the platform goes by the store's clock: what devices say here is then received when the other nodes
 * would have received it. The correction stays as it is while it is right to LIMIT_CLOCK_MS, so that time does not tremble.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform_internal.h"

#define WRITE_MS 100 /* so much the difference changes before it is written down again */

int64_t cluster_clock_now(void *host)
{
    struct platform *p = host;
    return clock_now(&p->machine) - atomic_load(&p->clock_correction_ms);
}

static void correct(struct platform *p, int64_t offset_ms)
{
    int64_t correction_ms = atomic_load(&p->clock_correction_ms);
    if (llabs(offset_ms - correction_ms) <= LIMIT_CLOCK_MS)
        return;
    bool off = llabs(offset_ms) > LIMIT_CLOCK_MS;
    atomic_store(&p->clock_correction_ms, off ? offset_ms : 0);
    if (off && correction_ms == 0)
        log_say(LOG_WARN, "cluster",
                "this machine's clock is %+" PRId64 " ms from the store's: set it by NTP; until then times here go by the store's clock",
                offset_ms);
    else if (!off)
        log_say(LOG_INFO, "cluster", "this machine's clock agrees with the store's again (%+" PRId64 " ms)", offset_ms);
}

static void name_setting(const char *node, char name[STORE_NODE_SIZE + 8])
{
    snprintf(name, STORE_NODE_SIZE + 8, ".clock.%s", node); /* with a dot: it does not move with the store */
}

/* For the other nodes' pages. */
static void write_down(struct platform *p, int64_t offset_ms)
{
    char name[STORE_NODE_SIZE + 8], value[24];
    if (p->clock_written && llabs(offset_ms - p->clock_written_ms) < WRITE_MS)
        return;
    name_setting(p->cluster.self.name, name);
    snprintf(value, sizeof value, "%" PRId64, offset_ms);
    p->clock_written = store_setting_put(p->store, name, value) == STORE_OK;
    p->clock_written_ms = offset_ms;
}

void cluster_clock_measure(struct platform *p)
{
    int64_t store_ms, before_ms = clock_now(&p->machine);
    if (store_clock(p->store, &store_ms) != STORE_OK)
        return;
    int64_t took_ms = clock_now(&p->machine) - before_ms;
    if (took_ms < 0 || took_ms > LIMIT_CLOCK_MS)
        return; /* set meanwhile, or so long that it tells nothing */
    int64_t offset_ms = before_ms + took_ms / 2 - store_ms;
    atomic_store(&p->clock_offset_ms, offset_ms);
    correct(p, offset_ms);
    write_down(p, offset_ms);
}

json_t *cluster_clock_of(struct platform *p, const char *node)
{
    char name[STORE_NODE_SIZE + 8], value[24];
    if (strcmp(node, p->cluster.self.name) == 0)
        return json_integer(atomic_load(&p->clock_offset_ms));
    name_setting(node, name);
    return store_setting_get(p->store, name, value, sizeof value) == STORE_OK ? json_integer(strtoll(value, NULL, 10)) : json_null();
}
