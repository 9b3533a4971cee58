/* SPDX-License-Identifier: Apache-2.0
 *
 * An owner lets a reader seal for a year, and a seal that trusts the owner asks what that is worth now. For bulla/authority.h,
 * bulla/suite.h, bulla-host/suite.h
 *
 * prints: read 1, seal 1, unseal 0
 * prints: after the year: not valid any more
 */
#include <bulla-host/suite.h>
#include <bulla/authority.h>
#include <stdio.h>
#include <string.h>

static bool issuer(void *context, unsigned kind, const uint8_t id[BULLA_KEY_ID], uint8_t public_key[BULLA_PUBLIC])
{
    (void)kind, (void)id; /* there is one: a signature of another's does not hold */
    memcpy(public_key, context, BULLA_PUBLIC);
    return true;
}

int main(void)
{
    struct bulla_suite suite;
    struct bulla_fault fault;
    enum bulla_doubt doubt = BULLA_DOUBT_GOOD;
    uint8_t secret[BULLA_SECRET], owner[BULLA_PUBLIC], readers_secret[BULLA_SECRET], bytes[BULLA_AUTHORITY_SIZE];
    struct bulla_authority given = {.kind = BULLA_AUTHORITY_READER, .subject = 5, .from_s = 1767225600, .until_s = 1798761600}, got;
    struct bulla_moment moment = {.now_ms = 1767225600000 + 1000, .floor_ms = BULLA_TIME_NONE, .good = true};
    struct bulla_trust trust = {.context = owner, .issuer = issuer};

    given.rights = BULLA_RIGHT_READ | BULLA_RIGHT_SEAL;
    if (bulla_host_suite_make(BULLA_SUITE_NATIONAL, &bulla_host_random_system, &suite) != BULLA_OK ||
        bulla_host_key_make(&suite, secret, owner) != BULLA_OK ||
        bulla_host_key_make(&suite, readers_secret, given.public_key) != BULLA_OK ||
        bulla_authority_sign(&suite, secret, owner, &given) != BULLA_OK || bulla_authority_encode(&given, bytes, &fault) != BULLA_OK ||
        bulla_authority_check(&suite, &trust, &moment, BULLA_AUTHORITY_READER, (struct bulla_bytes){bytes, sizeof bytes}, &got, &doubt) !=
            BULLA_OK)
        return fprintf(stderr, "%s\n", bulla_doubt_text(doubt)), 1;
    unsigned rights = bulla_authority_rights(got.rights, got.from_s, got.until_s, &moment, &doubt);
    printf("read %d, seal %d, unseal %d\n", (rights & BULLA_RIGHT_READ) != 0, (rights & BULLA_RIGHT_SEAL) != 0,
           (rights & BULLA_RIGHT_UNSEAL) != 0);

    moment.now_ms = 1798761600000;
    if (bulla_authority_check(&suite, &trust, &moment, BULLA_AUTHORITY_READER, (struct bulla_bytes){bytes, sizeof bytes}, &got, &doubt) !=
        BULLA_OK)
        printf("after the year: %s\n", bulla_doubt_text(doubt));
    return 0;
}
