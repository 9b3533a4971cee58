/* SPDX-License-Identifier: Apache-2.0
 *
 * Suites of a host against what was published about their parts. What the standards of SM2 print in their annexes was taken from
 * public copies of these numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/obj_mac.h>

#include "suite/parts.h"
#include "suite/sm2.h"

struct hex {
    uint8_t bytes[256];
    size_t n;
};

static struct hex hex(const char *text)
{
    struct hex made = {.n = strlen(text) / 2};
    assert_true(made.n <= sizeof made.bytes);
    assert_true(bulla_hex_get(made.bytes, text, made.n));
    return made;
}

static struct bulla_bytes view(const struct hex *bytes)
{
    return (struct bulla_bytes){bytes->bytes, bytes->n};
}

static struct bulla_bytes text(const char *of)
{
    return (struct bulla_bytes){(const uint8_t *)of, strlen(of)};
}

static void expect_bytes(const uint8_t *got, const char *expected)
{
    struct hex bytes = hex(expected);
    assert_memory_equal(got, bytes.bytes, bytes.n);
}

static void expect_aead(const struct suite_row *row, const char *key, const char *nonce, const char *associated, const char *plain,
                        const char *cipher)
{
    struct hex k = hex(key), n = hex(nonce), a = hex(associated), p = hex(plain), c = hex(cipher);
    struct bulla_aead aead = {k.bytes, n.bytes, view(&a), view(&p)};
    uint8_t made[300];
    assert_int_equal(row->suite.key_size, k.n);
    assert_int_equal(c.n, p.n + BULLA_TAG);
    assert_int_equal(row->suite.seal(NULL, &aead, made), BULLA_OK);
    assert_memory_equal(made, c.bytes, c.n);
    aead.text = view(&c);
    assert_int_equal(row->suite.open(NULL, &aead, made), BULLA_OK);
    assert_memory_equal(made, p.bytes, p.n);
    for (size_t bit = 0; bit < 8 * c.n; bit++) {
        c.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(row->suite.open(NULL, &aead, made), BULLA_REFUSED);
        c.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * a.n; bit++) {
        a.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(row->suite.open(NULL, &aead, made), BULLA_REFUSED);
        a.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* RFC 8998, appendix A.1 */
static void sm4_gcm(void **state)
{
    (void)state;
    expect_aead(
        &suite_national, "0123456789abcdeffedcba9876543210", "00001234567800000000abcd", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec");
}

/* McGrew and Viega, The Galois/Counter Mode of Operation: test cases 1, 2, 4, 13, 14 and 16. */
static void aes_gcm(void **state)
{
    (void)state;
    static const char zero12[] = "000000000000000000000000", zero16[] = "00000000000000000000000000000000";
    static const char zero32[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char plain[] =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    static const char associated[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    expect_aead(&suite_international, zero16, zero12, "", "", "58e2fccefa7e3061367f1d57a4e7455a");
    expect_aead(&suite_international, zero16, zero12, "", zero16, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
    expect_aead(&suite_international, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", associated, plain,
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                "5bc94fbc3221a5db94fae95ae7121a47");
    expect_aead(&suite_international_256, zero32, zero12, "", "", "530f8afbc74536b9a963b4f1c4cb738b");
    expect_aead(&suite_international_256, zero32, zero12, "", zero16, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    expect_aead(&suite_international_256, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
                associated, plain,
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                "76fc6ece0f4e1768cddf8853bb2d551b");
}

/* FIPS 180-2, appendix B; GB/T 32905-2016, annex A */
static void digests(void **state)
{
    (void)state;
    uint8_t digest[BULLA_HASH];
    struct bulla_bytes parts[] = {text("ab"), text(""), text("c")};
    assert_int_equal(suite_sha256(NULL, parts, 3, digest), BULLA_OK);
    expect_bytes(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(suite_sm3(NULL, parts, 3, digest), BULLA_OK);
    expect_bytes(digest, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    struct bulla_bytes many[16];
    for (unsigned i = 0; i < 16; i++)
        many[i] = text("abcd");
    assert_int_equal(suite_sm3(NULL, many, 16, digest), BULLA_OK);
    expect_bytes(digest, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

/* RFC 4231, test cases 1, 2, 6: by the library, and by libbulla of the digest; SM3 against each other. RFC 5869, A.1 and A.3. */
static void hmac_and_its_keys(void **state)
{
    (void)state;
    struct bulla_suite of_library = suite_international.suite, of_digest = suite_international.suite;
    struct bulla_suite sm3_library = suite_national.suite, sm3_digest = suite_national.suite;
    of_digest.hmac = sm3_digest.hmac = NULL;
    static const struct {
        const char *key, *data, *mac;
    } cases[] = {{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
                  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
                 {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
                 {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}};
    uint8_t mac[BULLA_HASH], other[BULLA_HASH];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hex key = hex(cases[i].key), data = hex(cases[i].data);
        struct bulla_bytes parts[] = {{data.bytes, 3}, {data.bytes + 3, data.n - 3}};
        assert_int_equal(bulla_suite_hmac(&of_library, view(&key), parts, 2, mac), BULLA_OK);
        expect_bytes(mac, cases[i].mac);
        assert_int_equal(bulla_suite_hmac(&of_digest, view(&key), parts, 2, mac), BULLA_OK);
        expect_bytes(mac, cases[i].mac);
        assert_int_equal(bulla_suite_hmac(&sm3_library, view(&key), parts, 2, mac), BULLA_OK);
        assert_int_equal(bulla_suite_hmac(&sm3_digest, view(&key), parts, 2, other), BULLA_OK);
        assert_memory_equal(mac, other, sizeof mac);
    }
    struct hex secret = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), salt = hex("000102030405060708090a0b0c"),
               info = hex("f0f1f2f3f4f5f6f7f8f9");
    assert_int_equal(bulla_suite_extract(&of_digest, view(&salt), view(&secret), mac), BULLA_OK);
    expect_bytes(mac, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    assert_int_equal(bulla_suite_expand(&of_digest, mac, view(&info), other, BULLA_HASH), BULLA_OK);
    expect_bytes(other, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    for (unsigned i = 0; i < 2; i++) {
        const struct bulla_suite *suite = i ? &of_digest : &of_library;
        assert_int_equal(bulla_suite_extract(suite, (struct bulla_bytes){NULL, 0}, view(&secret), mac), BULLA_OK);
        expect_bytes(mac, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
        assert_int_equal(bulla_suite_expand(suite, mac, (struct bulla_bytes){NULL, 0}, other, BULLA_HASH), BULLA_OK);
        expect_bytes(other, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }
}

static void expect_agree(const struct suite_row *row, const char *secret, const char *own, const char *other, const char *shared)
{
    struct hex d = hex(secret), p = hex(own), q = hex(other);
    struct bulla_agreement agreement = {BULLA_SIDE_SEAL, d.bytes, p.bytes, q.bytes};
    uint8_t got[BULLA_SHARED];
    assert_int_equal(row->suite.agree(NULL, &agreement, got), BULLA_OK);
    expect_bytes(got, shared);
}

/* RFC 7748, 6.1; and points of small order, with which all share the same (7). */
static void x25519(void **state)
{
    (void)state;
    static const char alice[] = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    static const char alice_public[] = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    static const char bob[] = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    static const char bob_public[] = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    static const char shared[] = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    static const char *const small[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                                        "0100000000000000000000000000000000000000000000000000000000000000",
                                        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
    expect_agree(&suite_international, alice, alice_public, bob_public, shared);
    expect_agree(&suite_international_256, bob, bob_public, alice_public, shared);
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        struct hex d = hex(alice), p = hex(alice_public), q = hex(small[i]);
        struct bulla_agreement agreement = {BULLA_SIDE_SEAL, d.bytes, p.bytes, q.bytes};
        uint8_t got[BULLA_SHARED];
        assert_int_equal(suite_international.suite.agree(NULL, &agreement, got), BULLA_REFUSED);
    }
}

/* RFC 8032, 7.1: tests 2 and SHA(abc) */
static void ed25519(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c0"
         "0"},
        {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
         "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
         "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a70"
         "4"}};
    for (size_t i = 0; i < 2; i++) {
        struct hex secret = hex(cases[i][0]), message = hex(cases[i][2]);
        uint8_t public_key[BULLA_PUBLIC], signature[BULLA_SIGNATURE];
        assert_int_equal(suite_international.key_public(secret.bytes, public_key), BULLA_OK);
        expect_bytes(public_key, cases[i][1]);
        assert_int_equal(public_key[32], 0);
        assert_int_equal(suite_ed25519_sign(secret.bytes, view(&message), signature), BULLA_OK);
        expect_bytes(signature, cases[i][3]);
        assert_int_equal(suite_ed25519_verify(public_key, view(&message), signature), BULLA_OK);
        message.bytes[0] ^= 1;
        assert_int_equal(suite_ed25519_verify(public_key, view(&message), signature), BULLA_REFUSED);
    }
}

/* RFC 6979, A.2.5, message "sample" with SHA-256; ECDH: NIST's CAVS vectors for P-256, count 0 */
static void p256(void **state)
{
    (void)state;
    struct hex secret = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    struct hex signature = hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                               "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    struct bulla_bytes sample = text("sample");
    uint8_t public_key[BULLA_PUBLIC], digest[BULLA_HASH];
    assert_int_equal(suite_p256.key_public(secret.bytes, public_key), BULLA_OK);
    expect_bytes(public_key, "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
    assert_int_equal(suite_sha256(NULL, &sample, 1, digest), BULLA_OK);
    assert_int_equal(suite_p256.suite.verify(NULL, public_key, digest, signature.bytes), BULLA_OK);
    signature.bytes[63] ^= 1;
    assert_int_equal(suite_p256.suite.verify(NULL, public_key, digest, signature.bytes), BULLA_REFUSED);
    expect_agree(&suite_p256, "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
                 "02ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230",
                 "02700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287",
                 "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
}

/* GB/T 32918.2, with the recommended curve: the example of GB/T 32918.5, A.2 [WCO-4.3-E2] */
static void sm2_signature(void **state)
{
    (void)state;
    struct hex secret = hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
    struct hex signature = hex("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                               "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
    uint8_t public_key[BULLA_PUBLIC], made[BULLA_SIGNATURE];
    assert_int_equal(suite_national.key_public(secret.bytes, public_key), BULLA_OK);
    expect_bytes(public_key, "0309f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020");
    assert_int_equal(sm2_verify(public_key, text("message digest"), signature.bytes), BULLA_OK);
    assert_int_equal(sm2_verify(public_key, text("message digesT"), signature.bytes), BULLA_REFUSED);
    assert_int_equal(sm2_sign(secret.bytes, text("message digest"), made), BULLA_OK);
    assert_int_equal(sm2_verify(public_key, text("message digest"), made), BULLA_OK);
}

struct exchange {
    const char *id[2], *secret[2], *public_key[2], *fresh_secret[2], *fresh_key[2], *key, *s1, *s2;
};

static void expect_exchange(const EC_GROUP *group, const struct exchange *numbers)
{
    struct hex bytes[2][4];
    struct sm2_side sides[2];
    for (unsigned i = 0; i < 2; i++) {
        bytes[i][0] = hex(numbers->secret[i]);
        bytes[i][1] = hex(numbers->fresh_secret[i]);
        bytes[i][2] = hex(numbers->public_key[i]);
        bytes[i][3] = hex(numbers->fresh_key[i]);
        sides[i] = (struct sm2_side){bytes[i][0].bytes, bytes[i][1].bytes, view(&bytes[i][2]), view(&bytes[i][3]), text(numbers->id[i])};
    }
    for (unsigned i = 0; i < 2; i++) {
        struct sm2_result result;
        assert_int_equal(sm2_exchange(group, &sides[i], &sides[1 - i], i == 0, 16, &result), BULLA_OK);
        expect_bytes(result.key, numbers->key);
        expect_bytes(result.s1, numbers->s1);
        expect_bytes(result.s2, numbers->s2);
        assert_int_equal(sm2_exchange(group, &sides[i], &sides[1 - i], i == 1, 16, &result), BULLA_OK);
        assert_memory_not_equal(result.key, hex(numbers->key).bytes, 16); /* the roles belong to it */
        bytes[1 - i][3].bytes[64] ^= 1;                                   /* on no curve */
        assert_int_equal(sm2_exchange(group, &sides[i], &sides[1 - i], i == 0, 16, &result), BULLA_REFUSED);
        bytes[1 - i][3].bytes[64] ^= 1;
    }
}

/* GB/T 32918.3: the example of GB/T 32918.5 for the recommended curve. Both sides have the same id, as printed there.
 * [WCO-9.3-S1] [WCO-9.3-R2] */
static void sm2_exchange_on_the_recommended_curve(void **state)
{
    (void)state;
    static const struct exchange numbers = {{"1234567812345678", "1234567812345678"},
                                            {"81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029",
                                             "785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5"},
                                            {"04160e12897df4edb61dd812feb96748fbd3ccf4ffe26aa6f6db9540af49c942324a7dad08bb9a459531694beb20a"
                                             "a489d6649975e1bfcf8c4741b78b4b223007f",
                                             "046ae848c57c53c7b1b5fa99eb2286af078ba64c64591b8b566f7357d576f16dfbee489d771621a27b36c5c799206"
                                             "2e9cd09a9264386f3fbea54dff69305621c4d"},
                                            {"d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3",
                                             "7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6"},
                                            {"0464ced1bdbc99d590049b434d0fd73428cf608a5db8fe5ce07f15026940bae40e376629c7ab21e7db260922499dd"
                                             "b118f07ce8eaae3e7720afef6a5cc062070c0",
                                             "04acc27688a6f7b706098bc91ff3ad1bff7dc2802cdb14ccccdb0a90471f9bd7072fedac0494b2ffc4d6853876c79"
                                             "b8f301c6573ad0aa50f39fc87181e1a1b46fe"},
                                            "6c89347354de2484c60b4ab1fde4c6e5",
                                            "d3a0fe15dee185ceae907a6b595cc32a266ed7b3367e9983a896dc32fa20f8eb",
                                            "18c7894b3816df16cf07b05c5ec0bef5d655d58f779cc1b400a4f3884644db88"};
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    expect_exchange(group, &numbers);
    EC_GROUP_free(group);
}

static EC_GROUP *test_curve(void)
{
    static const char *const numbers[] = {"8542D69E4C044F18E8B92435BF6FF7DE457283915C45517D722EDB8B08F1DFC3",
                                          "787968B4FA32C3FD2417842E73BBFEFF2F3C848B6831D7E0EC65228B3937E498",
                                          "63E4C6D3B23B0C849CF84241484BFE48F61D59A5B16BA06E6E12D1DA27C5249A",
                                          "421DEBD61B62EAB6746434EBC3CC315E32220B3BADD50BDC4C4E6C147FEDD43D",
                                          "0680512BCBB42C07D47349D2153B70C4E5D7FDFCBFA36EA1A85841B9E46E09A2",
                                          "8542D69E4C044F18E8B92435BF6FF7DD297720630485628D5AE74EE7C32E79B7"};
    BIGNUM *n[6] = {NULL};
    for (unsigned i = 0; i < 6; i++)
        assert_true(BN_hex2bn(&n[i], numbers[i]));
    EC_GROUP *group = EC_GROUP_new_curve_GFp(n[0], n[1], n[2], NULL);
    EC_POINT *generator = EC_POINT_new(group);
    assert_int_equal(EC_POINT_set_affine_coordinates(group, generator, n[3], n[4], NULL), 1);
    assert_int_equal(EC_GROUP_set_generator(group, generator, n[5], BN_value_one()), 1);
    EC_POINT_free(generator);
    for (unsigned i = 0; i < 6; i++)
        BN_free(n[i]);
    return group;
}

/* GB/T 32918.3, annex A: the example on the test curve, with two identities. [WCO-9.3-S1] [WCO-9.3-R2] */
static void sm2_exchange_on_the_test_curve(void **state)
{
    (void)state;
    static const struct exchange numbers = {{"ALICE123@YAHOO.COM", "BILL456@YAHOO.COM"},
                                            {"6fcba2ef9ae0ab902bc3bde3ff915d44ba4cc78f88e2f8e7f8996d3b8cceedee",
                                             "5e35d7d3f3c54dbac72e61819e730b019a84208ca3a35e4c2e353dfccb2a3b53"},
                                            {"043099093bf3c137d8fcbbcdf4a2ae50f3b0f216c3122d79425fe03a45dbfe16553df79e8dac1cf0ecbaa2f2b49d5"
                                             "1a4b387f2efaf482339086a27a8e05baed98b",
                                             "04245493d446c38d8cc0f118374690e7df633a8a4bfb3329b5ece604b2b4f37f4353c0869f4b9e17773de68fec45e"
                                             "14904e0dea45bf6cecf9918c85ea047c60a4c"},
                                            {"83a2c9c8b96e5af70bd480b472409a9a327257f1ebb73f5b073354b248668563",
                                             "33fe21940342161c55619c4a0c060293d543c80af19748ce176d83477de71c80"},
                                            {"046cb5633816f4dd560b1dec458310cbcc6856c09505324a6d23150c408f162bf00d6fcf62f1036c0a1b6daccf573"
                                             "99223a65f7d7bf2d9637e5bbbeb857961bf1a",
                                             "041799b2a2c778295300d9a2325c686129b8f2b5337b3dcf4514e8bbc19d900ee554c9288c82733efdf7808ae7f27"
                                             "d0e732f7c73a7d9ac98b7d8740a91d0db3cf4"},
                                            "55b0ac62a6b927ba23703832c853ded4",
                                            "284c8f198f141b502e81250f1581c7e9eeb4ca6990f9e02df388b45471f5bc5c",
                                            "23444daf8ed7534366cb901c84b3bdbb63504f4065c1116c91a4c00697e6cf7a"};
    EC_GROUP *group = test_curve();
    expect_exchange(group, &numbers);
    EC_GROUP_free(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sm4_gcm),
        cmocka_unit_test(aes_gcm),
        cmocka_unit_test(digests),
        cmocka_unit_test(hmac_and_its_keys),
        cmocka_unit_test(x25519),
        cmocka_unit_test(ed25519),
        cmocka_unit_test(p256),
        cmocka_unit_test(sm2_signature),
        cmocka_unit_test(sm2_exchange_on_the_recommended_curve),
        cmocka_unit_test(sm2_exchange_on_the_test_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
