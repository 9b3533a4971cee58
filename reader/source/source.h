/* SPDX-License-Identifier: Apache-2.0
 *
 * Where samples come from. A name opens a source; its bytes are read in pieces; where the source lost samples, the piece behind
 * the hole says how long the hole is.
 *
 *   FILE, -                       samples without a header; cu8:FILE says their format
 *   NAME.sigmf-meta, .sigmf-data  a SigMF recording (sigmf.h)
 *   rtl_tcp://HOST[:PORT][?freq=HZ&rate=HZ&gain=DB|auto&ppm=N&retry=SECONDS]
 *   soapy://ARGS[?freq=HZ&rate=HZ&gain=DB|auto&channel=N&retry=SECONDS]    a device of SoapySDR
 *
 * A device that is lost is looked for again, after 0.25 s, 0.5 s and so on up to 8 s, until `retry` seconds have passed.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "reader/modem/format.h"

#define SOURCE_WHY 400 /* bytes of a message, with its end */

struct source_settings {
    int format;                        /* enum modem_format, or -1: what the name says, else cu8 */
    double rate_hz;                    /* 0: what the name says, else 1 MS/s */
    double (*now_s)(void);             /* a clock that only goes forward; NULL: the machine's */
    const volatile sig_atomic_t *stop; /* not 0: whoever waits for samples gives up, as at the end; may be NULL */
};

struct source_info {
    enum modem_format format;
    double rate_hz, frequency_hz; /* 0: nobody knows which */
    uint64_t samples;             /* that it will give; 0: nobody knows */
    bool live;                    /* a device: what is not read is lost */
};

enum source_result {
    SOURCE_OK,
    SOURCE_WRONG,  /* what was asked for makes no sense */
    SOURCE_FAILED, /* a file, a device or memory is not there */
};

struct source;

/* *source and *info are set when it is OK; else `why` says what, where, what was expected and what came. */
enum source_result source_open(const char *name, const struct source_settings *settings, struct source **source, struct source_info *info,
                               char why[SOURCE_WHY]);
void source_close(struct source *source);

/* Bytes of samples, at most n (16 or more); 0: the end; -1: it failed, and `why` says how. *gap_s: how long the hole before them
 * is, s; 0: there is none. Behind a hole a sample begins. */
ssize_t source_read(struct source *source, void *to, size_t n, double *gap_s, char why[SOURCE_WHY]);

#endif
