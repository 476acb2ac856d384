// Files appear whole or not at all, whatever fails; a walk has a fixed order.
#include "base/base.h"
#include "fault.h"
#include "t.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char root[64]; // of the test at hand

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/gawah-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *f)
{
    (void)st;
    (void)flag;
    (void)f;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_root(const char *name)
{
    static char path[8300];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void expect_file(const char *path, const char *want)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    assert_true(gw_is(gw_buf_span(&b), want));
    gw_buf_release(&b);
}

struct names {
    char text[512];
    int stop_after;
};

static int add_name(void *ctx, const char *path)
{
    struct names *n = ctx;
    size_t used = strlen(n->text);
    snprintf(n->text + used, sizeof n->text - used, "%s ",
             path + strlen(root) + 1);
    return n->stop_after && --n->stop_after == 0 ? 77 : 0;
}

static void a_file_comes_back_as_written(void **state)
{
    (void)state;
    const char *path = in_root("a");
    assert_int_equal(gw_file_write(path, GW_LIT("one"), NULL), 0);
    expect_file(path, "one");
    assert_int_equal(gw_file_write(path, GW_LIT("two"), NULL), 0);
    expect_file(path, "two");
    assert_int_equal(gw_file_write(path, gw_str(NULL), NULL), 0);
    expect_file(path, "");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
}

static bool write_anew(void)
{
    return gw_file_write(in_root("kept"), GW_LIT("new text"), NULL) == 0;
}

// After each failure the file is the old one or the new one, and nothing else
// is left in its folder.
static bool write_anew_and_look(void)
{
    struct gw_buf b;
    struct names n = {{0}, 0};
    bool ok = write_anew();
    gw_buf_init(&b, 100);
    assert_int_equal(gw_file_read(in_root("kept"), &b, NULL), 0);
    bool old = gw_is(gw_buf_span(&b), "old text");
    bool new = gw_is(gw_buf_span(&b), "new text");
    assert_true(old || new);
    assert_true(new || !ok);
    gw_buf_release(&b);
    assert_int_equal(gw_walk(root, add_name, &n, NULL), 0);
    assert_string_equal(n.text, "kept ");
    return ok;
}

static void every_failed_write_leaves_the_old_file_or_the_new(void **state)
{
    (void)state;
    assert_int_equal(gw_file_write(in_root("kept"), GW_LIT("old text"), NULL),
                     0);
    // write, fsync, rename, fsync of the folder
    assert_int_equal(gw_fault_each_write(write_anew_and_look), 4);
    expect_file(in_root("kept"), "new text");
}

static bool read_back(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    int rc = gw_file_read(in_root("large"), &b, NULL);
    assert_true(rc == 0 || rc == GW_ENOMEM);
    assert_true(rc != 0 || b.len == 300000);
    gw_buf_release(&b);
    return rc == 0;
}

static void every_failed_allocation_of_a_read_is_an_error(void **state)
{
    (void)state;
    static char text[300000];
    memset(text, 'x', sizeof text);
    assert_int_equal(
        gw_file_write(in_root("large"), gw_span_of(text, sizeof text), NULL),
        0);
    assert_true(gw_fault_each_alloc(read_back) > 0);
}

static int read_at_most(size_t max)
{
    struct gw_buf b;
    struct gw_why why = {0};
    gw_buf_init(&b, max);
    int rc = gw_file_read(in_root("hundred"), &b, &why);
    if (rc)
        assert_non_null(strstr(why.text, "hundred: larger than"));
    else
        assert_int_equal(b.len, 100);
    gw_buf_release(&b);
    return rc;
}

static void a_file_over_the_maximum_is_refused_by_name(void **state)
{
    (void)state;
    char text[100];
    memset(text, 'x', sizeof text);
    assert_int_equal(
        gw_file_write(in_root("hundred"), gw_span_of(text, sizeof text), NULL),
        0);
    assert_int_equal(read_at_most(99), GW_ETOOBIG);
    assert_int_equal(read_at_most(101), 0);
    assert_int_equal(read_at_most(100000), 0);
}

static void errors_name_the_path_and_the_cause(void **state)
{
    (void)state;
    struct gw_why why = {0};
    struct gw_buf b;
    gw_buf_init(&b, 100);
    assert_int_equal(gw_file_read(in_root("none"), &b, &why), GW_ENOENT);
    assert_non_null(strstr(why.text, "/none: cannot open"));
    why = (struct gw_why){0};
    assert_int_equal(gw_file_write(in_root("no/such"), GW_LIT("x"), &why),
                     GW_ENOENT);
    assert_non_null(strstr(why.text, "/no/such: cannot create"));
    why = (struct gw_why){0};
    assert_int_equal(gw_file_read(root, &b, &why), GW_EIO);
    assert_non_null(strstr(why.text, "cannot read"));
    assert_int_equal(gw_walk(in_root("none"), add_name, NULL, NULL), GW_ENOENT);
    gw_buf_release(&b);
}

static void refuse_to_replace(const char *path)
{
    struct gw_why why = {0};
    struct names n = {{0}, 0};
    struct stat before, after;
    assert_int_equal(lstat(path, &before), 0);
    assert_int_equal(gw_file_write(path, GW_LIT("x"), &why), GW_EREFUSED);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(lstat(path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(gw_walk(root, add_name, &n, NULL), 0);
    assert_string_equal(n.text, ""); // and nothing is left beside it
}

static void what_is_no_file_is_not_replaced(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_root("pipe"), 0600), 0);
    refuse_to_replace(in_root("pipe"));
    assert_int_equal(symlink("pipe", in_root("link")), 0);
    refuse_to_replace(in_root("link"));
    assert_int_equal(mkdir(in_root("folder"), 0700), 0);
    refuse_to_replace(in_root("folder"));
    // What /dev/null is; only root can make one, and only outside a container.
    if (mknod(in_root("null"), S_IFCHR | 0600, (dev_t)(1 << 8 | 3)) == 0)
        refuse_to_replace(in_root("null"));
    else
        print_message("no device can be made here: left out\n");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", root);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const void *)&at, sizeof at), 0);
    close(fd);
    refuse_to_replace(in_root("socket"));
}

static void a_link_is_replaced_and_not_what_it_leads_to(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(gw_file_write(in_root("old"), GW_LIT("old"), NULL), 0);
    assert_int_equal(symlink("old", in_root("link")), 0);
    assert_int_equal(symlink("none", in_root("dangling")), 0);
    static const char *const names[] = {"link", "dangling"};
    for (size_t i = 0; i < GW_COUNT(names); i++) {
        assert_int_equal(gw_file_write(in_root(names[i]), GW_LIT("new"), NULL),
                         0);
        assert_int_equal(lstat(in_root(names[i]), &st), 0);
        assert_true(S_ISREG(st.st_mode));
    }
    expect_file(in_root("old"), "old");
    assert_int_equal(lstat(in_root("none"), &st), -1);
}

static void paths_too_long_are_refused(void **state)
{
    (void)state;
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_int_equal(gw_file_write(in_root(name), GW_LIT("x"), NULL),
                     GW_ETOOBIG);
    assert_int_equal(gw_mkdirs(in_root(name), NULL), GW_ETOOBIG);
}

static void folders_are_made_with_those_above_them(void **state)
{
    (void)state;
    struct gw_why why = {0};
    assert_int_equal(gw_mkdirs(in_root("a/b/c"), NULL), 0);
    assert_int_equal(gw_mkdirs(in_root("a/b/c/"), NULL), 0);
    assert_int_equal(gw_file_write(in_root("a/f"), GW_LIT("x"), NULL), 0);
    assert_int_equal(gw_mkdirs(in_root("a/f/g"), &why), GW_EIO);
    assert_non_null(strstr(why.text, "cannot make the folder"));
}

static void a_walk_goes_in_order_of_bytes_and_follows_no_links(void **state)
{
    (void)state;
    static const char *const names[] = {"b/2", "b/10",       "a",
                                        "B",   "b/\xc3\xa4", "c.d/x"};
    assert_int_equal(gw_mkdirs(in_root("b"), NULL), 0);
    assert_int_equal(gw_mkdirs(in_root("c.d"), NULL), 0);
    for (size_t i = 0; i < GW_COUNT(names); i++)
        assert_int_equal(gw_file_write(in_root(names[i]), GW_LIT("x"), NULL),
                         0);
    assert_int_equal(symlink(root, in_root("b/loop")), 0);
    assert_int_equal(symlink("a", in_root("link")), 0);
    assert_int_equal(mkfifo(in_root("pipe"), 0600), 0);
    struct names n = {{0}, 0};
    assert_int_equal(gw_walk(root, add_name, &n, NULL), 0);
    assert_string_equal(n.text, "B a b/10 b/2 b/\xc3\xa4 c.d/x ");
    n = (struct names){{0}, 2};
    assert_int_equal(gw_walk(root, add_name, &n, NULL), 77);
    assert_string_equal(n.text, "B a ");
    n = (struct names){{0}, 0}; // named by the user, a link is followed
    assert_int_equal(gw_walk(in_root("link"), add_name, &n, NULL), 0);
    assert_string_equal(n.text, "link ");
}

static void folders_too_deep_are_an_error_and_no_overflow(void **state)
{
    (void)state;
    char name[200] = "d";
    for (int i = 0; i < 70; i++)
        snprintf(name + strlen(name), sizeof name - strlen(name), "/d");
    assert_int_equal(gw_mkdirs(in_root(name), NULL), 0);
    struct names n = {{0}, 0};
    assert_int_equal(gw_walk(root, add_name, &n, NULL), GW_ETOOBIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_comes_back_as_written),
        TEST(every_failed_write_leaves_the_old_file_or_the_new),
        TEST(every_failed_allocation_of_a_read_is_an_error),
        TEST(a_file_over_the_maximum_is_refused_by_name),
        TEST(errors_name_the_path_and_the_cause),
        TEST(what_is_no_file_is_not_replaced),
        TEST(a_link_is_replaced_and_not_what_it_leads_to),
        TEST(paths_too_long_are_refused),
        TEST(folders_are_made_with_those_above_them),
        TEST(a_walk_goes_in_order_of_bytes_and_follows_no_links),
        TEST(folders_too_deep_are_an_error_and_no_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
