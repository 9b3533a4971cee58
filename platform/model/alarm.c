/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/alarm.h"

#include <openssl/sha.h>
#include <stdio.h>

#include "platform/model/words.h"

#define WORD(name, number, text, grade) {number, text},
static const struct model_word kind_words[] = {ALARM_KIND_TABLE(WORD)};
#undef WORD
#define KINDS (sizeof kind_words / sizeof *kind_words)

MODEL_WORDS(alarm_state, ALARM_STATE_TABLE)
MODEL_WORDS(alarm_finding, ALARM_FINDING_TABLE)

const char *alarm_kind_text(unsigned value)
{
    return model_word_text(kind_words, KINDS, value);
}

int alarm_kind_from(const char *text)
{
    return model_word_number(kind_words, KINDS, text);
}

int alarm_kind_grade(unsigned value)
{
    switch (value) {
#define X(name, number, text, grade)                                                                                                       \
    case number:                                                                                                                           \
        return grade;
        ALARM_KIND_TABLE(X)
#undef X
    default:
        return 0;
    }
}

/* Officers may skip a step but never go back; facts may withdraw an alarm that nobody has resolved; a withdrawn
 * alarm comes back to life when still later facts show it again. */
static const unsigned exits[] = {
    [ALARM_STATE_RAISED] = 1u << ALARM_STATE_ACKNOWLEDGED | 1u << ALARM_STATE_DISPATCHED | 1u << ALARM_STATE_RESOLVED | 1u << ALARM_STATE_WITHDRAWN,
    [ALARM_STATE_ACKNOWLEDGED] = 1u << ALARM_STATE_DISPATCHED | 1u << ALARM_STATE_RESOLVED | 1u << ALARM_STATE_WITHDRAWN,
    [ALARM_STATE_DISPATCHED] = 1u << ALARM_STATE_DISPATCHED | 1u << ALARM_STATE_RESOLVED | 1u << ALARM_STATE_WITHDRAWN,
    [ALARM_STATE_RESOLVED] = 0,
    [ALARM_STATE_WITHDRAWN] = 1u << ALARM_STATE_RAISED,
};

bool alarm_may(enum alarm_state from, enum alarm_state to)
{
    return (size_t)from < sizeof exits / sizeof *exits && (exits[from] >> to & 1u);
}

void alarm_name(struct alarm *alarm)
{
    char identity[3 * MODEL_ID_SIZE + MODEL_SEAL_SIZE + 40];
    int n = snprintf(identity, sizeof identity, "%s\n%s\n%u\n%lld%s%s", alarm->journey, alarm->seal, (unsigned)alarm->kind,
                     (long long)alarm->onset_ms, alarm->rule[0] ? "\n" : "", alarm->rule);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)identity, (size_t)n, digest);
    bulla_hex_put(alarm->id, digest, 16);
}
