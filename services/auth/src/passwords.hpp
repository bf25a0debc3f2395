#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a password may be (NIST SP 800-63B section 5.1.1.2): pure. No rule says what kinds of characters it must be made of.
namespace gravity::issuer {

inline constexpr std::size_t shortest_password = 8, longest_password = 256; // code points, of Normalization Form KC

enum class PasswordFault {
    too_short,
    too_long,
    control_character,
    common,     // one of the commonest
    repetitive, // one character over and over, or a run such as abcdefgh
    own_word    // little more than a name of the account or a word of the service
};

/// What is wrong with a new password, in NFKC; nothing if it may be used. Own words of fewer than four characters are not looked at.
std::optional<PasswordFault> password_fault(std::string_view password, const std::vector<std::string>& own_words);
/// "is one of the commonest passwords": a clause for who chose it.
std::string_view explained(PasswordFault fault);

} // namespace gravity::issuer
