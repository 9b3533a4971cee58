/* SPDX-License-Identifier: Apache-2.0
 *
 * As much of cmocka as the tests of libbulla use, for builds of libbulla alone: on a machine that is emulated there is no cmocka, and
 * the memory sanitizer wants every byte to be written by code that it has instrumented. Include setjmp.h and stdarg.h before, as
 * for cmocka itself. A failed assertion ends its test; the others run.
 */
#ifndef TESTS_PLAIN_CMOCKA_H
#define TESTS_PLAIN_CMOCKA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    int (*setup_func)(void **state);
    int (*teardown_func)(void **state);
    void *initial_state;
};

static jmp_buf plain_end;

__attribute__((format(printf, 3, 4), noreturn, unused)) static void plain_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    longjmp(plain_end, 1);
}

__attribute__((unused)) static void plain_equal(uintmax_t a, uintmax_t b, int equal, const char *file, int line)
{
    if ((a == b) != equal)
        plain_fail(file, line, "0x%jx %s 0x%jx", a, equal ? "!=" : "==", b);
}

__attribute__((unused)) static void plain_text(const char *a, const char *b, int equal, const char *file, int line)
{
    if ((strcmp(a, b) == 0) != equal)
        plain_fail(file, line, "\"%s\" %s \"%s\"", a, equal ? "!=" : "==", b);
}

/* Bytes that nobody has written on either side, the padding of two structs, are not compared. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define PLAIN_WRITTEN(at) (__msan_test_shadow((at), 1) == -1)
#endif
#endif
#ifndef PLAIN_WRITTEN
#define PLAIN_WRITTEN(at) 1
#endif

__attribute__((unused)) static void plain_memory(const void *a, const void *b, size_t n, const char *file, int line)
{
    const uint8_t *left = a, *right = b;
    for (size_t i = 0; i < n; i++)
        if ((PLAIN_WRITTEN(left + i) || PLAIN_WRITTEN(right + i)) && left[i] != right[i])
            plain_fail(file, line, "byte %zu: 0x%02x != 0x%02x", i, left[i], right[i]);
}

/* A function of its own, so that longjmp finds no variable that has changed. */
__attribute__((unused)) static int plain_one(const struct CMUnitTest *test)
{
    void *state = test->initial_state;
    if (setjmp(plain_end) != 0) {
        fprintf(stderr, "failed: %s\n", test->name);
        return 1;
    }
    test->test_func(&state);
    return 0;
}

__attribute__((unused)) static int plain_run(const struct CMUnitTest *tests, size_t n)
{
    int failed = 0;
    for (size_t i = 0; i < n; i++)
        failed += plain_one(&tests[i]);
    fprintf(stderr, "%zu tests, %d failed\n", n, failed);
    return failed;
}

#define fail_msg(...) plain_fail(__FILE__, __LINE__, __VA_ARGS__)
#define print_message printf

#define plain_must(condition, text)                                                                                                        \
    do {                                                                                                                                   \
        if (!(condition))                                                                                                                  \
            plain_fail(__FILE__, __LINE__, "not: %s", text);                                                                               \
    } while (0)

#define assert_true(c)         plain_must(c, #c)
#define assert_false(c)        plain_must(!(c), "not (" #c ")")
#define assert_null(p)         plain_must((p) == NULL, #p " is NULL")
#define assert_non_null(p)     plain_must((p) != NULL, #p)
#define assert_ptr_equal(a, b) plain_must((const void *)(a) == (const void *)(b), #a " is " #b)

#define assert_in_range(v, least, most)                                                                                                    \
    plain_must((uintmax_t)(v) >= (uintmax_t)(least) && (uintmax_t)(v) <= (uintmax_t)(most), #v " in " #least " to " #most)
#define assert_int_equal(a, b)        plain_equal((uintmax_t)(a), (uintmax_t)(b), 1, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)    plain_equal((uintmax_t)(a), (uintmax_t)(b), 0, __FILE__, __LINE__)
#define assert_string_equal(a, b)     plain_text((a), (b), 1, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) plain_text((a), (b), 0, __FILE__, __LINE__)
#define assert_memory_equal(a, b, n)  plain_memory((a), (b), (n), __FILE__, __LINE__)

#define cmocka_unit_test(f)                                                                                                                \
    {                                                                                                                                      \
#f, f, NULL, NULL, NULL                                                                                                            \
    }
#define cmocka_unit_test_prestate(f, prestate)                                                                                             \
    {                                                                                                                                      \
#f, f, NULL, NULL, prestate                                                                                                        \
    }
#define cmocka_run_group_tests(tests, setup, teardown) plain_run((tests), sizeof(tests) / sizeof *(tests))

#endif
