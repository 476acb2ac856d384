// The log writer as its users meet it. What happens when it is stopped half
// way is in test_log_crash.c.
#include "fault.h"
#include "ledger/log_journal.h"
#include "log_case.h"
#include "peer.h"

static void write_policy(const struct log_case *c, char *ret_path, size_t cap)
{
    char vkey[GW_VKEY_TEXT];
    struct gw_buf text;
    gw_buf_init(&text, 1 << 14);
    gw_vkey_format(&c->key.vkey, vkey);
    gw_put_fmt(&text, "log %s\nquorum none\n", vkey);
    snprintf(ret_path, cap, "%s/policy.txt", c->root);
    assert_int_equal(gw_file_write(ret_path, gw_buf_span(&text), NULL), 0);
    gw_buf_release(&text);
}

static void peer_audits(const struct log_case *c)
{
    char policy[128];
    write_policy(c, policy, sizeof policy);
    const char *args[] = {"audit", "-policy", policy, c->folder, NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
}

// ---- what it writes -----------------------------------------------------
static void the_peer_audits_entries_of_all_sizes(void **state)
{
    (void)state;
    if (!peer_or_skip("an audit of what is written here"))
        return;
    struct log_case c;
    struct gw_rand r = {7};
    struct gw_checkpoint done;
    uint64_t first;
    case_begin(&c);
    uint8_t *bytes = gw_new(GW_ENTRY_MAX);
    for (size_t i = 0; i < GW_ENTRY_MAX; i++)
        bytes[i] = (uint8_t)gw_rand_next(&r);
    struct gw_log *l = case_open(&c);
    for (int i = 0; i < 700; i++) {
        size_t len = gw_rand_below(&r, 4) ? gw_rand_below(&r, 300) : 0;
        gw_span e = gw_span_of(bytes, i % 250 == 7 ? GW_ENTRY_MAX : len);
        assert_int_equal(gw_log_append(l, &e, 1, &first, NULL), 0);
        if (gw_rand_below(&r, 40) == 0)
            case_publish(l, &done);
    }
    case_publish(l, &done);
    gw_log_close(l);
    peer_audits(&c);
    gw_free(bytes);
    case_end(&c);
}

static void an_empty_log_has_a_checkpoint(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_checkpoint done;
    case_begin(&c);
    struct gw_log *l = case_open(&c);
    case_publish(l, &done);
    assert_int_equal(done.size, 0);
    assert_string_equal(done.origin, CASE_ORIGIN);
    struct gw_hash32 root = case_root(0);
    assert_true(gw_hash32_eq(&done.root, &root));
    gw_log_close(l);
    l = case_open(&c);
    assert_int_equal(gw_log_size(l), 0);
    gw_log_close(l);
    case_end(&c);
}

static void nothing_new_is_the_checkpoint_that_is_there(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_checkpoint one, two;
    struct stat before, after;
    char path[256];
    case_begin(&c);
    struct gw_log *l = case_open(&c);
    snprintf(path, sizeof path, "%s/checkpoint", c.folder);
    case_append_to(l, 10);
    case_publish(l, &one);
    assert_int_equal(stat(path, &before), 0);
    case_publish(l, &two);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_memory_equal(&one, &two, sizeof one);
    assert_int_equal(gw_log_published(l), 10);
    gw_log_close(l);
    case_end(&c);
}

// ---- any order of doing it ----------------------------------------------
enum { RUNS = 12, ACTS = 60, TREES_MAX = ACTS + 1 };

// Does things at random; the sizes that were published come back.
static size_t act_at_random(struct log_case *c, struct gw_rand *r,
                            uint64_t *sizes)
{
    size_t count = 0;
    uint64_t synced = 0;
    struct gw_checkpoint done;
    struct gw_log *l = case_open(c);
    for (int i = 0; i < ACTS; i++) {
        uint64_t act = gw_rand_below(r, 10);
        if (act < 5) {
            case_append_to(l, gw_log_size(l) + gw_rand_below(r, 200));
        } else if (act < 7) {
            assert_int_equal(gw_log_sync(l, NULL), 0);
            synced = gw_log_size(l);
        } else if (act < 9) {
            case_publish(l, &done);
            if (!count || sizes[count - 1] != done.size)
                sizes[count++] = done.size;
            synced = done.size;
        } else {
            uint64_t size = gw_log_size(l);
            gw_log_close(l);
            l = case_open(c);
            synced = c->options.journal ? synced : gw_log_published(l);
            assert_true(gw_log_size(l) >= synced && gw_log_size(l) <= size);
            case_append_to(l, size);
        }
    }
    case_publish(l, &done);
    if (!count || sizes[count - 1] != done.size)
        sizes[count++] = done.size;
    gw_log_close(l);
    return count;
}

static void any_interleaving_writes_the_same_files(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct gw_rand r = {seed};
        struct log_case wild, straight;
        uint64_t sizes[TREES_MAX];
        struct gw_checkpoint done;
        case_begin(&wild);
        case_begin(&straight);
        if (seed % 3 == 0)
            wild.options.journal = NULL;
        wild.options.threads = (int)(seed % 4);
        size_t count = act_at_random(&wild, &r, sizes);
        struct gw_log *l = case_open(&straight);
        for (size_t i = 0; i < count; i++) {
            case_append_to(l, sizes[i]);
            case_publish(l, &done);
        }
        gw_log_close(l);
        assert_true(case_alike(wild.folder, straight.folder) > count);
        case_end(&wild);
        case_end(&straight);
    }
}

static void batches_are_the_same_as_entries_one_by_one(void **state)
{
    (void)state;
    struct log_case one, many;
    struct gw_checkpoint a, b;
    gw_span entries[1000];
    struct gw_buf store[1000];
    uint64_t first;
    case_begin(&one);
    case_begin(&many);
    many.options.threads = 3;
    struct gw_log *l = case_open(&one);
    case_append_to(l, 9000);
    case_publish(l, &a);
    gw_log_close(l);
    l = case_open(&many);
    for (uint64_t at = 0; at < 9000; at += GW_COUNT(entries)) {
        for (size_t i = 0; i < GW_COUNT(entries); i++) {
            gw_buf_init(&store[i], 4096);
            entries[i] = case_entry(at + i, &store[i]);
        }
        assert_int_equal(
            gw_log_append(l, entries, GW_COUNT(entries), &first, NULL), 0);
        assert_int_equal(first, at);
        for (size_t i = 0; i < GW_COUNT(entries); i++)
            gw_buf_release(&store[i]);
    }
    case_publish(l, &b);
    gw_log_close(l);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(case_alike(one.folder, many.folder) > 70);
    case_end(&one);
    case_end(&many);
}

// ---- the journal's limits -----------------------------------------------
enum { BIG = 60000 };

static void append_big(struct gw_log *l, uint8_t fill, int rc)
{
    static uint8_t bytes[BIG];
    uint64_t first;
    memset(bytes, fill, sizeof bytes);
    gw_span e = gw_span_of(bytes, sizeof bytes);
    assert_int_equal(gw_log_append(l, &e, 1, &first, NULL), rc);
}

// 200 times 60 kB go through a journal of 2 MB.
static void a_full_journal_publishes_by_itself(void **state)
{
    (void)state;
    struct log_case c;
    case_begin(&c);
    struct gw_log *l = case_open(&c);
    for (int i = 0; i < 200; i++) {
        append_big(l, (uint8_t)i, 0);
        if (i % 7 == 0)
            assert_int_equal(gw_log_sync(l, NULL), 0);
    }
    assert_true(gw_log_published(l) > 100);
    assert_int_equal(gw_log_sync(l, NULL), 0);
    uint64_t published = gw_log_published(l);
    gw_log_close(l);
    l = case_open(&c);
    assert_int_equal(gw_log_size(l), 200);
    assert_int_equal(gw_log_published(l), published);
    gw_log_close(l);
    if (peer_or_skip("an audit after the ring went round"))
        peer_audits(&c);
    case_end(&c);
}

static void the_ring_goes_round_and_is_found_again_each_time(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_rand r = {11};
    struct gw_checkpoint done;
    case_begin(&c);
    uint64_t size = 0;
    for (int i = 0; i < 60; i++) {
        struct gw_log *l = case_open(&c);
        assert_int_equal(gw_log_size(l), size);
        for (uint64_t n = gw_rand_below(&r, 6); n--; size++)
            append_big(l, (uint8_t)size, 0);
        assert_int_equal(gw_log_sync(l, NULL), 0);
        if (gw_rand_below(&r, 3) == 0)
            case_publish(l, &done);
        gw_log_close(l);
    }
    assert_true(size > 100);
    case_end(&c);
}

static void a_batch_larger_than_the_journal_is_refused_whole(void **state)
{
    (void)state;
    struct log_case c;
    static uint8_t bytes[BIG];
    gw_span entries[50];
    uint64_t first;
    struct gw_why why = {0};
    case_begin(&c);
    struct gw_log *l = case_open(&c);
    for (size_t i = 0; i < GW_COUNT(entries); i++)
        entries[i] = gw_span_of(bytes, sizeof bytes);
    assert_int_equal(gw_log_append(l, entries, GW_COUNT(entries), &first, &why),
                     GW_ETOOBIG);
    assert_non_null(strstr(why.text, "journal"));
    assert_int_equal(gw_log_size(l), 0);
    append_big(l, 1, 0); // nothing is broken by it
    gw_log_close(l);
    case_end(&c);
}

static void an_entry_over_the_limit_is_refused_with_its_batch(void **state)
{
    (void)state;
    struct log_case c;
    uint64_t first;
    case_begin(&c);
    struct gw_log *l = case_open(&c);
    uint8_t *bytes = gw_new(GW_ENTRY_MAX + 1);
    gw_span two[] = {gw_span_of(bytes, 1), gw_span_of(bytes, GW_ENTRY_MAX + 1)};
    assert_int_equal(gw_log_append(l, two, 2, &first, NULL), GW_ETOOBIG);
    assert_int_equal(gw_log_size(l), 0);
    gw_free(bytes);
    gw_log_close(l);
    case_end(&c);
}

static void a_journal_of_no_sensible_size_is_refused(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_log *l;
    case_begin(&c);
    c.options.journal_bytes = 4096;
    assert_int_equal(gw_log_open(&c.options, &l, NULL), GW_EUSAGE);
    assert_null(l);
    case_end(&c);
}

static void a_log_may_get_and_lose_its_journal(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_checkpoint done;
    case_begin(&c);
    for (uint64_t size = 100; size < 1000; size += 100) {
        c.options.journal = size / 100 % 2 ? c.journal : NULL;
        struct gw_log *l = case_open(&c);
        assert_int_equal(gw_log_size(l), size - 100);
        case_append_to(l, size);
        case_publish(l, &done);
        gw_log_close(l);
    }
    struct gw_hash32 root = case_root(900);
    assert_true(gw_hash32_eq(&done.root, &root));
    case_end(&c);
}

// ---- faults -------------------------------------------------------------
static struct log_case *faulty;

static bool write_three_hundred(void)
{
    struct gw_log *l;
    struct gw_checkpoint done;
    static uint8_t bytes[300];
    gw_span entries[300];
    uint64_t first;
    case_remove(faulty->folder);
    case_remove(faulty->state);
    assert_int_equal(mkdir(faulty->state, 0700), 0);
    for (size_t i = 0; i < GW_COUNT(entries); i++)
        entries[i] = gw_span_of(bytes, i);
    if (gw_log_open(&faulty->options, &l, NULL))
        return false;
    bool ok = gw_log_append(l, entries, 300, &first, NULL) == 0 &&
              gw_log_publish(l, &done, NULL) == 0;
    gw_log_close(l);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    struct log_case c;
    case_begin(&c);
    faulty = &c;
    c.options.journal = NULL; // entries of a fault before are not wanted here
    assert_true(gw_fault_each_alloc(write_three_hundred) > 20);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_peer_audits_entries_of_all_sizes),
        cmocka_unit_test(an_empty_log_has_a_checkpoint),
        cmocka_unit_test(nothing_new_is_the_checkpoint_that_is_there),
        cmocka_unit_test(any_interleaving_writes_the_same_files),
        cmocka_unit_test(batches_are_the_same_as_entries_one_by_one),
        cmocka_unit_test(a_full_journal_publishes_by_itself),
        cmocka_unit_test(the_ring_goes_round_and_is_found_again_each_time),
        cmocka_unit_test(a_batch_larger_than_the_journal_is_refused_whole),
        cmocka_unit_test(an_entry_over_the_limit_is_refused_with_its_batch),
        cmocka_unit_test(a_journal_of_no_sensible_size_is_refused),
        cmocka_unit_test(a_log_may_get_and_lose_its_journal),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
