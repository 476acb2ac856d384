#include "peer.h"
#include "verify_world.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

// ---- what holds ---------------------------------------------------------

static void a_whole_bundle_holds_and_its_time_is_known(void **state)
{
    static const char *const whats[] = {
        "bag",     "policy", "checkpoint", "quorum",     "inclusion",
        "leaf",    "author", "keys",       "record",     "evidence",
        "segment", "anchor", "time",       "disclosure", "heartbeat"};
    struct world *w = world_new();
    (void)state;
    assert_holds(&w->said, world_verify(w));
    for (size_t i = 0; i < GW_COUNT(whats); i++)
        assert_said(&w->said, GW_STEP_OK, whats[i], "");
    assert_said(&w->said, GW_STEP_NOTE, "policy", w->log.text);
    assert_said(&w->said, GW_STEP_NOTE, "heartbeat", "\"a headline\"");
    assert_said(&w->said, GW_STEP_NOTE, "bag", "data/explain.json");
    assert_said(&w->said, GW_STEP_OK, "disclosure", "\"secret.json\"");
    assert_said(&w->said, GW_STEP_OK, "time", "between 2017-12-18 18:35 UTC");
    assert_said(&w->said, GW_STEP_OK, "time", "and 2020-01-02 03:05 UTC");
    assert_string_equal(w->said.result.times.claimed, "2019-05-01");
    const struct gw_step *last = &w->said.steps[w->said.count - 1];
    assert_string_equal(last->what, "time");
    const struct gw_verified *v = &w->said.result;
    assert_int_equal(v->good + v->notes + v->bad, w->said.count);
    world_free(w);
}

static void the_peer_accepts_the_proofs_of_a_bundle(void **state)
{
    struct world *w = world_new();
    char policy[160], leaf[160], proof[160];
    (void)state;
    pack_write(&w->pack, w->bag);
    snprintf(policy, sizeof policy, "%s/policy.txt", w->bag);
    for (int i = 0; i < 6 && peer_or_skip("proofs of a bundle"); i++) {
        snprintf(leaf, sizeof leaf, "%s/data/leaf-%d.json", w->bag, i);
        snprintf(proof, sizeof proof, "%s/proofs/leaf-%d.tlog-proof", w->bag,
                 i);
        const char *args[] = {"proof", "-policy", policy, "-leaf",
                              leaf,    proof,     NULL};
        assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
    }
    world_free(w);
}

static void a_policy_of_ones_own_leaves_no_note_about_keys(void **state)
{
    struct world *w = world_new();
    char policy[128];
    (void)state;
    pack_write(&w->pack, w->bag);
    snprintf(policy, sizeof policy, "%s/policy", w->place.root);
    put_file(policy, gw_buf_span(&w->policy));
    assert_holds(&w->said,
                 said_of(&w->said, w->bag,
                         (struct gw_verify_options){.policy = policy}));
    assert_false(has_step(&w->said, GW_STEP_NOTE, "policy", ""));
    world_free(w);
}

// ---- redaction ----------------------------------------------------------

static void what_was_redacted_is_withheld_and_no_error(void **state)
{
    struct world *w = world_new();
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "data/evidence/%s",
             hex_of(GW_LIT("the evidence\n")));
    pack_drop(&w->pack, path);
    pack_drop(&w->pack, "data/disclosures.json");
    pack_drop(&w->pack, "data/record");
    pack_drop(&w->pack, "data/segment.gws");
    assert_fails(w, "evidence", "nothing says why");
    assert_said(&w->said, GW_STEP_BAD, "record", "nothing says why");
    assert_said(&w->said, GW_STEP_BAD, "segment", "nothing says why");
    pack_chain(w, "{\"leaf\":5,\"of\":3}");
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_NOTE, "redaction",
                "withheld by redaction leaf 5 (source-safety)");
    assert_said(&w->said, GW_STEP_NOTE, "evidence",
                "withheld by redaction leaf 5");
    world_free(w);
}

static void a_redaction_of_another_leaf_excuses_nothing(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_drop(&w->pack, "data/record");
    pack_chain(w, "{\"leaf\":5,\"of\":2}");
    assert_fails(w, "redaction", "not a redaction of leaf 2");
    assert_said(&w->said, GW_STEP_BAD, "record", "nothing says why");
    pack_chain(w, "{\"leaf\":4,\"of\":3}");
    assert_fails(w, "redaction", "not a redaction of leaf 3");
    pack_chain(w, "{\"leaf\":8,\"of\":3}");
    assert_fails(w, "redaction", "leaf 8, which is not in this bundle");
    world_free(w);
}

// ---- what does not hold -------------------------------------------------

static void a_missing_quorum_is_told_with_the_names(void **state)
{
    struct world *w = world_with((struct plot){.witnesses = 1});
    (void)state;
    assert_fails(w, "quorum", "missing: witness2.example, witness3.example");
    assert_said(&w->said, GW_STEP_OK, "checkpoint", "");
    assert_said(&w->said, GW_STEP_OK, "inclusion", "leaf-3");
    world_free(w);
}

static void a_policy_that_the_log_never_named_is_seen(void **state)
{
    struct world *w = world_with((struct plot){.witnesses = 0});
    (void)state;
    pack_change(&w->pack, "policy.txt", "quorum some", "quorum none");
    assert_fails(w, "keys", "names another policy");
    world_free(w);
}

static void after_a_rotation_the_newest_key_leaf_speaks(void **state)
{
    struct world *w =
        world_with((struct plot){.witnesses = 3, .rotated = true});
    (void)state;
    assert_fails(w, "keys", "leaf 0 names another policy");
    assert_said(&w->said, GW_STEP_OK, "keys", "leaf 0 promised");
    pack_leaf(w, 7);
    assert_holds(&w->said, world_verify(w));
    assert_said(&w->said, GW_STEP_OK, "keys", "leaf 7 names the log key");
    assert_said(&w->said, GW_STEP_OK, "anchor", "6-tsa.tsr");
    pack_change(&w->pack, "chain.json", "\"keys\":0", "\"keys\":7");
    assert_fails(w, "keys", "leaf 7 is not the key leaf in force at leaf 3");
    world_free(w);
}

static void another_logs_key_does_not_do(void **state)
{
    struct world *w = world_new();
    char policy[128], text[4096];
    (void)state;
    pack_write(&w->pack, w->bag);
    snprintf(policy, sizeof policy, "%s/policy", w->place.root);
    snprintf(text, sizeof text, "log %s\nquorum none\n", w->next.text);
    put_file(policy, gw_str(text));
    assert_int_equal(
        said_of(&w->said, w->bag, (struct gw_verify_options){.policy = policy}),
        GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "checkpoint", "no signature by a log");
    world_free(w);
}

static void a_swapped_leaf_is_not_included(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_put(&w->pack, "data/leaf-3.json", gw_buf_span(&w->entries[7]));
    assert_fails(w, "inclusion", "proofs/leaf-3.tlog-proof");
    pack_put(&w->pack, "data/leaf-3.json", gw_buf_span(&w->entries[3]));
    pack_proof(w, "proofs/leaf-3.tlog-proof", 4, LEAVES, &w->note);
    assert_fails(w, "inclusion", "proves entry 4");
    pack_proof(w, "proofs/leaf-3.tlog-proof", 3, LEAVES, &w->note);
    assert_holds(&w->said, world_verify(w));
    world_free(w);
}

static void a_leaf_by_another_author_is_told(void **state)
{
    struct world *w =
        world_with((struct plot){.witnesses = 3, .impostor = true});
    (void)state;
    assert_fails(w, "author", "data/leaf-4.json");
    assert_said(&w->said, GW_STEP_OK, "author", "data/leaf-3.json");
    world_free(w);
}

static void a_heartbeat_after_the_leaf_bounds_nothing(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_leaf(w, 6);
    pack_change(&w->pack, "chain.json", "[1,2]", "[1,2,6]");
    assert_fails(w, "heartbeat", "comes after leaf 3");
    pack_change(&w->pack, "chain.json", "[1,2,6]", "[0]");
    assert_fails(w, "heartbeat", "no heartbeat");
    pack_change(&w->pack, "chain.json", "[0]", "[9]");
    assert_fails(w, "heartbeat", "not in this bundle");
    world_free(w);
}

static void wrong_contents_are_told_each_by_its_name(void **state)
{
    struct world *w = world_new();
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "data/evidence/%s",
             hex_of(GW_LIT("the evidence\n")));
    pack_put(&w->pack, path, GW_LIT("the evidence!"));
    pack_put(&w->pack, "data/record", record(2));
    pack_put(&w->pack, "data/segment.gws", GW_LIT("a segment"));
    assert_fails(w, "evidence", "not the object that leaf 3 speaks of");
    assert_said(&w->said, GW_STEP_BAD, "record", "proofs/record.batch-proof");
    assert_said(&w->said, GW_STEP_BAD, "segment", "not the segment");
    pack_put(&w->pack, "data/segment.gws", record(202));
    pack_put(&w->pack, "data/segment.entry", segment_entry(2));
    pack_batch(w, "proofs/segment.batch-proof", w->segments, 2);
    assert_fails(w, "segment", "of another object");
    pack_batch(w, "proofs/record.batch-proof", w->segments, 2);
    pack_put(&w->pack, "data/record", segment_entry(2));
    assert_fails(w, "record", "not the one of \"records\"");
    world_free(w);
}

static void a_wrong_disclosure_is_told(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_change(&w->pack, "data/disclosures.json", "{\"3\"", "{\"2\"");
    assert_fails(w, "disclosure", "data/leaf-2.json");
    pack_change(&w->pack, "data/disclosures.json", "{\"2\"", "{\"8\"");
    assert_fails(w, "disclosure", "leaf 8, which is not in this bundle");
    pack_put(&w->pack, "data/disclosures.json", GW_LIT("{\"3\":[\"WyIx\"]}"));
    assert_fails(w, "disclosure", "data/leaf-3.json");
    pack_put(&w->pack, "data/disclosures.json", GW_LIT("[]"));
    assert_fails(w, "disclosure", "no object");
    world_free(w);
}

static void a_chain_that_is_no_chain_ends_the_check(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"v\":1}",
        "{\"about\":\"x\",\"keys\":0,\"leaf\":3}",
        "{\"about\":\"x\",\"keys\":0,\"leaf\":3,\"v\":2}",
        "{\"about\":\"x\",\"keys\":0,\"leaf\":-3,\"v\":1}",
        "{\"about\":\"x\",\"keys\":0, \"leaf\":3,\"v\":1}",
        "{\"about\":\"x\",\"keys\":0,\"leaf\":3,\"more\":1,\"v\":1}",
        "{\"about\":\"x\",\"anchors\":[\"../"
        "a\"],\"keys\":0,\"leaf\":3,\"v\":1}",
        "{\"about\":\"x\",\"anchors\":1,\"keys\":0,\"leaf\":3,\"v\":1}",
        "{\"about\":\"x\",\"heartbeats\":[\"1\"],\"keys\":0,\"leaf\":3,\"v\":"
        "1}",
        "{\"about\":\"x\",\"evidence\":{\"file\":\"data/evidence/../../etc\","
        "\"leaf\":3},\"keys\":0,\"leaf\":3,\"v\":1}",
        "{\"about\":\"x\",\"keys\":0,\"leaf\":3,\"record\":{},\"v\":1}",
        "{\"about\":\"x\",\"keys\":0,\"leaf\":3,\"redactions\":[3],\"v\":1}",
    };
    struct world *w = world_new();
    (void)state;
    for (size_t i = 0; i < GW_COUNT(texts); i++) {
        pack_put(&w->pack, "chain.json", gw_str(texts[i]));
        assert_fails(w, "bag", "chain.json: ");
    }
    world_free(w);
}

// ---- bits ---------------------------------------------------------------

static void flip(const char *path, uint64_t bit)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    b.at[bit / 8 % b.len] ^= (uint8_t)(1U << bit % 8);
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0 && write(fd, b.at, b.len) == (ssize_t)b.len);
    close(fd);
    gw_buf_release(&b);
}

struct flipping {
    struct world *w;
    struct gw_rand rand;
    size_t files;
};

static int flip_some(void *ctx, const char *path)
{
    struct flipping *f = ctx;
    struct stat st;
    f->files++;
    for (int i = 0; i < 6 && stat(path, &st) == 0; i++) {
        uint64_t bits = 8 * (uint64_t)st.st_size;
        uint64_t bit = i ? gw_rand_below(&f->rand, bits) : bits - 1;
        flip(path, bit);
        int rc = said_of(&f->w->said, f->w->bag, (struct gw_verify_options){0});
        flip(path, bit);
        if (rc != GW_EPROOF)
            fail_msg("%s: bit %llu: %d", path, (unsigned long long)bit, rc);
    }
    return 0;
}

static void a_flipped_bit_in_any_file_of_a_bag_is_seen(void **state)
{
    struct flipping f = {.w = world_new(), .rand = {7}};
    (void)state;
    pack_write(&f.w->pack, f.w->bag);
    assert_int_equal(gw_walk(f.w->bag, flip_some, &f, NULL), 0);
    assert_int_equal(f.files, f.w->pack.count + 4);
    assert_holds(&f.w->said,
                 said_of(&f.w->said, f.w->bag, (struct gw_verify_options){0}));
    world_free(f.w);
}

// Words, and what only the manifests hold: the roots are the bundler's, and
// about is.
static bool is_only_words(const char *path)
{
    static const char *const words[] = {"README.txt", "data/explain.json",
                                        "anchors/6-tsa.pem", "chain.json"};
    for (size_t i = 0; i < GW_COUNT(words); i++)
        if (strcmp(path, words[i]) == 0)
            return true;
    return false;
}

static void manifests_made_anew_do_not_hide_a_flipped_bit(void **state)
{
    struct world *w = world_new();
    struct gw_rand rand = {11};
    (void)state;
    for (size_t i = 0; i < w->pack.count; i++)
        for (int k = 0; k < 5 && !is_only_words(w->pack.files[i].path); k++) {
            struct gw_buf *b = &w->pack.files[i].bytes;
            uint64_t bit = gw_rand_below(&rand, 8 * b->len);
            b->at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            int rc = world_verify(w);
            b->at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (rc != GW_EPROOF)
                fail_msg("%s: bit %llu: %d", w->pack.files[i].path,
                         (unsigned long long)bit, rc);
        }
    assert_holds(&w->said, world_verify(w));
    world_free(w);
}

// ---- the room it needs --------------------------------------------------

static void no_sockets(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {GW_COUNT(rules), rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        _exit(77);
}

static int in_child(struct world *w, bool verify)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        no_sockets();
        int rc = verify
                     ? said_of(&w->said, w->bag, (struct gw_verify_options){0})
                     : socket(AF_INET, SOCK_STREAM, 0);
        _exit(rc == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void a_bundle_is_verified_where_no_socket_can_be_opened(void **state)
{
    struct world *w = world_new();
    (void)state;
    pack_write(&w->pack, w->bag);
    int status = in_child(w, false);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        printf("skipped, no seccomp here: verifying without sockets\n");
    } else {
        assert_true(WIFSIGNALED(status));
        status = in_child(w, true);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_bundle_holds_and_its_time_is_known),
        cmocka_unit_test(the_peer_accepts_the_proofs_of_a_bundle),
        cmocka_unit_test(a_policy_of_ones_own_leaves_no_note_about_keys),
        cmocka_unit_test(what_was_redacted_is_withheld_and_no_error),
        cmocka_unit_test(a_redaction_of_another_leaf_excuses_nothing),
        cmocka_unit_test(a_missing_quorum_is_told_with_the_names),
        cmocka_unit_test(a_policy_that_the_log_never_named_is_seen),
        cmocka_unit_test(after_a_rotation_the_newest_key_leaf_speaks),
        cmocka_unit_test(another_logs_key_does_not_do),
        cmocka_unit_test(a_swapped_leaf_is_not_included),
        cmocka_unit_test(a_leaf_by_another_author_is_told),
        cmocka_unit_test(a_heartbeat_after_the_leaf_bounds_nothing),
        cmocka_unit_test(wrong_contents_are_told_each_by_its_name),
        cmocka_unit_test(a_wrong_disclosure_is_told),
        cmocka_unit_test(a_chain_that_is_no_chain_ends_the_check),
        cmocka_unit_test(a_flipped_bit_in_any_file_of_a_bag_is_seen),
        cmocka_unit_test(manifests_made_anew_do_not_hide_a_flipped_bit),
        cmocka_unit_test(a_bundle_is_verified_where_no_socket_can_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
