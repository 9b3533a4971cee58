/* SPDX-License-Identifier: Apache-2.0
 *
 * A PostgreSQL for tests. tests/support/pg_server.py runs one for all tests of a build directory, on a free port, and stops it
 * a minute after its last use; here each test makes databases of its own in it.
 *
 * ctest runs the tests of the store a second time with BULLA_TEST_STORE=postgres. By hand:
 *     BULLA_TEST_STORE=postgres build/dev/tests/test_store_records
 * Python: `import pg_server; url = pg_server.shared(build_directory)`, then CREATE DATABASE by psql; e2e.Server does so by itself
 * under that variable. A test that kills or fills its server uses pg_server.Private (with fsync).
 */
#ifndef TESTS_SUPPORT_PG_H
#define TESTS_SUPPORT_PG_H

#include <stdbool.h>
#include <stddef.h>

/* BULLA_TEST_STORE is "postgres". */
bool pg_test_wanted(void);

/* Makes a new database; its URL. Without PostgreSQL the program exits 77 with a word, with any other trouble 1. */
void pg_test_create(char *url, size_t size);
/* The same with words after CREATE DATABASE name, as "ENCODING 'LATIN1' ..."; false: refused. */
bool pg_test_create_with(const char *words, char *url, size_t size);
/* Ends its connections and drops it. */
void pg_test_drop(const char *url);

/* Runs SQL in a database. The first column of the first row goes to out[size] (may be NULL); false: it failed, and out has
 * the server's sentence. */
bool pg_test_sql(const char *url, const char *sql, char *out, size_t size);

#endif
