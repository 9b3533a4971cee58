/* SPDX-License-Identifier: Apache-2.0
 * The SQL files as NUL-terminated text in read-only data. */

.macro sql name, file
    .global \name
    .type \name, %object
\name:
    .incbin "\file"
    .byte 0
    .size \name, . - \name
.endm

    .section .rodata
    sql store_sql_001, "platform/store/migrations/001_records.sql"
    sql store_sql_002, "platform/store/migrations/002_search.sql"
    sql store_sql_003, "platform/store/migrations/003_shared.sql"
    sql store_sql_004, "platform/store/migrations/004_growth.sql"
    sql store_sql_005, "platform/store/migrations/005_plan.sql"
    sql store_sql_006, "platform/store/migrations/006_papers.sql"
    sql store_sql_007, "platform/store/migrations/007_dossiers.sql"
    sql store_sql_008, "platform/store/migrations/008_rules.sql"
    sql store_sql_segment_001, "platform/store/migrations/segment_001.sql"
    sql store_sql_segment_close, "platform/store/migrations/segment_close.sql"
    sql store_sql_pg_001, "platform/store/migrations/pg_001_records.sql"
    sql store_sql_pg_002, "platform/store/migrations/pg_002_history.sql"
    sql store_sql_pg_003, "platform/store/migrations/pg_003_tracks.sql"
    sql store_sql_pg_004, "platform/store/migrations/pg_004_known.sql"
    sql store_sql_pg_005, "platform/store/migrations/pg_005_plan.sql"
    sql store_sql_pg_006, "platform/store/migrations/pg_006_papers.sql"
    sql store_sql_pg_007, "platform/store/migrations/pg_007_dossiers.sql"
    sql store_sql_pg_008, "platform/store/migrations/pg_008_rules.sql"
    sql store_sql_tracks_001, "platform/store/migrations/tracks_001.sql"

    .section .note.GNU-stack, "", %progbits
