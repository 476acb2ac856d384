// OONI's labelled QA cases: the right state and stage on each, alone and with
// all others in one archive, and OONI's own verdict keys.
#include "t.h"

#include "case.h"

#include <stdio.h>

enum { CASES_MAX = 64 };

struct label {
    gw_span name, truth, keys;
};

static struct gw_buf truth;
static struct label labels[CASES_MAX];
static size_t label_count;
static char folder[2048];

static gw_span unquoted(gw_span s)
{
    return s.len > 1 && s.at[0] == '"' ? gw_sub(s, 1, s.len - 2) : s;
}

// case, scenario, truth, peer alone, peer pooled, OONI's keys.
static int read_labels(void **state)
{
    (void)state;
    char path[2200];
    const char *data = getenv("GAWAH_DATA");
    snprintf(folder, sizeof folder, "%s/ooni/qa", data ? data : "");
    snprintf(path, sizeof path, "%s/TRUTH.tsv", folder);
    gw_buf_init(&truth, 1 << 20);
    if (!data || gw_file_read(path, &truth, NULL)) {
        print_message("skipped: $GAWAH_DATA/ooni/qa is not here\n");
        return 0;
    }
    gw_span rest = gw_buf_span(&truth);
    gw_cut(&rest, '\n');
    while (rest.len && label_count < CASES_MAX) {
        gw_span line = gw_cut(&rest, '\n');
        struct label *l = &labels[label_count++];
        l->name = gw_cut(&line, '\t');
        gw_cut(&line, '\t');
        l->truth = unquoted(gw_cut(&line, '\t'));
        gw_cut(&line, '\t');
        gw_cut(&line, '\t');
        l->keys = unquoted(gw_trim(line));
    }
    return 0;
}

static int free_labels(void **state)
{
    (void)state;
    gw_buf_release(&truth);
    return 0;
}

static void add_case(struct gw_case *c, const struct label *l)
{
    char path[4096];
    struct gw_buf text;
    gw_buf_init(&text, 8 << 20);
    snprintf(path, sizeof path, "%s/%.*s.json", folder, (int)l->name.len,
             (const char *)l->name.at);
    assert_int_equal(gw_file_read(path, &text, NULL), 0);
    gw_case_add(c, gw_buf_span(&text));
    gw_buf_release(&text);
}

// ---- our findings -------------------------------------------------------

// "intercepted" is blocked with the mark of interception; where the label
// says that unknown is right as well, it is.
static bool state_agrees(const struct label *l, const struct gw_finding_row *f)
{
    gw_span rest = l->truth, state = gw_cut(&rest, ';');
    const char *found = gw_state_name((enum gw_state)f->state);
    if (gw_is(state, "ambiguous"))
        return f->state == GW_STATE_UNKNOWN;
    if (gw_is(state, "intercepted"))
        return f->intercepted == 1 && f->state == GW_STATE_BLOCKED;
    if (gw_find(l->truth, GW_LIT("accept \"\"unknown\"\""), 0) >= 0 ||
        gw_find(l->truth, GW_LIT("accept \"unknown\""), 0) >= 0)
        return f->state == GW_STATE_UNKNOWN || f->state == GW_STATE_OK;
    return gw_is(state, found);
}

static bool stage_agrees(const struct label *l, const struct gw_finding_row *f)
{
    int64_t at = gw_find(l->truth, GW_LIT("stage="), 0);
    gw_span rest = gw_sub(l->truth, (size_t)at + 6, l->truth.len);
    gw_span stage = gw_trim(gw_cut(&rest, ';'));
    return at < 0 || gw_is(stage, "-") || gw_eq(stage, f->stage);
}

static int check(const struct gw_case *c, int64_t record, const struct label *l)
{
    const struct gw_finding_row *f = gw_case_finding(c, record, GW_LAYER_ALL);
    assert_non_null(f);
    if (state_agrees(l, f) && stage_agrees(l, f))
        return 0;
    print_error(
        "%.*s: found %s at %.*s by %.*s; truth: %.*s\n", (int)l->name.len,
        (const char *)l->name.at, gw_state_name((enum gw_state)f->state),
        (int)f->stage.len, (const char *)f->stage.at, (int)f->rule.len,
        (const char *)f->rule.at, (int)l->truth.len, (const char *)l->truth.at);
    return 1;
}

// [C18]
static void each_case_alone_has_the_right_state_and_stage(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < label_count; i++) {
        struct gw_case c;
        gw_case_init(&c);
        add_case(&c, &labels[i]);
        gw_case_judge(&c);
        wrong += check(&c, 0, &labels[i]);
        gw_case_release(&c);
    }
    assert_int_equal(wrong, 0);
}

// [C19]
static void pooled_cases_keep_their_state_and_stage(void **state)
{
    (void)state;
    struct gw_case c;
    int wrong = 0;
    gw_case_init(&c);
    for (size_t i = 0; i < label_count; i++)
        add_case(&c, &labels[i]);
    gw_case_judge(&c);
    for (size_t i = 0; i < label_count; i++)
        wrong += check(&c, (int64_t)i, &labels[i]);
    gw_case_release(&c);
    assert_int_equal(wrong, 0);
}

// ---- OONI's keys --------------------------------------------------------

// Value of key=... in the label, quotes off.
static gw_span key_of(const struct label *l, const char *key)
{
    gw_span rest = l->keys;
    while (rest.len) {
        gw_span part = gw_cut(&rest, ' '), name = gw_cut(&part, '=');
        if (gw_is(name, key)) {
            while (part.len && part.at[0] == '"')
                part = gw_sub(part, 1, part.len);
            while (part.len && part.at[part.len - 1] == '"')
                part.len--;
            return part;
        }
    }
    return (gw_span){0};
}

static bool same_word(gw_span want, gw_span have)
{
    return have.at ? gw_eq(want, have) : gw_is(want, "null");
}

static bool same_truth(gw_span want, int64_t have)
{
    return have == GW_NULL ? gw_is(want, "null")
                           : gw_is(want, have ? "true" : "false");
}

static int check_keys(const struct gw_case *c, const struct label *l)
{
    const struct gw_verdict_row *v = gw_case_verdict(c, 0);
    char flags[64];
    assert_non_null(v);
    snprintf(flags, sizeof flags, "%lld,%lld,%lld", (long long)v->x_dns_flags,
             (long long)v->x_blocking_flags, (long long)v->x_null_null_flags);
    if (same_word(key_of(l, "blocking"), v->blocking) &&
        same_truth(key_of(l, "accessible"), v->accessible) &&
        same_word(key_of(l, "dns_consistency"), v->dns_consistency) &&
        same_word(key_of(l, "dns_failure"), v->dns_experiment_failure) &&
        gw_is(key_of(l, "flags(dns,blocking,nullnull)"), flags))
        return 0;
    print_error("%.*s: blocking %.*s accessible %lld consistency %.*s dns "
                "failure %.*s flags %s; OONI: %.*s\n",
                (int)l->name.len, (const char *)l->name.at,
                (int)v->blocking.len, (const char *)v->blocking.at,
                (long long)v->accessible, (int)v->dns_consistency.len,
                (const char *)v->dns_consistency.at,
                (int)v->dns_experiment_failure.len,
                (const char *)v->dns_experiment_failure.at, flags,
                (int)l->keys.len, (const char *)l->keys.at);
    return 1;
}

// http_failure may hold blanks, so it is looked for as a whole.
static int check_path_failure(const struct gw_case *c, const struct label *l)
{
    const struct gw_verdict_row *v = gw_case_verdict(c, 0);
    gw_span f = v->http_experiment_failure;
    int64_t at = gw_find(l->keys, GW_LIT("http_failure="), 0);
    gw_span rest = gw_sub(l->keys, (size_t)at + 13, l->keys.len);
    while (rest.len && rest.at[0] == '"')
        rest = gw_sub(rest, 1, rest.len);
    if (f.at ? rest.len >= f.len && gw_eq(gw_sub(rest, 0, f.len), f)
             : gw_starts(rest, "null"))
        return 0;
    print_error("%.*s: http failure %.*s; OONI: %.*s\n", (int)l->name.len,
                (const char *)l->name.at, (int)f.len, (const char *)f.at,
                (int)rest.len, (const char *)rest.at);
    return 1;
}

// [C20]
static void oonis_own_keys_come_out_of_the_facts(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < label_count; i++) {
        struct gw_case c;
        gw_case_init(&c);
        add_case(&c, &labels[i]);
        gw_case_judge(&c);
        wrong += check_keys(&c, &labels[i]);
        wrong += check_path_failure(&c, &labels[i]);
        gw_case_release(&c);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_alone_has_the_right_state_and_stage),
        cmocka_unit_test(pooled_cases_keep_their_state_and_stage),
        cmocka_unit_test(oonis_own_keys_come_out_of_the_facts),
    };
    return cmocka_run_group_tests(tests, read_labels, free_labels);
}
