#include "config.hpp"

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

} // namespace gravity::issuer
