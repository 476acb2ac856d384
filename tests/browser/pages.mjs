// pages.mjs SITE SHOTS [URL]: opens pages of a site in Debian's chromium, with
// and without JavaScript, and fails for what a person would stumble over.
import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [site, shots, served] = process.argv.slice(2);
const axe = fs.readFileSync(
    createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PER_KIND = 1; // pages of each folder beside its index
const LIMITS = { "index.html": 100 << 10, incident: 150 << 10 };

let checks = 0;
const failures = [];
function check(ok, text) {
    checks++;
    if (!ok) {
        failures.push(text);
        console.log(`not ok  ${text}`);
    }
}

// A few pages of every kind, in both languages.
function choose(language) {
    const base = path.join(site, language);
    const chosen = [];
    for (const name of fs.readdirSync(base).sort()) {
        const full = path.join(base, name);
        if (name.endsWith(".html"))
            chosen.push(`${language}/${name}`);
        else if (fs.statSync(full).isDirectory())
            chosen.push(...fs.readdirSync(full).filter(f => f.endsWith(".html"))
                .sort((a, b) => (b === "index.html") - (a === "index.html")
                    || a.localeCompare(b))
                .slice(0, PER_KIND + 1).map(f => `${language}/${name}/${f}`));
    }
    return chosen;
}

function urlOf(base, page) {
    return base ? `${base}/${page}` : pathToFileURL(path.join(site, page)).href;
}

// Console messages, failed or foreign requests, as they happen.
function listen(page, name, url) {
    const own = new URL(url);
    page.on("console", m => check(m.type() !== "error",
        `${name}: console: ${m.text()}`));
    page.on("pageerror", e => check(false, `${name}: ${e.message}`));
    page.on("request", r => {
        const u = new URL(r.url());
        check(u.protocol === own.protocol && u.host === own.host,
            `${name}: asks ${r.url()}`);
    });
    page.on("requestfailed", r => check(false, `${name}: lost ${r.url()}`));
}

async function open(browser, base, name, options) {
    const context = await browser.newContext(
        { viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const url = urlOf(base, name);
    listen(page, name, url);
    await page.goto(url, { waitUntil: "load" });
    return page;
}

async function withoutScript(browser, base, name) {
    const page = await open(browser, base, name, { javaScriptEnabled: false });
    const h1 = page.locator("h1");
    check(await h1.count() === 1, `${name}: one h1`);
    const text = (await page.locator("main").innerText()).trim();
    check(text.length > 40, `${name}: says something without JavaScript`);
    check(!/\{\d\}|\bundefined\b/.test(text), `${name}: no holes in its words`);
    await page.context().close();
}

// Nothing is wider than a telephone but what can be moved by itself.
async function narrow(browser, base, name) {
    const page = await open(browser, base, name,
        { viewport: { width: 360, height: 740 } });
    const wide = await page.evaluate(
        () => document.documentElement.scrollWidth);
    check(wide <= 360, `${name}: ${wide} px wide on a telephone`);
    const file = name.replaceAll("/", "-").replace(".html", "");
    await page.screenshot({ path: path.join(shots, `${file}-360.png`),
        fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.screenshot({ path: path.join(shots, `${file}-1280.png`),
        fullPage: true });
    await page.context().close();
}

async function accessible(browser, base, name) {
    const page = await open(browser, base, name, { bypassCSP: true });
    await page.addScriptTag({ content: axe });
    // What is folded away is judged as well.
    await page.evaluate(() => document.querySelectorAll("details")
        .forEach(d => { d.open = true; }));
    for (const scheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme: scheme });
        const result = await page.evaluate(() => window.axe.run(document, {
            preload: false,
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                "best-practice"] }));
        for (const v of result.violations)
            check(false, `${name} (${scheme}): ${v.id}: ${v.help}: ` +
                v.nodes.slice(0, 3).map(n => n.target.join(" ")).join("; "));
        checks++;
    }
    await page.context().close();
}

// Every link and control is reached by Tab, in order, and shows that it is.
async function keyboard(browser, base, name) {
    const page = await open(browser, base, name);
    const all = await page.evaluate(() => [...document.querySelectorAll(
        "a[href], button, input, summary, [tabindex='0']")].filter(e =>
        e.checkVisibility({ checkVisibilityCSS: true })).length);
    const most = Math.min(all, 150);
    await page.evaluate(() => { window.seen = new Set(); });
    let shown = true;
    for (let i = 0; i < most; i++) {
        await page.keyboard.press("Tab");
        shown = await page.evaluate(() => {
            const e = document.activeElement;
            window.seen.add(e);
            const s = getComputedStyle(e);
            return e !== document.body && (s.outlineStyle !== "none"
                || s.boxShadow !== "none" || s.borderStyle !== "none");
        }) && shown;
    }
    const seen = await page.evaluate(() => window.seen.size);
    check(seen >= most, `${name}: ${seen} of ${most} reached by keyboard`);
    check(shown, `${name}: focus is always visible`);
    await page.context().close();
}

async function search(browser, base, language) {
    const name = `${language}/search.html`;
    const page = await open(browser, base, name);
    const field = page.locator("#search input");
    check(await field.isVisible(), `${name}: the field is shown`);
    const first = await page.evaluate(() => window.gawahSearch[0]);
    await field.fill(first[1].slice(0, 5));
    check(await page.locator("#found li").count() > 0,
        `${name}: finds ${first[1].slice(0, 5)}`);
    check(await page.locator("#index").isHidden(), `${name}: index is put away`);
    await field.fill("qqqqzzzz");
    check(await page.locator("#found li").count() === 0,
        `${name}: finds nothing where there is nothing`);
    await page.context().close();
}

async function urduLetters(browser, base) {
    const page = await open(browser, base, "ur/search.html");
    const field = page.locator("#search input");
    const row = await page.evaluate(() => window.gawahSearch.find(
        r => /[\u06cc\u06a9]/.test(r[1])));
    if (row) {
        const arabic = row[1].replaceAll("\u06cc", "\u064a")
            .replaceAll("\u06a9", "\u0643");
        await field.fill(arabic);
        check(await page.locator("#found li").count() > 0,
            `ur/search.html: finds ${arabic}`);
    }
    await page.context().close();
}

function weigh(name) {
    const size = fs.statSync(path.join(site, name)).size;
    const parts = name.split("/");
    const limit = LIMITS[parts.slice(1).join("/")]
        ?? (parts.length === 3 ? LIMITS[parts[1]] : undefined);
    if (limit)
        check(size <= limit, `${name}: ${size} bytes, at most ${limit}`);
}

fs.mkdirSync(shots, { recursive: true });
const browser = await chromium.launch(
    { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const pages = [...choose("en"), ...choose("ur")];
for (const base of served ? [null, served] : [null]) {
    for (const name of pages) {
        await withoutScript(browser, base, name);
        if (base)
            continue; // the rest does not depend on where it comes from
        weigh(name);
        await narrow(browser, base, name);
        await accessible(browser, base, name);
        await keyboard(browser, base, name);
    }
    await search(browser, base, "en");
    await search(browser, base, "ur");
    await urduLetters(browser, base);
}
await browser.close();
console.log(`browser: ${pages.length} pages, ${checks} checks, ` +
    `${failures.length} failures; pictures in ${shots}`);
process.exit(failures.length ? 1 : 0);
