// Journals on disks that tear or forget: what was acknowledged comes back, what
// was not does not, and what cannot be told apart is not guessed.
#include "ledger/log_journal.h"
#include "log_case.h"

#include <fcntl.h>

static int fail_flush(void *ctx, enum log_step step)
{
    bool *on = ctx;
    return *on && step == LOG_STEP_FLUSH ? -1 : 0;
}

// Opens, and takes entries until there are a thousand.
static void goes_on(const struct log_case *c)
{
    struct gw_checkpoint done;
    struct gw_log *l = case_open(c);
    case_append_to(l, 1000);
    case_publish(l, &done);
    struct gw_hash32 root = case_root(1000);
    assert_true(gw_hash32_eq(&done.root, &root));
    gw_log_close(l);
}

static void segment(const struct log_case *c, unsigned k, char *ret, size_t cap)
{
    snprintf(ret, cap, "%s/segment.%u", c->journal, k);
}

static void damage(const struct log_case *c, unsigned k, off_t at)
{
    char path[256];
    uint8_t byte;
    segment(c, k, path, sizeof path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void append_text(struct gw_log *l, const char *text)
{
    uint64_t first;
    gw_span e = gw_str(text);
    assert_int_equal(gw_log_append(l, &e, 1, &first, NULL), 0);
}

static void append_filled(struct gw_log *l, uint8_t fill)
{
    static uint8_t bytes[60000];
    uint64_t first;
    memset(bytes, fill, sizeof bytes);
    gw_span e = gw_span_of(bytes, sizeof bytes);
    assert_int_equal(gw_log_append(l, &e, 1, &first, NULL), 0);
}

// Entry i of a log that is published, read back.
static gw_span entry_at(const struct log_case *c, const struct gw_checkpoint *p,
                        uint64_t i, struct gw_buf *b)
{
    struct gw_log_reader *r;
    struct gw_tiles *t;
    gw_buf_reset(b);
    assert_int_equal(gw_log_reader_open(c->folder, &r, NULL), 0);
    assert_int_equal(gw_tiles_open(r, p, &t, NULL), 0);
    assert_int_equal(gw_tiles_entry(t, i, b, NULL), 0);
    gw_tiles_close(t);
    gw_log_reader_close(r);
    return gw_buf_span(b);
}

// Frames over several segments were on their way; the first did not arrive,
// those after it did. They were never acknowledged, and never come back, not
// even behind new frames in the same place.
static void what_comes_behind_a_torn_frame_never_comes_back(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_log *l;
    struct gw_checkpoint done;
    struct gw_buf b;
    bool on = false;
    struct log_watch w = {fail_flush, &on};
    case_begin(&c);
    gw_buf_init(&b, 1 << 17);
    assert_int_equal(log_open_watched(&c.options, &w, &l, NULL), 0);
    append_text(l, "kept");
    assert_int_equal(gw_log_sync(l, NULL), 0);
    for (int i = 0; i < 15; i++)
        append_filled(l, 'a'); // frames in four segments
    on = true;
    assert_int_equal(gw_log_sync(l, NULL), GW_EIO);
    gw_log_close(l);
    damage(&c, 0, JOURNAL_BLOCK + 1000);
    l = case_open(&c);
    assert_int_equal(gw_log_size(l), 1);
    for (int i = 0; i < 4; i++)
        append_filled(l, 'b'); // the same shape, as far as it goes
    assert_int_equal(gw_log_sync(l, NULL), 0);
    gw_log_close(l);
    for (int i = 0; i < 3; i++) {
        l = case_open(&c);
        assert_int_equal(gw_log_size(l), 5 + i);
        append_text(l, "more");
        assert_int_equal(gw_log_sync(l, NULL), 0);
        gw_log_close(l);
    }
    l = case_open(&c);
    case_publish(l, &done);
    assert_int_equal(done.size, 8);
    assert_true(gw_is(entry_at(&c, &done, 0, &b), "kept"));
    assert_int_equal(entry_at(&c, &done, 4, &b).at[0], 'b');
    assert_true(gw_is(entry_at(&c, &done, 7, &b), "more"));
    gw_log_close(l);
    gw_buf_release(&b);
    case_end(&c);
}

static void a_torn_tail_ends_where_it_was_acknowledged(void **state)
{
    (void)state;
    for (off_t at = 0; at < 600; at += 37) {
        struct log_case c;
        struct gw_log *l;
        bool on = false;
        struct log_watch w = {fail_flush, &on};
        case_begin(&c);
        assert_int_equal(log_open_watched(&c.options, &w, &l, NULL), 0);
        case_append_to(l, 20);
        assert_int_equal(gw_log_sync(l, NULL), 0);
        case_append_to(l, 40);
        on = true;
        assert_int_equal(gw_log_sync(l, NULL), GW_EIO);
        gw_log_close(l);
        damage(&c, 0, JOURNAL_BLOCK + at);
        l = case_open(&c);
        assert_int_equal(gw_log_size(l), 20);
        gw_log_close(l);
        goes_on(&c);
        case_end(&c);
    }
}

// The right number in the right place is not enough: it must be chained.
static void a_frame_of_another_life_is_not_taken(void **state)
{
    (void)state;
    for (int chained = 0; chained < 2; chained++) {
        struct log_case c;
        char path[256];
        uint8_t bytes[JOURNAL_HEAD + 3] = {0}, first[JOURNAL_BLOCK];
        struct journal_frame before, f = {.seq = 2, .first = 5, .count = 1};
        case_begin(&c);
        struct gw_log *l = case_open(&c);
        case_append_to(l, 5);
        assert_int_equal(gw_log_sync(l, NULL), 0);
        gw_log_close(l);
        segment(&c, 0, path, sizeof path);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_int_equal(pread(fd, first, sizeof first, 0), sizeof first);
        assert_int_equal(
            journal_frame_parse(gw_span_of(first, sizeof first), &before), 0);
        f.origin = before.origin;
        memcpy(bytes + JOURNAL_HEAD, "\0\1x", 3);
        f.payload = gw_span_of(bytes + JOURNAL_HEAD, 3);
        if (chained)
            memcpy(f.before, before.check.at, JOURNAL_LINK);
        journal_frame_seal(&f, bytes);
        assert_int_equal(pwrite(fd, bytes, sizeof bytes, JOURNAL_BLOCK),
                         sizeof bytes);
        close(fd);
        l = case_open(&c);
        assert_int_equal(gw_log_size(l), 5 + chained);
        gw_log_close(l);
        case_end(&c);
    }
}

// A disk that forgets what it had is not taken for a torn tail.
static void a_durable_frame_that_is_damaged_is_told(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_log *l;
    struct gw_why why = {0};
    case_begin(&c);
    l = case_open(&c);
    for (uint64_t size = 10; size <= 50; size += 10) {
        case_append_to(l, size);
        assert_int_equal(gw_log_sync(l, NULL), 0);
    }
    gw_log_close(l);
    damage(&c, 0, 2 * JOURNAL_BLOCK + 200);
    assert_int_equal(gw_log_open(&c.options, &l, &why), GW_ECORRUPT);
    assert_non_null(strstr(why.text, "frame 3 was durable"));
    damage(&c, 0, 2 * JOURNAL_BLOCK + 200); // back as it was: nothing is lost
    goes_on(&c);
    case_end(&c);
}

static void a_journal_that_is_half_laid_is_laid_anew(void **state)
{
    (void)state;
    struct log_case c;
    char path[256];
    case_begin(&c);
    gw_log_close(case_open(&c));
    segment(&c, 0, path, sizeof path);
    assert_int_equal(unlink(path), 0);
    segment(&c, 1, path, sizeof path);
    assert_int_equal(truncate(path, 10), 0);
    goes_on(&c);
    segment(&c, 5, path, sizeof path);
    assert_int_equal(truncate(path, 8192), 0);
    struct gw_log *l;
    assert_int_equal(gw_log_open(&c.options, &l, NULL), GW_ECORRUPT);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_behind_a_torn_frame_never_comes_back),
        cmocka_unit_test(a_torn_tail_ends_where_it_was_acknowledged),
        cmocka_unit_test(a_frame_of_another_life_is_not_taken),
        cmocka_unit_test(a_durable_frame_that_is_damaged_is_told),
        cmocka_unit_test(a_journal_that_is_half_laid_is_laid_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
