/* SPDX-License-Identifier: Apache-2.0
 *
 * The platform as one running program: store, pipeline, device listeners, HTTP. `bulla serve` and
 * `bulla demo` start the same app.
 */
#ifndef CLI_APP_H
#define CLI_APP_H

#include <jansson.h>

#include "cli/cli.h"
#include "platform/in/broker.h"
#include "platform/pipeline.h"

struct app;

struct app_options { /* texts; NULL: the default */
    const char *data;    /* directory, made when missing */
    const char *store;   /* "sqlite:DIR" or "postgres://..."; default: the data directory */
    const char *bus;     /* "local" or "nats://..." */
    const char *node;    /* name among several; default: the host's name and the HTTP port */
    const char *http;    /* "127.0.0.1:8080", port 0: any */
    const char *listen;  /* "jt701=tcp:10001,auto=tcp:10000": which device ports */
    const char *devices; /* address of the device ports */
    const char *shed;    /* "on", "off" */
    const char *quota;   /* "jt701/tcp=1000,*=50": observations a second */
    const json_t *retention; /* see tracks_policy_read(); NULL: the store's setting, or the defaults */
    bool behind_tls;
    struct broker_options broker; /* url NULL: none; client NULL: "bulla-" and the node's name */
    const char *clock;   /* "TIME[,SPEED]": a training clock; NULL: the machine's */
};

/* Device ports when nothing else is said. */
#define APP_LISTEN_DEFAULT "auto=tcp:10000,auto=udp:10000,jt701=tcp:10001,jt808=tcp:10808,jt808=udp:10808,eseal=tcp:10003,teratrack=tcp:10004"

/* Opens everything but does not yet read from devices. NULL after telling stderr why. */
struct app *app_open(const struct cli_context *context, const struct app_options *options);
struct platform *app_platform(struct app *app);
struct store *app_store(struct app *app);
/* Starts pipeline, listeners and HTTP; prints where everything is. False after telling stderr why. */
bool app_start(struct app *app);
unsigned app_http_port(const struct app *app);
/* The port of the first listener for a protocol, 0: none. */
unsigned app_device_port(const struct app *app, const char *protocol);
void app_close(struct app *app); /* NULL is fine */

/* Before any thread is made: signals are waited for, not delivered; descriptors up to the hard limit, and beyond
 * it to what LIMIT_CONNECTIONS needs where the process may. */
void app_prepare_process(void);
/* Waits for SIGINT or SIGTERM, at most wait_ms (0: for ever); true when one came. */
bool app_wait(unsigned wait_ms);

#endif
