/* SPDX-License-Identifier: Apache-2.0
 *
 * Words for the operator, one line each, to stderr: time, level, where, what. Folders that only compute
 * never log; pipeline, main, in and out do.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
void log_say(enum log_level level, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, but a line that repeats within a minute is counted instead, and told with its count afterwards. `gate` is the
 * caller's, zeroed at first, one for each kind of line; not shared between threads. */
struct log_gate {
    long long until_s;
    unsigned long held;
};
void log_gated(struct log_gate *gate, enum log_level level, const char *where, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
