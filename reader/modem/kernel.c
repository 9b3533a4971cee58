/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/kernel.h"

#include <string.h>

static const struct modem_kernels *const rows[] = {/* the fastest first */
#if defined(__x86_64__)
                                                   &modem_kernels_avx512, &modem_kernels_avx2, &modem_kernels_sse2,
#elif defined(__aarch64__)
                                                   &modem_kernels_neon,
#endif
                                                   &modem_kernels_plain};

static int runs_here(const struct modem_kernels *row)
{
#if defined(__x86_64__)
    if (row == &modem_kernels_avx512)
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
    if (row == &modem_kernels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return row != NULL;
}

const struct modem_kernels *modem_kernels_best(void)
{
    size_t i = 0;
    while (!runs_here(rows[i])) /* the last one runs anywhere */
        i++;
    return rows[i];
}

const struct modem_kernels *modem_kernels_named(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i]->name, name) == 0 && runs_here(rows[i]))
            return rows[i];
    return NULL;
}
