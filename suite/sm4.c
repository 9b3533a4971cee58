/* SPDX-License-Identifier: Apache-2.0
 *
 * SM4-GCM (RFC 8998) by libgcrypt.
 */
#include <gcrypt.h>
#include <pthread.h>

#include "suite/parts.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* libgcrypt wants to be started once; a program that has started it already is left as it is. */
static void start(void)
{
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
        return;
    gcry_check_version(NULL);
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

static bool cipher_open(const struct bulla_aead *aead, gcry_cipher_hd_t *cipher)
{
    *cipher = NULL;
    pthread_once(&once, start);
    return gcry_cipher_open(cipher, GCRY_CIPHER_SM4, GCRY_CIPHER_MODE_GCM, 0) == 0 && gcry_cipher_setkey(*cipher, aead->key, 16) == 0 &&
           gcry_cipher_setiv(*cipher, aead->nonce, BULLA_NONCE) == 0 &&
           gcry_cipher_authenticate(*cipher, aead->associated.at, aead->associated.len) == 0;
}

enum bulla_status suite_sm4_seal(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    (void)context;
    gcry_cipher_hd_t cipher;
    const size_t n = aead->text.len;
    bool good = cipher_open(aead, &cipher) && gcry_cipher_encrypt(cipher, to, n, aead->text.at, n) == 0 &&
                gcry_cipher_gettag(cipher, to + n, BULLA_TAG) == 0;
    gcry_cipher_close(cipher);
    return suite_status(good, BULLA_FAILED);
}

enum bulla_status suite_sm4_open(void *context, const struct bulla_aead *aead, uint8_t *to)
{
    (void)context;
    gcry_cipher_hd_t cipher;
    const size_t n = aead->text.len - BULLA_TAG;
    bool good = cipher_open(aead, &cipher) && gcry_cipher_decrypt(cipher, to, n, aead->text.at, n) == 0;
    bool ours = good && gcry_cipher_checktag(cipher, aead->text.at + n, BULLA_TAG) == 0;
    gcry_cipher_close(cipher);
    return suite_status(ours, good ? BULLA_REFUSED : BULLA_FAILED);
}
