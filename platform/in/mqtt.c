/* SPDX-License-Identifier: Apache-2.0
 *
 * MQTT: the thread. It connects, reads what has come, waits until that is durable, writes what the library has to say, and waits again.
 */
#include "platform/in/mqtt.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/base/limits.h"
#include "platform/base/log.h"

#define WAIT_MS 1000 /* between looks at the time limits */

/* --- waiting --- */

/* Until something can be read, or written where there is something to write, or somebody wakes us. */
static void wait_for(struct mqtt *m, int wait_ms)
{
    int socket = m->mosquitto ? mosquitto_socket(m->mosquitto) : -1;
    short writes = socket >= 0 && mosquitto_want_write(m->mosquitto) ? POLLOUT : 0;
    struct pollfd fds[] = {{.fd = m->wake_fd, .events = POLLIN}, {.fd = socket, .events = (short)(POLLIN | writes)}};
    eventfd_t ignored;
    if (poll(fds, socket >= 0 ? 2 : 1, wait_ms) > 0 && fds[0].revents)
        (void)!eventfd_read(m->wake_fd, &ignored);
}

static bool readable(struct mqtt *m)
{
    struct pollfd fd = {.fd = mosquitto_socket(m->mosquitto), .events = POLLIN};
    return fd.fd >= 0 && poll(&fd, 1, 0) > 0;
}

/* --- connecting --- */

static bool answers(const struct addrinfo *at)
{
    int error = 0, s = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    socklen_t n = sizeof error;
    if (s < 0)
        return false;
    bool good = connect(s, at->ai_addr, at->ai_addrlen) == 0;
    if (!good && errno == EINPROGRESS) {
        struct pollfd fd = {.fd = s, .events = POLLOUT};
        good = poll(&fd, 1, LIMIT_BROKER_CONNECT_MS) > 0 && getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0;
    }
    close(s);
    return good;
}

/* The library has no time limit for connecting: whoever does not answer a connection of ours is not asked for another. */
static bool somebody_answers(const struct mqtt *m)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    char port[12];
    snprintf(port, sizeof port, "%d", m->port);
    if (getaddrinfo(m->host, port, &hints, &list) != 0)
        return false;
    bool good = false;
    for (const struct addrinfo *at = list; at && !good && !atomic_load(&m->stopping); at = at->ai_next)
        good = answers(at);
    freeaddrinfo(list);
    return good;
}

static void on_connect(struct mosquitto *mosquitto, void *context, int rc)
{
    static struct log_gate gate;
    struct mqtt *m = context;
    m->refused = rc != 0 || mosquitto_subscribe(mosquitto, NULL, m->filter, 1) != MOSQ_ERR_SUCCESS;
    if (rc != 0)
        log_gated(&gate, LOG_ERROR, "mqtt", "%s refuses the connection: %s", m->peer, mosquitto_connack_string(rc));
}

static void on_subscribe(struct mosquitto *mosquitto, void *context, int mid, int n, const int *granted)
{
    struct mqtt *m = context;
    (void)mosquitto, (void)mid;
    m->refused = n < 1 || granted[0] > 2;
    if (m->refused) {
        log_say(LOG_ERROR, "mqtt", "%s refuses the topics %s", m->peer, m->filter);
        return;
    }
    m->retry_ms = 0;
    atomic_store(&m->up, true);
    log_say(LOG_INFO, "mqtt", "%s gives us %s", m->peer, m->filter);
}

static bool connect_now(struct mqtt *m)
{
    static struct log_gate gate;
    char why[160] = "nobody answers";
    m->refused = m->not_taken = false;
    m->round = 0;
    m->ledger = somebody_answers(m) ? mqtt_ledger_new() : NULL;
    m->mosquitto = m->ledger ? mqtt_client(m, why, sizeof why) : NULL;
    if (m->mosquitto) {
        mosquitto_connect_callback_set(m->mosquitto, on_connect);
        mosquitto_subscribe_callback_set(m->mosquitto, on_subscribe);
        mosquitto_message_callback_set(m->mosquitto, mqtt_on_message);
        mosquitto_publish_callback_set(m->mosquitto, mqtt_on_publish);
        int rc = mosquitto_connect(m->mosquitto, m->host, m->port, MQTT_KEEPALIVE_S);
        if (rc == MOSQ_ERR_SUCCESS) {
            atomic_fetch_add(&m->connects, 1);
            return true;
        }
        snprintf(why, sizeof why, "%s", rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
    }
    log_gated(&gate, LOG_WARN, "mqtt", "%s cannot be reached, trying again: %s", m->peer, why);
    return false;
}

/* What was not acknowledged stays so: nothing is written any more. What the ledger still waits for is waited for before the broker
 * is asked to give it again, so that a store that is slow is not given the same things over and over. */
static void disconnect(struct mqtt *m)
{
    bool known = false;
    atomic_store(&m->up, false);
    mosquitto_destroy(m->mosquitto);
    m->mosquitto = NULL;
    mqtt_drop_commands(m);
    while (m->ledger && !known && !atomic_load(&m->stopping))
        mqtt_ledger_wait(m->ledger, WAIT_MS, &known);
    mqtt_ledger_leave(m->ledger);
    m->ledger = NULL;
}

static void back_off(struct mqtt *m)
{
    m->retry_ms = m->retry_ms ? m->retry_ms * 2 : LIMIT_BROKER_RETRY_MS;
    if (m->retry_ms > LIMIT_BROKER_RETRY_MOST_MS)
        m->retry_ms = LIMIT_BROKER_RETRY_MOST_MS;
    int64_t end_ms = mqtt_now_ms() + m->retry_ms / 2 + random() % (m->retry_ms / 2 + 1); /* not all nodes at once */
    for (int64_t left; !atomic_load(&m->stopping) && (left = end_ms - mqtt_now_ms()) > 0;)
        wait_for(m, (int)left);
}

/* --- a connection --- */

/* Reads what has come and waits until it is durable. False: the connection is over. */
static bool take_in(struct mqtt *m)
{
    bool known = true;
    for (unsigned n = 0; n < LIMIT_BROKER_ROUND && m->round < LIMIT_BROKER_ROUND && readable(m); n++) {
        if ((m->rc = mosquitto_loop_read(m->mosquitto, 1)) != MOSQ_ERR_SUCCESS || m->refused)
            return false;
    }
    if (m->not_taken || !mqtt_ledger_wait(m->ledger, LIMIT_OBSERVE_S * 1000, &known)) {
        log_say(LOG_WARN, "mqtt", "%u messages are not durable%s: %s keeps them and gives them again", m->round, known ? "" : " in time",
                m->peer);
        atomic_fetch_add(&m->given_up, 1);
        return false;
    }
    return true;
}

/* Acknowledgements and commands go out. */
static bool let_out(struct mqtt *m)
{
    if (atomic_load(&m->up))
        mqtt_publish(m);
    m->rc = mosquitto_loop_misc(m->mosquitto);
    if (m->rc == MOSQ_ERR_SUCCESS && mosquitto_want_write(m->mosquitto))
        m->rc = mosquitto_loop_write(m->mosquitto, 1);
    if (m->rc != MOSQ_ERR_SUCCESS)
        return false;
    atomic_fetch_add(&m->acknowledged, m->round);
    m->round = 0;
    return true;
}

static void say_why(const struct mqtt *m)
{
    static struct log_gate gate;
    if (atomic_load(&m->up))
        log_say(LOG_WARN, "mqtt", "the connection to %s is gone, trying again: %s", m->peer, mosquitto_strerror(m->rc));
    else if (!m->refused)
        log_gated(&gate, LOG_WARN, "mqtt", "the connection to %s came to nothing, trying again: %s", m->peer,
                  m->rc == MOSQ_ERR_SUCCESS ? "no answer in time" : mosquitto_strerror(m->rc));
}

static void live(struct mqtt *m)
{
    int64_t until_ms = mqtt_now_ms() + LIMIT_BROKER_ANSWER_MS;
    bool good = true;
    while (good && !atomic_load(&m->stopping)) {
        good = take_in(m) && let_out(m) && (atomic_load(&m->up) || mqtt_now_ms() < until_ms);
        if (good)
            wait_for(m, WAIT_MS);
    }
    if (good && take_in(m) && mosquitto_disconnect(m->mosquitto) == MOSQ_ERR_SUCCESS)
        mosquitto_loop_write(m->mosquitto, 1);
    else if (!good)
        say_why(m);
}

static void *run(void *context)
{
    struct mqtt *m = context;
    pthread_setname_np(pthread_self(), "mqtt");
    while (!atomic_load(&m->stopping)) {
        if (connect_now(m))
            live(m);
        disconnect(m);
        if (!atomic_load(&m->stopping))
            back_off(m);
    }
    return NULL;
}

/* --- life --- */

static void count(void *context, struct gateway_carrier_counts *out)
{
    struct mqtt *m = context;
    *out = (struct gateway_carrier_counts){.connects = atomic_load(&m->connects),
                                           .messages = atomic_load(&m->messages),
                                           .acknowledged = atomic_load(&m->acknowledged),
                                           .given_up = atomic_load(&m->given_up),
                                           .commands = atomic_load(&m->sent),
                                           .up = atomic_load(&m->up)};
}

static void destroy(struct mqtt *m)
{
    mqtt_down_free(m);
    if (m->wake_fd >= 0)
        close(m->wake_fd);
    pthread_mutex_destroy(&m->mutex);
    OPENSSL_cleanse(m->password, sizeof m->password);
    free(m);
    mosquitto_lib_cleanup();
}

static struct broker *open_mqtt(struct gateway *g, const struct broker_options *options, bool tls, char *why, size_t size)
{
    struct mqtt *m = calloc(1, sizeof *m);
    if (!m) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    mosquitto_lib_init();
    pthread_mutex_init(&m->mutex, NULL);
    m->gateway = g;
    m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct mosquitto *client = m->wake_fd >= 0 && mqtt_set_up(m, options, tls, why, size) ? mqtt_client(m, why, size) : NULL;
    if (!client) {
        destroy(m);
        return NULL;
    }
    mosquitto_destroy(client); /* each connection has its own: that all of it can be read was to be known now */
    return &m->base;
}

static struct broker *open_plain(struct gateway *g, const struct broker_options *options, char *why, size_t size)
{
    return open_mqtt(g, options, false, why, size);
}

static struct broker *open_tls(struct gateway *g, const struct broker_options *options, char *why, size_t size)
{
    return open_mqtt(g, options, true, why, size);
}

static bool start(struct broker *broker)
{
    struct mqtt *m = (struct mqtt *)broker;
    m->started = pthread_create(&m->thread, NULL, run, m) == 0;
    if (m->started)
        gateway_carry(m->gateway, &(struct gateway_carrier){m, mqtt_send, count});
    return m->started;
}

static void close_mqtt(struct broker *broker)
{
    struct mqtt *m = (struct mqtt *)broker;
    atomic_store(&m->stopping, true);
    (void)!eventfd_write(m->wake_fd, 1);
    if (m->started) {
        gateway_carry(m->gateway, NULL);
        pthread_join(m->thread, NULL);
    }
    destroy(m);
}

const struct broker_backend broker_mqtt = {"mqtt", open_plain, start, close_mqtt};
const struct broker_backend broker_mqtts = {"mqtts", open_tls, start, close_mqtt};
