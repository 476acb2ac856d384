// What a signer keeps: no fault, race or restart makes it sign two histories.
#include "fault.h"
#include "signer_case.h"

#include <pthread.h>

// ---- what is kept -------------------------------------------------------
static void a_witness_keeps_the_logs_line_and_its_own(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf text, body, note;
    struct gw_note n;
    struct gw_key stranger;
    uint64_t posix;
    begin(&f);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    gw_buf_init(&text, 1 << 12);
    gw_buf_init(&body, 1 << 14);
    gw_buf_init(&note, 1 << 14);
    put_text(&f, MAIN, 7, &text);
    gw_put_str(&body, "old 0\n\n");
    put_signed(&f.c.key, gw_buf_span(&text), &body);
    case_key(GW_ROLE_WITNESS, "stranger.example", 0x33, &stranger);
    assert_int_equal(gw_note_sign(gw_buf_span(&text), &stranger.vkey,
                                  &stranger.signing, 5, &body, NULL),
                     0);
    assert_int_equal(answer_to(f.s, gw_buf_span(&body), NULL), 200);
    assert_int_equal(gw_signer_last(f.s, gw_str(CASE_ORIGIN), &note, NULL), 0);
    assert_int_equal(gw_note_parse(gw_buf_span(&note), arena, &n, NULL), 0);
    assert_true(gw_eq(n.text, gw_buf_span(&text)));
    assert_int_equal(n.count, 2);
    assert_int_equal(gw_note_signed_by(&n, &f.c.key.vkey, &posix, NULL), 1);
    assert_int_equal(gw_note_signed_by(&n, &f.key.vkey, &posix, NULL), 1);
    assert_int_equal(posix, 1700000000);
    gw_buf_release(&text);
    gw_buf_release(&body);
    gw_buf_release(&note);
    gw_arena_free(arena);
    end(&f);
}

static void state_survives_reopening_and_time_never_goes_back(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf lines[2];
    begin(&f);
    gw_buf_init(&lines[0], 1 << 12);
    gw_buf_init(&lines[1], 1 << 12);
    assert_int_equal(ask_of(&f, f.s, false, MAIN, 0, 7, &lines[0]), 200);
    gw_signer_close(f.s);
    f.s = open_witness(&f, 1500000000); // the clock was set back
    assert_int_equal(last_size(f.s), 7);
    assert_int_equal(ask(&f, FORK, 0, 9), 409);
    // The same tree at the same second: the same signature.
    assert_int_equal(ask_of(&f, f.s, false, MAIN, 7, 7, &lines[1]), 200);
    assert_true(gw_eq(gw_buf_span(&lines[0]), gw_buf_span(&lines[1])));
    gw_buf_release(&lines[0]);
    gw_buf_release(&lines[1]);
    end(&f);
}

static void a_new_key_goes_on_where_the_old_one_stopped(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    gw_signer_close(f.s);
    case_key(GW_ROLE_WITNESS, "witness1.example", 0x44, &f.key);
    f.s = open_witness(&f, 1700000000);
    assert_int_equal(ask(&f, FORK, 0, 9), 409);
    assert_int_equal(ask(&f, FORK, 7, 9), 422);
    assert_int_equal(ask(&f, MAIN, 7, 9), 200);
    end(&f);
}

static void state_path(const struct fixture *f, char *ret_path, size_t cap)
{
    char hex[SIGNER_HEX];
    signer_origin_hex(gw_str(CASE_ORIGIN), hex);
    snprintf(ret_path, cap, "%s/%s", f->state, hex);
}

static void damaged_state_signs_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf good;
    char path[512];
    begin(&f);
    gw_buf_init(&good, 1 << 14);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    state_path(&f, path, sizeof path);
    assert_int_equal(gw_file_read(path, &good, NULL), 0);
    for (size_t i = 0; i < good.len; i += 3) {
        good.at[i] ^= 1;
        assert_int_equal(gw_file_write(path, gw_buf_span(&good), NULL), 0);
        good.at[i] ^= 1;
        // A change of a name makes it somebody else's line, no more.
        int status = ask(&f, FORK, 7, 12);
        if (status != 500 && status != 422)
            fail_msg("byte %d: answered %d", (int)i, status);
        status = ask(&f, FORK, 0, 12);
        if (status != 500 && status != 409)
            fail_msg("byte %d: answered %d", (int)i, status);
    }
    for (size_t len = 0; len < good.len; len += 7) {
        gw_span cut = gw_sub(gw_buf_span(&good), 0, len);
        assert_int_equal(gw_file_write(path, cut, NULL), 0);
        int status = ask(&f, FORK, 0, 12);
        if (status != 500 && status != 409)
            fail_msg("cut to %d: answered %d", (int)len, status);
    }
    gw_buf_release(&good);
    end(&f);
}

static void nobody_else_can_read_the_state(void **state)
{
    (void)state;
    struct fixture f;
    struct stat st;
    char path[512];
    begin(&f);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    state_path(&f, path, sizeof path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(f.state, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    end(&f);
}

static void only_a_hash_names_a_state(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf b;
    char hex[SIGNER_HEX];
    begin(&f);
    gw_buf_init(&b, 1 << 14);
    assert_int_equal(ask(&f, MAIN, 0, 7), 200);
    signer_origin_hex(gw_str(CASE_ORIGIN), hex);
    assert_int_equal(signer_last_by_hex(f.s, gw_str(hex), &b, NULL), 0);
    static const char *const bad[] = {"", "lock", "../lock", "0", "."};
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(signer_last_by_hex(f.s, gw_str(bad[i]), &b, NULL),
                         GW_ENOENT);
    hex[0] = 'A';
    assert_int_equal(signer_last_by_hex(f.s, gw_str(hex), &b, NULL), GW_ENOENT);
    assert_int_equal(gw_signer_last(f.s, gw_str("never"), &b, NULL), GW_ENOENT);
    gw_buf_release(&b);
    end(&f);
}

// ---- races --------------------------------------------------------------
struct racer {
    struct fixture *f;
    struct gw_signer *s;
    int tree, wins;
    uint64_t rolled_back;
};

// Goes up one history from wherever the signer is.
static void *climb(void *ctx)
{
    struct racer *r = ctx;
    uint64_t seen = 4;
    for (int i = 0; i < 60; i++) {
        uint64_t at = last_size(r->s);
        r->rolled_back += at < seen;
        seen = at;
        if (at < LEAVES)
            r->wins +=
                ask_of(r->f, r->s, false, r->tree, at, at + 1, NULL) == 200;
    }
    return NULL;
}

// Four threads, two signers as two processes would have them: after the first
// step beyond the fourth leaf only one history is ever signed.
static void threads_and_processes_that_race_never_roll_back(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct fixture f;
        pthread_t threads[4];
        struct racer racers[4];
        begin(&f);
        assert_int_equal(ask(&f, MAIN, 0, 4), 200);
        struct gw_signer *second = open_witness(&f, 1700000000);
        for (int i = 0; i < 4; i++) {
            racers[i] = (struct racer){&f, i < 2 ? f.s : second, i % 2, 0, 0};
            assert_int_equal(
                pthread_create(&threads[i], NULL, climb, &racers[i]), 0);
        }
        int wins[2] = {0, 0};
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            wins[racers[i].tree] += racers[i].wins;
            assert_int_equal(racers[i].rolled_back, 0);
        }
        assert_true(!wins[MAIN] != !wins[FORK]);
        assert_int_equal(wins[MAIN] + wins[FORK], last_size(f.s) - 4);
        gw_signer_close(second);
        end(&f);
    }
}

// ---- faults -------------------------------------------------------------
static struct fixture *faulty;

// Signs one step of the main history while something fails, then tries the
// other history: not both may come out.
static bool one_step(void)
{
    struct fixture f = *faulty;
    struct gw_buf said;
    gw_buf_init(&said, 1 << 12);
    struct gw_signer *s;
    struct gw_clock clock = {1700000000 * GW_SECOND};
    case_remove(f.state);
    if (gw_signer_open(f.state, &f.key, f.policy, &clock, &s, NULL)) {
        gw_buf_release(&said);
        return false;
    }
    int status = ask_of(&f, s, false, MAIN, 0, 7, &said);
    assert_true(status == 200 || status == 500);
    assert_true(status == 200 ||
                gw_find(gw_buf_span(&said), gw_str("witness1"), 0) < 0);
    int other = ask_of(&f, s, false, FORK, 0, 7, NULL);
    assert_true(status != 200 || other == 409);
    gw_signer_close(s);
    gw_buf_release(&said);
    return status == 200 && other == 409;
}

static void failed_writes_sign_nothing_twice(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    faulty = &f;
    // write, fsync, rename, fsync of the folder.
    assert_int_equal(gw_fault_each_write(one_step), 4);
    end(&f);
}

static gw_span prepared;

static bool answer_prepared(void)
{
    struct gw_answer a;
    struct gw_signer *s;
    case_remove(faulty->state);
    if (gw_signer_open(faulty->state, &faulty->key, faulty->policy, NULL, &s,
                       NULL))
        return false;
    gw_signer_answer(s, prepared, &a);
    assert_true(a.status == 200 || a.status == 500);
    gw_answer_release(&a);
    gw_signer_close(s);
    return a.status == 200;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    struct fixture f;
    struct gw_buf text, body;
    begin(&f);
    faulty = &f;
    gw_buf_init(&text, 1 << 12);
    gw_buf_init(&body, 1 << 12);
    put_text(&f, MAIN, 7, &text);
    gw_put_str(&body, "old 0\n\n");
    put_signed(&f.c.key, gw_buf_span(&text), &body);
    prepared = gw_buf_span(&body);
    assert_true(gw_fault_each_alloc(answer_prepared) > 5);
    gw_buf_release(&text);
    gw_buf_release(&body);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_witness_keeps_the_logs_line_and_its_own),
        cmocka_unit_test(state_survives_reopening_and_time_never_goes_back),
        cmocka_unit_test(a_new_key_goes_on_where_the_old_one_stopped),
        cmocka_unit_test(damaged_state_signs_nothing),
        cmocka_unit_test(nobody_else_can_read_the_state),
        cmocka_unit_test(only_a_hash_names_a_state),
        cmocka_unit_test(threads_and_processes_that_race_never_roll_back),
        cmocka_unit_test(failed_writes_sign_nothing_twice),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
