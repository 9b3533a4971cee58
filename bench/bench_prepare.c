/* SPDX-License-Identifier: Apache-2.0
 *
 * A data directory for the load bench: N seals, each in a journey of its own whose corridor of 200 points holds the
 * places that the bench's devices report, a user, and an API key, which is printed.
 *
 *   bench_prepare DIR N [jt701|jt808]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/load_messages.h"
#include "platform/base/clock.h"
#include "platform/base/ulid.h"
#include "platform/out/out.h"
#include "platform/out/secret.h"
#include "platform/store/store_backend.h"

#define POINTS  200
#define HOUR_MS 3600000

extern const struct store_backend store_sqlite;
static const struct store_backend *const stores[] = {&store_sqlite, NULL};

static void put_journey(struct store *store, const char *seal_id, int64_t now_ms)
{
    double lat[POINTS], lon[POINTS];
    struct journey *j = journey_new();
    for (size_t i = 0; i < POINTS; i++) { /* a bent line around 1.31 south, 36.8 east */
        lat[i] = -1.20 - 0.22 * (double)i / POINTS;
        lon[i] = 36.79 + 0.01 * (double)(i % 20) / 20;
    }
    ulid_put(j->id, now_ms);
    snprintf(j->seals[j->n_seals++], MODEL_SEAL_SIZE, "%s", seal_id);
    journey_set_route(j, lat, lon, POINTS, 6000);
    j->state = JOURNEY_UNDER_WAY;
    j->created_ms = j->sealed_at_ms = now_ms - HOUR_MS;
    j->arrive_by_ms = now_ms + 48 * HOUR_MS;
    j->has_origin = j->has_destination = true;
    j->origin = (struct place){.name = "Origin", .lat = -1.0, .lon = 36.8, .radius_m = 500};
    j->destination = (struct place){.name = "Destination", .lat = -1.6, .lon = 36.8, .radius_m = 500};
    if (store_journey_put(store, j, NULL) != STORE_OK)
        fprintf(stderr, "journey: %s\n", store_error(store));
    journey_free(j);
}

static bool put_key(struct store *store, int64_t now_ms)
{
    struct user user = {.role = USER_ROLE_ADMINISTRATOR, .created_ms = now_ms};
    char secret[OUT_SECRET_SIZE], key[OUT_SECRET_SIZE + 8];
    struct session session = {.key = true, .created_ms = now_ms, .expires_ms = now_ms + 24 * HOUR_MS};
    ulid_put(user.id, now_ms);
    snprintf(user.name, sizeof user.name, "bench");
    if (store_user_put(store, &user, NULL) != STORE_OK || !out_secret_new(secret))
        return false;
    snprintf(key, sizeof key, "bulla_%s", secret);
    out_secret_digest(key, session.id);
    snprintf(session.user, sizeof session.user, "%s", user.id);
    snprintf(session.label, sizeof session.label, "bench");
    snprintf(session.scopes, sizeof session.scopes, "read seals journeys commands");
    if (store_session_put(store, &session, NULL) != STORE_OK)
        return false;
    puts(key);
    return true;
}

int main(int argc, char **argv)
{
    char url[512], why[256] = "";
    if (argc < 3) {
        fprintf(stderr, "usage: bench_prepare DIR N [jt701|jt808]\n");
        return 2;
    }
    struct clock clock = clock_system();
    int64_t now_ms = clock_now(&clock);
    if (mkdir(argv[1], 0700) != 0 && errno != EEXIST) {
        perror(argv[1]);
        return 3;
    }
    snprintf(url, sizeof url, "sqlite:%s", argv[1]);
    struct store *store = store_open(stores, url, why, sizeof why);
    if (!store) {
        fprintf(stderr, "%s\n", why);
        return 3;
    }
    const struct load_protocol *protocol = &load_protocols[argc > 3 && strcmp(argv[3], "jt808") == 0];
    unsigned n = (unsigned)atoi(argv[2]);
    for (unsigned i = 0; i < n; i++) {
        struct seal seal = {.class_ = SEAL_CLASS_ACTIVE, .life = SEAL_LIFE_SEALED, .created_ms = now_ms};
        char device[32];
        protocol->id(device, i);
        snprintf(seal.id, sizeof seal.id, "%s:%s", protocol->name, device);
        if (strcmp(protocol->name, "jt808") == 0)
            snprintf(seal.model, sizeof seal.model, "JT709"); /* its clock is UTC */
        store_seal_put(store, &seal, NULL);
        put_journey(store, seal.id, now_ms);
    }
    bool ok = put_key(store, now_ms);
    store_close(store);
    return ok ? 0 : 3;
}
