// Certificates: whatever the bytes are, an error or facts that are well-formed.
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_facts(const struct gw_cert *c)
{
    const gw_span texts[] = {c->subject, c->issuer, c->serial_hex, c->san_list};
    for (size_t i = 0; i < GW_COUNT(texts); i++)
        must(texts[i].at && gw_is_utf8(texts[i]));
    must(gw_is_utf8(c->subject_common_name));
    must(gw_is_utf8(c->issuer_common_name));
    must(gw_starts(c->san_list, "[") && gw_ends(c->san_list, "]"));
    must(gw_is(c->san_list, "[]") == (c->san_count == 0));
    must(c->subject_common_name.at == NULL || c->subject.len > 0);
    must(!c->self_issued || gw_eq(c->subject, c->issuer));
    must(c->serial_hex.len >= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *a = gw_arena_new(4 << 20);
    struct gw_cert c;
    struct gw_why why = {0};
    must(a != NULL);
    int err = gw_cert_read(gw_span_of(data, size), a, &c, &why);
    must(err == why.code);
    if (err)
        must(why.text[0] != 0);
    else
        must_be_facts(&c);
    gw_arena_free(a);
    return 0;
}
