// Transfers from a real HTTP server that fails in the ways servers do.
#include "fault.h"
#include "fetch_case.h"

#include <fcntl.h>

static const size_t big = 300000;

// The manifest's lines of an object that is "abc", whose digests are the test
// vectors of FIPS 180-4 and RFC 1321.
#define ABC      KEY ".jsonl.gz\t3\t900150983cd24fb0d6963f7d28e17f72\t"
#define ABC_PART ABC "-\tpart\n"
#define ABC_VERIFIED                                                           \
    ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"     \
        "\tverified\n"

// ---- what is fetched ----------------------------------------------------
static void files_come_under_their_own_names(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "seven");
    put(c, KEY ".tar.gz", "postcans");
    put(c, DAY "00/PK/dash/2024021200_PK_dash.n1.0.jsonl.gz", "midnight");
    put(c, DAY "23/PK/dash/2024021223_PK_dash.n1.0.jsonl.gz", "");
    put(c, DAY "23/IN/dash/2024021223_IN_dash.n1.0.jsonl.gz", "not ours");
    put(c, "raw/20240213/00/PK/dash/x.jsonl.gz", "the next day");
    assert_int_equal(fetch(c), 0);
    assert_true(holds(c, KEY ".jsonl.gz", GW_LIT("seven")));
    assert_true(holds(c, KEY ".tar.gz", GW_LIT("postcans")));
    assert_true(holds(c, DAY "00/PK/dash/2024021200_PK_dash.n1.0.jsonl.gz",
                      GW_LIT("midnight")));
    assert_true(holds(c, DAY "23/PK/dash/2024021223_PK_dash.n1.0.jsonl.gz",
                      GW_LIT("")));
    assert_int_equal(c->got.objects, 4);
    assert_int_equal(c->got.fetched, 4);
    assert_int_equal(c->got.verified, 4);
    assert_int_equal(c->got.bytes, 5 + 8 + 8);
    assert_int_equal(c->got.transferred, c->got.bytes);
    assert_int_equal(s3_counts(c->s).listings, 24);
    assert_false(has(c, DAY "23/IN"));
    assert_false(has(c, "raw/20240213"));
}

static void progress_ends_with_everything_in_place(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", big, 1);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->seen.objects, 1);
    assert_int_equal(c->seen.objects_total, 1);
    assert_int_equal(c->seen.bytes, big);
    assert_int_equal(c->seen.bytes_total, big);
    assert_int_equal(c->seen.transferred, big);
    assert_int_equal(c->seen.listings, 24);
    assert_int_equal(c->seen.listings_total, 24);
}

static void server_is_told_who_asks(void **state)
{
    struct fetch_case *c = *state;
    c->want.version = "1.2.3";
    assert_int_equal(fetch(c), 0);
    assert_string_equal(s3_counts(c->s).agent, "gawah/1.2.3");
}

static void proxy_of_the_environment_is_used(void **state)
{
    struct fetch_case *c = *state;
    c->want.base_url = "http://bucket.invalid";
    assert_int_equal(setenv("http_proxy", s3_url(c->s), 1), 0);
    assert_true(fetch(c) < 0); // it knows nothing of that bucket
    assert_true(s3_counts(c->s).objects > 0);
    assert_int_equal(unsetenv("http_proxy"), 0);
}

static void requests_at_once_stay_within_the_bound(void **state)
{
    struct fetch_case *c = *state;
    char key[200];
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "%s%d.jsonl.gz", KEY, i);
        put_noise(c, key, 1000, (uint64_t)i);
    }
    for (int listing = 0; listing < 2; listing++)
        s3_fault(c->s, (struct s3_fault){.kind = S3_SLOW,
                                         .listing = listing,
                                         .times = -1,
                                         .arg = 10});
    c->want.parallel = 3;
    assert_int_equal(fetch(c), 0);
    assert_int_equal(s3_counts(c->s).peak, 3);
    assert_int_equal(c->got.fetched, 20);
}

// ---- what is there already ----------------------------------------------
static void second_run_transfers_nothing(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", big, 1);
    s3_put(c->s, KEY ".tar.gz", "abc", 3, "0123456789abcdef-2");
    assert_int_equal(fetch(c), 0);
    s3_forget(c->s);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.present, 2);
    assert_int_equal(c->got.verified, 1);
    assert_int_equal(c->got.by_size, 1);
    assert_int_equal(c->got.transferred, 0);
    assert_int_equal(s3_counts(c->s).objects, 0);
}

static void files_are_read_again_where_the_manifest_is_gone(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", big, 1);
    assert_int_equal(fetch(c), 0);
    write_file(c, ".gawah-fetch.tsv", GW_LIT(""));
    s3_forget(c->s);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.present, 1);
    assert_int_equal(c->got.verified, 1);
    assert_int_equal(s3_counts(c->s).objects, 0);
}

static void file_that_is_wrong_is_fetched_again(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "right");
    write_file(c, KEY ".jsonl.gz", GW_LIT("wrong"));
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 1);
    assert_true(holds(c, KEY ".jsonl.gz", GW_LIT("right")));
}

static void
manifest_that_is_torn_or_scribbled_on_costs_no_transfer(void **state)
{
    static const char *const scribbles[] = {
        KEY ".jsonl.gz\t300000\t",
        KEY ".jsonl.gz\t99999999999999999999\tx\t-\tverified",
        KEY ".jsonl.gz\n\t\t\t\t\n\n\xff\xfe",
        "a\tb\tc\td\te\tf\tg\n" KEY ".jsonl.gz\t1\t2\t3\tverified\textra",
    };
    struct fetch_case *c = *state;
    put_noise(c, KEY ".jsonl.gz", big, 1);
    assert_int_equal(fetch(c), 0);
    for (size_t i = 0; i < GW_COUNT(scribbles); i++) {
        write_file(c, ".gawah-fetch.tsv", gw_str(scribbles[i]));
        s3_forget(c->s);
        assert_int_equal(fetch(c), 0); // reads, and notes on a line of its own
        assert_int_equal(fetch(c), 0);
        assert_int_equal(c->got.present, 1);
        assert_int_equal(s3_counts(c->s).objects, 0);
    }
}

static void line_after_a_torn_one_stands_on_its_own(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    write_file(c, ".gawah-fetch.tsv", GW_LIT("torn\tli"));
    assert_int_equal(fetch(c), 0);
    assert_true(holds(c, ".gawah-fetch.tsv",
                      GW_LIT("torn\tli\n" ABC_PART ABC_VERIFIED)));
}

static void end_of_an_endless_line_is_not_taken_for_a_line(void **state)
{
    static const char vouched[] = ABC_VERIFIED;
    struct fetch_case *c = *state;
    const size_t len = 200000;
    uint8_t *line = gw_new(len + sizeof vouched);
    assert_non_null(line);
    memset(line, 'a', len);
    for (size_t at = 1 << 16; at < len; at += 1 << 16) // where windows end
        memcpy(line + at, vouched, sizeof vouched - 1);
    put(c, KEY ".jsonl.gz", "abc");
    write_file(c, KEY ".jsonl.gz", GW_LIT("xyz"));
    write_file(c, ".gawah-fetch.tsv", gw_span_of(line, len));
    gw_free(line);
    assert_int_equal(fetch(c), 0);
    assert_true(holds(c, KEY ".jsonl.gz", GW_LIT("abc")));
}

static void manifest_says_what_was_checked(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    assert_int_equal(fetch(c), 0);
    assert_true(holds(
        c, ".gawah-fetch.tsv",
        GW_LIT("# key\tsize\tetag\tsha256\tstate\n" ABC_PART ABC_VERIFIED)));
}

static void object_that_changed_is_fetched_again(void **state)
{
    struct fetch_case *c = *state;
    s3_put(c->s, KEY ".jsonl.gz", "old", 3, "aa-2");
    assert_int_equal(fetch(c), 0);
    s3_put(c->s, KEY ".jsonl.gz", "new", 3, "bb-2");
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 1);
    assert_true(holds(c, KEY ".jsonl.gz", GW_LIT("new")));
}

static void
multipart_object_is_checked_by_size_and_the_result_says_so(void **state)
{
    struct fetch_case *c = *state;
    s3_put(c->s, KEY ".jsonl.gz", "abc", 3,
           "900150983cd24fb0d6963f7d28e17f72-3");
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.by_size, 1);
    assert_int_equal(c->got.verified, 0);
}

// ---- what cannot be believed --------------------------------------------
static void wrong_bytes_are_tried_again_then_named_and_not_kept(void **state)
{
    struct fetch_case *c = *state;
    put_noise(c, KEY "7.jsonl.gz", big, 1);
    put(c, KEY "8.jsonl.gz", "fine");
    s3_fault(c->s, (struct s3_fault){
                       .kind = S3_WRONG_BYTES, .match = "7.j", .times = -1});
    assert_int_equal(fetch(c), GW_ECORRUPT);
    assert_true(says(c->why.text, KEY "7.jsonl.gz: MD5 is "));
    assert_null(strstr(c->why.text, "more)"));
    assert_true(says(c->problem, KEY "7.jsonl.gz: "));
    assert_int_equal(c->problems, 1);
    assert_int_equal(c->got.failed, 1);
    assert_int_equal(c->got.fetched, 1);
    assert_int_equal(s3_counts(c->s).objects, GW_FETCH_TRIES + 1);
    assert_false(has(c, KEY "7.jsonl.gz"));
    assert_false(has(c, KEY "7.jsonl.gz.part"));
    assert_true(holds(c, KEY "8.jsonl.gz", GW_LIT("fine")));
}

static void one_bad_answer_does_no_harm(void **state)
{
    static const struct s3_fault faults[] = {
        {.kind = S3_WRONG_BYTES, .times = 1},
        {.kind = S3_WRONG_ETAG, .times = 1, .text = "deadbeef"},
        {.kind = S3_LONGER, .times = 1, .arg = 10},
        {.kind = S3_SHORTER, .times = 1, .arg = 10},
        {.kind = S3_CUT, .times = 1, .arg = 0},
        {.kind = S3_STATUS, .times = 1, .arg = 416},
        {.kind = S3_STATUS, .times = 1, .arg = 429},
        {.kind = S3_STATUS, .times = 2, .arg = 503},
    };
    struct fetch_case *c = *state;
    for (size_t i = 0; i < GW_COUNT(faults); i++) {
        char key[200];
        snprintf(key, sizeof key, "%s%zu.jsonl.gz", KEY, i);
        put_noise(c, key, big, i);
        s3_fault(c->s, faults[i]);
        assert_int_equal(fetch(c), 0);
        assert_true(holds_noise(c, key, big, i));
        assert_int_equal(c->got.retries, faults[i].times);
        s3_heal(c->s);
    }
}

static void object_that_vanished_is_named_at_once(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_STATUS, .times = -1, .arg = 404});
    assert_int_equal(fetch(c), GW_ENOENT);
    assert_true(says(c->why.text, KEY ".jsonl.gz: the server answered 404"));
    assert_int_equal(c->got.retries, 0);
}

static void link_to(struct fetch_case *c, const char *target, const char *key)
{
    char there[80], path[640];
    snprintf(there, sizeof there, "%s/%s", c->folder, target);
    snprintf(path, sizeof path, "%s/%s", c->folder, key);
    write_file(c, key, GW_LIT("")); // for its folder
    take_away(c, key);
    assert_int_equal(symlink(there, path), 0);
}

static void links_in_the_folder_are_not_followed(void **state)
{
    struct fetch_case *c = *state;
    put(c, DAY "07/PK/dash/x.jsonl.gz", "abc");
    put(c, DAY "08/PK/dash/x.jsonl.gz", "abc");
    put(c, DAY "09/PK/dash/x.jsonl.gz", "abc");
    put(c, DAY "10/PK/dash/x.jsonl.gz", "abc");
    write_file(c, "there/abc", GW_LIT("abc"));
    link_to(c, "there", DAY "07/PK");
    link_to(c, "there/new", DAY "08/PK/dash/x.jsonl.gz.part");
    link_to(c, "there/abc", DAY "09/PK/dash/x.jsonl.gz");
    assert_int_equal(fetch(c), GW_EREFUSED);
    assert_int_equal(c->got.failed, 3);
    assert_int_equal(c->got.fetched, 1);
    assert_false(has(c, "there/dash"));
    assert_false(has(c, "there/new"));
}

static void object_longer_than_its_listing_is_not_written_down(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abcdef");
    s3_fault(c->s, (struct s3_fault){
                       .kind = S3_ANSWER,
                       .listing = true,
                       .match = DAY "07/",
                       .times = -1,
                       .text = "<ListBucketResult><Contents><Key>" KEY
                               ".jsonl.gz</Key><Size>3</Size></Contents>"
                               "</ListBucketResult>"});
    assert_int_equal(fetch(c), GW_ECORRUPT);
    assert_true(says(c->why.text, "longer than the 3 bytes of the listing"));
    assert_false(has(c, KEY ".jsonl.gz"));
}

static void size_is_held_to_where_there_is_no_md5(void **state)
{
    struct fetch_case *c = *state;
    s3_put(c->s, KEY ".jsonl.gz", "abcdef", 6, "aa-2");
    s3_fault(c->s,
             (struct s3_fault){.kind = S3_SHORTER, .times = -1, .arg = 2});
    assert_int_equal(fetch(c), GW_ECORRUPT);
    assert_true(says(c->why.text, "ends after 4 bytes, the listing says 6"));
    assert_false(has(c, KEY ".jsonl.gz"));
}

// ---- everything at once -------------------------------------------------
static void whatever_fails_nothing_wrong_is_ever_in_place(void **state)
{
    struct fetch_case *c = *state;
    char key[200];
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct gw_rand r = {seed};
        for (int i = 0; i < 6; i++) {
            snprintf(key, sizeof key, "%s%d.jsonl.gz", KEY, i);
            put_noise(c, key, 1000 + 40000 * (size_t)i, seed * 8 + (uint64_t)i);
        }
        for (int i = 0; i < 6; i++)
            s3_fault(c->s, (struct s3_fault){
                               .kind = (enum s3_fault_kind)gw_rand_below(&r, 6),
                               .listing = gw_rand_below(&r, 4) == 0,
                               .times = 1 + (int)gw_rand_below(&r, 6),
                               .arg = 500 + (int)gw_rand_below(&r, 4),
                               .text = "0"});
        int rc = fetch(c);
        assert_int_equal(rc == 0, c->got.fetched == 6);
        for (int i = 0; i < 6; i++) {
            snprintf(key, sizeof key, "%s%d.jsonl.gz", KEY, i);
            bool old = seed > 1 && holds_noise(c, key, 1000 + 40000 * (size_t)i,
                                               seed * 8 - 8 + (uint64_t)i);
            assert_true(!has(c, key) || old ||
                        holds_noise(c, key, 1000 + 40000 * (size_t)i,
                                    seed * 8 + (uint64_t)i));
        }
        s3_heal(c->s);
        assert_int_equal(fetch(c), 0);
        assert_int_equal(c->got.verified, 6);
    }
}

static struct fetch_case *faulted;

// Reads without an allocation, so as not to meet the fault itself.
static bool is_absent_or_abc(void)
{
    char path[640], text[4] = "";
    snprintf(path, sizeof path, "%s/" KEY ".jsonl.gz", faulted->folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    return n == 3 && memcmp(text, "abc", 3) == 0;
}

static bool fetch_afresh(void)
{
    nftw(faulted->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    int rc = fetch(faulted);
    assert_true(is_absent_or_abc());
    return rc == 0;
}

static void every_failed_allocation_and_write_is_survived(void **state)
{
    faulted = *state;
    put(faulted, KEY ".jsonl.gz", "abc");
    faulted->want.wait_scale = 1e-6;
    assert_true(gw_fault_each_alloc(fetch_afresh) > 10);
    // The manifest's head, the line that the .part begins, the .part, its
    // sync, the line that it is whole, and the sync at the end.
    assert_int_equal(gw_fault_each_write(fetch_afresh), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(files_come_under_their_own_names),
        case_test(progress_ends_with_everything_in_place),
        case_test(server_is_told_who_asks),
        case_test(proxy_of_the_environment_is_used),
        case_test(requests_at_once_stay_within_the_bound),
        case_test(second_run_transfers_nothing),
        case_test(files_are_read_again_where_the_manifest_is_gone),
        case_test(file_that_is_wrong_is_fetched_again),
        case_test(manifest_that_is_torn_or_scribbled_on_costs_no_transfer),
        case_test(line_after_a_torn_one_stands_on_its_own),
        case_test(end_of_an_endless_line_is_not_taken_for_a_line),
        case_test(manifest_says_what_was_checked),
        case_test(object_that_changed_is_fetched_again),
        case_test(multipart_object_is_checked_by_size_and_the_result_says_so),
        case_test(wrong_bytes_are_tried_again_then_named_and_not_kept),
        case_test(one_bad_answer_does_no_harm),
        case_test(object_that_vanished_is_named_at_once),
        case_test(links_in_the_folder_are_not_followed),
        case_test(object_longer_than_its_listing_is_not_written_down),
        case_test(size_is_held_to_where_there_is_no_md5),
        case_test(whatever_fails_nothing_wrong_is_ever_in_place),
        case_test(every_failed_allocation_and_write_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
