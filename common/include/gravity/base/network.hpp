#pragma once

#include <gravity/base/text.hpp>

#include <string>
#include <string_view>

/// IP addresses and networks of them, as values. Pure; any thread may read one.
namespace gravity {

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

/// An IPv4 or IPv6 network in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3), or one address, which is a network of its own. In one canonical form:
/// the address as RFC 5952 has it, always with its prefix length; IPv4 in IPv6 (::ffff:0:0/96) is IPv4. Bits behind the prefix must be zero, as PostgreSQL's
/// `cidr` has it: whoever writes 10.1.2.3/8 means something else than 10.0.0.0/8.
class Network : public TextValue<Network> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Network>({.doc = "IPv4 or IPv6 address or network", .example = "\"203.0.113.0/24\"", .min = 2, .max = 49});
    }

    /// The network that has this address alone.
    static Network of(const IpAddress& address);

    /// Whether all addresses of `other` are of this one.
    bool contains(const Network& other) const;
};

} // namespace gravity
