/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/records.h"

#include <string.h>

#include "platform/model/words.h"

MODEL_WORDS(seal_life, SEAL_LIFE_TABLE)
MODEL_WORDS(seal_class, SEAL_CLASS_TABLE)
MODEL_WORDS(user_role, USER_ROLE_TABLE)
MODEL_WORDS(party_kind, PARTY_KIND_TABLE)
MODEL_WORDS(station_kind, STATION_KIND_TABLE)
MODEL_WORDS(command_state, COMMAND_STATE_TABLE)

/* Which states may follow a state. A device may answer a command that was never marked as sent (the mark was
 * lost in a crash), and may answer after the command expired: the device's word then stands. */
static const unsigned command_exits[] = {
    [COMMAND_QUEUED] = 1u << COMMAND_SENT | 1u << COMMAND_ACCEPTED | 1u << COMMAND_REFUSED | 1u << COMMAND_EXPIRED | 1u << COMMAND_CANCELLED,
    [COMMAND_SENT] = 1u << COMMAND_SENT | 1u << COMMAND_ACCEPTED | 1u << COMMAND_REFUSED | 1u << COMMAND_EXPIRED,
    [COMMAND_ACCEPTED] = 0,
    [COMMAND_REFUSED] = 0,
    [COMMAND_EXPIRED] = 1u << COMMAND_ACCEPTED | 1u << COMMAND_REFUSED,
    [COMMAND_CANCELLED] = 0,
};

bool command_may(enum command_state from, enum command_state to)
{
    return (size_t)from < sizeof command_exits / sizeof *command_exits && (command_exits[from] >> to & 1u);
}

bool seal_is_mute(const char *seal)
{
    static const char *const names[] = {"mechanical:", "passive:", "semi-active:", "tag:"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(seal, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}
