/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit that a peer of the HTTP server can reach (DESIGN 5.9).
 */
#ifndef OUT_LIMITS_H
#define OUT_LIMITS_H

#define OUT_HTTP_THREADS     2
#define OUT_WORK_THREADS     2   /* requests that read or write the store */
#define OUT_WORK_MAX         256 /* of them, waiting; more are answered 503 */
#define OUT_DEVICE_THREADS   8   /* requests of devices, which wait until what they say is durable: not in the way of people */
#define OUT_DEVICE_MAX       512 /* of them, waiting; more are answered 503 */
#define OUT_PASSWORD_THREADS 1   /* Argon2 takes 25 ms of a core: never more at once */
#define OUT_PASSWORD_MAX     32  /* sign-ins waiting */

#define OUT_CONNECTIONS_MAX         4000
#define OUT_CONNECTIONS_ADDRESS_MAX 1200              /* from one address: an office behind one router, a proxy */
#define OUT_CONNECTION_BYTES        (16 * 1024)       /* header and buffers of a connection */
#define OUT_TARGET_MAX              4096              /* path and query */
#define OUT_JSON_MAX                (2 * 1024 * 1024) /* a route of 20,000 points fits */
#define OUT_ITEMS_MAX               (1024 * 1024)
#define OUT_FILE_MAX                (10 * 1024 * 1024)
#define OUT_CHUNK_MAX               (1024 * 1024)      /* a piece of an upload */
#define OUT_UPLOAD_MAX              (64 * 1024 * 1024) /* all of it */
#define OUT_UPLOADS_USER_MAX        20                 /* begun and not complete; the oldest is forgotten */
#define OUT_UPLOAD_KEPT_MS          (24 * 3600 * INT64_C(1000))
#define OUT_JOURNEY_FILES_MAX       200
#define OUT_LIVE_MAX                100000 /* seals in one page of the map */
#define OUT_PARAMS_MAX              16

#define OUT_IDLE_S       30     /* without a byte in either direction */
#define OUT_HEAD_MS      20000  /* from connecting, or from the last answer, to the end of the header */
#define OUT_BODY_MS      20000  /* for the body ... */
#define OUT_BODY_BYTES_S 8192   /* ... and a second more for each so many bytes */
#define OUT_ANSWER_MS    300000 /* for taking in the answer, streams apart */

#define OUT_STREAMS_MAX         2500
#define OUT_STREAMS_CARRIER_MAX 16 /* of one carrier's user */
#define OUT_STREAM_BLOCK        8192
#define OUT_STREAM_EVENT_MAX    (1024 * 1024)
#define OUT_STREAM_BEAT_MS      15000
#define OUT_STREAM_GATHER_MS    10 /* events within this time wake the streams once */
#define OUT_STREAM_RETRY_MS     2000

#define OUT_PAGE_DEFAULT              100
#define OUT_PAGE_MAX                  1000
#define OUT_TRACK_POINTS              5000
#define OUT_TRACK_POINTS_MAX          50000
#define OUT_TIMELINE_OBSERVATIONS_MAX 2000
#define OUT_STATISTICS_DAYS_MAX       92
#define OUT_STATISTICS_RECORDS_MAX    200000
#define OUT_ALARM_FILES_MAX           50
#define OUT_GROUPED_ALARMS_MAX        5000 /* open ones that are put together; of more, the newest */

#define OUT_SESSION_IDLE_MS   (12 * 3600 * INT64_C(1000))
#define OUT_SESSION_MAX_MS    (7 * 24 * 3600 * INT64_C(1000))
#define OUT_SESSION_TOUCH_MS  60000 /* the last use is written at most so often */
#define OUT_SESSIONS_USER_MAX 32    /* the oldest is signed out */
#define OUT_KEYS_USER_MAX     50
#define OUT_KEY_DAYS_DEFAULT  90
#define OUT_KEY_DAYS_MAX      730

#define OUT_TRIES_NAME_FREE    5      /* wrong passwords before the delay begins, which then doubles from 1 s */
#define OUT_TRIES_ADDRESS_FREE 30     /* an office behind one address mistypes more often than one person */
#define OUT_TRIES_NAME_MS      60000  /* longest delay of a name: nobody can lock a colleague out for long */
#define OUT_TRIES_ADDRESS_MS   900000 /* longest delay of an address */
#define OUT_TRIES_FORGET_MS    3600000
#define OUT_RATE_PER_S         50 /* requests of one session or key */
#define OUT_RATE_BURST         250
#define OUT_THROTTLE_SLOTS     8192 /* names, addresses and sessions watched at once */

#define OUT_PASSWORD_MIN     12
#define OUT_PASSWORD_LONGEST 1024
#define OUT_ARGON_MEMORY_KIB 19456
#define OUT_ARGON_PASSES     2
#define OUT_ARGON_LANES      1

#endif
