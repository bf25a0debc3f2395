#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What is asked of Unicode's tables. The only file that knows ICU is unicode.cpp. Texts are valid UTF-8. Any thread.
namespace gravity::issuer::unicode {

/// Normalization Form KC (UAX #15): what looks the same and is typed on different keyboards becomes one.
std::string nfkc(std::string_view text);
/// The same without regard to case and to characters that are not seen (NFKC_Casefold, Unicode section 3.13): for comparing names.
std::string nfkc_casefold(std::string_view text);
/// A host name as it is asked for in DNS (UTS #46, non-transitional, STD3 rules); nothing if it cannot be one.
std::optional<std::string> ascii_host(std::string_view host);
/// Neither white space nor control, private, unassigned or surrogate code points.
bool is_one_word(std::string_view text);

} // namespace gravity::issuer::unicode
