#pragma once

#include "trusted_devices_model.hpp"

#include <gravity/pg/tx.hpp>

#include <string>

/// Statements of trusted devices, by name. Their text is in trusted_devices_store.cpp and nowhere else.
namespace gravity::issuer {

/// And the hash of its secret. One that is trusted already is so for longer.
extern const Sql<void(TrustedDevice, Bytes)> trust_device;
/// From one hash to another, for all whom it is trusted for.
extern const Sql<void(Bytes, Bytes)> rename_device;
/// But for so many that were used last.
extern const Sql<void(IdentityId, int)> untrust_older_devices;
extern const Sql<void(IdentityId)> untrust_devices_of;
/// Touches no row if it is not the identity's.
extern const Sql<void(TrustedDeviceId, IdentityId)> untrust_device;

/// The device of this hash, if it is trusted for whom that is: by a login name, by a passkey (domain, id), by their id.
extern const Sql<TrustedDevice(Bytes, LoginKind, std::string, Timestamp)> device_for_name;
extern const Sql<TrustedDevice(Bytes, std::string, Bytes, Timestamp)> device_for_passkey;
extern const Sql<TrustedDevice(Bytes, IdentityId, Timestamp)> device_for_identity;
/// The one that has been trusted for longest, for whomever.
extern const Sql<TrustedDeviceId(Bytes, Timestamp)> device_for_anybody;

extern const Sql<TrustedDevice(IdentityId, Timestamp)> devices_trusted_for; // those used last first
extern const Sql<std::int64_t(Timestamp, int)> forget_trusted_devices;

} // namespace gravity::issuer
