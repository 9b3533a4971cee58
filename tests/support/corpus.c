/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/wire.h"

const char *corpus_folder(void)
{
    static char path[1000];
    const char *shared = getenv("BULLA_SHARED");
    if (shared) {
        snprintf(path, sizeof path, "%s/corpus", shared);
    } else {
        snprintf(path, sizeof path, "%s/../shared/corpus", BULLA_SOURCE_DIR);
    }
    return access(path, R_OK) == 0 ? path : NULL;
}

static void stop(const char *set, const char *id, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", set, id ? id : "?", why);
    exit(1);
}

/* Sets whose rows were taken down without the character that ends a message on the wire. */
static const struct {
    const char *set;
    char end;
} endings[] = {{"bstpl", '#'}, {"jido", '#'}, {"upro", '#'}};

static void add_ending(struct corpus_row *row)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        bool stripped = row->n && strcmp(row->set, endings[i].set) == 0 && row->bytes[row->n - 1] != (uint8_t)endings[i].end;
        if (stripped) {
            row->bytes[row->n++] = (uint8_t)endings[i].end;
        }
    }
}

static void set_bytes(struct corpus_row *row)
{
    const json_t *wire = json_object_get(row->json, "wire");
    const char *message = json_string_value(wire ? wire : json_object_get(row->json, "message"));
    const char *encoding = json_string_value(json_object_get(row->json, "encoding"));
    if (!message || !encoding) {
        stop(row->set, row->id, "no message");
    }
    bool hex = strcmp(encoding, "hex") == 0;
    row->n = hex ? strlen(message) / 2 : strlen(message);
    row->bytes = malloc(row->n + 2);
    if (!row->bytes || (hex && !bulla_hex_get(row->bytes, message, row->n))) {
        stop(row->set, row->id, "message: expected hexadecimal");
    }
    if (!hex) {
        memcpy(row->bytes, message, row->n);
    }
    add_ending(row);
}

/* What a command's row holds of the device is its answer. */
static bool take_answer(json_t *json)
{
    json_t *response = json_object_get(json_object_get(json, "expects"), "response");
    if (!json_is_string(response)) {
        return false;
    }
    json_object_set(json, "message", response);
    json_object_set_new(json, "encoding", json_string("text"));
    return true;
}

static bool goes_up(json_t *json)
{
    const char *direction = json_string_value(json_object_get(json, "direction"));
    return !direction || strcmp(direction, "up") == 0 || take_answer(json);
}

/* Rows whose contributors changed digits of the message and left its check value, which the set does not say. */
static const char *const edited[] = {"meitrack-0004", "meitrack-0005", "meitrack-0025", "meitrack-0038"};

static void mark_edited(struct corpus_row *row)
{
    for (size_t i = 0; i < sizeof edited / sizeof *edited; i++) {
        if (strcmp(row->id, edited[i]) == 0) {
            json_object_set_new(row->json, "checksumOk", json_false());
        }
    }
}

/* Values of the corpus that are not what the bytes say, with what they do say. */
static const struct {
    const char *id, *member, *value;
} corrections[] = {
    /* 14 0C 0B 0A 26 2A are binary like all dates of GT06 frames that have a check value, not decimal digits: 0C is none. */
    {"gt06-0061", "deviceTime", "2020-12-11T10:38:42Z"},
};

/* Rows whose recorded server sent half an answer behind the whole one: its length would swallow what is said next. */
static const char *const half_answers[] = {"t800x-0009", "t800x-0013"};

static void correct(json_t *json)
{
    json_t *position = json_array_get(json_object_get(json_object_get(json, "expects"), "positions"), 0);
    const char *id = json_string_value(json_object_get(json, "id"));
    for (size_t i = 0; id && position && i < sizeof corrections / sizeof *corrections; i++) {
        if (strcmp(corrections[i].id, id) == 0) {
            json_object_set_new(position, corrections[i].member, json_string(corrections[i].value));
        }
    }
    for (size_t i = 0; id && i < sizeof half_answers / sizeof *half_answers; i++) {
        if (strcmp(half_answers[i], id) == 0) {
            json_array_remove(json_object_get(json, "ack"), 1);
        }
    }
}

static void add_row(struct corpus *corpus, const char *set, const char *protocol, json_t *json)
{
    struct corpus_row *grown = realloc(corpus->rows, (corpus->n + 1) * sizeof *grown);
    if (!grown) {
        stop(set, NULL, "out of memory");
    }
    corpus->rows = grown;
    struct corpus_row *row = &grown[corpus->n++];
    *row = (struct corpus_row){.json = json, .proto = proto_find(protocol)};
    snprintf(row->set, sizeof row->set, "%s", set);
    row->id = json_string_value(json_object_get(json, "id"));
    const char *model = json_string_value(json_object_get(json, "model"));
    snprintf(row->profile.model, sizeof row->profile.model, "%s", model ? model : "");
    if (!row->proto || !row->id) {
        stop(set, row->id, "expected a known protocol and an id");
    }
    mark_edited(row);
    set_bytes(row);
}

void corpus_load(struct corpus *corpus, const char *set, const char *protocol)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s.jsonl", corpus_folder(), set);
    FILE *from = fopen(path, "r");
    if (!from) {
        stop(set, NULL, "cannot be opened");
    }
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, from) >= 0) {
        json_t *json = json_loads(line, JSON_ALLOW_NUL, NULL);
        if (!json) {
            stop(set, NULL, "a line is not JSON");
        }
        if (goes_up(json)) {
            correct(json);
            add_row(corpus, set, protocol, json);
        } else {
            json_decref(json);
        }
    }
    free(line);
    fclose(from);
}

void corpus_precede(const struct corpus_row *row, struct wire *wire)
{
    const json_t *frames = json_object_get(row->json, "precede");
    for (size_t i = 0; i < json_array_size(frames); i++) {
        const char *hex = json_string_value(json_array_get(frames, i));
        uint8_t bytes[2048];
        if (!hex || strlen(hex) / 2 > sizeof bytes || !bulla_hex_get(bytes, hex, strlen(hex) / 2)) {
            stop(row->set, row->id, "precede: expected hexadecimal");
        }
        wire_feed(wire, bytes, strlen(hex) / 2, 0);
    }
    wire_clear(wire);
}

void corpus_clear(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->n; i++) {
        free(corpus->rows[i].bytes);
        json_decref(corpus->rows[i].json);
    }
    free(corpus->rows);
    *corpus = (struct corpus){0};
}
