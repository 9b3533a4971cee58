// SPDX-License-Identifier: Apache-2.0
// How the cost of each kind of question grows with the number of journeys and seals in the store. A JSON line a size, then a
// table: milliseconds at each size, and how many times more the last tenfold cost.
//
//   bench_growth FOLDER|postgres://.../NAMEbench JOURNEYS[:SEALS] ...      seals: a tenth of the journeys unless said
//   bench_growth ... =JOURNEYS[:SEALS]                                     asks what an earlier run has left there
//   BENCH_CALLS=200  BENCH_FILL_ONLY=1

#include "bench/bench_growth_fill.h"

#include "platform/store/store.h"

#include <ftw.h>
#include <sys/stat.h>
#include <time.h>

extern const struct store_backend store_sqlite, store_postgres, store_postgresql;
static const struct store_backend *const BACKENDS[] = {&store_sqlite, &store_postgres, &store_postgresql, NULL};

enum { SIZES_MOST = 6, OPS_MOST = 80, CALLS_MOST = 2000, PAGE = 50, THOUSAND = 1000, WARM = 5 };
#define T0 INT64_C(1790000000000)

struct bench {
    struct store *store;
    const char *where;
    long journeys, seals;
    size_t found;
    uint64_t mix; /* of pseudo-random numbers */
    char next[120];
    int64_t made; /* number of the next record of our own */
    struct alarm alarm;
    struct journey *journey;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(int outcome, const char *what)
{
    if (outcome) {
        fprintf(stderr, "bench_growth: %s: %s\n", what, store_error(NULL));
        exit(3);
    }
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void open_store(struct bench *b)
{
    char url[600], why[400] = "";
    snprintf(url, sizeof url, "%s%s", is_postgres(b->where) ? "" : "sqlite:", b->where);
    b->store = store_open(BACKENDS, url, why, sizeof why);
    if (!b->store) {
        fprintf(stderr, "bench_growth: %s\n", why);
        exit(3);
    }
}

static long random_below(struct bench *b, long n)
{
    b->mix += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = (b->mix ^ b->mix >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return (long)((z ^ z >> 27) % (uint64_t)n);
}

static long any_journey(struct bench *b)
{
    return 1 + random_below(b, b->journeys);
}

/* --- questions --- */

static void count(void *context, const void *record)
{
    (void)record;
    ++*(size_t *)context;
}

typedef int (*list_fn)(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);

/* What goes into a member of the query: the number of the call decides. */
enum fill {
    NOTHING,
    A_JOURNEY,  /* id */
    AN_ALARMED, /* id of a journey with an alarm */
    AN_OPEN,    /* id of an open journey */
    A_SEAL,     /* id */
    A_CARRIER,
    A_USER,
    A_CONTAINER, /* search: one journey */
    A_REFERENCE, /* search: one journey */
    A_SEAL_END,  /* search: eight digits */
    A_PLATE,     /* search: a plate, beginning and end */
};

struct question {
    const char *name;
    list_fn list;
    struct store_query q; /* from_ms 1: the page from a place in the middle */
    enum fill search, seal, journey, carrier, user, object;
    unsigned pages; /* first ask for so many pages before; only the last is measured */
};

/* clang-format off */
static const struct question QUESTIONS[] = {
    {"journeys, first page", store_journeys, {.limit = PAGE}},
    {"journeys, page in the middle", store_journeys, {.limit = PAGE, .from_ms = 1}},
    {"journeys open, first page", store_journeys, {.limit = PAGE, .state = "open"}},
    {"journeys open, next page", store_journeys, {.limit = PAGE, .state = "open"}, .pages = 1},
    {"journeys released, first page", store_journeys, {.limit = PAGE, .state = "released"}},
    {"journeys released, page in the middle", store_journeys, {.limit = PAGE, .state = "released", .from_ms = 1}},
    {"journeys draft", store_journeys, {.limit = PAGE, .state = "draft"}},
    {"journeys cancelled (none)", store_journeys, {.limit = PAGE, .state = "cancelled"}},
    {"journeys of a carrier", store_journeys, {.limit = PAGE}, .carrier = A_CARRIER},
    {"journeys of a carrier, middle", store_journeys, {.limit = PAGE, .from_ms = 1}, .carrier = A_CARRIER},
    {"journeys open of a carrier", store_journeys, {.limit = PAGE, .state = "open"}, .carrier = A_CARRIER},
    {"journeys draft of a carrier", store_journeys, {.limit = PAGE, .state = "draft"}, .carrier = A_CARRIER},
    {"journeys of a seal", store_journeys, {.limit = PAGE}, .seal = A_SEAL},
    {"journeys open of a seal", store_journeys, {.limit = PAGE, .state = "open"}, .seal = A_SEAL},
    {"journeys search, a container", store_journeys, {.limit = PAGE}, .search = A_CONTAINER},
    {"journeys search, a reference", store_journeys, {.limit = PAGE}, .search = A_REFERENCE},
    {"journeys search, a plate", store_journeys, {.limit = PAGE}, .search = A_PLATE},
    {"journeys search, a seal", store_journeys, {.limit = PAGE}, .search = A_SEAL},
    {"journeys search, in all", store_journeys, {.limit = PAGE, .search = "T1-2026"}},
    {"journeys search, in none", store_journeys, {.limit = PAGE, .search = "no such thing"}},
    {"journeys search, one letter", store_journeys, {.limit = PAGE, .search = "K"}},
    {"journeys search, two letters", store_journeys, {.limit = PAGE, .search = "kb"}},
    {"journeys search, two letters in none", store_journeys, {.limit = PAGE, .search = "zz"}},
    {"journeys search in all, open", store_journeys, {.limit = PAGE, .search = "T1-2026", .state = "open"}},
    {"journeys search in all, draft", store_journeys, {.limit = PAGE, .search = "T1-2026", .state = "draft"}},
    {"journeys search in all, a carrier", store_journeys, {.limit = PAGE, .search = "T1-2026"}, .carrier = A_CARRIER},
    {"journeys search a container, a carrier", store_journeys, {.limit = PAGE}, .search = A_CONTAINER, .carrier = A_CARRIER},
    {"alarms open, first page", store_alarms, {.limit = PAGE, .state = "open"}},
    {"alarms open, next page", store_alarms, {.limit = PAGE, .state = "open"}, .pages = 1},
    {"alarms, first page", store_alarms, {.limit = PAGE}},
    {"alarms of a journey", store_alarms, {.limit = PAGE}, .journey = AN_ALARMED},
    {"alarms of a seal", store_alarms, {.limit = PAGE}, .seal = A_SEAL},
    {"alarms of a carrier", store_alarms, {.limit = PAGE}, .carrier = A_CARRIER},
    {"alarms open of a carrier", store_alarms, {.limit = PAGE, .state = "open"}, .carrier = A_CARRIER},
    {"alarms of a grade", store_alarms, {.limit = PAGE, .grade = 3}},
    {"alarms search, a container", store_alarms, {.limit = PAGE}, .search = A_CONTAINER},
    {"alarms search, in all", store_alarms, {.limit = PAGE, .search = "permission"}},
    {"seals, first page", store_seals, {.limit = PAGE}},
    {"seals, page in the middle", store_seals, {.limit = PAGE, .from_ms = 1}},
    {"seals search, one", store_seals, {.limit = PAGE}, .search = A_SEAL_END},
    {"seals search, in all", store_seals, {.limit = PAGE, .search = "JT701D"}},
    {"seals sealed", store_seals, {.limit = PAGE, .state = "sealed"}},
    {"seals of a journey", store_seals, {.limit = PAGE}, .journey = AN_OPEN},
    {"seals of a carrier", store_seals, {.limit = PAGE}, .carrier = A_CARRIER},
    {"commands open", store_commands, {.limit = PAGE, .state = "open"}},
    {"commands of a seal", store_commands, {.limit = PAGE}, .seal = A_SEAL},
    {"commands of a journey", store_commands, {.limit = PAGE}, .journey = A_JOURNEY},
    {"commands of a carrier", store_commands, {.limit = PAGE}, .carrier = A_CARRIER},
    {"audits, first page", store_audits, {.limit = PAGE}},
    {"audits of an object", store_audits, {.limit = PAGE}, .object = AN_ALARMED},
    {"audits of a user", store_audits, {.limit = PAGE}, .user = A_USER},
    {"users, first page", store_users, {.limit = PAGE}},
    {"open journeys, a page of 1000", store_journeys, {.limit = THOUSAND, .state = "open"}},
    {"open journeys, a later page of 1000", store_journeys, {.limit = THOUSAND, .state = "open"}, .pages = 1},
    {"seals, a page of 1000", store_seals, {.limit = THOUSAND}},
    {"seals, a page of 1000 in the middle", store_seals, {.limit = THOUSAND, .from_ms = 1}},
};
/* clang-format on */
enum { QUESTIONS_N = sizeof QUESTIONS / sizeof *QUESTIONS };

static void fill_word(struct bench *b, enum fill what, char *to, size_t size)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    long n = any_journey(b);
    switch (what) {
    case NOTHING:
        break;
    case A_JOURNEY:
        snprintf(to, size, "J%08ld", n);
        break;
    case AN_ALARMED:
        snprintf(to, size, "J%08ld", (n + 4) / 5 * 5);
        break;
    case AN_OPEN:
        snprintf(to, size, "J%08ld", b->journeys - n % (b->journeys / 50));
        break;
    case A_SEAL:
        snprintf(to, size, "jt701:75%08ld", (n + 4) / 5 * 5 % b->seals);
        break;
    case A_CARRIER:
        snprintf(to, size, "carrier%ld", n % 500);
        break;
    case A_USER:
        snprintf(to, size, "user%ld", n % (b->journeys / 1000));
        break;
    case A_CONTAINER:
        snprintf(to, size, "CSQ%08ld", (n + 4) / 5 * 5 * 13 % 100000000);
        break;
    case A_REFERENCE:
        snprintf(to, size, "T1-2026-%08ld", n * 7 % 100000007);
        break;
    case A_SEAL_END:
        snprintf(to, size, "%08ld", n % b->seals);
        break;
    case A_PLATE:
        snprintf(to, size, "K%c%c %ldA", LETTERS[n % 26], LETTERS[n / 26 % 26], 100 + n % 900);
        break;
    }
}

static void fill_query(struct bench *b, const struct question *question, struct store_query *q)
{
    *q = question->q;
    fill_word(b, question->search, q->search, sizeof q->search);
    fill_word(b, question->seal, q->seal, sizeof q->seal);
    fill_word(b, question->journey, q->journey, sizeof q->journey);
    fill_word(b, question->carrier, q->carrier, sizeof q->carrier);
    fill_word(b, question->user, q->user, sizeof q->user);
    fill_word(b, question->object, q->object, sizeof q->object);
    if (q->from_ms) {
        q->from_ms = 0;
        q->until_ms = T0 + any_journey(b) * 1000 * (question->list == store_seals ? b->seals : b->journeys) / b->journeys;
    }
}

static double ask(struct bench *b, const struct question *question)
{
    struct store_query q;
    char next[120] = "";
    fill_query(b, question, &q);
    for (unsigned i = 0; i < question->pages; i++) {
        check(question->list(b->store, &q, count, &b->found, q.after), question->name);
    }
    b->found = 0;
    double before = seconds();
    check(question->list(b->store, &q, count, &b->found, next), question->name);
    return (seconds() - before) * 1e3;
}

/* --- what is no list --- */

static double get_journey(struct bench *b)
{
    char id[MODEL_ID_SIZE];
    struct journey *journey = NULL;
    fill_word(b, A_JOURNEY, id, sizeof id);
    double before = seconds();
    check(store_journey_get(b->store, id, &journey), "a journey");
    double ms = (seconds() - before) * 1e3;
    journey_free(journey);
    return ms;
}

static double get_seal(struct bench *b)
{
    struct seal seal;
    char id[MODEL_SEAL_SIZE];
    fill_word(b, A_SEAL, id, sizeof id);
    double before = seconds();
    check(store_seal_get(b->store, id, &seal), "a seal");
    return (seconds() - before) * 1e3;
}

static double get_user(struct bench *b)
{
    struct user user;
    char name[64];
    snprintf(name, sizeof name, "Officer%ld", 1 + random_below(b, b->journeys / 1000));
    double before = seconds();
    check(store_user_by_name(b->store, name, &user), "a user");
    return (seconds() - before) * 1e3;
}

static double put_journey(struct bench *b)
{
    struct journey *j = journey_new();
    struct audit audit = {
        .time_ms = T0 + 900000000000 + ++b->made, .user = "user1", .user_name = "officer1", .action = "journey.create", .detail = "{}"};
    snprintf(j->id, sizeof j->id, "N%08lld", (long long)b->made);
    snprintf(audit.object, sizeof audit.object, "%s", j->id);
    j->state = JOURNEY_SEALED;
    j->created_ms = T0 + b->journeys * 1000 + b->made;
    fill_word(b, A_CARRIER, j->carrier, sizeof j->carrier);
    fill_word(b, A_REFERENCE, j->reference, sizeof j->reference);
    fill_word(b, A_PLATE, j->vehicle, sizeof j->vehicle);
    fill_word(b, A_SEAL, j->seals[0], sizeof j->seals[0]);
    j->n_seals = 1;
    double before = seconds();
    check(store_journey_put(b->store, j, &audit), "a new journey");
    double ms = (seconds() - before) * 1e3;
    journey_free(j);
    return ms;
}

static double change_journey(struct bench *b)
{
    char id[MODEL_ID_SIZE];
    struct journey *j = NULL;
    fill_word(b, AN_OPEN, id, sizeof id);
    check(store_journey_get(b->store, id, &j), "a journey");
    j->arrived_at_ms++;
    double before = seconds();
    check(store_journey_put(b->store, j, NULL), "a changed journey");
    double ms = (seconds() - before) * 1e3;
    journey_free(j);
    return ms;
}

static double find_alarm(struct bench *b)
{
    struct alarm a = {.kind = ALARM_SHOCK, .grade = 1, .count = 1, .why = "a shock of 4 g where none was expected"};
    fill_word(b, AN_OPEN, a.journey, sizeof a.journey);
    fill_word(b, A_SEAL, a.seal, sizeof a.seal);
    a.onset_ms = a.raised_ms = a.changed_ms = T0 + b->journeys * 1000 + ++b->made;
    alarm_name(&a);
    b->alarm = a;
    double before = seconds();
    check(store_alarm_found(b->store, &a, 1), "a found alarm");
    return (seconds() - before) * 1e3;
}

static double find_alarm_again(struct bench *b)
{
    b->alarm.count++;
    double before = seconds();
    check(store_alarm_found(b->store, &b->alarm, 1), "an alarm found again");
    return (seconds() - before) * 1e3;
}

static double put_alarm(struct bench *b)
{
    struct alarm a;
    find_alarm(b);
    check(store_alarm_get(b->store, b->alarm.id, &a), "an alarm");
    a.state = ALARM_STATE_ACKNOWLEDGED;
    snprintf(a.handler, sizeof a.handler, "user1");
    double before = seconds();
    check(store_alarm_put(b->store, &a, NULL), "an acknowledged alarm");
    return (seconds() - before) * 1e3;
}

static double add_permission(struct bench *b)
{
    struct permission permission = {.from_ms = T0 + ++b->made, .until_ms = T0 + b->made + 60000};
    char id[MODEL_ID_SIZE];
    fill_word(b, AN_OPEN, id, sizeof id);
    snprintf(permission.id, sizeof permission.id, "N%lld", (long long)b->made);
    double before = seconds();
    check(store_permission_add(b->store, id, &permission, NULL), "a permission");
    return (seconds() - before) * 1e3;
}

static double change_seal(struct bench *b)
{
    struct seal seal;
    char id[MODEL_SEAL_SIZE];
    fill_word(b, A_SEAL, id, sizeof id);
    check(store_seal_get(b->store, id, &seal), "a seal");
    fill_word(b, AN_OPEN, seal.journey, sizeof seal.journey);
    double before = seconds();
    check(store_seal_put(b->store, &seal, NULL), "a changed seal");
    return (seconds() - before) * 1e3;
}

static double put_command(struct bench *b)
{
    struct command c = {.name = "unlock", .state = COMMAND_ACCEPTED, .serial = -1, .created_ms = T0 + b->journeys * 1000 + ++b->made};
    snprintf(c.id, sizeof c.id, "N%lld", (long long)b->made);
    fill_word(b, A_SEAL, c.seal, sizeof c.seal);
    fill_word(b, AN_OPEN, c.journey, sizeof c.journey);
    fill_word(b, A_USER, c.user, sizeof c.user);
    double before = seconds();
    check(store_command_put(b->store, &c, NULL), "a command");
    return (seconds() - before) * 1e3;
}

static void ignore_change(void *context, enum store_changed kind, const char *id)
{
    (void)kind;
    (void)id;
    ++*(size_t *)context;
}

static double hear_changes(struct bench *b)
{
    change_seal(b);
    b->found = 0;
    double before = seconds();
    check(store_changes(b->store, b->next, ignore_change, &b->found), "changes");
    return (seconds() - before) * 1e3;
}

static void ignore_node(void *context, const struct store_node *node)
{
    (void)node;
    ++*(size_t *)context;
}

static double list_nodes(struct bench *b)
{
    b->found = 0;
    double before = seconds();
    check(store_nodes(b->store, ignore_node, &b->found), "nodes");
    return (seconds() - before) * 1e3;
}

static double hold(struct bench *b)
{
    struct store_lease leases[STORE_PARTITIONS_MOST];
    struct store_node node = {.name = "bench", .source = "bench", .version = "0", .started_ms = 1};
    unsigned partitions = 0, n = 0;
    check(store_partitions_fix(b->store, 64, &partitions), "partitions");
    check(store_node_beat(b->store, &node, 60000), "a node");
    check(store_partitions_hold(b->store, node.name, 60000, partitions, leases, &n), "leases");
    b->found = n;
    double before = seconds();
    check(store_partitions_hold(b->store, node.name, 60000, partitions, leases, &n), "leases");
    return (seconds() - before) * 1e3;
}

static const struct deed {
    const char *name;
    double (*run)(struct bench *b);
} DEEDS[] = {
    {"a journey by id", get_journey},
    {"a seal by id", get_seal},
    {"a user by name", get_user},
    {"put a new journey, with audit", put_journey},
    {"put a changed journey", change_journey},
    {"put a found alarm", find_alarm},
    {"put an alarm found again", find_alarm_again},
    {"put an acknowledged alarm", put_alarm},
    {"add a permission", add_permission},
    {"put a changed seal", change_seal},
    {"put a command", put_command},
    {"changes since the last look", hear_changes},
    {"leases of 64 partitions", hold},
    {"nodes", list_nodes},
};
enum { DEEDS_N = sizeof DEEDS / sizeof *DEEDS };

/* --- the run --- */

struct result {
    const char *name;
    double p50, p99;
    size_t found;
};
struct size_result {
    long journeys, seals;
    struct result of[OPS_MOST];
    size_t n;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* A question that takes long is asked less often: at most ten seconds each. */
static struct result measure(struct bench *b, size_t calls, const struct question *question, const struct deed *deed)
{
    static double ms[CALLS_MOST];
    size_t n = 0;
    double began = seconds();
    for (size_t i = 0; i < WARM + calls && (seconds() - began < 10 || n < 5); i++) {
        double one = question ? ask(b, question) : deed->run(b);
        if (i >= WARM) {
            ms[n++] = one;
        }
    }
    qsort(ms, n, sizeof *ms, by_value);
    return (struct result){question ? question->name : deed->name, ms[n / 2], ms[n * 99 / 100], question ? b->found : 0};
}

static void run_size(struct bench *b, size_t calls, struct size_result *out)
{
    const char *only = getenv("BENCH_ONLY");
    *out = (struct size_result){.journeys = b->journeys, .seals = b->seals};
    open_store(b);
    b->made = (int64_t)time(NULL) % 10000000 * 100000;
    check(store_changes(b->store, b->next, ignore_change, &b->found), "changes");
    printf("{\"bench\":\"growth\",\"store\":\"%s\",\"journeys\":%ld,\"seals\":%ld,\"ms\":{", is_postgres(b->where) ? "postgres" : "sqlite",
           b->journeys, b->seals);
    for (size_t i = 0; i < QUESTIONS_N + DEEDS_N; i++) {
        const struct question *question = i < QUESTIONS_N ? &QUESTIONS[i] : NULL;
        const struct deed *deed = question ? NULL : &DEEDS[i - QUESTIONS_N];
        if (only && !strstr(question ? question->name : deed->name, only)) {
            continue;
        }
        struct result r = measure(b, calls, question, deed);
        printf("%s\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"found\":%zu}", out->n ? "," : "", r.name, r.p50, r.p99, r.found);
        fflush(stdout);
        out->of[out->n++] = r;
    }
    printf("}}\n");
    fflush(stdout);
    store_close(b->store);
}

static void print_table(const struct size_result *sizes, size_t n)
{
    printf("\n| ms, p50 / p99 |");
    for (size_t k = 0; k < n; k++) {
        printf(" %ld journeys, %ld seals |", sizes[k].journeys, sizes[k].seals);
    }
    printf(" times for the last step |\n|---|");
    for (size_t k = 0; k < n; k++) {
        printf("---|");
    }
    printf("---|\n");
    for (size_t i = 0; i < sizes[0].n; i++) {
        printf("| %s |", sizes[0].of[i].name);
        for (size_t k = 0; k < n; k++) {
            printf(" %.2f / %.2f |", sizes[k].of[i].p50, sizes[k].of[i].p99);
        }
        double times = n > 1 ? sizes[n - 1].of[i].p50 / sizes[n - 2].of[i].p50 : 1;
        printf(" %.1f%s |\n", times, times > 2 ? " **!**" : "");
    }
}

static bool read_size(const char *word, struct bench *b, bool *filled)
{
    char *end = NULL;
    *filled = *word == '=';
    b->journeys = strtol(word + *filled, &end, 10);
    b->seals = b->journeys / 10;
    if (*end == ':') {
        b->seals = strtol(end + 1, &end, 10);
    }
    return *end == '\0' && b->journeys >= 10000 && b->journeys <= 99999999 && b->seals >= 1000 && b->seals <= b->journeys / 2;
}

static void prepare(struct bench *b)
{
    if (is_postgres(b->where)) {
        empty_postgres(b->where);
    } else {
        nftw(b->where, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    open_store(b);
    store_close(b->store);
    double before = seconds();
    growth_fill(b->where, b->journeys, b->seals);
    fprintf(stderr, "bench_growth: %ld journeys, %ld seals: filled in %.0f s\n", b->journeys, b->seals, seconds() - before);
}

int main(int argc, char **argv)
{
    static struct size_result results[SIZES_MOST];
    const char *asked = getenv("BENCH_CALLS");
    size_t calls = asked ? (size_t)atol(asked) : 200, n = 0;
    struct bench b = {.where = argc > 1 ? argv[1] : "bench-growth-data"};
    if (calls == 0 || calls > CALLS_MOST || argc > 2 + SIZES_MOST) {
        fprintf(stderr, "bench_growth: expected 1 .. %d calls and at most %d sizes\n", CALLS_MOST, SIZES_MOST);
        return 2;
    }
    static char *plain[] = {"100000", "1000000"};
    char **words = argc > 2 ? argv + 2 : plain;
    for (int i = 0; i < (argc > 2 ? argc - 2 : 2); i++) {
        bool filled = false;
        if (!read_size(words[i], &b, &filled)) {
            fprintf(stderr, "bench_growth: %s: expected JOURNEYS[:SEALS], 10000 .. 99999999 journeys, at least two for each seal\n",
                    words[i]);
            return 2;
        }
        if (!filled) {
            prepare(&b);
        }
        if (!getenv("BENCH_FILL_ONLY")) {
            run_size(&b, calls, &results[n++]);
        }
    }
    if (n > 0) {
        print_table(results, n);
    }
    return 0;
}
