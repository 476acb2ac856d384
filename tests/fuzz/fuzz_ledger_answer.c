// Answers of witnesses, as files: lines that nobody signed are never taken,
// and the one that was signed is, whatever stands around it.
#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fixed {
    struct gw_policy *policy;
    struct gw_buf note, line;
};

static void put_vkey(struct gw_buf *b, const char *before,
                     const struct gw_vkey *k)
{
    char text[GW_VKEY_TEXT];
    gw_vkey_format(k, text);
    gw_put_fmt(b, "%s%s\n", before, text);
}

static int make(struct fixed *f)
{
    static const uint8_t seeds[2][GW_SEED_LEN] = {{1}, {2}};
    struct gw_signing_key key[2];
    struct gw_vkey log, witness;
    struct gw_buf text;
    struct gw_checkpoint c = {.origin = "fuzz.example", .size = 7};
    gw_buf_init(&f->note, 4096);
    gw_buf_init(&f->line, 4096);
    gw_buf_init(&text, 8192);
    for (int i = 0; i < 2; i++)
        gw_signing_key_from(seeds[i], &key[i]);
    int rc = gw_vkey_make(GW_LIT("fuzz.example"), GW_SIG_ED25519,
                          gw_signing_key_public(&key[0]), &log, NULL);
    rc = rc ? rc
            : gw_vkey_make(GW_LIT("w"), GW_SIG_COSIGN,
                           gw_signing_key_public(&key[1]), &witness, NULL);
    put_vkey(&text, "log ", &log);
    put_vkey(&text, "witness w ", &witness);
    gw_put_str(&text, "quorum w\n");
    rc = rc ? rc : gw_policy_parse(gw_buf_span(&text), &f->policy, NULL);
    gw_checkpoint_format(&c, &f->note);
    gw_buf_reset(&text);
    gw_put_span(&text, gw_buf_span(&f->note));
    gw_put_u8(&f->note, '\n');
    rc =
        rc ? rc
           : gw_note_sign(gw_buf_span(&text), &log, &key[0], 0, &f->note, NULL);
    rc = rc ? rc
            : gw_note_sign(gw_buf_span(&text), &witness, &key[1], 1700000000,
                           &f->line, NULL);
    gw_buf_release(&text);
    return rc;
}

static void check(const struct fixed *f, gw_span answer)
{
    struct gw_buf ret;
    struct gw_why why = {0};
    gw_buf_init(&ret, 1 << 20);
    int rc =
        gw_witness_accept(f->policy, gw_buf_span(&f->note), answer, &ret, &why);
    if (rc ? !why.text[0] || ret.len
           : gw_find(answer, gw_buf_span(&ret), 0) < 0 || !ret.len)
        abort();
    gw_buf_release(&ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fixed f = {0};
    struct gw_buf both;
    if (make(&f))
        abort();
    gw_buf_init(&both, 1 << 20);
    check(&f, gw_span_of(data, size));
    // The true line first: what follows was not asked for.
    gw_put_span(&both, gw_buf_span(&f.line));
    gw_put(&both, data, size);
    check(&f, gw_buf_span(&both));
    gw_buf_release(&both);
    gw_buf_release(&f.note);
    gw_buf_release(&f.line);
    gw_policy_free(f.policy);
    return 0;
}
