/* SPDX-License-Identifier: Apache-2.0
 *
 * MQTT by libmosquitto: what its files share.
 *
 *   mqtt.c        the thread: connecting, waiting, ending
 *   mqtt_setup.c  URL and options
 *   mqtt_up.c     messages: read, told to the gateway, waited for
 *   mqtt_down.c   commands
 *
 * The library writes nothing by itself here: mosquitto_threaded_set() makes it leave what it has to say in its queue until
 * mosquitto_loop_write(), and all of that is called by our one thread. So an acknowledgement that the library made for a message while it
 * was read stays with us until the message is durable; if it does not become so, the connection ends without it and the broker, which
 * keeps our session, gives the message again (decision 013).
 */
#ifndef IN_MQTT_H
#define IN_MQTT_H

#include <mosquitto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uthash.h>

#include "platform/in/broker.h"

#define MQTT_TOPIC_SIZE  256
#define MQTT_KEEPALIVE_S 30

/* What was told to the gateway and is not durable yet. Lives as long as anybody may still speak of it. */
struct mqtt_ledger {
    pthread_mutex_t mutex;
    pthread_cond_t told;
    unsigned holders, pending;
    bool failed;
};

struct mqtt_device { /* that spoke by itself, not through a network server */
    char device[BULLA_DEVICE_SIZE];
    char topic[MQTT_TOPIC_SIZE]; /* of its commands */
    UT_hash_handle hh;
};

struct mqtt_command { /* on its way to the broker */
    char seal[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE];
    char command[40];
    char topic[MQTT_TOPIC_SIZE];
    uint8_t *bytes; /* NULL once the library has it */
    size_t n;
    int mid; /* the library's number, 0: not given to it yet */
    struct mqtt_command *next;
};

struct mqtt {
    struct broker base;
    struct gateway *gateway;
    /* as set up */
    char host[256], filter[MQTT_TOPIC_SIZE], client[80], user[128], password[256], peer[64];
    const char *ca, *cert, *key;
    int port;
    unsigned device_level; /* of the topic: the last + of the filter; 0: none, counted from 1 */
    bool tls;
    /* the thread's */
    pthread_t thread;
    bool started, refused; /* refused: by the broker, in this connection */
    struct mosquitto *mosquitto;
    struct mqtt_ledger *ledger;
    int rc;         /* the library's last word */
    bool not_taken; /* a message of this round could not be told to the gateway */
    unsigned round; /* messages since acknowledgements were written */
    int64_t retry_ms;
    int wake_fd;
    atomic_bool stopping, up;
    atomic_ullong connects, messages, acknowledged, given_up, sent;
    pthread_mutex_t mutex; /* guards what follows; the gateway's may be held before it, never the other way round */
    struct mqtt_device *devices;
    struct mqtt_command *commands;
    size_t n_commands;
};

/* mqtt_setup.c */
bool mqtt_set_up(struct mqtt *m, const struct broker_options *options, bool tls, char *why, size_t size);
/* A client of the library with all of it; NULL with a sentence in why. */
struct mosquitto *mqtt_client(struct mqtt *m, char *why, size_t size);

/* mqtt_up.c */
struct mqtt_ledger *mqtt_ledger_new(void);
void mqtt_ledger_leave(struct mqtt_ledger *ledger);
/* Waits until all that was told is known about, at most so long; true when all of it is durable. */
bool mqtt_ledger_wait(struct mqtt_ledger *ledger, unsigned wait_ms, bool *known);
void mqtt_on_message(struct mosquitto *mosquitto, void *context, const struct mosquitto_message *message);

/* mqtt_down.c */
bool mqtt_send(void *context, const char *seal, const char *command_id, struct bulla_bytes bytes); /* gateway_carrier.send */
void mqtt_heard(struct mqtt *m, const char *device, const char *topic);
void mqtt_publish(struct mqtt *m); /* gives the library what waits */
void mqtt_on_publish(struct mosquitto *mosquitto, void *context, int mid);
void mqtt_drop_commands(struct mqtt *m); /* the connection is gone: the gateway is told so */
void mqtt_down_free(struct mqtt *m);

int64_t mqtt_now_ms(void); /* of the machine's steady clock: for time limits */

#endif
