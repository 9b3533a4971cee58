/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/source/sigmf.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader/source/source_internal.h"

#define META_MAX     (64u << 20)
#define CAPTURES_MAX 1000000
#define INDEX_MAX    (INT64_C(1) << 53)

static const struct {
    const char *datatype;
    enum modem_format format;
} datatypes[] = {{"cu8", MODEM_CU8}, {"ci8", MODEM_CS8}, {"ci16_le", MODEM_CS16}, {"cf32_le", MODEM_CF32}};

/* ---- the meta ---- */

struct reading {
    const char *name;
    char *why;
};

static bool wrong(const struct reading *r, const char *where, const char *expected, json_t *got)
{
    char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    source_say(SOURCE_WRONG, r->why, "%s: %s: expected %s, got %.60s", r->name, where, expected, text ? text : "nothing");
    free(text);
    return false;
}

/* A whole number from 0 on; `otherwise` where there is none. */
static bool read_index(const struct reading *r, json_t *object, size_t i, const char *key, uint64_t otherwise, uint64_t *to)
{
    json_t *value = json_object_get(object, key);
    char where[60];
    snprintf(where, sizeof where, "captures[%zu].%s", i, key);
    *to = otherwise;
    if (!value)
        return true;
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0 && number <= (double)INDEX_MAX) || number != (double)(uint64_t)number)
        return wrong(r, where, "a whole number from 0 on", value);
    *to = (uint64_t)number;
    return true;
}

static bool read_global(const struct reading *r, json_t *global, struct sigmf *to)
{
    if (!json_is_object(global))
        return wrong(r, "global", "an object", global);
    json_t *datatype = json_object_get(global, "core:datatype"), *rate = json_object_get(global, "core:sample_rate");
    json_t *channels = json_object_get(global, "core:num_channels"), *dataset = json_object_get(global, "core:dataset");
    const char *text = json_string_value(datatype);
    size_t i = 0;
    while (i < sizeof datatypes / sizeof *datatypes && (!text || strcmp(text, datatypes[i].datatype) != 0))
        i++;
    if (i == sizeof datatypes / sizeof *datatypes)
        return wrong(r, "global.core:datatype", "cu8, ci8, ci16_le or cf32_le", datatype);
    to->format = datatypes[i].format;
    to->rate_hz = json_number_value(rate);
    if (rate && !(json_is_number(rate) && to->rate_hz > 0))
        return wrong(r, "global.core:sample_rate", "samples a second", rate);
    if (channels && !(json_is_number(channels) && json_number_value(channels) == 1))
        return wrong(r, "global.core:num_channels", "1", channels);
    text = json_string_value(dataset);
    if (dataset && (!text || !*text || strlen(text) >= sizeof to->dataset || strchr(text, '/')))
        return wrong(r, "global.core:dataset", "the name of a file beside it", dataset);
    strcpy(to->dataset, text ? text : "");
    return read_index(r, global, 0, "core:trailing_bytes", 0, &to->trailing);
}

static bool read_capture(const struct reading *r, json_t *object, size_t i, struct sigmf *to)
{
    struct sigmf_capture *c = &to->captures[i];
    char where[60];
    snprintf(where, sizeof where, "captures[%zu]", i);
    if (!json_is_object(object))
        return wrong(r, where, "an object", object);
    json_t *start = json_object_get(object, "core:sample_start"), *frequency = json_object_get(object, "core:frequency");
    if (!read_index(r, object, i, "core:sample_start", 0, &c->start) || !read_index(r, object, i, "core:header_bytes", 0, &c->header))
        return false;
    const struct sigmf_capture *before = i ? c - 1 : NULL;
    if (!start || (before && c->start < before->start)) {
        snprintf(where, sizeof where, "captures[%zu].core:sample_start", i);
        return wrong(r, where, "a sample behind those of the capture before", start);
    }
    uint64_t otherwise = before ? before->global + (c->start - before->start) : c->start;
    if (!read_index(r, object, i, "core:global_index", otherwise, &c->global))
        return false;
    double hz = json_number_value(frequency);
    snprintf(where, sizeof where, "captures[%zu].core:frequency", i);
    if (frequency && (!json_is_number(frequency) || !(hz >= 0 && hz < 1e12)))
        return wrong(r, where, "Hz", frequency);
    if (i > 0 && hz != to->frequency_hz)
        return wrong(r, where, "that of the first capture (a recording that was retuned is cut into several)", frequency);
    to->frequency_hz = hz;
    return true;
}

static bool read_captures(const struct reading *r, json_t *captures, struct sigmf *to)
{
    if (captures && !json_is_array(captures))
        return wrong(r, "captures", "an array", captures);
    size_t n = json_array_size(captures);
    if (n > CAPTURES_MAX)
        return wrong(r, "captures", "at most 1000000", NULL);
    to->captures = calloc(n > 0 ? n : 1, sizeof *to->captures);
    if (!to->captures)
        return wrong(r, "captures", "memory", NULL);
    to->n_captures = n > 0 ? n : 1; /* without one, one from the first sample on is meant */
    for (size_t i = 0; i < n; i++)
        if (!read_capture(r, json_array_get(captures, i), i, to))
            return false;
    return true;
}

enum source_result sigmf_parse(const char *name, const char *text, size_t n, struct sigmf *sigmf, char why[SOURCE_WHY])
{
    const struct reading r = {name, why};
    struct sigmf read = {0};
    json_error_t error;
    json_t *meta = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (!meta)
        return source_say(SOURCE_WRONG, why, "%s: line %d: expected JSON, got: %s", name, error.line, error.text);
    bool right = json_is_object(meta) ? read_global(&r, json_object_get(meta, "global"), &read) &&
                                            read_captures(&r, json_object_get(meta, "captures"), &read)
                                      : wrong(&r, "the whole", "an object", meta);
    json_decref(meta);
    if (right)
        *sigmf = read;
    else
        sigmf_clear(&read);
    return right ? SOURCE_OK : SOURCE_WRONG;
}

void sigmf_clear(struct sigmf *sigmf)
{
    free(sigmf->captures);
    *sigmf = (struct sigmf){0};
}

char *sigmf_path(const char *name, const char *suffix)
{
    size_t n = strlen(name), n_suffix = strlen("." SIGMF_META);
    if (n > n_suffix && (strcmp(name + n - n_suffix, "." SIGMF_META) == 0 || strcmp(name + n - n_suffix, "." SIGMF_DATA) == 0))
        n -= n_suffix;
    char *path = malloc(n + strlen(suffix) + 2);
    if (path)
        sprintf(path, "%.*s.%s", (int)n, name, suffix);
    return path;
}

/* ---- as a source ---- */

struct recording {
    struct source source;
    struct sigmf sigmf;
    char *data;
    int fd;
    uint64_t at, all; /* samples */
    size_t n_part;    /* bytes of a sample that was read in part */
    size_t capture;
};

static double gap_before(const struct sigmf *sigmf, size_t capture)
{
    const struct sigmf_capture *to = &sigmf->captures[capture], *from = to - 1;
    double missing = (double)to->global - (double)from->global - (double)(to->start - from->start);
    return missing > 0 ? missing / sigmf->rate_hz : 0;
}

static uint64_t capture_end(const struct recording *r)
{
    uint64_t end = r->capture + 1 < r->sigmf.n_captures ? r->sigmf.captures[r->capture + 1].start : r->all;
    return end < r->all ? end : r->all;
}

static ssize_t recording_read(struct source *source, void *to, size_t n, double *gap_s, char why[SOURCE_WHY])
{
    struct recording *r = (struct recording *)source;
    size_t size = modem_format_size(r->sigmf.format);
    while (r->at >= capture_end(r) && r->capture + 1 < r->sigmf.n_captures) {
        r->capture++;
        *gap_s += gap_before(&r->sigmf, r->capture);
        if (lseek(r->fd, (off_t)r->sigmf.captures[r->capture].header, SEEK_CUR) < 0) {
            source_say(SOURCE_FAILED, why, "%s: cannot skip a header: %s", r->data, strerror(errno));
            return -1;
        }
    }
    uint64_t left = (capture_end(r) - r->at) * size - r->n_part;
    ssize_t got = left > 0 ? source_file_read(source, r->fd, to, left < n ? (size_t)left : n) : 0;
    if (got < 0) {
        source_say(SOURCE_FAILED, why, "%s: cannot read: %s", r->data, strerror(errno));
        return -1;
    }
    r->n_part += (size_t)got;
    r->at += r->n_part / size;
    r->n_part %= size;
    return got;
}

static void recording_close(struct source *source)
{
    struct recording *r = (struct recording *)source;
    if (r->fd >= 0)
        close(r->fd);
    sigmf_clear(&r->sigmf);
    free(r->data);
    free(r);
}

/* The whole file, heap; NULL after saying why. */
static char *read_whole(const char *path, size_t *n, char why[SOURCE_WHY])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    char *all = NULL;
    if (fd < 0 || fstat(fd, &status) != 0) {
        source_say(SOURCE_FAILED, why, "%s: cannot open: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode) || status.st_size > META_MAX) {
        source_say(SOURCE_WRONG, why, "%s: expected a file of at most %u bytes", path, META_MAX);
    } else if (!(all = malloc((size_t)status.st_size + 1))) {
        source_say(SOURCE_FAILED, why, "%s: expected memory, got none", path);
    } else {
        *n = 0;
        ssize_t got;
        while ((got = read(fd, all + *n, (size_t)status.st_size - *n)) > 0)
            *n += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    return all;
}

static enum source_result open_data(struct recording *r, const char *meta, char why[SOURCE_WHY])
{
    struct stat status;
    if (r->sigmf.dataset[0]) {
        const char *slash = strrchr(meta, '/');
        size_t n = slash ? (size_t)(slash + 1 - meta) : 0;
        free(r->data);
        r->data = malloc(n + sizeof r->sigmf.dataset);
        if (r->data)
            sprintf(r->data, "%.*s%s", (int)n, meta, r->sigmf.dataset);
    }
    r->fd = r->data ? open(r->data, O_RDONLY | O_CLOEXEC) : -1;
    if (r->fd < 0 || fstat(r->fd, &status) != 0)
        return source_say(SOURCE_FAILED, why, "%s: cannot open the samples that %s describes: %s", r->data ? r->data : meta, meta,
                          strerror(errno));
    uint64_t other = r->sigmf.trailing, bytes = (uint64_t)status.st_size;
    for (size_t i = 0; i < r->sigmf.n_captures; i++)
        other += r->sigmf.captures[i].header;
    size_t size = modem_format_size(r->sigmf.format);
    if (other > bytes || (bytes - other) % size != 0)
        return source_say(SOURCE_WRONG, why,
                          "%s: expected a whole number of samples of %zu bytes, got %llu bytes of them: cut off, or of another datatype?",
                          r->data, size, (unsigned long long)(bytes - (other > bytes ? 0 : other)));
    r->all = (bytes - other) / size;
    if (lseek(r->fd, (off_t)r->sigmf.captures[0].header, SEEK_SET) < 0)
        return source_say(SOURCE_FAILED, why, "%s: cannot skip a header: %s", r->data, strerror(errno));
    return SOURCE_OK;
}

enum source_result source_sigmf_open(const char *name, const struct source_settings *settings, struct source **source, char why[SOURCE_WHY])
{
    struct recording *r = calloc(1, sizeof *r);
    char *meta = sigmf_path(name, SIGMF_META), *text = NULL;
    size_t n = 0;
    enum source_result result = SOURCE_FAILED;
    if (!r || !meta) {
        source_say(SOURCE_FAILED, why, "%s: expected memory, got none", name);
        goto done;
    }
    r->source = (struct source){.read = recording_read, .close = recording_close, .settings = *settings};
    r->fd = -1;
    r->data = sigmf_path(name, SIGMF_DATA);
    text = read_whole(meta, &n, why);
    result = text ? sigmf_parse(meta, text, n, &r->sigmf, why) : SOURCE_FAILED;
    if (result == SOURCE_OK && settings->format >= 0 && settings->format != (int)r->sigmf.format)
        result = source_say(SOURCE_WRONG, why, "%s: expected the format that it says, %s, got %s", meta, modem_format_text(r->sigmf.format),
                            modem_format_text((enum modem_format)settings->format));
    if (result == SOURCE_OK && settings->rate_hz > 0)
        r->sigmf.rate_hz = settings->rate_hz;
    if (result == SOURCE_OK && r->sigmf.rate_hz <= 0)
        result = source_say(SOURCE_WRONG, why, "%s: global.core:sample_rate: expected samples a second, got nothing (see --rate)", meta);
    if (result == SOURCE_OK)
        result = open_data(r, meta, why);
    if (result == SOURCE_OK) {
        r->source.info = (struct source_info){
            .format = r->sigmf.format, .rate_hz = r->sigmf.rate_hz, .frequency_hz = r->sigmf.frequency_hz, .samples = r->all};
        *source = &r->source;
    }
done:
    if (r && result != SOURCE_OK)
        recording_close(&r->source);
    free(text);
    free(meta);
    return result;
}
