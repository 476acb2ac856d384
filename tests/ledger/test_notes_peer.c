// Signed checkpoints that others made: the independent peer's good and
// malformed ones with its verdicts, and where the data is there, checkpoints
// of Tessera's and Sunlight's logs, witnesses and mirrors.
#include "ledger/ledger.h"
#include "peer.h"

static struct gw_json *parser;
static struct gw_arena *arena;
static struct gw_buf buf;

static int set_up(void **state)
{
    (void)state;
    parser = gw_json_new();
    arena = gw_arena_new(8 << 20);
    gw_buf_init(&buf, 4 << 20);
    return parser && arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gw_json_free(parser);
    gw_arena_free(arena);
    gw_buf_release(&buf);
    return 0;
}

static gw_jv parse_buf(void)
{
    static const uint8_t padding[GW_JSON_PADDING];
    size_t len = buf.len;
    gw_jv v;
    gw_put(&buf, padding, sizeof padding);
    assert_int_equal(buf.err, 0);
    assert_int_equal(gw_json_parse(parser, gw_span_of(buf.at, len), &v, NULL),
                     0);
    return v;
}

// ---- the peer's cases ---------------------------------------------------
static void check_case(const struct gw_policy *p, gw_jv c)
{
    static uint8_t bytes[GW_NOTE_MAX];
    size_t len;
    struct gw_opened o;
    struct gw_why why = {0};
    gw_span comment = gw_jv_str(gw_jv_get(c, "comment"));
    assert_true(gw_b64_read(GW_B64_STANDARD,
                            gw_jv_str(gw_jv_get(c, "note_base64")), bytes,
                            sizeof bytes, &len));
    gw_arena_reset(arena);
    int rc = gw_policy_open(p, gw_span_of(bytes, len), arena, &o, &why);
    int valid = gw_jv_bool(gw_jv_get(c, "valid"));
    int quorum = gw_jv_bool(gw_jv_get(c, "quorum"));
    if ((rc == 0) != valid || (rc == 0 && o.quorum != quorum))
        fail_msg("%.*s: the peer says valid %d, quorum %d; here %d, %s",
                 (int)comment.len, (const char *)comment.at, valid, quorum, rc,
                 why.text);
    assert_true(rc == 0 || ((rc == GW_EFORMAT || rc == GW_EPROOF) &&
                            why.code == rc && why.text[0]));
}

static void every_verdict_is_the_peers(void **state)
{
    (void)state;
    const char *args[] = {"gennotes", NULL};
    struct gw_policy *p;
    size_t count = 0, good = 0;
    if (!peer_or_skip("its notes"))
        return;
    gw_buf_reset(&buf);
    assert_int_equal(peer_run(args, (gw_span){0}, &buf), 0);
    gw_jv v = parse_buf();
    assert_int_equal(
        gw_policy_parse(gw_jv_str(gw_jv_get(v, "policy")), &p, NULL), 0);
    gw_jit it = gw_jv_iter(gw_jv_get(v, "cases"));
    for (; gw_jit_next(&it); count++) {
        check_case(p, it.value);
        good += gw_jv_bool(gw_jv_get(it.value, "valid")) == 1;
    }
    assert_int_equal(count, 47);
    assert_in_range(good, 9, 20);
    gw_policy_free(p);
}

// ---- what is signed here, the peer verifies -----------------------------
static struct gw_signing_key key_of(uint8_t mark)
{
    struct gw_signing_key k;
    uint8_t seed[GW_SEED_LEN];
    memset(seed, mark, sizeof seed);
    gw_signing_key_from(seed, &k);
    return k;
}

static void sign(const char *name, enum gw_signature_type type, uint8_t mark,
                 uint64_t posix, gw_span text)
{
    struct gw_signing_key k = key_of(mark);
    struct gw_vkey v;
    assert_int_equal(
        gw_vkey_make(gw_str(name), type, gw_signing_key_public(&k), &v, NULL),
        0);
    assert_int_equal(gw_note_sign(text, &v, &k, posix, &buf, NULL), 0);
}

// The reference policy, its keys made here from the reference seeds.
static void put_policy(struct gw_buf *ret)
{
    struct gw_signing_key k = key_of(0x01);
    struct gw_vkey v;
    char text[GW_VKEY_TEXT], name[] = "witness?.example";
    assert_int_equal(gw_vkey_make(GW_LIT("gawah.example/ref-log"),
                                  GW_SIG_ED25519, gw_signing_key_public(&k), &v,
                                  NULL),
                     0);
    gw_vkey_format(&v, text);
    gw_put_fmt(ret, "log %s\n", text);
    for (uint8_t i = 1; i <= 3; i++) {
        k = key_of((uint8_t)(0x10 + i));
        name[7] = (char)('0' + i);
        assert_int_equal(gw_vkey_make(gw_str(name), GW_SIG_COSIGN,
                                      gw_signing_key_public(&k), &v, NULL),
                         0);
        gw_vkey_format(&v, text);
        gw_put_fmt(ret, "witness w%d %s\n", i, text);
    }
    gw_put_str(ret, "group witnesses 2 w1 w2 w3\nquorum witnesses\n");
}

static void the_peer_verifies_what_is_signed_here(void **state)
{
    (void)state;
    char folder[] = "/tmp/gw_notes_XXXXXX", path[64];
    struct gw_checkpoint c = {.origin = "gawah.example/ref-log", .size = 5};
    struct gw_buf policy, text;
    if (!peer_or_skip("verifying what is signed here"))
        return;
    gw_buf_init(&policy, 1 << 16);
    gw_buf_init(&text, 1 << 16);
    put_policy(&policy);
    gw_checkpoint_format(&c, &text);
    gw_buf_reset(&buf);
    gw_put_span(&buf, gw_buf_span(&text));
    gw_put_u8(&buf, '\n');
    sign("gawah.example/ref-log", GW_SIG_ED25519, 0x01, 0, gw_buf_span(&text));
    sign("witness1.example", GW_SIG_COSIGN, 0x11, 5, gw_buf_span(&text));
    sign("witness3.example", GW_SIG_COSIGN, 0x13, 6, gw_buf_span(&text));

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/policy.txt", folder);
    assert_int_equal(gw_file_write(path, gw_buf_span(&policy), NULL), 0);
    const char *args[] = {"checkpoint", "-policy", path, "-", NULL};
    gw_buf_reset(&text);
    assert_int_equal(peer_run(args, gw_buf_span(&buf), &text), 0);
    assert_true(gw_find(gw_buf_span(&text), GW_LIT("met: true"), 0) >= 0);
    unlink(path);
    rmdir(folder);
    gw_buf_release(&policy);
    gw_buf_release(&text);
}

// ---- checkpoints of others, where they are at hand ----------------------

// Reads $GAWAH_DATA/tlog/<path> into buf; false, and a line, if not there.
static bool load(const char *path)
{
    char whole[1024];
    const char *data = getenv("GAWAH_DATA");
    snprintf(whole, sizeof whole, "%s/tlog/%s", data ? data : "", path);
    gw_buf_reset(&buf);
    if (data && gw_file_read(whole, &buf, NULL) == 0)
        return true;
    printf("skipped, not in $GAWAH_DATA: tlog/%s\n", path);
    return false;
}

static void tesseras_checkpoints_open(void **state)
{
    (void)state;
    struct gw_policy *p;
    char path[128];
    assert_int_equal(
        gw_policy_parse(GW_LIT("log example.com/log/testdata+33d7b496+"
                               "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx\n"
                               "quorum none\n"),
                        &p, NULL),
        0);
    for (unsigned size = 0; size <= 15; size++) {
        struct gw_opened o;
        snprintf(path, sizeof path, "tessera/testdata/log/checkpoint.%u", size);
        if (!load(path))
            break;
        gw_arena_reset(arena);
        assert_int_equal(gw_policy_open(p, gw_buf_span(&buf), arena, &o, NULL),
                         0);
        assert_int_equal(o.checkpoint.size, size);
    }
    gw_policy_free(p);
}

static const char sunlight[] = "sunlight/cmd/skylight/testdata";

static bool load_sunlight(const char *path)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", sunlight, path);
    return load(whole);
}

// The key that a witness' description names.
static bool described(const char *path, struct gw_vkey *ret)
{
    if (!load_sunlight(path))
        return false;
    gw_jv v = parse_buf();
    gw_span text = gw_jv_str(gw_jv_at(gw_jv_get(v, "verifier_keys"), 0));
    assert_int_equal(gw_vkey_parse(text, ret, NULL), 0);
    return true;
}

static void sunlights_witnesses_and_mirror_verify(void **state)
{
    (void)state;
    static const struct {
        const char *key, *checkpoint;
    } cases[] = {
        {"witness/witness.v0.json",
         "witness/000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea"
         "9706/checkpoint"},
        {"witness/mirror/mirror.v0.json",
         "witness/mirror/000de184301123b9278c086a7d9f68c9577e83872224c197058fd"
         "90784ea9706/checkpoint"},
        {"witness2/witness.v0.json",
         "witness2/88ad7a28caeb0b2aa890fdf0304c2fcaf59fca2ee140134ff8c1300bac4"
         "93482/checkpoint"},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct gw_vkey k;
        struct gw_note n;
        struct gw_checkpoint c;
        uint64_t posix;
        if (!described(cases[i].key, &k) || !load_sunlight(cases[i].checkpoint))
            continue;
        gw_arena_reset(arena);
        assert_int_equal(gw_note_parse(gw_buf_span(&buf), arena, &n, NULL), 0);
        assert_int_equal(gw_note_signed_by(&n, &k, &posix, NULL), 1);
        assert_true(posix > 1700000000 && posix < 2000000000);
        assert_int_equal(gw_checkpoint_parse(n.text, &c, NULL), 0);
        assert_true(c.size > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_is_the_peers),
        cmocka_unit_test(the_peer_verifies_what_is_signed_here),
        cmocka_unit_test(tesseras_checkpoints_open),
        cmocka_unit_test(sunlights_witnesses_and_mirror_verify),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
