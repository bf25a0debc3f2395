#pragma once

#include "sign_in_model.hpp"

#include <string>
#include <string_view>

/// Devices that ask a person to sign in for them in a browser elsewhere (RFC 8628).
namespace gravity::issuer {

inline constexpr std::string_view device_grant = "urn:ietf:params:oauth:grant-type:device_code";
inline constexpr std::string_view device_code_prefix = "gdc_";

enum class DeviceState {
    pending,
    approved,
    denied,
    used
};
BOOST_DESCRIBE_ENUM(DeviceState, pending, approved, denied, used)

struct Device {
    DeviceId id;
    ClientId client_id;
    std::vector<std::string> scopes;
    DeviceState state{};
    int interval_seconds = 5; // between two times that it asks
    std::optional<Timestamp> polled_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(Device, (), (id, client_id, scopes, state, interval_seconds, polled_at, expires_at))

struct ApprovedDevice : Authentication {
    DeviceId id;
};
BOOST_DESCRIBE_STRUCT(ApprovedDevice, (Authentication), (id))

/// Where a user code leads.
struct DeviceFound {
    DeviceId device_id;
    ProjectId project;
};
BOOST_DESCRIBE_STRUCT(DeviceFound, (), (device_id, project))

/// Eight letters of which none can be taken for a digit or makes a word (RFC 8628 section 6.1): 34 random bits.
std::string fresh_user_code();
/// "WDJB-MJHT".
std::string shown_user_code(std::string_view code);
/// As it was made, of what a person typed: without regard to case, blanks and punctuation (section 6.1). Nothing if it can be none.
std::optional<std::string> typed_user_code(std::string_view text);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, Device, ApprovedDevice, DeviceFound)
