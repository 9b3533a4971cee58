/* SPDX-License-Identifier: Apache-2.0
 *
 * SM2, SM3, SM4-GCM. The agreement is GB/T 32918.3 with a fresh pair in the place of the long-lived one as well, because
 * a key that signs does not agree (docs/decisions/012-link-trust.md); its identities are the roles.
 */
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "suite/curve.h"
#include "suite/sm2.h"

static enum bulla_status pair(void *context, uint8_t secret[BULLA_SECRET], uint8_t *public_key)
{
    return curve_pair(context, NID_sm2, secret, public_key);
}

static enum bulla_status key_public(const uint8_t secret[BULLA_SECRET], uint8_t public_key[BULLA_PUBLIC])
{
    return curve_public(NID_sm2, secret, public_key);
}

static enum bulla_status agree(void *context, const struct bulla_agreement *agreement, uint8_t shared[BULLA_SHARED])
{
    (void)context;
    static const struct bulla_bytes roles[] = {{(const uint8_t *)"reader", 6}, {(const uint8_t *)"seal", 4}};
    const struct bulla_bytes own_key = {agreement->own, BULLA_PUBLIC}, other_key = {agreement->other, BULLA_PUBLIC};
    const struct sm2_side own = {agreement->secret, agreement->secret, own_key, own_key, roles[agreement->side]};
    const struct sm2_side other = {NULL, NULL, other_key, other_key, roles[1 - agreement->side]};
    struct sm2_result result;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    enum bulla_status status = BULLA_FAILED;
    if (group)
        status = sm2_exchange(group, &own, &other, agreement->side == BULLA_SIDE_READER, BULLA_SHARED, &result);
    if (status == BULLA_OK)
        bulla_copy(shared, result.key, BULLA_SHARED);
    bulla_wipe(&result, sizeof result);
    EC_GROUP_free(group);
    return status;
}

static enum bulla_status sign(void *context, const uint8_t secret[BULLA_SECRET], const uint8_t digest[BULLA_HASH],
                              uint8_t signature[BULLA_SIGNATURE])
{
    (void)context;
    return sm2_sign(secret, (struct bulla_bytes){digest, BULLA_HASH}, signature);
}

static enum bulla_status verify(void *context, const uint8_t public_key[BULLA_PUBLIC], const uint8_t digest[BULLA_HASH],
                                const uint8_t signature[BULLA_SIGNATURE])
{
    (void)context;
    return sm2_verify(public_key, (struct bulla_bytes){digest, BULLA_HASH}, signature);
}

const struct suite_row suite_national = {{BULLA_SUITE_NATIONAL, "sm2-sm3-sm4gcm", 16, BULLA_PUBLIC, NULL, suite_fill, suite_sm3,
                                          suite_sm3_hmac, suite_sm4_seal, suite_sm4_open, pair, agree, sign, verify},
                                         pair,
                                         key_public};
