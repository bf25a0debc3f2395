#pragma once

#include "devices_model.hpp"
#include "login_budgets_store.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of devices, by name. Their text is in devices_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<void(DeviceId, Bytes, ClientId, std::vector<std::string>, int, Timestamp)> insert_device;
extern const Sql<void(std::string, DeviceId)> list_device; // touches no row if another has the user code

/// Of all projects: for Scope::system alone.
extern const Sql<DeviceFound(std::string)> find_device;
extern const Sql<BudgetUsed(std::string, Timestamp, Timestamp)> use_guess;
extern const Sql<void(std::string)> give_guess_back;
extern const Sql<void(Timestamp)> forget_guesses;

/// One that waits for an answer.
extern const Sql<Device(DeviceId, Timestamp)> pending_device;
/// Once: touches no row if it was answered, or has ended.
extern const Sql<void(ApprovedDevice, Timestamp)> approve_device;
extern const Sql<void(DeviceId, Timestamp)> deny_device;

extern const Sql<Device(Bytes, ClientId)> lock_device; // by its code
extern const Sql<void(DeviceId, int, Timestamp)> note_poll;
extern const Sql<ApprovedDevice(DeviceId)> use_device;

extern const Sql<std::int64_t(Timestamp, int)> forget_devices;

} // namespace gravity::issuer
