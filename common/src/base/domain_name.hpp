#pragma once

#include <string>
#include <string_view>

/// Host names of e-mail addresses and URLs: DNS syntax (RFC 1035, 1123) and internationalised names (RFC 5890, by UTS
/// #46).
namespace gravity::domain_name {

enum class Labels : bool {
    hosts,
    with_underscores
}; // letters, digits, hyphens; URLs also meet "_" in names of containers

/// Lower-case ASCII labels of 1 to 63, 253 in all, no dot at the end, last label not a number; "xn--" labels decode.
bool valid_ascii(std::string_view name, Labels labels);
/// The ASCII form ("xn--...") of a name in any script, lower-case, checked; false if there is none.
bool to_ascii(std::string_view name, Labels labels, std::string& out);
/// The Unicode form of a checked name, mapped and lower-case.
bool to_unicode(std::string_view name, std::string& out);

} // namespace gravity::domain_name
