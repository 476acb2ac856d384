// Opening checkpoints under a policy: who signed, and when a quorum had.
#include "fault.h"
#include "policy_case.h"

#include <stdio.h>

static const char body[] = "log.example\n5\n"
                           "r3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnw=\n";

static struct gw_arena *arena;
static struct gw_buf note;

static int set_up(void **state)
{
    (void)state;
    arena = gw_arena_new(4 << 20);
    gw_buf_init(&text, 1 << 20);
    gw_buf_init(&note, 1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gw_arena_free(arena);
    gw_buf_release(&text);
    gw_buf_release(&note);
    return 0;
}

static void begin_note(void)
{
    gw_buf_reset(&note);
    gw_put_str(&note, body);
    gw_put_u8(&note, '\n');
}

static void sign(char kind, char mark, uint64_t posix)
{
    struct signer s = by_mark(kind, mark);
    assert_int_equal(
        gw_note_sign(gw_str(body), &s.vkey, &s.key, posix, &note, NULL), 0);
}

static int open_note(const struct gw_policy *p, struct gw_opened *ret)
{
    gw_arena_reset(arena);
    return gw_policy_open(p, gw_buf_span(&note), arena, ret, NULL);
}

static void a_checkpoint_opens_and_names_who_signed(void **state)
{
    (void)state;
    struct gw_policy *p = policy(nested);
    struct gw_opened o;
    begin_note();
    sign('@', '9', 1); // not in the policy
    sign('@', '4', 400);
    sign('$', 'a', 0);
    sign('@', '3', 300);
    sign('@', '1', 350);
    assert_int_equal(open_note(p, &o), 0);
    assert_string_equal(o.checkpoint.origin, "log.example");
    assert_int_equal(o.checkpoint.size, 5);
    assert_ptr_equal(o.log, gw_policy_log(p, 0));
    assert_int_equal(o.cosignature_count, 3);
    assert_string_equal(o.cosignatures[0].by->name, "X1");
    assert_string_equal(o.cosignatures[1].by->name, "X3");
    assert_string_equal(o.cosignatures[2].by->name, "Y1");
    assert_int_equal(o.cosignatures[2].posix, 400);
    assert_int_equal(o.ignored, 1);
    assert_true(o.quorum);
    assert_int_equal(o.quorum_posix, 400);
    gw_policy_free(p);
}

static void a_quorum_that_is_not_met_is_no_error(void **state)
{
    (void)state;
    struct gw_policy *p = policy(nested);
    struct gw_opened o;
    begin_note();
    sign('$', 'a', 0);
    sign('@', '4', 4);
    sign('@', '5', 5);
    sign('@', '1', 1);
    assert_int_equal(open_note(p, &o), 0);
    assert_int_equal(o.cosignature_count, 3);
    assert_false(o.quorum);
    assert_int_equal(o.quorum_posix, 0);
    gw_policy_free(p);
}

static void without_a_quorum_the_log_is_enough(void **state)
{
    (void)state;
    struct gw_policy *p = policy("log $a\nwitness w @1\nquorum none\n");
    struct gw_opened o;
    begin_note();
    sign('$', 'a', 0);
    assert_int_equal(open_note(p, &o), 0);
    assert_true(o.quorum);
    assert_int_equal(o.quorum_posix, 0);
    sign('@', '1', 7);
    assert_int_equal(open_note(p, &o), 0);
    assert_int_equal(o.cosignature_count, 1);
    assert_int_equal(o.quorum_posix, 0);
    gw_policy_free(p);
}

static void without_the_logs_signature_nothing_opens(void **state)
{
    (void)state;
    struct gw_opened o;
    static const char *const policies[] = {
        "witness w @2\nquorum w\n",         // no log, nor a witness that signed
        "log $b\nwitness w @1\nquorum w\n", // another key of that name
    };
    begin_note();
    sign('$', 'a', 0);
    sign('@', '1', 7);
    for (size_t i = 0; i < GW_COUNT(policies); i++) {
        struct gw_policy *p = policy(policies[i]);
        assert_int_equal(open_note(p, &o), GW_EPROOF);
        gw_policy_free(p);
    }
}

static void where_no_log_is_named_its_witnesses_decide(void **state)
{
    (void)state;
    struct gw_opened o;
    struct gw_policy *p = policy("witness w @1\nwitness v @2\n"
                                 "group g all w v\nquorum g\n");
    begin_note();
    sign('$', 'a', 0);
    sign('@', '1', 7);
    assert_int_equal(open_note(p, &o), 0);
    assert_null(o.log);
    assert_false(o.quorum);
    sign('@', '2', 9);
    assert_int_equal(open_note(p, &o), 0);
    assert_true(o.quorum);
    gw_policy_free(p);
}

static void a_log_signs_only_under_its_own_name(void **state)
{
    (void)state;
    struct signer other = signer("other.example", GW_SIG_ED25519, 'a');
    char vkey[GW_VKEY_TEXT], line[GW_VKEY_TEXT + 64];
    struct gw_opened o;
    gw_vkey_format(&other.vkey, vkey);
    snprintf(line, sizeof line, "log %s\nquorum none\n", vkey);
    struct gw_policy *p = policy(line);
    begin_note();
    assert_int_equal(
        gw_note_sign(gw_str(body), &other.vkey, &other.key, 0, &note, NULL), 0);
    assert_int_equal(open_note(p, &o), GW_EPROOF);
    gw_policy_free(p);
}

static void a_wrong_signature_of_any_known_key_rejects(void **state)
{
    (void)state;
    struct gw_policy *p = policy("log $a\nlog $b\nwitness w @1\n"
                                 "witness v @2\nquorum v\n");
    struct gw_opened o;
    static const char kinds[] = "$$@", marks[] = "ab1";
    for (size_t i = 0; i < 3; i++) {
        struct signer s = by_mark(kinds[i], marks[i]);
        begin_note();
        sign('$', 'a', 0);
        sign('@', '2', 2);
        assert_int_equal(open_note(p, &o), 0);
        assert_int_equal(gw_note_sign(GW_LIT("log.example\n6\n"), &s.vkey,
                                      &s.key, 1, &note, NULL),
                         0);
        assert_int_equal(open_note(p, &o), GW_EPROOF);
    }
    gw_policy_free(p);
}

static void a_post_quantum_witness_never_counts(void **state)
{
    (void)state;
    struct gw_policy *p = policy("log $a\nwitness w #1\nquorum w\n");
    struct gw_opened o;
    const struct gw_vkey *k = &gw_policy_witness(p, 0)->vkey;
    uint8_t line[4 + 8 + 2420] = {(uint8_t)(k->id >> 24),
                                  (uint8_t)(k->id >> 16), (uint8_t)(k->id >> 8),
                                  (uint8_t)k->id};
    begin_note();
    sign('$', 'a', 0);
    gw_put_fmt(&note, "\xe2\x80\x94 %s ", k->name);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(line, sizeof line), &note);
    gw_put_u8(&note, '\n');
    assert_int_equal(open_note(p, &o), 0);
    assert_int_equal(o.ignored, 0);
    assert_int_equal(o.cosignature_count, 0);
    assert_false(o.quorum);
    gw_policy_free(p);
}

// ---- the time of the quorum, against a slow definition of it ------------
enum { NODES = 16, WITNESSES = 8, NOT_SIGNED = -1 };
struct node {
    int time; // of a witness: when it signed, or NOT_SIGNED
    size_t threshold, count;
    size_t members[NODES]; // lower numbers
};

static bool met_at(const struct node *nodes, size_t i, int when)
{
    size_t n = 0;
    if (!nodes[i].count)
        return nodes[i].time != NOT_SIGNED && nodes[i].time <= when;
    for (size_t m = 0; m < nodes[i].count; m++)
        n += met_at(nodes, nodes[i].members[m], when);
    return n >= nodes[i].threshold;
}

// Random groups of what is not a member yet; returns how many nodes.
static size_t grow(struct gw_rand *r, struct node *nodes, struct gw_buf *lines)
{
    bool used[NODES] = {false};
    size_t n = WITNESSES;
    while (n < NODES && gw_rand_below(r, 6)) {
        struct node *g = &nodes[n];
        *g = (struct node){0};
        gw_buf_reset(&note);
        for (size_t i = 0; i < n; i++)
            if (!used[i] && gw_rand_below(r, 2)) {
                g->members[g->count++] = i;
                used[i] = true;
                gw_put_fmt(&note, " n%zu", i);
            }
        if (!g->count)
            break;
        g->threshold = 1 + (size_t)gw_rand_below(r, g->count);
        gw_put_fmt(lines, "group n%zu %zu%.*s\n", n, g->threshold,
                   (int)note.len, (const char *)note.at);
        n++;
    }
    return n;
}

static void the_quorums_time_is_the_earliest_that_meets_it(void **state)
{
    (void)state;
    struct gw_rand r = {64};
    struct gw_buf lines;
    int met = 0;
    gw_buf_init(&lines, 1 << 16);
    for (int round = 0; round < 150; round++) {
        struct node nodes[NODES] = {0};
        struct gw_opened o;
        gw_buf_reset(&lines);
        gw_put_str(&lines, "log $a\n");
        for (size_t i = 0; i < WITNESSES; i++)
            gw_put_fmt(&lines, "witness n%zu @%zu\n", i, i);
        size_t n = grow(&r, nodes, &lines);
        gw_put_fmt(&lines, "quorum n%zu\n", n - 1);
        gw_put_u8(&lines, 0);
        struct gw_policy *p = policy((const char *)lines.at);
        begin_note();
        sign('$', 'a', 0);
        for (size_t i = 0; i < WITNESSES; i++) {
            nodes[i].time =
                gw_rand_below(&r, 4) ? (int)gw_rand_below(&r, 50) : NOT_SIGNED;
            if (nodes[i].time != NOT_SIGNED)
                sign('@', (char)('0' + i), (uint64_t)nodes[i].time);
        }
        int when = 0;
        while (when < 50 && !met_at(nodes, n - 1, when))
            when++;
        assert_int_equal(open_note(p, &o), 0);
        assert_int_equal(o.quorum, when < 50);
        assert_int_equal(o.quorum_posix, when < 50 ? when : 0);
        met += o.quorum;
        gw_policy_free(p);
    }
    assert_true(met > 30 && met < 140);
    gw_buf_release(&lines);
}

static struct gw_buf prepared; // text of a policy, made before faults begin

static bool parse_and_open(void)
{
    struct gw_policy *p = NULL;
    struct gw_opened o;
    struct gw_arena *a = gw_arena_new(1 << 20);
    bool ok = a && !gw_policy_parse(gw_buf_span(&prepared), &p, NULL) &&
              !gw_policy_open(p, gw_buf_span(&note), a, &o, NULL) && o.quorum;
    gw_policy_free(p);
    gw_arena_free(a);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    gw_buf_init(&prepared, 1 << 16);
    expand("log $a\nwitness w @1\nquorum w\n", &prepared);
    begin_note();
    sign('$', 'a', 0);
    sign('@', '1', 2);
    assert_true(gw_fault_each_alloc(parse_and_open) >= 5);
    gw_buf_release(&prepared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_opens_and_names_who_signed),
        cmocka_unit_test(a_quorum_that_is_not_met_is_no_error),
        cmocka_unit_test(without_a_quorum_the_log_is_enough),
        cmocka_unit_test(without_the_logs_signature_nothing_opens),
        cmocka_unit_test(where_no_log_is_named_its_witnesses_decide),
        cmocka_unit_test(a_log_signs_only_under_its_own_name),
        cmocka_unit_test(a_wrong_signature_of_any_known_key_rejects),
        cmocka_unit_test(a_post_quantum_witness_never_counts),
        cmocka_unit_test(the_quorums_time_is_the_earliest_that_meets_it),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
