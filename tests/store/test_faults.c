// Everything that can fail is made to fail once: our own allocations and
// writes, SQLite's, and the calls that make bytes durable.
#include "story.h"

#include "fault.h"
#include "store/sql.h"

#include <errno.h>
#include <sys/syscall.h>

// ---- calls that make durable, seen and failed from here -----------------

// These stand before the C library's in the order of symbols, for SQLite too.
#define SEEN __attribute__((visibility("default")))
SEEN int syncfs(int fd);
SEEN int fdatasync(int fd);

// The call that fails, and whether all after it do as well.
struct fault {
    int left; // calls before it; negative: none fails
    bool lasting, fired;
};

static bool fires(struct fault *f)
{
    if (f->left < 0 || f->left-- > 0)
        return false;
    f->fired = true;
    f->left = f->lasting ? 0 : -1;
    return true;
}

static struct fault syncs = {.left = -1};
static struct fault sqlite_allocs = {.left = -1}, sqlite_writes = {.left = -1};
static char events[64]; // 's' a file system, 'f' a file of SQLite's

static int see(char event, long call, int fd)
{
    size_t n = strlen(events);
    if (n + 1 < sizeof events)
        events[n] = event;
    if (!fires(&syncs))
        return (int)syscall(call, fd);
    errno = EIO;
    return -1;
}

int syncfs(int fd)
{
    return see('s', SYS_syncfs, fd);
}

int fdatasync(int fd)
{
    return see('f', SYS_fdatasync, fd);
}

static void watch(int fails)
{
    memset(events, 0, sizeof events);
    syncs = (struct fault){.left = fails};
}

static void files_are_durable_before_the_catalogue_names_them(void **state)
{
    (void)state;
    struct place p = story_place();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_WRITE);
    assert_int_equal(story_change(a, NULL), 0);
    watch(-1);
    commit(a);
    assert_int_equal(events[0], 's');
    assert_non_null(strchr(events, 'f'));
    assert_null(strchr(strchr(events, 'f'), 's'));
    assert_int_equal(gw_note_set(a, "n", GW_LIT("1"), NULL), 0);
    watch(-1);
    commit(a); // no files: no need to wait for the whole file system
    assert_int_equal(events[0], 'f');
    assert_null(strchr(events, 's'));
    gw_archive_close(a);
    place_remove(&p);
}

static void a_sync_that_fails_undoes_the_transaction(void **state)
{
    (void)state;
    for (int n = 0; n < 2; n++) {
        struct place p = story_place();
        struct gw_archive *a = archive_in(&p, GW_ARCHIVE_WRITE);
        assert_int_equal(story_change(a, NULL), 0);
        watch(n);
        assert_int_equal(gw_archive_commit(a, NULL), GW_EIO);
        watch(-1);
        assert_int_equal(story_end(a), 0);
        struct gw_why why = {0};
        assert_int_equal(gw_note_set(a, "n", GW_LIT("1"), &why), GW_EIO);
        assert_non_null(strstr(why.text, "open the archive again"));
        assert_int_equal(gw_archive_commit(a, NULL), GW_EIO);
        gw_archive_close(a);
        story_goes_on(&p, 0);
        place_remove(&p);
    }
}

static void what_sqlite_rolls_back_on_its_own_is_noticed(void **state)
{
    (void)state;
    struct place p = story_place();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_WRITE);
    assert_int_equal(gw_note_set(a, "state", GW_LIT("new"), NULL), 0);
    assert_int_equal(sql_exec(a, "ROLLBACK", NULL), 0); // as a full disk may
    assert_int_equal(gw_note_set(a, "n", GW_LIT("1"), NULL), GW_EIO);
    assert_int_equal(gw_archive_commit(a, NULL), GW_EIO);
    gw_archive_close(a);
    story_goes_on(&p, 0);
    place_remove(&p);
}

// ---- one failure after another ------------------------------------------

// Goes through the story in a place of its own. Whatever failed, what is on
// the disk must be one end or the other: the later one if commit said so.
static bool tell_story(void)
{
    struct place p = place_new();
    struct gw_archive *a = NULL;
    int rc = gw_archive_open(p.archive, GW_ARCHIVE_CREATE, &noon, &a, NULL);
    rc = rc ? rc : story_begin(a, NULL);
    rc = rc ? rc : gw_archive_commit(a, NULL);
    bool begun = rc == 0;
    rc = rc ? rc : story_change(a, NULL);
    rc = rc ? rc : gw_archive_commit(a, NULL);
    bool changed = rc == 0;
    int end = rc ? 0 : story_end(a);
    gw_archive_close(a);
    a = NULL;
    rc = rc ? rc : gw_archive_open(p.archive, GW_ARCHIVE_READ, &noon, &a, NULL);
    end = rc ? end : story_end(a);
    gw_archive_close(a);
    bool well = rc == 0 && end == 1;
    syncs.left = sqlite_allocs.left = sqlite_writes.left = -1;
    if (!begun) {
        a = archive_in(&p, GW_ARCHIVE_CREATE);
        assert_int_equal(story_begin(a, NULL), 0);
        commit(a);
        gw_archive_close(a);
    }
    if (!well) // else the failure may still be to come
        story_goes_on(&p, changed);
    place_remove(&p);
    return well;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(tell_story) > 50);
}

static void every_failed_write_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_write(tell_story) > 20);
}

// ---- SQLite -------------------------------------------------------------

static sqlite3_mem_methods heap;

static void *sqlite_malloc(int n)
{
    return fires(&sqlite_allocs) ? NULL : heap.xMalloc(n);
}

static void *sqlite_realloc(void *p, int n)
{
    return fires(&sqlite_allocs) ? NULL : heap.xRealloc(p, n);
}

static ssize_t sqlite_pwrite(int fd, const void *p, size_t n, off_t at)
{
    if (!fires(&sqlite_writes))
        return pwrite(fd, p, n, at);
    errno = ENOSPC;
    return -1;
}

static ssize_t sqlite_write(int fd, const void *p, size_t n)
{
    if (!fires(&sqlite_writes))
        return write(fd, p, n);
    errno = ENOSPC;
    return -1;
}

static int sqlite_ftruncate(int fd, off_t len)
{
    if (!fires(&sqlite_writes))
        return ftruncate(fd, len);
    errno = EIO;
    return -1;
}

// Before SQLite is used for the first time.
static void stand_before_sqlite(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &heap);
    sqlite3_mem_methods ours = heap;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)sqlite_pwrite);
    vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)sqlite_pwrite);
    vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)sqlite_write);
    vfs->xSetSystemCall(vfs, "ftruncate",
                        (sqlite3_syscall_ptr)sqlite_ftruncate);
}

// Tells the story with the n-th such call failing, for all n. SQLite gets by
// without some of them, so that a story may come out well all the same.
static int each(struct fault *f, bool lasting, int step)
{
    for (int n = 0; n < 100000; n += step) {
        *f = (struct fault){n, lasting, false};
        bool well = tell_story();
        if (!f->fired) {
            assert_true(well);
            return n;
        }
    }
    return -1;
}

static void every_failed_write_of_sqlite_is_survived(void **state)
{
    (void)state;
    assert_true(each(&sqlite_writes, false, 1) > 20);
}

static void a_disk_that_is_full_from_then_on_is_survived(void **state)
{
    (void)state;
    assert_true(each(&sqlite_writes, true, 1) > 20);
}

static void every_failed_sync_is_survived(void **state)
{
    (void)state;
    assert_true(each(&syncs, false, 1) > 3);
    assert_true(each(&syncs, true, 1) > 3);
}

static void every_failed_allocation_of_sqlite_is_survived(void **state)
{
    (void)state;
    assert_true(each(&sqlite_allocs, false, 37) > 100);
    assert_true(each(&sqlite_allocs, true, 53) > 100);
}

int main(void)
{
    stand_before_sqlite();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_durable_before_the_catalogue_names_them),
        cmocka_unit_test(a_sync_that_fails_undoes_the_transaction),
        cmocka_unit_test(what_sqlite_rolls_back_on_its_own_is_noticed),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(every_failed_write_is_survived),
        cmocka_unit_test(every_failed_write_of_sqlite_is_survived),
        cmocka_unit_test(a_disk_that_is_full_from_then_on_is_survived),
        cmocka_unit_test(every_failed_sync_is_survived),
        cmocka_unit_test(every_failed_allocation_of_sqlite_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
