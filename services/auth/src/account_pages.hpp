#pragma once

#include "grants_model.hpp"
#include "passkeys_model.hpp"
#include "trusted_devices_model.hpp"

#include <gravity/http/web.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Pages where people look after what they sign in with; as those of pages.hpp. Pure.
namespace gravity::issuer::pages {

struct Security {
    std::string proof; // that the page's forms are sent back by the browser that has it
    std::string proven; // that they proved who they are a short while ago; empty: each form asks for it
    std::string name;
    bool app = false;
    std::vector<ShownPasskey> passkeys;
    bool passkeys_offered = false;
    std::int64_t recovery_codes = 0; // that are left
    SessionId here;
    std::vector<Session> sessions; // this one among them
    std::vector<TrustedDevice> devices;
    std::optional<TrustedDeviceId> device_here;
    std::vector<Application> applications;
    bool unconfirmed = false;        // there is an address to be confirmed, and there are links
    std::optional<Timestamp> regained_from; // somebody waits to regain the account (regain.hpp), who may from then on
};
Web security(const Security& security, std::string_view fault, int status);

struct Enrolling {
    std::string proof;
    std::string proven;
    std::string sealed; // the secret, for whoever confirms
    std::string secret; // as it is typed into an app
    std::string uri;    // as an app reads it
};
Web enrolling(const Enrolling& enrolling, std::string_view fault, int status);

/// They are shown this once.
Web recovery_codes(const std::vector<std::string>& codes);

/// The second page of signing in. `passkey`: there is one that would do too.
Web code(std::string_view flow, std::string_view fault, int status, const std::string& target, bool passkey);

/// Where somebody asks for a link to set their password anew, and where it leads.
Web recover(std::string_view flow, std::string_view fault, int status);
Web reset(std::string_view token, std::string_view fault, int status);
/// Where somebody signs up, and where they type the code that they were sent.
Web sign_up(std::string_view flow, std::string_view address, std::string_view fault, int status);
Web sign_up_code(std::string_view flow, std::string_view fault, int status, const std::string& target);
/// Where a link leads that proves an address.
Web confirm(std::string_view token, std::string_view address);
/// A page to be read only.
Web notice(std::string_view title, std::string_view explanation);
Web done(std::string_view title, std::string_view explanation);

} // namespace gravity::issuer::pages
