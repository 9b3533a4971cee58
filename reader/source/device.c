/* SPDX-License-Identifier: Apache-2.0
 *
 * What devices share: their URL, and the patience with which a lost one is looked for.
 */
#include "reader/source/source_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_FIRST_S 0.25
#define WAIT_MOST_S  8.0

static bool read_number(const char *text, double least, double most, double *to)
{
    char *end;
    double number = strtod(text, &end);
    double scale = *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : *end == 'G' ? 1e9 : 1;
    end += scale != 1;
    number *= scale;
    if (end == text || *end != '\0' || !(number >= least && number <= most))
        return false;
    *to = number;
    return true;
}

static enum source_result read_setting(const char *url, char *word, struct source_device *device, char why[SOURCE_WHY])
{
    double channel = 0;
    const struct {
        const char *name;
        double least, most, *to;
    } numbers[] = {{"freq", 1e5, 1e11, &device->frequency_hz}, {"rate", MODEM_RATE_MIN, MODEM_RATE_MAX, &device->rate_hz},
                   {"gain", -20, 120, &device->gain_db},       {"ppm", -1000, 1000, &device->ppm},
                   {"retry", 0, 1e9, &device->retry_s},        {"channel", 0, 63, &channel}};
    char *value = strchr(word, '=');
    if (value)
        *value++ = '\0';
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(word, numbers[i].name) != 0)
            continue;
        if (value && numbers[i].to == &device->gain_db && strcmp(value, "auto") == 0)
            return SOURCE_OK;
        if (!value || !read_number(value, numbers[i].least, numbers[i].most, numbers[i].to))
            return source_say(SOURCE_WRONG, why, "%s: %s: expected a number from %.12g to %.12g, got \"%s\"", url, word, numbers[i].least,
                              numbers[i].most, value ? value : "");
        device->gain_auto &= numbers[i].to != &device->gain_db;
        device->channel = (unsigned)channel;
        return SOURCE_OK;
    }
    return source_say(SOURCE_WRONG, why, "%s: expected freq, rate, gain, ppm, channel or retry behind the ?, got \"%s\"", url, word);
}

enum source_result source_device_read(const char *url, const struct source_settings *settings, struct source_device *device,
                                      char why[SOURCE_WHY])
{
    *device = (struct source_device){.frequency_hz = 433.92e6, .rate_hz = 1e6, .gain_auto = true, .retry_s = 60};
    char text[2 * SOURCE_HOST_MAX], *next = NULL;
    const char *what = strstr(url, "://") + 3;
    size_t n = strcspn(what, "?");
    if (n >= sizeof device->what || strlen(what) >= sizeof text)
        return source_say(SOURCE_WRONG, why, "%.40s...: expected less than %d bytes, got %zu", url, SOURCE_HOST_MAX, strlen(what));
    memcpy(device->what, what, n);
    strcpy(text, what + n + (what[n] == '?'));
    for (char *word = strtok_r(text, "&", &next); word; word = strtok_r(NULL, "&", &next)) {
        enum source_result result = read_setting(url, word, device, why);
        if (result != SOURCE_OK)
            return result;
    }
    if (settings->rate_hz > 0)
        device->rate_hz = settings->rate_hz;
    return SOURCE_OK;
}

void source_loss_begin(struct source_loss *loss, double now_s, double last_s)
{
    *loss = (struct source_loss){.since_s = last_s, .wait_s = WAIT_FIRST_S, .next_s = now_s + WAIT_FIRST_S, .lost = true};
}

bool source_loss_wait(struct source_loss *loss, const struct source *source, double retry_s)
{
    for (;;) {
        double now = source->settings.now_s();
        if (source_stopped(source) || now - loss->since_s > retry_s)
            return false;
        if (now >= loss->next_s)
            break;
        double left = fmin(loss->next_s - now, 0.1); /* so that a stop is seen soon */
        struct timespec rest = {0, (long)(left * 1e9)};
        nanosleep(&rest, NULL);
    }
    loss->wait_s = fmin(2 * loss->wait_s, WAIT_MOST_S);
    loss->next_s = source->settings.now_s() + loss->wait_s;
    return true;
}
