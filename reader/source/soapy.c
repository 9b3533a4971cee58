/* SPDX-License-Identifier: Apache-2.0
 *
 * A device of SoapySDR. Its library is loaded when such a source is opened, so nothing else needs it; what is declared here is
 * its C interface of version 0.8.
 */
#include "reader/source/source_internal.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY  "libSoapySDR.so.0.8"
#define RECEIVE  1
#define TIMEOUT  (-1)
#define OVERFLOW (-4)
#define HAS_TIME 4 /* a flag */
#define WAIT_US  100000
#define SILENT_S 3.0
#define SMALLEST 1e-6 /* s: a hole of unknown length is at least that long */

struct device;
struct stream;

struct library {
    struct device *(*make)(const char *args);
    int (*unmake)(struct device *device);
    const char *(*last_error)(void);
    int (*set_rate)(struct device *device, int direction, size_t channel, double hz);
    int (*set_frequency)(struct device *device, int direction, size_t channel, double hz, const void *args);
    int (*set_correction)(struct device *device, int direction, size_t channel, double ppm);
    int (*set_gain_mode)(struct device *device, int direction, size_t channel, bool automatic);
    int (*set_gain)(struct device *device, int direction, size_t channel, double db);
    char *(*native_format)(const struct device *device, int direction, size_t channel, double *full_scale);
    struct stream *(*setup)(struct device *device, int direction, const char *format, const size_t *channels, size_t n, const void *args);
    int (*activate)(struct device *device, struct stream *stream, int flags, long long time_ns, size_t n);
    int (*read)(struct device *device, struct stream *stream, void *const *to, size_t n, int *flags, long long *time_ns, long timeout_us);
    int (*deactivate)(struct device *device, struct stream *stream, int flags, long long time_ns);
    int (*close)(struct device *device, struct stream *stream);
};

struct soapy {
    struct source source;
    struct source_device wanted;
    struct source_loss loss;
    void *handle;
    struct library call;
    struct device *device; /* NULL: lost */
    struct stream *stream;
    double last_s, next_s; /* by our clock: of the last samples; when those that come next are due */
    long long next_ns;     /* the same by the device's clock; -1: it has none */
    bool overflowed;
};

static bool find_all(struct soapy *s, char why[SOURCE_WHY])
{
    const struct {
        const char *name;
        void *to;
    } symbols[] = {{"makeStrArgs", &s->call.make},
                   {"unmake", &s->call.unmake},
                   {"lastError", &s->call.last_error},
                   {"setSampleRate", &s->call.set_rate},
                   {"setFrequency", &s->call.set_frequency},
                   {"setFrequencyCorrection", &s->call.set_correction},
                   {"setGainMode", &s->call.set_gain_mode},
                   {"setGain", &s->call.set_gain},
                   {"getNativeStreamFormat", &s->call.native_format},
                   {"setupStream", &s->call.setup},
                   {"activateStream", &s->call.activate},
                   {"readStream", &s->call.read},
                   {"deactivateStream", &s->call.deactivate},
                   {"closeStream", &s->call.close}};
    s->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!s->handle) {
        source_say(SOURCE_FAILED, why, "soapy://%s: cannot load SoapySDR (Debian: libsoapysdr0.8 and the module of the device): %s",
                   s->wanted.what, dlerror());
        return false;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        char name[60] = "SoapySDRDevice_";
        strcat(name, symbols[i].name);
        void *found = dlsym(s->handle, name);
        if (!found) {
            source_say(SOURCE_FAILED, why, "%s: expected %s, got nothing: another version?", LIBRARY, name);
            return false;
        }
        memcpy(symbols[i].to, &found, sizeof found); /* a function is no object pointer in C */
    }
    return true;
}

static void let_go(struct soapy *s)
{
    if (s->stream) {
        s->call.deactivate(s->device, s->stream, 0, 0);
        s->call.close(s->device, s->stream);
    }
    if (s->device)
        s->call.unmake(s->device);
    s->device = NULL;
    s->stream = NULL;
}

static bool failed(struct soapy *s, const char *doing, char why[SOURCE_WHY])
{
    source_say(SOURCE_FAILED, why, "soapy://%s: cannot %s: %s", s->wanted.what, doing, s->call.last_error());
    let_go(s);
    return false;
}

/* Bytes as the device has them are taken as they are; everything else as floats, whose full scale is 1 by definition. */
static enum modem_format format_of(struct soapy *s)
{
    double full_scale = 0;
    char *native = s->call.native_format(s->device, RECEIVE, s->wanted.channel, &full_scale);
    enum modem_format format = !native                      ? MODEM_CF32
                               : strcmp(native, "CU8") == 0 ? MODEM_CU8
                               : strcmp(native, "CS8") == 0 ? MODEM_CS8
                                                            : MODEM_CF32;
    free(native);
    return format;
}

static bool tune(struct soapy *s, char why[SOURCE_WHY])
{
    const struct source_device *w = &s->wanted;
    size_t channel = w->channel;
    if (s->call.set_rate(s->device, RECEIVE, channel, w->rate_hz) != 0)
        return failed(s, "set the rate", why);
    if (s->call.set_frequency(s->device, RECEIVE, channel, w->frequency_hz, NULL) != 0)
        return failed(s, "set the frequency", why);
    if (w->ppm != 0 && s->call.set_correction(s->device, RECEIVE, channel, w->ppm) != 0)
        return failed(s, "correct the frequency", why);
    int gain =
        w->gain_auto ? s->call.set_gain_mode(s->device, RECEIVE, channel, true) : s->call.set_gain(s->device, RECEIVE, channel, w->gain_db);
    return (gain == 0 || w->gain_auto) /* not every device has an automatic gain */ || failed(s, "set the gain", why);
}

static bool begin(struct soapy *s, enum modem_format *format, char why[SOURCE_WHY])
{
    static const char *const names[] = {[MODEM_CU8] = "CU8", [MODEM_CS8] = "CS8", [MODEM_CF32] = "CF32"};
    size_t channel = s->wanted.channel;
    s->device = s->call.make(s->wanted.what);
    if (!s->device)
        return failed(s, "open the device", why);
    if (!tune(s, why))
        return false;
    *format = format_of(s);
    s->stream = s->call.setup(s->device, RECEIVE, names[*format], &channel, 1, NULL);
    if (!s->stream)
        return failed(s, "set up a stream", why);
    if (s->call.activate(s->device, s->stream, 0, 0, 0) != 0)
        return failed(s, "begin to receive", why);
    s->last_s = s->next_s = s->source.settings.now_s();
    s->next_ns = -1;
    s->overflowed = false;
    return true;
}

/* How long the hole was that the device has just told of, or that its clock shows. */
static double hole(struct soapy *s, bool has_time, long long time_ns, double now_s, double taken_s)
{
    double gap = 0;
    if (has_time && s->next_ns >= 0)
        gap = (double)(time_ns - s->next_ns) * 1e-9;
    else if (s->overflowed)
        gap = now_s - taken_s - s->next_s;
    if (s->overflowed)
        gap = fmax(gap, SMALLEST);
    return gap >= SMALLEST ? gap : 0;
}

static size_t take(struct soapy *s, size_t n, bool has_time, long long time_ns, double *gap_s)
{
    double now = s->source.settings.now_s(), taken = (double)n / s->source.info.rate_hz;
    if (s->loss.lost)
        *gap_s = now - s->loss.since_s;
    else
        *gap_s = hole(s, has_time, time_ns, now, taken);
    s->loss.lost = s->overflowed = false;
    s->next_s = *gap_s > 0 ? now : s->next_s + taken;
    s->next_ns = has_time ? time_ns + llrint(taken * 1e9) : -1;
    s->last_s = now;
    return n * modem_format_size(s->source.info.format);
}

/* True: look on; false: the end, and `why` is set if it is a bad one. */
static bool find_again(struct soapy *s, bool *stopped, char why[SOURCE_WHY])
{
    enum modem_format format;
    char why_not[SOURCE_WHY];
    if (!source_loss_wait(&s->loss, &s->source, s->wanted.retry_s)) {
        *stopped = source_stopped(&s->source);
        source_say(SOURCE_FAILED, why, "soapy://%s: lost, and not found again within %.12g s", s->wanted.what, s->wanted.retry_s);
        return false;
    }
    if (begin(s, &format, why_not) && format != s->source.info.format)
        let_go(s); /* another device answers to the name */
    return true;
}

static ssize_t soapy_read(struct source *source, void *to, size_t n, double *gap_s, char why[SOURCE_WHY])
{
    struct soapy *s = (struct soapy *)source;
    void *const buffers[1] = {to};
    while (!source_stopped(source)) {
        if (!s->device) {
            bool stopped = false;
            if (!find_again(s, &stopped, why))
                return stopped ? 0 : -1;
            continue;
        }
        int flags = 0;
        long long time_ns = 0;
        int got = s->call.read(s->device, s->stream, buffers, n / modem_format_size(source->info.format), &flags, &time_ns, WAIT_US);
        if (got > 0)
            return (ssize_t)take(s, (size_t)got, (flags & HAS_TIME) != 0, time_ns, gap_s);
        if (got == OVERFLOW)
            s->overflowed = true;
        bool silent = source->settings.now_s() - s->last_s > SILENT_S;
        if (silent || (got != 0 && got != TIMEOUT && got != OVERFLOW)) {
            let_go(s);
            if (!s->loss.lost)
                source_loss_begin(&s->loss, source->settings.now_s(), s->last_s);
        }
    }
    return 0;
}

static void soapy_close(struct source *source)
{
    struct soapy *s = (struct soapy *)source;
    let_go(s);
    if (s->handle)
        dlclose(s->handle);
    free(s);
}

enum source_result source_soapy_open(const char *name, const struct source_settings *settings, struct source **source, char why[SOURCE_WHY])
{
    struct source_device wanted;
    enum modem_format format = MODEM_CF32;
    enum source_result result = source_device_read(name, settings, &wanted, why);
    if (result != SOURCE_OK)
        return result;
    if (settings->format >= 0)
        return source_say(SOURCE_WRONG, why, "%s: expected no format: the device says it", name);
    struct soapy *s = calloc(1, sizeof *s);
    if (!s)
        return source_say(SOURCE_FAILED, why, "%s: expected memory, got none", name);
    s->source = (struct source){.read = soapy_read, .close = soapy_close, .settings = *settings};
    s->wanted = wanted;
    if (!find_all(s, why) || !begin(s, &format, why)) {
        soapy_close(&s->source);
        return SOURCE_FAILED;
    }
    s->source.info = (struct source_info){.format = format, .rate_hz = wanted.rate_hz, .frequency_hz = wanted.frequency_hz, .live = true};
    *source = &s->source;
    return SOURCE_OK;
}
