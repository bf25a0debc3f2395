#pragma once

#include <gravity/model.hpp>

#include <string>
#include <vector>

/// The service's own settings, AUTH_<NAME> outside.
namespace gravity::issuer {

using ClientId = Id<"client">;

/// What `iss` says and the addresses of all endpoints begin with: an http or https URL without query, fragment and a slash at its end.
class IssuerUrl : public TextValue<IssuerUrl> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<IssuerUrl>({.format = "uri", .doc = "URL without query, fragment and final slash", .min = 8, .max = 2048});
    }
};

struct Settings {
    IssuerUrl public_url{"http://127.0.0.1:8081"};
    Text<1, 200> token_audience{"gravity"};
    Bounded<int, 60, 3600> access_token_seconds{300};
    Bounded<int, 1, 3650> key_rotation_days{90};
    std::optional<ProjectId> operator_project;
    Bounded<int, 1, 64> password_threads{2};
    Bounded<int, 0, 10'000> password_queue{64};
    std::string password_words;
    Bounded<int, 1, 1'000> login_attempts{10};
    Bounded<int, 1, 100'000> login_network_attempts{200};
    Bounded<int, 1, 86'400> login_window_seconds{600};
    Bounded<int, 1, 1'000'000> flows_per_network{2'000};
    Bounded<int, 1, 10'000'000> flows_per_project{200'000};
    std::string sign_up_projects;
    std::string sign_up_role;
    Default<false> dpop_nonce;
    Default<false> links_in_events;
    Bounded<int, 1, 720> recovery_wait_hours{24};
    std::string passkey_rp_id;
    std::string passkey_origins;
    std::string trusted_proxies;
    std::string outgoing_networks;
    Bounded<int, 1, 720> session_hours{12};
    Bounded<int, 0, 365> trusted_device_days{30};
    Bounded<int, 1, 365> refresh_idle_days{14};
    Bounded<int, 1, 3650> refresh_days{30};
    std::optional<ProjectId> bootstrap_project;
    std::optional<ClientId> bootstrap_client_id;
    std::optional<Secret<>> bootstrap_client_secret;
    std::optional<ClientId> bootstrap_gateway_id;
    std::optional<Secret<>> bootstrap_gateway_secret;
    std::optional<ClientId> bootstrap_services_id;
    std::optional<Secret<>> bootstrap_services_secret;
    std::string bootstrap_scopes;
    std::optional<Text<1, 64>> bootstrap_username;
    std::optional<Secret<>> bootstrap_password;

    /// What stands between the commas of password_words.
    std::vector<std::string> words() const;
    std::string at(std::string_view path) const { return public_url.str() + std::string(path); }
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (public_url, token_audience, access_token_seconds, key_rotation_days, operator_project, password_threads, password_queue, password_words,
                       login_attempts, login_network_attempts, login_window_seconds, flows_per_network, flows_per_project, sign_up_projects, sign_up_role,
                       dpop_nonce, links_in_events, recovery_wait_hours, passkey_rp_id, passkey_origins, trusted_proxies, outgoing_networks, session_hours,
                       trusted_device_days, refresh_idle_days, refresh_days, bootstrap_project, bootstrap_client_id, bootstrap_client_secret,
                       bootstrap_gateway_id, bootstrap_gateway_secret, bootstrap_services_id, bootstrap_services_secret, bootstrap_scopes, bootstrap_username,
                       bootstrap_password))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"public_url", "Address that clients know this service by: the issuer of its tokens"},
        {"token_audience", "Whom access tokens are for (aud): the services' AUTH_AUDIENCE"},
        {"access_token_seconds", "For how long an access token is good"},
        {"key_rotation_days", "Days a key signs before the next one does"},
        {"operator_project", "Project that alone administers signing keys, and in whose name rotations by schedule are announced"},
        {"password_threads", "Passwords that are hashed at a time"},
        {"password_queue", "Passwords that may wait for that; beyond it 503"},
        {"password_words", "Words that no password may be made of, such as the platform's name; commas between"},
        {"login_attempts", "Sign-ins to one account that may fail from one network (/24, /56) within the window; beyond it 429"},
        {"login_network_attempts", "Sign-ins that may fail from one network within the window, whatever the account"},
        {"login_window_seconds", "How long failed sign-ins are counted"},
        {"flows_per_network", "Sign-ins, sign-ups and recoveries that may be begun from one network within the window; beyond it 429"},
        {"flows_per_project", "The same of one project from all networks"},
        {"sign_up_projects", "Projects whose people may sign up by themselves (UUIDs, commas between; * for all); needs SMTP_URL or AUTH_LINKS_IN_EVENTS"},
        {"sign_up_role", "Name of the role that they get by it, in projects that have one of this name"},
        {"dpop_nonce", "DPoP proofs at the token endpoint must have a nonce of the server's"},
        {"links_in_events", "Links and codes by mail are announced whole to whoever sends mail; without this and SMTP_URL none are made"},
        {"recovery_wait_hours", "How long somebody waits who has lost their passkeys and all else, before they set up another way in by a link"},
        {"passkey_rp_id", "Domain that passkeys are for, if it is one above the host of AUTH_PUBLIC_URL; who changes it has no passkeys any more"},
        {"passkey_origins", "Further origins that people reach the pages by, such as https://id.example.com; commas between"},
        {"trusted_proxies", "Networks of proxies whose X-Forwarded-For is believed, such as the gateway's: 10.0.0.0/8; commas between"},
        {"outgoing_networks", "Networks that clients may be told of logouts in although they are not public, such as 10.0.0.0/8; commas between"},
        {"session_hours", "For how long somebody is signed in in a browser"},
        {"trusted_device_days", "For how long after a sign-in a browser gets its owner in whatever others fail at from its network; 0: never"},
        {"refresh_idle_days", "For how long a refresh token is good that is not used"},
        {"refresh_days", "For how long tokens are refreshed before the person has to sign in again"},
        {"bootstrap_project", "Project in which the bootstrap's client and identity are kept; without it there are none"},
        {"bootstrap_client_id", "Client (a UUID) that has the role administrator from the start on"},
        {"bootstrap_client_secret", "The one secret of that client: at least 32 characters that nobody can guess"},
        {"bootstrap_gateway_id", "Client (a UUID) that may only exchange tokens, as the gateway does with API keys, and say where these were shown"},
        {"bootstrap_gateway_secret", "The one secret of that client: at least 32 characters that nobody can guess"},
        {"bootstrap_services_id", "Client (a UUID) as which services call one another for nobody: to erase and collect people's data, and to delete projects"},
        {"bootstrap_services_secret", "The one secret of that client: at least 32 characters that nobody can guess"},
        {"bootstrap_scopes", "Scopes of the role administrator, with blanks between"},
        {"bootstrap_username", "User name of an identity that is made if it is missing, with the role administrator"},
        {"bootstrap_password", "The password it is made with; changed later by the API alone"},
    };
};

GRAVITY_TABLES(issuer, Settings)
