#pragma once

#include "config.hpp"
#include "keyring.hpp"
#include "keys_domain.hpp"

#include <gravity/async/task.hpp>
#include <gravity/pg/tx.hpp>

#include <optional>
#include <string>

namespace gravity::pg {
class Database;
}

/// What keeps signing keys as they should be: one scheduler over all replicas, and what every replica has in memory.
namespace gravity::issuer {

KeyPolicy key_policy(const Settings& settings);

/// Does all that is due, and has the keyring know once it is committed. The caller holds `lock_keys`. Changes are announced where the transaction has a
/// project.
void advance_keys(Tx& tx, Keyring& keyring, const KeyPolicy& policy);

/// I/O thread only. Database and keyring outlive it.
class KeySchedule {
public:
    KeySchedule(pg::Database& database, Keyring& keyring, const Settings& settings);

    /// Looks every two seconds, for the life of the process.
    Task<void> run();
    /// For /health/ready.
    Task<std::optional<std::string>> probe();

private:
    Task<void> look();
    pg::Database& database_;
    Keyring& keyring_;
    pg::Scope scope_;
    KeyPolicy policy_;
    std::string damage_; // why the keys that are stored cannot be used
};

} // namespace gravity::issuer
