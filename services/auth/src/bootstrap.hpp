#pragma once

#include "config.hpp"
#include "password_pool.hpp"
#include "scopes.hpp"

#include <gravity/pg/database.hpp>

#include <string_view>

/// Who may begin: what the settings AUTH_BOOTSTRAP_… say is there before anybody could ask for it. An operator needs a first token to make clients and
/// identities with; nothing else gives one.
namespace gravity::issuer {

inline constexpr std::string_view administrator_role = "administrator";

/// Keeps, from each start of the process on, the role `administrator` with the scopes of the settings; a client with the secret of the settings, and an
/// identity, both with the role; and a client for the gateway, which may exchange tokens and nothing else. What was changed of them by the API stays otherwise:
/// a disabled client stays disabled, a password that was changed stays changed, an identity that was deleted is made again only while the settings name it.
/// I/O thread only. Database and pool outlive it.
class Bootstrap {
public:
    /// Throws std::invalid_argument if the settings contradict one another.
    Bootstrap(pg::Database& database, PasswordPool& passwords, const Settings& settings);

    /// Until it is as the settings say; tries again while the store is away.
    Task<void> run();
    /// Why it is not yet so.
    Task<std::optional<std::string>> probe();

private:
    Task<void> establish();
    Task<bool> person_is_missing();

    pg::Database& database_;
    PasswordPool& passwords_;
    const Settings& settings_;
    std::vector<ScopeName> scopes_;
    std::string reason_ = "not looked at yet"; // empty once it is so
};

} // namespace gravity::issuer
