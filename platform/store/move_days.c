// SPDX-License-Identifier: Apache-2.0
#include "platform/store/move_days.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

int64_t move_day_of(const struct bulla_observation *o)
{
    int64_t at_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : o->received_ms;
    return at_ms / DAY_MS - (at_ms % DAY_MS < 0);
}

struct move_day *move_days_get(struct move_days *days, int64_t day)
{
    size_t low = 0, high = days->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days->at[middle].day < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < days->n && days->at[low].day == day) {
        return &days->at[low];
    }
    if (days->n == days->size) {
        size_t size = days->size ? days->size * 2 : 64;
        struct move_day *at = realloc(days->at, size * sizeof *at);
        if (!at) {
            days->failed = true;
            return NULL;
        }
        days->at = at;
        days->size = size;
    }
    memmove(&days->at[low + 1], &days->at[low], (days->n - low) * sizeof *days->at);
    days->at[low] = (struct move_day){.day = day};
    days->n++;
    return &days->at[low];
}

void move_days_add(struct move_days *days, const struct bulla_observation *o, struct bulla_bytes raw)
{
    uint8_t digest[STORE_DIGEST];
    struct move_day *day = move_days_get(days, move_day_of(o));
    unsigned carry = 0;
    if (!day) {
        return;
    }
    store_image_digest(o, raw, digest);
    for (int i = STORE_DIGEST - 1; i >= 0; i--) {
        carry += (unsigned)day->sum[i] + digest[i];
        day->sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
    day->n++;
    day->touched = true;
}

uint64_t move_days_digest(const struct move_days *days, uint8_t to[STORE_DIGEST])
{
    uint64_t n = 0;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    memset(to, 0, STORE_DIGEST);
    bool made = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    for (size_t i = 0; i < days->n; i++) {
        if (days->at[i].n == 0) {
            continue;
        }
        n += days->at[i].n;
        if (made) {
            EVP_DigestUpdate(hash, &days->at[i].day, sizeof days->at[i].day);
            EVP_DigestUpdate(hash, &days->at[i].n, sizeof days->at[i].n);
            EVP_DigestUpdate(hash, days->at[i].sum, STORE_DIGEST);
        }
    }
    if (made) {
        EVP_DigestFinal_ex(hash, to, NULL);
    }
    EVP_MD_CTX_free(hash);
    return n;
}

void move_days_clear(struct move_days *days)
{
    free(days->at);
    *days = (struct move_days){0};
}
