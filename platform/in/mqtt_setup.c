/* SPDX-License-Identifier: Apache-2.0
 *
 * MQTT: what was asked for, checked before anything is connected.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "platform/base/log.h"
#include "platform/in/mqtt.h"

#define PORT_PLAIN 1883
#define PORT_TLS   8883

static bool put(char *to, size_t size, const char *from, size_t n)
{
    if (n == 0 || n >= size)
        return false;
    memcpy(to, from, n);
    to[n] = '\0';
    return true;
}

/* scheme://HOST, scheme://HOST:PORT, scheme://[IPv6]:PORT */
static bool read_url(struct mqtt *m, const char *url, char *why, size_t size)
{
    const char *at = strstr(url, "://");
    at = at ? at + 3 : "";
    bool bracket = *at == '[';
    const char *end = bracket ? strchr(at, ']') : at + strcspn(at, ":/");
    const char *host = bracket ? at + 1 : at;
    char *rest = NULL;
    long port = m->tls ? PORT_TLS : PORT_PLAIN;
    bool good = end && !strchr(at, '@') && put(m->host, sizeof m->host, host, (size_t)(end - host));
    end = good && bracket ? end + 1 : end;
    if (good && *end == ':') {
        port = strtol(end + 1, &rest, 10);
        good = rest != end + 1;
        end = rest;
    }
    if (!good || (*end && strcmp(end, "/") != 0) || port < 1 || port > 65535) {
        snprintf(why, size, "expected %s://HOST[:PORT] without user and password (they come from a file), got %.60s",
                 m->tls ? "mqtts" : "mqtt", strchr(url, '@') ? "one with @" : url);
        return false;
    }
    m->port = (int)port;
    snprintf(m->peer, sizeof m->peer, "%.50s:%d", m->host, m->port);
    return true;
}

/* The level of a topic that stands for the device is that of the last +. */
static bool read_filter(struct mqtt *m, const char *filter, char *why, size_t size)
{
    if (!put(m->filter, sizeof m->filter, filter, strlen(filter)) || mosquitto_sub_topic_check(filter) != MOSQ_ERR_SUCCESS) {
        snprintf(why, size, "expected a topic filter such as bulla/+/up, got \"%.80s\"", filter);
        return false;
    }
    const char *topics = filter;
    if (strncmp(filter, "$share/", 7) == 0) /* $share/GROUP/FILTER: its first two levels are in no topic */
        topics = strchr(filter + 7, '/') ? strchr(filter + 7, '/') + 1 : filter;
    unsigned level = 1;
    for (const char *at = topics; *at; at++) {
        if (*at == '+')
            m->device_level = level;
        level += *at == '/';
    }
    return true;
}

static bool take_line(FILE *file, char *to, size_t size)
{
    if (!fgets(to, (int)size, file))
        return false;
    size_t n = strcspn(to, "\r\n");
    bool whole = to[n] || n + 1 < size;
    to[n] = '\0';
    return whole;
}

static bool read_login(struct mqtt *m, const char *path, char *why, size_t size)
{
    struct stat is;
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(why, size, "%.120s: expected a file with user and password, a line each, got: %s", path, strerror(errno));
        return false;
    }
    if (fstat(fileno(file), &is) == 0 && (is.st_mode & 077))
        log_say(LOG_WARN, "mqtt", "%s: others on this machine can read the password; chmod 600 keeps it from them", path);
    bool good = take_line(file, m->user, sizeof m->user) && m->user[0] && take_line(file, m->password, sizeof m->password);
    fclose(file);
    if (!good)
        snprintf(why, size, "%.120s: expected user and password, a line each, got less or longer ones", path);
    return good;
}

bool mqtt_set_up(struct mqtt *m, const struct broker_options *options, bool tls, char *why, size_t size)
{
    m->tls = tls;
    m->ca = options->ca;
    m->cert = options->cert;
    m->key = options->key;
    const char *client = options->client ? options->client : "bulla";
    if (!read_url(m, options->url, why, size) || !read_filter(m, options->filter ? options->filter : "bulla/+/up", why, size))
        return false;
    if (!put(m->client, sizeof m->client, client, strlen(client))) {
        snprintf(why, size, "expected a client name of 1 to %zu bytes, got %zu", sizeof m->client - 1, strlen(client));
        return false;
    }
    if ((m->cert == NULL) != (m->key == NULL)) {
        snprintf(why, size, "expected a certificate and its key, got one of them alone");
        return false;
    }
    if (!tls && (m->ca || m->cert)) {
        snprintf(why, size, "expected mqtts:// beside certificates, got mqtt://");
        return false;
    }
    return !options->login || read_login(m, options->login, why, size);
}

/* A key that asks for a password would wait for somebody at the terminal. */
static int no_password(char *to, int size, int writes, void *context)
{
    (void)to, (void)size, (void)writes, (void)context;
    return 0;
}

static int set_tls(struct mqtt *m, struct mosquitto *client)
{
    int rc = mosquitto_tls_set(client, m->ca, m->ca ? NULL : "/etc/ssl/certs", m->cert, m->key, no_password);
    return rc == MOSQ_ERR_SUCCESS ? mosquitto_tls_opts_set(client, 1, NULL, NULL) : rc; /* 1: the broker must prove who it is */
}

struct mosquitto *mqtt_client(struct mqtt *m, char *why, size_t size)
{
    struct mosquitto *client = mosquitto_new(m->client, false, m);           /* false: the broker keeps the session */
    int rc = client ? mosquitto_threaded_set(client, true) : MOSQ_ERR_NOMEM; /* it writes when we say so: mqtt.h */
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    if (rc == MOSQ_ERR_SUCCESS && m->user[0])
        rc = mosquitto_username_pw_set(client, m->user, m->password);
    if (rc == MOSQ_ERR_SUCCESS && m->tls)
        rc = set_tls(m, client);
    if (rc == MOSQ_ERR_SUCCESS)
        return client;
    snprintf(why, size, "expected certificates and a key that can be read, got: %s", mosquitto_strerror(rc));
    mosquitto_destroy(client);
    return NULL;
}
