/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kinds of sources share.
 */
#ifndef SOURCE_INTERNAL_H
#define SOURCE_INTERNAL_H

#include "reader/source/source.h"

struct source { /* the first member of each kind */
    ssize_t (*read)(struct source *source, void *to, size_t n, double *gap_s, char why[SOURCE_WHY]);
    void (*close)(struct source *source);
    struct source_settings settings;
    struct source_info info;
};

/* Each sets *source when it is OK; its info is filled in by then. */
typedef enum source_result source_opener(const char *name, const struct source_settings *settings, struct source **source,
                                         char why[SOURCE_WHY]);
source_opener source_file_open, source_sigmf_open, source_rtl_tcp_open, source_soapy_open;

/* Writes a message; returns `result`. */
enum source_result source_say(enum source_result result, char why[SOURCE_WHY], const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool source_stopped(const struct source *source);

/* cu8:FILE: sets *format and returns FILE; else returns the name. */
const char *source_file_name(const char *name, int *format);

/* All of it, or less at the end of the file; -1: see errno. */
ssize_t source_file_read(const struct source *source, int fd, void *to, size_t n);

/* ---- devices ---- */

#define SOURCE_HOST_MAX 200

struct source_device {          /* what its URL asks for */
    char what[SOURCE_HOST_MAX]; /* between :// and ? */
    double frequency_hz, rate_hz, gain_db, ppm, retry_s;
    bool gain_auto;
    unsigned channel;
};

/* `url` begins with the scheme and "://". --rate goes before the URL's. */
enum source_result source_device_read(const char *url, const struct source_settings *settings, struct source_device *device,
                                      char why[SOURCE_WHY]);

struct source_loss { /* since when a device is lost, and when to look for it again */
    double since_s, next_s, wait_s;
    bool lost;
};

void source_loss_begin(struct source_loss *loss, double now_s, double last_s);

/* Waits until it is time to look again. False: `retry_s` have passed, or somebody said stop. */
bool source_loss_wait(struct source_loss *loss, const struct source *source, double retry_s);

#endif
