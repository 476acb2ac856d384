// Certificates that a rehearsal's servers show: made for it, their keys thrown
// away, valid from 2020 to 2119. Private to monitor.
#include "monitor/rehearse.h"

// "Rehearsal CA (synthetic)", which issued the next two
static const char issuer[] =
    "MIIBfDCCASKgAwIBAgIBATAKBggqhkjOPQQDAjA8MRcwFQYDVQQKDA5nYXdhaCByZWhlYX"
    "JzZTEhMB8GA1UEAwwYUmVoZWFyc2FsIENBIChzeW50aGV0aWMpMCAXDTIwMDEwMTAwMDAw"
    "MFoYDzIxMTkxMjMxMDAwMDAwWjA8MRcwFQYDVQQKDA5nYXdhaCByZWhlYXJzZTEhMB8GA1"
    "UEAwwYUmVoZWFyc2FsIENBIChzeW50aGV0aWMpMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD"
    "QgAEDhb3e3BmMmP6jTsUkGGrAQ3n2qHL1Pao+naSuhuZ6JY9OkpYatf4ClRs8uhmG5idIW"
    "qhG+uKAujVqkQPIR6c8KMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF"
    "AiBgtj+xqvpaH6YPHetH2pDKb+WT79PKg78dQvZMocbUqAIhAKH0yus0sOjjf7dof4P14C"
    "wn9zm9S0Mhl4md9j8zmPJT";
// the sites of rehearse_world.c
static const char sites[] =
    "MIIC9TCCApygAwIBAgIBAjAKBggqhkjOPQQDAjA8MRcwFQYDVQQKDA5nYXdhaCByZWhlYX"
    "JzZTEhMB8GA1UEAwwYUmVoZWFyc2FsIENBIChzeW50aGV0aWMpMCAXDTIwMDEwMTAwMDAw"
    "MFoYDzIxMTkxMjMxMDAwMDAwWjA2MRwwGgYDVQQKDBNIb3N0aW5nIChzeW50aGV0aWMpMR"
    "YwFAYDVQQDDA1zaXRlcy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZzNa"
    "6KC/4Mt5l7uwPPa9VY8pSLJ5I30HlfnsKKfPafUd6nAWd+crfV8Da06k2k2qsVgqTnXlZi"
    "Vum+LvAMY9YqOCAZEwggGNMAwGA1UdEwEB/wQCMAAwggF7BgNVHREEggFyMIIBboIOc29j"
    "aWFsLmV4YW1wbGWCDG5ld3MuZXhhbXBsZYIMd2lraS5leGFtcGxlggt2cG4uZXhhbXBsZY"
    "INdmlkZW8uZXhhbXBsZYIMbWFpbC5leGFtcGxlggxiYW5rLmV4YW1wbGWCDHNob3AuZXhh"
    "bXBsZYIMbWFwcy5leGFtcGxlgg1tdXNpYy5leGFtcGxlggxjb2RlLmV4YW1wbGWCFnhuLS"
    "1uZ2JsazI2Y3pjLmV4YW1wbGWCD3dlYXRoZXIuZXhhbXBsZYIOc2Nob29sLmV4YW1wbGWC"
    "DnNwb3J0cy5leGFtcGxlggpwcmVzcy50ZXN0ggpmb3J1bS50ZXN0ggtyaWdodHMudGVzdI"
    "IKd29tZW4udGVzdIIJY2hhdC50ZXN0ggpib29rcy50ZXN0ggtoZWFsdGgudGVzdIIKcmFk"
    "aW8udGVzdIIKcG9lbXMudGVzdIIMYXJjaGl2ZS50ZXN0ggttYXJrZXQudGVzdDAKBggqhk"
    "jOPQQDAgNHADBEAiAVqzWu870ZA8MBwxlO0I/Zi8xSphPh17bn6pG12roEGwIgPMi5XjkF"
    "KEQssD6VBckd4puEA58faX1swrO9lEfXRlM=";
// the hosts of rehearse_app.c
static const char apps[] =
    "MIICFTCCAbugAwIBAgIBAzAKBggqhkjOPQQDAjA8MRcwFQYDVQQKDA5nYXdhaCByZWhlYX"
    "JzZTEhMB8GA1UEAwwYUmVoZWFyc2FsIENBIChzeW50aGV0aWMpMCAXDTIwMDEwMTAwMDAw"
    "MFoYDzIxMTkxMjMxMDAwMDAwWjAyMRkwFwYDVQQKDBBBcHBzIChzeW50aGV0aWMpMRUwEw"
    "YDVQQDDAxhcHBzLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATwiYNEs6xH"
    "X98g5LDSjf2TPYl8WlNjAfrF/j1TGcG8BmR6Rjfi15Ybzo89sYm0htxmU/ecoakpXUJDCl"
    "LBUgJko4G1MIGyMAwGA1UdEwEB/wQCMAAwgaEGA1UdEQSBmTCBloIUd2ViLnRlbGVncmFt"
    "LmV4YW1wbGWCFHdlYi53aGF0c2FwcC5leGFtcGxlghJ2LndoYXRzYXBwLmV4YW1wbGWCE2"
    "NoYXQuc2lnbmFsLmV4YW1wbGWCFnN0b3JhZ2Uuc2lnbmFsLmV4YW1wbGWCEmNkbi5zaWdu"
    "YWwuZXhhbXBsZYITY2RuMi5zaWduYWwuZXhhbXBsZTAKBggqhkjOPQQDAgNIADBFAiBoAl"
    "wlyewuImU1PBIgbrpC5ONFmiF24DqM9eaumNRU1AIhAKKXZUvKMirqUD5K02mXf27vNNCX"
    "wlspWb6SixDckTxk";
// where networks lead those they block; issued by itself
static const char portal[] =
    "MIIBiDCCAS6gAwIBAgIBBDAKBggqhkjOPQQDAjA2MRswGQYDVQQKDBJQb3J0YWwgKHN5bn"
    "RoZXRpYykxFzAVBgNVBAMMDnBvcnRhbC5leGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIx"
    "MTkxMjMxMDAwMDAwWjA2MRswGQYDVQQKDBJQb3J0YWwgKHN5bnRoZXRpYykxFzAVBgNVBA"
    "MMDnBvcnRhbC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsn8wuEnOMP2s"
    "s1PkRsSvRQqz9T/kr5SxttLD9MGWQ5KFiXCtbFBMkkTqDmtCATivkJd09ndz6BQyJl5jU+"
    "0EX6MrMCkwDAYDVR0TAQH/BAIwADAZBgNVHREEEjAQgg5wb3J0YWwuZXhhbXBsZTAKBggq"
    "hkjOPQQDAgNIADBFAiA3LEhH7deefteJU5rb31FBqqjfcfRA6Z5LN1zPp/CQRAIhAJKqPZ"
    "DiS0+Zw87PSxCz5EyNKml34h38FN+0jldm4Oij";

const char *gw_rh_certificate(enum gw_rh_chain chain, int n)
{
    const char *leaf = chain == GW_RH_CHAIN_SITE  ? sites
                       : chain == GW_RH_CHAIN_APP ? apps
                                                  : portal;
    if (n == 0)
        return leaf;
    return n == 1 && chain != GW_RH_CHAIN_PORTAL ? issuer : NULL;
}
