#include "listing_domain.hpp"

#include "attributes.hpp"
#include "characters.hpp"
#include "problems.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace gravity::product_catalog {
namespace {

void take_values(Filter& filter, std::string_view text) {
    for (const auto value : ascii::split(text, ',')) {
        filter.texts.emplace_back(value);
        if (const auto number = parse_number(value)) filter.numbers.push_back(*number);
    }
}

// A bound is a number where it reads as one, else a text: "2026-01-01" bounds dates.
void take_bound(std::optional<double>& number, std::optional<std::string>& text, bool& open, std::string_view value, bool is_open) {
    number = parse_number(value);
    if (!number) text = value;
    open = is_open;
}

} // namespace

bool ListingSort::accept(std::string_view in, std::string& out, std::string& why) {
    out = in;
    why = "must be one of -published_at, price, -price, name";
    return in == "-published_at" || in == "price" || in == "-price" || in == "name";
}

void check(const ListProducts& query, meta::Errors& errors) {
    if (query.facets.size() > max_filters) errors.reject("facets", "must have at most " + std::to_string(max_filters) + " items");
    std::set<std::string_view> seen;
    for (const AttributeName& name : query.facets)
        if (!seen.insert(name.view()).second) errors.reject("facets", name.str() + " is there already");
    if (!query.staged) {
        if (query.status) errors.reject("status", "is of the editors' list: staged=true");
        return;
    }
    const auto only_published = [&](bool present, std::string_view field) {
        if (present) errors.reject(field, "is of the list of published products: without staged=true");
    };
    only_published(!query.attr.empty(), "attr");
    only_published(!query.facets.empty(), "facets");
    only_published(query.category.has_value(), "category");
    only_published(query.collection.has_value(), "collection");
    only_published(query.channel.has_value(), "channel");
    only_published(query.q.has_value(), "q");
    only_published(query.sort != ListingSort("-published_at"), "sort");
}

std::vector<Filter> parse_filters(const std::map<std::string, std::string>& parameters, meta::Errors& errors) {
    std::map<std::string, Filter, std::less<>> filters;
    for (const auto& [key, value] : parameters) {
        meta::Errors::Step step(errors, "attr." + key);
        const auto dot = key.find('.');
        const auto name = AttributeName::parse(std::string_view(key).substr(0, dot));
        const std::string_view verb = dot == std::string::npos ? std::string_view() : std::string_view(key).substr(dot + 1);
        if (!name) {
            errors.reject("", name.why());
            continue;
        }
        Filter& filter = filters.try_emplace(name->str(), Filter{*name, {}, {}, {}, {}, {}, {}, false, false}).first->second;
        if (verb.empty() && dot == std::string::npos)
            take_values(filter, value);
        else if (verb == "gte" || verb == "gt")
            (filter.low || filter.text_low) ? errors.reject("", "bounds from below a second time")
                                            : take_bound(filter.low, filter.text_low, filter.low_open, value, verb == "gt");
        else if (verb == "lte" || verb == "lt")
            (filter.high || filter.text_high) ? errors.reject("", "bounds from above a second time")
                                              : take_bound(filter.high, filter.text_high, filter.high_open, value, verb == "lt");
        else
            errors.reject("", "must end in .gte, .gt, .lte or .lt, or in nothing");
    }
    if (filters.size() > max_filters) errors.reject("attr", "must be at most " + std::to_string(max_filters) + " attributes");
    std::vector<Filter> all;
    for (auto& [name, filter] : filters) {
        const bool numbers = filter.low || filter.high, texts = filter.text_low || filter.text_high;
        if ((numbers || texts) && !filter.texts.empty()) errors.reject("attr." + name, "must be either values or bounds");
        if (numbers && texts) errors.reject("attr." + name, "must have bounds of one kind");
        all.push_back(std::move(filter));
    }
    return all;
}

std::string to_text(const ListingCursor& cursor) {
    return std::to_string(cursor.epoch) + "." + std::to_string(cursor.at.unix_us()) + (cursor.walking ? ".w." : ".g.") + cursor.inner.str();
}

ListingCursor read_listing_cursor(std::string_view text, std::int64_t epoch) {
    const auto parts = ascii::split(text, '.');
    const auto number = [](std::string_view digits) {
        std::int64_t n = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
        if (error != std::errc{} || end != digits.data() + digits.size()) throw Refusal(problems::invalid_cursor);
        return n;
    };
    if (parts.size() != 4 || (parts[2] != "w" && parts[2] != "g")) throw Refusal(problems::invalid_cursor);
    const std::int64_t of = number(parts[0]), at = number(parts[1]);
    const auto inner = Text<1, 1000>::parse(parts[3]);
    if (!inner || at < Timestamp::min().unix_us() || at > Timestamp::max().unix_us()) throw Refusal(problems::invalid_cursor);
    if (of < epoch) throw Refusal(cursor_expired);
    return {of, Timestamp::from_unix_us(at), parts[2] == "w", *inner};
}

std::string like_pattern(std::string_view part) {
    std::string pattern = "%";
    for (const char c : characters::lower(part)) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + '%';
}

} // namespace gravity::product_catalog
