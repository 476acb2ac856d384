// Prints how fast the fingerprints of a CSV are found in pages, per engine:
//   bench_patterns fingerprints_http.csv [bodies]
// bodies are pages with a NUL after each. Without them only made pages are
// searched. Every figure is the median of RUNS runs, on one core.
#include "wire/wire.h"

#include <malloc.h>
#include <stdio.h>

enum { RUNS = 9, PATTERNS = 1 << 15, CORPUS = 64 << 20, TURN_BYTES = 4 << 20 };
// Enough made text that no branch predictor learns it by heart.
enum { ENGINES = 3, MADE_BYTES = 4 << 20 };

static struct gw_why why;

static void die(const char *what)
{
    fprintf(stderr, "bench_patterns: %s: %s\n", what,
            why.code ? why.text : gw_strerror(GW_ENOMEM));
    exit(1);
}

// ---- inputs -------------------------------------------------------------
static struct gw_pattern list[PATTERNS];
static size_t patterns, by_kind[4];

static size_t column(const gw_span *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (gw_is(fields[i], name))
            return i;
    gw_fail(&why, GW_EFORMAT, "no column %s", name);
    die("fingerprints");
    return 0;
}

static void read_patterns(const char *path, const char *location,
                          struct gw_arena *arena)
{
    static const char *const kinds[] = {"contains", "prefix", "full", "regexp"};
    struct gw_buf b;
    gw_buf_init(&b, 64 << 20);
    if (gw_file_read(path, &b, &why))
        die(path);
    struct gw_csv *csv = gw_csv_new(',');
    if (!csv)
        die(path);
    const gw_span *f;
    size_t n, type = 0, text = 0, where = 0;
    int64_t offset;
    int rc;
    gw_csv_feed(csv, gw_buf_span(&b), true);
    for (bool head = true; (rc = gw_csv_row(csv, &f, &n, &offset, &why)) > 0;
         head = false) {
        if (head) {
            type = column(f, n, "pattern_type");
            text = column(f, n, "pattern");
            where = column(f, n, "location_found");
            continue;
        }
        bool wanted =
            n > type && n > text && n > where && gw_starts(f[where], location);
        for (size_t k = 0; wanted && k < GW_COUNT(kinds); k++)
            if (gw_is(f[type], kinds[k]) && patterns < PATTERNS) {
                list[patterns++] = (struct gw_pattern){
                    (enum gw_pattern_kind)k, gw_arena_copy(arena, f[text])};
                by_kind[k]++;
            }
    }
    if (rc < 0)
        die(path);
    gw_csv_free(csv);
    gw_buf_release(&b);
}

// Markup and words in the proportions of a page, without any fingerprint.
static void make_page(struct gw_rand *r, uint8_t *page, size_t len)
{
    static const char *const parts[] = {
        "<div class=\"", "\">",      "</div>\n",
        "<a href=\"/",   "</a> ",    "<p>",
        "</p>\n",        "<li>",     "</li>",
        "<span>",        "</span> ", "the ",
        "of ",           "and ",     "news ",
        "about ",        "contact ", "is ",
        "in ",           "that ",    "main-",
        "menu ",         "item ",    "content",
        "world ",        "people ",  "more ",
        "2024 ",         "\n    ",   "src=\"/static/",
        ".png\" ",       "<img ",    "function(",
        "){return ",     "var ",     "=0;",
        "}\n",           "&nbsp;",   "\xd8\xae\xd8\xa8\xd8\xb1 ",
        "style=\"color:"};
    for (size_t at = 0; at < len;) {
        const char *s = parts[gw_rand_below(r, GW_COUNT(parts))];
        char word[16];
        if (gw_rand_below(r, 3) == 0) {
            size_t n = 2 + gw_rand_below(r, 9);
            for (size_t i = 0; i < n; i++)
                word[i] = (char)("etaoinshrdlucmfw"[gw_rand_below(r, 16)]);
            word[n] = 0;
            s = word;
        }
        size_t n = strlen(s) < len - at ? strlen(s) : len - at;
        memcpy(page + at, s, n);
        at += n;
    }
}

// Of this thread, so that what else the machine runs counts less.
static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// ---- measuring ----------------------------------------------------------
static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *v)
{
    qsort(v, RUNS, sizeof *v, by_value);
    return v[RUNS / 2];
}

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

struct engine {
    const char *name;
    enum gw_engine engine;
    struct gw_patterns *p;
    struct gw_patterns_scratch *x;
    int64_t found;
};

static void compile(struct engine *e)
{
    double ms[RUNS];
    size_t before = 0, mid = 0;
    for (int i = 0; i < RUNS; i++) {
        gw_patterns_scratch_free(e->x);
        gw_patterns_free(e->p);
        malloc_trim(0);
        before = in_use();
        uint64_t start = cpu_ns();
        e->p = gw_patterns_new(list, patterns, e->engine, &why);
        if (!e->p)
            die(e->name);
        ms[i] = (double)(cpu_ns() - start) / 1e6;
        mid = in_use();
        e->x = gw_patterns_scratch_new(e->p);
        if (!e->x)
            die(e->name);
    }
    printf("%-10s compile %.1f ms, patterns %zu KiB, scratch %zu KiB\n",
           e->name, median(ms), (mid - before) >> 10, (in_use() - mid) >> 10);
}

static double turn(struct engine *e, const gw_span *pages, size_t n,
                   size_t turns)
{
    uint64_t start = cpu_ns();
    e->found = 0;
    for (size_t t = 0; t < turns; t++)
        for (size_t i = 0; i < n; i++)
            e->found += gw_patterns_match(e->p, e->x, pages[i], NULL, 0);
    e->found /= (int64_t)turns;
    return (double)(cpu_ns() - start) / (double)turns;
}

// Searches pages again and again, about TURN_BYTES a run; the engines take
// turns, so that what else the machine does meets all of them.
static void measure(struct engine *e, const char *what, const gw_span *pages,
                    size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += pages[i].len;
    size_t turns = bytes && bytes < TURN_BYTES ? TURN_BYTES / bytes : 1;
    double ns[ENGINES][RUNS];
    for (int run = 0; run < RUNS; run++)
        for (int i = 0; i < ENGINES; i++)
            ns[i][run] = turn(&e[i], pages, n, turns);
    for (int i = 0; i < ENGINES; i++) {
        double mid = median(ns[i]);
        printf("%-18s %-10s %6.0f MB/s (fastest run %6.0f) %9.0f ns/call, "
               "%lld found\n",
               what, e[i].name, (double)bytes * 1e3 / mid,
               (double)bytes * 1e3 / ns[i][0], mid / (double)n,
               (long long)e[i].found);
    }
}

static void measure_made(struct engine *e, const char *what, size_t len)
{
    size_t n = MADE_BYTES / len;
    uint8_t *bytes = gw_resize(NULL, n, len);
    gw_span *pages = gw_resize(NULL, n, sizeof *pages);
    if (!bytes || !pages)
        die(what);
    struct gw_rand r = {1};
    make_page(&r, bytes, n * len);
    for (size_t i = 0; i < n; i++)
        pages[i] = gw_span_of(bytes + i * len, len);
    measure(e, what, pages, n);
    gw_free(pages);
    gw_free(bytes);
}

static void measure_headers(struct engine *e)
{
    const gw_span values[] = {
        GW_LIT("https://www.example.org/2024/02/12/article-about-things.html"),
        GW_LIT("http://www.example.com/index.php?id=10203&lang=en&page=front"),
        GW_LIT("Apache/2.4.57 (Debian) OpenSSL/3.0.11 PHP/8.2.7 mod_perl/2.0"),
    };
    measure(e, "header value, 60 B", values, GW_COUNT(values));
}

static void measure_file(struct engine *e, const struct gw_buf *b)
{
    gw_span rest = gw_buf_span(b);
    size_t n = 0, room = 1;
    for (size_t i = 0; i < rest.len; i++)
        room += !rest.at[i];
    gw_span *pages = gw_resize(NULL, room, sizeof *pages);
    if (!pages)
        die("bodies");
    while (rest.len)
        pages[n++] = gw_cut(&rest, '\0');
    printf("file: %zu bodies, %zu bytes\n", n, b->len);
    measure(e, "bodies of the file", pages, n);
    gw_free(pages);
}

static void print_machine(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 16 << 20);
    if (gw_file_read("/proc/cpuinfo", &b, NULL))
        return;
    gw_span rest = gw_buf_span(&b);
    while (rest.len) {
        gw_span value = gw_cut(&rest, '\n'), name = gw_cut(&value, ':');
        if (gw_is(gw_trim(name), "model name")) {
            value = gw_trim(value);
            printf("machine: %.*s, one core\n", (int)value.len,
                   (const char *)value.at);
            break;
        }
    }
    gw_buf_release(&b);
}

static void measure_all(const char *csv, const char *location,
                        const struct gw_buf *bodies)
{
    struct gw_arena *arena = gw_arena_new(16 << 20);
    patterns = 0;
    memset(by_kind, 0, sizeof by_kind);
    read_patterns(csv, location, arena);
    printf("\nfingerprints of \"%s...\": %zu (contains %zu, prefix %zu, full "
           "%zu, regexp %zu)\n",
           location, patterns, by_kind[0], by_kind[1], by_kind[2], by_kind[3]);
    struct engine engines[ENGINES] = {
        {.name = "best", .engine = GW_ENGINE_BEST},
        {.name = "hyperscan", .engine = GW_ENGINE_HYPERSCAN},
        {.name = "automaton", .engine = GW_ENGINE_AUTOMATON},
    };
    for (int i = 0; i < ENGINES; i++)
        compile(&engines[i]);
    measure_headers(engines);
    measure_made(engines, "made page, 5 KB", 5000);
    measure_made(engines, "made page, 50 KB", 50000);
    measure_made(engines, "made page, 350 KB", 350000);
    if (bodies->len)
        measure_file(engines, bodies);
    for (int i = 0; i < ENGINES; i++) {
        gw_patterns_scratch_free(engines[i].x);
        gw_patterns_free(engines[i].p);
    }
    gw_arena_free(arena);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench_patterns fingerprints.csv [bodies]\n");
        return 2;
    }
    struct gw_buf bodies;
    gw_buf_init(&bodies, CORPUS);
    if (argc == 3 && gw_file_read(argv[2], &bodies, &why))
        die(argv[2]);
    print_machine();
    measure_all(argv[1], "", &bodies);
    measure_all(argv[1], "body", &bodies);
    measure_all(argv[1], "header", &bodies);
    gw_buf_release(&bodies);
    return 0;
}
