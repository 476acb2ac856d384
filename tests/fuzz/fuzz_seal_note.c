// Signed notes: what parses is put together again byte for byte, no signature
// verifies that was not made, and one that is made does.
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void make_key(enum gw_signature_type type, struct gw_signing_key *key,
                     struct gw_vkey *vkey)
{
    static const uint8_t seed[GW_SEED_LEN] = {1};
    gw_signing_key_from(seed, key);
    must(gw_vkey_make(GW_LIT("n"), type, gw_signing_key_public(key), vkey,
                      NULL) == 0);
}

static void put_line(const struct gw_note_line *l, struct gw_buf *b)
{
    uint8_t id[4] = {(uint8_t)(l->id >> 24), (uint8_t)(l->id >> 16),
                     (uint8_t)(l->id >> 8), (uint8_t)l->id};
    struct gw_buf bytes;
    gw_buf_init(&bytes, GW_NOTE_MAX);
    gw_put(&bytes, id, sizeof id);
    gw_put_span(&bytes, l->signature);
    gw_put_str(b, "\xe2\x80\x94 ");
    gw_put_span(b, l->name);
    gw_put_u8(b, ' ');
    gw_b64_put(GW_B64_STANDARD, gw_buf_span(&bytes), b);
    gw_put_u8(b, '\n');
    gw_buf_release(&bytes);
}

static void put_together(const struct gw_note *n, gw_span whole)
{
    struct gw_buf b;
    gw_buf_init(&b, GW_NOTE_MAX);
    gw_put_span(&b, n->text);
    gw_put_u8(&b, '\n');
    for (size_t i = 0; i < n->count; i++)
        put_line(&n->lines[i], &b);
    must(gw_eq(gw_buf_span(&b), whole));
    gw_buf_release(&b);
}

static void add_signature(const struct gw_note *n, gw_span whole,
                          enum gw_signature_type type, struct gw_arena *a)
{
    struct gw_signing_key key;
    struct gw_vkey vkey;
    struct gw_note again;
    struct gw_buf b;
    uint64_t posix;
    make_key(type, &key, &vkey);
    int before = gw_note_signed_by(n, &vkey, &posix, NULL);
    must(before == 0 || before == 1 || before == GW_EPROOF);
    gw_buf_init(&b, 2 * GW_NOTE_MAX);
    gw_put_span(&b, whole);
    must(gw_note_sign(n->text, &vkey, &key, 7, &b, NULL) == 0);
    if (gw_note_parse(gw_buf_span(&b), a, &again, NULL) == 0) {
        must(gw_eq(again.text, n->text) && again.count == n->count + 1);
        int after = gw_note_signed_by(&again, &vkey, &posix, NULL);
        must(after == (before == GW_EPROOF ? GW_EPROOF : 1));
    } else {
        must(n->count == GW_NOTE_LINES_MAX || b.len > GW_NOTE_MAX);
    }
    gw_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gw_span whole = gw_span_of(data, size);
    struct gw_arena *a = gw_arena_new(4 << 20);
    struct gw_note n;
    if (gw_note_parse(whole, a, &n, NULL) == 0) {
        must(n.count >= 1 && n.count <= GW_NOTE_LINES_MAX);
        put_together(&n, whole);
        add_signature(&n, whole, GW_SIG_ED25519, a);
        add_signature(&n, whole, GW_SIG_COSIGN, a);
    }
    gw_arena_free(a);
    return 0;
}
