#pragma once

#include <gravity/model.hpp>

/// The service's own settings, USER_<NAME> outside.
namespace gravity::user {

/// How exact a directory's requests have to be: as the RFCs say, or as Entra ID or Okta send them.
enum class ScimMode {
    strict,
    entra,
    okta
};
BOOST_DESCRIBE_ENUM(ScimMode, strict, entra, okta)

struct Settings {
    Url public_url = "http://127.0.0.1:8082";
    Default<ScimMode::strict> scim_mode;
    Default<false> codes_in_events;
    Bounded<int, 1, 10'000> contact_changes_per_day = 10;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (public_url, scim_mode, codes_in_events, contact_changes_per_day))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"public_url", "Address that directories know this service by: what the locations of SCIM begin with"},
        {"scim_mode", "How exact requests of SCIM have to be: as the RFCs say (strict), as Entra ID sends them (entra) or as Okta does (okta)"},
        {"codes_in_events", "Codes that prove an address are made, and announced whole for whoever sends them; else who administers users changes addresses"},
        {"contact_changes_per_day", "Codes that one person may ask for within a day, and that may be sent to one address"},
    };
};

GRAVITY_TABLES(user, ScimMode, Settings)
