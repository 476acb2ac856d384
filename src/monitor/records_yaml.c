// Legacy reports: YAML documents, the first of which is the header of all.
#include "monitor/records_private.h"

// ---- the bytes as they came ---------------------------------------------

static void forget(struct gw_records *r, size_t n)
{
    struct gw_buf *raw = &r->yaml_raw;
    if (!n)
        return;
    memmove(raw->at, raw->at + n, raw->len - n);
    raw->len -= n;
}

static void remember(struct gw_records *r, gw_span bytes)
{
    struct gw_buf *raw = &r->yaml_raw;
    if (raw->len + bytes.len > raw->max)
        forget(r, raw->len - YAML_WINDOW);
    gw_put_span(raw, bytes);
    r->yaml_given += (int64_t)bytes.len;
}

// The bytes of a document that was just read, and nothing is left of the ones
// before it. Called with ascending positions.
static gw_span raw_document(struct gw_records *r, int64_t position,
                            int64_t length)
{
    int64_t first = r->yaml_given - (int64_t)r->yaml_raw.len;
    if (position < first) // never: the reader holds less than the window
        return (gw_span){0};
    forget(r, (size_t)(position - first));
    return gw_sub(gw_buf_span(&r->yaml_raw), 0, (size_t)length);
}

static int64_t yaml_source(void *ctx, uint8_t *bytes, size_t len)
{
    struct gw_records *r = ctx;
    if (r->carry.len) {
        size_t n = r->carry.len < len ? r->carry.len : len;
        memcpy(bytes, r->carry.at, n);
        memmove(r->carry.at, r->carry.at + n, r->carry.len - n);
        r->carry.len -= n;
        remember(r, gw_span_of(bytes, n));
        return (int64_t)n;
    }
    int64_t n = r->leaf_over ? 0 : gw_unpack_read(r->u, bytes, len, &r->why);
    if (n < 0)
        r->failure = (int)n;
    if (n > 0)
        remember(r, gw_span_of(bytes, (size_t)n));
    return n < 0 ? 0 : n;
}

// Entries of a legacy report stand after their header: both go together.
static int put_entry(struct gw_records *r, struct gw_batch *b, int64_t position,
                     int64_t length)
{
    gw_span parts[] = {GW_LIT("{\"header\":"), gw_buf_span(&r->yaml_header),
                       GW_LIT(",\"entry\":"), gw_buf_span(&r->yaml_text),
                       GW_LIT("}")};
    size_t total = 0, from = b->length;
    for (size_t i = 0; i < GW_COUNT(parts); i++)
        total += parts[i].len;
    int rc = batch_room(b, total + 1);
    if (rc)
        return rc;
    for (size_t i = 0; i < GW_COUNT(parts); i++) {
        memcpy(b->bytes + b->length, parts[i].at, parts[i].len);
        b->length += parts[i].len;
    }
    add_piece(r, b, from, total, position, false);
    struct gw_piece *p = &b->pieces[b->piece_count - 1];
    gw_span raw = raw_document(r, position, length);
    p->yaml = true;
    p->record_length = length;
    p->hash = gw_leaf_hash(raw);
    if (position == b->wanted) {
        gw_buf_reset(&b->found);
        gw_put_span(&b->found, raw);
    }
    return r->yaml_raw.err;
}

static int put_header(struct gw_records *r, struct gw_batch *b,
                      int64_t position, int64_t length)
{
    gw_put_span(&r->yaml_header, gw_buf_span(&r->yaml_text));
    if (r->yaml_header.err == GW_ETOOBIG)
        add_misfit(b, position, length, 0, 0, GW_ETOOBIG,
                   "of a report whose header is over 64 KiB");
    return r->yaml_header.err;
}

int take_yaml(struct gw_records *r, struct gw_batch *b)
{
    struct gw_why why = {0};
    int64_t offset, length;
    if (!r->yaml) {
        r->yaml = gw_yaml_new(yaml_source, r);
        r->yaml_start = r->yaml_given = r->position;
        gw_buf_reset(&r->yaml_raw);
        gw_buf_reset(&r->yaml_header);
        if (!r->yaml)
            return GW_ENOMEM;
    }
    while (b->length < GW_BATCH_TARGET && batch_open(b)) {
        gw_buf_reset(&r->yaml_text);
        offset = r->position - r->yaml_start; // of a document that is broken
        length = 0;
        int rc = gw_yaml_next(r->yaml, &r->yaml_text, &offset, &length, &why);
        int64_t at = r->yaml_start + offset;
        if (rc == 0 || rc == GW_ENOMEM) {
            gw_yaml_free(r->yaml);
            r->yaml = NULL;
            r->leaf_over = true;
            return rc;
        }
        r->position = at + length;
        if (rc < 0)
            add_misfit(b, at, length, 0, 0, rc, why.text);
        else if (!r->yaml_header.len)
            rc = put_header(r, b, at, length);
        else
            rc = put_entry(r, b, at, length);
        if (rc == GW_ENOMEM)
            return rc;
        why = (struct gw_why){0};
    }
    return 0;
}
