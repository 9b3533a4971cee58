/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sim/load.h"

const struct load_scenario load_scenarios[] = {
    {.name = "steady", .summary = "every device reports in turn", .rate = 1},
    {.name = "storm", .summary = "twice, all connections break and come back at once", .rate = 1, .storm_every = 1.0 / 3},
    {.name = "dawn", .summary = "all connect at once, each with the records of a night", .rate = 1, .night = true, .offline_first = true},
    {.name = "skew",
     .summary = "1 device of 100 sends 9 reports of 10; 1 clock of 20 is wrong",
     .rate = 1,
     .busy_share = 0.01,
     .busy_rate = 0.9,
     .wrong_clock = 0.05},
    {.name = "idle", .summary = "connected, one report each, then silence", .silent = true},
    {.name = "overload", .summary = "ten times the rate", .rate = 10},
    {0},
};

const struct load_scenario *load_scenario_find(const char *name)
{
    for (const struct load_scenario *s = load_scenarios; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}
