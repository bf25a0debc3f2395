#pragma once

#include <gravity/base/secret.hpp>
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
    Bounded<int, 0, 86'400> fresh_sign_in_seconds = 300;
    Bounded<int, 1, 10'000> privacy_requests_per_day = 5;
    Bounded<int, 0, 30> cooling_off_days = 7;
    TimeZone privacy_zone = "UTC";
    std::optional<Secret<>> certificate_key;
    std::optional<std::string> data_holders;
    std::optional<std::string> erasures_dir;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (public_url, scim_mode, codes_in_events, contact_changes_per_day, fresh_sign_in_seconds, privacy_requests_per_day,
                       cooling_off_days, privacy_zone, certificate_key, data_holders, erasures_dir))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"public_url", "Address that directories know this service by: what the locations of SCIM begin with"},
        {"scim_mode", "How exact requests of SCIM have to be: as the RFCs say (strict), as Entra ID sends them (entra) or as Okta does (okta)"},
        {"codes_in_events", "Codes that prove an address are announced whole for whoever sends them; without this and SMTP_URL there are none"},
        {"contact_changes_per_day", "Codes that one person may ask for within a day, and that may be sent to one address"},
        {"fresh_sign_in_seconds", "How long ago people may have signed in (auth_time) who ask for their data or its erasure; 0: whenever that was"},
        {"privacy_requests_per_day", "Exports and erasures that one person may ask for within a day"},
        {"cooling_off_days", "Days in which an erasure can be called off"},
        {"privacy_zone", "Time zone whose months deadlines are counted in"},
        {"certificate_key", "Private key (Ed25519, PEM) that signs certificates of erasures; without it they are not signed"},
        {"data_holders", "Services of the platform that are asked for people's data, beside those that discovery lists: comma list"},
        {"erasures_dir", "Directory outside of the database, one for all replicas, whose file notes who was erased: no restored backup brings them back"},
    };
};

GRAVITY_TABLES(user, ScimMode, Settings)
