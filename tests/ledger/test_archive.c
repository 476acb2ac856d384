// An archive's ledger: what is kept has its leaf, what was sealed stays, and
// an older copy that is put back signs nothing.
#include "archive_case.h"
#include "peer.h"

static uint64_t leaves(struct archive_case *c)
{
    uint64_t n;
    assert_int_equal(gw_leaf_count(c->a, &n, &c->why), 0);
    return n;
}

static void a_new_ledger_begins_with_its_keys(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_leaf_row row;
    struct gw_leaf_read read;
    struct gw_buf entry;
    struct gw_key author;
    gw_buf_init(&entry, GW_LEAF_MAX);
    assert_int_equal(leaves(c), 1);
    case_check(c, gw_leaf_get(c->a, 0, &row, &entry, &c->why));
    assert_string_equal(row.type, "key");
    char keys[200];
    snprintf(keys, sizeof keys, "%s/keys", c->place.archive);
    case_check(c, gw_keyring_public(keys, GW_ROLE_AUTHOR, &author, &c->why));
    case_check(c,
               gw_leaf_read(gw_buf_span(&entry), &author.vkey, &read, &c->why));
    assert_int_equal(read.type, GW_LEAF_KEY);
    gw_buf_release(&entry);
    case_free(c);
}

static void what_is_not_committed_leaves_no_leaf(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    case_close(c);
    case_open(c);
    assert_int_equal(leaves(c), 1); // the key leaf, appended once more
    struct gw_object o;
    assert_int_equal(case_keep(c, "one", &o), 1);
    case_close(c);
    case_open(c);
    assert_int_equal(leaves(c), 2);
    case_free(c);
}

static void nothing_is_kept_without_a_leaf(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o = put_text(c->a, "unseen");
    o.state = GW_DONE;
    case_check(c, gw_evidence_describe(c->a, &o, &c->why));
    assert_int_equal(gw_ledger_commit(c->l, &c->why), GW_ECORRUPT);
    assert_non_null(strstr(c->why.text, "without a leaf"));
    case_free(c);
}

static void sealing_says_what_it_sealed_and_once_only(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    case_keep(c, "one", &o);
    case_keep(c, "two", &o);
    struct gw_sealed s = case_seal(c);
    assert_int_equal(s.first, 0);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.checkpoint.size, 3);
    assert_true(s.quorum);
    s = case_seal(c);
    assert_int_equal(s.count, 0);
    assert_int_equal(s.checkpoint.size, 3);
    case_keep(c, "three", &o);
    s = case_seal(c);
    assert_int_equal(s.first, 3);
    assert_int_equal(s.count, 1);
    case_free(c);
}

static void the_peer_audits_the_log(void **state)
{
    (void)state;
    if (!peer_or_skip("audit of an archive's log"))
        return;
    struct archive_case *c = case_new();
    struct gw_object o;
    for (int i = 0; i < 300; i++) {
        char text[32];
        snprintf(text, sizeof text, "object %d", i);
        case_keep(c, text, &o);
        if (i % 97 == 0)
            case_seal(c);
    }
    case_seal(c);
    char policy[300];
    snprintf(policy, sizeof policy, "%s/policy.txt", gw_ledger_folder(c->l));
    const char *args[] = {"audit", "-policy", policy, gw_ledger_folder(c->l),
                          NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
    case_free(c);
}

static void copy_over(const struct archive_case *c, bool back)
{
    char command[400];
    snprintf(command, sizeof command, "%s/gawah.db", c->place.archive);
    struct gw_buf b;
    char other[400];
    snprintf(other, sizeof other, "%s/old.db", c->place.root);
    gw_buf_init(&b, 64 << 20);
    assert_int_equal(gw_file_read(back ? other : command, &b, NULL), 0);
    assert_int_equal(
        gw_file_write(back ? command : other, gw_buf_span(&b), NULL), 0);
    gw_buf_release(&b);
}

static void an_older_catalogue_put_back_seals_nothing(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    struct gw_sealed s;
    case_keep(c, "one", &o);
    case_seal(c);
    case_close(c);
    copy_over(c, false);
    case_open(c);
    case_keep(c, "two", &o);
    case_keep(c, "three", &o);
    case_seal(c);
    case_close(c);
    copy_over(c, true);
    case_open(c);
    assert_int_equal(gw_ledger_seal(c->l, false, &s, &c->why), GW_EFORK);
    assert_non_null(strstr(c->why.text, "older gawah.db was put back"));
    case_free(c);
}

static void a_changed_policy_and_a_rotated_key_are_leaves(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    char keys[200], path[300];
    struct gw_buf b;
    gw_buf_init(&b, 64 << 10);
    snprintf(keys, sizeof keys, "%s/keys", c->place.archive);
    snprintf(path, sizeof path, "%s/policy.txt", keys);
    case_check(c, gw_ledger_commit(c->l, &c->why));
    case_close(c);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    gw_put_str(&b, "# a word more\n");
    assert_int_equal(gw_file_write(path, gw_buf_span(&b), NULL), 0);
    case_open(c);
    assert_int_equal(leaves(c), 2);
    case_check(c, gw_ledger_commit(c->l, &c->why));
    case_close(c);
    case_open(c);
    assert_int_equal(leaves(c), 2);
    gw_buf_release(&b);
    case_free(c);
}

static void a_missing_keyring_is_named_and_not_made_anew(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_ledger *l;
    case_check(c, gw_ledger_commit(c->l, &c->why));
    case_close(c);
    c->a = archive_in(&c->place, GW_ARCHIVE_WRITE);
    char elsewhere[200];
    snprintf(elsewhere, sizeof elsewhere, "%s/none", c->place.root);
    c->options.keys = elsewhere;
    assert_int_equal(gw_ledger_open(c->a, &c->options, &l, &c->why), GW_ENOENT);
    assert_non_null(strstr(c->why.text, "keys are missing"));
    assert_int_equal(access(elsewhere, F_OK), -1);
    case_free(c);
}

// ---- redaction ----------------------------------------------------------

static void random_redactions_keep_every_proof(void **state)
{
    (void)state;
    enum { OBJECTS = 40 };
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct archive_case *c = case_new();
        struct gw_rand r = {seed};
        struct gw_object o[OBJECTS];
        bool gone[OBJECTS] = {false};
        uint64_t index[OBJECTS], at;
        for (int i = 0; i < OBJECTS; i++) {
            char text[32];
            snprintf(text, sizeof text, "object %d", i);
            index[i] = case_keep(c, text, &o[i]);
            size_t victim = gw_rand_below(&r, (uint64_t)i + 1);
            if (gw_rand_below(&r, 3) == 0 && !gone[victim]) {
                gone[victim] = true;
                case_check(c, gw_ledger_redact(c->l, o[victim].hash,
                                               "data-subject", &at, &c->why));
            }
            if (gw_rand_below(&r, 5) == 0)
                case_seal(c);
        }
        case_seal(c);
        char log[300];
        snprintf(log, sizeof log, "%s", gw_ledger_folder(c->l));
        struct gw_verify_options v = {.threads = 1};
        struct gw_verified seen;
        case_check(c, gw_verify(log, &v, &seen, &c->why));
        for (int i = 0; i < OBJECTS; i++) {
            struct gw_buf secret;
            gw_buf_init(&secret, 1 << 20);
            int rc = gw_leaf_secret(c->a, index[i], &secret, NULL);
            assert_int_equal(rc, gone[i] ? GW_ENOENT : 0);
            gw_buf_release(&secret);
        }
        case_free(c);
    }
}

static void a_redaction_needs_a_reason_that_is_one(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    uint64_t at;
    case_keep(c, "one", &o);
    assert_int_equal(gw_ledger_redact(c->l, o.hash, "boredom", &at, &c->why),
                     GW_EUSAGE);
    assert_int_equal(leaves(c), 2);
    case_free(c);
}

// ---- time ---------------------------------------------------------------

static void a_heartbeat_must_be_what_it_says(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    uint64_t at;
    struct gw_why why = {0};
    assert_int_equal(
        gw_ledger_heartbeat(c->l, "bitcoin-header", GW_LIT("00"), &at, &why),
        GW_EFORMAT);
    assert_int_equal(
        gw_ledger_heartbeat(c->l, "checkpoint", GW_LIT("no note\n"), &at, NULL),
        GW_EFORMAT);
    assert_int_equal(
        gw_ledger_heartbeat(c->l, "horoscope", GW_LIT("x"), &at, NULL),
        GW_EUSAGE);
    case_check(c, gw_ledger_heartbeat(c->l, "text",
                                      GW_LIT("the headline of the day"), &at,
                                      &c->why));
    assert_int_equal(at, 1);
    case_free(c);
}

static void a_stamp_of_something_else_is_refused(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_buf request;
    struct gw_checkpoint k;
    char path[300];
    uint64_t at;
    gw_buf_init(&request, 4096);
    case_check(c, gw_ledger_commit(c->l, &c->why));
    case_seal(c);
    case_check(c, gw_ledger_stamp_request(c->l, &request, &k, path, sizeof path,
                                          &c->why));
    assert_int_equal(request.len, 59);
    // An OpenTimestamps proof of 32 zero bytes, pending at a calendar.
    static const char ots[] =
        "\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
        "\x01\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0"
        "\x00\x83\xdf\xe3\x0d\x2e\xf9\x0c\x8e\x0c\x0bhttp://a.bc";
    int rc =
        gw_ledger_anchor(c->l, gw_span_of(ots, sizeof ots - 1), &at, &c->why);
    assert_int_equal(rc, GW_EPROOF);
    assert_non_null(strstr(c->why.text, "of no checkpoint"));
    gw_buf_release(&request);
    case_free(c);
}

static void a_pending_proof_of_our_checkpoint_is_taken_in(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_buf b;
    struct gw_checkpoint k;
    char path[300];
    uint64_t at;
    gw_buf_init(&b, 64 << 10);
    case_check(c, gw_ledger_commit(c->l, &c->why));
    case_seal(c);
    case_check(
        c, gw_ledger_stamp_request(c->l, &b, &k, path, sizeof path, &c->why));
    gw_buf_reset(&b);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    struct gw_hash32 h = gw_sha256(gw_buf_span(&b));
    gw_buf_reset(&b);
    gw_put(&b,
           "\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
           "\x01\x08",
           33);
    gw_put(&b, h.at, sizeof h.at);
    gw_put(&b, "\x00\x83\xdf\xe3\x0d\x2e\xf9\x0c\x8e\x0c\x0bhttp://a.bc", 22);
    case_check(c, gw_ledger_anchor(c->l, gw_buf_span(&b), &at, &c->why));
    assert_int_equal(at, 1);
    gw_buf_release(&b);
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_ledger_begins_with_its_keys),
        cmocka_unit_test(what_is_not_committed_leaves_no_leaf),
        cmocka_unit_test(nothing_is_kept_without_a_leaf),
        cmocka_unit_test(sealing_says_what_it_sealed_and_once_only),
        cmocka_unit_test(the_peer_audits_the_log),
        cmocka_unit_test(an_older_catalogue_put_back_seals_nothing),
        cmocka_unit_test(a_changed_policy_and_a_rotated_key_are_leaves),
        cmocka_unit_test(a_missing_keyring_is_named_and_not_made_anew),
        cmocka_unit_test(random_redactions_keep_every_proof),
        cmocka_unit_test(a_redaction_needs_a_reason_that_is_one),
        cmocka_unit_test(a_heartbeat_must_be_what_it_says),
        cmocka_unit_test(a_stamp_of_something_else_is_refused),
        cmocka_unit_test(a_pending_proof_of_our_checkpoint_is_taken_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
