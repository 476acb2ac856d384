// Queries to their values; and written again they mean the same.
#include "publish/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_values(const struct query *q)
{
    char cc[3] = "";
    int64_t asn = -1, n = 5;
    int b = -1;
    gw_time since, until;
    static const char *const choices[] = {"day", "week", NULL};
    if (!query_cc(q, "cc", cc, NULL) && *cc &&
        (cc[0] < 'A' || cc[0] > 'Z' || cc[1] < 'A' || cc[1] > 'Z' || cc[2]))
        abort();
    if (!query_asn(q, "asn", &asn, NULL) && (asn < -1 || asn > UINT32_MAX))
        abort();
    if (!query_int(q, "n", 2, 9, &n, NULL) && (n < 2 || n > 9))
        abort();
    if (!query_bool(q, "b", &b, NULL) && (b < -1 || b > 1))
        abort();
    b = 0;
    if (!query_choice(q, "c", choices, &b, NULL) && (b < 0 || b > 1))
        abort();
    if (!query_period(q, &since, &until, NULL) && since != GW_NEVER &&
        until != GW_NEVER && since >= until)
        abort();
}

static void check_again(const struct query *q, struct gw_arena *arena)
{
    struct gw_buf text;
    struct query again;
    gw_buf_init(&text, 1 << 22);
    for (size_t i = 0; i < q->count; i++) {
        query_put_escaped(&text, q->at[i].name);
        gw_put_u8(&text, '=');
        query_put_escaped(&text, q->at[i].value);
        gw_put_u8(&text, '&');
    }
    if (text.err || query_parse(gw_buf_span(&text), arena, &again, NULL) ||
        again.count != q->count)
        abort();
    for (size_t i = 0; i < q->count; i++)
        if (!gw_eq(q->at[i].name, again.at[i].name) ||
            !gw_eq(q->at[i].value, again.at[i].value))
            abort();
    gw_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *arena = gw_arena_new(16 << 20);
    struct query q;
    if (arena && size < 100000 &&
        !query_parse(gw_span_of(data, size), arena, &q, NULL)) {
        check_values(&q);
        check_again(&q, arena);
    }
    gw_arena_free(arena);
    return 0;
}
