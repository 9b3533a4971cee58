/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/source/sigmf.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reader/source/source_internal.h"

#define GENERATOR "bulla rf"

struct sigmf_writer {
    char *meta_path, *data_path;
    FILE *data; /* NULL: the samples are there already */
    json_t *meta, *annotations;
    struct source_info info;
    uint64_t bytes;
    double missing_s; /* in all holes so far */
    int error;
};

static const char *datatype_of(enum modem_format format)
{
    static const char *const texts[MODEM_FORMATS] = {
        [MODEM_CU8] = "cu8", [MODEM_CS8] = "ci8", [MODEM_CS16] = "ci16_le", [MODEM_CF32] = "cf32_le"};
    return texts[format];
}

static json_t *whole(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static void put_capture(struct sigmf_writer *w, const char *datetime)
{
    uint64_t start = w->bytes / modem_format_size(w->info.format);
    json_t *capture = json_object();
    json_object_set_new(capture, "core:sample_start", whole(start));
    if (w->info.frequency_hz > 0)
        json_object_set_new(capture, "core:frequency", json_real(w->info.frequency_hz));
    if (w->missing_s > 0)
        json_object_set_new(capture, "core:global_index", whole(start + (uint64_t)llrint(w->missing_s * w->info.rate_hz)));
    if (datetime)
        json_object_set_new(capture, "core:datetime", json_string(datetime));
    json_array_append_new(json_object_get(w->meta, "captures"), capture);
}

static bool new_meta(struct sigmf_writer *w, const char *datetime)
{
    w->meta = json_pack("{s:{s:s, s:s, s:f, s:s}, s:[], s:[]}", "global", "core:datatype", datatype_of(w->info.format), "core:version",
                        "1.0.0", "core:sample_rate", w->info.rate_hz, "core:recorder", GENERATOR, "captures", "annotations");
    if (w->meta)
        put_capture(w, datetime);
    return w->meta != NULL;
}

/* The meta that is there, without what an earlier run wrote. */
static bool old_meta(struct sigmf_writer *w)
{
    json_error_t error;
    w->meta = json_load_file(w->meta_path, JSON_REJECT_DUPLICATES, &error);
    json_t *annotations = json_object_get(w->meta, "annotations");
    for (size_t i = json_array_size(annotations); i-- > 0;) {
        const char *by = json_string_value(json_object_get(json_array_get(annotations, i), "core:generator"));
        if (by && strcmp(by, GENERATOR) == 0)
            json_array_remove(annotations, i);
    }
    if (w->meta && !annotations)
        json_object_set_new(w->meta, "annotations", json_array());
    return w->meta != NULL;
}

static bool same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static void free_writer(struct sigmf_writer *w)
{
    if (w->data)
        fclose(w->data);
    json_decref(w->meta);
    json_decref(w->annotations);
    free(w->meta_path);
    free(w->data_path);
    free(w);
}

static enum source_result begin(struct sigmf_writer *w, const char *from, const char *datetime, char why[SOURCE_WHY])
{
    char *from_meta = from ? sigmf_path(from, SIGMF_META) : NULL;
    size_t n = from ? strlen(from) : 0;
    bool recording = n > 5 && (strcmp(from + n - 5, "-meta") == 0 || strcmp(from + n - 5, "-data") == 0);
    bool same = recording && from_meta && same_file(from_meta, w->meta_path);
    free(from_meta);
    int format;
    if (!same && from && same_file(source_file_name(from, &format), w->data_path))
        return source_say(SOURCE_WRONG, why, "%s: expected another name than that of what is read", w->data_path);
    if (same)
        return old_meta(w) ? SOURCE_OK : source_say(SOURCE_FAILED, why, "%s: cannot read it again", w->meta_path);
    w->data = fopen(w->data_path, "wb");
    if (!w->data)
        return source_say(SOURCE_FAILED, why, "%s: cannot write: %s", w->data_path, strerror(errno));
    return new_meta(w, datetime) ? SOURCE_OK : source_say(SOURCE_FAILED, why, "%s: expected memory, got none", w->meta_path);
}

enum source_result sigmf_create(const char *name, const char *from, const struct source_info *info, const char *datetime,
                                struct sigmf_writer **writer, char why[SOURCE_WHY])
{
    struct sigmf_writer *w = calloc(1, sizeof *w);
    if (!w)
        return source_say(SOURCE_FAILED, why, "%s: expected memory, got none", name);
    w->info = *info;
    w->meta_path = sigmf_path(name, SIGMF_META);
    w->data_path = sigmf_path(name, SIGMF_DATA);
    w->annotations = json_array();
    enum source_result result = w->meta_path && w->data_path && w->annotations
                                    ? begin(w, from, datetime, why)
                                    : source_say(SOURCE_FAILED, why, "%s: expected memory, got none", name);
    if (result == SOURCE_OK)
        *writer = w;
    else
        free_writer(w);
    return result;
}

void sigmf_put(struct sigmf_writer *w, const void *bytes, size_t n, double gap_s)
{
    if (gap_s > 0 && w->data) {
        w->missing_s += gap_s;
        put_capture(w, NULL);
    }
    if (w->data && w->error == 0 && fwrite(bytes, 1, n, w->data) != n)
        w->error = errno;
    w->bytes += n;
}

void sigmf_annotate(struct sigmf_writer *w, const struct sigmf_annotation *a)
{
    double middle = w->info.frequency_hz;
    json_array_append_new(w->annotations,
                          json_pack("{s:I, s:I, s:f, s:f, s:s, s:s, s:s}", "core:sample_start", (json_int_t)a->start, "core:sample_count",
                                    (json_int_t)a->count, "core:freq_lower_edge", middle + a->low_hz, "core:freq_upper_edge",
                                    middle + a->high_hz, "core:label", a->label, "core:comment", a->comment, "core:generator", GENERATOR));
}

static int by_start(const void *a, const void *b)
{
    json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "core:sample_start"));
    json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "core:sample_start"));
    return (x > y) - (x < y);
}

/* Those that were there and ours, in the order of samples as the specification wants it. */
static bool merge_annotations(struct sigmf_writer *w)
{
    json_t *there = json_object_get(w->meta, "annotations");
    size_t n_there = json_array_size(there), n = n_there + json_array_size(w->annotations);
    json_t **all = calloc(n + 1, sizeof *all);
    if (!all)
        return false;
    for (size_t i = 0; i < n; i++)
        all[i] = i < n_there ? json_array_get(there, i) : json_array_get(w->annotations, i - n_there);
    qsort(all, n, sizeof *all, by_start);
    json_t *merged = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append(merged, all[i]);
    free(all);
    return json_object_set_new(w->meta, "annotations", merged) == 0;
}

/* Beside it first, so that a meta is whole or as before. */
static int write_meta(const struct sigmf_writer *w)
{
    char *beside = sigmf_path(w->meta_path, SIGMF_META ".new");
    int error = ENOMEM;
    if (beside) {
        errno = 0;
        bool done = json_dump_file(w->meta, beside, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) == 0 && rename(beside, w->meta_path) == 0;
        error = done ? 0 : errno ? errno : EIO;
    }
    free(beside);
    return error;
}

enum source_result sigmf_finish(struct sigmf_writer *w, char why[SOURCE_WHY])
{
    enum source_result result = SOURCE_OK;
    int error = w->error;
    if (w->data && fclose(w->data) != 0 && error == 0)
        error = errno;
    w->data = NULL;
    if (error != 0)
        result = source_say(SOURCE_FAILED, why, "%s: cannot write: %s", w->data_path, strerror(error));
    if (result == SOURCE_OK && (error = merge_annotations(w) ? write_meta(w) : ENOMEM) != 0)
        result = source_say(SOURCE_FAILED, why, "%s: cannot write: %s", w->meta_path, strerror(error));
    free_writer(w);
    return result;
}
