// Keys whose secret is elsewhere: moved, whatever fails half way, and followed
// from afar.
#include "keyring_case.h"

#include "fault.h"

static const char *there(void)
{
    return in_root("there");
}

static struct gw_vkey public_of(const char *folder, enum gw_role role)
{
    struct gw_key k;
    assert_int_equal(gw_keyring_public(folder, role, &k, NULL), 0);
    return k.vkey;
}

static bool is_elsewhere(const char *folder, enum gw_role role)
{
    bool ret = false;
    assert_int_equal(gw_keyring_is_elsewhere(folder, role, &ret, NULL), 0);
    return ret;
}

static int move(enum gw_role role)
{
    return gw_keyring_move(root, role, there(), NULL);
}

static void make_both(gw_span passphrase)
{
    make(GW_ROLE_LOG, passphrase, 1);
    make(GW_ROLE_NEXT, passphrase, 2);
}

static void move_both(void)
{
    assert_int_equal(move(GW_ROLE_LOG), 0);
    assert_int_equal(move(GW_ROLE_NEXT), 0);
}

static bool holds(const char *file, const char *what)
{
    uint8_t text[KEYFILE_MAX];
    size_t len = get_file(file, text);
    return gw_find(gw_span_of(text, len), gw_str(what), 0) >= 0;
}

static void what_stays_is_the_public_half(void **state)
{
    (void)state;
    struct gw_why why = {0};
    struct gw_key k;
    bool locked = true;
    make_both(UNLOCKED);
    struct gw_vkey was = public_of(root, GW_ROLE_LOG);
    assert_false(is_elsewhere(root, GW_ROLE_LOG));
    move_both();
    assert_true(is_elsewhere(root, GW_ROLE_LOG));
    assert_false(is_elsewhere(there(), GW_ROLE_LOG));
    assert_false(holds("log.key", "secret "));
    assert_true(holds("log.key", "\nelsewhere\n"));
    struct gw_vkey now = public_of(root, GW_ROLE_LOG);
    assert_memory_equal(&now, &was, sizeof was);
    assert_int_equal(gw_keyring_is_locked(root, GW_ROLE_LOG, &locked, NULL), 0);
    assert_false(locked);
    refuse(GW_ROLE_LOG, UNLOCKED, GW_EREFUSED,
           "log.key: its secret is elsewhere: --signer");
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, &why),
                     GW_EREFUSED);
    assert_non_null(strstr(why.text, "elsewhere"));
    assert_int_equal(gw_keyring_open(there(), GW_ROLE_LOG, UNLOCKED, &k, NULL),
                     0);
    signs_for_its_vkey(&k);
}

static void a_lock_moves_with_its_key(void **state)
{
    (void)state;
    struct gw_key k;
    make(GW_ROLE_LOG, PASS, 1);
    assert_int_equal(move(GW_ROLE_LOG), 0);
    assert_false(holds("log.key", "locked "));
    assert_int_equal(gw_keyring_open(there(), GW_ROLE_LOG, UNLOCKED, &k, NULL),
                     GW_EREFUSED);
    assert_int_equal(gw_keyring_open(there(), GW_ROLE_LOG, PASS, &k, NULL), 0);
}

static void keys_of_before_move_with_the_logs(void **state)
{
    (void)state;
    char kept[64];
    make_both(UNLOCKED);
    snprintf(kept, sizeof kept, "log.%08x.key",
             public_of(root, GW_ROLE_LOG).id);
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, NULL), 0);
    assert_int_equal(move(GW_ROLE_LOG), 0);
    assert_false(holds(kept, "secret "));
    struct keyfile k;
    assert_int_equal(keyfile_read(there(), kept, &k, NULL), 0);
    assert_false(k.elsewhere);
}

static void moving_twice_is_moving_once_and_back_is_back(void **state)
{
    (void)state;
    char back[256];
    make_both(UNLOCKED);
    move_both();
    move_both();
    snprintf(back, sizeof back, "%s", root);
    assert_int_equal(gw_keyring_move(there(), GW_ROLE_LOG, back, NULL), 0);
    open_key(GW_ROLE_LOG, UNLOCKED);
    assert_true(is_elsewhere(there(), GW_ROLE_LOG));
}

static void another_key_there_is_not_replaced(void **state)
{
    (void)state;
    struct gw_why why = {0};
    struct gw_chance c = seeded(9);
    make(GW_ROLE_LOG, UNLOCKED, 1);
    assert_int_equal(
        gw_keyring_make(there(), GW_ROLE_LOG, NAME, UNLOCKED, &c, NULL), 0);
    assert_int_equal(gw_keyring_move(root, GW_ROLE_LOG, there(), &why),
                     GW_EEXIST);
    assert_non_null(strstr(why.text, "there/log.key: is another key"));
    open_key(GW_ROLE_LOG, UNLOCKED);
}

static void a_secret_that_is_nowhere_is_said_so(void **state)
{
    (void)state;
    struct gw_why why = {0};
    make(GW_ROLE_LOG, UNLOCKED, 1);
    assert_int_equal(move(GW_ROLE_LOG), 0);
    assert_int_equal(unlink(in_root("there/log.key")), 0);
    assert_int_equal(gw_keyring_move(root, GW_ROLE_LOG, there(), &why),
                     GW_EREFUSED);
    assert_non_null(strstr(why.text, "not in"));
    assert_int_equal(gw_keyring_move(root, GW_ROLE_LOG, root, NULL),
                     GW_EREFUSED);
    assert_int_equal(move(GW_ROLE_NEXT), GW_ENOENT);
    assert_int_equal(
        gw_keyring_move(in_root("none"), GW_ROLE_LOG, there(), NULL),
        GW_ENOENT);
}

static void nothing_moves_in_the_midst_of_a_rotation(void **state)
{
    (void)state;
    make_both(UNLOCKED);
    put_file("new.key", GW_LIT("of a rotation"), 0600);
    assert_int_equal(move(GW_ROLE_LOG), GW_EREFUSED);
    assert_int_equal(move(GW_ROLE_NEXT), GW_EREFUSED);
    open_key(GW_ROLE_LOG, UNLOCKED);
}

static bool opens(const char *folder)
{
    struct gw_key k;
    return !gw_keyring_open(folder, GW_ROLE_LOG, UNLOCKED, &k, NULL);
}

static bool makes_and_moves(void)
{
    struct gw_chance c = seeded(1);
    tear_down(NULL);
    assert_int_equal(mkdir(root, 0700), 0);
    if (gw_keyring_make(root, GW_ROLE_LOG, NAME, UNLOCKED, &c, NULL))
        return false;
    bool ok = move(GW_ROLE_LOG) == 0;
    assert_true(opens(root) || opens(there()));
    if (!ok) // a second call ends it
        assert_int_equal(move(GW_ROLE_LOG), 0);
    assert_true(opens(there()) && !opens(root));
    return ok;
}

static void every_failed_write_leaves_the_secret_somewhere(void **state)
{
    (void)state;
    // A file takes a write, a sync, a rename and a sync of the folder: one is
    // made, two are moved; and the folder it goes to is made and synced.
    assert_int_equal(gw_fault_each_write(makes_and_moves), 3 * 4 + 1);
}

// ---- public halves from afar --------------------------------------------
static int take_from_there(struct gw_why *why)
{
    struct gw_vkey log = public_of(there(), GW_ROLE_LOG);
    struct gw_vkey next = public_of(there(), GW_ROLE_NEXT);
    return gw_keyring_take(root, &log, &next, why);
}

static void a_rotation_elsewhere_is_followed(void **state)
{
    (void)state;
    struct gw_why why = {0};
    make_both(UNLOCKED);
    move_both();
    for (int i = 0; i < 3; i++) {
        struct gw_vkey next = public_of(root, GW_ROLE_NEXT);
        assert_int_equal(take_from_there(&why), 0); // nothing new
        assert_int_equal(gw_keyring_rotate(there(), UNLOCKED, NULL, &why), 0);
        assert_int_equal(take_from_there(&why), 0);
        struct gw_vkey log = public_of(root, GW_ROLE_LOG);
        assert_memory_equal(log.public_key, next.public_key, GW_PUBLIC_LEN);
        assert_true(is_elsewhere(root, GW_ROLE_LOG));
        assert_true(is_elsewhere(root, GW_ROLE_NEXT));
    }
}

static void half_a_taking_is_ended_by_the_next(void **state)
{
    (void)state;
    uint8_t text[KEYFILE_MAX];
    make_both(UNLOCKED);
    move_both();
    assert_int_equal(gw_keyring_rotate(there(), UNLOCKED, NULL, NULL), 0);
    struct keyfile k;
    struct gw_vkey log = public_of(there(), GW_ROLE_LOG);
    assert_int_equal(keyfile_public(GW_ROLE_LOG, &log, &k, NULL), 0);
    size_t len = keyfile_format(&k, text);
    put_file("log.key", gw_span_of(text, len), 0600);
    assert_int_equal(take_from_there(NULL), 0);
    struct gw_vkey next = public_of(root, GW_ROLE_NEXT);
    assert_int_equal(next.id, public_of(there(), GW_ROLE_NEXT).id);
}

static void keys_that_do_not_follow_are_refused(void **state)
{
    (void)state;
    struct gw_why why = {0};
    make_both(UNLOCKED);
    struct gw_vkey log = public_of(root, GW_ROLE_LOG);
    struct gw_vkey next = public_of(root, GW_ROLE_NEXT);
    assert_int_equal(gw_keyring_take(root, &next, &log, &why), GW_EREFUSED);
    assert_non_null(strstr(why.text, "is here"));
    move_both();
    why = (struct gw_why){0};
    assert_int_equal(gw_keyring_rotate(there(), UNLOCKED, NULL, NULL), 0);
    assert_int_equal(gw_keyring_rotate(there(), UNLOCKED, NULL, NULL), 0);
    assert_int_equal(take_from_there(&why), GW_EREFUSED);
    assert_non_null(strstr(why.text, "do not follow"));
    assert_int_equal(gw_keyring_take(root, &next, &next, NULL), GW_EREFUSED);
    struct gw_vkey now = public_of(root, GW_ROLE_LOG);
    assert_int_equal(now.id, log.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_stays_is_the_public_half),
        T(a_lock_moves_with_its_key),
        T(keys_of_before_move_with_the_logs),
        T(moving_twice_is_moving_once_and_back_is_back),
        T(another_key_there_is_not_replaced),
        T(a_secret_that_is_nowhere_is_said_so),
        T(nothing_moves_in_the_midst_of_a_rotation),
        T(every_failed_write_leaves_the_secret_somewhere),
        T(a_rotation_elsewhere_is_followed),
        T(half_a_taking_is_ended_by_the_next),
        T(keys_that_do_not_follow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
