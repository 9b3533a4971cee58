/* SPDX-License-Identifier: Apache-2.0
 *
 * The process itself: alive, ready, its counters and health, its description; and the kinds of alarm.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/out/guard.h"
#include "platform/out/live.h"
#include "platform/out/page.h"
#include "platform/out/routes.h"

extern const char out_openapi[], out_openapi_end[]; /* openapi.S */

static void answer_text(struct out_request *r, int status, const char *text)
{
    out_answer_bytes(r, status, "text/plain; charset=utf-8", text, strlen(text), MHD_RESPMEM_MUST_COPY);
    out_answer_header(r, "Cache-Control", "no-store");
}

void out_process_healthz(struct out_request *r)
{
    answer_text(r, 200, "ok\n");
}

void out_process_readyz(struct out_request *r)
{
    char why[MODEL_WHY_SIZE] = "";
    char degraded[MODEL_WHY_SIZE + 20];
    bool ready = platform_ready(r->out->platform, why);
    snprintf(degraded, sizeof degraded, "ready, degraded: %s\n", why);
    answer_text(r, ready ? 200 : 503, !ready ? why : why[0] ? degraded : "ready\n");
}

/* From the machine itself anybody (a collector), from elsewhere an administrator or a key that may read. */
static bool may_read_metrics(struct out_request *r)
{
    static const struct out_route as_health = {"GET", "/metrics", OUT_ADMINISTRATOR, OUT_SCOPE_READ, OUT_LANE_WORK, OUT_BODY_NONE, NULL};
    bool local = strncmp(r->address, "127.", 4) == 0 || strcmp(r->address, "::1") == 0;
    if (local)
        return true;
    const struct out_route *route = r->route;
    r->route = &as_health;
    bool may = out_access_check(r);
    r->route = route;
    return may;
}

void out_process_metrics(struct out_request *r)
{
    if (!may_read_metrics(r))
        return;
    char *text = platform_metrics(r->out->platform), *all = NULL;
    struct out *out = r->out;
    int n = asprintf(
        &all,
        "%s"
        "# HELP bulla_http_requests_total Requests taken\n# TYPE bulla_http_requests_total counter\nbulla_http_requests_total %llu\n"
        "# HELP bulla_http_refused_total Requests refused because too much was waiting\n# TYPE bulla_http_refused_total counter\n"
        "bulla_http_refused_total %llu\n"
        "# HELP bulla_http_cut_total Connections cut because they were too slow\n# TYPE bulla_http_cut_total counter\n"
        "bulla_http_cut_total %" PRIu64 "\n"
        "# HELP bulla_http_streams Open live streams\n# TYPE bulla_http_streams gauge\nbulla_http_streams %zu\n",
        text ? text : "", (unsigned long long)atomic_load(&out->requests), (unsigned long long)atomic_load(&out->refused),
        out_guard_cut(out->guard), out_live_streams(out->live));
    free(text);
    if (n < 0)
        return;
    out_answer_bytes(r, 200, "text/plain; version=0.0.4; charset=utf-8", all, (size_t)n, MHD_RESPMEM_MUST_FREE);
    out_answer_header(r, "Cache-Control", "no-store");
}

void out_process_openapi(struct out_request *r)
{
    out_answer_bytes(r, 200, "application/yaml", out_openapi, (size_t)(out_openapi_end - out_openapi), MHD_RESPMEM_PERSISTENT);
    out_answer_header(r, "Cache-Control", "no-cache");
}

void out_health_get(struct out_request *r)
{
    struct out *out = r->out;
    char why[MODEL_WHY_SIZE] = "";
    bool ready = platform_ready(out->platform, why);
    const char *recovery = store_recovery(out_store(r));
    json_t *http = json_pack("{s:I, s:I, s:I, s:I, s:o}", "requests", (json_int_t)atomic_load(&out->requests), "streams",
                             (json_int_t)out_live_streams(out->live), "refused", (json_int_t)atomic_load(&out->refused), "cut",
                             (json_int_t)out_guard_cut(out->guard), "since", json_time(out->started_ms));
    out_answer_json(r, 200,
                    json_pack("{s:s, s:b, s:o, s:o, s:o, s:o}", "version", BULLA_VERSION, "ready", ready, "waits_for",
                              why[0] ? json_string(why) : json_null(), "recovery",
                              recovery && recovery[0] ? json_string(recovery) : json_null(), "platform", platform_health(out->platform),
                              "http", http));
}

/* clang-format off */
static const char *const meanings[] = {
    [ALARM_ILLEGAL_OPENING] = "The seal was opened without a permission that fits",
    [ALARM_CABLE_CUT] = "The seal reports that its rope or shackle was cut",
    [ALARM_BODY_DESTROYED] = "The seal reports that its body was broken or removed",
    [ALARM_COVER_OPENED] = "The cover of the seal was opened",
    [ALARM_TAMPER] = "Shocks, tilt or light at a standstill that look like work on the seal",
    [ALARM_MALFUNCTION] = "A part of the seal does not work: motor, self-test or sensor",
    [ALARM_UNLOCK_REFUSED] = "The seal refused an attempt to open it",
    [ALARM_WRONG_CREDENTIAL] = "An unknown card, or several refused attempts within minutes",
    [ALARM_REPLAYED_COMMAND] = "A command was seen that was used before, has expired or is for another device",
    [ALARM_CLONE_SUSPECTED] = "Two devices seem to use one identity",
    [ALARM_PAIRING_MISMATCH] = "Seal, container and vehicle do not move together",
    [ALARM_DATA_MISMATCH] = "A field read from the seal or vehicle differs from the declaration",
    [ALARM_SEAL_UNREAD] = "The vehicle passed a checkpoint without a reading of its seal",
    [ALARM_SEAL_MISSING] = "The expected seal is not on the container or vehicle",
    [ALARM_ROUTE_DEVIATION] = "The vehicle is surely outside its corridor",
    [ALARM_ILLEGAL_STAY] = "The vehicle stands outside its permitted stops",
    [ALARM_OVERTIME_STAY] = "The vehicle stays in a permitted stop longer than allowed",
    [ALARM_JOURNEY_TIMEOUT] = "The vehicle has not reached its destination in time",
    [ALARM_SCHEDULE_DEVIATION] = "The vehicle is off its schedule",
    [ALARM_OVERLANDED] = "A container was discharged at a place that is not in its plan",
    [ALARM_LATE_DEPARTURE] = "The vehicle has not left its origin in time",
    [ALARM_SIGNAL_LOST] = "Nothing was heard of the seal for longer than allowed",
    [ALARM_LOW_BATTERY] = "The battery of the seal is nearly empty",
    [ALARM_JAMMING_SUSPECTED] = "Satellite or radio reception seems to be jammed",
    [ALARM_SPOOFING_SUSPECTED] = "The reported position seems to be false",
    [ALARM_IMPLAUSIBLE_MOTION] = "Positions that the vehicle cannot have reached",
    [ALARM_ABNORMAL_OIL_VOLUME] = "The level in the tank fell while sealed",
    [ALARM_TEMPERATURE] = "The temperature is outside its limits",
    [ALARM_HUMIDITY] = "The humidity is outside its limits",
    [ALARM_SHOCK] = "A shock above its limit",
    [ALARM_TILT] = "A tilt above its limit",
    [ALARM_LIGHT] = "Light where it should be dark",
    [ALARM_PRESSURE] = "The pressure is outside its limits",
    [ALARM_VOC] = "Vapours above their limit",
    [ALARM_POWER_FAILURE] = "The refrigerated container is without power",
    [ALARM_UNSUPERVISED_GAP] = "Nobody supervises the seal between two procedures",
    [ALARM_CLOCK_ERROR] = "The clock of the device is wrong",
    [ALARM_CUSTOM] = "What an officer defined has come true",
};
/* clang-format on */

void out_alarm_kinds(struct out_request *r)
{
    json_t *items = json_array();
    for (unsigned kind = 1; kind < sizeof meanings / sizeof *meanings; kind++)
        if (meanings[kind])
            json_array_append_new(items,
                                  json_pack("{s:s, s:i, s:s, s:o}", "kind", alarm_kind_text(kind), "grade", alarm_kind_grade(kind),
                                            "meaning", meanings[kind], "parameters", platform_rule_parameters((enum alarm_kind)kind)));
    out_page_all(r, items);
}
