// Between the files that load, name and write a site. Private to publish.
#ifndef GW_SITE_H
#define GW_SITE_H

#include "publish/names.h"
#include "publish/page.h"

struct file { // of the manifest
    int64_t size;
    char sha256[2 * GW_HASH_LEN + 1];
};
struct files {
    struct names paths;
    struct file *at;
    size_t cap;
    struct gw_buf old; // bytes that are there, to compare
};
struct wanted {
    struct names ids;
    int err; // the first failure of site_want
};

// While rows come in, lists are numbered in the order of first sight.
struct load {
    struct site *site;
    struct names targets, networks, countries, texts;
    struct day *days;
    size_t cap;
    struct network *nets; // by number in networks
    size_t net_cap;
    const struct gw_day_row *row; // whose indices are in last
    struct day last;
    char cc[3], target[256], org[128], rule[64]; // of last
    int64_t asn;
    size_t incident_cap, effect_cap;
};
// Puts the lists in their order, and all numbers with them.
int site_order(struct load *l) GW_MUSTCHECK;

// Days, incidents, and the lists of what they speak of.
int site_load(struct site *s, struct gw_why *why) GW_MUSTCHECK;
void site_unload(struct site *s);
// The title of an incident, from its row and its parsed body.
int site_title(struct site *s, struct incident *i, gw_jv body,
               struct gw_why *why) GW_MUSTCHECK;
// File names: letters, digits, '.', '-' and, before a hash, '~'.
const char *site_slug(struct gw_arena *arena, const char *name);
// A host as people write it, where it has other letters than ASCII.
const char *site_shown(struct gw_arena *arena, const char *name);

// Removes files of the last manifest that were not made now, then writes the
// new one.
int site_files_finish(struct site *s, struct gw_why *why) GW_MUSTCHECK;

#endif
