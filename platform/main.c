/* SPDX-License-Identifier: Apache-2.0
 *
 * Wiring: the sole file that names concrete back ends.
 */
#include <stddef.h>

#include "cli/cli.h"
#include "platform/bus/bus.h"
#include "platform/in/broker.h"
#include "platform/store/store_backend.h"

extern const struct store_backend store_sqlite, store_postgres, store_postgresql;
extern const struct bus_backend bus_nats, bus_nats_tls;
extern const struct broker_backend broker_mqtt, broker_mqtts;

static const struct store_backend *const stores[] = {&store_sqlite, &store_postgres, &store_postgresql, NULL};

static const struct bus_backend *const buses[] = {&bus_nats, &bus_nats_tls, NULL};

static const struct broker_backend *const brokers[] = {&broker_mqtt, &broker_mqtts, NULL};

int main(int argc, char **argv)
{
    const struct cli_context context = {.stores = stores, .buses = buses, .brokers = brokers};
    return cli_main(&context, argc, argv);
}
