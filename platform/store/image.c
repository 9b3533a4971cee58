// SPDX-License-Identifier: Apache-2.0
// The tables of an image; their columns are those of migrations/, in both dialects. And the port's side of it.

#include "platform/store/image.h"

#include "platform/store/pack.h"
#include "platform/store/store_backend.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define N(name) {#name, STORE_CELL_NUMBER}
#define B(name) {#name, STORE_CELL_BOOL}
#define R(name) {#name, STORE_CELL_REAL}
#define T(name) {#name, STORE_CELL_TEXT}
#define Y(name) {#name, STORE_CELL_BYTES}

const struct store_image_table store_image_tables[] = {
    {"party", {N(position), T(id), N(version), N(kind), T(name), T(code)}, 1, 1000},
    {"station", {N(position), T(id), N(version), N(kind), T(name), T(code), R(lat), R(lon), R(radius_m)}, 1, 1000},
    {"user", {N(position), T(id), N(version), T(name), T(full_name), N(role), T(party), T(station), T(password), B(must_change), B(disabled),
              N(created_ms)}, 1, 1000},
    {"seal", {N(position), T(id), N(version), N(class), N(life), T(label), T(model), T(owner), T(station), T(journey), B(has_zone),
              N(zone_minutes), N(created_ms)}, 1, 1000},
    {"journey", {N(position), T(id), N(version), N(state), N(mode), N(regime), T(carrier), T(administration), T(reference), T(vehicle),
                 T(driver), T(cargo), T(containers), T(seals), N(created_ms), N(sealed_at_ms), N(depart_by_ms), N(arrive_by_ms),
                 N(arrived_at_ms), N(unsealed_at_ms), B(has_origin), T(origin), B(has_destination), T(destination), T(stops), T(dead_zones),
                 T(profile), T(zones), T(points), T(legs),
                 T(limits), T(credentials), N(silence_minutes), N(stay_minutes), N(battery_percent), R(corridor_m), Y(route)}, 1, 200},
    {"journey_seal", {T(seal), N(position)}, 2, 2000},
    {"permission", {N(number), T(journey), T(id), T(seal), T(credential), N(from_ms), N(until_ms), B(unseals), B(has_place), T(place)}, 1, 1000,
     .numbered = true},
    {"alarm", {N(position), T(id), N(version), T(journey), T(seal), N(kind), N(grade), N(onset_ms), N(raised_ms), N(ended_ms), T(evidence),
               N(count), T(why), B(has_position), R(lat), R(lon), N(state), N(finding), T(handler), T(patrol), T(note), N(changed_ms),
               T(carrier), T(about), T(rule)}, 1, 500},
    {"paper", {N(position), T(id), N(version), N(kind), N(state), T(subject), T(journey), T(station), T(holder), T(carrier), T(author),
               N(created_ms), N(due_ms), N(changed_ms), T(body)}, 1, 200},
    {"rule_version", {N(position), T(id), N(version), T(name), N(grade), B(enabled), N(since_ms), T(nodes), N(for_minutes),
                      N(cooldown_minutes), T(author), N(created_ms), N(changed_ms)}, 1, 1000, .only_grows = true}, /* before what makes them */
    {"rule_definition", {N(position), T(id), N(version), T(name), N(grade), B(enabled), N(since_ms), T(nodes), N(for_minutes),
                         N(cooldown_minutes), T(author), N(created_ms), N(changed_ms)}, 1, 1000},
    {"file_content", {T(id), Y(bytes)}, 1, 4, .only_grows = true},
    {"file", {N(number), T(id), T(alarm), T(journey), T(task), T(name), T(type), T(user), N(added_ms), N(size), T(kind), T(about), B(in_seal)}, 1,
     1000, .numbered = true},
    {"entry", {N(position), T(id), N(version), T(journey), N(kind), N(number), N(time_ms), T(user), T(user_name), T(origin), T(body)}, 1, 400},
    {"upload", {N(position), T(id), N(version), T(journey), T(task), T(user), T(name), T(type), T(kind), T(about), T(sha256), N(size),
                N(arrived), B(in_seal), B(complete), N(created_ms)}, 1, 1000},
    {"upload_part", {T(upload), N(at), Y(bytes)}, 2, 4},
    {"session", {N(number), T(id), T(user), T(csrf), B(key), T(label), T(scopes), N(created_ms), N(expires_ms), N(used_ms)}, 1, 1000,
     .numbered = true},
    {"command", {N(position), T(id), N(version), T(seal), T(journey), T(user), T(name), T(args), T(reason), N(state), T(answer), T(answers),
                 N(serial), N(created_ms), N(sent_ms), N(done_ms), N(expires_ms)}, 1, 1000},
    {"audit", {N(position), N(seq), N(time_ms), T(user), T(user_name), T(action), T(object), T(address), T(detail)}, 1, 1000,
     .only_grows = true},
    {"answer", {T(key), N(status), T(body), N(time_ms)}, 1, 200},
    {"setting", {T(name), T(value)}, 1, 1000, "substr(name, 1, 1) <> '.'"},
    {"damage", {N(number), N(received_ms), T(protocol), T(peer), T(outcome), T(why), Y(raw)}, 1, 1000, .numbered = true},
    {"track", {Y(seal), N(day_ms), N(first_ms), N(last_ms), N(fixes), N(step_s), Y(bytes)}, 2, 500, .tracks = true},
    {0},
};
/* clang-format on */

unsigned store_image_width(const struct store_image_table *table)
{
    unsigned n = 0;
    while (n < STORE_IMAGE_COLUMNS && table->columns[n].name) {
        n++;
    }
    return n;
}

static int compare_bytes(struct bulla_bytes a, struct bulla_bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.at, b.at, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

int store_image_compare(const struct store_image_table *table, const struct store_cell *left, const struct store_cell *right)
{
    int order = 0;
    for (unsigned i = 0; i < table->n_key && !order; i++) {
        order = table->columns[i].kind == STORE_CELL_NUMBER ? (left[i].number > right[i].number) - (left[i].number < right[i].number)
                                                            : compare_bytes(left[i].bytes, right[i].bytes);
    }
    return order;
}

struct store *store_look(const struct store_backend *const *backends, const char *url, char *why, size_t size)
{
    size_t scheme = strcspn(url, ":");
    for (; *backends; backends++) {
        const struct store_image *image = (*backends)->image;
        if (strlen((*backends)->scheme) == scheme && strncmp((*backends)->scheme, url, scheme) == 0 && image) {
            return image->look(url + scheme + 1, why, size);
        }
    }
    snprintf(why, size, "store: expected a URL like sqlite:DIRECTORY or postgres://USER@HOST/DATABASE");
    return NULL;
}

int store_image_hold(struct store *store, int *pid)
{
    return store->backend->image->hold(store, pid);
}

int store_image_rows(struct store *store, const struct store_image_table *table, const struct store_cell *after, store_image_fn each,
                     void *context)
{
    return store->backend->image->rows(store, table, after, each, context);
}

static int put_tracks(struct store *store, const struct store_image_table *table, const struct store_cell *cells, size_t n)
{
    int outcome = 0;
    for (size_t i = 0; i < n && !outcome; i++, cells += store_image_width(table)) {
        struct store_track track = {.day_ms = cells[1].number, .first_ms = cells[2].number, .last_ms = cells[3].number,
                                    .fixes = (uint32_t)cells[4].number, .step_s = (uint32_t)cells[5].number, .bytes = cells[6].bytes};
        snprintf(track.seal, sizeof track.seal, "%.*s", (int)cells[0].bytes.len, (const char *)cells[0].bytes.at);
        outcome = store_track_put(store, &track, 1);
    }
    return outcome;
}

int store_image_put(struct store *store, const struct store_image_table *table, const struct store_cell *rows, size_t n)
{
    return table->tracks ? put_tracks(store, table, rows, n) : store->backend->image->put(store, table, rows, n);
}

int store_image_forget(struct store *store, const struct store_image_table *table, const struct store_cell *rows, size_t n)
{
    return store->backend->image->forget(store, table, rows, n);
}

int store_image_observations(struct store *store, char place[120], size_t limit, store_observation_fn each, void *context)
{
    return store->backend->image->observations(store, place, limit, each, context);
}

int store_image_since(struct store *store, int64_t arrival_ms, char place[120])
{
    const struct store_image *image = store->backend->image;
    return image->since ? image->since(store, arrival_ms, place) : STORE_NOT_FOUND;
}

bool store_image_day(struct store *store, int64_t day, char place[120])
{
    return store->backend->image->day && store->backend->image->day(store, day, place);
}

static void add(EVP_MD_CTX *hash, const void *at, size_t n)
{
    uint8_t length[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    EVP_DigestUpdate(hash, length, sizeof length);
    EVP_DigestUpdate(hash, at, n);
}

void store_image_digest(const struct bulla_observation *o, struct bulla_bytes raw, uint8_t to[STORE_DIGEST])
{
    uint8_t packed[STORE_PACK_MAX];
    int64_t times[2] = {o->received_ms, bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : BULLA_TIME_NONE};
    size_t n = store_pack_put(packed, o);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    memset(to, 0, STORE_DIGEST);
    if (hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) {
        add(hash, o->id, strlen(o->id));
        add(hash, o->protocol, strlen(o->protocol));
        add(hash, o->device, strlen(o->device));
        add(hash, times, sizeof times);
        add(hash, packed, n);
        add(hash, raw.at, raw.len);
        EVP_DigestFinal_ex(hash, to, NULL);
    }
    EVP_MD_CTX_free(hash);
}
