// A log's side of c2sp.org/tlog-witness: asks for cosignatures, over HTTP or
// by files, and believes only what verifies.
#include "ledger/http.h"
#include "ledger/lines.h"
#include "ledger/signer.h"

enum {
    ANSWER_MAX = 64 << 10,   // signature lines
    REQUEST_MAX = 128 << 10, // what a witness has to take is less
    ASK_SECONDS = 60,
    SAID_MAX = 120, // of a witness' own words in a message
    NOTE_ARENA = 4 << 20,
};

// The text of a signed checkpoint with its tree's size.
static int open_text(gw_span signed_checkpoint, gw_span *ret_text,
                     struct gw_checkpoint *ret, struct gw_why *why)
{
    int64_t end = -1, at = -1;
    while ((at = gw_find(signed_checkpoint, GW_LIT("\n\n"),
                         (size_t)(at + 1))) >= 0)
        end = at;
    if (end < 0)
        return gw_fail(why, GW_EFORMAT, "checkpoint: it is not signed");
    *ret_text = gw_sub(signed_checkpoint, 0, (size_t)end + 1);
    return gw_checkpoint_parse(*ret_text, ret, why);
}

int gw_witness_request(struct gw_tiles *t, uint64_t old_size,
                       gw_span signed_checkpoint, struct gw_buf *ret,
                       struct gw_why *why)
{
    gw_span text;
    struct gw_checkpoint c;
    struct signer_request r = {.old = old_size,
                               .checkpoint = signed_checkpoint};
    int rc = open_text(signed_checkpoint, &text, &c, why);
    if (rc)
        return rc;
    if (old_size > c.size)
        return gw_fail(
            why, GW_EFORK, "a tree of %llu entries is known, this one has %llu",
            (unsigned long long)old_size, (unsigned long long)c.size);
    if (old_size && old_size < c.size)
        rc = gw_consistency_prove(gw_tiles_node, t, old_size, c.size, &r.proof,
                                  why);
    if (rc)
        return rc;
    signer_request_format(&r, ret);
    return ret->err ? gw_fail(why, ret->err, "request to a witness: %s",
                              gw_strerror(ret->err))
                    : 0;
}

// ---- the lines of an answer ---------------------------------------------
// Whether a line is that key's cosignature of the text: as gw_note_signed_by.
static int line_is_of(gw_span text, gw_span line, const struct gw_vkey *key,
                      struct gw_why *why)
{
    struct gw_note note;
    struct gw_buf one;
    uint64_t posix = 0;
    struct gw_arena *arena = gw_arena_new(NOTE_ARENA);
    gw_buf_init(&one, GW_NOTE_MAX);
    gw_put_span(&one, text);
    gw_put_u8(&one, '\n');
    gw_put_span(&one, line);
    int rc = !arena    ? gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM))
             : one.err ? gw_fail(why, one.err, "%s", gw_strerror(one.err))
                       : gw_note_parse(gw_buf_span(&one), arena, &note, why);
    if (!rc)
        rc = gw_note_signed_by(&note, key, &posix, why);
    gw_buf_release(&one);
    gw_arena_free(arena);
    return rc;
}

// Appends the first line of the answer that is this witness'. 1, 0 if there
// is none, or a failure that names the witness.
static int pick(const struct gw_policy_member *witness, gw_span text,
                gw_span answer, struct gw_buf *ret, struct gw_why *why)
{
    gw_span rest = answer, line;
    struct gw_why said = {0};
    while (rest.len) {
        gw_span from = rest;
        int rc = GW_EFORMAT;
        if (gw_line_take(&rest, &line))
            rc = line_is_of(text, gw_sub(from, 0, line.len + 1), &witness->vkey,
                            &said);
        else
            gw_fail(&said, rc, "its last line is cut off");
        if (rc < 0)
            return gw_fail(why, rc, "witness %s: its answer: %s", witness->name,
                           said.text);
        if (rc == 0)
            continue;
        gw_put_span(ret, gw_sub(from, 0, line.len + 1));
        return ret->err ? gw_fail(why, ret->err, "witness %s: %s",
                                  witness->name, gw_strerror(ret->err))
                        : 1;
    }
    return 0;
}

int gw_witness_accept(const struct gw_policy *p, gw_span signed_checkpoint,
                      gw_span answer, struct gw_buf *ret, struct gw_why *why)
{
    gw_span text;
    struct gw_checkpoint c;
    int found = 0;
    size_t before = ret->len;
    int rc = open_text(signed_checkpoint, &text, &c, why);
    if (!rc && answer.len > ANSWER_MAX)
        rc = gw_fail(why, GW_ETOOBIG, "answer: longer than %d bytes",
                     ANSWER_MAX);
    for (size_t i = 0; rc >= 0 && i < gw_policy_witness_count(p); i++) {
        rc = pick(gw_policy_witness(p, i), text, answer, ret, why);
        found += rc == 1;
    }
    if (rc < 0) {
        ret->len = before; // nothing of a file that is wrong anywhere
        return rc;
    }
    return found ? 0
                 : gw_fail(why, GW_EPROOF,
                           "answer: no cosignature of this checkpoint by a "
                           "witness of the policy");
}

// ---- asking -------------------------------------------------------------
struct asking {
    const struct gw_policy_member *witness;
    struct gw_tiles *tiles;
    gw_span signed_checkpoint;
    struct gw_client *client;
    struct gw_buf request, answer;
    struct gw_exchange x;
};

static int ask(struct asking *a, uint64_t old_size, struct gw_why *why)
{
    struct gw_why said = {0};
    gw_buf_reset(&a->request);
    gw_buf_reset(&a->answer);
    int rc = gw_witness_request(a->tiles, old_size, a->signed_checkpoint,
                                &a->request, &said);
    a->x = (struct gw_exchange){.base = a->witness->url,
                                .path = "add-checkpoint",
                                .body = gw_buf_span(&a->request),
                                .max = ANSWER_MAX,
                                .total_s = ASK_SECONDS};
    if (!rc)
        rc = gw_client_do(a->client, &a->x, &a->answer, &said);
    return rc ? gw_fail(why, rc, "witness %s: %s", a->witness->name, said.text)
              : 0;
}

// What it said, as far as it can be shown.
static int refusal(const struct asking *a, int code, struct gw_why *why)
{
    char shown[SAID_MAX + 1] = {0};
    gw_span said = gw_trim(gw_buf_span(&a->answer));
    for (size_t i = 0; i < said.len && i < SAID_MAX; i++) {
        uint8_t c = said.at[i];
        shown[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    return gw_fail(why, code, "witness %s: answered %d: %s", a->witness->name,
                   a->x.status, shown);
}

static int known_size(const struct asking *a, uint64_t *ret, struct gw_why *why)
{
    gw_span rest = gw_buf_span(&a->answer), line;
    bool ok =
        gw_line_take(&rest, &line) && !rest.len && gw_size_read(line, ret);
    return ok ? 0 : refusal(a, GW_EFORMAT, why);
}

static int meaning_of(int status)
{
    switch (status) {
    case 422: return GW_EFORK; // what it has seen is no prefix of this tree
    case 400:
    case 403:
    case 404: return GW_EREFUSED;
    default: return GW_ENET;
    }
}

// Asks once, and once more from the size that a 409 tells.
static int converse(struct asking *a, struct gw_why *why)
{
    uint64_t size;
    int rc = ask(a, 0, why);
    if (!rc && a->x.status == 409) {
        rc = known_size(a, &size, why);
        rc = rc ? rc : ask(a, size, why);
    }
    if (!rc && a->x.status != 200)
        rc = refusal(a, meaning_of(a->x.status), why);
    return rc;
}

int gw_witness_ask(const struct gw_policy_member *witness, struct gw_tiles *t,
                   gw_span signed_checkpoint, struct gw_buf *ret,
                   struct gw_why *why)
{
    struct asking a = {
        .witness = witness, .tiles = t, .signed_checkpoint = signed_checkpoint};
    struct gw_checkpoint c;
    gw_span text;
    int rc = open_text(signed_checkpoint, &text, &c, why);
    if (!rc && !witness->url[0])
        rc = gw_fail(why, GW_EREFUSED,
                     "witness %s: the policy has no URL of it", witness->name);
    rc = rc ? rc : gw_client_new(&a.client, why);
    if (rc)
        return rc;
    gw_buf_init(&a.request, REQUEST_MAX);
    gw_buf_init(&a.answer, ANSWER_MAX);
    rc = converse(&a, why);
    if (!rc)
        rc = pick(witness, text, gw_buf_span(&a.answer), ret, why);
    if (rc == 0)
        rc = gw_fail(why, GW_EPROOF,
                     "witness %s: its answer has no cosignature by its key",
                     witness->name);
    gw_buf_release(&a.request);
    gw_buf_release(&a.answer);
    gw_client_free(a.client);
    return rc < 0 ? rc : 0;
}
