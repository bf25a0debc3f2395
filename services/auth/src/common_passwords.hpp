#pragma once

#include <string_view>

/// The 10,000 commonest passwords of 8 characters or more (common_passwords.txt says where they are from). Any thread.
namespace gravity::issuer {

/// A password each line, but for those that begin with `#`.
extern const std::string_view common_passwords_text;

/// `folded` is in lower case, as the list is.
bool is_common_password(std::string_view folded);

} // namespace gravity::issuer
