// The jail from inside: a unit's bytes to rows, and to hashes of its records.
#include "monitor/jail_work.h"

#include <stdio.h>

enum { BLOCK_ENOUGH = 64 << 20 }; // bytes of rows, or of texts, in a block

// ---- refusals -----------------------------------------------------------

void refuse(struct worker *w, int64_t position, int64_t length, int code,
            const char *reason)
{
    if (w->refusal_count == w->refusal_cap) {
        size_t cap = w->refusal_cap ? w->refusal_cap * 2 : 64;
        struct refusal *list = gw_resize(w->refusals, cap, sizeof *list);
        if (!list) {
            w->code = gw_fail(&w->why, GW_ENOMEM, "out of memory");
            return;
        }
        w->refusals = list;
        w->refusal_cap = cap;
    }
    struct refusal *r = &w->refusals[w->refusal_count++];
    *r = (struct refusal){.position = position, .length = length, .code = code};
    snprintf(r->reason, sizeof r->reason, "%s", reason);
}

static void refuse_with(struct worker *w, int64_t position, int64_t length,
                        int code, const char *reason, gw_span bytes)
{
    size_t before = w->refusal_count;
    refuse(w, position, length, code, reason);
    if (w->refusal_count == before)
        return;
    struct refusal *r = &w->refusals[before];
    gw_span kept = gw_sub(bytes, 0, GW_REFUSAL_BYTES_MAX);
    r->offset = w->shown.len;
    gw_put_span(&w->shown, kept);
    r->kept = w->shown.len - r->offset;
}

// ---- hashes of records --------------------------------------------------

void hash_entries(struct worker *w)
{
    struct gw_hash32 hashes[ENTRIES_AT_ONCE];
    gw_leaf_hashes(w->entries, w->entry_count, hashes);
    gw_put(&w->hashes, hashes, w->entry_count * sizeof *hashes);
    w->entry_count = 0;
}

// Index in the unit of the record that comes next.
static int64_t next_index(const struct worker *w)
{
    return (int64_t)(w->hashes.len / GW_HASH_LEN + w->entry_count);
}

void add_entry(struct worker *w, int64_t position, gw_span bytes)
{
    if (position == w->batch->wanted) {
        gw_buf_reset(&w->batch->found);
        gw_put_span(&w->batch->found, bytes);
        w->found = next_index(w);
    }
    w->entries[w->entry_count++] = bytes;
    if (w->entry_count == ENTRIES_AT_ONCE)
        hash_entries(w);
}

// Of a YAML report there are no bytes here any more, but their hash.
static void add_hashed(struct worker *w, const struct gw_piece *p)
{
    hash_entries(w);
    if (p->position == w->batch->wanted)
        w->found = next_index(w);
    gw_put(&w->hashes, &p->hash, sizeof p->hash);
}

// ---- turning bytes into rows --------------------------------------------

// Encodes the rows that there are and begins anew.
static void close_block(struct worker *w)
{
    size_t from = w->encoded.len;
    if (!w->block.rows[GW_TABLE_measurement].count &&
        !w->block.rows[GW_TABLE_aggregate].count)
        return;
    gw_put_u64le(&w->encoded, 0); // its length, known later
    int rc = gw_block_encode(w->codec, &w->block, &w->encoded, &w->why);
    if (rc) {
        w->code = rc;
        gw_buf_reset(&w->encoded);
        w->encoded.len = from;
    } else {
        uint64_t length = w->encoded.len - from - sizeof length;
        for (size_t i = 0; i < sizeof length; i++)
            w->encoded.at[from + i] = (uint8_t)(length >> 8 * i);
    }
    gw_block_reset(&w->block);
    gw_arena_reset(w->arena);
}

// A few small records can make very many rows, so blocks end by their size as
// well. That depends on the records alone, as everything about blocks must.
static bool is_enough(const struct worker *w)
{
    size_t rows = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        rows += w->block.rows[t].count * gw_tables[t].row_size;
    return rows > BLOCK_ENOUGH || gw_arena_taken(w->arena) > BLOCK_ENOUGH;
}

static void add_record(struct worker *w, const struct gw_record *r)
{
    struct gw_why why = {0};
    if (w->records_only)
        return;
    int rc = gw_facts_add(w->facts, &w->block, r, &why);
    if (rc)
        refuse_with(w, r->position, r->length, rc, why.text, r->text);
    else
        w->records++;
    if (is_enough(w))
        close_block(w);
}

static void add_lines(struct worker *w, const struct gw_piece *p)
{
    gw_span rest = gw_span_of(w->batch->bytes + p->offset, p->length);
    const uint8_t *begin = rest.at;
    while (rest.len) {
        gw_span line = gw_trim(gw_cut(&rest, '\n'));
        if (!line.len)
            continue;
        struct gw_record r = {line, p->position + (line.at - begin),
                              (int64_t)line.len, p->leaf, false};
        add_entry(w, r.position, line);
        add_record(w, &r);
    }
}

static void make_rows(struct worker *w)
{
    const struct gw_batch *b = w->batch;
    gw_block_reset(&w->block);
    gw_arena_reset(w->arena);
    for (size_t i = 0; i < b->misfit_count && !w->records_only; i++) {
        const struct gw_misfit *m = &b->misfits[i];
        refuse_with(w, m->position, m->length, m->code, m->reason,
                    gw_span_of(b->bytes + m->offset, m->kept));
    }
    for (size_t i = 0; i < b->piece_count; i++) {
        const struct gw_piece *p = &b->pieces[i];
        struct gw_record r = {gw_span_of(b->bytes + p->offset, p->length),
                              p->position, p->record_length, p->leaf, p->yaml};
        if (p->lines) {
            add_lines(w, p);
            continue;
        }
        if (p->yaml)
            add_hashed(w, p);
        else
            add_entry(w, p->position, r.text);
        add_record(w, &r);
    }
}

void work_unit(struct worker *w)
{
    if (w->reply >= 0)
        return;
    if (!w->facts && !w->records_only)
        w->facts = gw_facts_new(w->c->refs);
    if (!w->facts && !w->records_only) {
        w->code = gw_fail(&w->why, GW_ENOMEM, "out of memory");
        return;
    }
    gw_buf_reset(&w->encoded);
    if (!w->rows_ready)
        make_rows(w);
    hash_entries(w);
    if (!w->records_only)
        close_block(w);
    if (w->hashes.err || w->batch->found.err)
        w->code = gw_fail(&w->why, w->hashes.err ? w->hashes.err : GW_ENOMEM,
                          "more records than 64 MiB of measurements can have");
}
