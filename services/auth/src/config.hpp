#pragma once

#include <gravity/model.hpp>

/// The service's own settings, AUTH_<NAME> outside.
namespace gravity::issuer {

/// What `iss` says and the addresses of all endpoints begin with: an http or https URL without query, fragment and a slash at its end.
class IssuerUrl : public TextValue<IssuerUrl> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<IssuerUrl>({.format = "uri", .doc = "URL without query, fragment and final slash", .min = 8, .max = 2048});
    }
};

struct Settings {
    IssuerUrl public_url{"http://127.0.0.1:8081"};
    Text<1, 200> token_audience{"gravity"};
    Bounded<int, 60, 3600> access_token_seconds{300};
    Bounded<int, 1, 3650> key_rotation_days{90};
    std::optional<ProjectId> operator_project;
    Default<false> dpop_nonce;

    std::string at(std::string_view path) const { return public_url.str() + std::string(path); }
};
BOOST_DESCRIBE_STRUCT(Settings, (), (public_url, token_audience, access_token_seconds, key_rotation_days, operator_project, dpop_nonce))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"public_url", "Address that clients know this service by: the issuer of its tokens"},
        {"token_audience", "Whom access tokens are for (aud): the services' AUTH_AUDIENCE"},
        {"access_token_seconds", "For how long an access token is good"},
        {"key_rotation_days", "Days a key signs before the next one does"},
        {"operator_project", "Project that alone administers signing keys, and in whose name rotations by schedule are announced"},
        {"dpop_nonce", "DPoP proofs at the token endpoint must have a nonce of the server's"},
    };
};

GRAVITY_TABLES(issuer, Settings)
