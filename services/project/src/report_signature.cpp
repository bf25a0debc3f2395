#include "report_signature.hpp"

#include <gravity/auth/ecdsa.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <optional>
#include <stdexcept>

namespace gravity::project {
namespace {

constexpr std::size_t most_report_keys = 100;
constexpr std::size_t coordinate = 32; // bytes of a number of P-256

// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of a point on P-256 (RFC 5480 section 2): all before its two coordinates.
constexpr std::string_view p256_head("\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04", 27);

std::optional<auth::PublicKey> key_of_pem(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN PUBLIC KEY-----", end = "-----END PUBLIC KEY-----";
    const auto from = pem.find(begin), to = pem.find(end);
    if (from == std::string_view::npos || to == std::string_view::npos || to < from + begin.size()) return std::nullopt;
    std::string base64;
    for (const char c : pem.substr(from + begin.size(), to - from - begin.size()))
        if (c != '\n' && c != '\r') base64 += c;
    const auto der = base64_decode(base64);
    if (!der || !der->starts_with(p256_head) || der->size() != p256_head.size() + 2 * coordinate) return std::nullopt;
    const std::string_view point = std::string_view(*der).substr(p256_head.size());
    auto key = auth::PublicKey::from_jwk(Json::object({{"kty", "EC"},
                                                       {"crv", "P-256"},
                                                       {"x", base64url_encode(point.substr(0, coordinate))},
                                                       {"y", base64url_encode(point.substr(coordinate))}}));
    return key ? std::optional<auth::PublicKey>(*key) : std::nullopt;
}

} // namespace

ReportKeys parse_report_keys(std::string_view document) {
    const auto json = Json::parse(document);
    const Json* const list = json ? json->find("public_keys") : nullptr;
    if (list == nullptr || !list->is_array()) throw std::invalid_argument("it has no list `public_keys`");
    ReportKeys keys;
    for (const Json& each : list->as_array()) {
        const Json* const id = each.find("key_identifier");
        const Json* const pem = each.find("key");
        if (id == nullptr || !id->is_string() || pem == nullptr || !pem->is_string() || keys.size() >= most_report_keys) continue;
        if (auto key = key_of_pem(pem->as_string())) keys.insert_or_assign(id->as_string(), *std::move(key));
    }
    return keys;
}

bool is_signed_by(const auth::PublicKey& key, std::string_view bytes, std::string_view signature) {
    const auto der = base64_decode(signature);
    const auto raw = der ? auth::jws_signature(*der) : std::nullopt;
    return raw && key.verify(bytes, *raw);
}

} // namespace gravity::project
