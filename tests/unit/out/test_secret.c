/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/out/out.h"
#include "platform/out/page.h"
#include "platform/out/secret.h"
#include "platform/out/web.h"

static void base64_both_ways(void **state)
{
    unsigned char bytes[64], back[64];
    char text[90];
    (void)state;
    for (size_t n = 0; n <= sizeof bytes; n++) {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (unsigned char)(i * 37 + n);
        out_base64_put(text, bytes, n);
        assert_int_equal(strlen(text), (n * 4 + 2) / 3);
        assert_int_equal(out_base64_get(back, sizeof back, text), n);
        assert_memory_equal(back, bytes, n);
    }
    out_base64_put(text, (const unsigned char *)"\xFB\xFF", 2);
    assert_string_equal(text, "-_8"); /* RFC 4648, section 5 */
    assert_int_equal(out_base64_get(back, sizeof back, "a+b"), -1);
    assert_int_equal(out_base64_get(back, 2, "AAAAAAAA"), -1);
}

static void secrets_differ(void **state)
{
    char a[OUT_SECRET_SIZE], b[OUT_SECRET_SIZE], digest[OUT_DIGEST_SIZE], hex[65];
    (void)state;
    assert_true(out_secret_new(a) && out_secret_new(b));
    assert_int_equal(strlen(a), 43);
    assert_string_not_equal(a, b);
    out_secret_digest(a, digest);
    assert_true(strlen(digest) < MODEL_ID_SIZE);
    assert_true(out_secret_same(a, a));
    assert_false(out_secret_same(a, b));
    assert_false(out_secret_same("", ""));
    assert_false(out_secret_same("abc", "ab"));
    out_sha256_hex("abc", 3, hex); /* FIPS 180-4 example */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void passwords(void **state)
{
    char password[OUT_PASSWORD_SIZE], other[OUT_PASSWORD_SIZE];
    struct user user = {0};
    (void)state;
    assert_true(out_password_new(password, sizeof password) && out_password_new(other, sizeof other));
    assert_string_not_equal(password, other);
    assert_int_equal(strlen(password), 19);
    assert_true(out_user_password(&user, password));
    assert_int_equal(strncmp(user.password, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_null(strstr(user.password, password));
    assert_true(out_password_verify(user.password, password));
    assert_false(out_password_verify(user.password, other));
    assert_false(out_password_verify("", password));
    assert_false(out_password_verify("$argon2id$", password));
}

static void file_types(void **state)
{
    (void)state;
    assert_string_equal(out_file_type((const uint8_t *)"\xFF\xD8\xFF\xE0\0\20JFIF\0\1", 12), "image/jpeg");
    assert_string_equal(out_file_type((const uint8_t *)"\x89PNG\r\n\x1A\n\0\0\0\r", 12), "image/png");
    assert_string_equal(out_file_type((const uint8_t *)"RIFF\1\0\0\0WEBP", 12), "image/webp");
    assert_string_equal(out_file_type((const uint8_t *)"%PDF-1.7\n%\xE2\xE3", 12), "application/pdf");
    assert_null(out_file_type((const uint8_t *)"RIFF\1\0\0\0WAVE", 12));
    assert_null(out_file_type((const uint8_t *)"<svg onload=", 12));
    assert_null(out_file_type((const uint8_t *)"\xFF\xD8\xFF", 3));
}

static void codings(void **state)
{
    (void)state;
    assert_true(out_web_accepts("gzip, deflate, br", "br"));
    assert_true(out_web_accepts("BR;q=0.5", "br"));
    assert_false(out_web_accepts("br;q=0, gzip", "br"));
    assert_true(out_web_accepts("br;q=0,gzip", "gzip"));
    assert_false(out_web_accepts("brotli", "br"));
    assert_false(out_web_accepts("", "br"));
    assert_false(out_web_accepts(NULL, "br"));
    assert_string_equal(out_web_type("/assets/index-1a.js"), "text/javascript; charset=utf-8");
    assert_string_equal(out_web_type("/none"), "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_both_ways), cmocka_unit_test(secrets_differ), cmocka_unit_test(passwords),
        cmocka_unit_test(file_types),       cmocka_unit_test(codings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
