#pragma once

#include <gravity/model.hpp>

#include <string>
#include <string_view>

/// Addresses of those who sign in.
namespace gravity::issuer {

/// An IPv4 or IPv6 address without a zone, in its one canonical form (RFC 5952); IPv4 in IPv6 (::ffff:0:0/96) becomes IPv4.
class IpAddress : public TextValue<IpAddress> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<IpAddress>({.doc = "IPv4 or IPv6 address", .example = "\"203.0.113.7\"", .min = 2, .max = 45});
    }

    /// The network that is counted as one: /24 of IPv4, /56 of IPv6, what one customer of a provider has.
    std::string network() const;
};

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, IpAddress)
