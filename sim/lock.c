// SPDX-License-Identifier: Apache-2.0
#include "sim/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANY = -1, SAME = -1 };

/* The first row that fits is what happens; no row: nothing does. `right` is about the credential: 1 accepted, 0 not. */
static const struct move {
    int8_t action, rope, motor, right;
    int8_t to_rope, to_motor;
    int8_t event;
} moves[] = {
    {SIM_ACT_INSERT, SIM_ROPE_OUT, SIM_MOTOR_STUCK, ANY, SIM_ROPE_IN, SAME, SIM_LOCK_MOTOR_STUCK},
    {SIM_ACT_INSERT, SIM_ROPE_OUT, ANY, ANY, SIM_ROPE_IN, SIM_MOTOR_LOCKED, SIM_LOCK_AUTO_LOCKED},
    {SIM_ACT_PULL, SIM_ROPE_IN, SIM_MOTOR_UNLOCKED, ANY, SIM_ROPE_OUT, SAME, SIM_LOCK_PULLED},
    {SIM_ACT_CUT, SIM_ROPE_IN, ANY, ANY, SIM_ROPE_CUT, SAME, SIM_LOCK_ROPE_CUT},
    {SIM_ACT_CARD, ANY, SIM_MOTOR_STUCK, 1, SAME, SAME, SIM_LOCK_MOTOR_STUCK},
    {SIM_ACT_CARD, ANY, ANY, 1, SAME, SIM_MOTOR_UNLOCKED, SIM_LOCK_CARD_OK},
    {SIM_ACT_CARD, ANY, ANY, 0, SAME, SAME, SIM_LOCK_CARD_UNKNOWN},
    {SIM_ACT_STATIC, ANY, SIM_MOTOR_STUCK, 1, SAME, SAME, SIM_LOCK_MOTOR_STUCK},
    {SIM_ACT_STATIC, ANY, ANY, 1, SAME, SIM_MOTOR_UNLOCKED, SIM_LOCK_STATIC_OK},
    {SIM_ACT_STATIC, ANY, ANY, 0, SAME, SAME, SIM_LOCK_STATIC_WRONG},
    {SIM_ACT_DYNAMIC, ANY, SIM_MOTOR_STUCK, 1, SAME, SAME, SIM_LOCK_MOTOR_STUCK},
    {SIM_ACT_DYNAMIC, ANY, ANY, 1, SAME, SIM_MOTOR_UNLOCKED, SIM_LOCK_DYNAMIC_OK},
    {SIM_ACT_DYNAMIC, ANY, ANY, 0, SAME, SAME, SIM_LOCK_DYNAMIC_WRONG},
    {SIM_ACT_REMOTE, ANY, SIM_MOTOR_STUCK, ANY, SAME, SAME, SIM_LOCK_MOTOR_STUCK},
    {SIM_ACT_REMOTE, ANY, ANY, ANY, SAME, SIM_MOTOR_UNLOCKED, SIM_LOCK_REMOTE_OK},
    {SIM_ACT_REMOTE_LOCK, SIM_ROPE_IN, SIM_MOTOR_STUCK, ANY, SAME, SAME, SIM_LOCK_MOTOR_STUCK},
    {SIM_ACT_REMOTE_LOCK, SIM_ROPE_IN, ANY, ANY, SAME, SIM_MOTOR_LOCKED, SIM_LOCK_REMOTE_LOCKED},
    {SIM_ACT_REMOTE_LOCK, ANY, ANY, ANY, SAME, SAME, SIM_LOCK_LOCK_REFUSED},
    {SIM_ACT_JAM, ANY, ANY, ANY, SAME, SIM_MOTOR_STUCK, SIM_LOCK_MOTOR_STUCK},
    {SIM_ACT_COVER, ANY, ANY, ANY, SAME, SAME, SIM_LOCK_COVER_OPENED},
    {SIM_ACT_UNCOVER, ANY, ANY, ANY, SAME, SAME, SIM_LOCK_COVER_CLOSED},
};

void sim_lock_init(struct sim_lock *lock, const char *password)
{
    *lock = (struct sim_lock){.rope = SIM_ROPE_OUT, .motor = SIM_MOTOR_UNLOCKED, .open_since_ms = INT64_MIN};
    snprintf(lock->password, sizeof lock->password, "%s", password);
}

bool sim_lock_add_card(struct sim_lock *lock, uint32_t card)
{
    if (lock->n_cards == SIM_LOCK_CARDS_MAX)
        return false;
    lock->cards[lock->n_cards++] = card;
    return true;
}

void sim_lock_remove_cards(struct sim_lock *lock)
{
    lock->n_cards = 0;
}

static bool knows_card(const struct sim_lock *lock, const char *text)
{
    unsigned long card = strtoul(text, NULL, 10);
    for (uint32_t i = 0; i < lock->n_cards; i++)
        if (lock->cards[i] == card)
            return true;
    return false;
}

static int credential_right(const struct sim_lock *lock, enum sim_action action, const char *text)
{
    if (action == SIM_ACT_CARD)
        return knows_card(lock, text);
    if (action == SIM_ACT_STATIC)
        return strcmp(text, lock->password) == 0;
    if (action == SIM_ACT_DYNAMIC)
        return lock->dynamic[0] && strcmp(text, lock->dynamic) == 0;
    return ANY;
}

static void settle(struct sim_lock *lock, enum sim_lock_event event, int64_t now_ms)
{
    if (event == SIM_LOCK_STATIC_WRONG || event == SIM_LOCK_DYNAMIC_WRONG)
        lock->wrong_tries = (uint8_t)(lock->wrong_tries < 255 ? lock->wrong_tries + 1 : 255);
    if (event == SIM_LOCK_STATIC_OK || event == SIM_LOCK_DYNAMIC_OK)
        lock->wrong_tries = 0;
    if (event == SIM_LOCK_COVER_OPENED || event == SIM_LOCK_COVER_CLOSED)
        lock->cover_open = event == SIM_LOCK_COVER_OPENED;
    if (event == SIM_LOCK_ROPE_CUT)
        lock->cuts++;
    if (event == SIM_LOCK_PULLED || event == SIM_LOCK_ROPE_CUT)
        lock->open_since_ms = now_ms;
    if (event == SIM_LOCK_AUTO_LOCKED)
        lock->open_since_ms = INT64_MIN;
}

enum sim_lock_event sim_lock_act(struct sim_lock *lock, enum sim_action action, const char *text, int64_t now_ms)
{
    int right = credential_right(lock, action, text);
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        const struct move *m = &moves[i];
        if (m->action != (int)action || (m->rope != ANY && m->rope != (int)lock->rope) ||
            (m->motor != ANY && m->motor != (int)lock->motor) || (m->right != ANY && m->right != right))
            continue;
        if (m->to_rope != SAME)
            lock->rope = (enum sim_rope)m->to_rope;
        if (m->to_motor != SAME)
            lock->motor = (enum sim_motor)m->to_motor;
        settle(lock, (enum sim_lock_event)m->event, now_ms);
        return (enum sim_lock_event)m->event;
    }
    return SIM_LOCK_NOTHING;
}
