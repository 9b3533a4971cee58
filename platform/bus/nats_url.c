// SPDX-License-Identifier: Apache-2.0
// nats://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][?replicas=N&gib=N&creds=FILE&ca=FILE&tls=yes], or tls://...
// gib: how large the stream may grow, when it is made. Name all servers of a cluster, else one that is half there may be taken for a
// single server; or say replicas.

#include "platform/bus/nats_bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_option(struct nats_url *url, char *option, char *why, size_t size)
{
    char *value = strchr(option, '=');
    if (value) {
        *value++ = '\0';
    }
    if (value && strcmp(option, "replicas") == 0 && value[0] >= '1' && value[0] <= '5' && !value[1]) {
        url->replicas = value[0] - '0';
    } else if (value && strcmp(option, "gib") == 0 && strspn(value, "0123456789") == strlen(value) && atoi(value) > 0 &&
               atoi(value) <= 65536) {
        url->gib = (unsigned)atoi(value);
    } else if (value && strcmp(option, "creds") == 0 && *value) {
        url->creds = value;
    } else if (value && strcmp(option, "ca") == 0 && *value) {
        url->ca = value;
        url->tls = true;
    } else if (value && strcmp(option, "tls") == 0 && strcmp(value, "yes") == 0) {
        url->tls = true;
    } else {
        snprintf(why, size, "bus: expected replicas=1 to 5, gib=N, creds=FILE, ca=FILE or tls=yes after the ?, got %.60s%s%.60s", option,
                 value ? "=" : "", value ? value : "");
        return false;
    }
    return true;
}

static bool read_host(struct nats_url *url, const char *host, char *why, size_t size)
{
    const char *colon = strrchr(host, ':');
    bool port = colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1) && atol(colon + 1) > 0 && atol(colon + 1) < 65536;
    bool bracket = host[0] == '[';
    if (colon && bracket && colon[-1] != ']') {
        colon = NULL;
    }
    if (!*host || strlen(host) > 255 || colon == host || (colon && !port) || strpbrk(host, " /@\"'")) {
        snprintf(why, size, "bus: expected HOST or HOST:PORT (1 to 65535), got \"%.100s\"", strchr(host, '@') ? "(with @)" : host);
        return false;
    }
    if (url->n == NATS_HOSTS) {
        snprintf(why, size, "bus: expected at most %d hosts", NATS_HOSTS);
        return false;
    }
    url->hosts[url->n] = host;
    snprintf(url->urls[url->n], sizeof url->urls[0], "%s://%s%s", url->tls ? "tls" : "nats", host, colon ? "" : ":4222");
    url->n++;
    return true;
}

bool nats_url_read(const char *text, struct nats_url *url, char *why, size_t size)
{
    *url = (struct nats_url){.tls = strncmp(text, "tls:", 4) == 0};
    char *at = strstr(text, "://"), *save = NULL;
    if (!at || strlen(text) >= sizeof url->text) {
        snprintf(why, size, "bus: expected nats://HOST:PORT[,HOST:PORT...][?replicas=N], below %zu characters", sizeof url->text);
        return false;
    }
    snprintf(url->text, sizeof url->text, "%s", at + 3);
    char *options = strchr(url->text, '?');
    if (options) {
        *options++ = '\0';
    }
    for (char *option = options ? strtok_r(options, "&", &save) : NULL; option; option = strtok_r(NULL, "&", &save)) {
        if (!read_option(url, option, why, size)) {
            return false;
        }
    }
    char *hosts = url->text, *sign = strrchr(hosts, '@');
    if (sign) {
        *sign = '\0';
        url->user = hosts;
        hosts = sign + 1;
        char *colon = strchr(url->text, ':');
        if (!colon || colon == url->text) {
            snprintf(why, size, "bus: expected USER:PASSWORD before the @");
            return false;
        }
        *colon = '\0';
        url->password = colon + 1;
    }
    size_t length = strlen(hosts);
    if (length && hosts[length - 1] == '/') {
        hosts[length - 1] = '\0';
    }
    if (!*hosts || strstr(hosts, ",,") || hosts[strlen(hosts) - 1] == ',') {
        snprintf(why, size, "bus: expected HOST:PORT[,HOST:PORT...], got \"%.100s\"", hosts);
        return false;
    }
    for (char *host = strtok_r(hosts, ",", &save); host; host = strtok_r(NULL, ",", &save)) {
        if (!read_host(url, host, why, size)) {
            return false;
        }
    }
    return true;
}
