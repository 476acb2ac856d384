// An add-checkpoint request of any bytes, to a log's own signer and to a
// witness that knows the log. What parses is written the same again. A request
// that was granted is not granted again as if it were new.
#include "ledger/signer.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORIGIN "gawah.example/ref-log"

struct side {
    char state[64], lock[80], file[160];
    struct gw_key key;
    struct gw_signer *signer;
};

static void make_side(struct side *s, enum gw_role role, const char *name,
                      uint8_t seed, const struct gw_policy *policy)
{
    uint8_t bytes[GW_SEED_LEN];
    const struct gw_clock clock = {1700000000 * GW_SECOND};
    char hex[SIGNER_HEX];
    memset(bytes, seed, sizeof bytes);
    s->key.role = role;
    snprintf(s->key.name, sizeof s->key.name, "%s", name);
    gw_signing_key_from(bytes, &s->key.signing);
    snprintf(s->state, sizeof s->state, "%s/gawah-fuzz-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (gw_vkey_make(
            gw_str(name), role == GW_ROLE_LOG ? GW_SIG_ED25519 : GW_SIG_COSIGN,
            gw_signing_key_public(&s->key.signing), &s->key.vkey, NULL) ||
        !mkdtemp(s->state) ||
        gw_signer_open(s->state, &s->key, policy, &clock, &s->signer, NULL))
        abort();
    signer_origin_hex(gw_str(ORIGIN), hex);
    snprintf(s->lock, sizeof s->lock, "%s/lock", s->state);
    snprintf(s->file, sizeof s->file, "%s/%s", s->state, hex);
}

static struct side sides[2];
static struct gw_policy *policy;

static void clean_up(void)
{
    for (size_t i = 0; i < GW_COUNT(sides); i++) {
        gw_signer_close(sides[i].signer);
        unlink(sides[i].file);
        unlink(sides[i].lock);
        rmdir(sides[i].state);
    }
    gw_policy_free(policy);
}

static void begin(void)
{
    char text[GW_VKEY_TEXT + 64] = "log ";
    make_side(&sides[0], GW_ROLE_LOG, ORIGIN, 1, NULL);
    size_t len = 4 + gw_vkey_format(&sides[0].key.vkey, text + 4);
    snprintf(text + len, sizeof text - len, "\nquorum none\n");
    if (gw_policy_parse(gw_str(text), &policy, NULL))
        abort();
    make_side(&sides[1], GW_ROLE_WITNESS, "witness1.example", 0x11, policy);
    atexit(clean_up);
}

static void same_again(gw_span body, const struct signer_request *r)
{
    struct gw_buf b;
    gw_buf_init(&b, SIGNER_REQUEST_MAX);
    signer_request_format(r, &b);
    if (b.err || !gw_eq(gw_buf_span(&b), body))
        abort();
    gw_buf_release(&b);
}

static int ask(struct side *s, gw_span body, struct gw_buf *ret)
{
    struct gw_answer a;
    gw_signer_answer(s->signer, body, &a);
    gw_buf_reset(ret);
    gw_put_span(ret, gw_buf_span(&a.body));
    gw_answer_release(&a);
    return a.status;
}

static void try_side(struct side *s, gw_span body,
                     const struct signer_request *r)
{
    struct gw_buf first, second;
    gw_buf_init(&first, 1 << 16);
    gw_buf_init(&second, 1 << 16);
    unlink(s->file);
    int status = ask(s, body, &first);
    if (!r && status != 400)
        abort();
    if (status == 200 && r->old)
        abort(); // it has signed nothing yet
    if (status == 200) {
        int again = ask(s, body, &second);
        bool empty = gw_find(r->checkpoint, GW_LIT("\n0\n"), 0) > 0;
        if (again != (empty ? 200 : 409) ||
            (empty && !gw_eq(gw_buf_span(&first), gw_buf_span(&second))))
            abort();
    } else if (access(s->file, F_OK) == 0) {
        abort(); // kept what it did not sign
    }
    gw_buf_release(&first);
    gw_buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signer_request r;
    gw_span body = gw_span_of(data, size);
    if (!policy)
        begin();
    bool parsed = signer_request_parse(body, &r, NULL) == 0;
    if (parsed)
        same_again(body, &r);
    for (size_t i = 0; i < GW_COUNT(sides); i++)
        try_side(&sides[i], body, parsed ? &r : NULL);
    return 0;
}
