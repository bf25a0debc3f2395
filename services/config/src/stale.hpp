#pragma once

#include <gravity/http/result.hpp>

/// An answer that may be the last one known, while PostgreSQL is away: it says so by `Warning: 110` (RFC 7234 section 5.5.1; RFC 9111 knows it as obsolete,
/// clients know it still).
namespace gravity::config {

inline constexpr std::string_view stale_warning = "110 - \"Response is Stale\"";

template <class T>
struct MaybeStale {
    T value;
    bool stale = false;
};

} // namespace gravity::config

template <class T>
struct gravity::http::Result<gravity::config::MaybeStale<T>> {
    static void write(Output& out, config::MaybeStale<T>&& answer) {
        Result<T>::write(out, std::move(answer.value));
        if (answer.stale) out.header("Warning", config::stale_warning);
    }
    static void describe(Route& route) { Result<T>::describe(route); }
};
