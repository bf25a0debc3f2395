#pragma once

#include <gravity/base/parsed.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace gravity::gateway {

/// A regular expression (RE2: time linear in the text, whatever the expression). Immutable; any thread.
class Pattern {
public:
    static Parsed<Pattern> parse(const std::string& expression);
    /// The whole text, not a part of it.
    bool matches(std::string_view text) const;

private:
    std::shared_ptr<const re2::RE2> compiled_;
};

} // namespace gravity::gateway
