// The unpacker: tells what wraps the bytes, stacks a layer for each container
// and gives out leaf after leaf.
#include "wire/unpack.h"

#include <stdio.h>

struct source {
    gw_source_fn *fn;
    void *ctx;
};

struct gw_unpack {
    struct source source;
    struct gw_layer layers[1 + GW_NEST_MAX]; // the source, then containers
    int count;
    bool started, told, over;
    int64_t position;    // leaf bytes given or passed over so far
    struct gw_why fault; // why this leaf, or (over) the file, is unreadable
    char container[40];
};

// ---- layers --------------------------------------------------------------
static int64_t layer_pull(struct gw_layer *l, uint8_t *bytes, size_t len)
{
    if (l->broken.code)
        return l->broken.code;
    if (l->ended || !len)
        return 0;
    int64_t n = l->kind->read(l, bytes, len);
    l->ended = n == 0;
    return n;
}

int64_t gw_layer_read(struct gw_layer *l, uint8_t *bytes, size_t len)
{
    size_t ahead = l->head_len - l->head_at;
    if (!ahead)
        return layer_pull(l, bytes, len);
    if (len > ahead)
        len = ahead;
    memcpy(bytes, l->head + l->head_at, len);
    l->head_at += len;
    return (int64_t)len;
}

gw_span gw_layer_peek(struct gw_layer *l)
{
    int64_t n = 1;
    while (n > 0 && l->head_len < sizeof l->head) {
        n = layer_pull(l, l->head + l->head_len, sizeof l->head - l->head_len);
        l->head_len += n > 0 ? (size_t)n : 0;
    }
    return gw_span_of(l->head, l->head_len);
}

int gw_layer_inherit(struct gw_layer *l)
{
    const struct gw_why *why = &l->below->broken;
    return gw_fail(&l->broken, why->code, "%s", why->text);
}

static int64_t source_read(struct gw_layer *l, uint8_t *bytes, size_t len)
{
    const struct source *s = l->state;
    int64_t n = s->fn(s->ctx, bytes, len);
    return n >= 0
               ? n
               : gw_fail(&l->broken, (int)n, "source: %s", gw_strerror((int)n));
}

static const struct gw_layer_kind source_kind = {.read = source_read};

// ---- telling formats apart -----------------------------------------------
// Containers that people do send and that are not read here.
static const struct {
    const char *name, *advice;
    size_t len;
    uint8_t bytes[8];
} foreign[] = {
    {"zip", "unzip", 4, {'P', 'K', 3, 4}},
    {"empty zip", "unzip", 4, {'P', 'K', 5, 6}},
    {"7z", "7z x", 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}},
    {"xz", "xz -d", 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
    {"rar", "unrar x", 6, {'R', 'a', 'r', '!', 0x1a, 7}},
    {"lzip", "lzip -d", 5, {'L', 'Z', 'I', 'P', 1}},
    {"compress (.Z)", "uncompress", 3, {0x1f, 0x9d, 0x90}},
    {"legacy lz4", "lz4 -d", 4, {0x02, 0x21, 0x4c, 0x18}},
};

static int refuse_foreign(gw_span head, struct gw_why *why)
{
    for (size_t i = 0; i < GW_COUNT(foreign); i++)
        if (gw_eq(gw_sub(head, 0, foreign[i].len),
                  gw_span_of(foreign[i].bytes, foreign[i].len)))
            return gw_fail(why, GW_EUNKNOWN,
                           "%s: not read here; unpack it first (%s) and give "
                           "the files inside",
                           foreign[i].name, foreign[i].advice);
    return 0;
}

// ---- the stack -----------------------------------------------------------
static struct gw_layer *top_of(struct gw_unpack *u)
{
    return &u->layers[u->count - 1];
}

static void pop(struct gw_unpack *u)
{
    struct gw_layer *l = top_of(u);
    if (l->kind->close)
        l->kind->close(l);
    u->count--;
}

// Takes layers off down to a tar, which may have further members, or to none.
static void close_to_tar(struct gw_unpack *u)
{
    while (u->count && top_of(u)->kind != &gw_tar_kind)
        pop(u);
}

static int push(struct gw_unpack *u, const struct gw_layer_kind *kind)
{
    if (u->count > GW_NEST_MAX)
        return gw_fail(&u->fault, GW_EREFUSED,
                       "%s: containers nested more than %d deep", kind->name,
                       GW_NEST_MAX);
    struct gw_layer *l = &u->layers[u->count];
    *l = (struct gw_layer){.kind = kind, .below = l - 1};
    int r = kind->open(l);
    if (r < 0)
        u->fault = l->broken;
    else
        u->count++;
    return r;
}

// Stacks a layer for each container: 1 once the top gives a leaf's bytes, 0
// once it is a tar that has yet to go to a member, negative with u->fault set.
static int open_containers(struct gw_unpack *u)
{
    for (;;) {
        gw_span head = gw_layer_peek(top_of(u));
        const struct gw_layer_kind *kind = gw_stream_kind(head);
        if (!kind && gw_tar_begins(head))
            kind = &gw_tar_kind;
        int r = kind ? push(u, kind) : refuse_foreign(head, &u->fault);
        if (r < 0)
            return r;
        if (!kind)
            return 1;
        if (kind == &gw_tar_kind)
            return 0;
    }
}

// ---- leaves --------------------------------------------------------------
struct gw_unpack *gw_unpack_new(gw_source_fn *source, void *ctx)
{
    struct gw_unpack *u = gw_new(sizeof *u);
    if (!u)
        return NULL;
    u->source = (struct source){source, ctx};
    u->layers[0].kind = &source_kind;
    u->layers[0].state = &u->source;
    u->count = 1;
    return u;
}

void gw_unpack_free(struct gw_unpack *u)
{
    while (u && u->count)
        pop(u);
    gw_free(u);
}

// Reads what is left of the leaf: its length counts, and so does its damage
// if nobody was told.
static int pass_over(struct gw_unpack *u)
{
    uint8_t scrap[32 << 10];
    int64_t n = 0;
    if (u->fault.code)
        return 0;
    struct gw_layer *top = top_of(u);
    while ((n = gw_layer_read(top, scrap, sizeof scrap)) > 0)
        u->position += n;
    if (n == 0 || u->told)
        return 0;
    u->fault = top->broken;
    return (int)n;
}

// Goes on to the next leaf. What is broken inside a tar is a leaf that cannot
// be read, and the tar goes on behind it; without a tar it is the end.
static int climb(struct gw_unpack *u)
{
    while (u->count && !u->fault.code) {
        struct gw_layer *top = top_of(u);
        int r = top->kind == &gw_tar_kind ? gw_tar_next(top) : 1;
        if (r > 0 && open_containers(u) > 0)
            return 1;
        if (r <= 0) { // that tar is through
            u->fault = top->broken;
            pop(u);
        }
        if (r <= 0 || u->fault.code)
            close_to_tar(u);
    }
    return u->count ? 1 : u->fault.code;
}

static int advance(struct gw_unpack *u)
{
    if (u->started) {
        int r = pass_over(u);
        close_to_tar(u);
        if (!u->count)
            return r;
        u->fault = (struct gw_why){0};
        u->told = false;
    }
    u->started = true;
    return climb(u);
}

static void describe(struct gw_unpack *u, struct gw_leaf *ret_leaf)
{
    size_t len = 0;
    u->container[0] = 0;
    ret_leaf->name = "";
    for (int i = 1; i < u->count; i++) {
        const struct gw_layer_kind *kind = u->layers[i].kind;
        len += (size_t)snprintf(u->container + len, sizeof u->container - len,
                                i > 1 ? "+%s" : "%s", kind->name);
        if (kind == &gw_tar_kind)
            ret_leaf->name = gw_tar_name(&u->layers[i]);
    }
    ret_leaf->container = u->container;
    ret_leaf->start = u->position;
}

static int tell(const struct gw_why *from, struct gw_why *why)
{
    return from->code ? gw_fail(why, from->code, "%s", from->text) : 0;
}

int gw_unpack_leaf(struct gw_unpack *u, struct gw_leaf *ret_leaf,
                   struct gw_why *why)
{
    if (!u->over)
        u->over = advance(u) <= 0;
    describe(u, ret_leaf);
    return u->over ? tell(&u->fault, why) : 1;
}

int64_t gw_unpack_read(struct gw_unpack *u, uint8_t *bytes, size_t len,
                       struct gw_why *why)
{
    if (!u->started || u->over)
        return 0;
    if (u->fault.code)
        return tell(&u->fault, why);
    struct gw_layer *top = top_of(u);
    int64_t n = gw_layer_read(top, bytes, len);
    u->told |= n < 0;
    if (n < 0)
        return tell(&top->broken, why);
    u->position += n;
    return n;
}
