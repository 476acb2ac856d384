// Checkpoints: what parses comes out as the first three lines of what went in.
#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_checkpoint c, again;
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    if (gw_checkpoint_parse(gw_span_of(data, size), &c, NULL) == 0) {
        gw_checkpoint_format(&c, &b);
        if (b.err || b.len > size || memcmp(b.at, data, b.len) ||
            gw_checkpoint_parse(gw_buf_span(&b), &again, NULL) ||
            strcmp(c.origin, again.origin) || c.size != again.size ||
            c.size > INT64_MAX || !gw_hash32_eq(&c.root, &again.root))
            abort();
    }
    gw_buf_release(&b);
    return 0;
}
