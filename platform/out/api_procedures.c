/* SPDX-License-Identifier: Apache-2.0
 *
 * The procedures as data, and the table of fields that their values are compared by.
 */
#include "platform/flow/catalogue.h"
#include "platform/out/page.h"
#include "platform/out/routes.h"

void out_procedure_list(struct out_request *r)
{
    json_t *items = json_array();
    for (size_t i = 0; i < flow_procedures_n; i++)
        json_array_append_new(items, flow_procedure_json(&flow_procedures[i]));
    out_page_all(r, items);
}
