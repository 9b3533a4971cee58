/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of protocols, made from registry.def, and how one is found: by name, by number, by its bytes.
 */
#include "proto/proto.h"

#define PROTO(number, name) extern const struct proto proto_##name;
#include "proto/registry.def"
#undef PROTO

const struct proto *const proto_registry[] = {
#define PROTO(number, name) &proto_##name,
#include "proto/registry.def"
#undef PROTO
};

const size_t proto_registry_n = sizeof proto_registry / sizeof *proto_registry;

const struct proto *proto_find(const char *name)
{
    for (size_t i = 0; i < proto_registry_n; i++) {
        if (bulla_text_is(proto_registry[i]->name, name)) {
            return proto_registry[i];
        }
    }
    return NULL;
}

const struct proto *proto_find_number(unsigned number)
{
    for (size_t i = 0; i < proto_registry_n; i++) {
        if (proto_registry[i]->number == number) {
            return proto_registry[i];
        }
    }
    return NULL;
}

/* A later protocol may be sure while an earlier one still waits: the sure one wins only when none before
 * it may yet claim the bytes, so that the answer does not depend on how the stream was cut. */
const struct proto *proto_recognise(const uint8_t *at, size_t n, bool *more)
{
    *more = false;
    for (size_t i = 0; i < proto_registry_n; i++) {
        switch (proto_registry[i]->probe(at, n)) {
        case BULLA_OK:
            return proto_registry[i];
        case BULLA_MORE:
            *more = true;
            return NULL;
        default:
            break;
        }
    }
    return NULL;
}
