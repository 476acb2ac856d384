// Reference data of any kind, then questions of every sort. The first byte
// picks the kind; 0 lets the content be told.
#include "monitor/refs.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t give(void *ctx, uint8_t *bytes, size_t len)
{
    gw_span *left = ctx, part = gw_sub(*left, 0, len);
    if (part.len)
        memcpy(bytes, part.at, part.len);
    *left = gw_sub(*left, part.len, left->len);
    return (int64_t)part.len;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void ask(const struct gw_refs *r, struct gw_refs_scratch *s,
                gw_span text)
{
    struct gw_fingerprint_hit hits[GW_HITS_MAX];
    gw_span cc = GW_LIT("PK"), name = GW_LIT("location");
    size_t n = gw_refs_dns_hits(r, text, cc, hits, 0);
    n = gw_refs_body_hits(r, s, text, cc, hits, n);
    n = gw_refs_header_hits(r, s, name, text, cc, hits, n);
    must(n <= GW_HITS_MAX);
    for (size_t i = 0; i < n; i++)
        must(hits[i].name.len > 0);
    struct gw_net net;
    for (size_t i = 0; i < text.len && i < 256; i++) {
        gw_ip ip = {.v6 = true};
        gw_span part = gw_sub(text, i, 16);
        memcpy(ip.bytes, part.at, part.len);
        if (i % 2)
            memcpy(ip.bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
        gw_refs_net(r, &ip, GW_DAY, &net);
        must(!net.cc.at || net.cc.len > 0);
        gw_refs_as(r, text.at[i], GW_DAY, &net);
    }
}

static void load(enum gw_kind kind, gw_span text, const char *path)
{
    struct gw_refs *r = gw_refs_new();
    struct gw_ref_note note;
    struct gw_why why = {0};
    gw_span left = text;
    struct gw_ref_input in = {
        .kind = kind, .hash = "00", .path = path, .source = give, .ctx = &left};
    int err = r ? gw_refs_add(r, &in, &note, &why) : GW_ENOMEM;
    must(note.bad <= note.rows && (!err || why.text[0]));
    must(gw_refs_seal(r, NULL) == 0);
    struct gw_buf b;
    gw_buf_init(&b, 1 << 16);
    must(gw_refs_describe(r, &b) == 0 && b.len >= 2);
    gw_buf_release(&b);
    must(gw_refs_fingerprint_count(r, kind) <= (size_t)note.rows);
    gw_refs_wants_header(r, text);
    struct gw_refs_scratch *s = gw_refs_scratch_new(r);
    if (s)
        ask(r, s, text);
    gw_refs_scratch_free(s);
    gw_refs_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size || size > 1 << 16)
        return 0;
    gw_span text = gw_span_of(data + 1, size - 1);
    enum gw_kind kind = gw_classify_reference(text, text);
    must(kind == GW_KIND_UNKNOWN || gw_kind_is_reference(kind));
    gw_time t;
    if (gw_reference_date(text, text, &t))
        must(t >= 0 && t % GW_DAY == 0);
    if (data[0])
        kind = (enum gw_kind)(data[0] % GW_KIND_COUNT);
    char path[64] = "";
    int fd = -1;
    if (kind == GW_KIND_MMDB) { // it is read by path
        fd = memfd_create("refs", MFD_CLOEXEC);
        must(fd >= 0 && write(fd, text.at, text.len) == (ssize_t)text.len);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    load(kind, text, path);
    if (fd >= 0)
        close(fd);
    return 0;
}
