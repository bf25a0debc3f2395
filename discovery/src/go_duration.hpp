#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::registry {

constexpr std::int64_t second_us = 1'000'000;

/// A length of time as Consul's API writes it: Go's time.ParseDuration ("90s", "1h30m", "1.5s", "300ms"; units ns, us, µs, ms, s, m, h).
/// Kept in microseconds; finer parts are cut off. Never negative here, at most 100 years.
class GoDuration {
public:
    GoDuration() = default;
    explicit GoDuration(std::int64_t us) : us_(us), set_(true) {}

    static Parsed<GoDuration> parse(std::string_view text);

    bool is_set() const { return set_; }
    std::int64_t us() const { return us_; }
    std::string to_string() const; // as Go prints it: "1m30s", "0s"
    void append_to(std::string& out) const { out += to_string(); }

    friend bool operator==(const GoDuration&, const GoDuration&) = default;

    static constexpr std::string_view format = "go-duration";
    static constexpr meta::Type describe() { return meta::text_type<GoDuration>({.format = format, .doc = "Go duration", .example = "\"10s\""}); }

private:
    std::int64_t us_ = 0;
    bool set_ = false;
};

} // namespace gravity::registry
