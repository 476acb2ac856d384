#include "fault.h"
#include "reader_case.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_LEN = 128 };

// ---- a folder -----------------------------------------------------------
struct log_folder {
    char top[32], log[PATH_LEN];
    struct gw_log_reader *r;
};

static char *below(const struct log_folder *f, const char *path, char *ret)
{
    snprintf(ret, PATH_LEN, "%s/%s", f->top, path);
    return ret;
}

static void put(const struct log_folder *f, const char *path, const char *text)
{
    char at[PATH_LEN];
    assert_int_equal(gw_file_write(below(f, path, at), gw_str(text), NULL), 0);
}

// top/secret, and the log in top/log: checkpoint, tile/0/000, and links.
static int make_folder(void **state)
{
    struct log_folder *f = gw_new(sizeof *f);
    char a[PATH_LEN];
    assert_non_null(f);
    snprintf(f->top, sizeof f->top, "/tmp/gw_reader.XXXXXX");
    assert_non_null(mkdtemp(f->top));
    below(f, "log", f->log);
    assert_int_equal(gw_mkdirs(below(f, "log/tile/0", a), NULL), 0);
    put(f, "secret", "not of this log");
    put(f, "log/checkpoint", "the checkpoint");
    put(f, "log/tile/0/000", "a tile");
    put(f, "log/empty", "");
    assert_int_equal(symlink("checkpoint", below(f, "log/inside", a)), 0);
    assert_int_equal(symlink("../secret", below(f, "log/outside", a)), 0);
    assert_int_equal(symlink("/etc/passwd", below(f, "log/absolute", a)), 0);
    assert_int_equal(symlink("..", below(f, "log/up", a)), 0);
    assert_int_equal(mkfifo(below(f, "log/pipe", a), 0600), 0);
    assert_int_equal(gw_log_reader_open(f->log, &f->r, NULL), 0);
    *state = f;
    return 0;
}

static int remove_folder(void **state)
{
    static const char *const files[] = {
        "log/checkpoint", "log/tile/0/000", "log/empty", "log/inside",
        "log/outside",    "log/absolute",   "log/up",    "log/pipe",
        "secret",         "log/tile/0",     "log/tile",  "log",
    };
    struct log_folder *f = *state;
    char a[PATH_LEN];
    gw_log_reader_close(f->r);
    for (size_t i = 0; i < GW_COUNT(files); i++)
        remove(below(f, files[i], a));
    assert_int_equal(rmdir(f->top), 0);
    gw_free(f);
    return 0;
}

static void files_of_a_folder_are_read(void **state)
{
    const struct log_folder *f = *state;
    expect(f->r, "checkpoint", "the checkpoint");
    expect(f->r, "tile/0/000", "a tile");
    expect(f->r, "inside", "the checkpoint");
    expect(f->r, "empty", "");
}

static void what_is_not_there_is_enoent(void **state)
{
    const struct log_folder *f = *state;
    expect_error(f->r, "tile/0/001", GW_ENOENT, "no such file");
    expect_error(f->r, "tile/7/000", GW_ENOENT, "no such file");
    expect_error(f->r, "checkpoint/000", GW_ENOENT, "no such file");
}

static void a_reader_never_leaves_its_folder(void **state)
{
    const struct log_folder *f = *state;
    static const char *const paths[] = {
        "../secret",
        "tile/../../secret",
        "/etc/passwd",
        "",
        "tile/../empty",
        "./checkpoint",
        "tile//0/000",
        "tile/0/000/",
        "..",
        ".",
        "a b",
        "tile\\0",
        "%2e%2e/secret",
        "a?b",
        "a\nb",
        "tile/./0/000",
    };
    for (size_t i = 0; i < GW_COUNT(paths); i++)
        expect_error(f->r, paths[i], GW_EREFUSED, "not a path below a log");
    expect_error(f->r, "outside", GW_EREFUSED, "leads out of the folder");
    expect_error(f->r, "absolute", GW_EREFUSED, "leads out of the folder");
    expect_error(f->r, "up/secret", GW_EREFUSED, "leads out of the folder");
}

static void what_is_no_file_is_refused(void **state)
{
    const struct log_folder *f = *state;
    expect_error(f->r, "pipe", GW_EREFUSED, "no plain file");
    expect_error(f->r, "tile/0", GW_EREFUSED, "no plain file");
}

static void a_file_past_its_maximum_is_too_big(void **state)
{
    const struct log_folder *f = *state;
    struct got g = get(f->r, "checkpoint", 14);
    assert_int_equal(g.rc, 0);
    gw_buf_release(&g.bytes);
    g = get(f->r, "checkpoint", 13);
    assert_int_equal(g.rc, GW_ETOOBIG);
    assert_true(gw_is(gw_buf_span(&g.bytes), "before "));
    gw_buf_release(&g.bytes);
}

// ---- a kernel without openat2 -------------------------------------------
static bool hide_openat2(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {GW_COUNT(code), code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static int code_of(struct gw_log_reader *r, const char *path)
{
    struct gw_buf b;
    gw_buf_init(&b, MAX);
    int rc = gw_log_get(r, path, MAX, &b, NULL);
    gw_buf_release(&b);
    return rc;
}

static void an_older_kernel_is_as_strict(void **state)
{
    const struct log_folder *f = *state;
    static const struct {
        const char *path;
        int code;
    } cases[] = {
        {"checkpoint", 0},         {"tile/0/000", 0},
        {"tile/0/001", GW_ENOENT}, {"checkpoint/000", GW_ENOENT},
        {"outside", GW_EREFUSED},  {"absolute", GW_EREFUSED},
        {"inside", GW_EREFUSED}, // no links at all
        {"pipe", GW_EREFUSED},     {"tile/0", GW_EREFUSED},
    };
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (!hide_openat2())
            _exit(99);
        for (size_t i = 0; i < GW_COUNT(cases); i++)
            if (code_of(f->r, cases[i].path) != cases[i].code)
                _exit((int)i + 1);
        _exit(code_of(f->r, "up/secret") < 0 ? 0 : 98);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_is_no_folder_is_not_opened(void **state)
{
    struct gw_log_reader *r;
    struct gw_why why = {0};
    (void)state;
    assert_int_equal(gw_log_reader_open("/nonexistent/log", &r, &why),
                     GW_ENOENT);
    assert_null(r);
    assert_true(gw_starts(gw_str(why.text), "/nonexistent/log"));
    assert_int_equal(gw_log_reader_open("/etc/passwd", &r, NULL), GW_ENOENT);
    assert_int_equal(gw_log_reader_open("ftp://example.org/log", &r, NULL),
                     GW_EREFUSED);
}

static bool open_and_read_a_folder(void)
{
    struct gw_log_reader *r, *again = NULL;
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    bool ok = gw_log_reader_open("/etc", &r, NULL) == 0 &&
              r->again(r->ctx, &again, NULL) == 0 &&
              gw_log_get(again, "passwd", 1 << 20, &b, NULL) == 0;
    gw_buf_release(&b);
    gw_log_reader_close(again);
    gw_log_reader_close(r);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(open_and_read_a_folder) >= 5);
}

// ---- a function ---------------------------------------------------------
static int in_memory(void *ctx, const char *path, size_t max,
                     struct gw_buf *ret, struct gw_why *why)
{
    (void)max, (void)why;
    if (strcmp(path, "there"))
        return GW_ENOENT;
    gw_put_str(ret, ctx);
    return 0;
}

static void a_function_is_held_to_the_same(void **state)
{
    char text[] = "what is there";
    struct gw_log_reader *r = gw_log_reader_on(in_memory, text);
    (void)state;
    expect(r, "there", text);
    expect_error(r, "elsewhere", GW_ENOENT, "no such file");
    expect_error(r, "../there", GW_EREFUSED, "not a path");
    struct got g = get(r, "there", 5);
    assert_int_equal(g.rc, GW_ETOOBIG);
    assert_int_equal(g.bytes.len, 7);
    gw_buf_release(&g.bytes);
    gw_log_reader_close(r);
}

#define ON_FOLDER(test)                                                        \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_FOLDER(files_of_a_folder_are_read),
        ON_FOLDER(what_is_not_there_is_enoent),
        ON_FOLDER(a_reader_never_leaves_its_folder),
        ON_FOLDER(what_is_no_file_is_refused),
        ON_FOLDER(a_file_past_its_maximum_is_too_big),
        ON_FOLDER(an_older_kernel_is_as_strict),
        cmocka_unit_test(what_is_no_folder_is_not_opened),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(a_function_is_held_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
