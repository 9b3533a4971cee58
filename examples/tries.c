/* SPDX-License-Identifier: Apache-2.0
 *
 * Somebody guesses passwords, one a second. For bulla/tries.h
 *
 * prints: 5 guesses, then none for 60 s
 */
#include <bulla/tries.h>
#include <stdio.h>

int main(void)
{
    struct bulla_tries tries;
    int64_t now_ms = 0;
    unsigned guesses = 0;
    bulla_tries_init(&tries, now_ms);
    for (; bulla_tries_may(&tries, now_ms); now_ms += 1000, guesses++)
        bulla_tries_wrong(&tries, now_ms); /* here its state is stored, before the answer */
    int64_t from_ms = now_ms - 1000;
    while (!bulla_tries_may(&tries, now_ms))
        now_ms += 1000;
    printf("%u guesses, then none for %d s\n", guesses, (int)((now_ms - from_ms) / 1000));
    return 0;
}
