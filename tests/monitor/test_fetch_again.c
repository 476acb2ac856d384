// Transfers that are cut, put off or stopped, and how they go on.
#include "fetch_case.h"

static const size_t big = 300000;

// ---- resuming -----------------------------------------------------------
static void cut_transfer_goes_on_where_it_broke(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", big, 1);
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_CUT, .times = 1, .arg = 100000});
    assert_int_equal(fetch(c), 0);
    assert_true(holds_noise(c, KEY ".jsonl.gz", big, 1));
    assert_int_equal(c->got.retries, 1);
    assert_int_equal(s3_counts(c->s).objects, 2);
    assert_true(c->got.resumed > 0);
    assert_int_equal(c->got.resumed + s3_counts(c->s).bytes - 100000, big);
    assert_int_equal(c->got.transferred, big);
}

static void link_that_breaks_again_and_again_still_gets_there(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", 1 << 20, 1);
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_CUT, .times = -1, .arg = 100000});
    assert_int_equal(fetch(c), 0);
    assert_true(c->got.retries > GW_FETCH_TRIES);
    assert_true(holds_noise(c, KEY ".jsonl.gz", 1 << 20, 1));
}

static void server_without_ranges_is_not_asked_for_ever(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", big, 1);
    s3_fault(c->s, (struct s3_fault){.kind = S3_NO_RANGES, .times = -1});
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_CUT, .times = 3, .arg = 100000});
    assert_int_equal(fetch(c), 0);
    assert_true(holds_noise(c, KEY ".jsonl.gz", big, 1));
    put_noise(c, KEY ".jsonl.gz", big, 2);
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_CUT, .times = -1, .arg = 100000});
    s3_forget(c->s);
    assert_int_equal(fetch(c), GW_ENET);
    assert_int_equal(s3_counts(c->s).objects, GW_FETCH_TRIES);
}

static void bytes_from_elsewhere_in_the_object_are_not_joined(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", big, 1);
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_CUT, .times = 1, .arg = 100000});
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_NO_RANGES, .times = -1, .arg = 5000});
    assert_int_equal(fetch(c), GW_ECORRUPT);
    assert_true(says(c->why.text, "given them from 5000"));
    assert_false(has(c, KEY ".jsonl.gz"));
}

static void leave_a_part(struct fetch_case *c)
{
    put_noise(c, KEY ".jsonl.gz", big, 1);
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_CUT, .times = 1, .arg = 100000});
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_STATUS, .times = -1, .arg = 500});
    assert_int_equal(fetch(c), GW_ENET);
    assert_true(has(c, KEY ".jsonl.gz.part"));
    assert_false(has(c, KEY ".jsonl.gz"));
    s3_heal(c->s);
    s3_forget(c->s);
}

static void next_run_goes_on_where_the_last_one_ended(void **state)
{
    struct fetch_case *c = *state;
    leave_a_part(c);
    assert_int_equal(fetch(c), 0);
    assert_true(holds_noise(c, KEY ".jsonl.gz", big, 1));
    assert_true(c->got.resumed > 0);
    assert_int_equal(strlen(s3_counts(c->s).if_range), 2 + 32); // quoted MD5
    assert_int_equal(c->got.resumed + s3_counts(c->s).bytes, big);
    assert_false(has(c, KEY ".jsonl.gz.part"));
}

static void part_of_another_version_starts_again(void **state)
{
    struct fetch_case *c = *state;
    leave_a_part(c);
    put_noise(c, KEY ".jsonl.gz", big, 2);
    assert_int_equal(fetch(c), 0);
    assert_true(holds_noise(c, KEY ".jsonl.gz", big, 2));
    assert_int_equal(c->got.resumed, 0);
    assert_int_equal(s3_counts(c->s).bytes, big);
}

static void part_that_the_manifest_does_not_know_starts_again(void **state)
{
    struct fetch_case *c = *state;
    leave_a_part(c);
    write_file(c, ".gawah-fetch.tsv", GW_LIT(""));
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.resumed, 0);
    assert_true(holds_noise(c, KEY ".jsonl.gz", big, 1));
}

static void part_that_is_whole_or_damaged_or_too_long_comes_right(void **state)
{
    struct fetch_case *c = *state;
    uint8_t *p = noise(big + 1, 1);
    assert_non_null(p);
    const size_t lens[] = {big, big + 1, big - 7};
    for (size_t i = 0; i < GW_COUNT(lens); i++) {
        leave_a_part(c);
        p[0] ^= i == 2; // the last one is damaged
        write_file(c, KEY ".jsonl.gz.part", gw_span_of(p, lens[i]));
        assert_int_equal(fetch(c), 0);
        assert_true(holds_noise(c, KEY ".jsonl.gz", big, 1));
        assert_int_equal(c->got.retries, i == 2);
        assert_int_equal(c->got.transferred, i == 0   ? 1
                                             : i == 1 ? big
                                                      : big + 7);
        take_away(c, KEY ".jsonl.gz");
        take_away(c, ".gawah-fetch.tsv");
    }
    gw_free(p);
}

// ---- patience -----------------------------------------------------------
static void retry_after_is_obeyed_up_to_a_minute(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    c->want.wait_scale = 1e-6;
    s3_fault(c->s, (struct s3_fault){
                       .kind = S3_STATUS, .times = 1, .arg = 503, .text = "7"});
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.waited_ms, 7000);
    put(c, KEY "2.jsonl.gz", "abc");
    s3_fault(c->s,
             (struct s3_fault){
                 .kind = S3_STATUS, .times = 1, .arg = 429, .text = "86400"});
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.waited_ms, 60000);
}

static void waits_double_and_are_the_same_for_the_same_seed(void **state)
{
    struct fetch_case *c = *state;
    uint64_t first = 0;
    put(c, KEY ".jsonl.gz", "abc");
    c->want.wait_scale = 1e-6;
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_STATUS, .times = -1, .arg = 500});
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fetch(c), GW_ENET);
        assert_int_equal(c->got.retries, GW_FETCH_TRIES - 1);
        // 0.5 + 1 + 2 + 4 seconds, each give or take a half
        assert_in_range(c->got.waited_ms, 3746, 11250);
        first = first ? first : c->got.waited_ms;
    }
    assert_int_equal(c->got.waited_ms, first);
    c->want.seed = 2;
    assert_int_equal(fetch(c), GW_ENET);
    assert_int_not_equal(c->got.waited_ms, first);
}

static void dead_server_ends_the_run_soon(void **state)
{
    struct fetch_case *c = *state;
    c->want.until = day(2024, 2, 29);
    s3_fault(c->s,
             (struct s3_fault){
                 .kind = S3_STATUS, .listing = true, .times = -1, .arg = 503});
    assert_int_equal(fetch(c), GW_ENET);
    assert_true(says(c->why.text, "8 failures in a row"));
    assert_true(says(c->why.text, "503"));
    assert_true(s3_counts(c->s).listings < 60);
}

static void server_that_falls_silent_is_asked_again(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    c->want.stall_seconds = 1;
    s3_fault(c->s, (struct s3_fault){.kind = S3_SLOW, .times = 1, .arg = 4000});
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.retries, 1);
}

static void redirect_is_followed_within_its_scheme_only(void **state)
{
    static const char *const refused[] = {
        "file:///etc/passwd", "ftp://127.0.0.1:1/x", "https://127.0.0.1:1/x",
        "/" KEY ".jsonl.gz"}; // in a circle
    struct fetch_case *c = *state;
    struct s3_fault moved = {.kind = S3_STATUS, .times = -1, .arg = 302};
    put(c, KEY ".jsonl.gz", "abc");
    for (size_t i = 0; i < GW_COUNT(refused); i++) {
        moved.text = refused[i];
        s3_heal(c->s);
        s3_fault(c->s, moved);
        assert_int_equal(fetch(c), GW_EREFUSED);
        assert_false(has(c, KEY ".jsonl.gz"));
    }
    s3_heal(c->s);
    moved.times = 1;
    s3_fault(c->s, moved);
    assert_int_equal(fetch(c), 0);
}

static void stop_flag_loses_nothing(void **state)
{
    struct fetch_case *c = *state;
    char key[200];
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "%s%02d.jsonl.gz", KEY, i);
        put_noise(c, key, 50000, (uint64_t)i);
    }
    s3_fault(c->s, (struct s3_fault){.kind = S3_SLOW, .times = -1, .arg = 20});
    c->stop_after = 5;
    assert_int_equal(fetch(c), 1);
    uint64_t before = c->got.fetched;
    assert_in_range(before, 5, 39);
    c->stop_after = 0;
    atomic_store(&c->stop, 0);
    s3_heal(c->s);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.present, before);
    assert_int_equal(c->got.fetched, 40 - before);
}

static void run_that_was_stopped_never_says_that_all_is_there(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY "1.jsonl.gz", "abc");
    put(c, KEY "2.jsonl.gz", "abc");
    assert_int_equal(fetch(c), 0);
    take_away(c, KEY "1.jsonl.gz");
    write_file(c, KEY "1.jsonl.gz/in-the-way", GW_LIT(""));
    c->stop_at_problem = true;
    assert_int_equal(fetch(c), 1);
    assert_int_equal(c->got.failed, 1);
    assert_int_equal(c->got.present, 0);
}

static void folder_takes_one_run_at_a_time(void **state)
{
    struct fetch_case *c = *state;
    struct gw_folder other;
    assert_int_equal(gw_folder_open(&other, c->folder, NULL), 0);
    assert_int_equal(fetch(c), GW_EBUSY);
    assert_int_equal(gw_folder_close(&other, NULL), 0);
    assert_int_equal(fetch(c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(cut_transfer_goes_on_where_it_broke),
        case_test(link_that_breaks_again_and_again_still_gets_there),
        case_test(server_without_ranges_is_not_asked_for_ever),
        case_test(bytes_from_elsewhere_in_the_object_are_not_joined),
        case_test(next_run_goes_on_where_the_last_one_ended),
        case_test(part_of_another_version_starts_again),
        case_test(part_that_the_manifest_does_not_know_starts_again),
        case_test(part_that_is_whole_or_damaged_or_too_long_comes_right),
        case_test(retry_after_is_obeyed_up_to_a_minute),
        case_test(waits_double_and_are_the_same_for_the_same_seed),
        case_test(dead_server_ends_the_run_soon),
        case_test(server_that_falls_silent_is_asked_again),
        case_test(redirect_is_followed_within_its_scheme_only),
        case_test(stop_flag_loses_nothing),
        case_test(run_that_was_stopped_never_says_that_all_is_there),
        case_test(folder_takes_one_run_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
