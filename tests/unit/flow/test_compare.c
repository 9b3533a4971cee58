/* SPDX-License-Identifier: Apache-2.0 */
/* Fields in one form, what may not be said, what differs and what is corrected, what belongs together. [WCO-7.2-R5] [WCO-8-3] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "platform/flow/compare.h"

static const struct {
    enum flow_field field;
    const char *said, *tidy; /* NULL: refused */
} forms[] = {
    {FLOW_PLATE, "kba-123 x", "KBA123X"},
    {FLOW_PLATE, "\xE4\xBA\xAC A\xC2\xB7 12345",
     "\xE4\xBA\xAC"
     "A\xC2\xB7"
     "12345"},
    {FLOW_PLATE, " - ", NULL},
    {FLOW_CONTAINER, "csqu 305438-3", "CSQU3054383"},
    {FLOW_CONTAINER, "CSQU3054383, MSKU0000000", NULL},
    {FLOW_CONTAINER, "CSQU3054384", NULL},
    {FLOW_CONTAINER, "", NULL},
    {FLOW_HS_CODE, "0902.10", "090210"},
    {FLOW_HS_CODE, "09021", NULL},
    {FLOW_HS_CODE, "09A210", NULL},
    {FLOW_HS_CODE, "09021000123", NULL},
    {FLOW_UN_NUMBER, "UN 1203", "1203"},
    {FLOW_UN_NUMBER, "123", NULL},
    {FLOW_COUNTRY_TO, "ke", "KE"},
    {FLOW_COUNTRY_TO, "K1", NULL},
    {FLOW_WEIGHT_KG, "12.5 t", "12500"},
    {FLOW_WEIGHT_KG, "12 500", "12500"},
    {FLOW_WEIGHT_KG, "100 lb", "45.359237"},
    {FLOW_WEIGHT_KG, "-1", NULL},
    {FLOW_WEIGHT_KG, "1e3", NULL},
    {FLOW_WEIGHT_KG, "nan", NULL},
    {FLOW_WEIGHT_KG, "0x10", NULL},
    {FLOW_WEIGHT_KG, "12,5", NULL},
    {FLOW_WEIGHT_KG, "5 m", NULL},
    {FLOW_WEIGHT_KG, "20000000", NULL},
    {FLOW_LENGTH_M, "40 ft", "12.192"},
    {FLOW_LENGTH_M, "600 cm", "6"},
    {FLOW_PACKAGES, "400", "400"},
    {FLOW_PACKAGES, "2.5", NULL},
    {FLOW_PACKAGES, "4 kg", NULL},
    {FLOW_TEMPERATURE, "-20", "-20"},
    {FLOW_TEMPERATURE, "32 F", "0"},
    {FLOW_SEAL_STATE, "whole", "whole"},
    {FLOW_SEAL_STATE, "eaten", NULL},
    {FLOW_SEAL_STATE, "whole|broken", NULL},
    {FLOW_DRIVER, "  A.  Mwangi ", "A. Mwangi"},
    {FLOW_DRIVER, "   ", NULL},
};

static void values_have_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char tidy[FLOW_VALUE_SIZE] = "kept", why[MODEL_WHY_SIZE] = "";
        bool ok = flow_field_tidy(forms[i].field, forms[i].said, tidy, why);
        if (ok != (forms[i].tidy != NULL) || strcmp(tidy, ok ? forms[i].tidy : "kept") != 0)
            fail_msg("%s \"%s\": expected %s, got %s (%s)", flow_fields[forms[i].field].name, forms[i].said,
                     forms[i].tidy ? forms[i].tidy : "a refusal", tidy, why);
        if (!ok)
            assert_ptr_equal(strstr(why, flow_fields[forms[i].field].name), why); /* the field is named first */
    }
    char longest[FLOW_VALUE_SIZE + 40], tidy[FLOW_VALUE_SIZE], why[MODEL_WHY_SIZE];
    memset(longest, 'A', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    for (unsigned f = 0; f < FLOW_FIELDS; f++) {
        assert_false(flow_field_tidy((enum flow_field)f, longest, tidy, why));
        assert_int_equal(flow_field_from(flow_fields[f].name), f);
    }
    assert_int_equal(flow_field_from("colour"), FLOW_FIELDS);
}

static void what_is_the_same(void **state)
{
    (void)state;
    assert_true(flow_field_same(FLOW_WEIGHT_KG, "24500", "24900"));
    assert_false(flow_field_same(FLOW_WEIGHT_KG, "24500", "25500"));
    assert_false(flow_field_same(FLOW_PACKAGES, "400", "399"));
    assert_true(flow_field_same(FLOW_CONTAINER, "CSQU3054383,MSKU1234565", "MSKU1234565"));
    assert_false(flow_field_same(FLOW_CONTAINER, "CSQU3054383", "CSQU3054383,MSKU1234565"));
    assert_false(flow_field_same(FLOW_PLATE, "KBA123X", "KBA123"));
    assert_true(flow_field_same(FLOW_DRIVER, "A. Mwangi", "a mwangi"));
    assert_true(
        flow_field_same(FLOW_CONSIGNEE, "\xD0\x98\xD0\x92\xD0\x90\xD0\x9D", "\xD0\xB8\xD0\xB2\xD0\xB0\xD0\xBD")); /* IVAN in Cyrillic */
    assert_true(flow_field_same(FLOW_CONSIGNEE, "\xC3\x84RLICH", "\xC3\xA4rlich"));
    assert_false(flow_field_same(FLOW_CONSIGNEE, "Alder", "Adler"));
}

/* --- in a dossier --- */

static int64_t number;

static void add(struct flow_dossier *d, enum entry_kind kind, const char *body)
{
    struct dossier_entry e = {.kind = kind, .number = ++number, .time_ms = 1000 * number, .user_name = "Gate"};
    char why[MODEL_WHY_SIZE] = "";
    snprintf(e.body, sizeof e.body, "%s", body);
    if (!flow_dossier_add(d, &e, why))
        fail_msg("%s: %s", body, why);
}

static void say(struct flow_dossier *d, const char *field, const char *value, const char *source, int visit)
{
    char body[300];
    snprintf(body, sizeof body, "{\"field\":\"%s\",\"value\":\"%s\",\"source\":\"%s\",\"visit\":%d}", field, value, source, visit);
    add(d, ENTRY_STATEMENT, body);
}

static struct flow_dossier *begin(void)
{
    struct flow_dossier *d = flow_dossier_new();
    number = 0;
    add(d, ENTRY_OPENED, "{\"scope\":\"domestic\",\"class\":\"passive\",\"mode\":\"road\",\"shared_platform\":true}");
    return d;
}

static void corrections_stand_and_history_stays(void **state)
{
    (void)state;
    struct flow_dossier *d = begin();
    struct flow_compared c;
    assert_false(flow_compare(d, FLOW_PLATE, 0, &c));
    say(d, "plate", "KBA123X", "manifest", 1);
    assert_true(flow_compare(d, FLOW_PLATE, 0, &c));
    assert_int_equal(c.equal, -1); /* nobody else has said it */
    say(d, "plate", "KBA999Z", "anpr", 1);
    assert_true(flow_compare(d, FLOW_PLATE, 0, &c));
    assert_int_equal(c.equal, 0);
    assert_int_equal(flow_differences(d), 1);
    say(d, "plate", "KBA999Z", "declaration", 1); /* it ranks above the manifest */
    assert_true(flow_compare(d, FLOW_PLATE, 0, &c));
    assert_string_equal(c.declared->value, "KBA999Z");
    assert_int_equal(c.n_others, 2);
    assert_int_equal(c.equal, 0); /* the manifest differs now */
    say(d, "plate", "KBA999Z", "manifest", 1);
    assert_true(flow_compare(d, FLOW_PLATE, 0, &c));
    assert_int_equal(c.equal, 1);
    assert_int_equal(flow_differences(d), 0);
    assert_int_equal(d->n_statements, 4);
    add(d, ENTRY_VISIT, "{\"stage\":\"en-route\",\"station\":\"ST2\"}");
    say(d, "plate", "XX1", "anpr", 2); /* the same source, elsewhere: both stand */
    assert_true(flow_compare(d, FLOW_PLATE, 0, &c));
    assert_int_equal(c.n_others, 3);
    assert_true(flow_compare(d, FLOW_PLATE, 1, &c));
    assert_int_equal(c.equal, 1);
    assert_true(flow_compare(d, FLOW_PLATE, 2, &c));
    assert_int_equal(c.equal, 0);
    add(d, ENTRY_ACT, "{\"visit\":2,\"step\":\"arrive\",\"outcome\":\"done\"}");
    assert_int_equal(flow_differences(d), 1);
    add(d, ENTRY_ACT, "{\"visit\":2,\"step\":\"address-suspicion\",\"outcome\":\"done\"}");
    assert_int_equal(flow_differences(d), 0); /* explained */
    flow_dossier_free(d);
}

static void declarations_are_whole_and_hold_together(void **state)
{
    (void)state;
    struct flow_dossier *d = begin();
    char why[MODEL_WHY_SIZE] = "";
    static const struct {
        const char *lacks, *field, *value;
    } needed[] = {{"declaration_number", "transit_document", "T1"}, {"goods", "hs_code", "090210"}, {"container", "train", "K1"}};
    for (size_t i = 0; i < 3; i++) {
        assert_false(flow_declaration_complete(d, why));
        assert_ptr_equal(strstr(why, needed[i].lacks), why);
        say(d, needed[i].field, needed[i].value, "officer", 1); /* an officer's word is no declaration */
        assert_false(flow_declaration_complete(d, why));
        say(d, needed[i].field, needed[i].value, "declaration", 1);
    }
    assert_true(flow_declaration_complete(d, why));
    say(d, "gross_weight_kg", "1000", "declaration", 1);
    assert_false(flow_statement_fits(d, FLOW_WEIGHT_KG, "1001", FLOW_SAID_DECLARATION, why));
    assert_non_null(strstr(why, "at most the gross weight of 1000 kg, got 1001"));
    say(d, "gross_weight_kg", "1000", "officer", 1);
    assert_true(
        flow_statement_fits(d, FLOW_WEIGHT_KG, "1001", FLOW_SAID_OFFICER, why)); /* what is read may contradict: that is what it is for */
    assert_true(flow_statement_fits(d, FLOW_WEIGHT_KG, "999", FLOW_SAID_DECLARATION, why));
    say(d, "weight_kg", "999", "declaration", 1);
    assert_false(flow_statement_fits(d, FLOW_GROSS_WEIGHT_KG, "900", FLOW_SAID_DECLARATION, why));
    say(d, "weight_kg", "1200", "transit-document", 1); /* outranked */
    assert_true(flow_declaration_complete(d, why));
    flow_dossier_free(d);
}

static void two_independent_sources_bind(void **state)
{
    (void)state;
    struct flow_dossier *d = begin();
    struct flow_bound b;
    char why[MODEL_WHY_SIZE] = "";
    say(d, "plate", "KBA123X", "declaration", 1);
    flow_bind(d, FLOW_PAIR_VEHICLE_DECLARATION, &b);
    assert_false(b.exists);
    say(d, "declaration_number", "T1", "declaration", 1);
    say(d, "plate", "KBA123X", "manifest", 1); /* one declarant's papers are one source */
    say(d, "declaration_number", "T1", "manifest", 1);
    flow_bind(d, FLOW_PAIR_VEHICLE_DECLARATION, &b);
    assert_true(b.exists);
    assert_int_equal(b.agrees, -1);
    assert_false(flow_is_bound(d, why));
    say(d, "plate", "KBA123X", "anpr", 1); /* a camera that sees the plate alone binds it to nothing */
    flow_bind(d, FLOW_PAIR_VEHICLE_DECLARATION, &b);
    assert_int_equal(b.agrees, -1);
    say(d, "plate", "KBA123X", "officer", 1);
    say(d, "declaration_number", "T1", "officer", 1);
    flow_bind(d, FLOW_PAIR_VEHICLE_DECLARATION, &b);
    assert_int_equal(b.agrees, 1);
    assert_true(flow_is_bound(d, why));
    say(d, "plate", "KBA999Z", "anpr", 1);
    flow_bind(d, FLOW_PAIR_VEHICLE_DECLARATION, &b);
    assert_int_equal(b.agrees, 0);
    assert_false(flow_is_bound(d, why));
    assert_non_null(strstr(why, "vehicle-declaration"));
    flow_dossier_free(d);
}

/* What is no entry leaves the dossier as it was. */
static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum entry_kind kind;
        const char *body;
    } bad[] = {{ENTRY_OPENED, "{\"scope\":\"domestic\",\"class\":\"passive\",\"mode\":\"road\"}"},
               {ENTRY_VISIT, "{\"stage\":\"departure\"}"},
               {ENTRY_VISIT, "{}"},
               {ENTRY_ACT, "{\"visit\":7,\"step\":\"arrive\",\"outcome\":\"done\"}"},
               {ENTRY_ACT, "{\"visit\":1,\"step\":\"dance\",\"outcome\":\"done\"}"},
               {ENTRY_ACT, "{\"visit\":1,\"step\":\"depart\",\"outcome\":\"perhaps\"}"},
               {ENTRY_ACT, "{\"visit\":-1,\"step\":\"depart\",\"outcome\":\"done\"}"},
               {ENTRY_STATEMENT, "{\"field\":\"colour\",\"source\":\"officer\"}"},
               {ENTRY_STATEMENT, "{\"field\":\"plate\",\"source\":\"rumour\"}"},
               {ENTRY_STATEMENT, "[]"},
               {ENTRY_STATEMENT, "{"},
               {(enum entry_kind)9, "{}"}};
    struct flow_dossier *d = begin(), *empty = flow_dossier_new();
    char why[MODEL_WHY_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dossier_entry e = {.kind = bad[i].kind, .number = 2};
        snprintf(e.body, sizeof e.body, "%s", bad[i].body);
        why[0] = '\0';
        assert_false(flow_dossier_add(d, &e, why));
        assert_true(why[0] != '\0');
        assert_true(d->version == 1 && d->n_visits == 1 && d->n_acts == 0 && d->n_statements == 0);
        assert_true(bad[i].kind == ENTRY_OPENED || !flow_dossier_add(empty, &e, why)); /* nothing goes before the opening */
    }
    add(d, ENTRY_ACT, "{\"visit\":1,\"step\":\"write-seal\",\"outcome\":\"done\",\"values\":[1,\"x\"],\"files\":{\"a\":1}}");
    add(d, ENTRY_ACT,
        "{\"visit\":1,\"step\":\"write-seal\",\"outcome\":\"done\",\"values\":{\"plate\":7,\"train\":\"K1\"},\"files\":[1,\"f\"]}");
    assert_int_equal(d->n_statements, 1);
    assert_int_equal(json_object_size(d->acts[1].values), 1);
    assert_int_equal(json_array_size(d->acts[1].files), 1);
    flow_dossier_free(d);
    flow_dossier_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_one_form),
        cmocka_unit_test(what_is_the_same),
        cmocka_unit_test(corrections_stand_and_history_stays),
        cmocka_unit_test(declarations_are_whole_and_hold_together),
        cmocka_unit_test(two_independent_sources_bind),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
