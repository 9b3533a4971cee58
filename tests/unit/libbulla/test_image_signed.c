/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: firmware images with SHA-256 and Ed25519, as a device with OpenSSL would have them.
 */
#include <openssl/evp.h>

#include "tests/unit/libbulla/image_support.h"

static uint8_t chip[CHIP];

static EVP_PKEY *key;

static void sha_begin(void *context)
{
    assert_int_equal(EVP_DigestInit_ex(context, EVP_sha256(), NULL), 1);
}

static void sha_add(void *context, struct bulla_bytes bytes)
{
    assert_int_equal(EVP_DigestUpdate(context, bytes.at, bytes.len), 1);
}

static void sha_end(void *context, uint8_t digest[BULLA_IMAGE_DIGEST])
{
    assert_int_equal(EVP_DigestFinal_ex(context, digest, NULL), 1);
}

static bool ed25519_verify(void *context, uint8_t algorithm, const uint8_t *told, const uint8_t *signature)
{
    (void)context;
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    bool good = algorithm == 1 && EVP_DigestVerifyInit(check, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(check, signature, BULLA_IMAGE_SIGNATURE, told, BULLA_IMAGE_SIGNED) == 1;
    EVP_MD_CTX_free(check);
    return good;
}

static void sign(struct package *p)
{
    size_t n = BULLA_IMAGE_SIGNATURE;
    p->bytes[4] = 1;
    assert_int_equal(EVP_Digest(p->bytes + BULLA_IMAGE_HEADER, p->length, p->bytes + 24, NULL, EVP_sha256(), NULL), 1);
    EVP_MD_CTX *made = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(made, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(made, p->bytes + BULLA_IMAGE_SIGNED, &n, p->bytes, BULLA_IMAGE_SIGNED), 1);
    EVP_MD_CTX_free(made);
}

/* [WCO-4.3-F8] */
static void real_signatures_are_checked(void **state)
{
    (void)state;
    struct nor nor;
    struct bulla_images images;
    nor_init(&nor, chip, SECTOR, CHIP / SECTOR, 1);
    struct bulla_image_places places = places_on(&nor);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    enum bulla_image_refusal refusal;
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(key);
    places.trust = (struct bulla_image_trust){digest, sha_begin, sha_add, sha_end, ed25519_verify};
    assert_int_equal(bulla_images_format(&images, &places, 0), BULLA_OK);
    struct package first = package_of(1, 0, BODY_MAX), second = package_of(2, 0, 77);
    sign(&first);
    sign(&second);
    install(&images, &first);
    install(&images, &second);
    for (unsigned bit = 0; bit < 8 * BULLA_IMAGE_HEADER; bit += 7) {
        struct package forged = package_of(3, 0, 100);
        sign(&forged);
        forged.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(bulla_images_begin(&images, forged.bytes, &refusal), BULLA_REFUSED);
    }
    EVP_PKEY *trusted = key;
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    struct package other = package_of(3, 0, 100);
    sign(&other);
    EVP_PKEY_free(key);
    key = trusted;
    assert_int_equal(bulla_images_begin(&images, other.bytes, &refusal), BULLA_REFUSED);
    assert_int_equal(refusal, BULLA_IMAGE_UNTRUSTED);
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_signatures_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
