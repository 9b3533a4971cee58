/* SPDX-License-Identifier: Apache-2.0
 *
 * IQ samples as files have them: I and Q by turns, no header, little-endian. Full scale is 1.0.
 *
 *   cu8   unsigned bytes around 127.5        RTL-SDR        also .data .complex16u
 *   cs8   signed bytes                       HackRF         also .complex16s
 *   cs16  signed 16-bit numbers                             also .complex32s
 *   cf32  32-bit floats                      GNU Radio      also .cfile .complex
 *
 * A file's name may say more, in the manner of rtl_433: g001_433.92M_1000k.cu8 is 433.92 MHz, 1 MS/s.
 */
#ifndef MODEM_FORMAT_H
#define MODEM_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define MODEM_RATE_MIN 400000 /* of a recording, Hz: below it a frame 200 ppm off does not fit */
#define MODEM_RATE_MAX 20000000

enum modem_format { MODEM_CU8, MODEM_CS8, MODEM_CS16, MODEM_CF32, MODEM_FORMATS };

size_t modem_format_size(enum modem_format format); /* bytes of a sample */
const char *modem_format_text(enum modem_format format);
int modem_format_from(const char *text); /* -1: none */

struct modem_name {
    int format;                   /* enum modem_format, or -1: the name does not say */
    double rate_hz, frequency_hz; /* 0: the name does not say */
};

/* What a file's name says of what is in it. */
struct modem_name modem_name_read(const char *path);

/* n samples as the file has them, from pairs of floats; what is beyond full scale is clipped. */
void modem_format_put(enum modem_format format, void *to, const float *from, size_t n);

/* The other way: n samples as pairs of floats. A float that is no number is 0. */
void modem_format_get(enum modem_format format, float *to, const void *from, size_t n);

#endif
