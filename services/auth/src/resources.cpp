#include "resources.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

constexpr std::size_t longest_resource = 2048;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_scheme(std::string_view text) {
    const auto goes_on = [](char c) { return ascii::is_alnum(c) || c == '+' || c == '-' || c == '.'; };
    return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), goes_on);
}

// Unreserved and reserved characters without '#', and bytes that are escaped (RFC 3986 section 2).
bool is_written_as_uri(std::string_view text) {
    constexpr std::string_view others = "-._~:/?[]@!$&'()*+,;=";
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size() || !ascii::is_hex(text[i + 1]) || !ascii::is_hex(text[i + 2])) return false;
            i += 2;
        } else if (!ascii::is_alnum(text[i]) && others.find(text[i]) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

} // namespace

bool is_resource(std::string_view text) {
    const std::size_t colon = text.find(':');
    return text.size() <= longest_resource && colon != std::string_view::npos && is_scheme(text.substr(0, colon)) && is_written_as_uri(text.substr(colon + 1));
}

std::optional<std::string> wrong_resource(const oauth::Form& form, std::string_view audience) {
    for (const std::string_view resource : form.all("resource")) {
        if (!is_resource(resource)) return "resource must be an absolute URI without a fragment";
        if (resource != audience) return "No tokens are issued for this resource";
    }
    return std::nullopt;
}

void check_resource(const oauth::Form& form, std::string_view audience) {
    if (auto why = wrong_resource(form, audience)) throw oauth::Refused(invalid_target, *std::move(why));
}

} // namespace gravity::issuer
