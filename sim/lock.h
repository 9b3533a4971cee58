/* SPDX-License-Identifier: Apache-2.0
 *
 * The mechanics of a rope seal, seen from inside: what a hand, a card, a password or a cutter does to it, as one
 * const table. No clock but the arguments; what the device reports of it is sim/device.h.
 *
 *   rope  in, out, cut        motor  locked, unlocked, stuck        cover  closed, open
 *
 * The rope can be pulled only when the motor is unlocked; putting it in locks the motor by itself ("auto-lock");
 * a cut rope stays cut. A refused attempt never changes the state.
 */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_LOCK_CARDS_MAX 8

enum sim_rope { SIM_ROPE_IN, SIM_ROPE_OUT, SIM_ROPE_CUT };
enum sim_motor { SIM_MOTOR_LOCKED, SIM_MOTOR_UNLOCKED, SIM_MOTOR_STUCK };

enum sim_action {
    SIM_ACT_INSERT,  /* rope put in */
    SIM_ACT_PULL,    /* rope pulled */
    SIM_ACT_CUT,     /* rope cut */
    SIM_ACT_COVER,   /* back cover taken off */
    SIM_ACT_UNCOVER, /* back cover put on again */
    SIM_ACT_CARD,    /* text: card number */
    SIM_ACT_STATIC,  /* text: password over the air */
    SIM_ACT_DYNAMIC, /* text: one-time password over the air */
    SIM_ACT_REMOTE,  /* opened by an order that carries no password (0x8500) */
    SIM_ACT_REMOTE_LOCK,
    SIM_ACT_JAM, /* the motor sticks */
};

enum sim_lock_event { /* what happened, for the device to tell */
                      SIM_LOCK_NOTHING,
                      SIM_LOCK_AUTO_LOCKED,
                      SIM_LOCK_PULLED,
                      SIM_LOCK_ROPE_CUT,
                      SIM_LOCK_COVER_OPENED,
                      SIM_LOCK_COVER_CLOSED,
                      SIM_LOCK_CARD_OK,
                      SIM_LOCK_CARD_UNKNOWN,
                      SIM_LOCK_STATIC_OK,
                      SIM_LOCK_STATIC_WRONG,
                      SIM_LOCK_DYNAMIC_OK,
                      SIM_LOCK_DYNAMIC_WRONG,
                      SIM_LOCK_REMOTE_OK,
                      SIM_LOCK_REMOTE_LOCKED,
                      SIM_LOCK_LOCK_REFUSED, /* asked to lock with the rope out or cut */
                      SIM_LOCK_MOTOR_STUCK,
                      SIM_LOCK_EVENTS_N,
};

struct sim_lock {
    enum sim_rope rope;
    enum sim_motor motor;
    bool cover_open;
    uint8_t wrong_tries; /* in a row */
    uint16_t cuts;
    int64_t open_since_ms; /* rope out or cut since then; INT64_MIN: it is in */
    uint32_t cards[SIM_LOCK_CARDS_MAX];
    uint32_t n_cards;
    char password[12];
    char dynamic[12]; /* "" : none is valid */
};

/* A seal as it lies in stock: rope out, motor unlocked, cover closed, no cards. */
void sim_lock_init(struct sim_lock *lock, const char *password);

bool sim_lock_add_card(struct sim_lock *lock, uint32_t card);
void sim_lock_remove_cards(struct sim_lock *lock);

/* Does `action` with its text ("" where it needs none) and tells what came of it. */
enum sim_lock_event sim_lock_act(struct sim_lock *lock, enum sim_action action, const char *text, int64_t now_ms);

static inline bool sim_lock_sealed(const struct sim_lock *lock)
{
    return lock->rope == SIM_ROPE_IN && lock->motor == SIM_MOTOR_LOCKED;
}

#endif
