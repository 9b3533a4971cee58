/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON forms of the model (DESIGN 6.2 and 6.4; docs/observation.md, docs/api/openapi.yaml), both ways.
 *
 * ..._to_json gives a new reference or NULL when out of memory. ..._from_json fills *out and returns true,
 * or leaves it alone and writes "field: expected E, got G" to why[MODEL_WHY_SIZE].
 */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include <jansson.h>

#include "platform/model/alarm.h"
#include "platform/model/definition.h"
#include "platform/model/records.h"

#define MODEL_WHY_SIZE 240

/* Observation, by DESIGN 6.2. Any protocol word is accepted (scenarios use "test"). */
json_t *observation_to_json(const struct bulla_observation *o);
bool observation_from_json(const json_t *json, struct bulla_observation *out, char why[MODEL_WHY_SIZE]);

/* Journey, by DESIGN 6.4 with the additions of openapi.yaml. The result is heap: journey_free(). */
json_t *journey_to_json(const struct journey *journey);
struct journey *journey_from_json(const json_t *json, char why[MODEL_WHY_SIZE]);

/* The alarm line of `bulla replay` (6.4): kind, journey, seal, onset, raised, grade, evidence, why. */
json_t *alarm_to_replay_json(const struct alarm *alarm);
json_t *alarm_to_json(const struct alarm *alarm); /* all of it, for the API */

json_t *seal_to_json(const struct seal *seal);
json_t *station_to_json(const struct station *station);
json_t *party_to_json(const struct party *party);
json_t *user_to_json(const struct user *user); /* never the password */
json_t *command_to_json(const struct command *command); /* never secrets */
json_t *audit_to_json(const struct audit *audit);
bool seal_from_json(const json_t *json, struct seal *out, char why[MODEL_WHY_SIZE]);
bool station_from_json(const json_t *json, struct station *out, char why[MODEL_WHY_SIZE]);
bool party_from_json(const json_t *json, struct party *out, char why[MODEL_WHY_SIZE]);
bool user_from_json(const json_t *json, struct user *out, char why[MODEL_WHY_SIZE]); /* without the password */

/* A kind of alarm that somebody defined. from_json leaves id, state, author, times and version to the caller; a place that is named by a
 * station's id has that alone. */
json_t *definition_to_json(const struct definition *definition);
bool definition_from_json(const json_t *json, struct definition *out, char why[MODEL_WHY_SIZE]);

/* A text member: null for NULL and "". */
json_t *json_text(const char *text);
/* A time member: RFC 3339 text or null. */
json_t *json_time(int64_t time_ms);

#endif
