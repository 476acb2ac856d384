#include "peer.h"
#include "verify_world.h"

static const struct gw_verify_options plain;

// ---- a log of the peer's ------------------------------------------------

struct beside {
    char at[160];
};
static struct beside in(const struct place *p, const char *name)
{
    struct beside b;
    snprintf(b.at, sizeof b.at, "%s/%s", p->root, name);
    return b;
}

// A log of 17 entries in <place>/log, its checkpoint of 5 kept; NULL: no peer.
static const char *peer_log(const struct place *p)
{
    static char folder[160];
    if (!peer_or_skip("a log of the peer's"))
        return NULL;
    snprintf(folder, sizeof folder, "%s", in(p, "log").at);
    const char *args[] = {"gen",  "-n",     "17",   "-out",
                          folder, "-sizes", "5,17", NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
    return folder;
}

static void a_log_of_the_peer_holds_and_its_past_is_a_prefix(void **state)
{
    struct place p = place_new();
    struct said said;
    const char *log = peer_log(&p);
    (void)state;
    if (log) {
        struct beside old = in(&p, "log/checkpoint.5");
        struct gw_verify_options o = {.old = old.at, .threads = 2};
        assert_holds(&said, said_of(&said, log, o));
        assert_said(&said, GW_STEP_OK, "audit", "all 17 entries");
        assert_said(&said, GW_STEP_OK, "prefix", "its 5 entries");
        assert_said(&said, GW_STEP_OK, "quorum", "witness3.example");
        assert_said(&said, GW_STEP_NOTE, "policy", "by another road");
        assert_said(&said, GW_STEP_NOTE, "keys", "no leaves of an archive");
        assert_said(&said, GW_STEP_OK, "time", "not after 2023-11-14 22:14");
    }
    place_remove(&p);
}

// A witness' line from its name up to its key id (six letters of base64).
static bool names_a_witness(gw_span note, size_t at)
{
    size_t line = at;
    while (line && note.at[line - 1] != '\n')
        line--;
    gw_span rest = gw_sub(note, line, note.len);
    gw_span text = gw_cut(&rest, '\n');
    int64_t key = gw_find(text, GW_LIT(" "), 4);
    return gw_starts(text, "\xe2\x80\x94 witness") && at >= line + 4 &&
           at < line + (size_t)key + 1 + 6;
}

static void flip_each_byte(struct said *said, const char *log, const char *name,
                           size_t *accepted)
{
    struct gw_buf b;
    char path[320];
    gw_buf_init(&b, 1 << 20);
    snprintf(path, sizeof path, "%s/%s", log, name);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    for (size_t i = 0; i < b.len; i++) {
        uint8_t bit = (uint8_t)(1U << i % 8);
        b.at[i] ^= bit;
        put_file(path, gw_buf_span(&b));
        int rc = said_of(said, log, plain);
        b.at[i] ^= bit;
        if (rc != GW_EPROOF && (rc || strcmp(name, "checkpoint") != 0 ||
                                !names_a_witness(gw_buf_span(&b), i)))
            fail_msg("%s: byte %zu: %d", name, i, rc);
        *accepted += rc == 0;
    }
    put_file(path, gw_buf_span(&b));
    assert_holds(said, said_of(said, log, plain));
    gw_buf_release(&b);
}

static void a_flipped_bit_of_a_log_costs_at_most_one_witness(void **state)
{
    struct place p = place_new();
    struct said said;
    size_t accepted = 0;
    const char *log = peer_log(&p);
    (void)state;
    if (log) {
        flip_each_byte(&said, log, "checkpoint", &accepted);
        assert_true(accepted > 0);
        flip_each_byte(&said, log, "tile/0/000.p/17", &accepted);
        flip_each_byte(&said, log, "tile/entries/000.p/17", &accepted);
        printf("%zu flips accepted, all in a witness' name or key id\n",
               accepted);
    }
    place_remove(&p);
}

static void a_missing_file_is_named(void **state)
{
    struct place p = place_new();
    struct said said;
    const char *log = peer_log(&p);
    (void)state;
    if (log) {
        assert_int_equal(unlink(in(&p, "log/tile/0/000.p/17").at), 0);
        assert_int_equal(said_of(&said, log, plain), GW_EPROOF);
        assert_said(&said, GW_STEP_BAD, "audit", "tile/0/000");
        assert_int_equal(unlink(in(&p, "log/policy.txt").at), 0);
        assert_int_equal(said_of(&said, log, plain), GW_EUSAGE);
        assert_int_equal(unlink(in(&p, "log/checkpoint").at), 0);
        assert_int_equal(said_of(&said, log, plain), GW_EUNKNOWN);
    }
    place_remove(&p);
}

// ---- a log of leaves ----------------------------------------------------

// Writes the log as files of tlog-tiles, straight from the definition.
static const char *write_log(struct world *w, const char *checkpoint,
                             int witnesses)
{
    uint64_t size = gw_tree_size(w->tree);
    char path[320];
    struct gw_buf tile, bundle;
    gw_buf_init(&tile, 1 << 20);
    gw_buf_init(&bundle, 1 << 20);
    for (uint64_t i = 0; i < size; i++) {
        struct gw_hash32 h;
        assert_int_equal(gw_tree_node(w->tree, 0, i, &h, NULL), 0);
        gw_put(&tile, h.at, sizeof h.at);
        gw_put_u8(&bundle, (uint8_t)(w->entries[i].len >> 8));
        gw_put_u8(&bundle, (uint8_t)w->entries[i].len);
        gw_put_span(&bundle, gw_buf_span(&w->entries[i]));
    }
    nftw(w->bag, place_unlink, 16, FTW_DEPTH | FTW_PHYS);
    snprintf(path, sizeof path, "%s/tile/0/000.p", w->bag);
    assert_int_equal(gw_mkdirs(path, NULL), 0);
    snprintf(path, sizeof path, "%s/tile/0/000.p/%d", w->bag, (int)size);
    put_file(path, gw_buf_span(&tile));
    snprintf(path, sizeof path, "%s/tile/entries/000.p", w->bag);
    assert_int_equal(gw_mkdirs(path, NULL), 0);
    snprintf(path, sizeof path, "%s/tile/entries/000.p/%d", w->bag, (int)size);
    put_file(path, gw_buf_span(&bundle));
    sign_note(w, size, witnesses, &w->note);
    snprintf(path, sizeof path, "%s/%s", w->bag, checkpoint);
    put_file(path, gw_buf_span(&w->note));
    snprintf(path, sizeof path, "%s/policy.txt", w->bag);
    put_file(path, gw_buf_span(&w->policy));
    gw_buf_release(&tile);
    gw_buf_release(&bundle);
    return w->bag;
}

static void the_first_leaf_must_name_the_key_that_signed(void **state)
{
    struct world *w = world_new();
    (void)state;
    assert_holds(&w->said,
                 said_of(&w->said, write_log(w, "checkpoint", 3), plain));
    assert_said(&w->said, GW_STEP_OK, "keys", "leaf 0");
    gw_buf_reset(&w->policy);
    w->log = w->next; // and nothing in the log says so
    put_policy(w, true);
    assert_int_equal(said_of(&w->said, write_log(w, "checkpoint", 3), plain),
                     GW_EPROOF);
    assert_said(&w->said, GW_STEP_OK, "audit", "");
    assert_said(&w->said, GW_STEP_BAD, "keys", "another log key");
    world_free(w);
}

static void a_log_of_leaves_begins_with_its_keys(void **state)
{
    struct world *w = world_bare((struct plot){.witnesses = 3});
    (void)state;
    add_one(w, GW_LEAF_CUSTODY, "copy", GW_LIT("1"));
    add_key_leaf(w);
    assert_int_equal(said_of(&w->said, write_log(w, "checkpoint", 3), plain),
                     GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "keys", "does not name the log's keys");
    world_free(w);
}

static void a_new_key_must_be_the_one_that_was_promised(void **state)
{
    struct cosigner other = cosigner("gawah.example/test", GW_SIG_ED25519, 9);
    struct world *w = world_bare((struct plot){.witnesses = 3});
    struct cosigner promised = w->next;
    (void)state;
    add_key_leaf(w);
    add_one(w, GW_LEAF_CUSTODY, "copy", GW_LIT("1"));
    rotate(w, &promised);
    assert_holds(&w->said,
                 said_of(&w->said, write_log(w, "checkpoint", 3), plain));
    assert_said(&w->said, GW_STEP_OK, "keys", "leaf 2, the newest of 2");
    rotate(w, &other);
    assert_int_equal(said_of(&w->said, write_log(w, "checkpoint", 3), plain),
                     GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "keys", "not the one that was promised");
    world_free(w);
}

static void a_policy_beside_must_be_the_one_the_log_names(void **state)
{
    struct world *w = world_new();
    struct beside own = in(&w->place, "own.txt");
    (void)state;
    put_file(own.at, gw_buf_span(&w->policy));
    gw_buf_reset(&w->policy);
    put_policy(w, false);
    assert_int_equal(said_of(&w->said, write_log(w, "checkpoint", 0), plain),
                     GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "keys", "another policy");
    // A reader who brings a policy need not mind the one beside.
    write_log(w, "checkpoint", 2);
    assert_holds(&w->said,
                 said_of(&w->said, w->bag,
                         (struct gw_verify_options){.policy = own.at}));
    world_free(w);
}

static void a_past_of_another_history_is_a_fork(void **state)
{
    struct world *w = world_new();
    struct world *other =
        world_with((struct plot){.witnesses = 3, .impostor = true});
    struct beside old = in(&w->place, "old");
    struct gw_verify_options o = {.old = old.at};
    struct gw_buf note;
    (void)state;
    gw_buf_init(&note, 1 << 16);
    write_log(w, "checkpoint", 3);
    sign_note(other, 4, 0, &note); // they part at leaf 4
    put_file(old.at, gw_buf_span(&note));
    assert_holds(&w->said, said_of(&w->said, w->bag, o));
    assert_said(&w->said, GW_STEP_OK, "prefix", "its 4 entries");
    other->log = other->next; // an old copy may have an old key's signature
    sign_note(other, 4, 0, &note);
    put_file(old.at, gw_buf_span(&note));
    assert_holds(&w->said, said_of(&w->said, w->bag, o));
    assert_said(&w->said, GW_STEP_NOTE, "prefix", "the policy has now");
    sign_note(other, 5, 0, &note);
    put_file(old.at, gw_buf_span(&note));
    assert_int_equal(said_of(&w->said, w->bag, o), GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "prefix", "are not those");
    assert_said(&w->said, GW_STEP_OK, "audit", "all 11 entries");
    put_file(old.at, GW_LIT("no checkpoint"));
    assert_int_equal(said_of(&w->said, w->bag, o), GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "prefix", "");
    gw_buf_release(&note);
    world_free(other);
    world_free(w);
}

static void what_no_quorum_has_signed_is_audited_and_told(void **state)
{
    struct world *w = world_new();
    (void)state;
    assert_int_equal(
        said_of(&w->said, write_log(w, "checkpoint.local", 0), plain),
        GW_EPROOF);
    assert_said(&w->said, GW_STEP_BAD, "quorum", "checkpoint.local");
    assert_said(&w->said, GW_STEP_OK, "audit", "all 11 entries");
    world_free(w);
}

static void a_check_that_is_stopped_is_no_verdict(void **state)
{
    struct world *w = world_new();
    atomic_int stop = 1;
    (void)state;
    write_log(w, "checkpoint", 3);
    int rc =
        said_of(&w->said, w->bag, (struct gw_verify_options){.stop = &stop});
    assert_true(rc != 0 && rc != GW_EPROOF);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_of_the_peer_holds_and_its_past_is_a_prefix),
        cmocka_unit_test(a_flipped_bit_of_a_log_costs_at_most_one_witness),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(the_first_leaf_must_name_the_key_that_signed),
        cmocka_unit_test(a_log_of_leaves_begins_with_its_keys),
        cmocka_unit_test(a_new_key_must_be_the_one_that_was_promised),
        cmocka_unit_test(a_policy_beside_must_be_the_one_the_log_names),
        cmocka_unit_test(a_past_of_another_history_is_a_fork),
        cmocka_unit_test(what_no_quorum_has_signed_is_audited_and_told),
        cmocka_unit_test(a_check_that_is_stopped_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
