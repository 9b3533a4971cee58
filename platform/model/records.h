/* SPDX-License-Identifier: Apache-2.0
 *
 * The smaller records of the platform: seal, station, party, user, key, session, command, audit entry.
 * Plain data, fixed size, no pointers: copied with `=`.
 */
#ifndef MODEL_RECORDS_H
#define MODEL_RECORDS_H

#include "platform/model/journey.h"

/* clang-format off */
#define SEAL_LIFE_TABLE(X) X(COMMISSIONED, 0, "commissioned") X(IN_STOCK, 1, "in-stock") X(CHARGING, 2, "charging") X(ASSIGNED, 3, "assigned") \
                           X(HUNG, 4, "hung") X(SEALED, 5, "sealed") X(OPENED, 6, "opened") X(UNSEALED, 7, "unsealed") \
                           X(IN_RETURN, 8, "in-return") X(LOST, 9, "lost") X(DESTROYED, 10, "destroyed") X(UNREGISTERED, 11, "unregistered")
#define SEAL_CLASS_TABLE(X) X(MECHANICAL, 0, "mechanical") X(PASSIVE, 1, "passive") X(SEMI_ACTIVE, 2, "semi-active") X(ACTIVE, 3, "active") \
                           X(SMART_CONTAINER, 4, "smart-container")
#define USER_ROLE_TABLE(X) X(ADMINISTRATOR, 0, "administrator") X(WATCH_OFFICER, 1, "watch-officer") X(CHECKPOINT_OFFICER, 2, "checkpoint-officer") \
                           X(CARRIER, 3, "carrier") X(PATROL_OFFICER, 4, "patrol-officer") X(SEAL_OPERATOR, 5, "seal-operator") X(TRADER, 6, "trader")
#define PARTY_KIND_TABLE(X) X(ADMINISTRATION, 0, "administration") X(CARRIER, 1, "carrier") X(OPERATOR, 2, "operator") X(TRADER, 3, "trader")
#define STATION_KIND_TABLE(X) X(CHECKPOINT, 0, "checkpoint") X(DEPOT, 1, "depot") X(PORT, 2, "port") X(BORDER, 3, "border") X(STOP, 4, "stop")
#define COMMAND_STATE_TABLE(X) X(QUEUED, 0, "queued") X(SENT, 1, "sent") X(ACCEPTED, 2, "accepted") X(REFUSED, 3, "refused") X(EXPIRED, 4, "expired") \
                           X(CANCELLED, 5, "cancelled")
/* clang-format on */
#define X(name, number, text) SEAL_LIFE_##name = number,
enum seal_life { SEAL_LIFE_TABLE(X) };
#undef X
#define X(name, number, text) SEAL_CLASS_##name = number,
enum seal_class { SEAL_CLASS_TABLE(X) };
#undef X
#define X(name, number, text) USER_ROLE_##name = number,
enum user_role { USER_ROLE_TABLE(X) };
#undef X
#define X(name, number, text) PARTY_KIND_##name = number,
enum party_kind { PARTY_KIND_TABLE(X) };
#undef X
#define X(name, number, text) STATION_KIND_##name = number,
enum station_kind { STATION_KIND_TABLE(X) };
#undef X
#define X(name, number, text) COMMAND_##name = number,
enum command_state { COMMAND_STATE_TABLE(X) };
#undef X

struct seal {
    char id[MODEL_SEAL_SIZE]; /* "protocol:device" */
    enum seal_class class_;
    enum seal_life life;
    char label[64];           /* printed on the seal */
    char model[16];           /* proto_profile.model */
    char owner[MODEL_ID_SIZE];   /* party */
    char station[MODEL_ID_SIZE]; /* where it lies, "" : hung or with a holder */
    char journey[MODEL_ID_SIZE]; /* the journey it belongs to now, "" : none */
    bool has_zone;
    int32_t zone_minutes;
    int64_t created_ms;
    int64_t version;
};

struct station {
    char id[MODEL_ID_SIZE];
    enum station_kind kind;
    char name[PLACE_NAME_SIZE];
    char code[16]; /* UN/LOCODE or customs office */
    double lat, lon, radius_m;
    int64_t version;
};

struct party {
    char id[MODEL_ID_SIZE];
    enum party_kind kind;
    char name[120];
    char code[32]; /* EORI, TIN or national code */
    int64_t version;
};

struct user {
    char id[MODEL_ID_SIZE];
    char name[64];          /* sign-in name, unique */
    char full_name[120];
    enum user_role role;
    char party[MODEL_ID_SIZE];   /* a carrier's user sees this party's journeys alone */
    char station[MODEL_ID_SIZE];
    char password[160];     /* Argon2id, encoded form; "" : cannot sign in */
    bool must_change;       /* one-time password */
    bool disabled;
    int64_t created_ms, version;
};

struct session { /* a person's; or, with `key` set, an API key */
    char id[MODEL_ID_SIZE];  /* digest of the secret in the cookie or key: the secret itself is not stored */
    char user[MODEL_ID_SIZE];
    char csrf[48];
    bool key;
    char label[64];          /* of a key */
    char scopes[120];        /* of a key: "read", "read commands" ... */
    int64_t created_ms, expires_ms, used_ms;
};

struct command {
    char id[MODEL_ID_SIZE];
    char seal[MODEL_SEAL_SIZE];
    char journey[MODEL_ID_SIZE];
    char user[MODEL_ID_SIZE];
    char name[24];           /* proto_command.name */
    char args[512];          /* "a=1\nb=2"; secrets are kept until sent and then replaced by "***" */
    char reason[200];        /* why the user gave it */
    enum command_state state;
    char answer[120];        /* the device's words */
    char answers[12];        /* result.command expected, "" : none */
    int32_t serial;          /* of the message it was sent in, -1 */
    int64_t created_ms, sent_ms, done_ms, expires_ms;
    int64_t version;
};

struct audit { /* one change, by one user, never altered */
    int64_t seq;
    int64_t time_ms;
    char user[MODEL_ID_SIZE];
    char user_name[64];
    char action[40];  /* "alarm.acknowledge", "journey.create", "sign-in" ... */
    char object[MODEL_SEAL_SIZE]; /* id of what was changed */
    char address[64]; /* where the request came from */
    char detail[600]; /* JSON: what changed, without secrets */
};

/* A seal that others read and that says nothing by itself: its name begins with mechanical:, passive:, semi-active: or tag:. */
bool seal_is_mute(const char *seal);

const char *seal_life_text(unsigned value);
int seal_life_from(const char *text);
const char *seal_class_text(unsigned value);
int seal_class_from(const char *text);
const char *user_role_text(unsigned value);
int user_role_from(const char *text);
const char *party_kind_text(unsigned value);
int party_kind_from(const char *text);
const char *station_kind_text(unsigned value);
int station_kind_from(const char *text);
const char *command_state_text(unsigned value);
int command_state_from(const char *text);

/* The command's state machine, from the const table. */
bool command_may(enum command_state from, enum command_state to);

#endif
