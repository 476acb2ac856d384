// Fingerprints of block pages and false DNS answers: reading the lists of OONI
// and of the Citizen Lab, and finding which of them an answer, a body or a
// header shows.
#include "monitor/refs_private.h"

// Two lists of each kind are live at once, and together they stay below what
// one set of patterns may hold.
enum {
    PRINTS_MAX = 1 << 14,      // of one list
    PRINTS_TEXT_MAX = 1 << 20, // bytes of all patterns of one list
    PATTERN_MAX = 8 << 10,     // bytes of one
    REGEXPS_MAX = 1024,        // of one list
    FIELD_MAX = 128,           // bytes of the name of one
    ARENA_MAX = 32 << 20,      // texts of one list
};

void gw_ref_prints_free(struct gw_ref_prints *prints)
{
    if (!prints)
        return;
    gw_arena_free(prints->arena);
    gw_free(prints->at);
    gw_free(prints);
}

// ---- one row ------------------------------------------------------------

enum column { NAME, SCOPE, LOCATION, TYPE, PATTERN, COUNTRIES, COLUMNS };
struct row {
    gw_span of[COLUMNS]; // at == NULL: the list has no such column
};
struct list { // while it is read
    enum gw_kind kind;
    struct gw_ref_prints *prints;
    struct gw_ref_note *note;
    struct gw_why refused; // what the regexp compiler says
    int err;               // sticky
};

static const char *column_name(enum gw_kind kind, enum column c)
{
    static const char *const names[COLUMNS] = {
        "name",         "scope",   "location_found",
        "pattern_type", "pattern", "expected_countries"};
    bool answers = kind == GW_KIND_CL_DNS_FINGERPRINTS && c == PATTERN;
    return answers ? "response" : names[c];
}

// The Citizen Lab's lists leave out what would be the same in every row.
static bool is_needed(enum gw_kind kind, enum column c)
{
    bool citizenlab = kind == GW_KIND_CL_DNS_FINGERPRINTS ||
                      kind == GW_KIND_CL_HTTP_FINGERPRINTS;
    return c == NAME || c == PATTERN || (c == TYPE && !citizenlab) ||
           (c == LOCATION && kind != GW_KIND_CL_DNS_FINGERPRINTS);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static gw_span keep(struct list *l, gw_span s)
{
    gw_span kept = gw_arena_copy(l->prints->arena, s);
    if (!kept.at)
        l->err = GW_ENOMEM;
    return kept;
}

static const char *read_type(struct list *l, gw_span s, struct gw_ref_print *p)
{
    static const char *const names[] = {
        [GW_PATTERN_CONTAINS] = "contains",
        [GW_PATTERN_PREFIX] = "prefix",
        [GW_PATTERN_FULL] = "full",
        [GW_PATTERN_REGEXP] = "regexp",
    };
    if (!s.at && !is_needed(l->kind, TYPE))
        s = gw_str(l->kind == GW_KIND_CL_DNS_FINGERPRINTS ? "full"
                                                          : "contains");
    for (size_t i = 0; i < GW_COUNT(names); i++)
        if (gw_is(s, names[i])) {
            p->type = (enum gw_pattern_kind)i;
            return NULL;
        }
    return "pattern_type is not known";
}

// The list's own copy of a field's name, so that one name is kept once.
static const char *read_field(struct list *l, gw_span s, struct gw_ref_print *p)
{
    struct gw_ref_prints *of = l->prints;
    p->where = GW_REF_HEADER;
    p->field = GW_LIT("");
    if (!s.len) // "header" alone
        return NULL;
    s = gw_sub(s, 1, s.len);
    if (s.len == 0 || s.len > FIELD_MAX)
        return "no header field is named";
    for (size_t i = 0; i < of->field_count; i++)
        if (gw_eq_nocase(of->fields[i], s)) {
            p->field = of->fields[i];
            return NULL;
        }
    if (of->field_count == GW_REF_FIELDS_MAX)
        return "too many header fields in one list";
    uint8_t *at = gw_arena_take(of->arena, s.len);
    if (!at) {
        l->err = GW_ENOMEM;
        return NULL;
    }
    for (size_t i = 0; i < s.len; i++)
        at[i] = lower(s.at[i]);
    p->field = of->fields[of->field_count++] = gw_span_of(at, s.len);
    return NULL;
}

static const char *read_location(struct list *l, gw_span s,
                                 struct gw_ref_print *p)
{
    if (!s.at && !is_needed(l->kind, LOCATION))
        s = GW_LIT("dns");
    if (gw_is(s, "dns")) {
        p->where = GW_REF_DNS;
        return p->type == GW_PATTERN_FULL ? NULL
                                          : "a DNS answer is matched in full";
    }
    p->where = GW_REF_BODY;
    if (gw_is(s, "body"))
        return NULL;
    if (gw_is(s, "header") || gw_starts(s, "header."))
        return read_field(l, gw_sub(s, sizeof "header" - 1, s.len), p);
    return "location_found is not known";
}

static bool is_letter(uint8_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static gw_span strip(gw_span s, const char *of) // off both ends
{
    while (s.len && strchr(of, s.at[0]))
        s = gw_sub(s, 1, s.len);
    while (s.len && strchr(of, s.at[s.len - 1]))
        s.len--;
    return s;
}

// "AE, SA", or the text of a Python list: "['AE', 'SA']".
static const char *read_countries(struct list *l, gw_span s,
                                  struct gw_ref_print *p)
{
    uint8_t *at = gw_arena_take(l->prints->arena, s.len + 1);
    size_t n = 0;
    if (!at) {
        l->err = GW_ENOMEM;
        return NULL;
    }
    for (s = strip(s, "[] "); s.len;) {
        gw_span cc = strip(gw_cut(&s, ','), " '\"");
        if (!cc.len)
            continue;
        if (cc.len != 2 || !is_letter(cc.at[0]) || !is_letter(cc.at[1]))
            return "expected_countries has what is no country code";
        at[n++] = (uint8_t)(lower(cc.at[0]) - 'a' + 'A');
        at[n++] = (uint8_t)(lower(cc.at[1]) - 'a' + 'A');
    }
    p->countries = gw_span_of(at, n);
    return NULL;
}

// A set of patterns is refused for one bad regexp, so each is tried first.
static const char *try_regexp(struct list *l, gw_span text)
{
    struct gw_pattern one = {GW_PATTERN_REGEXP, text};
    if (l->prints->regexps == REGEXPS_MAX)
        return "too many regexps in one list";
    l->refused = (struct gw_why){0};
    struct gw_patterns *p =
        gw_patterns_new(&one, 1, GW_ENGINE_BEST, &l->refused);
    if (!p && l->refused.code == GW_ENOMEM)
        l->err = GW_ENOMEM;
    gw_patterns_free(p);
    l->prints->regexps += p != NULL;
    return p ? NULL : l->refused.text;
}

// What two answers that mean the same have in common: the address, or the
// name in lower case. Returns its length, 0 if no answer is that long.
static size_t answer_key(gw_span s, uint8_t *ret_key)
{
    gw_ip ip;
    if (gw_ip_parse(s, &ip)) {
        ret_key[0] = 'a';
        memcpy(ret_key + 1, ip.bytes, sizeof ip.bytes);
        return 1 + sizeof ip.bytes;
    }
    s.len -= s.len && s.at[s.len - 1] == '.';
    if (!s.len || s.len > GW_REF_ANSWER_MAX - 1)
        return 0;
    ret_key[0] = 'n';
    for (size_t i = 0; i < s.len; i++)
        ret_key[1 + i] = lower(s.at[i]);
    return 1 + s.len;
}

static const char *read_pattern(struct list *l, gw_span s,
                                struct gw_ref_print *p)
{
    uint8_t key[GW_REF_ANSWER_MAX];
    if (!s.len || s.len > PATTERN_MAX)
        return "no pattern, or too long";
    if (l->prints->text_bytes + s.len > PRINTS_TEXT_MAX)
        return "too much text in one list";
    if (p->where == GW_REF_DNS && !answer_key(s, key))
        return "longer than a DNS name";
    if (p->type == GW_PATTERN_REGEXP) {
        const char *rule = try_regexp(l, s);
        if (rule)
            return rule;
    }
    p->pattern = keep(l, s);
    return NULL;
}

static const char *read_row(struct list *l, const struct row *row,
                            struct gw_ref_print *p)
{
    if (!row->of[NAME].len || row->of[NAME].len > GW_REF_TEXT_MAX)
        return "no name, or too long";
    if (row->of[SCOPE].len > GW_REF_TEXT_MAX)
        return "scope is too long";
    const char *rule = read_type(l, row->of[TYPE], p);
    if (!rule)
        rule = read_location(l, row->of[LOCATION], p);
    if (!rule)
        rule = read_countries(l, row->of[COUNTRIES], p);
    if (!rule)
        rule = read_pattern(l, row->of[PATTERN], p);
    p->name = keep(l, row->of[NAME]);
    p->scope = keep(l, row->of[SCOPE]);
    return rule;
}

static void take_row(struct list *l, const struct row *row)
{
    struct gw_ref_prints *of = l->prints;
    struct gw_ref_print p = {0};
    l->note->rows++;
    const char *rule =
        of->count == PRINTS_MAX ? "too many in one list" : read_row(l, row, &p);
    if (rule)
        gw_ref_bad(l->note, l->note->rows, row->of[NAME], rule);
    if (rule || l->err)
        return;
    if (of->count == of->cap) {
        size_t cap = of->cap ? of->cap * 2 : 64;
        struct gw_ref_print *at = gw_resize(of->at, cap, sizeof *at);
        if (!at) {
            l->err = GW_ENOMEM;
            return;
        }
        of->at = at;
        of->cap = cap;
    }
    of->at[of->count++] = p;
    of->text_bytes += p.pattern.len;
}

// ---- lists --------------------------------------------------------------

// Where each column stands in the header line; SIZE_MAX: nowhere.
static int read_header(const struct list *l, const gw_span *f, size_t n,
                       size_t *column, struct gw_why *why)
{
    for (int c = 0; c < COLUMNS; c++) {
        const char *name = column_name(l->kind, (enum column)c);
        column[c] = SIZE_MAX;
        for (size_t i = n; i-- > 0;)
            if (gw_is(gw_trim(f[i]), name))
                column[c] = i;
        if (column[c] == SIZE_MAX && is_needed(l->kind, (enum column)c))
            return gw_fail(why, GW_EFORMAT, "no column '%s'", name);
    }
    return 0;
}

static void take_fields(struct list *l, const gw_span *f, size_t n,
                        const size_t *column)
{
    struct row row = {0};
    for (int c = 0; c < COLUMNS; c++)
        if (column[c] < n)
            row.of[c] = f[column[c]];
    if (n > 1 || f[0].len) // else an empty line
        take_row(l, &row);
}

static int read_rows(struct list *l, struct gw_csv *csv, struct gw_why *why)
{
    const gw_span *f;
    size_t column[COLUMNS], n;
    int64_t offset;
    struct gw_why broken = {0};
    int got = gw_csv_row(csv, &f, &n, &offset, why);
    if (got < 1)
        return gw_fail(why, got ? got : GW_EFORMAT, "no header line");
    l->err = read_header(l, f, n, column, why);
    while (!l->err && (got = gw_csv_row(csv, &f, &n, &offset, &broken))) {
        if (got == 1)
            take_fields(l, f, n, column);
        else if (got == GW_ENOMEM)
            l->err = got;
        else
            gw_ref_bad(l->note, ++l->note->rows, (gw_span){0}, broken.text);
        broken = (struct gw_why){0};
    }
    return l->err;
}

static int read_csv(struct list *l, gw_span text, struct gw_why *why)
{
    struct gw_csv *csv = gw_csv_new(',');
    if (!csv)
        return GW_ENOMEM;
    gw_csv_feed(csv, text, true);
    int err = read_rows(l, csv, why);
    gw_csv_free(csv);
    return err;
}

// The older export: a JSON list of objects whose members are the columns.
static int read_json(struct list *l, gw_span text, struct gw_why *why)
{
    struct gw_json *parser;
    gw_jv top;
    int err = gw_ref_json(text, &parser, &top, why);
    gw_jit item = gw_jv_iter(top);
    while (!err && gw_jit_next(&item)) {
        struct row row = {0};
        for (int c = 0; c < COLUMNS; c++) {
            const char *name = column_name(l->kind, (enum column)c);
            row.of[c] = gw_jv_str(gw_jv_get(item.value, name));
        }
        take_row(l, &row);
        err = l->err;
    }
    gw_json_free(parser);
    return err;
}

int gw_ref_prints_read(struct gw_ref_snapshot *s, gw_span text,
                       struct gw_ref_note *note, struct gw_why *why)
{
    struct list l = {.kind = s->kind, .note = note};
    l.prints = s->prints = gw_new(sizeof *s->prints);
    if (!l.prints || !(l.prints->arena = gw_arena_new(ARENA_MAX)))
        return GW_ENOMEM;
    return gw_starts(gw_trim(text), "[") ? read_json(&l, text, why)
                                         : read_csv(&l, text, why);
}

// ---- matching -----------------------------------------------------------

// Patterns that are looked for in the same text. Regexps are apart, so that one
// that takes too many steps on a text costs no literal.
struct set {
    enum gw_ref_where where;
    gw_span field;
    struct gw_patterns *patterns;
    size_t first, count; // in gw_ref_matcher.by_set
};
struct answer {
    gw_span key;
    const struct gw_ref_print *print;
};
struct gw_ref_matcher {
    struct gw_ref_print **by_set;
    struct set *sets;
    struct answer *answers; // by key, then rank
    size_t searched, set_count, answer_count;
    struct gw_arena *keys;
};
struct gw_refs_scratch {
    const struct gw_ref_matcher *of;
    struct gw_patterns_scratch **sets;
    uint32_t *index;
    const struct gw_ref_print **found;
    size_t found_count;
};

static int by_name(const void *a, const void *b)
{
    const struct gw_ref_print *p = *(struct gw_ref_print *const *)a;
    const struct gw_ref_print *q = *(struct gw_ref_print *const *)b;
    int c = gw_cmp(p->name, q->name);
    if (!c)
        c = gw_cmp(p->pattern, q->pattern);
    return c ? c : gw_cmp(p->scope, q->scope);
}

static int same_set(const struct gw_ref_print *p, const struct gw_ref_print *q)
{
    if (p->where != q->where)
        return p->where < q->where ? -1 : 1;
    int c = gw_cmp(p->field, q->field);
    bool a = p->type == GW_PATTERN_REGEXP, b = q->type == GW_PATTERN_REGEXP;
    return c ? c : (a > b) - (a < b);
}

static int by_set(const void *a, const void *b)
{
    const struct gw_ref_print *p = *(struct gw_ref_print *const *)a;
    const struct gw_ref_print *q = *(struct gw_ref_print *const *)b;
    int c = same_set(p, q);
    return c ? c : (p->rank > q->rank) - (p->rank < q->rank);
}

static int by_key(const void *a, const void *b)
{
    const struct answer *p = a, *q = b;
    int c = gw_cmp(p->key, q->key);
    if (c)
        return c;
    return (p->print->rank > q->print->rank) -
           (p->print->rank < q->print->rank);
}

// All live fingerprints in order of name.
static void rank(const struct gw_refs *r, struct gw_ref_print **all, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < r->count; i++)
        for (size_t j = 0; r->at[i]->prints && j < r->at[i]->prints->count; j++)
            all[k++] = &r->at[i]->prints->at[j];
    if (n)
        qsort(all, n, sizeof(struct gw_ref_print *), by_name);
    for (k = 0; k < n; k++)
        all[k]->rank = (uint32_t)k;
}

// DNS answers are found by key; what is left of the list goes into sets.
static int index_answers(struct gw_ref_matcher *m)
{
    size_t left = 0;
    for (size_t i = 0; i < m->searched; i++) {
        struct gw_ref_print *p = m->by_set[i];
        uint8_t key[GW_REF_ANSWER_MAX];
        if (p->where != GW_REF_DNS) {
            m->by_set[left++] = p;
            continue;
        }
        size_t len = answer_key(p->pattern, key);
        gw_span kept = gw_arena_copy(m->keys, gw_span_of(key, len));
        if (!kept.at)
            return GW_ENOMEM;
        m->answers[m->answer_count++] = (struct answer){kept, p};
    }
    m->searched = left;
    if (m->answer_count)
        qsort(m->answers, m->answer_count, sizeof *m->answers, by_key);
    return 0;
}

static int compile(struct set *s, struct gw_ref_print *const *of,
                   struct gw_why *why)
{
    struct gw_pattern *list = gw_new(s->count * sizeof *list);
    if (!list)
        return gw_fail(why, GW_ENOMEM, "fingerprints: no memory");
    for (size_t i = 0; i < s->count; i++)
        list[i] = (struct gw_pattern){of[i]->type, of[i]->pattern};
    struct gw_why reason = {0};
    s->patterns = gw_patterns_new(list, s->count, GW_ENGINE_BEST, &reason);
    gw_free(list);
    if (s->patterns)
        return 0;
    return gw_fail(why, reason.code, "fingerprints: %s", reason.text);
}

static int make_sets(struct gw_ref_matcher *m, struct gw_why *why)
{
    int err = 0;
    struct gw_ref_print **of = m->by_set;
    if (m->searched)
        qsort(of, m->searched, sizeof(struct gw_ref_print *), by_set);
    for (size_t i = 0, n; !err && i < m->searched; i += n) {
        for (n = 1; i + n < m->searched && !same_set(of[i], of[i + n]);)
            n++;
        m->sets[m->set_count] = (struct set){.where = of[i]->where,
                                             .field = of[i]->field,
                                             .first = i,
                                             .count = n};
        err = compile(&m->sets[m->set_count++], of + i, why);
    }
    return err;
}

static size_t count_prints(const struct gw_refs *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->at[i]->prints ? r->at[i]->prints->count : 0;
    return n;
}

int gw_ref_matcher_new(const struct gw_refs *r, struct gw_ref_matcher **ret,
                       struct gw_why *why)
{
    size_t n = count_prints(r);
    struct gw_ref_matcher *m = gw_new(sizeof *m);
    if (!m)
        return gw_fail(why, GW_ENOMEM, "fingerprints: no memory");
    m->keys = gw_arena_new(ARENA_MAX);
    m->by_set = gw_new(n * sizeof(struct gw_ref_print *));
    m->sets = gw_new(n * sizeof *m->sets);
    m->answers = gw_new(n * sizeof *m->answers);
    int err = m->keys && m->by_set && m->sets && m->answers ? 0 : GW_ENOMEM;
    if (!err) {
        rank(r, m->by_set, n);
        m->searched = n;
        err = index_answers(m);
    }
    if (!err)
        err = make_sets(m, why);
    if (!err) {
        *ret = m;
        return 0;
    }
    gw_ref_matcher_free(m);
    return gw_fail(why, err, "fingerprints: %s", gw_strerror(err));
}

void gw_ref_matcher_free(struct gw_ref_matcher *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->set_count; i++)
        gw_patterns_free(m->sets[i].patterns);
    gw_arena_free(m->keys);
    gw_free(m->by_set);
    gw_free(m->sets);
    gw_free(m->answers);
    gw_free(m);
}

size_t gw_refs_fingerprint_count(const struct gw_refs *r, enum gw_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i]->kind == kind && r->at[i]->prints)
            n += r->at[i]->prints->count;
    return n;
}

// ---- hits ---------------------------------------------------------------

struct gw_refs_scratch *gw_refs_scratch_new(const struct gw_refs *r)
{
    const struct gw_ref_matcher *m = r->matcher;
    struct gw_refs_scratch *s = m ? gw_new(sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->of = m;
    s->sets = gw_new(m->set_count * sizeof(struct gw_patterns_scratch *));
    s->index = gw_new(m->searched * sizeof *s->index);
    s->found = gw_new(m->searched * sizeof(struct gw_ref_print *));
    bool ok = s->sets && s->index && s->found;
    for (size_t i = 0; ok && i < m->set_count; i++) {
        s->sets[i] = gw_patterns_scratch_new(m->sets[i].patterns);
        ok = s->sets[i] != NULL;
    }
    if (ok)
        return s;
    gw_refs_scratch_free(s);
    return NULL;
}

void gw_refs_scratch_free(struct gw_refs_scratch *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->sets && i < s->of->set_count; i++)
        gw_patterns_scratch_free(s->sets[i]);
    gw_free(s->sets);
    gw_free(s->index);
    gw_free(s->found);
    gw_free(s);
}

static bool is_expected(const struct gw_ref_print *p, gw_span cc)
{
    for (size_t i = 0; i + 1 < p->countries.len; i += 2)
        if (gw_eq_nocase(gw_sub(p->countries, i, 2), cc))
            return true;
    return false;
}

// One hit a name, however many patterns or lists it is known by.
static size_t add_hit(const struct gw_ref_print *p, gw_span cc,
                      struct gw_fingerprint_hit *hits, size_t n)
{
    bool expected = is_expected(p, cc);
    for (size_t i = 0; i < n; i++)
        if (gw_eq(hits[i].name, p->name)) {
            hits[i].expected |= expected;
            return n;
        }
    if (n < GW_HITS_MAX)
        hits[n++] = (struct gw_fingerprint_hit){p->name, p->scope, expected};
    return n;
}

size_t gw_refs_dns_hits(const struct gw_refs *r, gw_span answer, gw_span cc,
                        struct gw_fingerprint_hit *hits, size_t n)
{
    uint8_t at[GW_REF_ANSWER_MAX];
    gw_span key = gw_span_of(at, answer_key(answer, at));
    const struct gw_ref_matcher *m = r->matcher;
    size_t low = 0, high = m && key.len ? m->answer_count : 0;
    size_t end = high;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (gw_cmp(m->answers[mid].key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < end && gw_eq(m->answers[low].key, key); low++)
        n = add_hit(m->answers[low].print, cc, hits, n);
    return n;
}

static void search(struct gw_refs_scratch *s, size_t set, gw_span text)
{
    const struct set *in = &s->of->sets[set];
    int64_t got = gw_patterns_match(in->patterns, s->sets[set], text, s->index,
                                    in->count);
    for (int64_t i = 0; i < got; i++)
        s->found[s->found_count++] = s->of->by_set[in->first + s->index[i]];
}

static int by_rank(const void *a, const void *b)
{
    const struct gw_ref_print *p = *(const struct gw_ref_print *const *)a;
    const struct gw_ref_print *q = *(const struct gw_ref_print *const *)b;
    return (p->rank > q->rank) - (p->rank < q->rank);
}

static size_t add_found(struct gw_refs_scratch *s, gw_span cc,
                        struct gw_fingerprint_hit *hits, size_t n)
{
    if (s->found_count)
        qsort(s->found, s->found_count, sizeof(struct gw_ref_print *), by_rank);
    for (size_t i = 0; i < s->found_count; i++)
        n = add_hit(s->found[i], cc, hits, n);
    s->found_count = 0;
    return n;
}

static bool looks_at(const struct set *s, gw_span field)
{
    return s->where == GW_REF_HEADER &&
           (!s->field.len || gw_eq(s->field, field));
}

size_t gw_refs_body_hits(const struct gw_refs *r, struct gw_refs_scratch *s,
                         gw_span body, gw_span cc,
                         struct gw_fingerprint_hit *hits, size_t n)
{
    for (size_t i = 0; r->matcher && i < r->matcher->set_count; i++)
        if (r->matcher->sets[i].where == GW_REF_BODY)
            search(s, i, body);
    return add_found(s, cc, hits, n);
}

size_t gw_refs_header_hits(const struct gw_refs *r, struct gw_refs_scratch *s,
                           gw_span name, gw_span value, gw_span cc,
                           struct gw_fingerprint_hit *hits, size_t n)
{
    for (size_t i = 0; r->matcher && i < r->matcher->set_count; i++)
        if (looks_at(&r->matcher->sets[i], name))
            search(s, i, value);
    return add_found(s, cc, hits, n);
}

bool gw_refs_wants_header(const struct gw_refs *r, gw_span name)
{
    for (size_t i = 0; r->matcher && i < r->matcher->set_count; i++)
        if (looks_at(&r->matcher->sets[i], name))
            return true;
    return false;
}
