#include "scopes.hpp"

#include <gravity/base/scope.hpp>

namespace gravity::issuer {

bool ScopeName::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.empty() || in.size() > 100) {
        why = "must have 1 to 100 characters";
        return false;
    }
    for (const char c : in)
        if (c < '!' || c > '~' || c == '"' || c == '\\') {
            why = "must be printable ASCII without blanks, quotes and backslashes";
            return false;
        }
    out = in;
    return true;
}

std::optional<std::vector<std::string>> narrowed(const std::vector<std::string>& granted, const std::string* wanted) {
    if (wanted == nullptr) return granted;
    auto asked = parse_scopes(*wanted);
    if (!asked || asked->empty()) return std::nullopt;
    for (const std::string& scope : *asked)
        if (!scope_allows(granted, scope)) return std::nullopt;
    return asked;
}

std::vector<std::string> texts_of(const std::vector<ScopeName>& scopes) {
    std::vector<std::string> texts;
    for (const ScopeName& scope : scopes) texts.push_back(scope.str());
    return texts;
}

std::string joined(const std::vector<std::string>& scopes) {
    std::string text;
    for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
    return text;
}

} // namespace gravity::issuer
