/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/suite.h"

#include <openssl/rand.h>
#include <string.h>

#include "suite/parts.h"

static enum bulla_status host_fill(void *context, uint8_t *to, size_t n)
{
    (void)context;
    return suite_status(RAND_bytes(to, (int)n) == 1, BULLA_FAILED);
}

const struct bulla_host_random bulla_host_random_system = {host_fill, NULL};

static const struct suite_row *const rows[] = {&suite_international, &suite_international_256, &suite_p256, &suite_national};

#define ROWS (sizeof rows / sizeof *rows)

static const struct suite_row *row_find(unsigned id)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i]->suite.id == id)
            return rows[i];
    return NULL;
}

unsigned bulla_host_suite_find(const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i]->suite.name, name) == 0)
            return rows[i]->suite.id;
    return 0;
}

enum bulla_status bulla_host_suite_make(unsigned id, const struct bulla_host_random *random, struct bulla_suite *suite)
{
    const struct suite_row *row = row_find(id);
    if (!row)
        return BULLA_REFUSED;
    *suite = row->suite;
    suite->context = (void *)(uintptr_t)random; /* nothing writes through it */
    return BULLA_OK;
}

enum bulla_status bulla_host_key_make(const struct bulla_suite *suite, uint8_t secret[BULLA_SECRET], uint8_t public_key[BULLA_PUBLIC])
{
    const struct suite_row *row = row_find(suite->id);
    return row ? row->key_make(suite->context, secret, public_key) : BULLA_REFUSED;
}

enum bulla_status bulla_host_key_public(const struct bulla_suite *suite, const uint8_t secret[BULLA_SECRET],
                                        uint8_t public_key[BULLA_PUBLIC])
{
    const struct suite_row *row = row_find(suite->id);
    return row ? row->key_public(secret, public_key) : BULLA_REFUSED;
}
