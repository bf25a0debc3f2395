#include "webauthn.hpp"

#include "among.hpp"
#include "cbor.hpp"
#include "cose.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>
#include <optional>

namespace gravity::issuer::webauthn {
namespace {

constexpr std::size_t max_response_bytes = 12 * 1024, max_client_data_bytes = 4 * 1024, max_signature_bytes = 1024, max_handle_bytes = 64;
constexpr std::size_t min_challenge_bytes = 16, max_challenge_bytes = 64, max_transports = 8, max_transport_bytes = 32;
constexpr JsonLimits limits{.max_depth = 8, .max_values = 256};

const std::string* text_in(const Json* object, std::string_view name) {
    const Json* const found = object != nullptr ? object->find(name) : nullptr;
    return found != nullptr && found->is_string() ? &found->as_string() : nullptr;
}

/// Members of a response; the first fault is remembered.
class Members {
public:
    explicit Members(const Json& response) : response_(response), inner_(response.find("response")) {}

    std::string id() {
        const std::string* const type = text_in(&response_, "type");
        if (type == nullptr || *type != "public-key") fail("is no credential of the type public-key");
        return octets(&response_, "id", 1, max_passkey_id_bytes);
    }
    std::string octets(std::string_view name, std::size_t least, std::size_t most) { return octets(inner_, name, least, most); }
    std::vector<std::string> transports() const {
        std::vector<std::string> all;
        const Json* const list = inner_ != nullptr ? inner_->find("transports") : nullptr;
        if (list == nullptr || !list->is_array()) return all;
        for (const Json& one : list->as_array()) // hints: what cannot be one is left out
            if (one.is_string() && !one.as_string().empty() && one.as_string().size() <= max_transport_bytes && all.size() < max_transports)
                all.push_back(one.as_string());
        return all;
    }
    bool has(std::string_view name) const {
        const Json* const found = inner_ != nullptr ? inner_->find(name) : nullptr;
        return found != nullptr && !found->is_null();
    }
    void fail(std::string why) {
        if (!fault_) fault_ = ParseError{std::move(why)};
    }
    const std::optional<ParseError>& fault() const { return fault_; }

private:
    std::string octets(const Json* object, std::string_view name, std::size_t least, std::size_t most) {
        const std::string* const text = text_in(object, name);
        const auto bytes = text != nullptr ? base64url_decode(*text) : std::nullopt;
        if (bytes && bytes->size() >= least && bytes->size() <= most) return *bytes;
        fail("has no usable " + std::string(name));
        return {};
    }

    const Json& response_;
    const Json* inner_;
    std::optional<ParseError> fault_;
};

ClientData client_data(Members& members) {
    ClientData data;
    data.json = members.octets("clientDataJSON", 2, max_client_data_bytes);
    const auto json = Json::parse(data.json, limits);
    const std::string* const type = json ? text_in(&*json, "type") : nullptr;
    const std::string* const challenge = json ? text_in(&*json, "challenge") : nullptr;
    const std::string* const origin = json ? text_in(&*json, "origin") : nullptr;
    const auto bytes = challenge != nullptr ? base64url_decode(*challenge) : std::nullopt;
    if (type == nullptr || origin == nullptr || !bytes || bytes->size() < min_challenge_bytes || bytes->size() > max_challenge_bytes) {
        members.fail("has client data without type, challenge or origin");
        return data;
    }
    data.type = *type;
    data.challenge = *bytes;
    data.origin = *origin;
    const Json* const cross = json->find("crossOrigin");
    data.cross_origin = (cross != nullptr && *cross != Json(false)) || json->find("topOrigin") != nullptr;
    return data;
}

Parsed<Json> document(std::string_view text) {
    if (text.size() > max_response_bytes) return ParseError{"is too long"};
    return Json::parse(text, limits);
}

std::optional<ParseError> fault_of(const RelyingParty& party, const ClientData& client, std::string_view type) {
    if (client.type != type) return ParseError{"is of the type " + client.type.substr(0, 32)};
    if (!among(party.origins, client.origin)) return ParseError{"comes from " + client.origin.substr(0, 200)};
    if (client.cross_origin) return ParseError{"was asked for by a page within another"};
    return std::nullopt;
}

std::optional<ParseError> fault_of(const RelyingParty& party, const AuthenticatorData& data) {
    if (!constant_time_equal(data.rp_id_hash, sha256(party.id))) return ParseError{"is for another domain"};
    if (!data.user_present) return ParseError{"was made with nobody there"};
    return std::nullopt;
}

// Section 8.2 without certificates (self attestation): the passkey signs for itself.
bool attests_itself(const cbor::Value& statement, const auth::PublicKey& key, std::string_view signed_data) {
    const cbor::Value* const algorithm = statement.find("alg");
    const cbor::Value* const signature = statement.find("sig");
    return statement.find("x5c") == nullptr && algorithm != nullptr && algorithm->integer() != nullptr && *algorithm->integer() == cose::algorithm_of(key) &&
           signature != nullptr && signature->octets() != nullptr && cose::verify(key, signed_data, *signature->octets());
}

std::optional<ParseError> attestation_fault(const cbor::Value& object, const auth::PublicKey& key, std::string_view signed_data) {
    const cbor::Value* const format = object.find("fmt");
    const cbor::Value* const statement = object.find("attStmt");
    if (format == nullptr || format->text() == nullptr || statement == nullptr || statement->map() == nullptr)
        return ParseError{"has no attestation statement"};
    if (*format->text() == "none") return statement->map()->empty() ? std::nullopt : std::optional(ParseError{"has a statement where there is none"});
    if (*format->text() == "packed" && attests_itself(*statement, key, signed_data)) return std::nullopt;
    return ParseError{"has an attestation that is not taken: " + format->text()->substr(0, 32)};
}

} // namespace

Parsed<Registration> read_registration(std::string_view json) {
    const auto response = document(json);
    if (!response) return ParseError{response.why()};
    Members members(*response);
    Registration registration;
    registration.id = members.id();
    registration.client = client_data(members);
    registration.attestation = members.octets("attestationObject", 1, max_response_bytes);
    registration.transports = members.transports();
    if (members.fault()) return *members.fault();
    return registration;
}

Parsed<Assertion> read_assertion(std::string_view json) {
    const auto response = document(json);
    if (!response) return ParseError{response.why()};
    Members members(*response);
    Assertion assertion;
    assertion.id = members.id();
    assertion.client = client_data(members);
    assertion.authenticator_data = members.octets("authenticatorData", 1, max_authenticator_data_bytes);
    assertion.signature = members.octets("signature", 1, max_signature_bytes);
    if (members.has("userHandle")) assertion.user_handle = members.octets("userHandle", 1, max_handle_bytes);
    if (members.fault()) return *members.fault();
    return assertion;
}

Parsed<NewPasskey> verify_registration(const RelyingParty& party, const Registration& registration) {
    if (const auto fault = fault_of(party, registration.client, "webauthn.create")) return *fault;
    const auto object = cbor::read(registration.attestation);
    if (!object) return ParseError{"the attestation " + object.why()};
    const cbor::Value* const bytes = object->find("authData");
    if (bytes == nullptr || bytes->octets() == nullptr) return ParseError{"the attestation has no authenticator data"};
    const auto data = read_authenticator_data(*bytes->octets());
    if (!data) return ParseError{"the authenticator data " + data.why()};
    if (const auto fault = fault_of(party, *data)) return *fault;
    if (!data->credential || data->credential->id != registration.id) return ParseError{"is not about the passkey that it names"};
    const auto key = cose::public_key(data->credential->public_key);
    if (!key) return ParseError{key.why()};
    if (const auto fault = attestation_fault(*object, *key, *bytes->octets() + sha256(registration.client.json))) return *fault;
    return NewPasskey{registration.id, data->credential->public_key, data->sign_count,
                      data->user_verified, data->backup_eligible, data->backed_up};
}

Parsed<PasskeyUse> verify_assertion(const RelyingParty& party, const Assertion& assertion, std::string_view public_key) {
    if (const auto fault = fault_of(party, assertion.client, "webauthn.get")) return *fault;
    const auto data = read_authenticator_data(assertion.authenticator_data);
    if (!data) return ParseError{"the authenticator data " + data.why()};
    if (const auto fault = fault_of(party, *data)) return *fault;
    const auto key = cose::public_key(public_key);
    if (!key) return ParseError{key.why()};
    if (!cose::verify(*key, assertion.authenticator_data + sha256(assertion.client.json), assertion.signature))
        return ParseError{"is not signed by the passkey"};
    return PasskeyUse{data->sign_count, data->user_verified, data->backup_eligible, data->backed_up};
}

bool may_follow(std::uint32_t count, std::int64_t before) { return (count == 0 && before == 0) || count > before; }

} // namespace gravity::issuer::webauthn
