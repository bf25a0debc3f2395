#pragma once

#include "oauth.hpp"

#include <optional>
#include <string>
#include <vector>

/// What a request asks for claim by claim (OpenID Connect Core section 5.5). Pure.
namespace gravity::issuer {

struct ClaimsAsked {
    std::vector<std::string> id_token;  // that the ID token is to have, of those that a scope lets a client know
    std::vector<std::string> scopes;    // that let it know them, and those that it asks of userinfo
    std::optional<std::string> subject; // who it has to be (section 5.5.1)
    bool two_factors = false;           // by `acr`
};
/// Of a request for an ID token; of any other nothing. Claims that there are none of here are passed over, essential or not. Throws AuthorizeError: it is
/// malformed, asks for two people, or insists on an `acr` that nobody has here.
ClaimsAsked claims_asked(const oauth::Form& form);

} // namespace gravity::issuer
