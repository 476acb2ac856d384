// The rule registry is data that everything rests on, so it is checked as such.
#include "t.h"

#include "analyse/judge.h"

#include <math.h>

static void ids_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(gw_rules[i].id, gw_rules[k].id);
}

static void ids_begin_with_their_layer(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++) {
        gw_span rest = gw_str(gw_rules[i].id), layer = gw_cut(&rest, '.');
        assert_true(gw_is(layer, gw_layer_name(gw_rules[i].layer)));
        assert_true(rest.len > 0 && rest.len < 56); // an id is kept in 64
        for (size_t k = 0; k < rest.len; k++)
            assert_true((rest.at[k] >= 'a' && rest.at[k] <= 'z') ||
                        (rest.at[k] >= '0' && rest.at[k] <= '9') ||
                        rest.at[k] == '_');
    }
}

static void no_rule_excludes_what_it_asks_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++) {
        assert_true(gw_rules[i].all != 0);
        assert_true((gw_rules[i].all & gw_rules[i].none) == 0);
    }
}

static void rules_only_look_at_signals_of_their_layer(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++) {
        size_t count = gw_signal_counts[gw_rules[i].layer];
        assert_true(count > 0 && count < 64);
        assert_true((gw_rules[i].all | gw_rules[i].none) >> count == 0);
    }
}

// With exactly the signals that it asks for.
static void every_rule_can_fire(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++) {
        struct gw_subject s = {.signals = gw_rules[i].all};
        gw_subject_decide(&s, gw_rules[i].layer);
        assert_true(s.fired[i / 64] >> i % 64 & 1);
        assert_non_null(s.rule);
    }
}

static void no_rule_fires_with_a_signal_that_it_excludes(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++)
        for (int bit = 0; bit < 64; bit++) {
            uint64_t one = UINT64_C(1) << bit;
            struct gw_subject s = {.signals = gw_rules[i].all | one};
            if (!(gw_rules[i].none & one))
                continue;
            gw_subject_decide(&s, gw_rules[i].layer);
            assert_false(s.fired[i / 64] >> i % 64 & 1);
        }
}

static void the_weightiest_rule_decides_and_the_first_of_equals(void **state)
{
    (void)state;
    struct gw_rand rand = {7};
    static const enum gw_layer layers[] = {
        GW_LAYER_DNS, GW_LAYER_TCP, GW_LAYER_TLS, GW_LAYER_QUIC, GW_LAYER_HTTP};
    for (int n = 0; n < 20000; n++) {
        enum gw_layer layer = layers[gw_rand_below(&rand, 5)];
        uint64_t some = gw_rand_next(&rand) & gw_rand_next(&rand);
        struct gw_subject s = {.signals = some};
        gw_subject_decide(&s, layer);
        size_t best = gw_rule_count;
        for (size_t i = gw_rule_count; i-- > 0;)
            if (s.fired[i / 64] >> i % 64 & 1 &&
                (best == gw_rule_count ||
                 fabs(gw_rules[i].llr) >= fabs(gw_rules[best].llr)))
                best = i;
        assert_ptr_equal(s.rule,
                         best == gw_rule_count ? NULL : &gw_rules[best]);
        if (s.rule)
            assert_int_equal(s.state, s.rule->state);
    }
}

static void nothing_fires_on_nothing(void **state)
{
    (void)state;
    for (int l = 0; l < GW_LAYER_ALL; l++) {
        struct gw_subject s = {.signals = 0};
        gw_subject_decide(&s, (enum gw_layer)l);
        assert_null(s.rule);
    }
}

static void weights_lean_as_the_states_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++) {
        const struct gw_rule *r = &gw_rules[i];
        assert_true(isfinite(r->llr) && fabs(r->llr) <= 8);
        if (r->state == GW_STATE_BLOCKED)
            assert_true(r->llr > 0);
        if (r->state == GW_STATE_OK || r->state == GW_STATE_DOWN)
            assert_true(r->llr < 0);
        if (r->kind == GW_SYMPTOM) // alone it proves nothing
            assert_int_equal(r->state, GW_STATE_UNKNOWN);
        assert_true(r->since >= 1 && r->since <= GW_RULES_VERSION);
    }
}

static void texts_are_whole_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++) {
        gw_span text = gw_str(gw_rules[i].text);
        assert_true(text.len > 8 && gw_is_utf8(text));
        assert_true(text.at[0] >= 'A' && text.at[0] <= 'Z');
        assert_true(gw_ends(text, "."));
        assert_int_equal(gw_find(text, GW_LIT("  "), 0), -1);
    }
}

static void every_signal_has_a_name_of_its_own_and_a_text(void **state)
{
    (void)state;
    for (int l = 0; l < GW_LAYER_ALL; l++)
        for (size_t i = 0; i < gw_signal_counts[l]; i++) {
            assert_true(gw_signals[l][i].name[0]);
            assert_true(gw_signals[l][i].text[0]);
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(gw_signals[l][i].name,
                                        gw_signals[l][k].name);
        }
}

static void there_is_room_for_all_in_a_set(void **state)
{
    (void)state;
    assert_true(gw_rule_count > 0 && gw_rule_count <= GW_RULES_MAX);
}

static void rules_are_found_by_their_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_rule_count; i++)
        assert_ptr_equal(gw_rule_find(gw_str(gw_rules[i].id)), &gw_rules[i]);
    assert_null(gw_rule_find(GW_LIT("dns")));
    assert_null(gw_rule_find(GW_LIT("dns.tls_valid ")));
    assert_null(gw_rule_find((gw_span){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_unique),
        cmocka_unit_test(ids_begin_with_their_layer),
        cmocka_unit_test(no_rule_excludes_what_it_asks_for),
        cmocka_unit_test(rules_only_look_at_signals_of_their_layer),
        cmocka_unit_test(every_rule_can_fire),
        cmocka_unit_test(no_rule_fires_with_a_signal_that_it_excludes),
        cmocka_unit_test(the_weightiest_rule_decides_and_the_first_of_equals),
        cmocka_unit_test(nothing_fires_on_nothing),
        cmocka_unit_test(weights_lean_as_the_states_say),
        cmocka_unit_test(texts_are_whole_sentences),
        cmocka_unit_test(every_signal_has_a_name_of_its_own_and_a_text),
        cmocka_unit_test(there_is_room_for_all_in_a_set),
        cmocka_unit_test(rules_are_found_by_their_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
