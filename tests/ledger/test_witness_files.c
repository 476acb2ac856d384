// Where there is no network, a request and its answer go as files: the same
// bytes that HTTP would have carried.
#include "talk_case.h"

#define ORIGIN "files.example/log"
#define SIZE   300

// A log in memory, served to readers by a function.
struct sample {
    struct gw_tree *tree;
    struct gw_log_reader *reader;
    struct gw_tiles *tiles;
    struct gw_key log, witness[2], stranger;
    struct gw_checkpoint checkpoint;
    struct gw_buf note; // signed by the log
    struct gw_policy *policy;
};

static void entry_hash(uint64_t i, struct gw_hash32 *ret)
{
    char text[32];
    int n = snprintf(text, sizeof text, "entry %llu", (unsigned long long)i);
    *ret = gw_leaf_hash(gw_span_of(text, (size_t)n));
}

// Tiles of level 0 and 1 of SIZE entries.
static int get(void *ctx, const char *path, size_t max, struct gw_buf *ret,
               struct gw_why *why)
{
    struct sample *s = ctx;
    char name[GW_TILE_PATH];
    (void)max;
    for (unsigned level = 0; level < 2; level++)
        for (uint64_t n = 0; n << 8 << 8 * level < SIZE; n++) {
            uint64_t left = (SIZE >> 8 * level) - n * 256;
            unsigned width = left < 256 ? (unsigned)left : 256;
            gw_tile_path((int)level, n, width, name);
            if (!width || strcmp(name, path) != 0)
                continue;
            for (unsigned i = 0; i < width; i++) {
                struct gw_hash32 h;
                assert_int_equal(
                    gw_tree_node(s->tree, 8 * level, n * 256 + i, &h, why), 0);
                gw_put(ret, h.at, GW_HASH_LEN);
            }
            return 0;
        }
    return gw_fail(why, GW_ENOENT, "%s: none", path);
}

static void sign(struct sample *s, uint64_t size, struct gw_buf *ret)
{
    struct gw_buf text;
    struct gw_why why = {0};
    struct gw_checkpoint c = {.origin = ORIGIN, .size = size};
    gw_buf_init(&text, 4096);
    assert_ok(gw_root_of_first(gw_tree_node, s->tree, size, &c.root, &why),
              why);
    gw_checkpoint_format(&c, &text);
    gw_buf_init(ret, GW_NOTE_MAX);
    gw_put_span(ret, gw_buf_span(&text));
    gw_put_u8(ret, '\n');
    assert_ok(gw_note_sign(gw_buf_span(&text), &s->log.vkey, &s->log.signing, 0,
                           ret, &why),
              why);
    gw_buf_release(&text);
    s->checkpoint = c;
}

static void make_sample(struct sample *s)
{
    char vkey[GW_VKEY_TEXT];
    struct gw_buf text;
    struct gw_why why = {0};
    *s = (struct sample){.tree = gw_tree_new()};
    for (uint64_t i = 0; i < SIZE; i++) {
        struct gw_hash32 h;
        entry_hash(i, &h);
        assert_int_equal(gw_tree_add(s->tree, &h), 0);
    }
    talk_key(GW_ROLE_LOG, ORIGIN, 1, &s->log);
    talk_key(GW_ROLE_WITNESS, "one.example", 2, &s->witness[0]);
    talk_key(GW_ROLE_WITNESS, "two.example", 3, &s->witness[1]);
    talk_key(GW_ROLE_WITNESS, "three.example", 4, &s->stranger);
    gw_buf_init(&text, 1 << 16);
    gw_vkey_format(&s->log.vkey, vkey);
    gw_put_fmt(&text, "log %s\n", vkey);
    for (int i = 0; i < 2; i++) {
        gw_vkey_format(&s->witness[i].vkey, vkey);
        gw_put_fmt(&text, "witness w%d %s\n", i, vkey);
    }
    gw_put_str(&text, "group both all w0 w1\nquorum both\n");
    s->policy = talk_policy(gw_buf_span(&text));
    gw_buf_release(&text);
    sign(s, SIZE, &s->note);
    s->reader = gw_log_reader_on(get, s);
    assert_ok(gw_tiles_open(s->reader, &s->checkpoint, &s->tiles, &why), why);
}

static void free_sample(struct sample *s)
{
    gw_tiles_close(s->tiles);
    gw_log_reader_close(s->reader);
    gw_tree_free(s->tree);
    gw_policy_free(s->policy);
    gw_buf_release(&s->note);
}

static void request(struct sample *s, uint64_t old, const struct gw_buf *note,
                    struct gw_buf *ret)
{
    struct gw_why why = {0};
    gw_buf_init(ret, 1 << 20);
    assert_ok(gw_witness_request(s->tiles, old, gw_buf_span(note), ret, &why),
              why);
}

static void an_answer_by_file_is_the_body_of_the_answer_by_http(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 7, 256, 257, SIZE};
    const struct gw_clock clock = {.fixed = 1700000000 * GW_SECOND};
    struct sample s;
    struct talk_witness w = {.clock = &clock};
    struct gw_signer *by_file;
    struct gw_why why = {0};
    char top[TALK_PATH], one[TALK_PATH], other[TALK_PATH];
    uint64_t old = 0;
    talk_folder(top);
    make_sample(&s);
    w.key = s.witness[0];
    talk_witness_start(&w, talk_join(top, "one", one), s.policy, "127.0.0.1:0");
    assert_ok(gw_signer_open(talk_join(top, "other", other), &s.witness[0],
                             s.policy, &clock, &by_file, &why),
              why);
    for (size_t i = 0; i < GW_COUNT(sizes); i++) {
        struct gw_buf note, body, lines;
        struct gw_answer a;
        sign(&s, sizes[i], &note);
        request(&s, old, &note, &body);
        struct talk_answer http =
            talk(w.ready.address, "POST", GW_LIT("/add-checkpoint"),
                 gw_buf_span(&body));
        gw_signer_answer(by_file, gw_buf_span(&body), &a);
        assert_int_equal(a.status, 200);
        assert_int_equal(http.status, 200);
        assert_true(gw_eq(http.body, gw_buf_span(&a.body)));
        gw_buf_init(&lines, GW_NOTE_MAX);
        assert_ok(gw_witness_accept(s.policy, gw_buf_span(&note),
                                    gw_buf_span(&a.body), &lines, &why),
                  why);
        assert_true(gw_eq(gw_buf_span(&lines), gw_buf_span(&a.body)));
        gw_buf_release(&lines);
        gw_answer_release(&a);
        talk_answer_release(&http);
        gw_buf_release(&body);
        gw_buf_release(&note);
        old = sizes[i];
    }
    gw_signer_close(by_file);
    talk_witness_stop(&w);
    free_sample(&s);
    talk_remove(top);
}

static void a_request_is_old_size_proof_and_checkpoint(void **state)
{
    (void)state;
    struct sample s;
    struct gw_buf body;
    struct gw_why why = {0};
    make_sample(&s);
    request(&s, 0, &s.note, &body);
    assert_true(gw_starts(gw_buf_span(&body), "old 0\n\n" ORIGIN "\n"));
    assert_true(
        gw_eq(gw_sub(gw_buf_span(&body), 7, body.len), gw_buf_span(&s.note)));
    gw_buf_release(&body);
    request(&s, 256, &s.note, &body);
    assert_true(gw_starts(gw_buf_span(&body), "old 256\n"));
    assert_true(
        gw_ends(gw_sub(gw_buf_span(&body), 0, body.len - s.note.len), "=\n\n"));
    gw_buf_release(&body);
    request(&s, SIZE, &s.note, &body);
    assert_true(gw_starts(gw_buf_span(&body), "old 300\n\n"));
    gw_buf_reset(&body);
    assert_int_equal(gw_witness_request(s.tiles, SIZE + 1, gw_buf_span(&s.note),
                                        &body, &why),
                     GW_EFORK);
    why = (struct gw_why){0};
    assert_int_equal(
        gw_witness_request(s.tiles, 1, GW_LIT("no checkpoint"), &body, &why),
        GW_EFORMAT);
    gw_buf_release(&body);
    free_sample(&s);
}

static void put_line(const struct sample *s, const struct gw_key *key,
                     gw_span text, struct gw_buf *ret)
{
    struct gw_why why = {0};
    (void)s;
    assert_ok(
        gw_note_sign(text, &key->vkey, &key->signing, 1700000000, ret, &why),
        why);
}

static int accept_answer(const struct sample *s, const struct gw_buf *answer,
                         struct gw_buf *ret)
{
    struct gw_why why = {0};
    gw_buf_init(ret, GW_NOTE_MAX);
    int rc = gw_witness_accept(s->policy, gw_buf_span(&s->note),
                               gw_buf_span(answer), ret, &why);
    assert_true(!rc || why.text[0]);
    return rc;
}

static void only_lines_that_verify_are_accepted(void **state)
{
    (void)state;
    struct sample s;
    struct gw_buf answer, lines, expected;
    make_sample(&s);
    gw_span text =
        gw_sub(gw_buf_span(&s.note), 0,
               (size_t)gw_find(gw_buf_span(&s.note), GW_LIT("\n\n"), 0) + 1);
    gw_buf_init(&answer, 1 << 20);
    gw_buf_init(&expected, 1 << 20);
    assert_int_equal(accept_answer(&s, &answer, &lines), GW_EPROOF); // empty
    gw_buf_release(&lines);
    // Nobody that the policy knows.
    put_line(&s, &s.stranger, text, &answer);
    assert_int_equal(accept_answer(&s, &answer, &lines), GW_EPROOF);
    assert_int_equal(lines.len, 0);
    gw_buf_release(&lines);
    // Both witnesses, in any order, and the stranger.
    put_line(&s, &s.witness[1], text, &answer);
    put_line(&s, &s.witness[0], text, &answer);
    put_line(&s, &s.witness[0], text, &expected);
    put_line(&s, &s.witness[1], text, &expected);
    assert_int_equal(accept_answer(&s, &answer, &lines), 0);
    assert_true(gw_eq(gw_buf_span(&lines), gw_buf_span(&expected)));
    gw_buf_release(&lines);
    // One of them signed something else: nothing of that file is believed.
    gw_buf_reset(&answer);
    put_line(&s, &s.witness[0], GW_LIT(ORIGIN "\n301\nAAAA\n"), &answer);
    assert_int_equal(accept_answer(&s, &answer, &lines), GW_EPROOF);
    gw_buf_release(&lines);
    gw_buf_release(&answer);
    gw_buf_release(&expected);
    free_sample(&s);
}

static void files_that_are_no_answer_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "300\n",
        "hello\n",
        "\n",
        "\xe2\x80\x94 one.example\n",
        "\xe2\x80\x94 one.example AAAA",
        "HTTP/1.1 200 OK\r\n",
        "\xe2\x80\x94 one.example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n\n",
    };
    struct sample s;
    make_sample(&s);
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        struct gw_buf answer, lines;
        gw_buf_init(&answer, 1 << 20);
        gw_put_str(&answer, bad[i]);
        int rc = accept_answer(&s, &answer, &lines);
        assert_true(rc == GW_EFORMAT || rc == GW_EPROOF);
        gw_buf_release(&answer);
        gw_buf_release(&lines);
    }
    struct gw_buf big, lines;
    gw_buf_init(&big, 1 << 20);
    for (int i = 0; i < 70000; i++)
        gw_put_u8(&big, '\n');
    assert_int_equal(accept_answer(&s, &big, &lines), GW_ETOOBIG);
    gw_buf_release(&big);
    gw_buf_release(&lines);
    free_sample(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_by_file_is_the_body_of_the_answer_by_http),
        cmocka_unit_test(a_request_is_old_size_proof_and_checkpoint),
        cmocka_unit_test(only_lines_that_verify_are_accepted),
        cmocka_unit_test(files_that_are_no_answer_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
