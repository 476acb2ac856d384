// A small log of leaves and a bundle made of it, all in memory, so that a test
// can change one thing and see what verify says. Keys are made from seeds.
#ifndef GW_VERIFY_WORLD_H
#define GW_VERIFY_WORLD_H

#include "../seal/tsa_make.h"
#include "verify_case.h"

enum { LEAVES = 11, ANCHORED = 6, ABOUT = 3 };
#define WITNESSED UINT64_C(1700000000)
// Bitcoin's block 500000, of 2017-12-18 18:35:25.
#define BLOCK                                                                  \
    "000000201929eb850a74427d0440cf6b518308837566cd6d066279000000000000000000" \
    "1f6231ed3de07345b607ec2a39b2d01bec2fe10dfb7f516ba4958a42691c95316d0a385a" \
    "459600185599fc5c"

// ---- the log ------------------------------------------------------------

struct cosigner {
    struct gw_signing_key key;
    struct gw_vkey vkey;
    char text[GW_VKEY_TEXT];
};

static inline struct cosigner
cosigner(const char *name, enum gw_signature_type type, uint8_t mark)
{
    struct cosigner c;
    uint8_t seed[GW_SEED_LEN];
    memset(seed, mark, sizeof seed);
    gw_signing_key_from(seed, &c.key);
    assert_int_equal(gw_vkey_make(gw_str(name), type,
                                  gw_signing_key_public(&c.key), &c.vkey, NULL),
                     0);
    gw_vkey_format(&c.vkey, c.text);
    return c;
}

struct plot {
    int witnesses;      // that sign the checkpoint
    bool no_quorum;     // the policy asks for none
    bool impostor;      // somebody else signs leaf 4
    const char *beacon; // of leaf 2; NULL: a block header
    bool rotated;       // leaf 7 names a new key of the log
};
struct world {
    struct plot plot;
    struct place place;
    char bag[96];
    struct cosigner log, next, witness[3];
    struct gw_key author, impostor;
    struct gw_tree *tree;
    struct gw_buf entries[LEAVES], disclosures, policy, note, anchored;
    struct gw_tree *records, *segments;
    struct tsa tsa;
    struct pack pack;
    struct said said;
};

static inline struct gw_key author(const char *name, uint8_t mark)
{
    struct cosigner c = cosigner(name, GW_SIG_ED25519, mark);
    struct gw_key k = {
        .role = GW_ROLE_AUTHOR, .vkey = c.vkey, .signing = c.key};
    snprintf(k.name, sizeof k.name, "%s", name);
    return k;
}

static inline void add_leaf(struct world *w, struct gw_new_leaf leaf,
                            struct gw_buf *ret_disclosures)
{
    static const uint8_t item_key[32] = "the item's key, 32 bytes of it.";
    size_t index = (size_t)gw_tree_size(w->tree);
    struct gw_buf none, *entry = &w->entries[index];
    struct gw_why why = {0};
    gw_buf_init(entry, GW_LEAF_MAX);
    gw_buf_init(&none, 1 << 20);
    leaf.at = gw_time_civil(2019, 5, 1, 12, 0, 0);
    if (gw_leaf_make(
            &leaf, w->plot.impostor && index == 4 ? &w->impostor : &w->author,
            item_key, entry, ret_disclosures ? ret_disclosures : &none, &why))
        fail_msg("%s", why.text);
    gw_buf_release(&none);
    struct gw_hash32 h = gw_leaf_hash(gw_buf_span(entry));
    assert_int_equal(gw_tree_add(w->tree, &h), 0);
}

static inline const char *hex_of(gw_span bytes)
{
    static char text[2][2 * GW_HASH_LEN + 1];
    static int turn;
    struct gw_hash32 h = gw_sha256(bytes);
    turn = !turn;
    gw_hex(h.at, sizeof h.at, text[turn]);
    return text[turn];
}

static inline void put_root(struct gw_tree *tree, struct gw_buf *ret)
{
    struct gw_hash32 root;
    uint64_t size = gw_tree_size(tree);
    assert_int_equal(gw_root_of_first(gw_tree_node, tree, size, &root, NULL),
                     0);
    gw_put_fmt(ret, "{\"count\":%llu,\"root\":\"", (unsigned long long)size);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(root.at, sizeof root.at), ret);
    gw_put_str(ret, "\"}");
}

static inline gw_span record(int i)
{
    static char text[32];
    snprintf(text, sizeof text, "{\"record\":%d}", i);
    return gw_str(text);
}
static inline gw_span segment_entry(int i)
{
    static char text[GW_SET_ENTRY];
    const char *object =
        hex_of(i == 1 ? GW_LIT("the evidence\n") : record(100 + i));
    const char *segment =
        hex_of(i == 1 ? GW_LIT("the segment") : record(200 + i));
    snprintf(text, sizeof text, "%s %s\n", object, segment);
    return gw_str(text);
}

static inline void add_batches(struct world *w)
{
    w->records = gw_tree_new();
    w->segments = gw_tree_new();
    for (int i = 0; i < 5; i++) {
        struct gw_hash32 h = gw_leaf_hash(record(i));
        assert_int_equal(gw_tree_add(w->records, &h), 0);
    }
    for (int i = 0; i < 3; i++) {
        struct gw_hash32 h = gw_leaf_hash(segment_entry(i));
        assert_int_equal(gw_tree_add(w->segments, &h), 0);
    }
}

static inline void add_key_leaf(struct world *w)
{
    char log[GW_VKEY_TEXT + 2], by[GW_VKEY_TEXT + 2], text[GW_VKEY_TEXT];
    char next[80], policy[80];
    gw_vkey_format(&w->author.vkey, text);
    snprintf(log, sizeof log, "\"%s\"", w->log.text);
    snprintf(by, sizeof by, "\"%s\"", text);
    snprintf(next, sizeof next, "\"%s\"",
             hex_of(gw_span_of(w->next.vkey.public_key, GW_PUBLIC_LEN)));
    snprintf(policy, sizeof policy, "\"%s\"", hex_of(gw_buf_span(&w->policy)));
    struct gw_leaf_field fields[] = {{"author", gw_str(by), false},
                                     {"log", gw_str(log), false},
                                     {"next", gw_str(next), false},
                                     {"policy", gw_str(policy), false}};
    add_leaf(
        w,
        (struct gw_new_leaf){.type = GW_LEAF_KEY, .fields = fields, .count = 4},
        NULL);
}

static inline void add_one(struct world *w, enum gw_leaf_type type,
                           const char *name, gw_span json)
{
    struct gw_leaf_field field = {name, json, false};
    add_leaf(w,
             (struct gw_new_leaf){.type = type, .fields = &field, .count = 1},
             NULL);
}

static inline void add_evidence(struct world *w)
{
    char object[80];
    struct gw_buf records;
    gw_buf_init(&records, 4096);
    put_root(w->records, &records);
    snprintf(object, sizeof object, "\"%s\"", hex_of(GW_LIT("the evidence\n")));
    struct gw_leaf_field fields[] = {{"name", GW_LIT("\"secret.json\""), true},
                                     {"object", gw_str(object), false},
                                     {"records", gw_buf_span(&records), false}};
    add_leaf(w,
             (struct gw_new_leaf){.type = GW_LEAF_EVIDENCE,
                                  .fields = fields,
                                  .count = 3,
                                  .digests = 8},
             &w->disclosures);
    gw_buf_release(&records);
}

static inline void add_redaction(struct world *w)
{
    char hex[2 * GW_HASH_LEN + 1], of[128];
    struct gw_hash32 h = gw_leaf_hash(gw_buf_span(&w->entries[ABOUT]));
    gw_hex(h.at, sizeof h.at, hex);
    snprintf(of, sizeof of, "{\"index\":%d,\"leaf\":\"%s\"}", ABOUT, hex);
    struct gw_leaf_field fields[] = {
        {"category", GW_LIT("\"source-safety\""), false},
        {"of", gw_str(of), false}};
    add_leaf(w,
             (struct gw_new_leaf){
                 .type = GW_LEAF_REDACT, .fields = fields, .count = 2},
             NULL);
}

static inline void put_policy(struct world *w, bool quorum)
{
    gw_put_fmt(&w->policy, "log %s\n", w->log.text);
    for (int i = 0; i < 3; i++)
        gw_put_fmt(&w->policy, "witness w%d %s\n", i + 1, w->witness[i].text);
    gw_put_str(&w->policy, quorum ? "group some 2 w1 w2 w3\nquorum some\n"
                                  : "quorum none\n");
}

// The log's key gives way to another one, and a leaf says so.
static inline void rotate(struct world *w, const struct cosigner *to)
{
    w->log = *to;
    w->next = cosigner("gawah.example/test", GW_SIG_ED25519, 7);
    gw_buf_reset(&w->policy);
    put_policy(w, !w->plot.no_quorum);
    add_key_leaf(w);
}

// A checkpoint of the first leaves, signed by the log and n witnesses.
static inline void sign_note(struct world *w, uint64_t size, int witnesses,
                             struct gw_buf *ret)
{
    struct gw_checkpoint c = {.size = size};
    struct gw_buf text;
    gw_buf_init(&text, 4096);
    snprintf(c.origin, sizeof c.origin, "%s", w->log.vkey.name);
    assert_int_equal(
        gw_root_of_first(gw_tree_node, w->tree, size, &c.root, NULL), 0);
    gw_checkpoint_format(&c, &text);
    gw_buf_reset(ret);
    gw_put_span(ret, gw_buf_span(&text));
    gw_put_str(ret, "\n");
    gw_span signed_text = gw_buf_span(&text);
    assert_int_equal(
        gw_note_sign(signed_text, &w->log.vkey, &w->log.key, 0, ret, NULL), 0);
    for (int i = 0; i < witnesses; i++)
        assert_int_equal(gw_note_sign(signed_text, &w->witness[i].vkey,
                                      &w->witness[i].key,
                                      WITNESSED + (uint64_t)i, ret, NULL),
                         0);
    gw_buf_release(&text);
}

static inline void add_leaves(struct world *w)
{
    struct gw_buf segments;
    gw_buf_init(&segments, 4096);
    put_root(w->segments, &segments);
    add_key_leaf(w);
    add_one(w, GW_LEAF_HEARTBEAT, "beacon",
            GW_LIT("{\"kind\":\"text\",\"value\":\"a headline\"}"));
    add_one(w, GW_LEAF_HEARTBEAT, "beacon",
            gw_str(w->plot.beacon ? w->plot.beacon
                                  : "{\"kind\":\"bitcoin-header\","
                                    "\"value\":\"" BLOCK "\"}"));
    add_evidence(w);
    add_one(w, GW_LEAF_FINDINGS, "segments", gw_buf_span(&segments));
    add_redaction(w);
    add_one(w, GW_LEAF_HEARTBEAT, "beacon",
            GW_LIT("{\"kind\":\"text\",\"value\":\"a later headline\"}"));
    if (w->plot.rotated) {
        sign_note(w, ANCHORED, 0, &w->anchored);
        rotate(w, &w->next);
    }
    while (gw_tree_size(w->tree) < LEAVES)
        add_one(w, GW_LEAF_CUSTODY, "copy", GW_LIT("1"));
    gw_buf_release(&segments);
}

// ---- the bundle ---------------------------------------------------------

static inline void pack_proof(struct world *w, const char *path, uint64_t index,
                              uint64_t size, const struct gw_buf *note)
{
    struct gw_tlog_proof p = {.index = index, .checkpoint = gw_buf_span(note)};
    assert_int_equal(
        gw_inclusion_prove(gw_tree_node, w->tree, index, size, &p.proof, NULL),
        0);
    gw_tlog_proof_format(&p, pack_file(&w->pack, path));
}

static inline void pack_leaf(struct world *w, uint64_t index)
{
    char path[64];
    snprintf(path, sizeof path, "data/leaf-%d.json", (int)index);
    pack_put(&w->pack, path, gw_buf_span(&w->entries[index]));
    snprintf(path, sizeof path, "proofs/leaf-%d.tlog-proof", (int)index);
    pack_proof(w, path, index, LEAVES, &w->note);
}

static inline void pack_batch(struct world *w, const char *path,
                              struct gw_tree *tree, uint64_t index)
{
    struct gw_batch_proof p = {.index = index, .size = gw_tree_size(tree)};
    int rc = gw_root_of_first(gw_tree_node, tree, p.size, &p.root, NULL);
    rc = rc ? rc
            : gw_inclusion_prove(gw_tree_node, tree, index, p.size, &p.proof,
                                 NULL);
    assert_int_equal(rc, 0);
    gw_batch_proof_format(&p, pack_file(&w->pack, path));
}

// As docs/formats/segments.md has it: the end is the hash of what is before.
static inline void pack_segment(struct pack *p, gw_span body)
{
    struct gw_hash32 h = gw_sha256(body);
    struct gw_buf *b = pack_file(p, "data/segment.gws");
    gw_put_span(b, body);
    gw_put(b, h.at, sizeof h.at);
}

static inline void pack_chain(struct world *w, const char *redactions)
{
    struct gw_buf *b = pack_file(&w->pack, "chain.json");
    gw_put_fmt(b,
               "{\"about\":\"a record\",\"anchors\":[\"6-tsa\"],\"evidence\":"
               "{\"file\":\"data/evidence/%s\",\"leaf\":3},\"heartbeats\":[1,2]"
               ",\"keys\":0,\"leaf\":3,\"record\":{\"leaf\":3},\"redactions\":["
               "%s],\"segment\":{\"leaf\":4},\"v\":1}",
               hex_of(GW_LIT("the evidence\n")), redactions);
}

static inline void pack_stamp(struct world *w)
{
    struct gw_hash32 imprint = gw_sha256(gw_buf_span(&w->anchored));
    tsa_certify(&w->tsa, &(struct tsa_options){0});
    tsa_stamp(&w->tsa, &imprint, &(struct tsa_options){0});
    pack_proof(w, "anchors/6-tsa.tlog-proof", ABOUT, ANCHORED, &w->anchored);
    pack_put(&w->pack, "anchors/6-tsa.tsr",
             gw_span_of(w->tsa.reply, w->tsa.reply_len));
    pack_put(&w->pack, "anchors/6-tsa.pem", gw_str(w->tsa.root_pem));
}

static inline void pack_all(struct world *w)
{
    char path[128];
    struct pack *p = &w->pack;
    for (uint64_t i = 0; i < 6; i++)
        pack_leaf(w, i);
    pack_put(p, "policy.txt", gw_buf_span(&w->policy));
    pack_put(p, "README.txt", GW_LIT("what this is\n"));
    pack_put(p, "data/explain.json", GW_LIT("{}"));
    pack_put(p, "data/record", record(3));
    pack_batch(w, "proofs/record.batch-proof", w->records, 3);
    snprintf(path, sizeof path, "data/evidence/%s",
             hex_of(GW_LIT("the evidence\n")));
    pack_put(p, path, GW_LIT("the evidence\n"));
    pack_segment(p, GW_LIT("the segment"));
    pack_put(p, "data/segment.entry", segment_entry(1));
    pack_batch(w, "proofs/segment.batch-proof", w->segments, 1);
    gw_put_fmt(pack_file(p, "data/disclosures.json"), "{\"3\":%.*s}",
               (int)w->disclosures.len, (const char *)w->disclosures.at);
    pack_chain(w, "");
    pack_stamp(w);
}

// Keys and a policy, and an empty log.
static inline struct world *world_bare(struct plot plot)
{
    struct world *w = gw_new(sizeof *w);
    assert_non_null(w);
    w->place = place_new();
    snprintf(w->bag, sizeof w->bag, "%s/bag", w->place.root);
    struct gw_buf *const bufs[] = {&w->disclosures, &w->policy, &w->note,
                                   &w->anchored};
    for (size_t i = 0; i < GW_COUNT(bufs); i++)
        gw_buf_init(bufs[i], 1 << 20);
    w->log = cosigner("gawah.example/test", GW_SIG_ED25519, 1);
    w->next = cosigner("gawah.example/test", GW_SIG_ED25519, 2);
    w->witness[0] = cosigner("witness1.example", GW_SIG_COSIGN, 11);
    w->witness[1] = cosigner("witness2.example", GW_SIG_COSIGN, 12);
    w->witness[2] = cosigner("witness3.example", GW_SIG_COSIGN, 13);
    w->author = author("author.example", 3);
    w->impostor = author("author.example", 4);
    w->plot = plot;
    w->tree = gw_tree_new();
    put_policy(w, !plot.no_quorum);
    return w;
}

static inline struct world *world_with(struct plot plot)
{
    struct world *w = world_bare(plot);
    add_batches(w);
    add_leaves(w);
    sign_note(w, LEAVES, plot.witnesses, &w->note);
    if (!plot.rotated)
        sign_note(w, ANCHORED, 0, &w->anchored);
    pack_all(w);
    return w;
}

static inline struct world *world_new(void)
{
    return world_with((struct plot){.witnesses = 3});
}

static inline void world_free(struct world *w)
{
    place_remove(&w->place);
    for (size_t i = 0; i < w->pack.count; i++)
        gw_buf_release(&w->pack.files[i].bytes);
    for (size_t i = 0; i < LEAVES; i++)
        gw_buf_release(&w->entries[i]);
    gw_buf_release(&w->disclosures);
    gw_buf_release(&w->policy);
    gw_buf_release(&w->note);
    gw_buf_release(&w->anchored);
    gw_tree_free(w->tree);
    gw_tree_free(w->records);
    gw_tree_free(w->segments);
    tsa_free(&w->tsa);
    gw_free(w);
}

// Writes the bundle as it stands and verifies it.
static inline int world_verify(struct world *w)
{
    pack_write(&w->pack, w->bag);
    return said_of(&w->said, w->bag, (struct gw_verify_options){0});
}

// It must fail, and for that reason.
static inline void assert_fails(struct world *w, const char *what,
                                const char *part)
{
    int rc = world_verify(w);
    if (rc != GW_EPROOF) {
        tell(&w->said);
        fail_msg("%d instead of GW_EPROOF", rc);
    }
    assert_said(&w->said, GW_STEP_BAD, what, part);
}

#endif
