#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gravity::gateway {

/// The directives of Cache-Control, of a request or an answer (RFC 9111 section 5.2, RFC 5861). Pure.
///
/// What cannot be read as a number, or is said twice and differently, is the number that lets the cache do least. `private` and `no-cache` with a list of
/// fields are taken as those without. A time is at most 2^31 seconds.
struct CacheControl {
    bool given = false; // there is a directive at all
    bool no_store = false, no_cache = false, no_transform = false;
    bool only_if_cached = false;                                                            // of requests
    bool is_public = false, is_private = false, must_revalidate = false, proxy_revalidate = false, must_understand = false; // of answers
    std::optional<std::uint32_t> max_age, s_maxage;
    std::optional<std::uint32_t> max_stale, min_fresh; // of requests; "max-stale" alone is the longest there is
    std::optional<std::uint32_t> while_revalidate, if_error; // for how long after its time it may be used all the same

    /// One field line; of several each in turn.
    void read(std::string_view value);
};

/// Calls `visit(name, value, quoted)` for each directive; the name as it stands, of a quoted value what is between the quotes.
template <class Visit>
void each_directive(std::string_view list, Visit visit) {
    const auto skip = [&] {
        while (!list.empty() && (list.front() == ' ' || list.front() == '\t' || list.front() == ',')) list.remove_prefix(1);
    };
    for (skip(); !list.empty(); skip()) {
        const std::size_t end = list.find_first_of("=,");
        std::string_view name = list.substr(0, end), value;
        bool quoted = false;
        list.remove_prefix(end == std::string_view::npos ? list.size() : end);
        if (!list.empty() && list.front() == '=') {
            list.remove_prefix(1);
            if (!list.empty() && list.front() == '"') {
                quoted = true;
                std::size_t close = 1;
                while (close < list.size() && list[close] != '"') close += list[close] == '\\' ? 2 : 1;
                close = close < list.size() ? close : list.size();
                value = list.substr(1, close - 1);
                list.remove_prefix(close < list.size() ? close + 1 : close);
                const std::size_t next = list.find(',');
                list.remove_prefix(next == std::string_view::npos ? list.size() : next);
            } else {
                const std::size_t next = list.find(',');
                value = list.substr(0, next);
                list.remove_prefix(next == std::string_view::npos ? list.size() : next);
            }
        }
        visit(name, value, quoted);
    }
}

/// A number of seconds as RFC 9111 section 1.2.2 has it, at most 2^31; nothing for anything else.
std::optional<std::uint32_t> parse_delta_seconds(std::string_view text);

} // namespace gravity::gateway
