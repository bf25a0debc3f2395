#include "service_spec.hpp"

#include "path.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::gateway {

std::string_view to_string(Access access) { return access == Access::jwt ? "jwt" : "public"; }

std::string_view to_string(CacheUse use) {
    switch (use) {
    case CacheUse::shared: return "shared";
    case CacheUse::shared_with_cookies: return "shared-with-cookies";
    default: return "off";
    }
}

std::optional<CacheUse> cache_use_from(std::string_view text) {
    for (const CacheUse use : {CacheUse::off, CacheUse::shared, CacheUse::shared_with_cookies})
        if (to_string(use) == text) return use;
    return std::nullopt;
}

bool CertificateRule::allows(const std::vector<std::string>& shown) const {
    const auto is_shown = [&](const std::string& name) { return std::find(shown.begin(), shown.end(), name) != shown.end(); };
    return names.empty() || std::any_of(names.begin(), names.end(), is_shown);
}

std::optional<CertificateRule> certificate_rule_from(std::string_view text) {
    CertificateRule rule;
    rule.needed = true;
    if (text == "any") return rule;
    for (const std::string_view item : ascii::split(text, ',')) {
        const std::string_view name = ascii::trim(item), kind = name.substr(0, name.find(':'));
        if (name.size() < kind.size() + 2) return std::nullopt;
        if (kind == "DNS") rule.names.push_back("DNS:" + ascii::lower(name.substr(kind.size() + 1))); // RFC 4343: in any case
        else if (kind == "URI" || kind == "email" || kind == "IP") rule.names.emplace_back(name);
        else return std::nullopt;
    }
    return rule;
}

std::string to_string(const CertificateRule& rule) {
    std::string text = rule.needed && rule.names.empty() ? "any" : "";
    for (const std::string& name : rule.names) text.append(text.empty() ? "" : ", ").append(name);
    return text;
}

std::string parse_prefix(std::string_view text) {
    text = ascii::trim(text);
    std::string path;
    // A query or a wildcard in a prefix is a misunderstanding, not a path.
    if (text.size() > 256 || text.find_first_of("?#* \t") != std::string_view::npos || text.empty() || !normalise_path(text, path).empty()) return {};
    if (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

std::vector<std::string> parse_prefixes(std::string_view list) {
    std::vector<std::string> prefixes;
    for (const std::string_view item : ascii::split(list, ',')) {
        std::string prefix = parse_prefix(item);
        if (!prefix.empty() && std::find(prefixes.begin(), prefixes.end(), prefix) == prefixes.end()) prefixes.push_back(std::move(prefix));
    }
    return prefixes;
}

bool is_service_name(std::string_view text) {
    const auto allowed = [](char c) { return ascii::is_lower(c) || ascii::is_digit(c) || c == '-'; };
    return !text.empty() && text.size() <= 63 && ascii::is_alnum(text.front()) && std::all_of(text.begin(), text.end(), allowed);
}

} // namespace gravity::gateway
