// Guards: what could make an incident of something that is none. Each has a
// word and a reason in the body; docs/methods/incidents.md says what they miss.
#include "analyse/incidents.h"

#include <stdarg.h>
#include <stdio.h>

enum { PROGRAMS_MAX = 64, SHOWN = 120, OK_LEAST = 6, NAMED = 3 };

// Between two to one and ten to one: what gw_confidence calls possible.
#define POSSIBLE_LEAST 0.7
#define POSSIBLE_MOST  2.3

int inc_add_guard(struct inc_gather *g, struct incident *i, const char *what,
                  const char *fmt, ...)
{
    char text[480];
    va_list args;
    if (i->guard_count == INC_GUARDS_MAX)
        return 0;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct inc_guard *guard = &i->guards[i->guard_count++];
    guard->what = what;
    guard->text = gw_arena_copy(g->keep, gw_str(text));
    return guard->text.at ? 0 : inc_no_memory(g);
}

static int add_unknown(struct inc_gather *g, struct incident *i,
                       const char *fmt, ...) GW_PRINTF(3, 4);
static int add_unknown(struct inc_gather *g, struct incident *i,
                       const char *fmt, ...)
{
    char text[480];
    va_list args;
    if (i->unknown_count == INC_UNKNOWN_MAX)
        return 0;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    gw_span copy = gw_arena_copy(g->keep, gw_str(text));
    i->unknown[i->unknown_count++] = copy;
    return copy.at ? 0 : inc_no_memory(g);
}

// ---- one observer, one flood ---------------------------------------------

static int guard_observers(struct inc_gather *g, struct incident *i)
{
    if (i->observers > 1)
        return 0;
    return inc_add_guard(g, i, "one-observer",
                         i->class == INC_SILENCE
                             ? "Only one observer was heard from there before."
                             : "All of it was seen by one observer.");
}

// The observer with more than two thirds of all rows, 0 if there is none.
static int64_t top_of(const struct incident *i, int64_t *ret_rows)
{
    int64_t best = 0, rows = 0, all = i->counts.state[GW_STATE_BLOCKED];
    if (i->spells[0]->view == INC_DOWN)
        all = i->counts.state[GW_STATE_DOWN];
    for (size_t s = 0; s < i->spell_count; s++) {
        int64_t mine = 0, top = i->spells[s]->top;
        for (size_t k = 0; k < i->spell_count; k++)
            mine += i->spells[k]->top == top ? i->spells[k]->top_rows : 0;
        if (mine > rows) {
            rows = mine;
            best = top;
        }
    }
    *ret_rows = rows;
    return rows * 3 > all * 2 ? best : 0;
}

// Each network by what stands without that observer.
static double odds_without(const struct incident *i, int64_t top)
{
    double sum = 0;
    for (size_t n = 0; n < i->network_count; n++) {
        double best = 0;
        for (size_t s = 0; s < i->spell_count; s++) {
            const struct inc_spell *x = i->spells[s];
            bool less = x->top_rows && (x->top == top || x->view == INC_QUIET);
            double odds = less ? x->without : x->log_odds;
            if (x->asn == i->networks[n].asn && odds > best)
                best = odds;
        }
        sum += best > INC_NETWORK_CAP ? INC_NETWORK_CAP : best;
    }
    return sum;
}

static bool is_likely(double log_odds, int64_t observers)
{
    const char *words = gw_confidence(log_odds, observers);
    return strcmp(words, "possible") != 0 &&
           strcmp(words, "not enough data") != 0;
}

// Down to what is called possible, where it was called more.
static void make_possible(struct incident *i, double log_odds)
{
    if (log_odds < POSSIBLE_LEAST)
        log_odds = POSSIBLE_LEAST;
    if (log_odds > POSSIBLE_MOST)
        log_odds = POSSIBLE_MOST;
    if (log_odds < i->log_odds)
        i->log_odds = log_odds;
}

static int guard_flood(struct inc_gather *g, struct incident *i)
{
    int64_t rows, top = top_of(i, &rows);
    if (!top || i->observers < 2)
        return 0;
    double without = odds_without(i, top);
    if (is_likely(without, i->observers - 1) ||
        !is_likely(i->log_odds, i->observers))
        return 0;
    make_possible(i, without);
    if (i->class == INC_SILENCE)
        return inc_add_guard(g, i, "flood",
                             "Without the observer that was heard most often "
                             "before, it does not stand.");
    return inc_add_guard(g, i, "flood",
                         "One observer sent %lld of the measurements that "
                         "found it; without them it does not stand.",
                         (long long)rows);
}

// ---- a defect of the instrument ------------------------------------------

static void merge_programs(const struct incident *i, struct inc_program *ret,
                           size_t *ret_count)
{
    *ret_count = 0;
    for (size_t s = 0; s < i->spell_count; s++)
        for (size_t k = 0; k < i->spells[s]->program_count; k++) {
            const struct inc_program *p = &i->spells[s]->programs[k];
            size_t at = 0;
            while (at < *ret_count && !gw_eq(ret[at].name, p->name))
                at++;
            if (at == PROGRAMS_MAX)
                return;
            if (at == *ret_count)
                ret[(*ret_count)++] = (struct inc_program){.name = p->name};
            ret[at].bad += p->bad;
            ret[at].ok += p->ok;
            ret[at].observers += p->observers;
        }
}

static bool fails(const struct inc_program *p)
{
    return p->bad > p->ok; // more often than not
}

static bool program_fails(const struct inc_program *all, size_t n, gw_span name)
{
    for (size_t k = 0; k < n; k++)
        if (gw_eq(all[k].name, name))
            return fails(&all[k]);
    return false;
}

struct split { // of what was measured, by whether the program fails elsewhere
    int64_t bad[2], ok[2]; // [1]: by programs that fail
    int64_t observers;     // of programs that work
    size_t networks;       // where one fails and another works
};

static struct split split_by(const struct incident *i,
                             const struct inc_program *all, size_t n)
{
    struct split x = {0};
    for (size_t w = 0; w < i->network_count; w++) {
        int64_t bad = 0, ok = 0;
        for (size_t s = 0; s < i->spell_count; s++) {
            const struct inc_spell *spell = i->spells[s];
            if (spell->asn != i->networks[w].asn)
                continue;
            for (size_t k = 0; k < spell->program_count; k++) {
                const struct inc_program *p = &spell->programs[k];
                bool f = program_fails(all, n, p->name);
                x.bad[f] += p->bad;
                x.ok[f] += p->ok;
                x.observers += f ? 0 : p->observers;
                bad += f ? p->bad : 0;
                ok += f ? 0 : p->ok;
            }
        }
        x.networks += bad && ok;
    }
    return x;
}

static gw_span name_failing(const struct inc_program *all, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (fails(&all[k]))
            return all[k].name;
    return (gw_span){0};
}

// Programs part cleanly: those that fail hardly ever work, the others hardly
// ever fail, in the same networks at the same time.
static int guard_defect(struct inc_gather *g, struct incident *i)
{
    struct inc_program all[PROGRAMS_MAX];
    size_t n, failing = 0;
    if (i->class != INC_FAILURE || i->spells[0]->view != INC_BLOCKED)
        return 0;
    merge_programs(i, all, &n);
    for (size_t k = 0; k < n; k++)
        failing += fails(&all[k]);
    if (!failing || failing == n)
        return 0;
    struct split x = split_by(i, all, n);
    bool parted = x.ok[0] >= OK_LEAST && x.bad[0] * 10 <= x.ok[0] &&
                  x.ok[1] * 10 <= x.bad[1] && x.observers >= 2;
    if (!parted || !x.networks)
        return 0;
    gw_span name = name_failing(all, n);
    if (name.len > SHOWN)
        name.len = SHOWN;
    if (x.networks > 1)
        i->kind = "defect";
    else
        make_possible(i, i->log_odds);
    return inc_add_guard(g, i, "defect",
                         "It follows the program, not the network: %.*s%s "
                         "fails, while others found it to work %lld times in "
                         "the same networks at the same time.",
                         (int)name.len, (const char *)name.at,
                         failing > 1 ? " (and others)" : "",
                         (long long)x.ok[0]);
}

// ---- what is not known ---------------------------------------------------

static int tell_ends(struct inc_gather *g, struct incident *i)
{
    int named = 0, more = 0, rc = 0;
    int32_t newest = INT32_MIN;
    for (size_t k = 0; k < i->network_count; k++)
        newest =
            i->networks[k].looked > newest ? i->networks[k].looked : newest;
    for (size_t k = 0; k < i->network_count && !rc; k++) {
        const struct inc_network *n = &i->networks[k];
        char day[GW_TIME_TEXT];
        if (n->end[0] != INT32_MAX || newest - n->looked < INC_HOURS_JOINED)
            continue;
        if (named++ >= NAMED) {
            more++;
            continue;
        }
        gw_format_day(inc_hour(n->looked), day);
        rc = n->asn == GW_NULL
                 ? add_unknown(g, i,
                               "Whether it has ended in an unknown network: "
                               "nobody looked since %s.",
                               day)
                 : add_unknown(g, i,
                               "Whether it has ended in AS%lld: nobody looked "
                               "since %s.",
                               (long long)n->asn, day);
    }
    if (more && !rc)
        rc = add_unknown(g, i, "The same holds for %d more networks.", more);
    return rc;
}

static int tell_unknown(struct inc_gather *g, struct incident *i)
{
    int rc = 0;
    if (i->onset[0] == INT32_MIN)
        rc = add_unknown(g, i, "When it began: it was so when first looked.");
    rc = rc ? rc : tell_ends(g, i);
    if (!rc && g->too_little)
        rc = add_unknown(g, i,
                         "What happened in %lld more network%s: too few "
                         "measurements.",
                         (long long)g->too_little,
                         g->too_little == 1 ? "" : "s");
    if (!rc && i->class == INC_SILENCE)
        rc = add_unknown(g, i,
                         "Why: a network that is not heard may be cut "
                         "off, or nobody measured.");
    return rc;
}

int inc_guard(struct inc_gather *g, struct incident *i)
{
    int rc = guard_observers(g, i);
    rc = rc ? rc : guard_flood(g, i);
    rc = rc ? rc : guard_defect(g, i);
    if (!rc && i->aggregate)
        rc = inc_add_guard(g, i, "aggregate",
                           "Among it are daily counts that somebody else "
                           "made: their measurements are not here.");
    return rc ? rc : tell_unknown(g, i);
}

// ---- everywhere at once --------------------------------------------------

static int by_target(const void *a, const void *b)
{
    const struct incident *x = *(struct incident *const *)a;
    const struct incident *y = *(struct incident *const *)b;
    int c = gw_cmp(x->target, y->target);
    if (c)
        return c;
    if (x->onset[1] != y->onset[1])
        return x->onset[1] < y->onset[1] ? -1 : 1;
    return gw_cmp(x->cc, y->cc);
}

// Countries in which it began within a day of this one. list is in order of
// target and time.
static int countries(struct incident *const *list, size_t n, size_t at)
{
    gw_span seen[INC_COUNTRIES];
    int count = 0;
    size_t from = at;
    while (from > 0 && gw_eq(list[from - 1]->target, list[at]->target) &&
           list[at]->onset[1] - list[from - 1]->onset[1] <=
               INC_HOURS_EVERYWHERE)
        from--;
    for (size_t i = from; i < n && count < INC_COUNTRIES; i++) {
        int k = 0;
        if (!gw_eq(list[i]->target, list[at]->target) ||
            list[i]->onset[1] - list[at]->onset[1] > INC_HOURS_EVERYWHERE)
            break;
        while (k < count && !gw_eq(seen[k], list[i]->cc))
            k++;
        if (k == count)
            seen[count++] = list[i]->cc;
    }
    return count;
}

int inc_guard_all(struct inc_gather *g)
{
    size_t n = 0;
    int rc = 0;
    struct incident **list =
        gw_arena_take_n(g->keep, g->found_count + 1, sizeof(void *));
    if (!list)
        return inc_no_memory(g);
    for (size_t i = 0; i < g->found_count; i++)
        if (g->found[i].class == INC_FAILURE &&
            g->found[i].onset[0] != INT32_MIN)
            list[n++] = &g->found[i];
    if (n)
        qsort(list, n, sizeof(void *), by_target);
    for (size_t i = 0; i < n && !rc; i++) {
        if (countries(list, n, i) < INC_COUNTRIES)
            continue;
        list[i]->kind = "down";
        rc = inc_add_guard(g, list[i], "everywhere",
                           "It began within a day in %d countries or more: "
                           "the service, or our way to measure it, rather "
                           "than a country.",
                           (int)INC_COUNTRIES);
    }
    return rc;
}
