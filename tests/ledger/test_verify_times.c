#include "fault.h"
#include "ots_make.h"
#include "verify_world.h"

// ---- cosignatures -------------------------------------------------------

static void without_witnesses_no_time_is_bound_and_a_note_says_so(void **state)
{
    struct world *w = world_with((struct plot){.no_quorum = true});
    (void)state;
    pack_change(&w->pack, "chain.json", "\"6-tsa\"", "");
    pack_change(&w->pack, "chain.json", "[1,2]", "[]");
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_NOTE, "quorum", "only the log itself");
    assert_said(&w->said, GW_STEP_NOTE, "time", "nothing here bounds");
    world_free(w);
}

static void one_witness_bounds_the_time_where_no_quorum_is_asked_for(void **st)
{
    struct world *w =
        world_with((struct plot){.no_quorum = true, .witnesses = 1});
    (void)st;
    pack_change(&w->pack, "chain.json", "\"6-tsa\"", "");
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_OK, "time", "witness witness1.example alone");
    assert_int_equal(w->said.result.times.not_after.posix, WITNESSED);
    world_free(w);
}

static void a_quorum_is_dated_by_its_last_member(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_change(&w->pack, "chain.json", "\"6-tsa\"", "");
    assert_holds(&w->said, world_verify(w));
    assert_int_equal(w->said.result.times.not_after.posix, WITNESSED + 1);
    world_free(w);
}

// ---- stamps in a bundle -------------------------------------------------

static void a_stamp_without_roots_bounds_nothing(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_drop(&w->pack, "anchors/6-tsa.pem");
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_NOTE, "anchor", "no roots beside it");
    assert_int_equal(w->said.result.times.not_after.posix, WITNESSED + 1);
    world_free(w);
}

static void a_stamp_that_leads_to_other_roots_is_told(void **state)
{
    struct world *w = world_new();
    struct tsa other;
    (void)state;
    tsa_certify(&other, &(struct tsa_options){.root = "another"});
    pack_put(&w->pack, "anchors/6-tsa.pem", gw_str(other.root_pem));
    assert_fails(w, "anchor", "anchors/6-tsa.tsr");
    tsa_free(&other);
    world_free(w);
}

static void an_anchor_of_another_checkpoint_is_told(void **state)
{
    struct world *w = world_new();
    struct gw_hash32 other = gw_sha256(GW_LIT("another checkpoint"));
    (void)state;
    pack_proof(w, "anchors/6-tsa.tlog-proof", ABOUT, LEAVES, &w->note);
    assert_fails(w, "anchor", "a stamp of something else");
    pack_proof(w, "anchors/6-tsa.tlog-proof", 4, ANCHORED, &w->anchored);
    assert_fails(w, "anchor", "proves entry 4");
    pack_proof(w, "anchors/6-tsa.tlog-proof", ABOUT, ANCHORED, &w->anchored);
    tsa_stamp(&w->tsa, &other, &(struct tsa_options){0});
    pack_put(&w->pack, "anchors/6-tsa.tsr",
             gw_span_of(w->tsa.token, w->tsa.token_len));
    assert_fails(w, "anchor", "a stamp of something else");
    pack_drop(&w->pack, "anchors/6-tsa.tsr");
    assert_fails(w, "anchor", "no stamp beside it");
    pack_drop(&w->pack, "anchors/6-tsa.tlog-proof");
    assert_fails(w, "anchor", "anchors/6-tsa.tlog-proof: not in the bag");
    world_free(w);
}

static void begin_ots(struct gw_buf *b, gw_span of)
{
    struct gw_hash32 h = gw_sha256(of);
    OTS_PUT(b, OTS_MAGIC);
    gw_put_u8(b, 1);
    gw_put_u8(b, 8);
    gw_put(b, h.at, sizeof h.at);
}

static void a_calendars_promise_is_a_note_and_a_wrong_block_is_not(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_drop(&w->pack, "anchors/6-tsa.tsr");
    struct gw_buf *ots = pack_file(&w->pack, "anchors/6-tsa.ots");
    begin_ots(ots, gw_buf_span(&w->anchored));
    ots_pending(ots, OTS_CALENDAR);
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_NOTE, "anchor", "calendar.example.org");
    ots = pack_file(&w->pack, "anchors/6-tsa.ots");
    begin_ots(ots, gw_buf_span(&w->anchored));
    ots_block(ots, OTS_BITCOIN_TAG, 500000);
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_NOTE, "anchor", "Bitcoin block 500000 is");
    pack_put(&w->pack, "anchors/6-tsa.header", GW_LIT(BLOCK "\n"));
    assert_fails(w, "anchor", "is not in the Bitcoin block");
    world_free(w);
}

// ---- heartbeats ---------------------------------------------------------

static struct world *world_beating(const char *kind, gw_span value)
{
    char beacon[4096];
    struct gw_buf b;
    gw_buf_init(&b, sizeof beacon);
    struct gw_jw j = gw_jw_on(&b);
    gw_jw_open(&j, '{');
    gw_jw_kstr(&j, "kind", gw_str(kind));
    gw_jw_kstr(&j, "value", value);
    gw_jw_close(&j, '}');
    snprintf(beacon, sizeof beacon, "%.*s", (int)b.len, (const char *)b.at);
    gw_buf_release(&b);
    return world_with((struct plot){.witnesses = 3, .beacon = beacon});
}

static void a_block_that_took_no_work_is_told(void **state)
{
    // Block 0, whose target anyone meets today.
    static const char genesis[] =
        "0100000000000000000000000000000000000000000000000000000000000000000000"
        "003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab"
        "5f49ffff001d1dac2b7c";
    struct world *w = world_beating("bitcoin-header", gw_str(genesis));
    (void)state;
    assert_fails(w, "heartbeat", "easier target");
    world_free(w);
    w = world_beating("bitcoin-header", GW_LIT("00"));
    assert_fails(w, "heartbeat", "160 hex digits");
    world_free(w);
    w = world_beating("horoscope", GW_LIT("00"));
    assert_fails(w, "heartbeat", "no public value");
    world_free(w);
}

static void a_checkpoint_counts_as_a_clock_if_its_witness_is_known(void **state)
{
    struct gw_buf note;
    gw_buf_init(&note, 4096);
    struct world *w = world_new();
    (void)state;
    sign_note(w, ANCHORED, 1, &note);
    world_free(w);
    w = world_beating("checkpoint", gw_buf_span(&note));
    // Signed in 2023, but stamped in 2020: one of them is wrong.
    assert_fails(w, "time", "contradict");
    assert_said(&w->said, GW_STEP_OK, "heartbeat", "witness1.example");
    assert_int_equal(w->said.result.times.not_before.posix, WITNESSED);
    world_free(w);
    sign_note(w = world_new(), ANCHORED, 0, &note);
    world_free(w);
    w = world_beating("checkpoint", gw_buf_span(&note));
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_NOTE, "heartbeat", "names nobody");
    world_free(w);
    gw_buf_release(&note);
}

// ---- single files -------------------------------------------------------

struct beside {
    char at[160];
};
static struct beside in(const struct world *w, const char *name)
{
    struct beside b;
    snprintf(b.at, sizeof b.at, "%s/%s", w->place.root, name);
    return b;
}

static void put_packed(struct world *w, const char *path, const char *name)
{
    put_file(in(w, name).at, gw_buf_span(pack_find(&w->pack, path)));
}

static void a_proof_by_itself_wants_its_leaf_and_a_policy(void **state)
{
    struct world *w = world_new();
    struct beside proof = in(w, "a.tlog-proof"), leaf = in(w, "leaf");
    struct gw_verify_options o = {.leaf = leaf.at};
    (void)state;
    put_packed(w, "proofs/leaf-3.tlog-proof", "a.tlog-proof");
    put_packed(w, "data/leaf-3.json", "leaf");
    assert_int_equal(said_of(&w->said, proof.at, o), GW_EUSAGE);
    put_packed(w, "policy.txt", "policy.txt");
    assert_holds(&w->said, said_of(&w->said, proof.at, o));
    assert_said(&w->said, GW_STEP_OK, "inclusion", "entry 3 of 11");
    assert_string_equal(w->said.result.times.claimed, "2019-05-01");
    assert_int_equal(said_of(&w->said, proof.at, (struct gw_verify_options){0}),
                     GW_EUSAGE);
    put_packed(w, "data/leaf-4.json", "leaf");
    assert_int_equal(said_of(&w->said, proof.at, o), GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "inclusion", "a.tlog-proof");
    world_free(w);
}

// Where a witness' line says who signs: another name or key id makes it the
// line of somebody unknown, who does not count. Two others are a quorum.
static bool names_a_witness(const struct gw_buf *b, size_t at)
{
    size_t line = at, key;
    while (line && b->at[line - 1] != '\n')
        line--;
    gw_span s = gw_sub(gw_buf_span(b), line, b->len);
    gw_span text = gw_cut(&s, '\n');
    if (!gw_starts(text, "\xe2\x80\x94 witness"))
        return false;
    key = line + (size_t)gw_find(text, GW_LIT(" "), 4) + 1;
    return at >= line + 4 && at < key + 6;
}

static void a_flipped_bit_of_a_proof_costs_at_most_one_witness(void **state)
{
    struct world *w = world_new();
    struct beside proof = in(w, "a.tlog-proof"), leaf = in(w, "leaf");
    struct gw_buf *b = pack_find(&w->pack, "proofs/leaf-3.tlog-proof");
    size_t accepted = 0;
    (void)state;
    put_packed(w, "data/leaf-3.json", "leaf");
    put_packed(w, "policy.txt", "policy.txt");
    for (size_t bit = 0; bit < 8 * b->len; bit += 1 + bit % 3) {
        b->at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        put_packed(w, "proofs/leaf-3.tlog-proof", "a.tlog-proof");
        int rc = said_of(&w->said, proof.at,
                         (struct gw_verify_options){.leaf = leaf.at});
        b->at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        accepted += rc == 0;
        if (rc ? rc != GW_EPROOF && rc != GW_EUNKNOWN
               : !names_a_witness(b, bit / 8))
            fail_msg("bit %zu, \"%.40s\": %d", bit,
                     (const char *)b->at + bit / 8, rc);
    }
    assert_true(accepted > 20);
    world_free(w);
}

static void a_stamp_is_held_against_what_stands_beside_it(void **state)
{
    struct world *w = world_new();
    struct beside tsr = in(w, "checkpoint.tsr");
    (void)state;
    put_packed(w, "anchors/6-tsa.tsr", "checkpoint.tsr");
    assert_holds(&w->said,
                 said_of(&w->said, tsr.at, (struct gw_verify_options){0}));
    assert_said(&w->said, GW_STEP_NOTE, "anchor", "it is not beside it");
    put_file(in(w, "checkpoint").at, gw_buf_span(&w->anchored));
    put_file(in(w, "checkpoint.pem").at, gw_str(w->tsa.root_pem));
    assert_holds(&w->said,
                 said_of(&w->said, tsr.at, (struct gw_verify_options){0}));
    assert_said(&w->said, GW_STEP_OK, "anchor", "by CN=test");
    assert_int_equal(w->said.result.times.not_after.posix, TSA_TIME + 2);
    put_file(in(w, "checkpoint").at, gw_buf_span(&w->note));
    assert_int_equal(said_of(&w->said, tsr.at, (struct gw_verify_options){0}),
                     GW_EPROOF);
    put_packed(w, "anchors/6-tsa.tlog-proof", "checkpoint.tlog-proof");
    assert_holds(&w->said,
                 said_of(&w->said, tsr.at, (struct gw_verify_options){0}));
    world_free(w);
}

// The digest of this stamp is block 500000's own Merkle root.
static void a_block_header_beside_an_ots_dates_it(void **state)
{
    struct world *w = world_new();
    struct beside path = in(w, "a.ots");
    struct gw_buf b;
    uint8_t header[80];
    (void)state;
    gw_buf_init(&b, 4096);
    assert_true(gw_unhex(GW_LIT(BLOCK), header));
    OTS_PUT(&b, OTS_MAGIC);
    gw_put_u8(&b, 1);
    gw_put_u8(&b, 8);
    gw_put(&b, header + 36, 32);
    ots_block(&b, OTS_BITCOIN_TAG, 500000);
    put_file(path.at, gw_buf_span(&b));
    put_file(in(w, "a.header").at, GW_LIT(BLOCK));
    assert_holds(&w->said,
                 said_of(&w->said, path.at, (struct gw_verify_options){0}));
    assert_said(&w->said, GW_STEP_OK, "anchor", "2017-12-18 18:35:25 UTC");
    assert_said(&w->said, GW_STEP_OK, "time", "not after 2017-12-18 18:36");
    gw_buf_release(&b);
    world_free(w);
}

static void what_is_none_of_these_is_not_judged(void **state)
{
    struct world *w = world_new();
    struct gw_verify_options none = {0};
    (void)state;
    put_file(in(w, "text").at, GW_LIT("a text\n"));
    put_file(in(w, "empty").at, GW_LIT(""));
    assert_int_equal(said_of(&w->said, in(w, "text").at, none), GW_EUNKNOWN);
    assert_int_equal(said_of(&w->said, in(w, "empty").at, none), GW_EUNKNOWN);
    assert_int_equal(said_of(&w->said, in(w, "absent").at, none), GW_ENOENT);
    assert_int_equal(said_of(&w->said, w->place.root, none), GW_EUNKNOWN);
    assert_string_not_equal(w->said.why.text, "");
    pack_write(&w->pack, w->bag);
    none.old = in(w, "text").at;
    assert_int_equal(said_of(&w->said, w->bag, none), GW_EUSAGE);
    world_free(w);
}

// ---- memory -------------------------------------------------------------

static struct world *shared;
static size_t whole; // how many steps hold when nothing fails

static bool verified_in_silence(void)
{
    struct gw_verified ret;
    struct gw_verify_options none = {0};
    struct gw_why why = {0};
    int rc = gw_verify(shared->bag, &none, &ret, &why);
    if (rc != why.code || (rc == 0 && (ret.bad || ret.good != whole)))
        fail_msg("%d, with %zu of %zu", rc, ret.bad, ret.good);
    return rc == 0;
}

static void no_failed_allocation_makes_a_bundle_hold_by_less(void **state)
{
    (void)state;
    shared = world_new();
    assert_holds(&shared->said, world_verify(shared));
    whole = shared->said.result.good;
    assert_true(gw_fault_each_alloc(verified_in_silence) > 50);
    world_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_witnesses_no_time_is_bound_and_a_note_says_so),
        cmocka_unit_test(
            one_witness_bounds_the_time_where_no_quorum_is_asked_for),
        cmocka_unit_test(a_quorum_is_dated_by_its_last_member),
        cmocka_unit_test(a_stamp_without_roots_bounds_nothing),
        cmocka_unit_test(a_stamp_that_leads_to_other_roots_is_told),
        cmocka_unit_test(an_anchor_of_another_checkpoint_is_told),
        cmocka_unit_test(
            a_calendars_promise_is_a_note_and_a_wrong_block_is_not),
        cmocka_unit_test(a_block_that_took_no_work_is_told),
        cmocka_unit_test(
            a_checkpoint_counts_as_a_clock_if_its_witness_is_known),
        cmocka_unit_test(a_proof_by_itself_wants_its_leaf_and_a_policy),
        cmocka_unit_test(a_flipped_bit_of_a_proof_costs_at_most_one_witness),
        cmocka_unit_test(a_stamp_is_held_against_what_stands_beside_it),
        cmocka_unit_test(a_block_header_beside_an_ots_dates_it),
        cmocka_unit_test(what_is_none_of_these_is_not_judged),
        cmocka_unit_test(no_failed_allocation_makes_a_bundle_hold_by_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
