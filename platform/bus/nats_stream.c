// SPDX-License-Identifier: Apache-2.0
// The stream: made where it is missing, refused when it is another's, watched. Waits for the broker; without the bus's lock.

#include "platform/bus/nats_bus.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EPOCH_2026 = 1767225600 };
#define DESCRIPTION "Bulla parcels, incarnation "
#define AWAY_NS     INT64_C(5000000000)
#define HOUR_NS     INT64_C(3600000000000)

struct look {
    natsStatus status;
    jsErrCode code;
    uint64_t incarnation;
    bool refused;
    char why[NATS_WHY_SIZE];
};

static void name_failure(const struct nats_bus *bus, struct look *look, const char *doing)
{
    natsStatus last = NATS_OK;
    const char *words = nats_GetLastError(&last);
    snprintf(look->why, sizeof look->why, "%s the stream %s: %s%s%.60s", doing, bus->stream, natsStatus_GetText(look->status),
             words && *words ? ": " : "", words ? words : "");
}

/* How many servers there are as far as is known: given, or told by the one that answers. */
static int servers_of(struct nats_bus *bus)
{
    char **found = NULL;
    int n = 0;
    if (natsConnection_GetDiscoveredServers(bus->connection, &found, &n) == NATS_OK) {
        for (int i = 0; i < n; i++) {
            free(found[i]);
        }
        free(found);
    }
    return n > bus->url.n ? n : bus->url.n;
}

static void describe(char text[80], uint64_t incarnation)
{
    snprintf(text, 80, DESCRIPTION "%" PRIu64, incarnation);
}

static void put_subjects(const struct nats_bus *bus, char to[NATS_SUBJECT_SIZE])
{
    snprintf(to, NATS_SUBJECT_SIZE, "%sp.*", bus->prefix);
}

static natsStatus add(struct nats_bus *bus, struct look *look, int replicas)
{
    char description[80], every[NATS_SUBJECT_SIZE];
    const char *subjects[] = {every};
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    describe(description, look->incarnation);
    put_subjects(bus, every);
    config.Name = bus->stream;
    config.Description = description;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Retention = js_LimitsPolicy;
    config.Storage = js_FileStorage;
    config.Discard = js_DiscardNew; /* full: parcels wait in the outboxes, none is lost */
    config.MaxBytes = bus->url.gib ? (int64_t)bus->url.gib << 30 : (int64_t)LIMIT_BUS_STREAM_BYTES;
    config.MaxAge = LIMIT_BUS_STREAM_HOURS * HOUR_NS;
    config.Duplicates = HOUR_NS / 30;
    config.Replicas = replicas;
    return js_AddStream(NULL, bus->js, &config, NULL, &look->code);
}

static void make(struct nats_bus *bus, struct look *look, uint64_t known)
{
    uint64_t minute = (uint64_t)((time(NULL) - EPOCH_2026) / 60);
    look->incarnation = minute > known ? minute : known + 1;
    int wanted = bus->url.replicas ? bus->url.replicas : servers_of(bus) >= 3 ? 3 : 1;
    look->status = add(bus, look, wanted);
    if (look->status != NATS_OK && !bus->url.replicas && bus->url.n < 3 &&
        (look->code == JSClusterNoPeersErr || look->code == JSStreamReplicasNotSupportedErr)) {
        look->status = add(bus, look, 1);
    }
    if (look->status == NATS_OK) {
        return;
    }
    name_failure(bus, look, "making");
    if (look->code == JSStreamReplicasNotSupportedErr) {
        look->refused = true;
        snprintf(look->why, sizeof look->why, "expected a cluster for %d replicas, got one server: start more, or say replicas=1", wanted);
    } else if (look->code == JSClusterNoPeersErr) {
        snprintf(look->why, sizeof look->why, "the cluster has too few servers now for %d replicas: start the others", wanted);
    }
}

static bool is_ours(const struct nats_bus *bus, const jsStreamConfig *config, struct look *look)
{
    const char *wrong = NULL;
    char every[NATS_SUBJECT_SIZE];
    put_subjects(bus, every);
    if (config->SubjectsLen != 1 || strcmp(config->Subjects[0], every) != 0) {
        wrong = "subjects of this store alone";
    } else if (!config->Description || sscanf(config->Description, DESCRIPTION "%" SCNu64, &look->incarnation) != 1 || !look->incarnation) {
        wrong = "the description that Bulla gives";
    } else if (config->Retention != js_LimitsPolicy || config->Storage != js_FileStorage || config->Discard != js_DiscardNew) {
        wrong = "retention limits, storage file, discard new";
    }
    if (wrong) {
        look->refused = true;
        snprintf(look->why, sizeof look->why, "the stream %s is another's: expected %s: use another broker, or remove it", bus->stream,
                 wrong);
    }
    return !wrong;
}

/* Other replicas were asked for, or places must grow past an incarnation that is missed. */
static void mend(struct nats_bus *bus, struct look *look, jsStreamConfig *config, uint64_t missed)
{
    char description[80];
    bool more = bus->url.replicas && bus->url.replicas != (int)config->Replicas;
    if (!more && missed < look->incarnation) {
        return;
    }
    const char *before = config->Description;
    int64_t replicas = config->Replicas;
    uint64_t incarnation = missed < look->incarnation ? look->incarnation : missed + 1;
    describe(description, incarnation);
    config->Description = description;
    config->Replicas = more ? bus->url.replicas : replicas;
    look->status = js_UpdateStream(NULL, bus->js, config, NULL, &look->code);
    config->Description = before; /* its owner frees it */
    config->Replicas = replicas;
    if (look->status == NATS_OK) {
        look->incarnation = incarnation;
    } else {
        name_failure(bus, look, "changing");
    }
}

static size_t say(char *text, size_t used, const char *format, ...) __attribute__((format(printf, 3, 4)));
static size_t say(char *text, size_t used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = used < NATS_HEALTH_SIZE ? vsnprintf(text + used, NATS_HEALTH_SIZE - used, format, arguments) : 0;
    va_end(arguments);
    return used + (n > 0 ? (size_t)n : 0);
}

static bool write_health(const jsStreamInfo *info, char text[NATS_HEALTH_SIZE])
{
    const jsClusterInfo *cluster = info->Cluster;
    int there = 1, behind = 0;
    uint64_t most = info->Config->MaxBytes > 0 ? (uint64_t)info->Config->MaxBytes : UINT64_MAX;
    size_t used = say(text, 0, "stream %s: %" PRIu64 " messages, %" PRIu64 " MB of %" PRIu64, info->Config->Name, info->State.Msgs,
                      info->State.Bytes >> 20, most >> 20);
    bool full = info->State.Bytes > most / 10 * 9;
    if (full) {
        used = say(text, used, " (nearly full: the workers are behind)");
    }
    if (!cluster || info->Config->Replicas < 2) {
        say(text, used, "; one replica: what the broker has not yet written is sent again from the outboxes when it fails");
        return !full;
    }
    bool led = cluster->Leader && *cluster->Leader;
    used = say(text, used, "; %d replicas, leader %s", (int)info->Config->Replicas, led ? cluster->Leader : "none");
    for (int i = 0; i < cluster->ReplicasLen; i++) {
        const jsPeerInfo *peer = cluster->Replicas[i];
        bool away = peer->Offline || peer->Active > AWAY_NS; /* the first is known late */
        there += !away;
        behind += !away && !peer->Current;
        if (away) {
            used = say(text, used, ", %s is away", peer->Name);
        } else if (!peer->Current) {
            used = say(text, used, ", %s is %" PRIu64 " behind", peer->Name, peer->Lag);
        }
    }
    bool quorum = led && there > info->Config->Replicas / 2;
    say(text, used, "%s", !quorum ? ": no quorum: nothing can be sent" : there == info->Config->Replicas && !behind ? ", all current" : "");
    return quorum && !full && there == info->Config->Replicas && !behind;
}

static void finish(struct nats_bus *bus, struct look *look, const jsStreamInfo *info)
{
    pthread_mutex_lock(&bus->lock);
    bool right = look->status == NATS_OK && !look->refused;
    if (right) {
        if (look->incarnation != bus->incarnation || !bus->ready) {
            bus->incarnation = look->incarnation;
            nats_follow_restart(bus);
        }
        bus->last_sequence = info ? info->State.LastSeq : 0;
        bus->missed = 0;
        bus->ready = bus->connected;
        bus->refused = false;
        bus->healthy = info && write_health(info, bus->health);
        nats_say_link(bus, bus->ready ? "" : "the link has just gone");
    } else {
        bus->refused = look->refused;
        /* Where the stream was seen, a look that fails says nothing about sending: a leader is being elected. */
        bus->ready = bus->ready && !look->refused && look->code != JSStreamNotFoundErr;
        bus->healthy = false;
        snprintf(bus->health, sizeof bus->health, "%s", look->why);
        nats_say_link(bus, look->why);
    }
    bus->looked_ms = nats_now_ms();
    pthread_mutex_unlock(&bus->lock);
}

void nats_stream_look(struct nats_bus *bus)
{
    struct look look = {.status = NATS_OK};
    jsStreamInfo *info = NULL;
    pthread_mutex_lock(&bus->lock);
    uint64_t known = bus->incarnation > bus->missed ? bus->incarnation : bus->missed, missed = bus->missed;
    bus->look_now = false;
    pthread_mutex_unlock(&bus->lock);
    look.status = js_GetStreamInfo(&info, bus->js, bus->stream, NULL, &look.code);
    if (look.status == NATS_OK) {
        if (is_ours(bus, info->Config, &look)) {
            mend(bus, &look, info->Config, missed);
        }
    } else if (look.code == JSStreamNotFoundErr || look.status == NATS_NOT_FOUND) {
        make(bus, &look, known);
        if (look.status == NATS_OK) { /* as it is: two may make it at the same time */
            look.status = js_GetStreamInfo(&info, bus->js, bus->stream, NULL, &look.code);
            if (look.status == NATS_OK) {
                is_ours(bus, info->Config, &look);
            } else {
                name_failure(bus, &look, "asking for");
            }
        }
    } else {
        name_failure(bus, &look, "asking for");
    }
    finish(bus, &look, info);
    jsStreamInfo_Destroy(info);
}
