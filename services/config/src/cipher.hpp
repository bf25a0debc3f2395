#pragma once

#include "secrets.hpp"
#include "sets_model.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/base/secret.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace gravity {
class Tx;
}

/// Values that come encrypted, as Spring Cloud Config writes them: `{cipher}` and what POST /spring/encrypt made of a text. A cipher opens in its project
/// alone.
namespace gravity::config {

inline constexpr std::string_view cipher_prefix = "{cipher}";
inline constexpr std::size_t longest_cipher_text = 64 * 1024; // as a secret

bool is_cipher(std::string_view value);

/// Without the prefix. Refuses with 503 without a master key.
std::string encrypted(const Vault& vault, const ProjectId& project, std::string_view text);
/// Of a cipher with or without the prefix; nothing if it is none, or of another project. Refuses with 503 without a master key.
std::optional<Secret<>> decrypted(const Vault& vault, const ProjectId& project, std::string_view cipher);

/// The key of a Spring server as it is kept, bound to its project. Refuses with 503 without a master key.
std::string spring_key_bound_to(const ProjectId& project);
std::string sealed_spring_key(const Vault& vault, const ProjectId& project, const Secret<>& key);
/// Of a cipher that a Spring server made, with or without `{cipher}` and what its `{key:...}` names; nothing if the project has no key that opens it. Refuses
/// with 503 without a master key.
std::optional<Secret<>> spring_decrypted(Tx& tx, const Vault& vault, std::string_view cipher);

/// Whether ciphers of a Spring server are taken. Those of CBC are not authenticated: who may try as many as they like, and sees which open, finds out what is
/// in one. So they are taken of those alone who may be shown secrets anyway.
enum class SpringCiphers {
    refused,
    taken
};

/// Makes secrets of all that is a cipher among the items of a set, sealed with its own key; one of a text that was there `before` stays as it was sealed.
/// Refuses with 422 and pointers what does not open, and with 503 without a master key.
void take_ciphers(Tx& tx, const Vault& vault, const ConfigSetId& set, const Items& before, Items& items, SpringCiphers springs);

} // namespace gravity::config
