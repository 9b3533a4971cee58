/* SPDX-License-Identifier: Apache-2.0
 *
 * run SEED SEEDS DAYS NODES FAULTS: simulations one after another until something that must hold does not; exit 1 then.
 * Linked by selftest.sh with a platform that has a bug.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/simulate.h"

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    struct simulate_options options = {.seed = strtoull(argv[1], NULL, 10),
                                       .days = strtod(argv[3], NULL),
                                       .nodes = (unsigned)strtoul(argv[4], NULL, 10),
                                       .faults = (unsigned)strtoul(argv[5], NULL, 10)};
    for (unsigned long n = strtoul(argv[2], NULL, 10); n > 0; n--, options.seed++) {
        struct simulate_result result;
        if (!simulate_run(&options, &result))
            return 3;
        if (result.failed) {
            printf("seed %llu, step %llu: \"%s\" does not hold: %s\n", (unsigned long long)options.seed, (unsigned long long)result.step,
                   result.invariant, result.why);
            return 1;
        }
    }
    return 0;
}
