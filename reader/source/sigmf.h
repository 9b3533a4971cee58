/* SPDX-License-Identifier: Apache-2.0
 *
 * SigMF recordings, version 1: NAME.sigmf-data has the samples, NAME.sigmf-meta says in JSON what they are.
 *
 *   global       core:datatype cu8, ci8, ci16_le, cf32_le; core:sample_rate; one channel
 *   captures     core:sample_start, core:frequency; core:global_index says where samples are missing; core:header_bytes
 *   annotations  one for each frame that was read
 */
#ifndef SOURCE_SIGMF_H
#define SOURCE_SIGMF_H

#include "reader/source/source.h"

#define SIGMF_META "sigmf-meta"
#define SIGMF_DATA "sigmf-data"

struct sigmf_capture {
    uint64_t start;  /* sample of the file */
    uint64_t global; /* sample of the stream that it was cut from */
    uint64_t header; /* bytes before it that are no samples */
};

struct sigmf {
    enum modem_format format;
    double rate_hz, frequency_hz; /* 0: it does not say */
    uint64_t trailing;            /* bytes at the end that are no samples */
    char dataset[256];            /* file of the samples, where it is not NAME.sigmf-data; "" otherwise */
    struct sigmf_capture *captures;
    size_t n_captures; /* 1 or more */
};

/* What n bytes of JSON say; `name` is for messages. sigmf_clear afterwards, when it is OK. */
enum source_result sigmf_parse(const char *name, const char *text, size_t n, struct sigmf *sigmf, char why[SOURCE_WHY]);
void sigmf_clear(struct sigmf *sigmf);

/* NAME of NAME, NAME.sigmf-meta or NAME.sigmf-data, with that suffix behind it; heap. */
char *sigmf_path(const char *name, const char *suffix);

/* ---- writing ---- */

struct sigmf_annotation {
    uint64_t start, count;  /* samples of the file */
    double low_hz, high_hz; /* from the middle of the recording */
    const char *label, *comment;
};

struct sigmf_writer;

/* Makes NAME.sigmf-data, or takes the recording as it is where `from` (a name for source_open, or NULL) is the same one: then
 * its meta is kept, and annotations of an earlier run are replaced. `datetime` of the first sample in ISO 8601, or NULL. */
enum source_result sigmf_create(const char *name, const char *from, const struct source_info *info, const char *datetime,
                                struct sigmf_writer **writer, char why[SOURCE_WHY]);

/* Samples; `gap_s` before them are missing. The first error is kept for sigmf_finish. */
void sigmf_put(struct sigmf_writer *writer, const void *bytes, size_t n, double gap_s);
void sigmf_annotate(struct sigmf_writer *writer, const struct sigmf_annotation *annotation);

/* Writes the meta and frees the writer. */
enum source_result sigmf_finish(struct sigmf_writer *writer, char why[SOURCE_WHY]);

#endif
