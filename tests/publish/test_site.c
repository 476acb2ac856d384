// The whole site: the same bytes, only what changed, every link leads
// somewhere, every page whole, and names from outside are only names.
#include "site_case.h"

#include "fault.h"

#include <sys/stat.h>
#include <unistd.h>

enum { FRONT_MAX = 100 << 10, STYLE_MAX = 20 << 10, FILES_MAX = 512 };

static void add_hostile_targets(struct site_case *c)
{
    static const char *const names[] = {"<script>alert(1)</script>.example",
                                        "\xe2\x80\xae"
                                        "moc.elgoog",
                                        "../../../../etc/passwd",
                                        "index",
                                        "con.example",
                                        "xn--mgbai9azgqp6j",
                                        "\"onmouseover=x "};
    char longest[250];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    for (size_t i = 0; i <= GW_COUNT(names); i++) {
        struct gw_day_row d = {.cc = "KE",
                               .asn = 33771,
                               .layer = GW_LAYER_ALL,
                               .day = FIRST_DAY + 30 * GW_DAY,
                               .count = {1, 2, 0, 9},
                               .observers = {1, 1, 0, 1}};
        snprintf(d.target, sizeof d.target, "%s",
                 i < GW_COUNT(names) ? names[i] : longest);
        snprintf(d.org, sizeof d.org, "</title><img src=x>");
        snprintf(d.rule, sizeof d.rule, "<b>");
        assert_int_equal(gw_day_add(c->archive, &d, NULL), 0);
    }
    commit(c->archive);
}

// ---- walking the site -------------------------------------------------------
struct look { // one file
    char path[1024], name[512];
    struct gw_buf bytes;
};
typedef void look_fn(const struct look *l, struct site_case *c);
struct walk {
    struct site_case *c;
    look_fn *fn;
    size_t files;
};

static int on_file(void *ctx, const char *path)
{
    struct walk *w = ctx;
    struct look l;
    snprintf(l.path, sizeof l.path, "%s", path);
    snprintf(l.name, sizeof l.name, "%s", path + strlen(w->c->site) + 1);
    gw_buf_init(&l.bytes, 16 << 20);
    assert_int_equal(gw_file_read(path, &l.bytes, NULL), 0);
    w->fn(&l, w->c);
    w->files++;
    gw_buf_release(&l.bytes);
    return 0;
}

static size_t each_file(struct site_case *c, look_fn *fn)
{
    struct walk w = {c, fn, 0};
    assert_int_equal(gw_walk(c->site, on_file, &w, NULL), 0);
    assert_true(w.files > 20 && w.files < FILES_MAX);
    return w.files;
}

// ---- pages ------------------------------------------------------------------
static bool is_page(const struct look *l)
{
    return gw_ends(gw_str(l->name), ".html");
}

static void look_whole(const struct look *l, struct site_case *c)
{
    (void)c;
    gw_span s = gw_buf_span(&l->bytes);
    if (!is_page(l))
        return;
    bool ur = gw_starts(gw_str(l->name), "ur/");
    const char *const once[] = {"<!doctype html>", "</head>",   "<h1>",
                                "<main",           "</footer>", "</html>"};
    for (size_t i = 0; i < GW_COUNT(once); i++) {
        if (count_of(s, once[i]) != 1)
            print_error("%s: %s\n", l->name, once[i]);
        assert_int_equal(count_of(s, once[i]), 1);
    }
    assert_true(has(s, ur ? "<html lang=\"ur\" dir=\"rtl\">"
                          : "<html lang=\"en\" dir=\"ltr\">"));
    assert_true(has(s, "<title>"));
    assert_true(has(s, "Content-Security-Policy"));
    assert_true(is_nested(s));
}

static void look_inline(const struct look *l, struct site_case *c)
{
    (void)c;
    gw_span s = gw_buf_span(&l->bytes);
    if (!is_page(l))
        return;
    const char *const never[] = {
        " style=",     "<style", " onclick=",       " onload=",    "<script>",
        "javascript:", "<img",   "onmouseover=x\"", "\xe2\x80\xae"};
    for (size_t i = 0; i < GW_COUNT(never); i++) {
        if (has(s, never[i]))
            print_error("%s: %s\n", l->name, never[i]);
        assert_false(has(s, never[i]));
    }
    // A measurement's public name could point at the person who made it.
    assert_false(has(s, "_KE_telegram_0123"));
}

static void every_page_is_whole(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    add_hostile_targets(&c);
    site_case_publish(&c, NULL);
    each_file(&c, look_whole);
    site_case_close(&c);
}

static void nothing_runs_and_no_name_becomes_markup(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    add_hostile_targets(&c);
    site_case_publish(&c, "https://gawah.example/");
    each_file(&c, look_inline);
    site_case_close(&c);
}

// ---- links ------------------------------------------------------------------
static void check_link(const struct look *l, struct site_case *c, gw_span href)
{
    char path[2048];
    struct stat st;
    if (!href.len || gw_starts(href, "http") || href.at[0] == '#')
        return;
    for (size_t i = 0; i < href.len; i++)
        if (href.at[i] == '#')
            href.len = i;
    snprintf(path, sizeof path, "%s", l->path);
    *strrchr(path, '/') = 0;
    size_t len = strlen(path);
    snprintf(path + len, sizeof path - len, "/%.*s", (int)href.len,
             (const char *)href.at);
    if (stat(path, &st))
        print_error("%s: link to %.*s\n", l->name, (int)href.len,
                    (const char *)href.at);
    assert_int_equal(stat(path, &st), 0);
    char *whole = realpath(path, NULL), *root = realpath(c->site, NULL);
    assert_true(whole && root && gw_starts(gw_str(whole), root));
    free(whole);
    free(root);
}

static void look_links(const struct look *l, struct site_case *c)
{
    static const char *const attributes[] = {" href=\"", " src=\""};
    gw_span s = gw_buf_span(&l->bytes);
    if (!is_page(l))
        return;
    for (size_t k = 0; k < GW_COUNT(attributes); k++)
        for (int64_t at = 0;
             (at = gw_find(s, gw_str(attributes[k]), (size_t)at)) >= 0;) {
            size_t from = (size_t)at + strlen(attributes[k]);
            gw_span rest = gw_sub(s, from, s.len);
            check_link(l, c, gw_cut(&rest, '"'));
            at = (int64_t)from;
        }
}

static void every_link_inside_leads_to_a_file_of_the_site(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    add_hostile_targets(&c);
    site_case_publish(&c, NULL);
    each_file(&c, look_links);
    site_case_close(&c);
}

// ---- bytes ------------------------------------------------------------------
static void a_second_run_writes_nothing(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    struct gw_publish_summary one = site_case_publish(&c, NULL);
    struct gw_publish_summary two = site_case_publish(&c, NULL);
    assert_int_equal(one.written, one.pages);
    assert_int_equal(two.written, 0);
    assert_int_equal(two.same, one.pages);
    assert_int_equal(two.bytes, one.bytes);
    assert_int_equal(two.removed, 0);
    site_case_close(&c);
}

static void another_folder_gets_the_same_bytes(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf one, two;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span first = site_case_file(&c, &one, "site-manifest.csv", "");
    snprintf(c.site, sizeof c.site, "%s/other", c.place.root);
    site_case_publish(&c, NULL);
    gw_span second = site_case_file(&c, &two, "site-manifest.csv", "");
    assert_true(gw_eq(first, second));
    gw_buf_release(&one);
    gw_buf_release(&two);
    site_case_close(&c);
}

static void a_new_day_elsewhere_leaves_other_pages_alone(void **state)
{
    (void)state;
    struct site_case c;
    struct stat before, after;
    char path[512];
    site_case_open(&c);
    struct gw_publish_summary one = site_case_publish(&c, NULL);
    snprintf(path, sizeof path, "%s/en/network/AS15399.html", c.site);
    assert_int_equal(stat(path, &before), 0);
    struct gw_day_row d = {.cc = "BR",
                           .target = "signal",
                           .asn = 28573,
                           .layer = GW_LAYER_ALL,
                           .day = FIRST_DAY,
                           .count = {0, 5, 0, 0},
                           .observers = {0, 2, 0, 0}};
    assert_int_equal(gw_day_add(c.archive, &d, NULL), 0);
    commit(c.archive);
    struct gw_publish_summary two = site_case_publish(&c, NULL);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_true(two.same > one.pages / 2);
    site_case_close(&c);
}

static void pages_no_longer_made_are_removed_and_others_stay(void **state)
{
    (void)state;
    struct site_case c;
    char path[512];
    site_case_open(&c);
    add_hostile_targets(&c);
    site_case_publish(&c, NULL);
    snprintf(path, sizeof path, "%s/theirs.html", c.site);
    assert_int_equal(gw_file_write(path, GW_LIT("not ours"), NULL), 0);
    assert_int_equal(gw_days_clear(c.archive, NULL), 0);
    commit(c.archive);
    struct gw_publish_summary two = site_case_publish(&c, NULL);
    assert_true(two.removed > 20);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/en/network/AS15399.html", c.site);
    assert_int_not_equal(access(path, F_OK), 0);
    site_case_close(&c);
}

static void a_manifest_of_somebody_else_reaches_nothing_outside(void **state)
{
    (void)state;
    struct site_case c;
    char path[512], kept[512];
    site_case_open(&c);
    snprintf(kept, sizeof kept, "%s/kept", c.place.root);
    assert_int_equal(gw_file_write(kept, GW_LIT("x"), NULL), 0);
    assert_int_equal(gw_mkdirs(c.site, NULL), 0);
    snprintf(path, sizeof path, "%s/site-manifest.csv", c.site);
    assert_int_equal(gw_file_write(path,
                                   GW_LIT("path,bytes,sha256\n../kept,1,0\n"
                                          "en/../../kept,1,0\n/etc/x,1,0\n"),
                                   NULL),
                     0);
    struct gw_publish_summary s = site_case_publish(&c, NULL);
    assert_int_equal(s.removed, 0);
    assert_int_equal(access(kept, F_OK), 0);
    site_case_close(&c);
}

static void an_empty_archive_says_what_cannot_be_seen(void **state)
{
    (void)state;
    struct site_case c = {.place = place_new()};
    struct gw_buf b;
    snprintf(c.site, sizeof c.site, "%s/site", c.place.root);
    c.archive = archive_in(&c.place, GW_ARCHIVE_CREATE);
    site_case_publish(&c, NULL);
    gw_span s = site_case_file(&c, &b, "en/index.html", "");
    assert_true(has(s, "Nothing has been measured yet"));
    assert_true(has(s, "What we cannot see"));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void sizes_are_what_a_slow_link_bears(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span s = site_case_file(&c, &b, "en/index.html", "");
    assert_true(s.len < FRONT_MAX);
    gw_buf_release(&b);
    s = site_case_file(&c, &b, "style.css", "");
    assert_true(s.len < STYLE_MAX);
    gw_buf_release(&b);
    site_case_close(&c);
}

static struct site_case *lean; // cmocka's work takes no argument

static bool publish_lean(void)
{
    struct gw_publish_options o = {.folder = lean->site, .now = FIRST_DAY};
    struct gw_publish_summary sum;
    struct gw_why why = {0};
    int rc = gw_publish(lean->archive, &o, &sum, &why);
    assert_true(rc <= 0 && (!rc || why.text[0]));
    return !rc;
}

static void full_disks_and_want_of_memory_leave_a_reason(void **state)
{
    (void)state;
    struct site_case c = {.place = place_new()};
    snprintf(c.site, sizeof c.site, "%s/site", c.place.root);
    c.archive = archive_in(&c.place, GW_ARCHIVE_CREATE);
    lean = &c;
    assert_true(gw_fault_each_write(publish_lean) > 10);
    assert_true(gw_fault_each_alloc(publish_lean) > 10);
    site_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_whole),
        cmocka_unit_test(nothing_runs_and_no_name_becomes_markup),
        cmocka_unit_test(every_link_inside_leads_to_a_file_of_the_site),
        cmocka_unit_test(a_second_run_writes_nothing),
        cmocka_unit_test(another_folder_gets_the_same_bytes),
        cmocka_unit_test(a_new_day_elsewhere_leaves_other_pages_alone),
        cmocka_unit_test(pages_no_longer_made_are_removed_and_others_stay),
        cmocka_unit_test(a_manifest_of_somebody_else_reaches_nothing_outside),
        cmocka_unit_test(an_empty_archive_says_what_cannot_be_seen),
        cmocka_unit_test(sizes_are_what_a_slow_link_bears),
        cmocka_unit_test(full_disks_and_want_of_memory_leave_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
