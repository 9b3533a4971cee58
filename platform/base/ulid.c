/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/base/ulid.h"

#include <openssl/rand.h>
#include <stdlib.h>

void ulid_put(char to[ULID_SIZE], int64_t now_ms)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[10];
    if (RAND_bytes(random, sizeof random) != 1)
        abort(); /* no randomness: no id may be made */
    uint64_t time = (uint64_t)now_ms;
    for (int i = 9; i >= 0; i--, time >>= 5)
        to[i] = digits[time & 31];
    uint64_t high = 0, low = 0;
    for (int i = 0; i < 5; i++) {
        high = high << 8 | random[i];
        low = low << 8 | random[5 + i];
    }
    for (int i = 0; i < 8; i++) {
        to[17 - i] = digits[high >> (5 * i) & 31];
        to[25 - i] = digits[low >> (5 * i) & 31];
    }
    to[26] = '\0';
}
