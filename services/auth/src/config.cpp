#include "config.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::issuer {

bool IssuerUrl::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.find_first_of("?#") != std::string_view::npos) {
        why = "must have neither query nor fragment"; // OpenID Connect Discovery 1.0 section 3
        return false;
    }
    if (!Url::accept(in, out, why)) return false;
    while (out.ends_with('/')) out.pop_back();
    return true;
}

std::vector<std::string> Settings::words() const {
    std::vector<std::string> words;
    for (std::string_view rest = password_words; !rest.empty();) {
        const std::string_view word = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (const auto trimmed = ascii::trim(word); !trimmed.empty()) words.emplace_back(trimmed);
    }
    return words;
}

} // namespace gravity::issuer
