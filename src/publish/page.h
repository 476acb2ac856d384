// What the pages share: the archive's rows in memory, the frame around every
// page, and the words for times, counts, states and names. Private to publish.
#ifndef GW_PAGE_H
#define GW_PAGE_H

#include "publish/publish.h"

enum {
    SITE_PAGE_MAX = 4 << 20,  // of one page, far above what any should have
    SITE_DATA_MAX = 64 << 20, // of one data file
    SITE_PATH = 512,
};

// ---- rows ---------------------------------------------------------------
// A day row of the store; texts live as long as the site.
struct day {
    uint32_t target, network, country; // indices into the site's lists
    int32_t day;                       // days since 1970-01-01 UTC
    uint8_t layer;
    bool synthetic, aggregate;
    bool main; // of the layer that stands for its target and network: "all"
               // where there is one. Only these may be summed over layers.
    uint32_t count[GW_STATE_COUNT], observers[GW_STATE_COUNT];
    uint32_t throttled, intercepted;
    const char *rule, *example; // "" if there is none
};
struct range { // of an index list
    uint32_t first, count;
};
struct target {
    const char *name;  // as stored: service, host (A-labels)
    const char *shown; // as people write it: Unicode of a host, else name
    const char *slug;  // its pages and files: "target/<slug>.html"
    struct range days; // of site.by_target
};
struct network { // one AS in one country
    int64_t asn; // GW_NULL unknown
    uint32_t country;
    const char *org;
    const char *slug;  // "AS33771", "unknown-ke"; AS in two countries: "AS1-ke"
    struct range days; // of site.by_network
};
struct country {
    const char *cc;    // upper case, "" unknown
    const char *slug;  // "ke"
    struct range days; // of site.days itself
};
struct incident {
    struct gw_incident_row row;       // body lives as long as the site
    char path[40];                    // "incident/<id>.html"
    uint32_t target, country;         // UINT32_MAX: none
    gw_span title[GW_LANGUAGE_COUNT]; // states the finding; plain text
};

struct effect { // an incident as one target and network saw it
    uint32_t target, network, incident;
};

struct site {
    struct gw_archive *archive;
    const struct gw_publish_options *options;
    struct gw_publish_summary *summary;
    struct gw_arena *arena; // what lives as long as the site
    struct gw_json *json;   // one parser: a value lives until the next parse
    gw_time made;           // options.now, else the newest there is
    gw_time newest;         // last day with a measurement; GW_NEVER none
    bool synthetic;         // anything shown is made up
    // Where the log stands, for whoever verifies; size 0: not sealed.
    struct gw_checkpoint checkpoint;
    bool quorum;

    struct day *days; // in order of country, target, network, layer, day
    size_t day_count;
    uint32_t *by_target;    // day indices: target, country, network, layer, day
    uint32_t *by_network;   // network, country, target, layer, day
    struct target *targets; // in order of name
    struct network *networks;  // in order of country, asn
    struct country *countries; // in order of cc
    size_t target_count, network_count, country_count;
    struct incident *incidents; // newest onset first, the withdrawn among them
    size_t incident_count;
    struct effect *effects; // in order of target, network, incident
    size_t effect_count;

    struct files *files;   // what was written: the manifest
    struct wanted *wanted; // ids that pages link to an explain page of
    struct gw_buf page;    // the page being made, by page_begin
    struct gw_buf data;    // for whoever makes a data file
};
// Pages and their folders, once: "target", "network", "country", "incident",
// "explain". UINT32_MAX where there is none.
uint32_t site_target(const struct site *s, const char *name);
uint32_t site_country(const struct site *s, const char *cc);
uint32_t site_network(const struct site *s, const char *cc, int64_t asn);
// The parsed body of an incident (docs/formats/incidents.md); {0} if it cannot
// be read. Lives until the next parse with s->json.
gw_jv site_body(struct site *s, const struct incident *i);

// Writes DIR/<path> unless it has these bytes, and notes it in the manifest.
// A path is ours: no "..", no leading slash.
int site_file(struct site *s, const char *path, gw_span bytes,
              struct gw_why *why) GW_MUSTCHECK;
// An explain page for this id is wanted: "f-...", "m-...", "e-...", "i-...".
void site_want(struct site *s, const char *id);
// Those wanted, in bytewise order, each once.
typedef int site_wanted_fn(void *ctx, const char *id, struct gw_why *why);
int site_wanted_each(struct site *s, site_wanted_fn *fn, void *ctx,
                     struct gw_why *why);

// ---- a page -------------------------------------------------------------
// Fill in, page_begin, put the body into p->out, page_end. Page by page and
// language by language: there is one buffer.
struct crumb {
    const char *path; // below the language's folder, "country/ke.html"
    gw_span text;     // plain
};
struct page {
    struct site *site;
    enum gw_language lang;
    const char *path;    // below the language's folder: "incident/i-1.html"
    gw_span title;       // states the finding; plain text; also the h1
    gw_span description; // plain; one or two sentences
    const char *json, *csv, *atom; // twins, below DIR/data/, or NULL
    gw_span json_ld;               // an object of schema.org as JSON, or none
    struct crumb crumbs[3];        // after "home"; path NULL ends them
    const char *nav; // the section it belongs to: "incidents", ... or NULL
    bool risk;       // people at risk may open it: quick exit
    bool synthetic;  // says in a banner that its data is made up
    bool script;     // loads search.js
    struct gw_buf *out;
};
void page_begin(struct page *p); // up to and with <main ...><h1>
// Footer; writes DIR/<lang>/<path>.
int page_end(struct page *p, struct gw_why *why) GW_MUSTCHECK;

// Links are relative, so that a site works from a folder or a stick.
// "../../" of this page: the way to DIR/.
const char *page_root(const struct page *p);
void put_href(struct page *p, const char *path); // page of the same language
void put_data_href(struct page *p, const char *path); // below DIR/data/
// <a href="...">text</a>, text plain (escaped here, in <bdi> if it is a name).
void put_link(struct page *p, const char *path, gw_span text);
void put_target(struct page *p, const char *name); // link and name in bdi
void put_network(struct page *p, const char *cc, int64_t asn, const char *org);
void put_country(struct page *p, const char *cc);
void put_incident(struct page *p, const struct incident *i); // link, its title
// "how we know" link to explain/<id>.html; wants that page.
void put_explain(struct page *p, const char *id);
// A list of file links under a chart or table: CSV and JSON of the page.
void put_description(struct page *p); // as the page's lead
void put_downloads(struct page *p);

// ---- words of a page ----------------------------------------------------
void put_text(struct page *p, const char *id); // a message without values
// A message with plain values (escaped here, each isolated by <bdi>).
void put_say(struct page *p, const char *id, const char *const *values,
             size_t n);
#define SAY(p, id, ...)                                                        \
    put_say(p, id, (const char *const[]){__VA_ARGS__},                         \
            GW_COUNT(((const char *const[]){__VA_ARGS__})))
// Plain text of a message with plain values, for titles and attributes; lives
// as long as the site.
gw_span page_words(struct site *s, enum gw_language l, const char *id,
                   const char *const *values, size_t n);
// Pieces for values, plain text in the page's language; live as long as the
// site.
const char *word_number(struct site *s, enum gw_language l, int64_t n);
const char *word_day(struct site *s, enum gw_language l, gw_time t);
// "Telegram" of "telegram"; a host as it is shown.
const char *word_target(struct site *s, enum gw_language l, const char *name);
const char *word_country(struct site *s, enum gw_language l, const char *cc);
const char *word_network(struct site *s, enum gw_language l, int64_t asn,
                         const char *org);
const char *word_layer(struct site *s, enum gw_language l, int64_t layer);
const char *word_state(struct site *s, enum gw_language l, enum gw_state state);
const char *word_confidence(struct site *s, enum gw_language l,
                            const char *confidence);

// A country's distance from UTC all year round; false, and 0: not known, or
// not the same everywhere.
bool country_offset(const char *cc, gw_time *ret);
// Local time of the country with UTC beside it, in <time datetime>.
void put_time(struct page *p, gw_time t, const char *cc);
void put_day(struct page *p, gw_time t); // 8 February 2024, in <time>
// "between 01:45 and 02:30 on ..."; earliest GW_NEVER: already so when first
// looked at; latest GW_NEVER: goes on.
void put_interval(struct page *p, const gw_time at[2], const char *cc);
// The five words, with the odds beside them: <span class="confidence c-5">.
void put_confidence(struct page *p, const char *confidence, double log_odds);
// Shape, word and class of a state: <span class="state s-blocked">.
void put_state(struct page *p, enum gw_state state);
const char *state_class(enum gw_state state); // "ok" "blocked" "down" "unknown"
// "37 of 42 measurements from 9 observers". Below 2 observers it says one.
void put_counts(struct page *p, int64_t part, int64_t all, int64_t observers);
void put_n(struct page *p, int64_t n); // number in the page's digits

// ---- pages and files, one function a file -------------------------------
// Called by gw_publish in this order; each makes both languages.
int publish_style(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_front(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_countries(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_targets(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_networks(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_incidents(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_lists(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_method(struct site *s, struct gw_why *why) GW_MUSTCHECK;
// explain pages of what is wanted, so after all that link to them
int publish_explain(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_feeds(struct site *s, struct gw_why *why) GW_MUSTCHECK;
int publish_search(struct site *s, struct gw_why *why) GW_MUSTCHECK;

#endif
