// The one C++ file: hands simdjson's tape to C. Nothing is copied; gw_jv in
// wire.h reads the tape as simdjson documents it (doc/tape.md of that library).
#include <simdjson.h>

#include <new>

extern "C" {
#include "wire/wire.h"
}

struct gw_json {
    simdjson::dom::parser parser{static_cast<size_t>(GW_JSON_MAX)};
};

extern "C" struct gw_json *gw_json_new(void)
{
    return new (std::nothrow) gw_json;
}

extern "C" void gw_json_free(struct gw_json *p)
{
    delete p;
}

extern "C" int gw_json_parse(struct gw_json *p, gw_span text, gw_jv *ret_value,
                             struct gw_why *why)
{
    if (text.len > GW_JSON_MAX)
        return gw_fail(why, GW_ETOOBIG, "JSON document over %d bytes",
                       GW_JSON_MAX);
    auto result = p->parser.parse(text.at, text.len, false);
    if (result.error() == simdjson::MEMALLOC)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    if (result.error())
        return gw_fail(why, GW_EFORMAT, "not JSON (RFC 8259): %s",
                       simdjson::error_message(result.error()));
    *ret_value = gw_jv{p->parser.doc.tape.get(),
                       p->parser.doc.string_buf.get(), 1};
    return 0;
}
