// The signer's answers, in the order of c2sp.org/tlog-witness.
#include "signer_case.h"

// ---- each status --------------------------------------------------------
static void a_tree_that_extends_the_last_is_signed(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(ask(&f, MAIN, 0, 0), 200);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    assert_int_equal(ask(&f, MAIN, 7, 7), 200);
    assert_int_equal(ask(&f, MAIN, 7, 8), 200);
    assert_int_equal(ask(&f, MAIN, 8, 33), 200);
    assert_int_equal(last_size(f.s), 33);
    end(&f);
}

static void malformed_requests_are_400(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "old",
        "old 0",
        "old 0\n",
        "old 00\n\n",
        "old -1\n\n",
        "old +1\n\n",
        "old 9223372036854775808\n\n",
        "Old 0\n\n",
        "old 0\n!!!\n\n",
        "old 0\nAAAA\n\n",
        "old 0\n\n",
        "old 0\n\n\n",
        "old 0\n\n" CASE_ORIGIN "\n0\n" EMPTY_ROOT "\n",
        "old 0\n" CASE_ORIGIN "\n0\n" EMPTY_ROOT "\n\n— x AAAAAAA=\n",
        "old 0\r\n\n" CASE_ORIGIN "\n0\n" EMPTY_ROOT "\n\n— x AAAAAAA=\n",
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        if (ask_text(&f, bad[i]) != 400)
            fail_msg("request %d was not refused", (int)i);
    const struct gw_key *key = &f.c.key;
    const char *origin = CASE_ORIGIN "\n";
    char text[256];
    static const char *const trees[] = {"07\n" ZEROS "\n", "7\nAAAA\n",
                                        "7\n" ZEROS "\n\nmore\n", "7\n",
                                        "-7\n" ZEROS "\n"};
    for (size_t i = 0; i < GW_COUNT(trees); i++) {
        snprintf(text, sizeof text, "%s%s", origin, trees[i]);
        if (ask_signed(&f, key, "old 0\n", text) != 400)
            fail_msg("tree %d was not refused", (int)i);
    }
    assert_int_equal(last_size(f.s), 0);
    end(&f);
}

static void sixty_three_hashes_pass_and_more_are_400(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf head;
    begin(&f);
    gw_buf_init(&head, 8192);
    gw_put_str(&head, "old 1\n");
    for (int i = 0; i < 63; i++)
        gw_put_str(&head, ZEROS "\n");
    gw_put_u8(&head, 0);
    const char *text = CASE_ORIGIN "\n7\n" ZEROS "\n";
    assert_int_equal(ask_signed(&f, &f.c.key, (const char *)head.at, text),
                     409);
    head.len--;
    gw_put_str(&head, ZEROS "\n");
    gw_put_u8(&head, 0);
    assert_int_equal(ask_signed(&f, &f.c.key, (const char *)head.at, text),
                     400);
    gw_buf_release(&head);
    end(&f);
}

static void a_request_over_the_limit_is_400(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf body;
    begin(&f);
    gw_buf_init(&body, 1 << 20);
    gw_put_str(&body, "old 0\n\n");
    while (body.len <= SIGNER_REQUEST_MAX)
        gw_put_str(&body, "more\n");
    assert_int_equal(answer_to(f.s, gw_buf_span(&body), NULL), 400);
    gw_buf_release(&body);
    end(&f);
}

static void an_old_size_above_the_checkpoints_is_400(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(ask(&f, MAIN, 0, 8), 200);
    assert_int_equal(ask(&f, MAIN, 9, 8), 400);
    end(&f);
}

static void an_unknown_log_is_404(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_key other;
    begin(&f);
    case_key(GW_ROLE_LOG, "other.example/log", 0x01, &other);
    assert_int_equal(
        ask_signed(&f, &other, "old 0\n", "other.example/log\n7\n" ZEROS "\n"),
        404);
    end(&f);
}

static void a_checkpoint_that_the_log_did_not_sign_is_403(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_key other;
    begin(&f);
    const char *text = CASE_ORIGIN "\n7\n" ZEROS "\n";
    case_key(GW_ROLE_LOG, CASE_ORIGIN, 0x02, &other); // another key
    assert_int_equal(ask_signed(&f, &other, "old 0\n", text), 403);
    case_key(GW_ROLE_LOG, "other.example", 0x01, &other); // another name
    assert_int_equal(ask_signed(&f, &other, "old 0\n", text), 403);
    end(&f);
}

static void one_wrong_signature_of_a_known_key_is_403(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf text, body;
    begin(&f);
    gw_buf_init(&text, 1 << 12);
    gw_buf_init(&body, 1 << 14);
    put_text(&f, MAIN, 7, &text);
    gw_put_str(&body, "old 0\n\n");
    put_signed(&f.c.key, gw_buf_span(&text), &body);
    // The log's line for another tree, behind the right one.
    gw_buf_reset(&text);
    put_text(&f, FORK, 9, &text);
    assert_int_equal(gw_note_sign(gw_buf_span(&text), &f.c.key.vkey,
                                  &f.c.key.signing, 0, &body, NULL),
                     0);
    assert_int_equal(answer_to(f.s, gw_buf_span(&body), NULL), 403);
    assert_int_equal(last_size(f.s), 0);
    gw_buf_release(&text);
    gw_buf_release(&body);
    end(&f);
}

static void another_old_size_is_409_and_says_which(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf said;
    begin(&f);
    gw_buf_init(&said, 1 << 12);
    assert_int_equal(ask(&f, MAIN, 3, 7), 409);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    assert_int_equal(ask_of(&f, f.s, false, MAIN, 0, 8, &said), 409);
    assert_true(gw_is(gw_buf_span(&said), "7\n"));
    assert_int_equal(ask(&f, MAIN, 3, 7), 409);
    assert_int_equal(ask(&f, MAIN, 8, 9), 409);
    assert_int_equal(last_size(f.s), 7);
    gw_buf_release(&said);
    end(&f);
}

static void a_proof_that_does_not_hold_is_422(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf text, note, body;
    begin(&f);
    gw_buf_init(&text, 1 << 12);
    gw_buf_init(&note, 1 << 12);
    gw_buf_init(&body, 1 << 12);
    assert_int_equal(ask_signed(&f, &f.c.key, "old 0\n" ZEROS "\n",
                                CASE_ORIGIN "\n7\n" ZEROS "\n"),
                     422);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    assert_int_equal(ask(&f, FORK, 7, 12), 422);
    assert_int_equal(ask(&f, FORK, 7, 7), 422);
    put_text(&f, MAIN, 8, &text);
    put_signed(&f.c.key, gw_buf_span(&text), &note);
    struct signer_request r = {.old = 7, .checkpoint = gw_buf_span(&note)};
    signer_request_format(&r, &body); // no proof at all
    assert_int_equal(answer_to(f.s, gw_buf_span(&body), NULL), 422);
    assert_int_equal(last_size(f.s), 7);
    gw_buf_release(&text);
    gw_buf_release(&note);
    gw_buf_release(&body);
    end(&f);
}

static void size_zero_with_another_root_is_422(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(
        ask_signed(&f, &f.c.key, "old 0\n", CASE_ORIGIN "\n0\n" ZEROS "\n"),
        422);
    assert_int_equal(last_size(f.s), 0);
    end(&f);
}

// What is wrong first in the table is what is told.
static void decisions_are_made_in_order(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_key other;
    begin(&f);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    case_key(GW_ROLE_LOG, "other.example/log", 0x02, &other);
    const char *unknown = "other.example/log\n3\n" ZEROS "\n";
    assert_int_equal(ask_signed(&f, &other, "old 5\n", unknown), 400);
    assert_int_equal(ask_signed(&f, &other, "old 1\n", unknown), 404);
    const char *known = CASE_ORIGIN "\n3\n" ZEROS "\n";
    assert_int_equal(ask_signed(&f, &other, "old 5\n", known), 400);
    assert_int_equal(ask_signed(&f, &other, "old 1\n", known), 403);
    assert_int_equal(ask_signed(&f, &f.c.key, "old 1\n", known), 409);
    const char *empty = CASE_ORIGIN "\n0\n" ZEROS "\n";
    assert_int_equal(ask_signed(&f, &other, "old 0\n", empty), 403);
    assert_int_equal(ask_signed(&f, &f.c.key, "old 0\n", empty), 409);
    end(&f);
}

// ---- the roles ----------------------------------------------------------
static void a_logs_own_key_signs_a_bare_text(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf note;
    struct gw_note n;
    uint64_t posix;
    begin(&f);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    gw_buf_init(&note, 1 << 16);
    struct gw_signer *s = f.c.signer;
    assert_int_equal(ask_of(&f, s, true, MAIN, 0, 7, NULL), 200);
    assert_int_equal(ask_of(&f, s, true, MAIN, 7, 9, NULL), 200);
    assert_int_equal(ask_of(&f, s, true, FORK, 9, 12, NULL), 422);
    assert_int_equal(ask_of(&f, s, false, MAIN, 9, 12, NULL), 400);
    assert_int_equal(gw_signer_last(s, gw_str(CASE_ORIGIN), &note, NULL), 0);
    assert_int_equal(gw_note_parse(gw_buf_span(&note), arena, &n, NULL), 0);
    assert_int_equal(n.count, 1);
    assert_int_equal(gw_note_signed_by(&n, &f.c.key.vkey, &posix, NULL), 1);
    gw_buf_release(&note);
    gw_arena_free(arena);
    end(&f);
}

static void a_logs_own_key_signs_nothing_else(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct gw_signer *s = f.c.signer;
    const char *extended = "old 0\n\n" CASE_ORIGIN "\n7\n" ZEROS "\nand more\n";
    const char *other = "old 0\n\nother.example\n7\n" ZEROS "\n";
    const char *empty = "old 0\n\n" CASE_ORIGIN "\n0\n" ZEROS "\n";
    assert_int_equal(answer_to(s, gw_str(extended), NULL), 400);
    assert_int_equal(answer_to(s, gw_str(other), NULL), 404);
    assert_int_equal(answer_to(s, gw_str(empty), NULL), 422);
    assert_int_equal(last_size(s), 0);
    end(&f);
}

static void only_keys_that_sign_trees_make_a_signer(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_signer *s;
    struct gw_key key;
    begin(&f);
    case_key(GW_ROLE_AUTHOR, "author.example", 0x20, &key);
    assert_int_equal(gw_signer_open(f.state, &key, f.policy, NULL, &s, NULL),
                     GW_EUSAGE);
    assert_int_equal(gw_signer_open(f.state, &f.key, NULL, NULL, &s, NULL),
                     GW_EUSAGE);
    case_key(GW_ROLE_LOG, CASE_ORIGIN, 0x20, &key);
    key.role = GW_ROLE_WITNESS; // the key's type is the log's
    assert_int_equal(gw_signer_open(f.state, &key, f.policy, NULL, &s, NULL),
                     GW_EUSAGE);
    case_key(GW_ROLE_MIRROR, "mirror.example", 0x20, &key);
    assert_int_equal(gw_signer_open(f.state, &key, f.policy, NULL, &s, NULL),
                     0);
    gw_signer_close(s);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_that_extends_the_last_is_signed),
        cmocka_unit_test(malformed_requests_are_400),
        cmocka_unit_test(sixty_three_hashes_pass_and_more_are_400),
        cmocka_unit_test(a_request_over_the_limit_is_400),
        cmocka_unit_test(an_old_size_above_the_checkpoints_is_400),
        cmocka_unit_test(an_unknown_log_is_404),
        cmocka_unit_test(a_checkpoint_that_the_log_did_not_sign_is_403),
        cmocka_unit_test(one_wrong_signature_of_a_known_key_is_403),
        cmocka_unit_test(another_old_size_is_409_and_says_which),
        cmocka_unit_test(a_proof_that_does_not_hold_is_422),
        cmocka_unit_test(size_zero_with_another_root_is_422),
        cmocka_unit_test(decisions_are_made_in_order),
        cmocka_unit_test(a_logs_own_key_signs_a_bare_text),
        cmocka_unit_test(a_logs_own_key_signs_nothing_else),
        cmocka_unit_test(only_keys_that_sign_trees_make_a_signer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
