/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/status.h"

const char *bulla_status_text(enum bulla_status status)
{
    switch (status) {
#define X(name, number, text)                                                                                                              \
    case name:                                                                                                                             \
        return text;
        BULLA_STATUS_TABLE(X)
#undef X
    }
    return "unknown";
}
