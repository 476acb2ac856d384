// Proof files of both kinds: what parses comes out as it went in.
#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gw_span whole = gw_span_of(data, size);
    struct gw_arena *a = gw_arena_new(4 << 20);
    struct gw_tlog_proof t;
    struct gw_batch_proof p;
    struct gw_buf b;
    gw_buf_init(&b, 8 << 20);
    if (gw_tlog_proof_parse(whole, a, &t, NULL) == 0) {
        gw_tlog_proof_format(&t, &b);
        must(t.index <= INT64_MAX && t.proof.count <= GW_PROOF_MAX);
        must(!b.err && gw_eq(gw_buf_span(&b), whole));
    }
    gw_buf_reset(&b);
    if (gw_batch_proof_parse(whole, &p, NULL) == 0) {
        gw_batch_proof_format(&p, &b);
        must(p.index < p.size && p.proof.count <= GW_PROOF_MAX);
        must(!b.err && gw_eq(gw_buf_span(&b), whole));
    }
    gw_buf_release(&b);
    gw_arena_free(a);
    return 0;
}
