/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/source/source_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double machine_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum source_result source_say(enum source_result result, char why[SOURCE_WHY], const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(why, SOURCE_WHY, format, list);
    va_end(list);
    return result;
}

bool source_stopped(const struct source *source)
{
    return source->settings.stop && *source->settings.stop;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n > n_end && strcmp(text + n - n_end, end) == 0;
}

enum source_result source_open(const char *name, const struct source_settings *settings, struct source **source, struct source_info *info,
                               char why[SOURCE_WHY])
{
    struct source_settings with = *settings;
    if (!with.now_s)
        with.now_s = machine_now_s;
    source_opener *opener = source_file_open;
    int format;
    if (source_file_name(name, &format) != name)
        ; /* whoever says the format means the bytes, whatever they are called */
    else if (strncmp(name, "rtl_tcp://", 10) == 0)
        opener = source_rtl_tcp_open;
    else if (strncmp(name, "soapy://", 8) == 0)
        opener = source_soapy_open;
    else if (ends_with(name, ".sigmf-meta") || ends_with(name, ".sigmf-data"))
        opener = source_sigmf_open;
    else if (ends_with(name, ".sigmf"))
        return source_say(SOURCE_WRONG, why, "%s: expected a recording, got an archive: unpack it (tar -xf), then give its .sigmf-meta",
                          name);
    enum source_result result = opener(name, &with, source, why);
    if (result == SOURCE_OK)
        *info = (*source)->info;
    return result;
}

void source_close(struct source *source)
{
    if (source)
        source->close(source);
}

ssize_t source_read(struct source *source, void *to, size_t n, double *gap_s, char why[SOURCE_WHY])
{
    *gap_s = 0;
    return source->read(source, to, n, gap_s, why);
}
