// The keyring: who may read it, and what opens it.
#include "keyring_case.h"

// ---- making and opening -------------------------------------------------
static void every_role_is_made_and_opened(void **state)
{
    (void)state;
    for (enum gw_role r = 0; r < GW_ROLE_COUNT; r++) {
        make(r, UNLOCKED, 1 + r);
        struct gw_key k = open_key(r, UNLOCKED), public;
        bool locked = true;
        assert_int_equal(gw_keyring_public(root, r, &public, NULL), 0);
        assert_int_equal(gw_keyring_is_locked(root, r, &locked, NULL), 0);
        assert_false(locked);
        assert_int_equal(k.role, r);
        assert_string_equal(k.name, "log.example/one");
        if (r == GW_ROLE_BOX) {
            assert_memory_equal(k.box.public_key, public.box.public_key, 32);
            continue;
        }
        bool cosigns = r == GW_ROLE_WITNESS || r == GW_ROLE_MIRROR;
        assert_int_equal(k.vkey.type, cosigns ? GW_SIG_COSIGN : GW_SIG_ED25519);
        assert_memory_equal(&k.vkey, &public.vkey, sizeof k.vkey);
        signs_for_its_vkey(&k);
    }
}

static void the_public_half_holds_no_secret(void **state)
{
    (void)state;
    static const struct gw_signing_key no_signing;
    static const struct gw_box_key no_box;
    for (enum gw_role r = 0; r < GW_ROLE_COUNT; r++) {
        struct gw_key k;
        make(r, UNLOCKED, 1 + r);
        assert_int_equal(gw_keyring_public(root, r, &k, NULL), 0);
        assert_memory_equal(&k.signing, &no_signing, sizeof no_signing);
        assert_memory_equal(k.box.secret, no_box.secret, 32);
    }
}

static void roles_have_names(void **state)
{
    (void)state;
    enum gw_role back;
    for (enum gw_role r = 0; r < GW_ROLE_COUNT; r++) {
        assert_int_equal(gw_role_parse(gw_str(gw_role_name(r)), &back), 0);
        assert_int_equal(back, r);
    }
    assert_int_equal(gw_role_parse(GW_LIT("Log"), &back), GW_ENOENT);
    assert_int_equal(gw_role_parse(GW_LIT(""), &back), GW_ENOENT);
}

static void chance_of_the_system_makes_different_keys(void **state)
{
    (void)state;
    struct gw_chance system = {0};
    assert_int_equal(
        gw_keyring_make(root, GW_ROLE_LOG, NAME, UNLOCKED, NULL, NULL), 0);
    assert_int_equal(
        gw_keyring_make(root, GW_ROLE_NEXT, NAME, UNLOCKED, &system, NULL), 0);
    struct gw_key a = open_key(GW_ROLE_LOG, UNLOCKED);
    struct gw_key b = open_key(GW_ROLE_NEXT, UNLOCKED);
    assert_memory_not_equal(a.vkey.public_key, b.vkey.public_key, 32);
}

static void files_are_the_owners_alone_whatever_the_umask(void **state)
{
    (void)state;
    char folder[128];
    struct stat st;
    struct gw_chance c = seeded(1);
    mode_t was = umask(0);
    snprintf(folder, sizeof folder, "%s/a/b/keys/", root);
    int rc = gw_keyring_make(folder, GW_ROLE_LOG, NAME, UNLOCKED, &c, NULL);
    umask(was);
    assert_int_equal(rc, 0);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(in_root("a/b/keys/log.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_key_is_never_replaced(void **state)
{
    (void)state;
    struct gw_why why = {0};
    uint8_t before[KEYFILE_MAX], after[KEYFILE_MAX];
    make(GW_ROLE_LOG, UNLOCKED, 1);
    size_t len = get_file("log.key", before);
    assert_int_equal(
        gw_keyring_make(root, GW_ROLE_LOG, NAME, UNLOCKED, NULL, &why),
        GW_EEXIST);
    assert_non_null(strstr(why.text, "log.key"));
    assert_int_equal(get_file("log.key", after), len);
    assert_memory_equal(before, after, len);
    put_file("author.key", GW_LIT("in the way"), 0644);
    assert_int_equal(
        gw_keyring_make(root, GW_ROLE_AUTHOR, NAME, UNLOCKED, NULL, NULL),
        GW_EEXIST);
}

static void names_that_no_key_may_have_are_refused(void **state)
{
    (void)state;
    static char longest[GW_KEY_NAME_MAX + 1];
    memset(longest, 'n', sizeof longest);
    const gw_span bad[] = {GW_LIT(""),     GW_LIT("a b"),
                           GW_LIT("a+b"),  GW_LIT("a\nb"),
                           GW_LIT("\xff"), gw_span_of(longest, sizeof longest)};
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        for (enum gw_role r = 0; r < GW_ROLE_COUNT; r++)
            assert_int_equal(
                gw_keyring_make(root, r, bad[i], UNLOCKED, NULL, NULL),
                GW_EFORMAT);
    struct gw_chance c = seeded(1);
    gw_span most = gw_span_of(longest, GW_KEY_NAME_MAX);
    assert_int_equal(
        gw_keyring_make(root, GW_ROLE_MIRROR, most, PASS, &c, NULL), 0);
    struct gw_key k = open_key(GW_ROLE_MIRROR, PASS);
    assert_true(gw_is(most, k.name));
}

static void log_and_next_share_a_name(void **state)
{
    (void)state;
    struct gw_why why = {0};
    make(GW_ROLE_NEXT, UNLOCKED, 1);
    assert_int_equal(gw_keyring_make(root, GW_ROLE_LOG, GW_LIT("other.example"),
                                     UNLOCKED, NULL, &why),
                     GW_EREFUSED);
    assert_non_null(strstr(why.text, "log.example/one"));
    assert_false(exists("log.key"));
    make(GW_ROLE_LOG, UNLOCKED, 2);
    assert_int_equal(gw_keyring_make(root, GW_ROLE_WITNESS,
                                     GW_LIT("other.example"), UNLOCKED, NULL,
                                     NULL),
                     0);
}

static void one_process_at_a_time_changes_keys(void **state)
{
    (void)state;
    struct keydir d;
    make(GW_ROLE_LOG, UNLOCKED, 1);
    assert_int_equal(keydir_open(root, false, &d, NULL), 0);
    assert_int_equal(
        gw_keyring_make(root, GW_ROLE_NEXT, NAME, UNLOCKED, NULL, NULL),
        GW_EBUSY);
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, NULL), GW_EBUSY);
    open_key(GW_ROLE_LOG, UNLOCKED); // reading goes on
    keydir_close(&d);
    make(GW_ROLE_NEXT, UNLOCKED, 2);
}

// ---- who may read -------------------------------------------------------
static void a_file_that_others_may_touch_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644};
    struct gw_key k;
    bool locked;
    make(GW_ROLE_LOG, UNLOCKED, 1);
    make(GW_ROLE_NEXT, UNLOCKED, 2);
    for (size_t i = 0; i < GW_COUNT(modes); i++) {
        assert_int_equal(chmod(in_root("log.key"), modes[i]), 0);
        refuse(GW_ROLE_LOG, UNLOCKED, GW_EREFUSED, "chmod 600");
        assert_int_equal(gw_keyring_public(root, GW_ROLE_LOG, &k, NULL),
                         GW_EREFUSED);
        assert_int_equal(gw_keyring_is_locked(root, GW_ROLE_LOG, &locked, NULL),
                         GW_EREFUSED);
        assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, NULL),
                         GW_EREFUSED);
    }
    assert_int_equal(chmod(in_root("log.key"), 0600), 0);
    open_key(GW_ROLE_LOG, UNLOCKED);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_root("log.key"), 0600), 0);
    assert_int_equal(mkdir(in_root("box.key"), 0700), 0);
    refuse(GW_ROLE_LOG, UNLOCKED, GW_EREFUSED, "not a file");
    refuse(GW_ROLE_BOX, UNLOCKED, GW_EREFUSED, "not a file");
}

static void a_key_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct gw_key k;
    struct gw_why why = {0};
    refuse(GW_ROLE_AUTHOR, UNLOCKED, GW_ENOENT, "no such key");
    assert_int_equal(
        gw_keyring_public(in_root("nowhere"), GW_ROLE_LOG, &k, &why),
        GW_ENOENT);
    assert_int_equal(
        gw_keyring_rotate(in_root("nowhere"), UNLOCKED, NULL, NULL), GW_ENOENT);
    assert_false(exists("nowhere"));
}

// ---- passphrases --------------------------------------------------------
static void only_the_right_passphrase_opens(void **state)
{
    (void)state;
    static const enum gw_role roles[] = {GW_ROLE_LOG, GW_ROLE_BOX};
    for (size_t i = 0; i < GW_COUNT(roles); i++) {
        struct gw_key public;
        bool locked = false;
        make(roles[i], PASS, 1);
        refuse(roles[i], GW_LIT("correct horsf"), GW_EREFUSED, "wrong");
        refuse(roles[i], UNLOCKED, GW_EREFUSED, "the key is locked");
        assert_int_equal(gw_keyring_is_locked(root, roles[i], &locked, NULL),
                         0);
        assert_true(locked);
        assert_int_equal(gw_keyring_public(root, roles[i], &public, NULL), 0);
        struct gw_key k = open_key(roles[i], PASS);
        assert_memory_equal(&k.vkey, &public.vkey, sizeof k.vkey);
        assert_memory_equal(k.box.public_key, public.box.public_key, 32);
        assert_memory_equal(k.name, public.name, sizeof k.name);
    }
}

static void a_locked_file_does_not_hold_the_seed(void **state)
{
    (void)state;
    uint8_t text[KEYFILE_MAX], seed[GW_SEED_LEN];
    struct keyfile k;
    memset(seed, 0x5a, sizeof seed);
    assert_int_equal(keyfile_make(GW_ROLE_LOG, NAME, seed, &k, NULL), 0);
    assert_int_equal(keyfile_lock(&k, PASS, NULL, NULL), 0);
    size_t len = keyfile_format(&k, text);
    for (const uint8_t *p = (const uint8_t *)&k;
         p + 8 <= (const uint8_t *)(&k + 1); p++)
        assert_memory_not_equal(p, seed, 8);
    assert_int_equal(gw_find(gw_span_of(text, len), GW_LIT("secret"), 0), -1);
    assert_int_equal(gw_find(gw_span_of(text, len), GW_LIT("WlpaWlpa"), 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_role_is_made_and_opened),
        T(the_public_half_holds_no_secret),
        T(roles_have_names),
        T(chance_of_the_system_makes_different_keys),
        T(files_are_the_owners_alone_whatever_the_umask),
        T(a_key_is_never_replaced),
        T(names_that_no_key_may_have_are_refused),
        T(log_and_next_share_a_name),
        T(one_process_at_a_time_changes_keys),
        T(a_file_that_others_may_touch_is_refused),
        T(what_is_no_file_is_refused),
        T(a_key_that_is_not_there_is_said_so),
        T(only_the_right_passphrase_opens),
        T(a_locked_file_does_not_hold_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
