// Rotation: one step at a time, and a whole one, whatever fails half way.
#include "keyring_case.h"

#include "fault.h"

struct ring {
    struct gw_vkey log, next;
};

static struct ring ring(void)
{
    struct gw_key k;
    struct ring ret;
    assert_int_equal(gw_keyring_public(root, GW_ROLE_LOG, &k, NULL), 0);
    ret.log = k.vkey;
    assert_int_equal(gw_keyring_public(root, GW_ROLE_NEXT, &k, NULL), 0);
    ret.next = k.vkey;
    return ret;
}

static bool same(const struct gw_vkey *a, const struct gw_vkey *b)
{
    return memcmp(a->public_key, b->public_key, GW_PUBLIC_LEN) == 0;
}

// Went exactly one step on from what was there.
static void one_step_from(const struct ring *was)
{
    char kept[64];
    struct keyfile k;
    struct ring now = ring();
    assert_true(same(&now.log, &was->next));
    assert_false(same(&now.next, &was->next));
    assert_false(same(&now.next, &was->log));
    snprintf(kept, sizeof kept, "log.%08x.key", was->log.id);
    assert_int_equal(keyfile_read(root, kept, &k, NULL), 0);
    assert_int_equal(k.role, GW_ROLE_LOG);
    assert_true(same(&k.vkey, &was->log));
    assert_false(exists("new.key"));
    snprintf(kept, sizeof kept, "log.%08x.key", now.log.id);
    assert_false(exists(kept));
}

static void rotation_goes_one_step(void **state)
{
    (void)state;
    struct gw_chance c = seeded(7);
    make(GW_ROLE_LOG, UNLOCKED, 1);
    make(GW_ROLE_NEXT, UNLOCKED, 2);
    for (int i = 0; i < 3; i++) {
        struct ring was = ring();
        assert_int_equal(gw_keyring_rotate(root, UNLOCKED, &c, NULL), 0);
        one_step_from(&was);
        struct gw_key k = open_key(GW_ROLE_LOG, UNLOCKED);
        signs_for_its_vkey(&k);
    }
}

static void rotation_keeps_the_passphrase(void **state)
{
    (void)state;
    struct gw_chance c = seeded(7);
    struct gw_why why = {0};
    make(GW_ROLE_LOG, PASS, 1);
    make(GW_ROLE_NEXT, PASS, 2);
    struct ring was = ring(), now;
    assert_int_equal(gw_keyring_rotate(root, GW_LIT("mistyped"), &c, &why),
                     GW_EREFUSED);
    assert_non_null(strstr(why.text, "next.key"));
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, &c, NULL), GW_EREFUSED);
    now = ring();
    assert_memory_equal(&now, &was, sizeof now);
    assert_int_equal(gw_keyring_rotate(root, PASS, &c, NULL), 0);
    one_step_from(&was);
    refuse(GW_ROLE_NEXT, UNLOCKED, GW_EREFUSED, "locked");
    open_key(GW_ROLE_NEXT, PASS);
    open_key(GW_ROLE_LOG, PASS);
}

static void rotation_wants_both_keys_of_one_name(void **state)
{
    (void)state;
    struct gw_why why = {0};
    uint8_t text[KEYFILE_MAX], seed[GW_SEED_LEN] = {1};
    struct keyfile k;
    make(GW_ROLE_LOG, UNLOCKED, 1);
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, &why), GW_ENOENT);
    assert_non_null(strstr(why.text, "next.key"));
    assert_int_equal(
        keyfile_make(GW_ROLE_NEXT, GW_LIT("other"), seed, &k, NULL), 0);
    size_t len = keyfile_format(&k, text);
    put_file("next.key", gw_span_of(text, len), 0600);
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, NULL),
                     GW_EREFUSED);
}

static void another_key_of_the_same_id_is_not_replaced(void **state)
{
    (void)state;
    char kept[64];
    uint8_t other[KEYFILE_MAX];
    make(GW_ROLE_LOG, UNLOCKED, 1);
    make(GW_ROLE_NEXT, UNLOCKED, 2);
    make(GW_ROLE_WITNESS, UNLOCKED, 3);
    struct ring was = ring();
    snprintf(kept, sizeof kept, "log.%08x.key", was.log.id);
    size_t len = get_file("witness.key", other);
    put_file(kept, gw_span_of(other, len), 0600);
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, NULL), GW_EEXIST);
    open_key(GW_ROLE_LOG, UNLOCKED);
    assert_int_equal(unlink(in_root(kept)), 0);
    assert_int_equal(gw_keyring_rotate(root, UNLOCKED, NULL, NULL), 0);
    one_step_from(&was);
}

static void start_over(void)
{
    tear_down(NULL);
    assert_int_equal(mkdir(root, 0700), 0);
}

// As a process that is killed leaves it: what failed is tried once more by
// another, whose chance is another.
static bool makes_and_rotates(void)
{
    struct gw_chance c = seeded(1), later = seeded(2);
    bool ok = true;
    start_over();
    for (enum gw_role r = GW_ROLE_LOG; r <= GW_ROLE_NEXT; r++)
        if (gw_keyring_make(root, r, NAME, UNLOCKED, &c, NULL)) {
            ok = false;
            assert_int_equal(
                gw_keyring_make(root, r, NAME, UNLOCKED, &later, NULL), 0);
        }
    struct ring was = ring();
    if (gw_keyring_rotate(root, UNLOCKED, &c, NULL)) {
        ok = false;
        ring(); // both can be read at every step
        assert_int_equal(gw_keyring_rotate(root, UNLOCKED, &later, NULL), 0);
    }
    one_step_from(&was);
    assert_false(exists("log.key.part") || exists("next.key.part") ||
                 exists("new.key.part"));
    return ok;
}

// Each file takes a write, a sync, a rename and a sync of the folder; 2 are
// made and 4 are on the way of a rotation. The sync after new.key is gone may
// fail.
static void interrupted_anywhere_a_second_call_ends_it(void **state)
{
    (void)state;
    assert_int_equal(gw_fault_each_write(makes_and_rotates), 6 * 4 + 1);
}

static void what_a_killed_writer_left_is_in_nobodys_way(void **state)
{
    (void)state;
    put_file("log.key.part", GW_LIT("half a ke"), 0644);
    make(GW_ROLE_LOG, UNLOCKED, 1);
    assert_false(exists("log.key.part"));
    open_key(GW_ROLE_LOG, UNLOCKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(rotation_goes_one_step),
        T(rotation_keeps_the_passphrase),
        T(rotation_wants_both_keys_of_one_name),
        T(another_key_of_the_same_id_is_not_replaced),
        T(interrupted_anywhere_a_second_call_ends_it),
        T(what_a_killed_writer_left_is_in_nobodys_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
