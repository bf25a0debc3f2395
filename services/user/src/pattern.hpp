#pragma once

#include <gravity/base/parsed.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace gravity::user {

/// A regular expression (RE2: time linear in the text, whatever the expression). Immutable; any thread.
class Pattern {
public:
    static Parsed<Pattern> parse(const std::string& expression);
    /// Some part of the text, as JSON Schema has it: an expression that means the whole begins with ^ and ends with $.
    bool finds_in(std::string_view text) const;

private:
    std::shared_ptr<const re2::RE2> compiled_;
};

} // namespace gravity::user
