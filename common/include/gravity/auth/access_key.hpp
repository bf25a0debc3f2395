#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/secret.hpp>

#include <boost/describe/enum.hpp>

#include <string>
#include <string_view>

namespace gravity::auth {

/// `publishable`: may stand in a public page. It reads, and no more; its text says which it is.
enum class KeyKind : unsigned char {
    secret,
    publishable
};
BOOST_DESCRIBE_ENUM(KeyKind, secret, publishable)

/// A credential for clients that cannot send a JWT: "gk_<id>_<secret>", or "gp_..." if it is publishable; the id 20 and
/// the secret 64 hexadecimal digits. The id finds the row; of the secret only the hash is stored. It has 256 random
/// bits, so a plain SHA-256 is enough: there is nothing to guess. A value.
class AccessKey {
public:
    static AccessKey generate(KeyKind kind = KeyKind::secret);
    /// Exactly the form above, lower case. The text is not in the error.
    static Parsed<AccessKey> parse(std::string_view text);

    KeyKind kind() const { return kind_; }
    const std::string& id() const { return id_; }
    /// The whole key, to be shown once to who made it.
    Secret<> text() const;
    /// 32 bytes, to be stored.
    std::string hash() const;
    /// Whether this is the key whose hash was stored; in constant time.
    bool matches(std::string_view stored_hash) const;

private:
    AccessKey(KeyKind kind, std::string id, Secret<> secret) : kind_(kind), id_(std::move(id)), secret_(std::move(secret)) {}
    KeyKind kind_;
    std::string id_;
    Secret<> secret_; // raw bytes
};

} // namespace gravity::auth
