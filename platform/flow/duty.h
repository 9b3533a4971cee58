/* SPDX-License-Identifier: Apache-2.0
 *
 * The duty to seal: which goods must be carried under a seal, by which mode, since when, and of which class; and which need none. From
 * three policies: the list of excepted goods, the list of compulsory ones, the phases in which monitoring is brought in (WCO 10, 13.5).
 */
#ifndef FLOW_DUTY_H
#define FLOW_DUTY_H

#include "platform/flow/catalogue.h"
#include "platform/flow/policy.h"

/* clang-format off */
#define FLOW_DUTY_TABLE(X) X(NONE, 0, "none") X(EXCEPTED, 1, "excepted") X(COMPULSORY, 2, "compulsory")
/* clang-format on */
#define X(name, number, text) DUTY_##name = number,
enum duty_kind { FLOW_DUTY_TABLE(X) };
#undef X
const char *duty_text(unsigned value);

struct duty_policies { /* bodies; NULL: as if nobody had written one */
    const json_t *excepted, *compulsory, *phasing;
};

struct duty_goods {
    const char *hs; /* with points or without; "" : not known */
    const char *un; /* of dangerous goods, four digits; "" : none */
};

struct duty {
    enum duty_kind kind;
    bool active;              /* the seal must be an active one */
    char why[MODEL_WHY_SIZE]; /* a sentence */
};

/* Of one kind of goods, of a journey that begins at `at_ms`. Excepted comes before compulsory, compulsory before the phases in order. */
void duty_of(const struct duty_policies *policies, const struct duty_goods *goods, enum journey_mode mode, int64_t at_ms, struct duty *out);

/* Of all goods of a journey, a list of {"hs", "un"}: compulsory when any of them is, and active when any of those must be; excepted when
 * all are. Without goods, of goods that are not known. */
void duty_of_all(const struct duty_policies *policies, const json_t *goods, enum journey_mode mode, int64_t at_ms, struct duty *out);

#endif
