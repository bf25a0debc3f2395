#include "cache_control.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::gateway {
namespace {

constexpr std::uint32_t longest = std::uint32_t{1} << 31;

std::string_view trim_end(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

void keep_least(std::optional<std::uint32_t>& known, std::uint32_t given, std::uint32_t least) { known = known && *known != given ? least : given; }

} // namespace

std::optional<std::uint32_t> parse_delta_seconds(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_digit(c); })) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) value = std::min<std::uint64_t>(value * 10 + static_cast<std::uint64_t>(c - '0'), longest);
    return static_cast<std::uint32_t>(value);
}

void CacheControl::read(std::string_view list) {
    each_directive(list, [this](std::string_view name, std::string_view value, bool) {
        given = true;
        // Whoever puts a space before "=" has not written a directive that others would follow; it must not let anything be kept for longer.
        const bool spaced = trim_end(name).size() != name.size();
        name = trim_end(name);
        const auto seconds = spaced ? std::nullopt : parse_delta_seconds(trim_end(value));
        const auto is = [&](std::string_view known) { return ascii::iequals(name, known); };
        if (is("no-store")) no_store = true;
        else if (is("no-cache")) no_cache = true;
        else if (is("no-transform")) no_transform = true;
        else if (is("only-if-cached")) only_if_cached = true;
        else if (is("public")) is_public = true;
        else if (is("private")) is_private = true;
        else if (is("must-revalidate")) must_revalidate = true;
        else if (is("proxy-revalidate")) proxy_revalidate = true;
        else if (is("must-understand")) must_understand = true;
        else if (is("max-age")) keep_least(max_age, seconds.value_or(0), 0);
        else if (is("s-maxage")) keep_least(s_maxage, seconds.value_or(0), 0);
        else if (is("max-stale")) keep_least(max_stale, value.empty() ? longest : seconds.value_or(0), 0);
        else if (is("min-fresh")) keep_least(min_fresh, seconds.value_or(longest), longest);
        else if (is("stale-while-revalidate")) keep_least(while_revalidate, seconds.value_or(0), 0);
        else if (is("stale-if-error")) keep_least(if_error, seconds.value_or(0), 0);
    });
}

} // namespace gravity::gateway
