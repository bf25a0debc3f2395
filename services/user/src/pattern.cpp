#include "pattern.hpp"

#include <re2/re2.h>

namespace gravity::user {

Parsed<Pattern> Pattern::parse(const std::string& expression) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto compiled = std::make_shared<const re2::RE2>(expression, options);
    if (!compiled->ok()) return ParseError{"is no regular expression of RE2: " + compiled->error()};
    Pattern pattern;
    pattern.compiled_ = std::move(compiled);
    return pattern;
}

bool Pattern::finds_in(std::string_view text) const { return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_); }

} // namespace gravity::user
