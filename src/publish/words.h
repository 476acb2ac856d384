// Between words.c and the pages. Private to publish.
#ifndef GW_WORDS_H
#define GW_WORDS_H

#include "publish/publish.h"

#include <inttypes.h>
#include <stdio.h>

// Files of data/, built in.
extern const unsigned char gw_publish_messages_en_csv[];
extern const size_t gw_publish_messages_en_csv_len;
extern const unsigned char gw_publish_messages_ur_csv[];
extern const size_t gw_publish_messages_ur_csv_len;
extern const unsigned char gw_publish_countries_csv[];
extern const size_t gw_publish_countries_csv_len;
extern const unsigned char gw_publish_services_csv[];
extern const size_t gw_publish_services_csv_len;
extern const unsigned char gw_publish_chart_css[];
extern const size_t gw_publish_chart_css_len;
extern const unsigned char gw_publish_style_css[];
extern const size_t gw_publish_style_css_len;

gw_span words_file(enum gw_language l);
// What follows "<id>," in a sorted CSV file with a heading, without quotes;
// no value if there is no such line.
gw_span words_find(gw_span file, gw_span id);

// Text with {0}, {1}, ... replaced by what `put` makes of the values.
typedef void words_put_fn(struct gw_buf *out, enum gw_language l,
                          gw_span value);
void words_fill(struct gw_buf *out, gw_span text, const gw_span *values,
                size_t n, words_put_fn *put, enum gw_language l);
// A value as HTML, and as plain text: isolated if it runs the other way.
words_put_fn words_put_value, words_put_plain_value;
void words_put_plain(struct gw_buf *out, gw_span text); // odd ones shown
// Digits of ASCII in the language's own.
void words_put_digits(struct gw_buf *out, enum gw_language l, gw_span text);

#endif
