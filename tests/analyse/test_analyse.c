// Over whole archives: the same findings whatever the threads and the order,
// nothing judged twice, and sums that count each observer once.
#include "t.h"

#include "make.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITE    "93.184.216.34"
#define SITE_AS SITE "@15133"
#define HOST    "www.example.com"
#define TCP443                                                                 \
    "input https://www.example.com/\ndns getaddrinfo " HOST " " SITE_AS "\n"   \
    "tcp " SITE ":443 ok\n"
#define RESET TCP443 "tls " SITE ":443 " HOST " connection_reset\n"
#define FINE                                                                   \
    TCP443 "tls " SITE ":443 " HOST " ok\n"                                    \
           "http https://www.example.com/ " SITE ":443 200 site\n"
#define BLOCKED                                                                \
    RESET "c-dns " SITE_AS "\nc-tcp " SITE ":443 ok\n"                         \
          "c-tls " SITE ":443 " HOST " ok\nc-http 200 site\n"

static const struct gw_clock clock_at = {.fixed = 1700000000 * GW_SECOND};

struct place {
    char root[64], archive[96];
    struct gw_archive *a;
    struct gw_ledger *l;
    struct gw_chance chance;
};

static int drop(const char *path, const struct stat *st, int flag,
                struct FTW *f)
{
    (void)st;
    (void)flag;
    (void)f;
    return remove(path);
}

static void place_open(struct place *p)
{
    bool memory = access("/dev/shm", W_OK) == 0;
    snprintf(p->root, sizeof p->root, "%s/gawah-XXXXXX",
             memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(p->root));
    assert_int_equal(chmod(p->root, 0755), 0);
    snprintf(p->archive, sizeof p->archive, "%s/archive", p->root);
    assert_int_equal(
        gw_archive_open(p->archive, GW_ARCHIVE_CREATE, &clock_at, &p->a, NULL),
        0);
    p->chance = (struct gw_chance){true, {1}};
    struct gw_ledger_options options = {.chance = &p->chance,
                                        .clock = &clock_at};
    assert_int_equal(gw_ledger_open(p->a, &options, &p->l, NULL), 0);
}

static void place_close(struct place *p)
{
    gw_ledger_close(p->l);
    gw_archive_close(p->a);
    nftw(p->root, drop, 16, FTW_DEPTH | FTW_PHYS);
}

// ---- evidence -----------------------------------------------------------

struct file {
    struct gw_buf text; // JSON lines
    const char *name;
    int lines;
};

static void file_init(struct file *f, const char *name)
{
    gw_buf_init(&f->text, 16 << 20);
    f->name = name;
    f->lines = 0;
}

// A line of the recipe, from that country and network; id: who, may be NULL.
static void file_add(struct file *f, const char *recipe, const char *cc,
                     int asn, const char *id)
{
    struct gw_buf whole, line;
    gw_buf_init(&whole, 1 << 20);
    gw_buf_init(&line, 1 << 20);
    gw_put_fmt(&whole, "%sat %s %d\n", recipe, cc, asn);
    gw_put_u8(&whole, 0);
    gw_make(&line, (const char *)whole.at);
    gw_put_fmt(&f->text,
               "{\"measurement_uid\":\"%s-%s-%d\",\"probe_id\":\"%s\",",
               f->name, cc, f->lines++, id ? id : "");
    gw_put_span(&f->text, gw_sub(gw_buf_span(&line), 1, line.len));
    gw_put_u8(&f->text, '\n');
    gw_buf_release(&whole);
    gw_buf_release(&line);
}

static int64_t give(void *ctx, uint8_t *at, size_t len)
{
    gw_span *left = ctx;
    size_t n = left->len < len ? left->len : len;
    if (n)
        memcpy(at, left->at, n);
    *left = gw_sub(*left, n, left->len);
    return (int64_t)n;
}

static void put_block(struct gw_case *c, struct gw_segment_writer *w)
{
    struct gw_buf bytes;
    struct gw_block_codec *codec = gw_block_codec_new();
    gw_buf_init(&bytes, 64 << 20);
    assert_int_equal(gw_block_encode(codec, &c->facts, &bytes, NULL), 0);
    assert_int_equal(gw_segment_put(w, gw_buf_span(&bytes), NULL), 0);
    gw_buf_release(&bytes);
    gw_block_codec_free(codec);
    gw_block_reset(&c->facts);
}

// Facts of every line, as ingest makes them, in blocks of a few lines each.
static int64_t put_facts(struct place *p, const char *object, gw_span lines)
{
    enum { LINES_IN_BLOCK = 10 };
    struct gw_segment_writer *w;
    struct gw_case c;
    int64_t n = 0;
    gw_case_init(&c);
    assert_int_equal(gw_segment_begin(p->a, GW_TIER_FACTS, object,
                                      GW_LIT("{\"facts_version\":1}"), &w,
                                      NULL),
                     0);
    for (gw_span rest = lines; rest.len; n++) {
        gw_case_add(&c, gw_cut(&rest, '\n'));
        if (n % LINES_IN_BLOCK == LINES_IN_BLOCK - 1)
            put_block(&c, w);
    }
    put_block(&c, w);
    assert_int_equal(gw_segment_finish(w, NULL), 0);
    gw_case_release(&c);
    return n;
}

static void take_in(struct place *p, struct file *f)
{
    struct gw_object o;
    bool new;
    gw_span left = gw_buf_span(&f->text);
    assert_int_equal(
        gw_evidence_put(p->a, give, &left, f->name, &o, &new, NULL), 0);
    assert_true(new);
    o.kind = GW_KIND_OONI_JSON;
    o.state = GW_DONE;
    o.records = put_facts(p, o.hash, gw_buf_span(&f->text));
    assert_int_equal(gw_evidence_describe(p->a, &o, NULL), 0);
    uint64_t index;
    struct gw_new_leaf leaf = {.type = GW_LEAF_EVIDENCE, .at = clock_at.fixed};
    assert_int_equal(gw_ledger_append(p->l, &leaf, o.hash, &index, NULL), 0);
    assert_int_equal(gw_ledger_commit(p->l, NULL), 0);
}

static struct gw_analyse_summary analyse(struct place *p, int threads,
                                         bool again)
{
    struct gw_analyse_options options = {.threads = threads, .again = again};
    struct gw_analyse_summary sum;
    struct gw_why why = {0};
    int rc = gw_analyse(p->l, &options, &sum, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return sum;
}

static void digest_of(struct place *p, char *hex, int64_t *segments)
{
    assert_int_equal(
        gw_tier_digest(p->a, GW_TIER_FINDINGS, hex, segments, NULL), 0);
}

// Six files of three dozen measurements, of which some know only the pool.
enum { FILES = 6 };
static void write_files(struct file *files)
{
    static const char *const recipes[] = {
        FINE,
        RESET,
        BLOCKED,
        "dns getaddrinfo " HOST " dns_nxdomain_error\n",
        "dns getaddrinfo " HOST " " SITE_AS "\ntcp " SITE ":80 ok\n"
        "http http://www.example.com/ " SITE ":80 200 block\n"
        "c-dns " SITE_AS "\nc-tcp " SITE ":80 ok\nc-http 200 site\n",
        "test telegram 0.3\ninput \ntcp 149.154.175.50:443 eof_error\n",
    };
    struct gw_rand rand = {17};
    for (int i = 0; i < FILES; i++) {
        char cc[3] = {'Z', (char)('A' + i), 0};
        file_init(&files[i], "a.jsonl");
        for (int k = 0; k < 36; k++)
            file_add(&files[i],
                     recipes[gw_rand_below(&rand, GW_COUNT(recipes))], cc,
                     64000 + (int)gw_rand_below(&rand, 7), NULL);
    }
}

static void release_files(struct file *files)
{
    for (int i = 0; i < FILES; i++)
        gw_buf_release(&files[i].text);
}

static void findings_are_the_same_for_any_threads_and_order(void **state)
{
    (void)state;
    static const struct {
        int threads, step;
    } ways[] = {{1, 1}, {2, 1}, {1, 5}, {5, 5}};
    struct file files[FILES];
    char first[2 * GW_HASH_LEN + 1] = "", hex[2 * GW_HASH_LEN + 1];
    int64_t segments;
    write_files(files);
    for (size_t w = 0; w < GW_COUNT(ways); w++) {
        struct place p;
        place_open(&p);
        for (int i = 0; i < FILES; i++)
            take_in(&p, &files[i * ways[w].step % FILES]);
        struct gw_analyse_summary sum = analyse(&p, ways[w].threads, false);
        assert_int_equal(sum.objects, FILES);
        assert_int_equal(sum.measurements, FILES * 36);
        assert_true(sum.findings > sum.measurements && sum.fired > 0);
        digest_of(&p, hex, &segments);
        assert_int_equal(segments, FILES);
        if (!first[0])
            memcpy(first, hex, sizeof first);
        assert_string_equal(hex, first);
        place_close(&p);
    }
    release_files(files);
}

// In between or all at once: the last analysis alone shows.
static void analysing_in_between_leaves_no_trace(void **state)
{
    (void)state;
    struct file files[FILES];
    char hex[2][2 * GW_HASH_LEN + 1];
    int64_t segments;
    write_files(files);
    for (int way = 0; way < 2; way++) {
        struct place p;
        place_open(&p);
        for (int i = 0; i < FILES; i++) {
            take_in(&p, &files[i]);
            if (way == 1)
                analyse(&p, 1, false);
        }
        analyse(&p, 1, false);
        digest_of(&p, hex[way], &segments);
        place_close(&p);
    }
    assert_string_equal(hex[0], hex[1]);
    release_files(files);
}

static void what_is_up_to_date_is_left_alone(void **state)
{
    (void)state;
    struct file f;
    struct place p;
    char before[2 * GW_HASH_LEN + 1], after[2 * GW_HASH_LEN + 1];
    int64_t segments;
    place_open(&p);
    file_init(&f, "a.jsonl");
    file_add(&f, BLOCKED, "ZA", 64000, NULL);
    take_in(&p, &f);
    assert_int_equal(analyse(&p, 1, false).objects, 1);
    digest_of(&p, before, &segments);
    struct gw_analyse_summary sum = analyse(&p, 2, false);
    assert_int_equal(sum.objects, 0);
    assert_int_equal(sum.current, 1);
    assert_int_equal(sum.measurements, 0);
    sum = analyse(&p, 1, true); // unless it is asked for
    assert_int_equal(sum.objects, 1);
    assert_int_equal(sum.current, 0);
    digest_of(&p, after, &segments);
    assert_string_equal(before, after);
    gw_buf_release(&f.text);
    place_close(&p);
}

static int64_t observers(struct place *p, const char *cc, enum gw_layer layer,
                         enum gw_state what, int64_t *ret_count)
{
    struct gw_summary *s;
    size_t n;
    int64_t found = -1;
    assert_int_equal(gw_summary_new(p->a, &s, NULL), 0);
    const struct gw_summary_row *rows = gw_summary_rows(s, &n);
    for (size_t i = 0; i < n; i++)
        if (gw_is(rows[i].key.probe_cc, cc) && rows[i].key.layer == layer) {
            assert_int_equal(found, -1); // one row for a key
            found = rows[i].observers[what];
            *ret_count = rows[i].count[what];
        }
    gw_summary_free(s);
    return found;
}

static void new_evidence_that_changes_the_pool_judges_again(void **state)
{
    (void)state;
    struct file f, others;
    struct place p;
    int64_t count;
    place_open(&p);
    file_init(&f, "a.jsonl");
    file_init(&others, "b.jsonl");
    file_add(&f, RESET, "IT", 137, NULL);
    take_in(&p, &f);
    analyse(&p, 1, false);
    assert_int_equal(
        observers(&p, "IT", GW_LAYER_ALL, GW_STATE_UNKNOWN, &count), 1);
    for (int i = 0; i < 3; i++)
        file_add(&others, FINE, "ZA", 64000 + i, NULL);
    take_in(&p, &others);
    struct gw_analyse_summary sum = analyse(&p, 1, false);
    assert_int_equal(sum.objects, 2);
    assert_true(sum.pool_keys > 0 && sum.pool_thinned == 0);
    assert_int_equal(
        observers(&p, "IT", GW_LAYER_ALL, GW_STATE_BLOCKED, &count), 1);
    assert_int_equal(
        observers(&p, "IT", GW_LAYER_ALL, GW_STATE_UNKNOWN, &count), 0);
    gw_buf_release(&f.text);
    gw_buf_release(&others.text);
    place_close(&p);
}

static void a_flood_from_one_observer_counts_once(void **state)
{
    (void)state;
    struct file f;
    struct place p;
    int64_t count = 0;
    place_open(&p);
    file_init(&f, "flood.jsonl");
    for (int i = 0; i < 1000; i++)
        file_add(&f, BLOCKED, "IT", 137, "the-one");
    file_add(&f, BLOCKED, "IT", 137, "another");
    file_add(&f, BLOCKED, "IT", 137, NULL);
    take_in(&p, &f);
    analyse(&p, 2, false);
    assert_int_equal(
        observers(&p, "IT", GW_LAYER_ALL, GW_STATE_BLOCKED, &count), 3);
    assert_int_equal(count, 1002);
    gw_buf_release(&f.text);
    place_close(&p);
}

static void many_observers_are_counted_exactly(void **state)
{
    (void)state;
    struct file f;
    struct place p;
    int64_t count = 0;
    place_open(&p);
    file_init(&f, "crowd.jsonl");
    for (int i = 0; i < 400; i++) {
        char id[16];
        snprintf(id, sizeof id, "probe-%d", i % 131);
        file_add(&f, BLOCKED, "IT", 137, id);
    }
    take_in(&p, &f);
    analyse(&p, 1, false);
    assert_int_equal(
        observers(&p, "IT", GW_LAYER_TLS, GW_STATE_BLOCKED, &count), 131);
    assert_int_equal(count, 400);
    gw_buf_release(&f.text);
    place_close(&p);
}

static void a_measurement_in_two_files_counts_once(void **state)
{
    (void)state;
    struct file f;
    struct place p;
    int64_t count = 0;
    place_open(&p);
    file_init(&f, "a.jsonl");
    file_add(&f, BLOCKED, "IT", 137, "x");
    take_in(&p, &f);
    file_add(&f, BLOCKED, "IT", 137, "y"); // the same line and one more
    take_in(&p, &f);
    assert_int_equal(analyse(&p, 1, false).measurements, 3);
    assert_int_equal(
        observers(&p, "IT", GW_LAYER_ALL, GW_STATE_BLOCKED, &count), 2);
    assert_int_equal(count, 2);
    gw_buf_release(&f.text);
    place_close(&p);
}

static void rows_with_blocked_observers_stand_first(void **state)
{
    (void)state;
    struct file f;
    struct place p;
    struct gw_summary *s;
    size_t n;
    place_open(&p);
    file_init(&f, "a.jsonl");
    for (int i = 0; i < 50; i++)
        file_add(&f, FINE, "ZA", 64000, NULL);
    file_add(&f, BLOCKED, "ZB", 64001, "x");
    file_add(&f, BLOCKED, "ZC", 64002, "x");
    file_add(&f, BLOCKED, "ZC", 64002, "y");
    take_in(&p, &f);
    analyse(&p, 1, false);
    assert_int_equal(gw_summary_new(p.a, &s, NULL), 0);
    const struct gw_summary_row *rows = gw_summary_rows(s, &n);
    assert_true(n > 3 && gw_is(rows[0].key.probe_cc, "ZC"));
    for (size_t i = 1; i < n; i++)
        assert_true(rows[i - 1].observers[GW_STATE_BLOCKED] >=
                    rows[i].observers[GW_STATE_BLOCKED]);
    struct gw_id id;
    assert_true(gw_id_parse(gw_str(rows[0].example), &id) && id.kind == 'f');
    assert_non_null(gw_rule_find(gw_str(rows[0].rule)));
    assert_true(rows[0].llr > 0 && rows[0].first <= rows[0].last);
    gw_summary_free(s);
    gw_buf_release(&f.text);
    place_close(&p);
}

static void an_empty_archive_has_nothing_to_find(void **state)
{
    (void)state;
    struct place p;
    struct gw_summary *s;
    size_t n;
    place_open(&p);
    struct gw_analyse_summary sum = analyse(&p, 2, false);
    assert_int_equal(sum.objects + sum.current + sum.findings, 0);
    assert_int_equal(gw_summary_new(p.a, &s, NULL), 0);
    (void)gw_summary_rows(s, &n);
    assert_int_equal(n, 0);
    gw_summary_free(s);
    place_close(&p);
}

static uint64_t findings_leaves(struct place *p, gw_leaf_fn *fn)
{
    uint64_t n = 0;
    assert_int_equal(gw_leaves_each(p->a, 0, "findings", fn, &n, NULL), 0);
    return n;
}

static int count_leaf(void *ctx, const struct gw_leaf_row *leaf)
{
    (void)leaf;
    ++*(uint64_t *)ctx;
    return 0;
}

static void a_set_of_findings_is_witnessed_once(void **state)
{
    (void)state;
    struct file f;
    struct place p;
    place_open(&p);
    file_init(&f, "a.jsonl");
    file_add(&f, BLOCKED, "ZA", 64000, NULL);
    take_in(&p, &f);
    analyse(&p, 1, false);
    assert_int_equal(findings_leaves(&p, count_leaf), 1);
    analyse(&p, 2, true); // the same bytes come out
    assert_int_equal(findings_leaves(&p, count_leaf), 1);
    gw_buf_release(&f.text);
    file_init(&f, "b.jsonl");
    file_add(&f, BLOCKED, "ZA", 64001, NULL);
    take_in(&p, &f);
    analyse(&p, 1, false);
    assert_int_equal(findings_leaves(&p, count_leaf), 2);
    gw_buf_release(&f.text);
    place_close(&p);
}

static void a_raised_flag_stops_it_before_the_next_object(void **state)
{
    (void)state;
    struct file f;
    struct place p;
    atomic_int stop = 1;
    struct gw_analyse_options options = {.threads = 2, .stop = &stop};
    struct gw_analyse_summary sum;
    place_open(&p);
    file_init(&f, "a.jsonl");
    file_add(&f, BLOCKED, "ZA", 64000, NULL);
    take_in(&p, &f);
    assert_int_equal(gw_analyse(p.l, &options, &sum, NULL), 0);
    assert_true(sum.stopped);
    assert_int_equal(sum.objects, 0);
    stop = 0;
    assert_int_equal(gw_analyse(p.l, &options, &sum, NULL), 0);
    assert_false(sum.stopped);
    assert_int_equal(sum.objects, 1);
    gw_buf_release(&f.text);
    place_close(&p);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(findings_are_the_same_for_any_threads_and_order),
        T(analysing_in_between_leaves_no_trace),
        T(what_is_up_to_date_is_left_alone),
        T(new_evidence_that_changes_the_pool_judges_again),
        T(a_flood_from_one_observer_counts_once),
        T(many_observers_are_counted_exactly),
        T(a_measurement_in_two_files_counts_once),
        T(rows_with_blocked_observers_stand_first),
        T(an_empty_archive_has_nothing_to_find),
        T(a_set_of_findings_is_witnessed_once),
        T(a_raised_flag_stops_it_before_the_next_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
