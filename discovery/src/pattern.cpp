#include "pattern.hpp"

#include <re2/re2.h>

namespace gravity::registry {
namespace {

re2::RE2::Options quiet() {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    return options;
}

} // namespace

std::string pattern_fault(const std::string& pattern) {
    const re2::RE2 compiled(pattern, quiet());
    return compiled.ok() ? std::string() : compiled.error();
}

std::vector<std::string> pattern_groups(const std::string& pattern, const std::string& text) {
    const re2::RE2 compiled(pattern, quiet());
    if (!compiled.ok()) return {};
    std::vector<re2::StringPiece> found(static_cast<std::size_t>(compiled.NumberOfCapturingGroups()) + 1);
    if (!compiled.Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(), static_cast<int>(found.size()))) return {};
    std::vector<std::string> groups;
    for (const re2::StringPiece& piece : found) groups.emplace_back(piece.data() == nullptr ? std::string() : std::string(piece.data(), piece.size()));
    return groups;
}

} // namespace gravity::registry
