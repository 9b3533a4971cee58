// SPDX-License-Identifier: Apache-2.0
// The connection: opened and kept up by libnats, closed so that none of its threads is left in our code.

#include "platform/bus/nats_bus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CLOSE_MS = 5000 };

/* --- callbacks of libnats, in its threads --- */

static void on_subscription_end(void *closure)
{
    struct nats_bus *bus = closure;
    pthread_mutex_lock(&bus->lock);
    bus->running--;
    pthread_cond_broadcast(&bus->keep);
    pthread_mutex_unlock(&bus->lock);
}

static void on_connected(natsConnection *connection, void *closure)
{
    struct nats_bus *bus = closure;
    (void)connection;
    pthread_mutex_lock(&bus->lock);
    bus->connected = bus->look_now = true;
    bus->counts.reconnects++;
    pthread_cond_broadcast(&bus->keep); /* the link is up when the stream was seen */
    pthread_mutex_unlock(&bus->lock);
}

static void on_disconnected(natsConnection *connection, void *closure)
{
    struct nats_bus *bus = closure;
    (void)connection;
    pthread_mutex_lock(&bus->lock);
    bus->connected = bus->ready = bus->healthy = false;
    snprintf(bus->health, sizeof bus->health, "the broker cannot be reached");
    nats_resolve_all(bus, INT64_MAX); /* sent again by the same name, whatever became of it */
    nats_say_link(bus, "the broker cannot be reached: trying again");
    pthread_mutex_unlock(&bus->lock);
}

static void on_closed(natsConnection *connection, void *closure)
{
    struct nats_bus *bus = closure;
    (void)connection;
    pthread_mutex_lock(&bus->lock);
    bus->closed = true;
    bus->connected = bus->ready = bus->healthy = false;
    if (!bus->closing) {
        nats_resolve_all(bus, INT64_MAX);
        nats_say_link(bus, "the broker has refused this node for good (user, password, certificate?): restart it when that is mended");
        snprintf(bus->health, sizeof bus->health, "%s", bus->why);
    }
    pthread_cond_broadcast(&bus->keep);
    pthread_mutex_unlock(&bus->lock);
}

static void on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status, void *closure)
{
    (void)connection; /* libnats would print it otherwise; what it means shows in the link and in answers that do not come */
    (void)subscription;
    (void)status;
    (void)closure;
}

/* --- opening and closing --- */

static natsStatus set_options(struct nats_bus *bus)
{
    natsOptions *o = NULL;
    const char *servers[NATS_HOSTS];
    for (int i = 0; i < bus->url.n; i++) {
        servers[i] = bus->url.urls[i];
    }
    natsStatus status = natsOptions_Create(&bus->nats_options);
    o = bus->nats_options;
    if (status == NATS_OK) {
        status = natsOptions_SetServers(o, servers, bus->url.n);
    }
    if (status == NATS_OK && bus->url.user) {
        status = natsOptions_SetUserInfo(o, bus->url.user, bus->url.password);
    }
    if (status == NATS_OK && bus->url.creds) {
        status = natsOptions_SetUserCredentialsFromFiles(o, bus->url.creds, NULL);
    }
    if (status == NATS_OK && bus->url.tls) {
        status = natsOptions_SetSecure(o, true);
    }
    if (status == NATS_OK && bus->url.ca) {
        status = natsOptions_LoadCATrustedCertificates(o, bus->url.ca);
    }
    if (status == NATS_OK) {
        natsOptions_SetName(o, bus->options.node);
        natsOptions_SetTimeout(o, NATS_WAIT_MS);
        natsOptions_SetMaxReconnect(o, -1);
        natsOptions_SetReconnectWait(o, 200);
        natsOptions_SetReconnectJitter(o, 100, 100);
        natsOptions_SetPingInterval(o, 2000);
        natsOptions_SetMaxPingsOut(o, 2);
        natsOptions_SetNoEcho(o, true);                /* notices of one's own */
        natsOptions_UseGlobalMessageDelivery(o, true); /* not a thread for each partition that is followed */
        natsOptions_SetWriteDeadline(o, 5000);
        natsOptions_SetRetryOnFailedConnect(o, true, on_connected, bus);
        natsOptions_SetReconnectedCB(o, on_connected, bus);
        natsOptions_SetDisconnectedCB(o, on_disconnected, bus);
        natsOptions_SetClosedCB(o, on_closed, bus);
        natsOptions_SetErrorHandler(o, on_error, bus);
    }
    return status;
}

natsStatus nats_link_subscribe(struct nats_bus *bus, natsSubscription **to, const char *subject, natsMsgHandler handler)
{
    natsStatus status = natsConnection_Subscribe(to, bus->connection, subject, handler, bus);
    if (status == NATS_OK) {
        natsSubscription_SetPendingLimits(*to, -1, -1); /* what comes was asked for, or is dropped by the handler */
        if (natsSubscription_SetOnCompleteCB(*to, on_subscription_end, bus) == NATS_OK) {
            pthread_mutex_lock(&bus->lock);
            bus->running++;
            pthread_mutex_unlock(&bus->lock);
        }
    }
    return status;
}

bool nats_link_open(struct nats_bus *bus, char *why, size_t size)
{
    char subject[NATS_REPLY_SIZE], topics[NATS_SUBJECT_SIZE];
    jsOptions js;
    natsInbox *inbox = NULL;
    natsStatus status = set_options(bus);
    if (status == NATS_OK) {
        status = natsConnection_Connect(&bus->connection, bus->nats_options);
    }
    bool later = status == NATS_NOT_YET_CONNECTED;
    if (status == NATS_OK || later) {
        status = natsInbox_Create(&inbox);
    }
    if (status == NATS_OK) {
        snprintf(bus->inbox, sizeof bus->inbox, "%s", inbox);
        snprintf(subject, sizeof subject, "%s.>", inbox);
        status = nats_link_subscribe(bus, &bus->answers, subject, nats_on_message);
    }
    natsInbox_Destroy(inbox);
    if (status == NATS_OK) {
        snprintf(topics, sizeof topics, "%sn.*", bus->prefix);
        status = nats_link_subscribe(bus, &bus->notices, topics, nats_on_notice);
    }
    jsOptions_Init(&js);
    js.Wait = NATS_WAIT_MS;
    if (status == NATS_OK) {
        status = natsConnection_JetStream(&bus->js, bus->connection, &js);
    }
    if (status != NATS_OK) {
        snprintf(why, size, "bus: connecting to %s: %s", bus->url.hosts[0], natsStatus_GetText(status));
        return false;
    }
    pthread_mutex_lock(&bus->lock);
    bus->connected = bus->connected || !later;
    if (!bus->connected) {
        snprintf(bus->health, sizeof bus->health, "none of the %d brokers given can be reached", bus->url.n);
        nats_say_link(bus, bus->health);
    }
    bool connected = bus->connected;
    pthread_mutex_unlock(&bus->lock);
    if (connected) {
        nats_stream_look(bus);
    }
    if (bus->refused) {
        snprintf(why, size, "bus: %s", bus->why);
    }
    return !bus->refused;
}

static void wait_for_end(struct nats_bus *bus, bool connection)
{
    struct timespec until = nats_in_ms(CLOSE_MS);
    pthread_mutex_lock(&bus->lock);
    while ((connection ? !bus->closed : bus->running > 0) && pthread_cond_timedwait(&bus->keep, &bus->lock, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&bus->lock);
}

void nats_link_close(struct nats_bus *bus)
{
    if (bus->connection) {
        natsConnection_FlushTimeout(bus->connection, 500); /* notices that were just given */
        natsSubscription_Unsubscribe(bus->answers);
        natsSubscription_Unsubscribe(bus->notices);
        for (unsigned i = 0; i < bus->options.partitions; i++) {
            natsSubscription_Unsubscribe(bus->followers[i].copies[0]);
            natsSubscription_Unsubscribe(bus->followers[i].copies[1]);
        }
        wait_for_end(bus, false);
        natsSubscription_Destroy(bus->answers);
        natsSubscription_Destroy(bus->notices);
        for (unsigned i = 0; i < bus->options.partitions; i++) {
            natsSubscription_Destroy(bus->followers[i].copies[0]);
            natsSubscription_Destroy(bus->followers[i].copies[1]);
        }
        natsConnection_Close(bus->connection);
        wait_for_end(bus, true);
        jsCtx_Destroy(bus->js);
        natsConnection_Destroy(bus->connection);
    }
    natsOptions_Destroy(bus->nats_options);
}
