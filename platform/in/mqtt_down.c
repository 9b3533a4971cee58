/* SPDX-License-Identifier: Apache-2.0
 *
 * MQTT: commands on their way to devices. A command is sent when the broker has acknowledged it: it keeps it for a device that has a
 * session and sleeps.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "platform/base/limits.h"
#include "platform/in/mqtt.h"

/* The topic of a device's commands: that of its messages, with `down` for its last level. */
static bool down_topic(char to[MQTT_TOPIC_SIZE], const char *up)
{
    const char *last = strrchr(up, '/');
    int n = last ? snprintf(to, MQTT_TOPIC_SIZE, "%.*s/down", (int)(last - up), up) : -1;
    return n > 0 && n < MQTT_TOPIC_SIZE;
}

static void forget(struct mqtt *m, struct mqtt_device *d)
{
    HASH_DEL(m->devices, d);
    free(d);
}

/* The table keeps the order in which they last spoke. */
void mqtt_heard(struct mqtt *m, const char *device, const char *topic)
{
    char down[MQTT_TOPIC_SIZE];
    struct mqtt_device *d;
    if (!down_topic(down, topic))
        return;
    pthread_mutex_lock(&m->mutex);
    HASH_FIND_STR(m->devices, device, d);
    if (d)
        HASH_DEL(m->devices, d);
    else if ((d = calloc(1, sizeof *d)))
        snprintf(d->device, sizeof d->device, "%s", device);
    if (d) {
        memcpy(d->topic, down, sizeof down);
        HASH_ADD_STR(m->devices, device, d);
    }
    if (HASH_COUNT(m->devices) > LIMIT_BROKER_DEVICES)
        forget(m, m->devices);
    pthread_mutex_unlock(&m->mutex);
}

static void command_free(struct mqtt_command *c)
{
    if (c->bytes)
        OPENSSL_cleanse(c->bytes, c->n); /* it may hold a password */
    free(c->bytes);
    free(c);
}

/* {"command": ...} as the protocol writes it gets the command's id in front. */
static struct mqtt_command *command_new(const char *seal, const char *command_id, const char *topic, struct bulla_bytes bytes)
{
    struct mqtt_command *c = calloc(1, sizeof *c);
    size_t size = bytes.len + sizeof c->command + 16;
    uint8_t *text = c ? malloc(size) : NULL;
    if (!text) {
        free(c);
        return NULL;
    }
    snprintf(c->seal, sizeof c->seal, "%s", seal);
    snprintf(c->command, sizeof c->command, "%s", command_id);
    memcpy(c->topic, topic, sizeof c->topic);
    int head = snprintf((char *)text, size, "{\"id\":\"%s\",", c->command);
    memcpy(text + head, bytes.at + 1, bytes.len - 1);
    c->bytes = text;
    c->n = (size_t)head + bytes.len - 1;
    return c;
}

bool mqtt_send(void *context, const char *seal, const char *command_id, struct bulla_bytes bytes)
{
    struct mqtt *m = context;
    struct mqtt_device *d = NULL;
    struct mqtt_command *c = NULL, **end;
    if (strncmp(seal, "json:", 5) != 0 || !atomic_load(&m->up))
        return false;
    pthread_mutex_lock(&m->mutex);
    HASH_FIND_STR(m->devices, seal + 5, d);
    if (d && m->n_commands < LIMIT_BROKER_COMMANDS)
        c = command_new(seal, command_id, d->topic, bytes);
    if (c) {
        for (end = &m->commands; *end; end = &(*end)->next) {
        }
        *end = c;
        m->n_commands++;
    }
    pthread_mutex_unlock(&m->mutex);
    if (c && eventfd_write(m->wake_fd, 1) != 0)
        return true; /* it is woken already */
    return c != NULL;
}

void mqtt_publish(struct mqtt *m)
{
    pthread_mutex_lock(&m->mutex);
    for (struct mqtt_command *c = m->commands; c; c = c->next) {
        if (c->mid || mosquitto_publish(m->mosquitto, &c->mid, c->topic, (int)c->n, c->bytes, 1, false) != MOSQ_ERR_SUCCESS)
            continue;
        OPENSSL_cleanse(c->bytes, c->n);
        free(c->bytes);
        c->bytes = NULL;
        c->n = 0;
    }
    pthread_mutex_unlock(&m->mutex);
}

/* Takes the first command out that has the number; any: whatever its number. */
static struct mqtt_command *take(struct mqtt *m, int mid, bool any)
{
    pthread_mutex_lock(&m->mutex);
    struct mqtt_command **at = &m->commands;
    while (*at && !any && (*at)->mid != mid)
        at = &(*at)->next;
    struct mqtt_command *c = *at;
    if (c) {
        *at = c->next;
        m->n_commands--;
    }
    pthread_mutex_unlock(&m->mutex);
    return c;
}

void mqtt_on_publish(struct mosquitto *mosquitto, void *context, int mid)
{
    struct mqtt *m = context;
    struct mqtt_command *c = take(m, mid, false);
    (void)mosquitto;
    if (!c)
        return;
    atomic_fetch_add(&m->sent, 1);
    gateway_carried(m->gateway, c->seal, c->command, true);
    command_free(c);
}

void mqtt_drop_commands(struct mqtt *m)
{
    for (struct mqtt_command *c; (c = take(m, 0, true));) {
        gateway_carried(m->gateway, c->seal, c->command, false);
        command_free(c);
    }
}

void mqtt_down_free(struct mqtt *m)
{
    for (struct mqtt_command *c; (c = take(m, 0, true));)
        command_free(c);
    struct mqtt_device *d, *next;
    HASH_ITER(hh, m->devices, d, next)
    {
        forget(m, d);
    }
}
