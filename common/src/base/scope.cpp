#include <gravity/base/scope.hpp>

#include <algorithm>

namespace gravity {
namespace {

constexpr std::size_t max_scopes = 256;

bool scope_character(char c) { // NQCHAR
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/// Rank of the platform's verbs; 0 for any other.
int rank(std::string_view verb) { return verb == "read" ? 1 : verb == "write" ? 2
                                                          : verb == "admin"   ? 3
                                                                              : 0; }

bool includes(std::string_view granted, std::string_view wanted) {
    if (granted == wanted) return true;
    const auto colon = wanted.rfind(':');
    if (colon == std::string_view::npos || granted.size() <= colon ||
        granted.substr(0, colon + 1) != wanted.substr(0, colon + 1))
        return false;
    const int needed = rank(wanted.substr(colon + 1));
    return needed != 0 && rank(granted.substr(colon + 1)) > needed;
}

} // namespace

bool scope_allows(const std::vector<std::string>& granted, std::string_view wanted) {
    return std::any_of(granted.begin(), granted.end(),
                       [&](const std::string& scope) { return includes(scope, wanted); });
}

std::optional<std::vector<std::string>> parse_scopes(std::string_view text) {
    std::vector<std::string> scopes;
    while (!text.empty()) {
        const std::string_view token = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), token.size() + 1));
        if (token.empty()) continue;
        if (!std::all_of(token.begin(), token.end(), scope_character) || scopes.size() == max_scopes)
            return std::nullopt;
        scopes.emplace_back(token);
    }
    std::sort(scopes.begin(), scopes.end());
    scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
    return scopes;
}

} // namespace gravity
