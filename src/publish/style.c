// Files at the root of the site that all pages share, and that belong to no
// language: style, the checkpoint it was made under, the choice of language.
#include "publish/site.h"

#include "publish/words.h"

static int root_file(struct site *s, const char *path, struct gw_why *why)
{
    return s->data.err ? gw_fail(why, s->data.err, "%s", path)
                       : site_file(s, path, gw_buf_span(&s->data), why);
}

// A text of CSS: everything but letters, digits and blanks as its code.
static void put_css_text(struct gw_buf *out, gw_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i], low = c | 0x20;
        bool plain =
            (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == ' ';
        if (plain)
            gw_put_u8(out, c);
        else
            gw_put_fmt(out, "\\%06x", c);
    }
}

// What changes with every checkpoint is in this one file and not in thousands
// of pages; it also stands on each sheet of paper.
static int write_made(struct site *s, struct gw_why *why)
{
    struct gw_buf *out = &s->data, text;
    gw_buf_init(&text, 4096);
    if (s->checkpoint.size) {
        gw_put_fmt(&text, "%s %llu ", s->checkpoint.origin,
                   (unsigned long long)s->checkpoint.size);
        gw_base64_put(&text, gw_span_of(s->checkpoint.root.at, GW_HASH_LEN));
    } else {
        gw_put_str(&text, "no checkpoint");
    }
    if (s->made != GW_NEVER) {
        char time[GW_TIME_TEXT];
        gw_format_time(s->made, time);
        gw_put_fmt(&text, " (%.16s UTC)", time);
    }
    gw_buf_reset(out);
    gw_put_str(out, ".made::after{content:\"");
    put_css_text(out, gw_buf_span(&text));
    gw_put_str(out, "\"}\n@media print{@page{@bottom-left{content:\"");
    put_css_text(out, gw_buf_span(&text));
    gw_put_str(out, "\";font-size:7pt}@bottom-right{content:counter(page) "
                    "\" / \" counter(pages);font-size:8pt}}}\n");
    gw_buf_release(&text);
    return root_file(s, "made.css", why);
}

static int write_style(struct site *s, struct gw_why *why)
{
    gw_buf_reset(&s->data);
    gw_put(&s->data, gw_publish_style_css, gw_publish_style_css_len);
    gw_put(&s->data, gw_publish_chart_css, gw_publish_chart_css_len);
    return root_file(s, "style.css", why);
}

static void root_head(struct gw_buf *out, const char *root, const char *title)
{
    gw_put_fmt(out,
               "<!doctype html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n"
               "<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\""
               "default-src 'none'; style-src 'self'; img-src 'self'; "
               "font-src 'self'; script-src 'none'; base-uri 'none'; "
               "form-action 'none'\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, "
               "initial-scale=1\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    gw_put_html(out, gw_message(GW_ENGLISH, title));
    gw_put_str(out, " · ");
    gw_put_html(out, gw_message(GW_URDU, title));
    gw_put_str(out, "</title>\n<link rel=\"stylesheet\" href=\"");
    gw_put_html(out, gw_str(root));
    gw_put_str(out, "style.css\">\n<link rel=\"icon\" href=\"");
    gw_put_html(out, gw_str(root));
    gw_put_str(out, "icon.svg\">\n</head>\n<body>\n<main class=\"wrap\" "
                    "id=\"main\">\n<h1>");
    for (int l = 0; l < GW_LANGUAGE_COUNT; l++) {
        gw_put_fmt(out, "<span lang=\"%s\" dir=\"auto\">",
                   gw_language_code((enum gw_language)l));
        gw_put_html(out, gw_message((enum gw_language)l, title));
        gw_put_str(out, l ? "</span>" : "</span> · ");
    }
    gw_put_str(out, "</h1>\n");
}

// Both languages as links, in both scripts; no script decides for anybody.
static void root_choice(struct gw_buf *out, const char *root, const char *text)
{
    gw_put_str(out, "<ul class=\"choose\">\n");
    for (int k = 0; k < GW_LANGUAGE_COUNT; k++) {
        enum gw_language l = (enum gw_language)k;
        const char *code = gw_language_code(l);
        gw_put_str(out, "<li><a href=\"");
        gw_put_html(out, gw_str(root));
        gw_put_fmt(out,
                   "%s/index.html\" lang=\"%s\" hreflang=\"%s\" "
                   "dir=\"%s\">",
                   code, code, code, l == GW_URDU ? "rtl" : "ltr");
        gw_put_html(out, gw_message(l, "site.language"));
        gw_put_str(out, "</a><p lang=\"");
        gw_put_fmt(out, "%s\" dir=\"%s\">", code, l == GW_URDU ? "rtl" : "ltr");
        gw_put_html(out, gw_message(l, text));
        gw_put_str(out, "</p></li>\n");
    }
    gw_put_str(out, "</ul>\n</main>\n<footer><div class=\"wrap\"><p>"
                    "<span class=\"made\"></span></p></div></footer>\n"
                    "</body>\n</html>\n");
}

static int write_choices(struct site *s, struct gw_why *why)
{
    const char *base = s->options->base_url;
    gw_span root = base ? gw_arena_fmt(s->arena, "%s%s%c", base,
                                       gw_ends(gw_str(base), "/") ? "" : "/", 0)
                        : GW_LIT("");
    if (!root.at)
        return gw_fail(why, GW_ENOMEM, "index.html");
    gw_buf_reset(&s->data);
    root_head(&s->data, "", "site.title");
    root_choice(&s->data, "", "site.about");
    int rc = root_file(s, "index.html", why);
    if (rc)
        return rc;
    gw_buf_reset(&s->data); // served for any address: needs whole links
    root_head(&s->data, (const char *)root.at, "notfound.title");
    root_choice(&s->data, (const char *)root.at, "notfound.text");
    return root_file(s, "404.html", why);
}

static int write_robots(struct site *s, struct gw_why *why)
{
    const char *base = s->options->base_url;
    gw_buf_reset(&s->data);
    gw_put_str(&s->data, "User-agent: *\nAllow: /\n");
    if (base)
        gw_put_fmt(&s->data, "Sitemap: %s%ssitemap.xml\n", base,
                   gw_ends(gw_str(base), "/") ? "" : "/");
    return root_file(s, "robots.txt", why);
}

// An open eye in a ring: somebody looks on.
static int write_icon(struct site *s, struct gw_why *why)
{
    static const char icon[] =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">"
        "<circle cx=\"16\" cy=\"16\" r=\"16\" fill=\"#1b1b1b\"/>"
        "<path d=\"M4 16q12-14 24 0q-12 14-24 0z\" fill=\"#fff\"/>"
        "<circle cx=\"16\" cy=\"16\" r=\"5\" fill=\"#a3260f\"/></svg>\n";
    return site_file(s, "icon.svg", gw_str(icon), why);
}

int publish_style(struct site *s, struct gw_why *why)
{
    int rc = write_style(s, why);
    rc = rc ? rc : write_made(s, why);
    rc = rc ? rc : write_choices(s, why);
    rc = rc ? rc : write_robots(s, why);
    return rc ? rc : write_icon(s, why);
}
