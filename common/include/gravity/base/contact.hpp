#pragma once

#include <gravity/base/text.hpp>

#include <cstdint>

/// Addresses of people and machines.
namespace gravity {

/// The practical subset of an addr-spec: a dot-atom (RFC 5322 section 3.2.3) of ASCII, "@", and a domain name of two
/// labels or more; no quoted local part, comment or address literal. Lengths of RFC 5321 section 4.5.3.1. The domain is
/// lower-cased; an internationalised one (RFC 5890) is checked, and kept in its Unicode form.
class Email : public TextValue<Email> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    std::string_view local_part() const { return view().substr(0, view().rfind('@')); }
    std::string_view domain() const { return view().substr(view().rfind('@') + 1); }
    static constexpr meta::Type describe() {
        return meta::text_type<Email>(
            {.format = "email", .doc = "E-mail address", .example = "\"ada@example.com\"", .min = 6, .max = 254});
    }
};

/// ITU-T E.164: "+", the country code, the number; 7 to 15 digits and nothing else.
class Phone : public TextValue<Phone> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Phone>({.pattern = "^\\+[1-9][0-9]{6,14}$",
                                       .doc = "Phone number in E.164 form",
                                       .example = "\"+493012345678\"",
                                       .min = 8,
                                       .max = 16});
    }
};

/// An absolute http or https URL (RFC 3986) without user information, at most 2,048 bytes, in the form a client may
/// send as it is: scheme and host lower-case, an internationalised host in its ASCII form, default port left out, an
/// empty path "/", other characters than ASCII percent-encoded. A host that ends in a number must be a dotted quad, so
/// that "0x7f.1" cannot pass for a name.
class Url : public TextValue<Url> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);

    std::string_view scheme() const; // "http" or "https"
    std::string_view host() const;   // an IPv6 address without its brackets
    std::uint16_t port() const;      // the scheme's default if it names none
    std::string_view target() const; // path and query, begins with '/', without the fragment
    std::string_view origin() const; // RFC 6454: up to the path, "https://example.com:8443"

    static constexpr meta::Type describe() {
        return meta::text_type<Url>({.format = "uri",
                                     .pattern = "^[hH][tT][tT][pP][sS]?://",
                                     .doc = "Absolute http or https URL",
                                     .example = "\"https://example.com/hook\"",
                                     .min = 8,
                                     .max = 2048});
    }
};

} // namespace gravity
