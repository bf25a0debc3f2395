// What merchants and their files write: descriptions as HTML, names for slugs, CSV. No markup but the allowed one comes out, and one pass is enough.
#include "csv.hpp"
#include "html.hpp"
#include "slug.hpp"

#include <gravity/base/utf8.hpp>

#include <cstdint>
#include <cstdlib>

using namespace gravity;
using namespace gravity::product_catalog;

namespace {

struct Read {
    std::vector<std::vector<std::string>> records;
    std::optional<std::string> fault;
    bool operator==(const Read&) const = default;
};

Read read(std::string_view bytes, std::size_t step) {
    csv::Reader reader({.record_bytes = 1000, .fields = 10});
    Read out;
    const auto drain = [&] {
        while (auto record = reader.next()) out.records.push_back(std::move(record->fields));
    };
    for (std::size_t at = 0; at < bytes.size() && !reader.fault(); at += step) {
        reader.feed(bytes.substr(at, step));
        drain();
    }
    if (!reader.fault()) reader.end();
    drain();
    out.fault = reader.fault();
    return out;
}

void tables(std::string_view bytes) {
    const Read whole = read(bytes, bytes.size() + 1);
    if (read(bytes, 1) != whole) std::abort();
    if (whole.fault) return;
    std::string written;
    for (const auto& record : whole.records) written += csv::line(record, false);
    if (read(written, written.size() + 1).records != whole.records) std::abort();
    const Read guarded = read(csv::line({"x", std::string(bytes)}), 7);
    if (guarded.fault || guarded.records.size() != 1) return; // too long
    if (csv::unguarded(guarded.records.front().back()) != bytes) std::abort();
}

void descriptions(std::string_view text) {
    const std::string clean = html::sanitise(text);
    if (!utf8::valid(clean) || html::sanitise(clean) != clean) std::abort();
    for (const std::string_view never : {"<script", "<style", "<iframe", "<svg", "<!--", "<img"})
        if (clean.find(never) != std::string::npos) std::abort();
    const std::string plain = html::plain_text(text);
    if (!utf8::valid(plain)) std::abort();
    if (utf8::count(html::excerpt(plain, 20)) > 20) std::abort();
    const std::string escaped = html::escape(text);
    if (escaped.find_first_of("<>\"'") != std::string::npos) std::abort();
    if (html::script_json(text).find_first_of("<>&") != std::string::npos) std::abort();
    html::is_web_url(text);
}

void slugs(std::string_view text) {
    for (const SlugMode mode : {SlugMode::latin, SlugMode::keep}) {
        const std::string slug = make_slug(text, mode);
        if (!utf8::valid(slug) || utf8::count(slug) > max_slug || make_slug(slug, mode) != slug) std::abort();
        if (utf8::count(numbered_slug(slug, 12)) > max_slug) std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    tables(text);
    if (!utf8::valid(text)) return 0; // JSON and imports let nothing else in
    descriptions(text);
    slugs(text);
    return 0;
}
