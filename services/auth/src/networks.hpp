#pragma once

#include <gravity/model.hpp>

#include <string>
#include <string_view>
#include <vector>

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

/// Networks whose machines are believed: "10.0.0.0/8, ::1". Throws std::invalid_argument for whatever is none.
class Networks {
public:
    Networks() = default;
    explicit Networks(std::string_view list);
    bool contain(const IpAddress& address) const;

private:
    struct Network {
        std::string bytes; // 4 or 16
        std::size_t bits = 0;
    };
    std::vector<Network> networks_;
};

/// Who a request is from: the peer, or, while that is a proxy that is believed, whom it says it had it from (X-Forwarded-For, from the right). An unreadable
/// entry ends the search.
IpAddress origin(std::string_view peer, std::string_view forwarded_for, const Networks& proxies);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, IpAddress)
