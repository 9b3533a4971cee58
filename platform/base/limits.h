/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit that a peer can reach, by name (DESIGN 5.9). What happens at the limit stands beside it.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* --- devices --- */
#define LIMIT_CONNECTIONS 100000           /* accepted device connections; more are closed at once and counted */
#define LIMIT_CONNECTIONS_PER_ADDRESS 20000 /* of one network address (carrier NAT hides many devices); more are closed */
#define LIMIT_FIRST_MESSAGE_MS 60000       /* a connection without one whole message by then is closed */
#define LIMIT_IDLE_MS (30 * 60 * 1000)     /* a silent connection is closed; devices sleep for minutes */
#define LIMIT_PARTIAL_MS 60000             /* half a message waiting this long: the connection is closed */
#define LIMIT_GARBAGE_BYTES (256 * 1024)   /* bytes that belong to no message, in one connection: it is closed */
#define LIMIT_DAMAGED_MESSAGES 1000        /* refused messages in one connection: it is closed */
#define LIMIT_SEALS_PER_CONNECTION 256 /* that commands can reach through one connection; the one that came first cannot be reached any more */
#define LIMIT_SEND_BYTES (32 * 1024)        /* of the system's buffer of a connection: it would grow to megabytes for one that does not read */
#define LIMIT_WRITE_QUEUE_BYTES (64 * 1024) /* unsent replies and commands: the connection is closed */
#define LIMIT_REASSEMBLY_BYTES (4 * 1024 * 1024)        /* of one connection: the message is dropped */
#define LIMIT_REASSEMBLY_TOTAL_BYTES (256 * 1024 * 1024) /* of all connections together: the message is dropped */
#define LIMIT_UDP_PEERS 50000              /* remembered senders of packets; the one silent longest is forgotten */
#define LIMIT_UDP_PEER_IDLE_MS (30 * 60 * 1000)
#define LIMIT_READ_BYTES 16384             /* of one connection in one turn of the loop: the others get theirs before it goes on */
#define LIMIT_DAMAGE_BYTES 1024            /* of a refused message that are kept for study */
#define LIMIT_DAMAGES_PER_BATCH 256        /* refused messages kept of one batch; the rest are only counted */
#define LIMIT_SWEEP_MS 5000                /* how often the limits in time are looked at */

#define LIMIT_STANDSTILL_MS 2000           /* no batch taken for so long: nothing is shed any more, sockets are not read */
#define LIMIT_BATCH_SHARE 8                /* one connection with more than 1/8 of a half full batch is not read until the next */
#define LIMIT_SLOW_EVERY_MS 1000           /* under pressure, devices are told to report less often: */
#define LIMIT_SLOW_AT_ONCE 5               /* so many at a time, the most talkative first, */
#define LIMIT_SLOW_TURNS 5                 /* after so many seconds of it */
#define LIMIT_TENANTS 4096                 /* with a quota; more have none */
#define LIMIT_REST_US 1000                 /* between turns of the loop when messages come fast */

/* --- JSON from brokers and by HTTP --- */
#define LIMIT_ITEMS 1000                   /* of one message; more are refused as a whole */
#define LIMIT_ITEMS_BYTES (1024 * 1024)    /* of one message; the same */
#define LIMIT_BROKER_ROUND 256             /* messages taken from a broker before they are made durable and acknowledged together */
#define LIMIT_BROKER_DEVICES 100000        /* that commands can reach through a broker; the one silent longest is forgotten */
#define LIMIT_BROKER_COMMANDS 1024         /* on their way to a broker; more wait until their device is heard again */
#define LIMIT_BROKER_CONNECT_MS 5000       /* for a connection to a broker to come about */
#define LIMIT_BROKER_ANSWER_MS 15000       /* for the broker to let us in and give us our messages */
#define LIMIT_BROKER_RETRY_MS 1000         /* before the first new try to reach it; doubles, */
#define LIMIT_BROKER_RETRY_MOST_MS 60000   /* up to this */

/* --- pipeline --- */
#define LIMIT_ESCALATIONS 1000              /* looked at in one turn; the rest in the next */
#define LIMIT_ESCALATION_REST_S 1           /* between two looks at what nobody takes */
#define LIMIT_OBSERVE_S 10                 /* who tells an observation from inside waits so long to hear that it is durable */
#define LIMIT_BATCH_ROWS 8192              /* observations waiting for the disk; then sockets are not read */
#define LIMIT_BATCH_BYTES (8 * 1024 * 1024)
#define LIMIT_COMMIT_MS 10                 /* under load, a commit gathers for this long */
#define LIMIT_RETRY_MS 500                 /* between tries to store while the disk refuses */
#define LIMIT_SEALS 1000000               /* with a live state; what more of them say is stored all the same */
#define LIMIT_UNKNOWN_SEALS       100000 /* records of devices that nobody entered; more get none, and what they say is stored all the same */
#define LIMIT_UNKNOWN_KEPT_MS     (7 * 24 * 3600 * 1000) /* at that limit, older ones that no journey had are forgotten */
#define LIMIT_STREAM_EVENTS 65536          /* kept for Last-Event-ID; older ones are fetched anew by the client */
#define LIMIT_STREAM_BYTES (64 * 1024 * 1024)
#define LIMIT_POSITIONS_MS 250             /* positions are gathered for this long before they are published */
#define LIMIT_POSITIONS_PER_EVENT 500      /* seals in one event of the stream */
#define LIMIT_CATCH_UP_DAYS 400            /* how far back a journey is rebuilt when the platform starts */

#define LIMIT_CLOCK_MS 2000                /* from the store's clock: a node further off goes by the store's */
#define LIMIT_LEAVE_MS 10000               /* a node that stops waits so long for others to apply what it accepted */

/* --- commands --- */
#define LIMIT_COMMAND_MS (24 * 3600 * 1000) /* life of a queued command unless the user says otherwise */
#define LIMIT_ANSWER_MS 120000              /* a device that has not answered by then will not */
#define LIMIT_ORDER_MS 10000                /* no node has said that it sent a command: it is asked for again */
#define LIMIT_COMMANDS_PER_SEAL 32          /* queued for one seal; more are refused */
#define PERMISSION_AFTER_MS 120000          /* an opening this long after its permission is still permitted (ALARMS.md) */

/* --- outbox and bus --- */
#define LIMIT_OUTBOX_BYTES (20ull << 30)       /* of parcels that wait for the store; then devices are not acknowledged and keep what they have */
#define LIMIT_BUS_SENDING_BYTES (32u << 20)    /* sent and not yet acknowledged, of one node; the rest waits in the outbox */
#define LIMIT_BUS_SENDING_MESSAGES 1024        /* the same, in messages */
#define LIMIT_BUS_EVENTS 4096                  /* that wait to be taken; beyond, parcels are not pulled and notices are lost and counted */
#define LIMIT_BUS_EVENT_BYTES (64u << 20)      /* the same, in bytes */
#define LIMIT_BUS_STREAM_BYTES (10ull << 30)   /* of the stream; beyond, brokers refuse parcels, which then wait in the outboxes */
#define LIMIT_BUS_STREAM_HOURS 48              /* how long brokers keep parcels */

/* --- history in PostgreSQL --- */
#define LIMIT_LATE_DAYS 92 /* a row whose time is further before its arrival is kept apart: it gets no table of its day */
#define LIMIT_EARLY_DAYS 2 /* the same, after its arrival */

/* --- packed tracks --- */
#define LIMIT_TRACK_FIXES 200000           /* of one seal in one day; then that day is thinned to a fix a second and counted */
#define LIMIT_TRACKS_TURN 64               /* days of seals that one turn of the packer takes */
#define LIMIT_TRACKS_TURN_BYTES (4 * 1024 * 1024) /* of blocks written in one transaction */
#define LIMIT_TRACKS_REST_MS 10000         /* between turns when nothing is due */
#define LIMIT_TRACKS_PAUSE_MS 20           /* between turns while something is, so that live traffic goes first */

#endif
