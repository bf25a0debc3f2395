#pragma once

#include "sign_in_model.hpp"

/// Browsers in which somebody has signed in, with all that they are asked for. There they get in while the failures of others use up what their network, or
/// their account in it, may fail: it has a count of its own. Nothing that is asked for elsewhere is left out (decision 85).
namespace gravity::issuer {

using TrustedDeviceId = Id<"trusted-device">;

struct TrustedDevice {
    TrustedDeviceId id;
    IdentityId identity_id; // whose it is trusted for; another's it is not
    Timestamp created_at;
    Timestamp last_used_at; // signed in
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(TrustedDevice, (), (id, identity_id, created_at, last_used_at, expires_at))

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, TrustedDeviceId, TrustedDevice)
