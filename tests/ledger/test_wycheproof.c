// The Ed25519 cases of Wycheproof (C2SP): forged, malleable and malformed
// signatures that one implementation or another once took.
#include "seal/seal.h"
#include "t.h"
#include "wire/wire.h"

#include <stdio.h>

enum { CASES = 151, HEX_MAX = 2048 };

struct counts {
    size_t run, valid;
};

static gw_span unhex(gw_jv v, uint8_t ret[static HEX_MAX])
{
    gw_span hex = gw_jv_str(v);
    assert_true(hex.len <= 2 * HEX_MAX && gw_unhex(hex, ret));
    return gw_span_of(ret, hex.len / 2);
}

static void run_group(gw_jv group, struct counts *n)
{
    uint8_t key[HEX_MAX], message[HEX_MAX], signature[HEX_MAX];
    gw_jv pk = gw_jv_get(gw_jv_get(group, "publicKey"), "pk");
    assert_int_equal(unhex(pk, key).len, GW_PUBLIC_LEN);
    for (gw_jit t = gw_jv_iter(gw_jv_get(group, "tests")); gw_jit_next(&t);) {
        gw_span m = unhex(gw_jv_get(t.value, "msg"), message);
        gw_span s = unhex(gw_jv_get(t.value, "sig"), signature);
        bool valid = gw_is(gw_jv_str(gw_jv_get(t.value, "result")), "valid");
        int64_t id = 0;
        gw_jv_int(gw_jv_get(t.value, "tcId"), &id);
        if (gw_signature_ok(key, m, s) != valid)
            fail_msg("case %lld is %s", (long long)id,
                     valid ? "valid" : "not valid");
        n->run++;
        n->valid += valid;
    }
}

static void every_case_of_wycheproof_is_judged_right(void **state)
{
    (void)state;
    const char *data = getenv("GAWAH_DATA");
    char path[4096];
    snprintf(path, sizeof path,
             "%s/tlog/wycheproof/testvectors_v1/ed25519_test.json",
             data ? data : "");
    struct gw_buf b;
    struct counts n = {0};
    gw_jv all;
    gw_buf_init(&b, 4 << 20);
    if (!data || gw_file_read(path, &b, NULL)) {
        printf("skipped, not in GAWAH_DATA: Wycheproof's Ed25519 cases\n");
        gw_buf_release(&b);
        return;
    }
    gw_span text = gw_buf_span(&b);
    assert_non_null(gw_buf_room(&b, GW_JSON_PADDING));
    text.at = b.at;
    struct gw_json *p = gw_json_new();
    assert_int_equal(gw_json_parse(p, text, &all, NULL), 0);
    for (gw_jit g = gw_jv_iter(gw_jv_get(all, "testGroups")); gw_jit_next(&g);)
        run_group(g.value, &n);
    assert_int_equal(n.run, CASES);
    assert_int_equal(n.valid, 88);
    gw_json_free(p);
    gw_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_wycheproof_is_judged_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
