// Reading policies: what reads, and every rule of the specification with the
// line it is broken on.
#include "policy_case.h"

#include <stdio.h>

static int set_up(void **state)
{
    (void)state;
    gw_buf_init(&text, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gw_buf_release(&text);
    return 0;
}

static void a_policy_gives_its_members_in_order(void **state)
{
    (void)state;
    struct gw_policy *p =
        policy("# who is trusted\n"
               "log $a https://log.example/\n"
               "witness w1 @1\n"
               " \t witness  گواہ\t@2   https://w2.example/x \t\n"
               "\t# more\n"
               "witness pq #1\n"
               "quorum none");
    assert_int_equal(gw_policy_log_count(p), 1);
    assert_string_equal(gw_policy_log(p, 0)->name, "log.example");
    assert_string_equal(gw_policy_log(p, 0)->url, "https://log.example/");
    assert_int_equal(gw_policy_witness_count(p), 3);
    assert_string_equal(gw_policy_witness(p, 0)->name, "w1");
    assert_string_equal(gw_policy_witness(p, 0)->url, "");
    assert_string_equal(gw_policy_witness(p, 1)->name, "گواہ");
    assert_string_equal(gw_policy_witness(p, 1)->vkey.name, "w2.example");
    assert_string_equal(gw_policy_witness(p, 1)->url, "https://w2.example/x");
    assert_int_equal(gw_policy_witness(p, 2)->vkey.type, GW_SIG_ML_DSA_44);
    assert_false(gw_policy_needs_witnesses(p));
    gw_policy_free(p);
}

static void good_policies_read(void **state)
{
    (void)state;
    static const char *const good[] = {
        nested,
        "quorum none\n",
        "quorum none\nlog $a\n",
        "log $a\nlog $b\nquorum none\n",
        "log $a\nwitness w @a\nquorum w\n",
        "witness w @1\nquorum w\nwitness v @2\ngroup g any v\n",
        "witness 1 @1\ngroup 2 1 1\nquorum 2\n",
        "witness any @1\ngroup all all any\nquorum all\n",
        "witness log @1\ngroup quorum 1 log\nquorum quorum\n",
        "witness w @1 #\nquorum w\n",
        "\n \n\t\n#\n # \x80\xff\nquorum none",
    };
    for (size_t i = 0; i < GW_COUNT(good); i++)
        gw_policy_free(policy(good[i]));
}

static void every_broken_rule_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } cases[] = {
        {"", 0, "no quorum"},
        {"# nothing\n", 1, "no quorum"},
        {"log $a\n\nwitness w @1\n", 3, "no quorum"},
        {"quorum none\nquorum none\n", 2, "second quorum"},
        {"quorum\n", 1, "one name"},
        {"quorum none none\n", 1, "one name"},
        {"quorum w\nwitness w @1\n", 1, "not defined"},
        {"quorum w # later\n", 1, "one name"},
        {"quorum none\nLog $a\n", 2, "no keyword"},
        {"quorum none\n\nlogs\n", 3, "no keyword"},
        {"quorum none\nlog\n", 2, "key is missing"},
        {"quorum none\nlog $a u v\n", 2, "too many items"},
        {"quorum none\nlog x+y\n", 2, "vkey"},
        {"quorum none\nlog @1\n", 2, "cosigner's key"},
        {"quorum none\nlog $a\nlog $a x\n", 3, "there already"},
        {"quorum none\nwitness\n", 2, "name is missing"},
        {"quorum none\nwitness w\n", 2, "key is missing"},
        {"quorum none\nwitness w @1 u v\n", 2, "too many items"},
        {"quorum none\nwitness w zzz\n", 2, "vkey"},
        {"quorum none\nwitness w $a\n", 2, "cannot cosign"},
        {"quorum none\nwitness none @1\n", 2, "a name already"},
        {"quorum none\nwitness w @1\nwitness w @2\n", 3, "a name already"},
        {"quorum none\nwitness w @1\nwitness v @1\n", 3, "there already"},
        {"quorum none\nwitness w #1\nwitness v #1\n", 3, "there already"},
        {"witness w @1\ngroup g\nquorum w\n", 2, "missing"},
        {"witness w @1\ngroup g any\nquorum w\n", 2, "without members"},
        {"witness w @1\ngroup g 0 w\nquorum w\n", 2, "1 to 1"},
        {"witness w @1\ngroup g 2 w\nquorum w\n", 2, "1 to 1"},
        {"witness w @1\ngroup g 01 w\nquorum w\n", 2, "1 to 1"},
        {"witness w @1\ngroup g +1 w\nquorum w\n", 2, "1 to 1"},
        {"witness w @1\ngroup g ANY w\nquorum w\n", 2, "1 to 1"},
        {"witness w @1\ngroup g 18446744073709551617 w\nquorum w\n", 2, "1 to"},
        {"witness w @1\ngroup w any w\nquorum w\n", 2, "a name already"},
        {"witness w @1\ngroup none any w\nquorum w\n", 2, "a name already"},
        {"witness w @1\ngroup g any x\nquorum w\n", 2, "not defined"},
        {"witness w @1\ngroup g any none\nquorum w\n", 2, "not defined"},
        {"witness w @1\ngroup g any g\nquorum w\n", 2, "not defined"},
        {"group g any w\nwitness w @1\nquorum w\n", 1, "not defined"},
        {"witness w @1\ngroup g any w w\nquorum g\n", 2, "a member already"},
        {"witness w @1\ngroup g any w\ngroup h any w\nquorum g\n", 3,
         "a member already"},
        {"witness w @1\ngroup g any w\ngroup h any g\ngroup i any g\n", 4,
         "a member already"},
        {"quorum none\n\n#\x01\n", 3, "control character 0x01"},
        {"quorum none\r\n", 1, "control character 0x0d"},
        {"quorum none\x7f\n", 1, "control character 0x7f"},
        {"quorum none\v\n", 1, "control character 0x0b"},
        {"quorum\xc2\xa0none\n", 1, "no keyword"},
        {"witness \xe2\x84\xaa @1\nquorum K\n", 2, "not defined"},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct gw_policy *p;
        struct gw_why why = {0};
        char at[32];
        expand(cases[i].text, &text);
        snprintf(at, sizeof at, "policy line %u: ", cases[i].line);
        if (gw_policy_parse(gw_buf_span(&text), &p, &why) != GW_EFORMAT || p ||
            strncmp(why.text, at, strlen(at)) ||
            !strstr(why.text, cases[i].says))
            fail_msg("case %zu: %s", i, why.text);
    }
}

static void a_nul_is_a_control_character(void **state)
{
    (void)state;
    struct gw_policy *p;
    assert_int_equal(gw_policy_parse(GW_LIT("quorum none\0\n"), &p, NULL),
                     GW_EFORMAT);
}

// A policy with n lines of a kind: its key (or name) differs each time.
static int parse_many(const char *kind, size_t n)
{
    struct gw_policy *p;
    struct gw_why why = {0};
    gw_buf_reset(&text);
    for (size_t i = 0; i < n; i++) {
        struct signer s = signer(
            "x", *kind == 'l' ? GW_SIG_ED25519 : GW_SIG_COSIGN, (char)(i + 1));
        char vkey[GW_VKEY_TEXT];
        gw_vkey_format(&s.vkey, vkey);
        if (*kind == 'l')
            gw_put_fmt(&text, "log %s\n", vkey);
        else if (*kind == 'w' || !i)
            gw_put_fmt(&text, "witness w%zu %s\n", i, vkey);
        else
            gw_put_fmt(&text, "group w%zu 1 w%zu\n", i, i - 1);
    }
    gw_put_str(&text, "quorum none\n");
    int rc = gw_policy_parse(gw_buf_span(&text), &p, &why);
    gw_policy_free(p);
    return rc;
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct gw_policy *p;
    assert_int_equal(parse_many("log", 64), 0);
    assert_int_equal(parse_many("log", 65), GW_ETOOBIG);
    assert_int_equal(parse_many("witness", 64), 0);
    assert_int_equal(parse_many("witness", 65), GW_ETOOBIG);
    assert_int_equal(parse_many("group", 65), 0);
    assert_int_equal(parse_many("group", 66), GW_ETOOBIG);
    gw_buf_reset(&text);
    gw_put_str(&text, "quorum none\n#");
    while (text.len < 256 << 10)
        gw_put_u8(&text, 'x');
    assert_int_equal(gw_policy_parse(gw_buf_span(&text), &p, NULL), 0);
    gw_policy_free(p);
    gw_put_u8(&text, 'x');
    assert_int_equal(gw_policy_parse(gw_buf_span(&text), &p, NULL), GW_ETOOBIG);
}

static void long_names_and_urls_have_their_limits(void **state)
{
    (void)state;
    char name[300] = {0}, url[1100] = {0}, line[1600];
    struct gw_policy *p;
    for (size_t extra = 0; extra < 2; extra++) {
        memset(name, 'n', GW_KEY_NAME_MAX + extra);
        snprintf(line, sizeof line, "witness %s @1\nquorum %s\n", name, name);
        expand(line, &text);
        assert_int_equal(gw_policy_parse(gw_buf_span(&text), &p, NULL),
                         extra ? GW_ETOOBIG : 0);
        gw_policy_free(p);
        memset(url, 'u', 1023 + extra);
        snprintf(line, sizeof line, "log $a %s\nquorum none\n", url);
        expand(line, &text);
        assert_int_equal(gw_policy_parse(gw_buf_span(&text), &p, NULL),
                         extra ? GW_ETOOBIG : 0);
        gw_policy_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_gives_its_members_in_order),
        cmocka_unit_test(good_policies_read),
        cmocka_unit_test(every_broken_rule_is_told_with_its_line),
        cmocka_unit_test(a_nul_is_a_control_character),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(long_names_and_urls_have_their_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
