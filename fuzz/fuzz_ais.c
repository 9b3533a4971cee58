/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct proto *proto;
    proto = proto ? proto : fuzz_protocol("ais");
    return fuzz_check(proto, data, n);
}
