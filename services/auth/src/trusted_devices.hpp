#pragma once

#include "trusted_devices_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/http/ctx.hpp>

#include <functional>
#include <optional>
#include <string>

/// How a browser is known again, and from when on.
namespace gravity::issuer {

/// What the browser that sends the request is known by, whether it is trusted or not. Nothing where it shows nothing that was given out here
/// (under MASTER_KEY).
std::optional<Bytes> device_of(const Ctx& ctx);

/// Whose it is trusted for, as `find` asks for it. Nothing for a browser that shows nothing: then nothing is read. Throws Refusal where the store is away.
using FindDevice = std::function<std::optional<TrustedDevice>(Tx&, const Bytes&)>;
Task<std::optional<TrustedDevice>> trusted_device(Ctx& ctx, pg::Scope scope, std::optional<Bytes> shown, FindDevice find);
/// What flows that it begins are counted under; nothing if it is trusted for nobody of the project.
Task<std::optional<TrustedDeviceId>> trusted_for_anybody(Ctx& ctx, pg::Scope scope, std::optional<Bytes> shown);

/// The browser that sends the request, in which somebody has signed in: what is kept of it, and the cookie that it is to keep. Nothing where none is trusted
/// (AUTH_TRUSTED_DEVICE_DAYS).
struct DeviceToTrust {
    TrustedDevice device;
    Bytes hash;
    std::optional<Bytes> before; // that it was known by, whoever it is trusted for
    std::string cookie;
};
std::optional<DeviceToTrust> device_to_trust(const Ctx& ctx, IdentityId identity);
/// Twenty for each identity; those that were not used for longest are so no more.
void trust(Tx& tx, const DeviceToTrust& wanted);

} // namespace gravity::issuer
