// Bundles as an archive makes them, checked by the reader's side.
#include "../seal/tsa_make.h"
#include "archive_case.h"
#include "verify_case.h"

// ---- a world ------------------------------------------------------------

static void take_stamp(struct archive_case *c, struct tsa *t, bool with_roots)
{
    struct gw_buf b;
    struct gw_checkpoint k;
    char path[300], name[400];
    uint64_t at;
    gw_buf_init(&b, 64 << 10);
    case_check(
        c, gw_ledger_stamp_request(c->l, &b, &k, path, sizeof path, &c->why));
    gw_buf_reset(&b);
    case_check(c, gw_file_read(path, &b, &c->why));
    struct gw_hash32 h = gw_sha256(gw_buf_span(&b));
    const struct tsa_options plain = {0};
    tsa_certify(t, &plain);
    tsa_stamp(t, &h, &plain);
    gw_span stamp = gw_span_of(t->reply, t->reply_len);
    case_check(c, gw_ledger_anchor(c->l, stamp, &at, &c->why));
    char hex[2 * GW_HASH_LEN + 1];
    struct gw_hash32 own = gw_sha256(stamp);
    gw_hex(own.at, sizeof own.at, hex);
    snprintf(name, sizeof name, "%s/anchors/%llu-%.12s.pem",
             gw_ledger_folder(c->l), (unsigned long long)k.size, hex);
    if (with_roots)
        case_check(c, gw_file_write(name, gw_str(t->root_pem), &c->why));
    gw_buf_release(&b);
}

static void bundle_in(struct archive_case *c, struct gw_bundle **ret,
                      char path[300])
{
    snprintf(path, 300, "%s/bundle", c->place.root);
    case_check(c, gw_bundle_begin(path, ret, &c->why));
}

static int prove_into(struct archive_case *c, const struct gw_prove *what,
                      struct gw_bundle *b)
{
    int rc = gw_ledger_prove(c->a, &c->options, what, b, &c->why);
    if (rc)
        gw_bundle_abort(b);
    else
        case_check(c, gw_bundle_finish(b, c->clock.fixed, "a test", &c->why));
    return rc;
}

static void everything_at_once_holds(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    struct said said;
    struct tsa t = {0};
    uint64_t at;
    char path[300], file[200];
    case_check(
        c, gw_ledger_heartbeat(c->l, "text", GW_LIT("headline"), &at, &c->why));
    uint64_t leaf = case_keep(c, "one", &o);
    case_seal(c);
    take_stamp(c, &t, true);
    case_seal(c);
    struct gw_bundle *b;
    snprintf(file, sizeof file, "data/evidence/%s", o.hash);
    struct gw_prove what = {
        .about = "e-one", .leaf = leaf, .evidence = file, .disclose = true};
    bundle_in(c, &b, path);
    case_check(c, gw_bundle_put(b, file, GW_LIT("one"), &c->why));
    case_check(c, prove_into(c, &what, b));
    int rc = said_of(&said, path, (struct gw_verify_options){.threads = 1});
    assert_holds(&said, rc);
    assert_said(&said, GW_STEP_OK, "inclusion", "");
    assert_said(&said, GW_STEP_OK, "evidence", "byte for byte");
    assert_said(&said, GW_STEP_OK, "disclosure", "");
    assert_said(&said, GW_STEP_OK, "anchor", "");
    assert_said(&said, GW_STEP_NOTE, "heartbeat", "");
    assert_int_not_equal(said.result.times.not_after.posix, INT64_MIN);
    tsa_free(&t);
    case_free(c);
}

static void what_was_redacted_is_withheld_and_no_error(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    struct said said;
    struct gw_bundle *b;
    uint64_t at;
    char path[300];
    uint64_t leaf = case_keep(c, "one", &o);
    case_check(c,
               gw_ledger_redact(c->l, o.hash, "source-safety", &at, &c->why));
    assert_int_equal(at, leaf + 1);
    case_seal(c);
    struct gw_prove what = {.about = "e-one", .leaf = leaf, .disclose = true};
    bundle_in(c, &b, path);
    case_check(c, prove_into(c, &what, b));
    int rc = said_of(&said, path, (struct gw_verify_options){.threads = 1});
    assert_holds(&said, rc);
    assert_said(&said, GW_STEP_NOTE, "redaction", "withheld by redaction");
    case_free(c);
}

// ---- a stamp twice, a stamp lost ----------------------------------------

static void a_stamp_taken_in_twice_has_one_leaf_and_hinders_nothing(void **st)
{
    (void)st;
    struct archive_case *c = case_new();
    struct gw_object o;
    struct tsa t = {0};
    struct gw_bundle *b;
    uint64_t first, second, before, after;
    char path[300];
    uint64_t leaf = case_keep(c, "one", &o);
    case_seal(c);
    take_stamp(c, &t, false);
    gw_span stamp = gw_span_of(t.reply, t.reply_len);
    case_check(c, gw_leaf_count(c->a, &before, &c->why));
    case_check(c, gw_ledger_anchor(c->l, stamp, &first, &c->why));
    case_check(c, gw_ledger_anchor(c->l, stamp, &second, &c->why));
    case_check(c, gw_leaf_count(c->a, &after, &c->why));
    assert_int_equal(before, after);
    assert_int_equal(first, second);
    case_seal(c);
    struct gw_prove what = {.about = "e-one", .leaf = leaf};
    bundle_in(c, &b, path);
    case_check(c, prove_into(c, &what, b));
    assert_int_equal(case_bad(c, path), 0);
    tsa_free(&t);
    case_free(c);
}

static void a_lost_stamp_hinders_nothing(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    struct tsa t = {0};
    struct gw_bundle *b;
    char path[300];
    uint64_t leaf = case_keep(c, "one", &o);
    case_seal(c);
    take_stamp(c, &t, false);
    case_seal(c);
    struct count stamps = files_with(&c->place, ".tsr");
    assert_int_equal(stamps.n, 1);
    unlink(stamps.path);
    struct gw_prove what = {.about = "e-one", .leaf = leaf};
    bundle_in(c, &b, path);
    case_check(c, prove_into(c, &what, b));
    assert_int_equal(case_bad(c, path), 0);
    tsa_free(&t);
    case_free(c);
}

static void a_leaf_other_than_the_logs_is_not_proved(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    struct gw_bundle *b;
    char path[300];
    uint64_t leaf = case_keep(c, "one", &o);
    case_keep(c, "two", &o);
    case_seal(c);
    case_close(c);
    by_hand(&c->place, "DROP TRIGGER leaf_unchanged;"
                       "UPDATE leaf SET idx = 99 WHERE idx = 1;"
                       "UPDATE leaf SET idx = 1 WHERE idx = 2;"
                       "UPDATE leaf SET idx = 2 WHERE idx = 99;");
    case_open(c);
    struct gw_prove what = {.about = "e-one", .leaf = leaf};
    bundle_in(c, &b, path);
    assert_int_equal(prove_into(c, &what, b), GW_ECORRUPT);
    assert_non_null(strstr(c->why.text, "another than the log"));
    case_free(c);
}

static void a_leaf_without_a_checkpoint_is_told(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    struct gw_bundle *b;
    char path[300];
    struct gw_prove what = {.about = "e-one", .leaf = case_keep(c, "one", &o)};
    bundle_in(c, &b, path);
    assert_int_equal(prove_into(c, &what, b), GW_ENOENT);
    assert_non_null(strstr(c->why.text, "gawah seal"));
    case_free(c);
}

// ---- two stages ---------------------------------------------------------

// One line of a batch of three, and the JSON of the batch for a leaf.
static void put_batch(struct archive_case *c, struct gw_bundle *b,
                      const char *path, const char *const lines[3],
                      struct gw_buf *json)
{
    struct gw_batch_proof p = {.index = 1, .size = 3};
    struct gw_tree *t = gw_tree_new();
    struct gw_buf text;
    gw_buf_init(&text, 4096);
    for (size_t i = 0; i < 3; i++) {
        struct gw_hash32 h = gw_leaf_hash(gw_str(lines[i]));
        case_check(c, gw_tree_add(t, &h));
    }
    case_check(c, gw_root_of_first(gw_tree_node, t, 3, &p.root, &c->why));
    case_check(c, gw_inclusion_prove(gw_tree_node, t, 1, 3, &p.proof, &c->why));
    gw_batch_proof_format(&p, &text);
    case_check(c, gw_bundle_put(b, path, gw_buf_span(&text), &c->why));
    gw_put_str(json, "{\"count\":3,\"root\":\"");
    gw_b64_put(GW_B64_STANDARD, gw_span_of(p.root.at, sizeof p.root.at), json);
    gw_put_str(json, "\"}");
    gw_buf_release(&text);
    gw_tree_free(t);
}

static uint64_t append_batch(struct archive_case *c, enum gw_leaf_type type,
                             const char *name, const struct gw_buf *json)
{
    uint64_t index;
    struct gw_leaf_field field = {name, gw_buf_span(json), false};
    struct gw_new_leaf leaf = {
        .type = type, .at = c->clock.fixed, .fields = &field, .count = 1};
    case_check(c, gw_ledger_append(c->l, &leaf, name, &index, &c->why));
    return index;
}

// What stands in for a segment: bytes, and the hash they go by at the end.
static void put_segment_files(struct archive_case *c, struct gw_bundle *b,
                              char ret_line[GW_SET_ENTRY])
{
    struct gw_buf bytes;
    char hex[2 * GW_HASH_LEN + 1], object[2 * GW_HASH_LEN + 1];
    gw_buf_init(&bytes, 4096);
    gw_put_str(&bytes, "findings");
    struct gw_hash32 h = gw_sha256(gw_buf_span(&bytes));
    struct gw_hash32 o = gw_sha256(GW_LIT("object"));
    gw_put(&bytes, h.at, sizeof h.at);
    gw_hex(h.at, sizeof h.at, hex);
    gw_hex(o.at, sizeof o.at, object);
    gw_set_entry(object, hex, ret_line);
    case_check(
        c, gw_bundle_put(b, "data/segment.gws", gw_buf_span(&bytes), &c->why));
    case_check(
        c, gw_bundle_put(b, "data/segment.entry", gw_str(ret_line), &c->why));
    gw_buf_release(&bytes);
}

static void record_and_segment_hold(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct said said;
    struct gw_bundle *b;
    struct gw_buf records, segments;
    char path[300], line[GW_SET_ENTRY];
    gw_buf_init(&records, 4096);
    gw_buf_init(&segments, 4096);
    bundle_in(c, &b, path);
    put_segment_files(c, b, line);
    put_batch(c, b, "proofs/record.batch-proof",
              (const char *const[3]){"a", "the record", "c"}, &records);
    put_batch(c, b, "proofs/segment.batch-proof",
              (const char *const[3]){"a", line, "c"}, &segments);
    case_check(c,
               gw_bundle_put(b, "data/record", GW_LIT("the record"), &c->why));
    struct gw_prove what = {.about = "r-one", .record = true, .segment = true};
    what.leaf = append_batch(c, GW_LEAF_EVIDENCE, "records", &records);
    what.segment_leaf =
        append_batch(c, GW_LEAF_FINDINGS, "segments", &segments);
    case_seal(c);
    case_check(c, prove_into(c, &what, b));
    int rc = said_of(&said, path, (struct gw_verify_options){.threads = 1});
    assert_holds(&said, rc);
    assert_said(&said, GW_STEP_OK, "record", "number 2 of the 3");
    assert_said(&said, GW_STEP_OK, "segment", "number 2 of the 3");
    gw_buf_release(&records);
    gw_buf_release(&segments);
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_at_once_holds),
        cmocka_unit_test(record_and_segment_hold),
        cmocka_unit_test(what_was_redacted_is_withheld_and_no_error),
        cmocka_unit_test(
            a_stamp_taken_in_twice_has_one_leaf_and_hinders_nothing),
        cmocka_unit_test(a_lost_stamp_hinders_nothing),
        cmocka_unit_test(a_leaf_other_than_the_logs_is_not_proved),
        cmocka_unit_test(a_leaf_without_a_checkpoint_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
