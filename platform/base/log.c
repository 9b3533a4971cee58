/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1024
#define GATE_SECONDS 60

static atomic_int shown = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&shown, (int)level);
}

static const char *const names[] = {"error", "warn", "info", "debug"};

/* One write for one line, so that threads do not mix theirs. */
static void write_line(enum log_level level, const char *where, const char *format, va_list args, unsigned long held)
{
    char line[LINE_SIZE];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ %-5s %s: ", now.tv_nsec / 1000000, names[level], where);
    int said = vsnprintf(line + n, sizeof line - n, format, args);
    n += said < 0 ? 0 : (size_t)said;
    if (n > sizeof line - 40)
        n = sizeof line - 40;
    if (held > 0)
        n += (size_t)snprintf(line + n, sizeof line - n, " (%lu more like it)", held);
    for (size_t i = 0; i < n; i++) /* a peer's bytes must not forge lines */
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}

void log_say(enum log_level level, const char *where, const char *format, ...)
{
    if ((int)level > atomic_load(&shown))
        return;
    va_list args;
    va_start(args, format);
    write_line(level, where, format, args, 0);
    va_end(args);
}

void log_gated(struct log_gate *gate, enum log_level level, const char *where, const char *format, ...)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec < gate->until_s) {
        gate->held++;
        return;
    }
    unsigned long held = gate->held;
    gate->held = 0;
    gate->until_s = (long long)now.tv_sec + GATE_SECONDS;
    if ((int)level > atomic_load(&shown))
        return;
    va_list args;
    va_start(args, format);
    write_line(level, where, format, args, held);
    va_end(args);
}
