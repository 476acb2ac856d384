// A rehearsal is what its labels say it is, and cannot be taken for real.
#include "fault.h"
#include "monitor/rehearse.h"
#include "t.h"

enum { LINES_MAX = 8000, LABELS_MAX = 1200, TEXT_MAX = 64 };

// What the tests want to know of a line.
struct seen {
    char uid[80], input[TEXT_MAX], host[TEXT_MAX], start[GW_TIME_TEXT];
    char test[TEXT_MAX];
    int64_t asn;
    gw_time at, sent;        // claimed, and by its measurement_uid
    bool reset;              // a handshake was
    bool synthetic, blocked; // blocked: telegram says so
};
struct label {
    char kind[TEXT_MAX], target[TEXT_MAX];
    int64_t asn;          // 0: every network
    gw_time since, until; // GW_NEVER: open
    bool blocking;
};
struct rehearsal {
    struct gw_json *json;
    struct seen *line;
    size_t lines, labels;
    struct label *label;
    uint64_t hash;
    int64_t bytes;
    int bogons, unreserved, answers;
};

static void copy(char *to, size_t room, gw_span s)
{
    assert_true(s.len < room);
    if (s.len)
        memcpy(to, s.at, s.len);
    to[s.len] = 0;
}

static int64_t asn_of(gw_span s)
{
    uint64_t n = 0;
    if (gw_starts(s, "AS"))
        assert_true(gw_parse_uint(gw_sub(s, 2, s.len), UINT32_MAX, &n));
    return (int64_t)n;
}

static gw_span member(gw_jv v, const char *key)
{
    return gw_jv_str(gw_jv_get(v, key));
}

static bool is_reserved(gw_span host)
{
    return gw_ends(host, ".example") || gw_ends(host, ".test");
}

static void look_at_answers(struct rehearsal *r, gw_jv queries)
{
    for (gw_jit q = gw_jv_iter(queries); gw_jit_next(&q);) {
        r->unreserved += !is_reserved(member(q.value, "hostname"));
        gw_jv answers = gw_jv_get(q.value, "answers");
        for (gw_jit a = gw_jv_iter(answers); gw_jit_next(&a);) {
            gw_ip ip;
            gw_span text = member(a.value, "ipv4");
            assert_true(
                gw_ip_parse(text.at ? text : member(a.value, "ipv6"), &ip));
            r->bogons += gw_ip_is_bogon(&ip);
            r->answers++;
        }
    }
}

// The time of "20240201000121.117800_PK_signal_4bf4f2a25e628b9e".
static gw_time uid_time(const char *uid)
{
    char text[GW_TIME_TEXT];
    gw_time t;
    int n = snprintf(text, sizeof text, "%.4s-%.2s-%.2s %.2s:%.2s:%.9s", uid,
                     uid + 4, uid + 6, uid + 8, uid + 10, uid + 12);
    assert_true(gw_parse_time(gw_span_of(text, (size_t)n), &t));
    return t;
}

static int look(void *ctx, gw_span text)
{
    struct rehearsal *r = ctx;
    struct gw_why why = {0};
    struct gw_url url;
    gw_jv v;
    r->hash = gw_hash(text, r->hash);
    r->bytes += (int64_t)text.len;
    assert_int_equal(gw_json_parse(r->json, text, &v, &why), 0);
    assert_true(r->lines < LINES_MAX);
    struct seen *s = &r->line[r->lines++];
    gw_jv notes = gw_jv_get(v, "annotations"), keys = gw_jv_get(v, "test_keys");
    copy(s->uid, sizeof s->uid, member(v, "measurement_uid"));
    copy(s->input, sizeof s->input, member(v, "input"));
    copy(s->start, sizeof s->start, member(v, "measurement_start_time"));
    copy(s->test, sizeof s->test, member(v, "test_name"));
    if (gw_url_parse(member(v, "input"), &url))
        copy(s->host, sizeof s->host, url.host);
    if (gw_find(gw_str(s->input), GW_LIT("خبریں"), 0) >= 0)
        copy(s->host, sizeof s->host, GW_LIT("xn--ngblk26czc.example"));
    s->asn = asn_of(member(v, "probe_asn"));
    s->synthetic = gw_is(member(notes, "synthetic"), "true");
    assert_true(gw_parse_time(gw_str(s->start), &s->at));
    s->sent = uid_time(s->uid);
    s->blocked = gw_jv_bool(gw_jv_get(keys, "telegram_tcp_blocking")) == 1;
    gw_jv handshakes = gw_jv_get(keys, "tls_handshakes");
    for (gw_jit it = gw_jv_iter(handshakes); gw_jit_next(&it);)
        s->reset =
            s->reset || gw_is(member(it.value, "failure"), "connection_reset");
    look_at_answers(r, gw_jv_get(keys, "queries"));
    return 0;
}

static gw_time label_time(gw_span s)
{
    gw_time t = GW_NEVER;
    assert_true(!s.len || gw_parse_time(s, &t));
    return t;
}

static void read_labels(struct rehearsal *r, const struct gw_buf *csv)
{
    struct gw_csv *c = gw_csv_new(',');
    const gw_span *f;
    size_t n;
    int64_t at;
    gw_csv_feed(c, gw_buf_span(csv), true);
    assert_int_equal(gw_csv_row(c, &f, &n, &at, NULL), 1);
    assert_int_equal(n, 8);
    assert_true(gw_is(f[6], "blocking"));
    while (gw_csv_row(c, &f, &n, &at, NULL) == 1) {
        assert_int_equal(n, 8);
        assert_true(r->labels < LABELS_MAX);
        struct label *l = &r->label[r->labels++];
        copy(l->kind, sizeof l->kind, f[0]);
        copy(l->target, sizeof l->target, f[1]);
        l->asn = asn_of(f[2]);
        l->since = label_time(f[4]);
        l->until = label_time(f[5]);
        l->blocking = gw_is(f[6], "1");
    }
    gw_csv_free(c);
}

static struct gw_rehearse plan(uint64_t seed)
{
    return (struct gw_rehearse){.seed = seed,
                                .start = gw_time_civil(2031, 3, 1, 0, 0, 0),
                                .days = 10,
                                .networks = 5,
                                .per_day = 40,
                                .cc = "XA"};
}

static void rehearse_it(const struct gw_rehearse *what, struct rehearsal *r)
{
    struct gw_buf labels;
    struct gw_why why = {0};
    *r = (struct rehearsal){.json = gw_json_new(),
                            .line = gw_new(LINES_MAX * sizeof *r->line),
                            .label = gw_new(LABELS_MAX * sizeof *r->label)};
    assert_non_null(r->json);
    assert_non_null(r->line);
    assert_non_null(r->label);
    gw_buf_init(&labels, 1 << 20);
    assert_int_equal(gw_rehearse(what, look, r, &labels, &why), 0);
    r->hash = gw_hash(gw_buf_span(&labels), r->hash);
    read_labels(r, &labels);
    gw_buf_release(&labels);
}

static void forget(struct rehearsal *r)
{
    gw_json_free(r->json);
    gw_free(r->line);
    gw_free(r->label);
}

static bool during(const struct label *l, gw_time t)
{
    return (l->since == GW_NEVER || t >= l->since) &&
           (l->until == GW_NEVER || t < l->until);
}

static bool is_kind(const struct label *l, const char *kind)
{
    return strcmp(l->kind, kind) == 0;
}

// ---- the bytes ----------------------------------------------------------

static void same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    struct rehearsal a, b;
    struct gw_rehearse what = plan(7);
    what.days = 3;
    rehearse_it(&what, &a);
    rehearse_it(&what, &b);
    assert_int_equal(a.bytes, b.bytes);
    assert_true(a.hash == b.hash);
    forget(&a);
    forget(&b);
}

static void another_seed_gives_other_bytes(void **state)
{
    (void)state;
    struct rehearsal a, b;
    struct gw_rehearse what = plan(7), other = plan(8);
    what.days = other.days = 2;
    rehearse_it(&what, &a);
    rehearse_it(&other, &b);
    assert_false(a.hash == b.hash);
    forget(&a);
    forget(&b);
}

static void every_line_says_that_it_is_synthetic(void **state)
{
    (void)state;
    struct rehearsal r;
    struct gw_rehearse what = plan(1);
    rehearse_it(&what, &r);
    for (size_t i = 0; i < r.lines; i++)
        assert_true(r.line[i].synthetic);
    forget(&r);
}

static void names_and_numbers_are_reserved_ones(void **state)
{
    (void)state;
    struct rehearsal r;
    struct gw_rehearse what = plan(2);
    rehearse_it(&what, &r);
    assert_true(r.answers > 1000);
    assert_int_equal(r.bogons, 0); // a bogon would be evidence of blocking
    assert_int_equal(r.unreserved, 0);
    for (size_t i = 0; i < r.lines; i++) {
        int64_t asn = r.line[i].asn;
        assert_true(!r.line[i].host[0] || is_reserved(gw_str(r.line[i].host)));
        assert_true((asn >= 64496 && asn <= 64511) ||
                    (asn >= 65536 && asn <= 65551));
    }
    forget(&r);
}

static void many_networks_have_numbers_of_their_own(void **state)
{
    (void)state;
    struct gw_rh_world *w = gw_new(sizeof *w);
    struct gw_rehearse what = plan(3);
    what.networks = GW_RH_NETWORKS_MAX;
    assert_non_null(w);
    w->arena = gw_arena_new(GW_RH_PAGES_MAX);
    assert_int_equal(gw_rh_world_draw(w, &what), 0);
    for (int i = 0; i < GW_RH_NETWORKS_MAX; i++) {
        gw_ip ip = w->network[i].portal.ip;
        assert_false(gw_ip_is_bogon(&ip));
        for (int k = 0; k < i; k++)
            assert_true(w->network[i].asn != w->network[k].asn);
    }
    assert_true(w->events < GW_RH_EVENTS_MAX - 1);
    gw_arena_free(w->arena);
    gw_free(w);
}

static void certificates_can_be_read(void **state)
{
    (void)state;
    static const int lengths[] = {2, 2, 1};
    struct gw_arena *a = gw_arena_new(1 << 20);
    for (int chain = 0; chain < 3; chain++) {
        const char *text;
        int n = 0;
        for (; (text = gw_rh_certificate((enum gw_rh_chain)chain, n)); n++) {
            struct gw_cert cert;
            uint8_t der[2048];
            int64_t len = gw_base64_decode(gw_str(text), der);
            assert_true(len > 0);
            assert_int_equal(
                gw_cert_read(gw_span_of(der, (size_t)len), a, &cert, NULL), 0);
            assert_true(cert.not_after > gw_time_civil(2119, 1, 1, 0, 0, 0));
        }
        assert_int_equal(n, lengths[chain]);
    }
    gw_arena_free(a);
}

// ---- counts and order ---------------------------------------------------

static void lines_come_in_order_of_submission(void **state)
{
    (void)state;
    struct rehearsal r;
    struct gw_rehearse what = plan(4);
    int late = 0;
    rehearse_it(&what, &r);
    for (size_t i = 1; i < r.lines; i++) {
        assert_true(r.line[i - 1].sent <= r.line[i].sent);
        late += r.line[i].sent - r.line[i].at > GW_DAY;
    }
    assert_in_range(late, 1, r.lines / 10);
    forget(&r);
}

// Every day has networks * per_day lines, but for those that a shutdown takes
// away and a flood adds.
static void counts_add_up(void **state)
{
    (void)state;
    struct rehearsal r;
    struct gw_rehearse what = plan(5);
    int plain_days = 0;
    rehearse_it(&what, &r);
    for (int d = 0; d < what.days; d++) {
        gw_time day = what.start + d * GW_DAY;
        int lines = 0, flood = 0, cut = 0;
        for (size_t i = 0; i < r.lines; i++)
            lines += r.line[i].sent >= day && r.line[i].sent < day + GW_DAY;
        for (size_t i = 0; i < r.labels; i++) {
            const struct label *l = &r.label[i];
            bool here = l->since < day + GW_DAY &&
                        (l->until == GW_NEVER || l->until > day);
            flood |= here && is_kind(l, "flood");
            cut |= here && is_kind(l, "shutdown");
        }
        if (!flood && !cut) {
            assert_int_equal(lines, what.networks * what.per_day);
            plain_days++;
        } else if (!cut) {
            assert_true(lines > what.networks * what.per_day);
        } else if (!flood) {
            assert_true(lines < what.networks * what.per_day);
        }
    }
    assert_true(plain_days > what.days / 2);
    forget(&r);
}

// ---- labels -------------------------------------------------------------

static void labels_name_only_targets_that_occur(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct rehearsal r;
        struct gw_rehearse what = plan(seed);
        what.days = 2;
        what.networks = 2;
        what.per_day = 6;
        rehearse_it(&what, &r);
        for (size_t i = 0; i < r.labels; i++) {
            const struct label *l = &r.label[i];
            bool found = !l->target[0];
            for (size_t k = 0; k < r.lines && !found; k++)
                found = strcmp(r.line[k].host, l->target) == 0 ||
                        strcmp(r.line[k].test, l->target) == 0;
            assert_true(found);
        }
        forget(&r);
    }
}

static void every_kind_of_event_is_there(void **state)
{
    (void)state;
    struct rehearsal r;
    struct gw_rehearse what = plan(6);
    rehearse_it(&what, &r);
    for (int k = 1; k < GW_RH_KIND_COUNT; k++) {
        int found = 0;
        for (size_t i = 0; i < r.labels; i++)
            if (is_kind(&r.label[i], gw_rh_kinds[k].name)) {
                found++;
                assert_true(r.label[i].blocking == gw_rh_kinds[k].blocking);
            }
        assert_true(found > 0);
    }
    forget(&r);
}

static void a_shutdown_leaves_no_line(void **state)
{
    (void)state;
    for (uint64_t seed = 20; seed < 24; seed++) {
        struct rehearsal r;
        struct gw_rehearse what = plan(seed);
        rehearse_it(&what, &r);
        for (size_t i = 0; i < r.labels; i++)
            for (size_t k = 0; k < r.lines; k++)
                assert_false(is_kind(&r.label[i], "shutdown") &&
                             r.label[i].asn == r.line[k].asn &&
                             during(&r.label[i], r.line[k].sent));
        forget(&r);
    }
}

// Share of the target's lines with a reset, in and out of the label's time.
static void resets_follow_their_label(void **state)
{
    (void)state;
    int inside = 0, inside_reset = 0, outside = 0, outside_reset = 0;
    for (uint64_t seed = 30; seed < 33; seed++) {
        struct rehearsal r;
        struct gw_rehearse what = plan(seed);
        rehearse_it(&what, &r);
        for (size_t i = 0; i < r.labels; i++) {
            const struct label *l = &r.label[i];
            if (!is_kind(l, "tls-reset"))
                continue;
            for (size_t k = 0; k < r.lines; k++) {
                const struct seen *s = &r.line[k];
                if (s->asn != l->asn || strcmp(s->host, l->target) != 0)
                    continue;
                bool in = during(l, s->at);
                inside += in;
                inside_reset += in && s->reset;
                outside += !in;
                outside_reset += !in && s->reset;
            }
        }
        forget(&r);
    }
    assert_true(inside > 20 && outside > 20);
    assert_true(inside_reset * 10 > inside * 7);
    assert_true(outside_reset * 10 < outside); // but for one skewed clock
}

static void exams_are_on_weekdays_only(void **state)
{
    (void)state;
    struct rehearsal r;
    struct gw_rehearse what = plan(9);
    int windows = 0, blocked = 0, open = 0;
    rehearse_it(&what, &r);
    for (size_t i = 0; i < r.labels; i++) {
        const struct label *l = &r.label[i];
        if (!is_kind(l, "exam-hours"))
            continue;
        int64_t weekday = (l->since / GW_DAY + 4) % 7; // 0 is Sunday
        assert_in_range(weekday, 1, 5);
        assert_true(l->until - l->since < 6 * GW_RH_HOUR);
        windows++;
        for (size_t k = 0; k < r.lines; k++)
            if (strcmp(r.line[k].test, "telegram") == 0 &&
                r.line[k].asn == l->asn && during(l, r.line[k].at)) {
                blocked += r.line[k].blocked;
                open += !r.line[k].blocked;
            }
    }
    assert_true(windows > 5);
    assert_true(blocked > 0 && blocked > 2 * open);
    forget(&r);
}

// ---- odd wishes ---------------------------------------------------------

static int count(void *ctx, gw_span line)
{
    int *left = ctx;
    (void)line;
    return --*left == 0 ? 42 : 0;
}

static int ask(struct gw_rehearse what, int *left)
{
    struct gw_buf labels;
    struct gw_why why = {0};
    gw_buf_init(&labels, 1 << 20);
    int rc = gw_rehearse(&what, count, left, &labels, &why);
    assert_true((rc < 0) == (why.code < 0));
    gw_buf_release(&labels);
    return rc;
}

static void wishes_out_of_range_are_refused(void **state)
{
    (void)state;
    struct gw_rehearse p = plan(1);
    struct gw_rehearse wrong[] = {p, p, p, p, p, p, p, p, p};
    int left = -1;
    wrong[0].days = 0;
    wrong[1].days = 367;
    wrong[2].networks = 0;
    wrong[3].networks = GW_RH_NETWORKS_MAX + 1;
    wrong[4].per_day = 0;
    wrong[5].per_day = GW_RH_DAY_MAX / p.networks + 1;
    wrong[6].cc = "pk";
    wrong[7].cc = "PAK";
    wrong[8].start = GW_NEVER;
    for (size_t i = 0; i < GW_COUNT(wrong); i++)
        assert_int_equal(ask(wrong[i], &left), GW_EUSAGE);
    assert_int_equal(left, -1);
}

static void the_smallest_rehearsal_works(void **state)
{
    (void)state;
    struct gw_rehearse p = plan(1);
    p.days = p.networks = p.per_day = 1;
    p.cc = NULL;
    for (p.seed = 0; p.seed < 40; p.seed++) {
        int left = -1;
        assert_int_equal(ask(p, &left), 0);
    }
}

static void the_taker_can_end_it(void **state)
{
    (void)state;
    int left = 5;
    assert_int_equal(ask(plan(1), &left), 42);
    assert_int_equal(left, 0);
}

static bool small_rehearsal(void)
{
    struct gw_rehearse p = plan(1);
    struct gw_buf labels;
    int left = -1;
    p.days = p.networks = 1;
    p.per_day = 30;
    gw_buf_init(&labels, 1 << 20);
    int rc = gw_rehearse(&p, count, &left, &labels, NULL);
    gw_buf_release(&labels);
    return rc == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(small_rehearsal) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_gives_the_same_bytes),
        cmocka_unit_test(another_seed_gives_other_bytes),
        cmocka_unit_test(every_line_says_that_it_is_synthetic),
        cmocka_unit_test(names_and_numbers_are_reserved_ones),
        cmocka_unit_test(many_networks_have_numbers_of_their_own),
        cmocka_unit_test(certificates_can_be_read),
        cmocka_unit_test(lines_come_in_order_of_submission),
        cmocka_unit_test(counts_add_up),
        cmocka_unit_test(labels_name_only_targets_that_occur),
        cmocka_unit_test(every_kind_of_event_is_there),
        cmocka_unit_test(a_shutdown_leaves_no_line),
        cmocka_unit_test(resets_follow_their_label),
        cmocka_unit_test(exams_are_on_weekdays_only),
        cmocka_unit_test(wishes_out_of_range_are_refused),
        cmocka_unit_test(the_smallest_rehearsal_works),
        cmocka_unit_test(the_taker_can_end_it),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
