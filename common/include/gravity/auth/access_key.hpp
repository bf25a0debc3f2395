#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/secret.hpp>

#include <string>
#include <string_view>

namespace gravity::auth {

/// A credential for clients that cannot send a JWT: "gk_<id>_<secret>", the id 20 and the secret 64 hexadecimal digits.
/// The id finds the row; of the secret only the hash is stored. It has 256 random bits, so a plain SHA-256 is enough:
/// there is nothing to guess. A value.
class AccessKey {
public:
    static AccessKey generate();
    /// Exactly the form above, lower case. The text is not in the error.
    static Parsed<AccessKey> parse(std::string_view text);

    const std::string& id() const { return id_; }
    /// The whole key, to be shown once to who made it.
    Secret<> text() const;
    /// 32 bytes, to be stored.
    std::string hash() const;
    /// Whether this is the key whose hash was stored; in constant time.
    bool matches(std::string_view stored_hash) const;

private:
    AccessKey(std::string id, Secret<> secret) : id_(std::move(id)), secret_(std::move(secret)) {}
    std::string id_;
    Secret<> secret_; // raw bytes
};

} // namespace gravity::auth
