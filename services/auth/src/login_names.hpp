#pragma once

#include "identities_model.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What two spellings of one login name have in common: pure.
namespace gravity::issuer {

/// E-mail: without regard to case, the domain as DNS has it (no provider's own rules, such as dots that do not count). Phone: E.164, without what stands
/// between digits. User name: NFKC_Casefold, one word of 1 to 64 characters with no `@` and no `+` before it, so that no name can be taken for one of another
/// kind. Else the reason.
Parsed<std::string> canonical_name(LoginKind kind, std::string_view value);

/// What somebody who signs in can mean by a text: an address if it has an `@`, a phone number if it begins with `+`, else a user name.
LoginKind kind_of(std::string_view text);

struct NameSought {
    LoginKind kind{};
    std::string canonical;
};
/// Nothing for what can be no login name.
std::optional<NameSought> sought(std::string_view text);

/// Of names that have been checked.
std::vector<StoredName> stored(const std::vector<LoginName>& names);

/// Words that the passwords of who has these names should not be made of.
std::vector<std::string> words_of(const std::vector<LoginName>& names);

} // namespace gravity::issuer
