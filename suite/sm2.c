/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/sm2.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "suite/curve.h"

#define HALF_BITS 127 /* w of the standard, for an order of 256 bits */

/* ---- the exchange ---- */

struct work {
    const EC_GROUP *group;
    BN_CTX *ctx;
    struct bulla_bytes z[2]; /* of initiator and responder */
    uint8_t z_bytes[2][BULLA_HASH];
    uint8_t fresh[2][2 * CURVE_SCALAR]; /* x and y of R of initiator and responder */
    uint8_t shared[2 * CURVE_SCALAR];   /* x and y of U (or V) */
};

static bool point_put(const struct work *work, const EC_POINT *point, uint8_t to[2 * CURVE_SCALAR])
{
    BN_CTX_start(work->ctx);
    BIGNUM *x = BN_CTX_get(work->ctx), *y = BN_CTX_get(work->ctx);
    bool good = y && EC_POINT_get_affine_coordinates(work->group, point, x, y, work->ctx) == 1 &&
                BN_bn2binpad(x, to, CURVE_SCALAR) == CURVE_SCALAR && BN_bn2binpad(y, to + CURVE_SCALAR, CURVE_SCALAR) == CURVE_SCALAR;
    BN_CTX_end(work->ctx);
    return good;
}

/* Z = SM3(bits of the id, id, a, b, G, P) */
static bool z_make(const struct work *work, struct bulla_bytes id, const EC_POINT *key, uint8_t z[BULLA_HASH])
{
    const uint8_t bits[] = {(uint8_t)(id.len * 8 >> 8), (uint8_t)(id.len * 8)};
    uint8_t ab[2 * CURVE_SCALAR], g[2 * CURVE_SCALAR], p[2 * CURVE_SCALAR];
    const struct bulla_bytes parts[] = {{bits, sizeof bits}, id, {ab, sizeof ab}, {g, sizeof g}, {p, sizeof p}};
    BN_CTX_start(work->ctx);
    BIGNUM *a = BN_CTX_get(work->ctx), *b = BN_CTX_get(work->ctx);
    bool good = b && EC_GROUP_get_curve(work->group, NULL, a, b, work->ctx) == 1 && BN_bn2binpad(a, ab, CURVE_SCALAR) == CURVE_SCALAR &&
                BN_bn2binpad(b, ab + CURVE_SCALAR, CURVE_SCALAR) == CURVE_SCALAR &&
                point_put(work, EC_GROUP_get0_generator(work->group), g) && point_put(work, key, p) &&
                suite_sm3(NULL, parts, sizeof parts / sizeof *parts, z) == BULLA_OK;
    BN_CTX_end(work->ctx);
    return good;
}

/* x_ = 2^127 + (x mod 2^127), of a fresh key. */
static bool half(const uint8_t fresh[2 * CURVE_SCALAR], BIGNUM *to)
{
    return BN_bin2bn(fresh, CURVE_SCALAR, to) && (BN_num_bits(to) <= HALF_BITS || BN_mask_bits(to, HALF_BITS) == 1) &&
           BN_set_bit(to, HALF_BITS) == 1;
}

/* t = (d + x_ r) mod n */
static bool secret_make(const struct work *work, const struct sm2_side *own, const uint8_t *own_fresh, BIGNUM *t)
{
    const BIGNUM *order = EC_GROUP_get0_order(work->group);
    BIGNUM *d = BN_secure_new(), *r = BN_secure_new(), *x = BN_secure_new();
    bool good =
        d && r && x && BN_bin2bn(own->secret, CURVE_SCALAR, d) && BN_bin2bn(own->fresh_secret, CURVE_SCALAR, r) && half(own_fresh, x);
    if (good) {
        BN_set_flags(d, BN_FLG_CONSTTIME);
        BN_set_flags(r, BN_FLG_CONSTTIME);
        good = BN_mod_mul(t, x, r, order, work->ctx) == 1 && BN_mod_add_quick(t, t, d, order) == 1;
        BN_set_flags(t, BN_FLG_CONSTTIME);
    }
    BN_clear_free(d);
    BN_clear_free(r);
    BN_clear_free(x);
    return good;
}

/* U = t (P + x_ R) of the other side; the cofactor is 1. False when it is the point at infinity. */
static bool shared_make(struct work *work, const BIGNUM *t, const uint8_t *other_fresh, const EC_POINT *key, const EC_POINT *fresh)
{
    EC_POINT *sum = EC_POINT_new(work->group), *u = EC_POINT_new(work->group);
    BIGNUM *x = BN_new();
    bool good = sum && u && x && half(other_fresh, x) && EC_POINT_mul(work->group, sum, NULL, fresh, x, work->ctx) == 1 &&
                EC_POINT_add(work->group, sum, sum, key, work->ctx) == 1 && EC_POINT_mul(work->group, u, NULL, sum, t, work->ctx) == 1 &&
                EC_POINT_is_at_infinity(work->group, u) == 0 && point_put(work, u, work->shared);
    BN_free(x);
    EC_POINT_clear_free(u);
    EC_POINT_free(sum);
    return good;
}

/* S1 and S2: SM3(2 or 3, y, SM3(x, ZA, ZB, RA, RB)) */
static bool confirm_make(const struct work *work, uint8_t which, uint8_t to[BULLA_HASH])
{
    uint8_t inner[BULLA_HASH];
    const struct bulla_bytes parts[] = {{work->shared, CURVE_SCALAR},
                                        work->z[0],
                                        work->z[1],
                                        {work->fresh[0], sizeof work->fresh[0]},
                                        {work->fresh[1], sizeof work->fresh[1]}};
    const struct bulla_bytes outer[] = {{&which, 1}, {work->shared + CURVE_SCALAR, CURVE_SCALAR}, {inner, sizeof inner}};
    return suite_sm3(NULL, parts, sizeof parts / sizeof *parts, inner) == BULLA_OK && suite_sm3(NULL, outer, 3, to) == BULLA_OK;
}

static bool result_make(const struct work *work, size_t n, struct sm2_result *result)
{
    static const uint8_t counter[] = {0, 0, 0, 1}; /* of the key derivation: one digest is enough */
    const struct bulla_bytes parts[] = {{work->shared, sizeof work->shared}, work->z[0], work->z[1], {counter, sizeof counter}};
    struct sm2_result made = {0};
    uint8_t key[BULLA_HASH];
    bool good =
        n <= sizeof key && suite_sm3(NULL, parts, 4, key) == BULLA_OK && confirm_make(work, 2, made.s1) && confirm_make(work, 3, made.s2);
    if (good) {
        bulla_copy(made.key, key, n);
        *result = made;
    }
    bulla_wipe(key, sizeof key);
    bulla_wipe(&made, sizeof made);
    return good;
}

/* On the curve and not at infinity: OpenSSL refuses what is not on it. */
static EC_POINT *point_get(const struct work *work, struct bulla_bytes bytes)
{
    EC_POINT *point = EC_POINT_new(work->group);
    if (point && EC_POINT_oct2point(work->group, point, bytes.at, bytes.len, work->ctx) == 1 &&
        !EC_POINT_is_at_infinity(work->group, point))
        return point;
    EC_POINT_free(point);
    return NULL;
}

/* What both know: Z and R of each. `side` 0 is the initiator. */
static bool side_take(struct work *work, const struct sm2_side *side, unsigned which, const EC_POINT *key, const EC_POINT *fresh)
{
    work->z[which] = (struct bulla_bytes){work->z_bytes[which], BULLA_HASH};
    return z_make(work, side->id, key, work->z_bytes[which]) && point_put(work, fresh, work->fresh[which]);
}

enum bulla_status sm2_exchange(const EC_GROUP *group, const struct sm2_side *own, const struct sm2_side *other, bool initiator, size_t n,
                               struct sm2_result *result)
{
    struct work work = {.group = group, .ctx = BN_CTX_secure_new()};
    const unsigned mine = initiator ? 0 : 1;
    BIGNUM *t = BN_secure_new();
    EC_POINT *own_key = work.ctx ? point_get(&work, own->public_key) : NULL, *own_fresh = own_key ? point_get(&work, own->fresh_key) : NULL;
    bool good = t && own_fresh && side_take(&work, own, mine, own_key, own_fresh) && secret_make(&work, own, work.fresh[mine], t);
    EC_POINT *key = good ? point_get(&work, other->public_key) : NULL, *fresh = key ? point_get(&work, other->fresh_key) : NULL;
    bool ours = fresh && side_take(&work, other, 1 - mine, key, fresh) && shared_make(&work, t, work.fresh[1 - mine], key, fresh);
    if (ours)
        good = result_make(&work, n, result);
    EC_POINT_free(fresh);
    EC_POINT_free(key);
    EC_POINT_free(own_fresh);
    EC_POINT_free(own_key);
    BN_clear_free(t);
    BN_CTX_free(work.ctx);
    bulla_wipe(&work, sizeof work);
    return suite_status(good && ours, good ? BULLA_REFUSED : BULLA_FAILED);
}

/* ---- signatures ---- */

static EVP_MD_CTX *context_new(EVP_PKEY *key, EVP_PKEY_CTX **ctx)
{
    EVP_MD_CTX *md = key ? EVP_MD_CTX_new() : NULL;
    *ctx = md ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    if (*ctx && EVP_PKEY_CTX_set1_id(*ctx, SM2_DEFAULT_ID, sizeof SM2_DEFAULT_ID - 1) == 1)
        EVP_MD_CTX_set_pkey_ctx(md, *ctx);
    return md;
}

enum bulla_status sm2_sign(const uint8_t secret[BULLA_SECRET], struct bulla_bytes message, uint8_t signature[BULLA_SIGNATURE])
{
    uint8_t public_key[BULLA_PUBLIC], der[80];
    size_t n = sizeof der;
    enum bulla_status status = curve_public(NID_sm2, secret, public_key);
    if (status != BULLA_OK)
        return status;
    EVP_PKEY *key = curve_key("SM2", NID_sm2, secret, public_key);
    EVP_PKEY_CTX *ctx;
    EVP_MD_CTX *md = context_new(key, &ctx);
    bool good = ctx && EVP_DigestSignInit(md, NULL, EVP_sm3(), NULL, key) == 1 &&
                EVP_DigestSign(md, der, &n, message.at, message.len) == 1 && curve_signature_get(der, n, signature);
    EVP_MD_CTX_free(md);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return suite_status(good, BULLA_FAILED);
}

enum bulla_status sm2_verify(const uint8_t public_key[BULLA_PUBLIC], struct bulla_bytes message, const uint8_t signature[BULLA_SIGNATURE])
{
    uint8_t *der = NULL;
    EVP_PKEY *key = curve_key("SM2", NID_sm2, NULL, public_key);
    EVP_PKEY_CTX *ctx;
    EVP_MD_CTX *md = context_new(key, &ctx);
    int n = curve_signature_put(signature, &der);
    bool ours = ctx && n > 0 && EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, key) == 1 &&
                EVP_DigestVerify(md, der, (size_t)n, message.at, message.len) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(md);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return suite_status(ours, BULLA_REFUSED);
}
