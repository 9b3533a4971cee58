/* SPDX-License-Identifier: Apache-2.0
 *
 * What describes samples, from a hostile hand: the meta of a SigMF recording, a place, the URL of a device, the name of a file.
 * The first byte chooses. What is accepted keeps the promises of its header, and a place can be laid out and played.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/source/place.h"
#include "reader/source/sigmf.h"
#include "reader/source/source_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_why(const char why[SOURCE_WHY])
{
    promise(memchr(why, '\0', SOURCE_WHY) != NULL && why[0] != '\0', "a refusal says why");
}

static void try_sigmf(const char *text, size_t n)
{
    struct sigmf sigmf;
    char why[SOURCE_WHY] = "";
    if (sigmf_parse("meta", text, n, &sigmf, why) != SOURCE_OK) {
        check_why(why);
        return;
    }
    promise(sigmf.format < MODEM_FORMATS && sigmf.rate_hz >= 0 && sigmf.n_captures >= 1, "a recording has a format and a capture");
    for (size_t i = 1; i < sigmf.n_captures; i++)
        promise(sigmf.captures[i].start >= sigmf.captures[i - 1].start, "captures are in order");
    promise(!strchr(sigmf.dataset, '/'), "samples are beside their meta");
    sigmf_clear(&sigmf);
}

static void try_place(const char *text, size_t n)
{
    static float iq[2 * 1000];
    struct place place;
    struct modem_yard yard;
    struct place_heard *heard;
    char why[SOURCE_WHY] = "";
    if (place_parse("place", text, n, &place, why) != SOURCE_OK) {
        check_why(why);
        return;
    }
    promise(place.n_antennas >= 1 && place.n_seals <= PLACE_SEALS_MAX, "a place has an antenna, and not too many seals");
    for (size_t i = 0; i < place.n_seals; i++)
        promise(place.seals[i].n >= 1 && place.seals[i].every_s > 0 && memchr(place.seals[i].name, '\0', PLACE_NAME_MAX),
                "seals send something");
    place.seconds = fmin(place.seconds, 1);
    if (place.n_seals < 50 && place_lay_out(&place, place.n_antennas - 1, &yard, &heard, why) == SOURCE_OK) {
        for (size_t i = 1; i < yard.n_frames; i++)
            promise(yard.frames[i].frame.at_s >= yard.frames[i - 1].frame.at_s, "frames are in order");
        if (yard.n_frames > 0)
            yard.seconds = fmin(yard.seconds, yard.frames[0].frame.at_s + 0.001);
        for (int pieces = 0; pieces < 20 && modem_yard_next(&yard, iq, 1000) > 0; pieces++)
            for (size_t i = 0; i < 2000; i++)
                promise(!isnan(iq[i]), "samples are numbers");
        free(yard.frames);
        free(heard);
    }
    place_clear(&place);
}

static void try_url(const char *text)
{
    char url[1000] = "rtl_tcp://";
    struct source_settings settings = {.format = -1};
    struct source_device device;
    char why[SOURCE_WHY] = "";
    strncat(url, text, sizeof url - 20);
    if (source_device_read(url, &settings, &device, why) != SOURCE_OK) {
        check_why(why);
        return;
    }
    promise(device.rate_hz >= MODEM_RATE_MIN && device.rate_hz <= MODEM_RATE_MAX, "a device has a rate that is received");
    promise(strlen(device.what) < SOURCE_HOST_MAX && device.retry_s >= 0 && device.channel < 64, "a device has a name");
}

static void try_name(const char *text)
{
    struct modem_name name = modem_name_read(text);
    int format = -1;
    promise(name.format >= -1 && name.format < MODEM_FORMATS && name.rate_hz >= 0 && name.frequency_hz >= 0, "a name says what there is");
    const char *behind = source_file_name(text, &format);
    promise(behind >= text && behind <= text + strlen(text) && (behind == text) == (format == -1),
            "what is behind a format is a part of the name");
    char *path = sigmf_path(text, SIGMF_META);
    promise(path && strlen(path) > strlen("." SIGMF_META) - 1, "a recording has a meta");
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    char *text = malloc(n);
    if (!text)
        return 0;
    memcpy(text, data + 1, n - 1);
    text[n - 1] = '\0';
    switch (data[0] & 3) {
    case 0:
        try_sigmf(text, n - 1);
        break;
    case 1:
        try_place(text, n - 1);
        break;
    case 2:
        try_url(text);
        break;
    default:
        try_name(text);
    }
    free(text);
    return 0;
}
