#include <gravity/base/pattern.hpp>

#include <re2/re2.h>

namespace gravity {
namespace {

re2::StringPiece piece_of(std::string_view text) { return {text.data(), text.size()}; }

} // namespace

Parsed<Pattern> Pattern::parse(const std::string& expression) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto compiled = std::make_shared<const re2::RE2>(expression, options);
    if (!compiled->ok()) return ParseError{"is no regular expression of RE2: " + compiled->error()};
    return Pattern(std::move(compiled));
}

bool Pattern::matches(std::string_view text) const { return re2::RE2::FullMatch(piece_of(text), *compiled_); }
bool Pattern::finds_in(std::string_view text) const { return re2::RE2::PartialMatch(piece_of(text), *compiled_); }

} // namespace gravity
