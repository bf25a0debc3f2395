#pragma once

#include <optional>
#include <string>
#include <string_view>

/// When two names are one. The only file that knows ICU is handles.cpp. Texts are valid UTF-8. Any thread.
namespace gravity::user {

/// A handle as it is kept: width-mapped and in NFC. Empty, and `why`, where RFC 8265 section 3.3 or UTS 39 (mixed scripts, mixed digits, characters that
/// are not seen) has it refused. Contextual characters (RFC 5892 appendix A) are refused but for the Arabic-Indic digits.
std::optional<std::string> accept_handle(std::string_view text, std::string& why);

/// What a handle is looked up by: in lower case too. Of a text that can be no handle as well: it is then nobody's.
std::string handle_key(std::string_view text);

/// UTS 39 section 4: equal for keys that look alike.
std::string handle_skeleton(std::string_view key);

/// A host name as it is asked for in DNS (UTS 46, non-transitional, STD3 rules); nothing if it cannot be one.
std::optional<std::string> ascii_host(std::string_view host);

} // namespace gravity::user
