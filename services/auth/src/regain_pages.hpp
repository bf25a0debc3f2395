#pragma once

#include <gravity/base/time.hpp>
#include <gravity/http/web.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Pages of who regains their account, by a link; as those of pages.hpp. Pure.
namespace gravity::issuer::pages {

/// Where the link leads: to a code, or to waiting.
struct RegainWays {
    std::string token;
    std::optional<Timestamp> wait_until; // they wait already,
    bool other_waits = false;            // or somebody does by another of their addresses
    int hours = 0;                       // how long it takes
};
Web regain(const RegainWays& ways, std::string_view fault, int status);

/// What may be set up once they have proven a code, or waited. `proven`: what the code has proven, "" for who has waited.
struct RegainChoice {
    std::string token;
    std::string proven;
    bool passkeys_offered = false;
};
Web regain_choice(const RegainChoice& choice, std::string_view fault, int status);
Web regain_begun(Timestamp from);
/// The codes are shown this once.
Web regained_by_password(const std::vector<std::string>& codes);

/// Where a link leads that stops it.
Web stop_regaining(std::string_view token);

} // namespace gravity::issuer::pages
