// Heartbeats and stamps of a log that has no checkpoint yet, or little room.
#include "archive_case.h"

static void a_heartbeat_needs_no_checkpoint(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    uint64_t at;
    case_check(
        c, gw_ledger_heartbeat(c->l, "text", GW_LIT("headline"), &at, &c->why));
    assert_int_equal(at, 1);
    assert_int_equal(case_seal(c).checkpoint.size, 2);
    assert_int_equal(case_bad(c, gw_ledger_folder(c->l)), 0);
    case_free(c);
}

static void without_a_checkpoint_there_is_nothing_to_stamp(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_buf b;
    struct gw_checkpoint k;
    char path[300];
    gw_buf_init(&b, 4096);
    assert_int_equal(
        gw_ledger_stamp_request(c->l, &b, &k, path, sizeof path, &c->why),
        GW_ENOENT);
    assert_non_null(strstr(c->why.text, "gawah seal"));
    assert_int_equal(b.len, 0);
    gw_buf_release(&b);
    case_free(c);
}

static void a_path_that_does_not_fit_is_told(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_buf b;
    struct gw_checkpoint k;
    char path[8];
    gw_buf_init(&b, 4096);
    case_seal(c);
    assert_int_equal(
        gw_ledger_stamp_request(c->l, &b, &k, path, sizeof path, &c->why),
        GW_ETOOBIG);
    gw_buf_release(&b);
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heartbeat_needs_no_checkpoint),
        cmocka_unit_test(without_a_checkpoint_there_is_nothing_to_stamp),
        cmocka_unit_test(a_path_that_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
