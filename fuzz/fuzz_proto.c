/* SPDX-License-Identifier: Apache-2.0
 *
 * All protocols: the first byte picks one.
 */
#include "fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return n ? fuzz_check(proto_registry[data[0] % proto_registry_n], data + 1, n - 1) : 0;
}
