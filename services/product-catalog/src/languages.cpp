#include "languages.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::product_catalog {
namespace {

struct Entry {
    std::string lang;
    std::vector<std::string> fallback;
};

std::vector<Entry> entries(std::string_view text) {
    std::vector<Entry> found;
    for (const auto part : ascii::split(text, ',')) {
        const auto tags = ascii::split(part, '>');
        Entry entry{std::string(tags.front()), {}};
        for (std::size_t i = 1; i < tags.size(); ++i) entry.fallback.emplace_back(tags[i]);
        found.push_back(std::move(entry));
    }
    return found;
}

const Entry* find(const std::vector<Entry>& all, std::string_view lang) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Entry& e) { return e.lang == lang; });
    return found == all.end() ? nullptr : &*found;
}

std::string_view shorter(std::string_view tag) {
    const auto hyphen = tag.rfind('-');
    return hyphen == std::string_view::npos ? std::string_view() : tag.substr(0, hyphen);
}

void add(std::vector<std::string>& chain, std::string_view lang) {
    if (std::find(chain.begin(), chain.end(), lang) == chain.end()) chain.emplace_back(lang);
}

} // namespace

bool Languages::accept(std::string_view in, std::string& out, std::string& why) {
    out.clear();
    std::vector<std::string> listed, named;
    for (const auto part : ascii::split(in, ',')) {
        bool first = true;
        for (const auto tag : ascii::split(part, '>')) {
            const auto locale = Locale::parse(ascii::trim(tag));
            if (!locale) {
                why = "must be language tags: '" + std::string(ascii::trim(tag)) + "' " + locale.why();
                return false;
            }
            out += (first ? (out.empty() ? "" : ",") : ">") + locale->str();
            (first ? listed : named).push_back(locale->str());
            first = false;
        }
    }
    for (std::size_t i = 0; i < listed.size(); ++i)
        if (std::find(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(i), listed[i]) != listed.begin() + static_cast<std::ptrdiff_t>(i)) {
            why = "must name each language once: " + listed[i];
            return false;
        }
    for (const auto& lang : named)
        if (std::find(listed.begin(), listed.end(), lang) == listed.end()) {
            why = "must list the language that is fallen back on: " + lang;
            return false;
        }
    return true;
}

std::vector<Locale> Languages::all() const {
    std::vector<Locale> langs;
    for (const Entry& entry : entries(view())) langs.push_back(Locale::parse(entry.lang).or_throw());
    return langs;
}

Locale Languages::base() const { return Locale::parse(entries(view()).front().lang).or_throw(); }

bool Languages::has(std::string_view lang) const { return find(entries(view()), lang) != nullptr; }

std::vector<std::string> Languages::chain(std::string_view lang) const {
    const auto all = entries(view());
    std::vector<std::string> chain;
    std::string_view nearest = lang;
    while (!nearest.empty() && find(all, nearest) == nullptr) nearest = shorter(nearest);
    if (!nearest.empty()) {
        const Entry& entry = *find(all, nearest);
        add(chain, entry.lang);
        for (const auto& next : entry.fallback) add(chain, next);
        if (entry.fallback.empty())
            for (std::string_view tag = shorter(entry.lang); !tag.empty(); tag = shorter(tag))
                if (find(all, tag) != nullptr) add(chain, tag);
    }
    add(chain, all.front().lang);
    return chain;
}

bool Retention::accept(std::string_view in, std::string& out, std::string& why) {
    const bool shape = in.size() >= 3 && in.size() <= 7 && in.front() == 'P' && std::string_view("YMWD").find(in.back()) != std::string_view::npos;
    const auto digits = shape ? in.substr(1, in.size() - 2) : std::string_view();
    if (!shape || digits.front() == '0' || !std::all_of(digits.begin(), digits.end(), ascii::is_digit)) {
        why = "must be whole years, months, weeks or days, such as P10Y";
        return false;
    }
    out = in;
    return true;
}

Timestamp Retention::before(Timestamp now) const {
    int n = 0;
    std::from_chars(view().data() + 1, view().data() + view().size() - 1, n);
    const char unit = view().back();
    const Date day = now.date();
    const bool years = unit == 'Y';
    if (years || unit == 'M') {
        const int months = years ? n * 12 : n;
        if (months / 12 >= day.year() - 1) return Timestamp::min(); // longer than there are years
        return Timestamp::from_date(day.plus_months(-months)) + (now - Timestamp::from_date(day));
    }
    const std::int64_t days = unit == 'W' ? std::int64_t{n} * 7 : n;
    return days >= day.days() - Timestamp::min().date().days() ? Timestamp::min() : now - Duration::days(days);
}

} // namespace gravity::product_catalog
