#pragma once

#include <gravity/base/parsed.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity {
class Json;
}

namespace gravity::auth {

/// JWS algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1). An algorithm belongs to a type of key, so the key
/// decides, never the token.
enum class Algorithm : std::uint8_t {
    es256, // EC P-256
    eddsa, // OKP Ed25519
    rs256, // RSA of 2048 to 4096 bits; only for tokens of foreign providers
};
std::string_view to_string(Algorithm algorithm); // "ES256", "EdDSA", "RS256"
std::optional<Algorithm> algorithm_from(std::string_view name);

/// A public key that verifies signatures. Cheap to copy; any thread.
class PublicKey {
public:
    /// A JSON Web Key (RFC 7517). Refused: other types and curves, a point that is not on the curve, RSA below 2048 or
    /// above 4096 bits, a key that is not for signatures (`use`, `key_ops`), an `alg` that is not the key's, and one
    /// with private or secret members: whoever publishes those has lost the key. `kid` may be absent here.
    static Parsed<PublicKey> from_jwk(const Json& jwk);
    static Parsed<PublicKey> parse(std::string_view jwk_text);

    Algorithm algorithm() const;
    /// Empty if the JWK had none.
    const std::string& kid() const;
    /// The JWK with `kid`, `alg` and `use`.
    std::string jwk() const;
    /// RFC 7638 with SHA-256, base64url: what `cnf.jkt` holds (RFC 9449 section 6.1).
    std::string thumbprint() const;
    /// The signature as JWS has it: for ES256 the 64 bytes r || s (RFC 7518 section 3.4), not DER.
    bool verify(std::string_view signing_input, std::string_view signature) const;

    struct Data; // private to src/auth
    explicit PublicKey(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    const Data& data() const { return *data_; }

private:
    std::shared_ptr<const Data> data_;
};

/// The keys of an issuer, as published. Immutable; any thread.
class KeySet {
public:
    static constexpr std::size_t max_document_bytes = 256 * 1024;
    static constexpr std::size_t max_keys = 100;

    KeySet() = default;
    explicit KeySet(std::vector<PublicKey> keys);
    /// A JWK Set (RFC 7517 section 5). A key that cannot be used, has no `kid` or repeats one of the same algorithm is
    /// left out, as section 5 asks, and noted in `ignored()`. Refused is only what is no set, or too large.
    static Parsed<KeySet> parse(std::string_view document);

    bool has(std::string_view kid) const;
    /// Null if there is none of that id and algorithm.
    const PublicKey* find(std::string_view kid, Algorithm algorithm) const;
    bool empty() const { return keys_.empty(); }
    const std::vector<PublicKey>& keys() const { return keys_; }
    /// One clause for each key left out.
    const std::vector<std::string>& ignored() const { return ignored_; }
    /// The set as a JWKS document.
    std::string document() const;
    /// Equal exactly if the same keys go by the same ids, in whatever order.
    const std::string& fingerprint() const { return fingerprint_; }

private:
    std::vector<PublicKey> keys_;
    std::vector<std::string> ignored_;
    std::string fingerprint_;
};

} // namespace gravity::auth
