// The reference log, written here, is the peer's byte for byte: tiles, bundles
// and checkpoints with the cosignatures of three witnesses.
#include "ledger/signer.h"
#include "log_case.h"
#include "peer.h"

enum { WITNESSES = 3, SIZES_MAX = 32 };

static const uint64_t start_time = 1700000000;

struct reference {
    struct log_case c;
    char peer[128];
    struct gw_policy *policy;
};

static void begin(struct reference *r, const char *n, const char *sizes)
{
    case_begin(&r->c);
    snprintf(r->peer, sizeof r->peer, "%s/peer", r->c.root);
    const char *args[] = {"gen",   "-n",     n,     "-out",
                          r->peer, "-sizes", sizes, NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
    char path[256];
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    snprintf(path, sizeof path, "%s/policy.txt", r->peer);
    assert_int_equal(gw_file_read(path, &text, NULL), 0);
    assert_int_equal(gw_policy_parse(gw_buf_span(&text), &r->policy, NULL), 0);
    unlink(path); // the only file that no log writes
    gw_buf_release(&text);
}

static void end(struct reference *r)
{
    gw_policy_free(r->policy);
    case_end(&r->c);
}

// What witness j has signed last.
static uint64_t seen_by(struct gw_signer *s)
{
    struct gw_buf note;
    struct gw_note n;
    struct gw_checkpoint c = {.size = 0};
    struct gw_arena *arena = gw_arena_new(1 << 20);
    gw_buf_init(&note, 1 << 20);
    if (gw_signer_last(s, gw_str(CASE_ORIGIN), &note, NULL) == 0) {
        assert_int_equal(gw_note_parse(gw_buf_span(&note), arena, &n, NULL), 0);
        assert_int_equal(gw_checkpoint_parse(n.text, &c, NULL), 0);
    }
    gw_buf_release(&note);
    gw_arena_free(arena);
    return c.size;
}

// Its line of that checkpoint, appended to ret.
static void cosign(struct reference *r, int j, const struct gw_checkpoint *c,
                   gw_span note, struct gw_buf *ret)
{
    struct gw_key key;
    char name[32], state[128];
    struct gw_clock clock = {(gw_time)(start_time + c->size + (uint64_t)j) *
                             GW_SECOND};
    snprintf(name, sizeof name, "witness%d.example", j);
    snprintf(state, sizeof state, "%s/witness%d", r->c.root, j);
    case_key(GW_ROLE_WITNESS, name, (uint8_t)(0x10 + j), &key);
    struct gw_signer *s;
    struct gw_log_reader *reader;
    struct gw_tiles *tiles;
    struct gw_answer a;
    struct gw_buf body;
    gw_buf_init(&body, 1 << 20);
    assert_int_equal(gw_signer_open(state, &key, r->policy, &clock, &s, NULL),
                     0);
    assert_int_equal(gw_log_reader_open(r->c.folder, &reader, NULL), 0);
    assert_int_equal(gw_tiles_open(reader, c, &tiles, NULL), 0);
    struct signer_request request = {.old = seen_by(s), .checkpoint = note};
    if (request.old)
        assert_int_equal(gw_consistency_prove(gw_tiles_node, tiles, request.old,
                                              c->size, &request.proof, NULL),
                         0);
    signer_request_format(&request, &body);
    gw_signer_answer(s, gw_buf_span(&body), &a);
    assert_int_equal(a.status, 200);
    gw_put_span(ret, gw_buf_span(&a.body));
    gw_answer_release(&a);
    gw_buf_release(&body);
    gw_tiles_close(tiles);
    gw_log_reader_close(reader);
    gw_signer_close(s);
}

// Publishes a tree of that size and keeps its cosigned checkpoint in memory;
// the log's own file is left as the log wrote it.
static void publish(struct reference *r, struct gw_log *l, uint64_t size,
                    struct gw_buf *ret)
{
    struct gw_checkpoint c;
    char path[256];
    case_append_to(l, size);
    case_publish(l, &c);
    assert_int_equal(c.size, size);
    gw_buf_reset(ret);
    snprintf(path, sizeof path, "%s/checkpoint", r->c.folder);
    assert_int_equal(gw_file_read(path, ret, NULL), 0);
    struct gw_buf lines;
    gw_buf_init(&lines, 1 << 16);
    for (int j = 1; j <= WITNESSES; j++)
        cosign(r, j, &c, gw_buf_span(ret), &lines);
    gw_put_span(ret, gw_buf_span(&lines));
    gw_buf_release(&lines);
}

static size_t write_reference(struct reference *r, const uint64_t *sizes,
                              size_t count)
{
    char path[256];
    struct gw_buf note;
    gw_buf_init(&note, 1 << 16);
    struct gw_log *l = case_open(&r->c);
    for (size_t i = 0; i < count; i++) {
        publish(r, l, sizes[i], &note);
        snprintf(path, sizeof path, "%s/checkpoint.%llu", r->c.folder,
                 (unsigned long long)sizes[i]);
        assert_int_equal(gw_file_write(path, gw_buf_span(&note), NULL), 0);
    }
    gw_log_close(l);
    snprintf(path, sizeof path, "%s/checkpoint", r->c.folder);
    assert_int_equal(gw_file_write(path, gw_buf_span(&note), NULL), 0);
    gw_buf_release(&note);
    return case_alike(r->c.folder, r->peer);
}

static const uint64_t few[] = {0,   1,   2,   3,   4,   5,   6,  7,   8,
                               9,   15,  16,  17,  31,  33,  64, 127, 128,
                               129, 200, 255, 256, 257, 258, 300};
#define FEW                                                                    \
    "0,1,2,3,4,5,6,7,8,9,15,16,17,31,33,64,127,128,129,200,255,256,257,258"

static void three_hundred_entries_are_the_peers(void **state)
{
    (void)state;
    struct reference r;
    if (!peer_or_skip("the reference log of 300 entries"))
        return;
    begin(&r, "300", FEW);
    assert_true(write_reference(&r, few, GW_COUNT(few)) > 60);
    end(&r);
}

// The same without a journal, where every tree comes from a log just opened.
static void a_log_opened_for_every_tree_writes_the_same(void **state)
{
    (void)state;
    struct reference r;
    struct gw_buf note;
    char path[256];
    if (!peer_or_skip("the reference log, opened anew"))
        return;
    begin(&r, "300", FEW);
    gw_buf_init(&note, 1 << 16);
    r.c.options.journal = NULL;
    for (size_t i = 0; i < GW_COUNT(few); i++) {
        struct gw_log *l = case_open(&r.c);
        assert_int_equal(gw_log_size(l), i ? few[i - 1] : 0);
        publish(&r, l, few[i], &note);
        gw_log_close(l);
        snprintf(path, sizeof path, "%s/checkpoint.%llu", r.c.folder,
                 (unsigned long long)few[i]);
        assert_int_equal(gw_file_write(path, gw_buf_span(&note), NULL), 0);
    }
    snprintf(path, sizeof path, "%s/checkpoint", r.c.folder);
    assert_int_equal(gw_file_write(path, gw_buf_span(&note), NULL), 0);
    assert_true(case_alike(r.c.folder, r.peer) > 60);
    gw_buf_release(&note);
    end(&r);
}

// "<hex>  ./<path>" for each file of the peer's log of 70,000 entries.
static size_t compare_with_list(const struct reference *r, gw_span list)
{
    size_t files = 0;
    while (list.len) {
        gw_span line = gw_cut(&list, '\n'), path = gw_sub(line, 67, line.len);
        char file[512], hex[2 * GW_HASH_LEN + 1];
        struct gw_buf b;
        if (line.len < 68 || gw_is(path, "policy.txt") ||
            gw_is(path, "/policy.txt"))
            continue;
        gw_buf_init(&b, 32 << 20);
        snprintf(file, sizeof file, "%s/%.*s", r->c.folder, (int)path.len,
                 (const char *)path.at);
        if (gw_file_read(file, &b, NULL))
            fail_msg("%s is missing", file);
        struct gw_hash32 is = gw_sha256(gw_buf_span(&b));
        gw_hex(is.at, GW_HASH_LEN, hex);
        if (!gw_eq(gw_sub(line, 0, 64), gw_str(hex)))
            fail_msg("%s is not the peer's", file);
        gw_buf_release(&b);
        files++;
    }
    return files;
}

static void seventy_thousand_entries_are_the_peers(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {65535, 65536, 65537, 70000};
    struct reference r;
    struct gw_buf list;
    char path[512];
    const char *data = getenv("GAWAH_DATA");
    if (!peer_or_skip("the reference log of 70,000 entries"))
        return;
    begin(&r, "70000", "65535,65536,65537,70000");
    r.c.options.threads = 2;
    r.c.options.journal_bytes = 64 << 20;
    size_t files = write_reference(&r, sizes, GW_COUNT(sizes));
    gw_buf_init(&list, 1 << 20);
    snprintf(path, sizeof path, "%s/tlog/ref/log70000.sha256",
             data ? data : "");
    if (data && gw_file_read(path, &list, NULL) == 0)
        assert_int_equal(compare_with_list(&r, gw_buf_span(&list)), files);
    else
        printf("skipped, no data: the list of hashes\n");
    gw_buf_release(&list);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_hundred_entries_are_the_peers),
        cmocka_unit_test(a_log_opened_for_every_tree_writes_the_same),
        cmocka_unit_test(seventy_thousand_entries_are_the_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
