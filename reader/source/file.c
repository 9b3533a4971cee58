/* SPDX-License-Identifier: Apache-2.0
 *
 * Samples of a file or of standard input, without a header.
 */
#include "reader/source/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RATE_OTHERWISE 1e6

struct file {
    struct source source;
    int fd;
    char name[SOURCE_HOST_MAX];
};

ssize_t source_file_read(const struct source *source, int fd, void *to, size_t n)
{
    for (;;) {
        if (source_stopped(source))
            return 0;
        ssize_t got = read(fd, to, n);
        if (got >= 0 || errno != EINTR)
            return got;
    }
}

static ssize_t file_read(struct source *source, void *to, size_t n, double *gap_s, char why[SOURCE_WHY])
{
    (void)gap_s;
    struct file *file = (struct file *)source;
    ssize_t got = source_file_read(source, file->fd, to, n);
    if (got < 0)
        source_say(SOURCE_FAILED, why, "%s: cannot read: %s", file->name, strerror(errno));
    return got;
}

static void file_close(struct source *source)
{
    struct file *file = (struct file *)source;
    if (file->fd != STDIN_FILENO)
        close(file->fd);
    free(file);
}

const char *source_file_name(const char *name, int *format)
{
    char word[12];
    const char *colon = strchr(name, ':');
    if (!colon || (size_t)(colon - name) >= sizeof word)
        return name;
    memcpy(word, name, (size_t)(colon - name));
    word[colon - name] = '\0';
    int said = modem_format_from(word);
    if (said < 0)
        return name;
    *format = said;
    return colon + 1;
}

static void fill_info(struct file *file, const char *name, int format)
{
    struct modem_name said = modem_name_read(name);
    struct source_info *info = &file->source.info;
    struct stat status;
    if (file->source.settings.format >= 0)
        format = file->source.settings.format;
    else if (format < 0)
        format = said.format >= 0 ? said.format : MODEM_CU8;
    info->format = (enum modem_format)format;
    info->rate_hz = said.rate_hz > 0 ? said.rate_hz : RATE_OTHERWISE;
    if (file->source.settings.rate_hz > 0)
        info->rate_hz = file->source.settings.rate_hz;
    info->frequency_hz = said.frequency_hz;
    if (fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode))
        info->samples = (uint64_t)status.st_size / modem_format_size(info->format);
}

enum source_result source_file_open(const char *name, const struct source_settings *settings, struct source **source, char why[SOURCE_WHY])
{
    int format = -1;
    name = source_file_name(name, &format);
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return source_say(SOURCE_FAILED, why, "%s: cannot open: %s", name, strerror(errno));
    struct file *file = calloc(1, sizeof *file);
    if (!file) {
        close(fd);
        return source_say(SOURCE_FAILED, why, "%s: expected memory, got none", name);
    }
    *file = (struct file){.source = {.read = file_read, .close = file_close, .settings = *settings}, .fd = fd};
    strncpy(file->name, name, sizeof file->name - 1);
    fill_info(file, name, format);
    *source = &file->source;
    return SOURCE_OK;
}
