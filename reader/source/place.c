/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/source/place.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/bytes.h"
#include "reader/source/source_internal.h"

#define FAR_M     1e6
#define METAL_MAX 10000

struct reading {
    const char *name;
    char *why;
    struct modem_random random; /* of what each seal draws */
};

static bool wrong(const struct reading *r, const char *where, const char *expected, json_t *got)
{
    char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    source_say(SOURCE_WRONG, r->why, "%s: %s: expected %s, got %.60s", r->name, where, expected, text ? text : "nothing");
    free(text);
    return false;
}

struct number {
    const char *key;
    double least, most, *to; /* which holds what it is where the file does not say */
    bool drawn;              /* [least, most] is fine too */
};

static bool read_number(struct reading *r, const char *where, json_t *object, const struct number *n)
{
    json_t *value = json_object_get(object, n->key), *low = value, *high = value;
    char path[80], expected[80];
    if (!value)
        return true;
    if (n->drawn && json_array_size(value) == 2) {
        low = json_array_get(value, 0);
        high = json_array_get(value, 1);
    }
    double from = json_number_value(low), to = json_number_value(high);
    if (json_is_number(low) && json_is_number(high) && from >= n->least && to <= n->most && from <= to) {
        *n->to = low == high ? from : modem_random_between(&r->random, from, to);
        return true;
    }
    snprintf(path, sizeof path, "%s%s%s", where, *where ? "." : "", n->key);
    snprintf(expected, sizeof expected, "a number from %.12g to %.12g%s", n->least, n->most, n->drawn ? ", or two" : "");
    return wrong(r, path, expected, value);
}

static bool read_numbers(struct reading *r, const char *where, json_t *object, const struct number *numbers, size_t n)
{
    if (object && !json_is_object(object))
        return wrong(r, where, "an object", object);
    for (size_t i = 0; i < n; i++)
        if (!read_number(r, where, object, &numbers[i]))
            return false;
    return true;
}

static bool read_vector(struct reading *r, const char *where, json_t *object, const char *key, bool must, double most, double to[3])
{
    json_t *value = json_object_get(object, key);
    char path[80], expected[60];
    double read[3];
    bool right = json_array_size(value) == 3;
    for (size_t i = 0; i < 3 && right; i++) {
        json_t *one = json_array_get(value, i);
        read[i] = json_number_value(one);
        right = json_is_number(one) && fabs(read[i]) <= most;
    }
    if (right)
        memcpy(to, read, sizeof read);
    if (right || (!value && !must))
        return true;
    snprintf(path, sizeof path, "%s.%s", where, key);
    snprintf(expected, sizeof expected, "[x, y, z], each within %.12g", most);
    return wrong(r, path, expected, value);
}

static bool read_name(struct reading *r, const char *where, json_t *object, size_t i, char to[PLACE_NAME_MAX])
{
    json_t *value = json_object_get(object, "name");
    const char *text = json_string_value(value);
    char path[60];
    snprintf(to, PLACE_NAME_MAX, "%zu", i + 1);
    if (value && (!text || !*text || strlen(text) >= PLACE_NAME_MAX - 8)) {
        snprintf(path, sizeof path, "%s.name", where);
        return wrong(r, path, "a text of 1 to 23 bytes", value);
    }
    if (text)
        strcpy(to, text);
    return true;
}

/* An array of objects, each read by `one`; without it there are none. */
static bool read_all(struct reading *r, json_t *root, const char *key, size_t least, size_t most, struct place *place,
                     bool (*one)(struct reading *r, const char *where, json_t *object, size_t i, struct place *place))
{
    json_t *array = json_object_get(root, key);
    size_t n = json_array_size(array);
    char expected[60], where[40];
    if ((array && !json_is_array(array)) || n < least || n > most) {
        snprintf(expected, sizeof expected, "an array of %zu to %zu", least, most);
        return wrong(r, key, expected, n > most ? NULL : array);
    }
    for (size_t i = 0; i < n; i++) {
        snprintf(where, sizeof where, "%s[%zu]", key, i);
        json_t *object = json_array_get(array, i);
        if (!json_is_object(object))
            return wrong(r, where, "an object", object);
        if (!one(r, where, object, i, place))
            return false;
    }
    return true;
}

static bool read_antenna(struct reading *r, const char *where, json_t *object, size_t i, struct place *place)
{
    struct place_antenna *a = &place->antennas[i];
    const struct number numbers[] = {{"gain_dbi", -50, 50, &a->gain_dbi, false}, {"power_dbm", -100, 60, &a->power_dbm, false}};
    place->n_antennas = i + 1;
    return read_name(r, where, object, i, a->name) && read_vector(r, where, object, "at_m", true, FAR_M, a->at) &&
           read_numbers(r, where, object, numbers, 2);
}

static bool read_metal(struct reading *r, const char *where, json_t *object, size_t i, struct place *place)
{
    struct place_metal *m = &place->metal[i];
    m->loss_db = 20;
    const struct number numbers[] = {{"loss_db", 0, 200, &m->loss_db, false}};
    place->n_metal = i + 1;
    return read_vector(r, where, object, "from_m", true, FAR_M, m->from) && read_vector(r, where, object, "to_m", true, FAR_M, m->to) &&
           read_numbers(r, where, object, numbers, 1);
}

static bool read_neighbour(struct reading *r, const char *where, json_t *object, size_t i, struct place *place)
{
    struct modem_neighbour *n = &place->neighbours[i];
    double dbm = -80;
    const struct number numbers[] = {{"offset_hz", -1e7, 1e7, &n->offset_hz, false},
                                     {"dbm", -200, 50, &dbm, false},
                                     {"deviation_hz", 0, 1e6, &n->deviation_hz, false},
                                     {"bit_hz", 0, 1e6, &n->bit_hz, false}};
    place->n_neighbours = i + 1;
    if (!read_numbers(r, where, object, numbers, 4))
        return false;
    n->amplitude = pow(10, (dbm - place->full_scale_dbm) / 20);
    return true;
}

/* ---- seals ---- */

static bool read_bytes(struct reading *r, const char *where, json_t *object, struct place_seal *s)
{
    json_t *value = json_object_get(object, "bytes");
    const char *hex = json_string_value(value);
    size_t n = json_string_length(value) / 2;
    char path[60];
    if (!value)
        return true;
    if (hex && n >= 1 && n <= sizeof s->bytes && json_string_length(value) == 2 * n && bulla_hex_get(s->bytes, hex, n)) {
        s->n = n;
        return true;
    }
    snprintf(path, sizeof path, "%s.bytes", where);
    return wrong(r, path, "1 to 255 bytes in hexadecimal", value);
}

/* One of them; what is drawn is drawn anew for each. */
static bool read_seal_once(struct reading *r, const char *where, json_t *object, struct place_seal *s)
{
    const struct number numbers[] = {{"power_dbm", -100, 50, &s->power_dbm, false},
                                     {"gain_dbi", -50, 50, &s->gain_dbi, false},
                                     {"first_s", 0, 1e6, &s->first_s, true},
                                     {"every_s", 0.001, 1e6, &s->every_s, false},
                                     {"jitter_s", 0, 1e6, &s->jitter_s, false},
                                     {"offset_ppm", -1000, 1000, &s->offset_ppm, true},
                                     {"clock_ppm", -100000, 100000, &s->clock_ppm, true},
                                     {"drift_hz_s", -1e6, 1e6, &s->drift_hz_s, true},
                                     {"ramp_us", 0, 100000, &s->ramp_us, false},
                                     {"wake_dbm", -200, 60, &s->wake_dbm, false},
                                     {"reflect_db", 0, 100, &s->reflect_db, false}};
    *s = (struct place_seal){.power_dbm = -2.4, .every_s = 1, .ramp_us = 50, .wake_dbm = -INFINITY, .reflect_db = -INFINITY};
    if (!read_vector(r, where, object, "at_m", true, FAR_M, s->at) ||
        !read_vector(r, where, object, "velocity_mps", false, 1000, s->velocity) ||
        !read_numbers(r, where, object, numbers, sizeof numbers / sizeof *numbers) || !read_bytes(r, where, object, s))
        return false;
    if (s->n == 0) {
        modem_scene_block(&r->random, s->bytes);
        s->n = BULLA_BLOCK_SIZE;
    }
    return true;
}

static bool read_seal(struct reading *r, const char *where, json_t *object, size_t i, struct place *place)
{
    double count[3] = {1, 1, 1}, step[3] = {0, 0, 0};
    char name[PLACE_NAME_MAX];
    if (!read_name(r, where, object, i, name) || !read_vector(r, where, object, "count", false, PLACE_SEALS_MAX, count) ||
        !read_vector(r, where, object, "step_m", false, FAR_M, step))
        return false;
    for (size_t k = 0; k < 3; k++)
        if (count[k] < 1 || count[k] != floor(count[k]) || count[0] * count[1] * count[2] > (double)(PLACE_SEALS_MAX - place->n_seals))
            return wrong(r, where, "a count of whole numbers from 1 on, of at most 10000 seals in all", json_object_get(object, "count"));
    size_t n = (size_t)(count[0] * count[1] * count[2]), nx = (size_t)count[0], ny = (size_t)count[1];
    struct place_seal *more = realloc(place->seals, (place->n_seals + n) * sizeof *more);
    if (!more)
        return wrong(r, where, "memory", NULL);
    place->seals = more;
    for (size_t k = 0; k < n; k++) {
        struct place_seal *s = &place->seals[place->n_seals];
        if (!read_seal_once(r, where, object, s))
            return false;
        const size_t which[3] = {k % nx, k / nx % ny, k / nx / ny};
        for (size_t axis = 0; axis < 3; axis++)
            s->at[axis] += (double)which[axis] * step[axis];
        if (n == 1)
            strcpy(s->name, name);
        else
            snprintf(s->name, sizeof s->name, "%.23s-%u", name, (unsigned)(k + 1) % 100000);
        place->n_seals++;
    }
    return true;
}

/* ---- the whole ---- */

static bool read_path(struct reading *r, json_t *object, struct place_path *path)
{
    static const char *const models[] = {"free-space", "two-ray", "log-distance"};
    *path = (struct place_path){.permittivity = 5, .exponent = 3, .k_db = INFINITY, .shadow_m = 10};
    json_t *model = json_object_get(object, "model"), *k = json_object_get(object, "k_db");
    const struct number numbers[] = {{"permittivity", 1, 100, &path->permittivity, false},
                                     {"exponent", 1, 10, &path->exponent, false},
                                     {"shadow_db", 0, 50, &path->shadow_db, false},
                                     {"shadow_m", 0, FAR_M, &path->shadow_m, false},
                                     {"k_db", -50, 100, &path->k_db, false}};
    if (!read_numbers(r, "path", object, numbers, json_is_null(k) ? 4 : 5))
        return false;
    if (json_is_null(k))
        path->k_db = -INFINITY;
    for (size_t i = 0; i < 3; i++)
        if (!model || (json_is_string(model) && strcmp(models[i], json_string_value(model)) == 0)) {
            path->model = (enum place_model)i;
            return true;
        }
    return wrong(r, "path.model", "free-space, two-ray or log-distance", model);
}

static bool read_whole(struct reading *r, json_t *root, struct place *p)
{
    double seed = 1, impulse_us = 10, impulse_dbm = -80;
    json_t *link = json_object_get(root, "link");
    const struct number top[] = {{"seconds", 0.001, 86400, &p->seconds, false},
                                 {"rate_hz", MODEM_RATE_MIN, MODEM_RATE_MAX, &p->rate_hz, false},
                                 {"seed", 0, 9007199254740992.0, &seed, false}};
    const struct number receiver[] = {{"noise_figure_db", 0, 50, &p->figure_db, false},
                                      {"full_scale_dbm", -200, 50, &p->full_scale_dbm, false}};
    const struct number impulses[] = {
        {"per_s", 0, 1e6, &p->impulses.per_s, false}, {"mean_us", 0.1, 1e6, &impulse_us, false}, {"dbm", -200, 50, &impulse_dbm, false}};
    if (!json_is_object(root))
        return wrong(r, "the whole", "an object", root);
    int way = 0;
    char names[MODEM_LINK_NAMES_MAX + 40];
    p->link = link && !json_is_string(link) ? NULL : modem_link_read(link ? json_string_value(link) : "iso433", &way);
    p->to_seal = way == 2;
    if (!p->link) {
        modem_link_names(names);
        strcat(names, ", or one with -return or -forward");
        return wrong(r, "link", names, link);
    }
    if (!read_numbers(r, "", root, top, 3) || !read_numbers(r, "receiver", json_object_get(root, "receiver"), receiver, 2) ||
        !read_numbers(r, "impulses", json_object_get(root, "impulses"), impulses, 3) ||
        !read_path(r, json_object_get(root, "path"), &p->path))
        return false;
    p->seed = (uint64_t)seed;
    p->impulses.mean_s = impulse_us * 1e-6;
    p->impulses.amplitude = pow(10, (impulse_dbm - p->full_scale_dbm) / 20);
    r->random = (struct modem_random){.state = p->seed};
    p->metal = calloc(json_array_size(json_object_get(root, "metal")) + 1, sizeof *p->metal);
    if (!p->metal)
        return wrong(r, "metal", "memory", NULL);
    return read_all(r, root, "antennas", 1, PLACE_ANTENNAS_MAX, p, read_antenna) &&
           read_all(r, root, "metal", 0, METAL_MAX, p, read_metal) &&
           read_all(r, root, "neighbours", 0, MODEM_YARD_NEIGHBOURS_MAX, p, read_neighbour) &&
           read_all(r, root, "seals", 0, PLACE_SEALS_MAX, p, read_seal);
}

enum source_result place_parse(const char *name, const char *text, size_t n, struct place *place, char why[SOURCE_WHY])
{
    struct reading r = {.name = name, .why = why};
    struct place read = {.rate_hz = 1e6, .seconds = 20, .figure_db = 6, .full_scale_dbm = -40};
    json_error_t error;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return source_say(SOURCE_WRONG, why, "%s: line %d: expected JSON, got: %s", name, error.line, error.text);
    bool right = read_whole(&r, root, &read);
    json_decref(root);
    if (right)
        *place = read;
    else
        place_clear(&read);
    return right ? SOURCE_OK : SOURCE_WRONG;
}

void place_clear(struct place *place)
{
    free(place->seals);
    free(place->metal);
    *place = (struct place){0};
}
