/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/out/idempotency.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/ulid.h"
#include "platform/out/secret.h"
#include "platform/out/server.h"

#define CLAIM_SIZE 160 /* fingerprint, time and a ULID, a line each */

bool out_idempotency_read(struct out_request *r)
{
    const char *key = strcmp(r->method, "POST") == 0 ? out_request_header(r, "Idempotency-Key") : NULL;
    if (!key || r->route->body != OUT_BODY_JSON || r->route->scope == OUT_SCOPE_PERSON || !r->signed_in)
        return true;
    if (strlen(key) < 8 || strlen(key) > 80) {
        out_problem_field(r, 400, "Idempotency-Key", "8 to 80 characters", key);
        return false;
    }
    char all[600];
    int n = snprintf(all, sizeof all, "%s\n%s\n%s\n%s", r->user.id, r->route->pattern, r->id, key);
    out_sha256_hex(all, (size_t)n < sizeof all ? (size_t)n : sizeof all - 1, r->idempotency);
    out_sha256_hex(r->body ? (const void *)r->body : "", r->body_len, r->fingerprint);
    return true;
}

static void answer_wait(struct out_request *r)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%d", STORE_CLAIM_MS / 1000);
    out_problem(r, 503, "under-way", "The first request with this Idempotency-Key is under way, or was broken off: ask again", NULL);
    out_answer_header(r, "Retry-After", seconds);
}

/* A claim: whoever made it may be at work still, as long as it is young. */
static void answer_claimed(struct out_request *r, int status, const char *time)
{
    int64_t age_ms = r->now_ms - strtoll(time, NULL, 10);
    if (status != STORE_ANSWER_ACTED || (age_ms >= -STORE_CLAIM_MS && age_ms <= STORE_CLAIM_MS))
        answer_wait(r);
    else
        out_problem(r, 409, "carried-out", "The first request with this Idempotency-Key was carried out, but its answer was lost",
                    "Idempotency-Key: look at what it was to change before you ask anew with another key");
}

/* Once more what was answered before, or why not. */
static void answer_again(struct out_request *r)
{
    int status = 0;
    char *kept = NULL;
    size_t n = strlen(r->fingerprint);
    int got = store_answer_get(out_store(r), r->idempotency, &status, &kept);
    if (got == STORE_NOT_FOUND)
        answer_wait(r); /* it was released in between */
    else if (!out_store_ok(r, got, "answer"))
        return;
    else if (strncmp(kept, r->fingerprint, n) != 0 || kept[n] != '\n')
        out_problem(r, 422, "invalid", "This Idempotency-Key was used with another body", NULL);
    else if (status <= STORE_ANSWER_ACTED)
        answer_claimed(r, status, kept + n + 1);
    else {
        out_answer_bytes(r, status, "application/json", kept + n + 1, strlen(kept + n + 1), MHD_RESPMEM_MUST_COPY);
        out_answer_header(r, "Cache-Control", "no-store");
        out_answer_header(r, "Idempotency-Replayed", "true");
    }
    free(kept);
}

static void keep_answer(struct out_request *r)
{
    size_t size = strlen(r->fingerprint) + strlen(r->answer_text) + 2;
    char *kept = malloc(size);
    if (!kept)
        return; /* what was done stays marked: a repetition is told so */
    snprintf(kept, size, "%s\n%s", r->fingerprint, r->answer_text);
    (void)store_answer_put(out_store(r), r->idempotency, r->status, kept, r->now_ms);
    free(kept);
}

static void act(struct out_request *r)
{
    char claim[CLAIM_SIZE], id[ULID_SIZE];
    ulid_put(id, r->now_ms);
    snprintf(claim, sizeof claim, "%s\n%" PRId64 "\n%s", r->fingerprint, r->now_ms, id);
    int claimed = store_answer_claim(out_store(r), r->idempotency, claim, r->now_ms);
    if (claimed == STORE_CONFLICT) {
        answer_again(r);
        return;
    }
    if (!out_store_ok(r, claimed, "Idempotency-Key"))
        return;
    store_answer_carry(r->idempotency, claim);
    r->route->handler(r);
    store_answer_carry(NULL, NULL);
    if (r->status >= 200 && r->status <= 299 && r->answer_text)
        keep_answer(r);
    else
        (void)store_answer_release(out_store(r), r->idempotency, claim); /* a failure: it grows old */
}

void out_idempotency_handle(struct out_request *r)
{
    if (!r->idempotency[0]) {
        r->route->handler(r);
        return;
    }
    pthread_mutex_lock(&r->out->idempotent); /* here a repetition waits for the first; at other nodes it is told to ask again */
    act(r);
    pthread_mutex_unlock(&r->out->idempotent);
}
