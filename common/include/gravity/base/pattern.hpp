#pragma once

#include <gravity/base/parsed.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace gravity {

/// A regular expression in RE2's syntax (github.com/google/re2/wiki/Syntax): time linear in the text, whatever the expression, and at most 1 MiB of memory.
/// Immutable and cheap to copy; any thread. A service that uses it links gravity::pattern and lists libre2 among its packages.
class Pattern {
public:
    /// What is wrong is one clause: "is no regular expression of RE2: missing ): /a(".
    static Parsed<Pattern> parse(const std::string& expression);

    /// The whole text, not a part of it.
    bool matches(std::string_view text) const;
    /// Some part of the text, as JSON Schema has it: an expression that means the whole begins with ^ and ends with $.
    bool finds_in(std::string_view text) const;

private:
    explicit Pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
    std::shared_ptr<const re2::RE2> compiled_;
};

} // namespace gravity
