/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets decide no branch and no address: the program runs itself under valgrind with the secrets marked as undefined, and valgrind
 * reports every jump and every access that depends on them. That it does is tried with a comparison that leaves early and with
 * a table that is read at a secret place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bulla/suite.h"
#include "suite/suite.h"

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_MEMCHECK 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#undef HAVE_MEMCHECK /* the two do not go together */
#endif

#ifndef HAVE_MEMCHECK

int main(void)
{
    fprintf(stderr, "constant time: built without valgrind's headers, or with sanitizers: skipped\n");
    return 77;
}

#else

#define SECRET 32
#define FOUND  9 /* valgrind's exit code when it reports */

static volatile unsigned result; /* so that nothing is left out */

static void hide(void *at, size_t n)
{
    VALGRIND_MAKE_MEM_UNDEFINED(at, n);
}

static void show(void *at, size_t n)
{
    VALGRIND_MAKE_MEM_DEFINED(at, n);
}

static void run_same(uint8_t *secret, uint8_t *guess)
{
    bool same = bulla_same_secret(secret, guess, SECRET);
    show(&same, sizeof same); /* the answer is public */
    result = same;
}

static void run_same_wrong(uint8_t *secret, uint8_t *guess)
{
    guess[0] ^= 1;
    run_same(secret, guess);
}

static void run_hmac(const struct bulla_suite *suite, uint8_t *secret)
{
    uint8_t mac[BULLA_HASH];
    const struct bulla_bytes parts[] = {{secret, SECRET}, {(const uint8_t *)"public", 6}};
    if (bulla_suite_hmac(suite, (struct bulla_bytes){secret, SECRET}, parts, 2, mac) != BULLA_OK ||
        bulla_suite_expand(suite, mac, parts[1], mac, 16) != BULLA_OK)
        abort();
    show(mac, sizeof mac);
    result = mac[0];
}

static void run_keys(unsigned id, uint8_t *secret)
{
    struct bulla_suite suite;
    if (bulla_host_suite_make(id, &bulla_host_random_system, &suite) != BULLA_OK)
        abort();
    suite.hmac = NULL; /* libbulla's own */
    run_hmac(&suite, secret);
}

static void run_keys_sha256(uint8_t *secret, uint8_t *guess)
{
    (void)guess;
    run_keys(BULLA_SUITE_INTERNATIONAL, secret);
}

static void run_keys_sm3(uint8_t *secret, uint8_t *guess)
{
    (void)guess;
    run_keys(BULLA_SUITE_NATIONAL, secret);
}

/* What must be found. */
static void run_planted_compare(uint8_t *secret, uint8_t *guess)
{
    volatile uint8_t *a = secret, *b = guess;
    size_t i = 0;
    while (i < SECRET && a[i] == b[i])
        i++;
    result = i == SECRET;
}

static void run_planted_table(uint8_t *secret, uint8_t *guess)
{
    static volatile uint8_t table[256];
    (void)guess;
    result = table[secret[3]];
}

struct run {
    const char *name;
    void (*run)(uint8_t *secret, uint8_t *guess);
    int expected;
};

static const struct run runs[] = {
    {"same", run_same, 0},
    {"same-wrong", run_same_wrong, 0},
    {"keys-sha256", run_keys_sha256, 0},
    {"keys-sm3", run_keys_sm3, 0},
    {"planted-compare", run_planted_compare, FOUND},
    {"planted-table", run_planted_table, FOUND},
};

#define RUNS (sizeof runs / sizeof *runs)

static int run_named(const char *name)
{
    for (size_t i = 0; i < RUNS; i++)
        if (strcmp(runs[i].name, name) == 0) {
            uint8_t secret[SECRET], guess[SECRET];
            memset(secret, 0x5A, sizeof secret);
            memset(guess, 0x5A, sizeof guess);
            hide(secret, sizeof secret);
            runs[i].run(secret, guess);
            return 0;
        }
    return 1;
}

static int under_valgrind(const char *name)
{
    char self[4096], code[40];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    snprintf(code, sizeof code, "--error-exitcode=%d", FOUND);
    pid_t child = fork();
    if (child == 0) {
        execlp("valgrind", "valgrind", "-q", code, self, name, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void no_branch_and_no_address_depends_on_a_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < RUNS; i++)
        if (runs[i].expected == 0 && under_valgrind(runs[i].name) != 0)
            fail_msg("%s: valgrind reports", runs[i].name);
}

static void what_was_planted_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < RUNS; i++)
        if (runs[i].expected != 0 && under_valgrind(runs[i].name) != FOUND)
            fail_msg("%s: valgrind does not report", runs[i].name);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return run_named(argv[1]);
    if (system("valgrind --version >/dev/null 2>&1") != 0) {
        fprintf(stderr, "constant time: valgrind is not installed: skipped\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_branch_and_no_address_depends_on_a_secret),
        cmocka_unit_test(what_was_planted_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
