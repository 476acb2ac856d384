// Filters the index of this page as you type. Works from a folder: the index
// is a script that sets gawahSearch, a list of [kind, shown, words, path].
// Without this script the page is that index.
(function () {
    "use strict";

    // Urdu is typed with Arabic letters as well; vowel signs are left out.
    function normal(text) {
        return text
            .normalize("NFKC")
            .toLowerCase()
            .replace(/[\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200c\u200d]/g, "")
            .replace(/[\u064a\u0649]/g, "\u06cc")
            .replace(/\u0643/g, "\u06a9")
            .replace(/[\u0629\u0647\u06c0\u06c2\u06c3\u06d5]/g, "\u06c1")
            .replace(/[\u0622\u0623\u0625]/g, "\u0627")
            .replace(/\u0624/g, "\u0648")
            .replace(/[\u06f0-\u06f9]/g, function (d) {
                return String(d.charCodeAt(0) - 0x6f0);
            })
            .replace(/[\u0660-\u0669]/g, function (d) {
                return String(d.charCodeAt(0) - 0x660);
            })
            .replace(/\s+/g, " ")
            .trim();
    }

    function start() {
        var form = document.getElementById("search");
        var list = document.getElementById("found");
        var index = document.getElementById("index");
        var status = document.getElementById("found-count");
        var all = window.gawahSearch;
        if (!form || !list || !index || !all) {
            return;
        }
        var field = form.querySelector("input");
        var rows = all.map(function (row) {
            return { row: row, text: normal(row[1] + " " + row[2]) };
        });

        function show() {
            var words = normal(field.value).split(" ").filter(Boolean);
            var most = 100;
            var count = 0;
            list.textContent = "";
            index.hidden = words.length > 0;
            list.hidden = words.length === 0;
            if (!words.length) {
                status.textContent = "";
                return;
            }
            rows.forEach(function (r) {
                var hit = words.every(function (w) {
                    return r.text.indexOf(w) >= 0;
                });
                if (!hit || ++count > most) {
                    return;
                }
                var item = document.createElement("li");
                var link = document.createElement("a");
                var name = document.createElement("bdi");
                link.href = r.row[3];
                name.textContent = r.row[1];
                link.appendChild(name);
                item.appendChild(link);
                item.appendChild(document.createTextNode(
                    " \u2013 " + form.getAttribute("data-" + r.row[0])));
                list.appendChild(item);
            });
            status.textContent = form.getAttribute(count ? "data-some"
                : "data-none").replace("{0}", String(count));
        }

        form.hidden = false;
        form.addEventListener("submit", function (e) {
            e.preventDefault();
        });
        field.addEventListener("input", show);
        show();
    }

    // Deferred scripts run before this event: by then the index is there.
    document.addEventListener("DOMContentLoaded", start);
}());
