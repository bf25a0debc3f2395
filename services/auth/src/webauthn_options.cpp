#include "webauthn_options.hpp"

#include "cose.hpp"

#include <gravity/base/encoding.hpp>

namespace gravity::issuer::webauthn {
namespace {

Json listed(const std::vector<KnownPasskey>& passkeys) {
    Json all = Json::array();
    for (const KnownPasskey& passkey : passkeys) {
        Json one = Json::object({{"type", "public-key"}, {"id", base64url_encode(passkey.raw_id.view())}, {"transports", Json::array()}});
        for (const std::string& transport : passkey.transports) one["transports"].push_back(transport);
        all.push_back(std::move(one));
    }
    return all;
}

} // namespace

Json creation_options(const RelyingParty& party, const User& user, std::string_view challenge, const std::vector<KnownPasskey>& known) {
    Json algorithms = Json::array();
    for (const std::int64_t algorithm : {cose::es256, cose::eddsa, cose::rs256})
        algorithms.push_back(Json::object({{"type", "public-key"}, {"alg", algorithm}}));
    Json options = Json::object();
    options["rp"] = Json::object({{"id", party.id}, {"name", party.id}});
    options["user"] = Json::object({{"id", base64url_encode(user.handle)}, {"name", user.name}, {"displayName", user.name}});
    options["challenge"] = base64url_encode(challenge);
    options["pubKeyCredParams"] = std::move(algorithms);
    options["timeout"] = ceremony_seconds * 1000;
    options["excludeCredentials"] = listed(known);
    options["authenticatorSelection"] = Json::object({{"residentKey", "preferred"}, {"requireResidentKey", false}, {"userVerification", "preferred"}});
    options["attestation"] = "none";
    return options;
}

Json request_options(const RelyingParty& party, std::string_view challenge, const Asking& asking) {
    Json options = Json::object();
    options["rpId"] = party.id;
    options["challenge"] = base64url_encode(challenge);
    options["timeout"] = ceremony_seconds * 1000;
    options["allowCredentials"] = listed(asking.allowed);
    options["userVerification"] = asking.verification ? "required" : "preferred";
    return options;
}

} // namespace gravity::issuer::webauthn
