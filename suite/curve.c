/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/curve.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#define TRIES_MOST 32 /* a good source needs one: less than one scalar in 2^32 is out of range */

static bool scalar_good(const EC_GROUP *group, const BIGNUM *scalar)
{
    BIGNUM *most = BN_dup(EC_GROUP_get0_order(group));
    bool good = most && BN_sub_word(most, 1) == 1 && !BN_is_zero(scalar) && BN_cmp(scalar, most) < 0;
    BN_free(most);
    return good;
}

enum bulla_status curve_public(int nid, const uint8_t secret[BULLA_SECRET], uint8_t *public_key)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    BIGNUM *scalar = BN_secure_new();
    bool good = point && scalar && BN_bin2bn(secret, CURVE_SCALAR, scalar);
    if (good)
        BN_set_flags(scalar, BN_FLG_CONSTTIME);
    bool ours = good && scalar_good(group, scalar);
    good =
        good && (!ours || (EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
                           EC_POINT_point2oct(group, point, POINT_CONVERSION_COMPRESSED, public_key, BULLA_PUBLIC, NULL) == BULLA_PUBLIC));
    BN_clear_free(scalar);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return suite_status(good && ours, good ? BULLA_REFUSED : BULLA_FAILED);
}

enum bulla_status curve_pair(void *context, int nid, uint8_t secret[BULLA_SECRET], uint8_t *public_key)
{
    enum bulla_status status = BULLA_REFUSED;
    for (unsigned i = 0; i < TRIES_MOST && status == BULLA_REFUSED; i++) {
        status = suite_fill(context, secret, BULLA_SECRET);
        if (status == BULLA_OK)
            status = curve_public(nid, secret, public_key);
    }
    return status == BULLA_OK ? BULLA_OK : BULLA_FAILED;
}

EVP_PKEY *curve_key(const char *type, int nid, const uint8_t *secret, const uint8_t *public_key)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *scalar = secret ? BN_bin2bn(secret, CURVE_SCALAR, BN_secure_new()) : NULL;
    bool good = build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(nid), 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public_key, BULLA_PUBLIC) == 1;
    if (secret)
        good = good && scalar && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1;
    OSSL_PARAM *params = good ? OSSL_PARAM_BLD_to_param(build) : NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)!EVP_PKEY_fromdata(ctx, &key, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(scalar);
    return key;
}

bool curve_signature_get(const uint8_t *der, size_t n, uint8_t signature[BULLA_SIGNATURE])
{
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool good = both && BN_bn2binpad(ECDSA_SIG_get0_r(both), signature, CURVE_SCALAR) == CURVE_SCALAR &&
                BN_bn2binpad(ECDSA_SIG_get0_s(both), signature + CURVE_SCALAR, CURVE_SCALAR) == CURVE_SCALAR;
    ECDSA_SIG_free(both);
    return good;
}

int curve_signature_put(const uint8_t signature[BULLA_SIGNATURE], uint8_t **der)
{
    int n = -1;
    *der = NULL;
    ECDSA_SIG *both = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, CURVE_SCALAR, NULL), *s = BN_bin2bn(signature + CURVE_SCALAR, CURVE_SCALAR, NULL);
    if (both && r && s && ECDSA_SIG_set0(both, r, s) == 1) {
        r = s = NULL;
        n = i2d_ECDSA_SIG(both, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(both);
    return n;
}
