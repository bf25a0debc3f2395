#pragma once

#include <gravity/model.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Where a browser is sent back to. Pure.
namespace gravity::issuer {

/// An absolute URI without fragment, kept as it is given, for it is compared as text: https, http of this machine (127.0.0.1, [::1], localhost), or the
/// scheme of an app, which has a dot in it (RFC 8252 sections 7.1 and 7.3).
class RedirectUri : public TextValue<RedirectUri> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<RedirectUri>(
            {.format = "uri", .doc = "Absolute URI without fragment", .example = "\"https://app.example.com/callback\"", .min = 8, .max = 2048});
    }
};

/// The same text; of a loopback address whatever the port (RFC 8252 section 7.3).
bool same_redirect(const RedirectUri& registered, std::string_view given);

using Parameters = std::vector<std::pair<std::string, std::string>>;
/// With these in its query, behind what is there; those without a value are left out.
std::string with_parameters(std::string_view uri, const Parameters& parameters);
/// What the policy of a page calls it (Content Security Policy Level 3, section 2.3.1): "https://app.example.com", or but its scheme, "com.example.app:", where
/// that is an app's. Empty for an address of IPv6, for which a policy has no words: but by its scheme it would let forms go to any place of that.
std::string redirect_origin(std::string_view uri);
/// Whether the host is one.
bool is_ipv6_redirect(std::string_view uri);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, RedirectUri)
