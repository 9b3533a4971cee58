/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters for machines (/metrics), readiness, and the administrator's health page.
 */
#include <stdio.h>
#include <stdlib.h>

#include "platform/platform_internal.h"

#define METRICS_MOST 128

struct metric {
    const char *name, *type, *help;
    unsigned long long value; /* read as signed: a gauge may be below 0 */
};

struct metrics {
    struct metric list[METRICS_MOST];
    size_t n;
};

static void add(struct metrics *to, const struct metric *list, size_t n)
{
    for (size_t i = 0; i < n && to->n < METRICS_MOST; i++)
        to->list[to->n++] = list[i];
}

static void gather_devices(struct platform *p, struct metrics *to)
{
    struct gateway_counts g = gateway_counts(p->gateway);
    const struct metric all[] = {
        {"bulla_connections", "gauge", "Open device connections", g.connections},
        {"bulla_connections_accepted_total", "counter", "Device connections accepted", g.accepted},
        {"bulla_connections_refused_total", "counter", "Device connections refused by a limit", g.refused_connections},
        {"bulla_connections_closed_slow_total", "counter", "Connections closed because no whole message came in time", g.closed_slow},
        {"bulla_connections_closed_idle_total", "counter", "Connections closed because they were silent too long", g.closed_idle},
        {"bulla_connections_closed_garbage_total", "counter", "Connections closed because of too much that is no message", g.closed_garbage},
        {"bulla_connections_closed_write_total", "counter", "Connections closed because the device did not read", g.closed_write},
        {"bulla_received_bytes_total", "counter", "Bytes from devices", g.bytes_in},
        {"bulla_sent_bytes_total", "counter", "Bytes to devices", g.bytes_out},
        {"bulla_messages_total", "counter", "Whole messages decoded or refused", g.messages},
        {"bulla_messages_damaged_total", "counter", "Messages refused: check value, length or characters", g.outcomes[2]},
        {"bulla_messages_insane_total", "counter", "Messages refused: a field cannot be true", g.outcomes[3]},
        {"bulla_messages_foreign_total", "counter", "Bytes that are of no known protocol", g.outcomes[1]},
        {"bulla_garbage_bytes_total", "counter", "Bytes between messages", g.garbage_bytes},
        {"bulla_udp_packets_total", "counter", "Packets from devices", g.udp_packets},
        {"bulla_stalls_total", "counter", "Times that reading waited for the disk", g.stalled},
        {"bulla_observations_total", "counter", "Observations decoded", g.observations},
    };
    add(to, all, sizeof all / sizeof *all);
}

/* What overload costs, and why some plain reports were kept all the same. */
static void gather_shed(struct platform *p, struct metrics *to)
{
    struct gateway_counts g = gateway_counts(p->gateway);
    const struct metric all[] = {
        {"bulla_overload_level", "gauge", "0 calm, 1 to 3: plain reports are thinned", g.level},
        {"bulla_overload_interval_milliseconds", "gauge", "One plain report of each seal is kept in this time", g.interval_ms},
        {"bulla_overload_rows", "gauge", "Observations that the store is believed to take without letting alarms wait", g.most_rows},
        {"bulla_shed_thinned_total", "counter", "Plain reports neither stored nor acknowledged: not the seal's turn", g.shed[SHED_THINNED]},
        {"bulla_shed_full_total", "counter", "Plain reports neither stored nor acknowledged: no room", g.shed[SHED_FULL]},
        {"bulla_shed_quota_total", "counter", "Plain reports neither stored nor acknowledged: over a quota", g.shed[SHED_QUOTA]},
        {"bulla_shed_unanswered_total", "counter", "Of these, without an acknowledgement to withhold: not sent again", g.shed_unanswered},
        {"bulla_shed_jt701_total", "counter", "Plain reports shed, of protocol jt701", g.shed_by_protocol[1]},
        {"bulla_shed_jt808_total", "counter", "Plain reports shed, of protocol jt808", g.shed_by_protocol[2]},
        {"bulla_shed_eseal_total", "counter", "Plain reports shed, of protocol eseal", g.shed_by_protocol[3]},
        {"bulla_kept_event_total", "counter", "Observations kept under any pressure: an event", g.kept[KEEP_EVENT]},
        {"bulla_kept_state_total", "counter", "Observations kept under any pressure: the lock differs", g.kept[KEEP_STATE]},
        {"bulla_held_total", "counter", "Times that one connection was not read because it had had its share", g.held},
    };
    add(to, all, sizeof all / sizeof *all);
}

static void gather_work(struct platform *p, struct metrics *to)
{
    const struct pipeline_counts *c = &p->counts;
    const struct metric all[] = {
        {"bulla_observations_stored_total", "counter", "Observations made durable", atomic_load(&c->stored)},
        {"bulla_observations_duplicate_total", "counter", "Observations that were stored before", atomic_load(&c->duplicates)},
        {"bulla_commits_total", "counter", "Batches made durable", atomic_load(&c->batches)},
        {"bulla_commit_failures_total", "counter", "Tries to store a batch that failed", atomic_load(&c->append_failures)},
        {"bulla_commit_last_microseconds", "gauge", "Duration of the last commit", atomic_load(&c->commit_us_last)},
        {"bulla_commit_most_microseconds", "gauge", "Longest commit since the start", atomic_load(&c->commit_us_most)},
        {"bulla_damages_kept_total", "counter", "Refused messages kept for study", atomic_load(&c->damages)},
        {"bulla_alarms_raised_total", "counter", "Alarms raised", atomic_load(&c->alarms_raised)},
        {"bulla_alarms_changed_total", "counter", "Alarms that later facts changed", atomic_load(&c->alarms_changed)},
        {"bulla_alarms_withdrawn_total", "counter", "Alarms that later facts disproved", atomic_load(&c->alarms_withdrawn)},
        {"bulla_commands_sent_total", "counter", "Commands sent to devices", atomic_load(&c->commands_sent)},
        {"bulla_commands_done_total", "counter", "Commands with a verdict, or expired", atomic_load(&c->commands_done)},
        {"bulla_stream_events_total", "counter", "Events of the live stream", atomic_load(&c->published)},
        {"bulla_unknown_seals", "gauge", "Seal records that nobody entered, as last counted", atomic_load(&c->unknown)},
        {"bulla_unknown_refused_total", "counter", "Reports of unknown devices that got no seal record: there are too many",
         atomic_load(&c->unknown_refused)},
        {"bulla_unknown_forgotten_total", "counter", "Seal records that nobody entered, forgotten to make room",
         atomic_load(&c->unknown_forgotten)},
        {"bulla_work_undone_total", "counter", "Transactions undone: the store failed or a lease was lost", atomic_load(&c->undone)},
    };
    add(to, all, sizeof all / sizeof *all);
}

/* One of several: what it accepted and what it applied. */
static void gather_node(struct platform *p, struct metrics *to)
{
    const struct pipeline_counts *c = &p->counts;
    const struct cluster *cl = &p->cluster;
    struct ingest_view in = ingest_view(p);
    struct bus_counts bus = p->bus ? bus_counts(p->bus) : (struct bus_counts){0};
    const struct metric all[] = {
        {"bulla_observations_accepted_total", "counter", "Observations made durable in this node's outbox", atomic_load(&c->accepted)},
        {"bulla_outbox_parcels", "gauge", "Parcels in the outbox that the store does not have yet", in.outbox.parcels},
        {"bulla_outbox_rows", "gauge", "Observations in the outbox that the store does not have yet", in.outbox.rows},
        {"bulla_outbox_bytes", "gauge", "Bytes in the outbox that the store does not have yet", in.outbox.bytes},
        {"bulla_outbox_oldest_seconds", "gauge", "Age of the oldest parcel in the outbox", in.oldest_s},
        {"bulla_outbox_last_microseconds", "gauge", "Duration of the last commit of the outbox", atomic_load(&c->outbox_us_last)},
        {"bulla_sender_messages_total", "counter", "Messages brought to the bus", in.sender.messages},
        {"bulla_sender_resent_total", "counter", "Messages sent again", in.sender.resent},
        {"bulla_sender_stalls_total", "counter", "Times that a partition was sent again because the store did not go on", in.sender.stalls},
        {"bulla_bus_up", "gauge", "1: the broker can be reached", bus.up},
        {"bulla_bus_unsent_total", "counter", "Messages that the stream did not acknowledge", bus.unsent},
        {"bulla_bus_reconnects_total", "counter", "Times that the link to the broker came back", bus.reconnects},
        {"bulla_notices_lost_total", "counter", "Notices to other nodes that could not be sent", bus.notices_lost},
        {"bulla_notices_refused_total", "counter", "Notices of other nodes that could not be read", atomic_load(&c->notices_refused)},
        {"bulla_clock_offset_ms", "gauge", "This machine's clock less the store's", (unsigned long long)atomic_load(&p->clock_offset_ms)},
        {"bulla_partitions_held", "gauge", "Partitions that this node holds", atomic_load(&p->holds)},
        {"bulla_partitions_taken_total", "counter", "Times that this node took a partition", cl->counts.taken_over},
        {"bulla_parcels_applied_total", "counter", "Parcels applied", cl->counts.parcels},
        {"bulla_parcels_hurried_total", "counter", "Parcels with news that were applied before those that waited", cl->counts.hurried},
        {"bulla_parcels_repeated_total", "counter", "Parcels that were applied before", cl->counts.repeated},
        {"bulla_parcels_missing_total", "counter", "Times that a parcel was missing and asked for again", cl->counts.gaps},
        {"bulla_parcels_refused_total", "counter", "Parcels that could not be read", cl->counts.refused},
    };
    add(to, all, sizeof all / sizeof *all);
}

/* The link to a broker of messages from devices, where there is one. */
static void gather_broker(struct platform *p, struct metrics *to)
{
    struct gateway_carrier_counts c;
    if (!gateway_carrier_counts(p->gateway, &c))
        return;
    const struct metric all[] = {
        {"bulla_broker_up", "gauge", "1: the broker gives us messages of devices", c.up},
        {"bulla_broker_connects_total", "counter", "Connections to the broker", c.connects},
        {"bulla_broker_messages_total", "counter", "Messages that the broker gave us", c.messages},
        {"bulla_broker_acknowledged_total", "counter", "Messages acknowledged to the broker, after they were durable", c.acknowledged},
        {"bulla_broker_given_up_total", "counter", "Connections ended because messages did not become durable", c.given_up},
        {"bulla_broker_commands_total", "counter", "Commands that the broker took for devices", c.commands},
    };
    add(to, all, sizeof all / sizeof *all);
}

static void gather_rules(struct platform *p, struct metrics *to)
{
    pthread_mutex_lock(&p->inbox_mutex);
    struct engine_counts e = p->engine_seen;
    pthread_mutex_unlock(&p->inbox_mutex);
    const struct metric all[] = {
        {"bulla_rules_observed_total", "counter", "Observations that the rules saw", e.observed},
        {"bulla_rules_late_total", "counter", "Observations that came after newer ones", e.late},
        {"bulla_rules_journeys", "gauge", "Journeys under supervision", e.journeys},
        {"bulla_rules_clock_errors_total", "counter", "Observations whose device clock was not believed", e.clock_errors},
    };
    add(to, all, sizeof all / sizeof *all);
}

static void gather(struct platform *p, struct metrics *to)
{
    to->n = 0;
    gather_devices(p, to);
    gather_shed(p, to);
    gather_work(p, to);
    gather_rules(p, to);
    gather_broker(p, to);
    if (p->bus)
        gather_node(p, to);
}

char *platform_metrics(struct platform *p)
{
    struct metrics metrics;
    size_t at = 0, size = 65536;
    char *text = malloc(size);
    gather(p, &metrics);
    for (size_t i = 0; text && i < metrics.n; i++) {
        const struct metric *m = &metrics.list[i];
        at += (size_t)snprintf(text + at, size - at, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", m->name, m->help, m->name, m->type, m->name,
                               (long long)m->value);
    }
    return text;
}

bool platform_ready(struct platform *p, char why[MODEL_WHY_SIZE])
{
    if (!atomic_load(&p->ready)) {
        snprintf(why, MODEL_WHY_SIZE, "%s", p->waiting_for);
        return false;
    }
    if (atomic_load(&p->outbox_fails)) {
        snprintf(why, MODEL_WHY_SIZE, "the outbox refuses observations: see the log");
        return false;
    }
    if (atomic_load(&p->no_space)) {
        snprintf(why, MODEL_WHY_SIZE, "the store refuses observations: see the log");
        return false;
    }
    if (!p->bus || bus_health(p->bus, why, MODEL_WHY_SIZE))
        why[0] = '\0';
    return true;
}

static void add_listener(void *context, const char *protocol, const char *transport, unsigned port)
{
    json_array_append_new(context, json_pack("{s:s, s:s, s:i}", "protocol", protocol, "transport", transport, "port", (int)port));
}

json_t *platform_health(struct platform *p)
{
    struct metrics metrics;
    char why[MODEL_WHY_SIZE];
    gather(p, &metrics);
    json_t *counters = json_object(), *listeners = json_array();
    for (size_t i = 0; i < metrics.n; i++)
        json_object_set_new(counters, metrics.list[i].name, json_integer((json_int_t)metrics.list[i].value));
    gateway_listeners(p->gateway, add_listener, listeners);
    bool ready = platform_ready(p, why);
    return json_pack("{s:s, s:b, s:s, s:s, s:o, s:o}", "version", BULLA_VERSION, "ready", ready, "waiting_for", why, "recovery",
                     store_recovery(p->store), "listeners", listeners, "counters", counters);
}
