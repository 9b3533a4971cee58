// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_internal.h"

#define CORRIDOR_M  500.0
#define TOLERANCE_M 40.0 /* of the planned line against the road: well inside the corridor */
/* The history of up to 13 hours arrives only now: until it has, each of its gaps would be a silence for the rule. */
#define SILENCE_MINUTES   900
#define DEPART_MS         (120 * MINUTE_MS)
#define MINUTE_MS         60000
#define CREATED_BEFORE_MS (90 * MINUTE_MS)

static const struct party party_table[] = {
    {.id = "transit-customs", .kind = PARTY_KIND_ADMINISTRATION, .name = "Corridor Transit Customs (demo)", .code = "CTC"},
    {.id = "seal-operator", .kind = PARTY_KIND_OPERATOR, .name = "Corridor Seal Service (demo)", .code = "CSS"},
    {.id = "carrier-acacia", .kind = PARTY_KIND_CARRIER, .name = "Acacia Haulage (demo)", .code = "C-ACA"},
    {.id = "carrier-baobab", .kind = PARTY_KIND_CARRIER, .name = "Baobab Freight (demo)", .code = "C-BAO"},
    {.id = "carrier-crane", .kind = PARTY_KIND_CARRIER, .name = "Crane Logistics (demo)", .code = "C-CRA"},
    {.id = "carrier-savanna", .kind = PARTY_KIND_CARRIER, .name = "Savanna Carriers (demo)", .code = "C-SAV"},
};
#define PARTIES_N     (sizeof party_table / sizeof party_table[0])
#define CARRIER_FIRST 2
#define CARRIERS_N    (PARTIES_N - CARRIER_FIRST)

static const char *const cargoes[] = {
    "Spare parts for vehicles",
    "Sugar in bags",
    "Cigarettes",
    "Mobile telephones",
    "Textiles",
    "Tyres",
    "Medicines",
    "Spirits in bottles",
    "Cooking oil in drums",
    "Roofing sheets",
    "Solar panels",
    "Laptop computers",
    "Milk powder",
    "Fertiliser",
    "Ceramic tiles",
    "Coffee, green",
};
#define CARGOES_N (sizeof cargoes / sizeof cargoes[0])

static const enum station_kind station_kinds[] = {
    [SIM_TOWN] = STATION_KIND_STOP, [SIM_CHECKPOINT] = STATION_KIND_CHECKPOINT, [SIM_DEPOT] = STATION_KIND_DEPOT,
    [SIM_PORT] = STATION_KIND_PORT, [SIM_BORDER] = STATION_KIND_BORDER,         [SIM_STOP] = STATION_KIND_STOP};

static const int32_t stop_minutes[] = {[SIM_CHECKPOINT] = 60, [SIM_DEPOT] = 180, [SIM_PORT] = 0, [SIM_BORDER] = 300, [SIM_STOP] = 90};

static void station_id(enum sim_place_id place, char id[MODEL_ID_SIZE])
{
    static const char *const ids[] = {
#define PLACE(id, name, code, kind, lat, lon, altitude, radius) #id,
#include "sim/roads.def"
#undef PLACE
    };
    snprintf(id, MODEL_ID_SIZE, "%s", ids[place]);
    for (char *c = id; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
}

static struct place place_of(enum sim_place_id id)
{
    const struct sim_place *from = &sim_places[id];
    struct place p = {.lat = from->lat, .lon = from->lon, .radius_m = from->radius_m};
    snprintf(p.name, sizeof p.name, "%s", from->name);
    if (from->kind != SIM_TOWN)
        station_id(id, p.station);
    return p;
}

static bool make_stations(struct world_plan *plan)
{
    struct station *stations = calloc(SIM_PLACES_N, sizeof *stations);
    if (!stations)
        return false;
    plan->stations = stations;
    for (int i = 0; i < SIM_PLACES_N; i++) {
        if (sim_places[i].kind == SIM_TOWN)
            continue;
        struct station *s = &stations[plan->n_stations++];
        station_id((enum sim_place_id)i, s->id);
        s->kind = station_kinds[sim_places[i].kind];
        snprintf(s->name, sizeof s->name, "%s", sim_places[i].name);
        snprintf(s->code, sizeof s->code, "%s", sim_places[i].code);
        s->lat = sim_places[i].lat;
        s->lon = sim_places[i].lon;
        s->radius_m = sim_places[i].radius_m;
    }
    return true;
}

/* Owner code, serial and the check digit of ISO 6346, clause 4. */
static void container_number(char to[12], unsigned serial)
{
    static const char values[] = "0123456789A?BCDEFGHIJK?LMNOPQRSTU?VWXYZ"; /* a letter's value: its index, 11, 22, 33 left out */
    unsigned sum = 0;
    snprintf(to, 12, "BLUU%06u", serial % 1000000);
    for (unsigned i = 0; i < 10; i++)
        sum += (unsigned)(strchr(values, to[i]) - values) << i;
    to[10] = (char)('0' + sum % 11 % 10);
    to[11] = 0;
}

static void make_seal(struct world *world, size_t i, struct seal *seal)
{
    const struct truck *t = &world->trucks[i];
    const struct sim_device *d = &t->device;
    *seal = (struct seal){.class_ = SEAL_CLASS_ACTIVE, .life = t->role == ROLE_RELEASED ? SEAL_LIFE_UNSEALED : SEAL_LIFE_SEALED};
    snprintf(seal->id, sizeof seal->id, "%s:%s", d->kind->protocol, d->id);
    snprintf(seal->label, sizeof seal->label, "%s %04zu", d->kind->name, 4000 + i);
    snprintf(seal->model, sizeof seal->model, "%s", d->kind->profile);
    snprintf(seal->owner, sizeof seal->owner, "seal-operator");
    snprintf(seal->journey, sizeof seal->journey, "%s", t->role == ROLE_RELEASED ? "" : world->plan.journeys[i]->id);
    seal->created_ms = t->sealed_ms - 30 * INT64_C(86400000);
}

static void put_texts(const struct world *world, struct journey *j, struct truck *t, size_t i)
{
    struct sim_random r = sim_random_split(&t->random, 7);
    unsigned letters = sim_random_below(&r, 26 * 26);
    snprintf(j->id, sizeof j->id, "TR-%06zu", 26000 + i);
    snprintf(j->reference, sizeof j->reference, "T1-26-%07u", 1000000 + sim_random_below(&r, 8999999));
    snprintf(j->vehicle, sizeof j->vehicle, "K%c%c %03u%c", 'A' + (int)(letters / 26), 'A' + (int)(letters % 26),
             sim_random_below(&r, 1000), 'A' + (int)sim_random_below(&r, 26));
    snprintf(j->driver, sizeof j->driver, "Driver %03zu", i + 1);
    snprintf(j->cargo, sizeof j->cargo, "%s", cargoes[sim_random_below(&r, CARGOES_N)]);
    snprintf(j->carrier, sizeof j->carrier, "%s", party_table[CARRIER_FIRST + i % CARRIERS_N].id);
    snprintf(j->administration, sizeof j->administration, "transit-customs");
    snprintf(j->seals[0], sizeof j->seals[0], "%s:%s", t->device.kind->protocol, t->device.id);
    snprintf(j->credentials[0], sizeof j->credentials[0], "%010lu", (unsigned long)t->card);
    container_number(j->containers[0], (unsigned)(300000 + world->options.seed % 1000 * 100 + i * 37));
    j->n_seals = j->n_credentials = j->n_containers = 1;
}

static bool put_route(struct journey *j, const struct truck *t)
{
    const struct sim_path *path = t->vehicle.path;
    double *lat = malloc(path->n * sizeof *lat), *lon = malloc(path->n * sizeof *lon);
    size_t n = lat && lon ? sim_path_simplify(path, TOLERANCE_M, lat, lon) : 0;
    bool ok = n > 0 && journey_set_route(j, lat, lon, n, CORRIDOR_M);
    free(lat);
    free(lon);
    j->origin = place_of(t->from);
    j->destination = place_of(t->to);
    j->has_origin = j->has_destination = true;
    for (size_t i = 1; i + 1 < path->n_passes && j->n_stops < PLACE_STOPS_MAX; i++) {
        enum sim_place_id id = path->passes[i].place;
        if (sim_places[id].kind == SIM_TOWN)
            continue;
        j->stops[j->n_stops] = place_of(id);
        j->stops[j->n_stops++].max_minutes = stop_minutes[sim_places[id].kind];
    }
    return ok;
}

static void put_times(struct journey *j, const struct truck *t, int64_t start_ms)
{
    int64_t way_ms = t->expected_ms - t->sealed_ms;
    j->created_ms = t->sealed_ms - CREATED_BEFORE_MS;
    j->sealed_at_ms = t->sealed_ms;
    if (t->sealed_ms + DEPART_MS > start_ms) /* else it is under way since long: a limit that nobody watches any more */
        j->depart_by_ms = t->sealed_ms + DEPART_MS;
    j->arrive_by_ms = t->sealed_ms + way_ms + way_ms / 4 + 120 * MINUTE_MS;
    j->arrived_at_ms = j->unsealed_at_ms = BULLA_TIME_NONE;
    j->state = JOURNEY_UNDER_WAY;
    j->silence_minutes = t->role == ROLE_SILENT ? 120 : SILENCE_MINUTES;
    if (t->role == ROLE_RELEASED) {
        j->state = JOURNEY_RELEASED;
        j->arrived_at_ms = t->expected_ms;
        j->unsealed_at_ms = t->expected_ms + 2 * MINUTE_MS;
    }
}

static bool crosses_border(const struct truck *t)
{
    const struct sim_path *path = t->vehicle.path;
    for (size_t i = 0; i < path->n_passes; i++)
        if (sim_places[path->passes[i].place].kind == SIM_BORDER)
            return true;
    return false;
}

static struct journey *make_journey(struct world *world, size_t i)
{
    struct truck *t = &world->trucks[i];
    struct journey *j = journey_new();
    if (!j)
        return NULL;
    j->mode = JOURNEY_MODE_ROAD;
    j->regime = crosses_border(t) ? JOURNEY_REGIME_TRANSIT : JOURNEY_REGIME_INTERNAL;
    put_texts(world, j, t, i);
    put_times(j, t, world->options.start_ms);
    if (!put_route(j, t)) {
        journey_free(j);
        return NULL;
    }
    return j;
}

bool world_plan_make(struct world *world)
{
    struct world_plan *plan = &world->plan;
    struct seal *seals = calloc(world->n, sizeof *seals);
    struct journey **journeys = calloc(world->n, sizeof(struct journey *));
    plan->seals = seals;
    plan->journeys = (const struct journey *const *)journeys;
    plan->parties = party_table;
    plan->n_parties = PARTIES_N;
    plan->password = world->password;
    if (!seals || !journeys || !make_stations(plan))
        return false;
    for (size_t i = 0; i < world->n; i++) {
        if (!(journeys[i] = make_journey(world, i)))
            return false;
        plan->n_journeys++;
        make_seal(world, i, &seals[plan->n_seals++]);
    }
    return true;
}

void world_plan_clear(struct world *world)
{
    struct world_plan *plan = &world->plan;
    for (size_t i = 0; i < plan->n_journeys; i++)
        journey_free((struct journey *)(uintptr_t)plan->journeys[i]);
    free((void *)(uintptr_t)plan->journeys);
    free((void *)(uintptr_t)plan->seals);
    free((void *)(uintptr_t)plan->stations);
}
