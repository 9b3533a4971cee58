/* SPDX-License-Identifier: Apache-2.0
 *
 * Wiring: the sole file that names concrete back ends.
 */
#include <stddef.h>

#include "cli/cli.h"
#include "platform/bus/bus.h"
#include "platform/store/store_backend.h"

extern const struct store_backend store_sqlite;

static const struct store_backend *const stores[] = {&store_sqlite, NULL};

static const struct bus_backend *const buses[] = {NULL};

int main(int argc, char **argv)
{
    const struct cli_context context = {.stores = stores, .buses = buses};
    return cli_main(&context, argc, argv);
}
