#include "assembly.hpp"

#include "api.hpp"
#include "auth_migrations.hpp"
#include "bootstrap.hpp"
#include "changes.hpp"
#include "client_login.hpp"
#include "config.hpp"
#include "exchange_key_check.hpp"
#include "failures.hpp"
#include "forget_job.hpp"
#include "good_tokens.hpp"
#include "keyring.hpp"
#include "keys_schedule.hpp"
#include "login_budgets.hpp"
#include "logout_tokens.hpp"
#include "mails.hpp"
#include "metadata.hpp"
#include "own_tokens.hpp"
#include "password_pool.hpp"
#include "people.hpp"
#include "proofs.hpp"
#include "reads.hpp"
#include "regain.hpp"
#include "relying_party.hpp"
#include "session_events.hpp"
#include "sign_up.hpp"
#include "user_events.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/any_origin.hpp>
#include <gravity/http/fetcher.hpp>
#include <gravity/http/origin.hpp>
#include <gravity/redis/client.hpp>

#include <stdexcept>

namespace gravity::issuer {
namespace {

Task<std::optional<std::string>> recovery_probe(bool offered) {
    if (offered) co_return std::nullopt;
    co_return "links by mail are off (SMTP_URL, AUTH_LINKS_IN_EVENTS): who forgets a password asks whoever administers it";
}

Task<std::optional<std::string>> passkeys_probe(bool offered) {
    if (offered) co_return std::nullopt;
    co_return "there are no passkeys: AUTH_PUBLIC_URL is an IP address, or not https, and browsers have them for domains alone";
}

Task<std::optional<std::string>> mail_probe(std::shared_ptr<mail::Outgoing> outgoing) { co_return outgoing->trouble(); }

// Links and codes go by mail from here, by events to whoever sends it, by both or not at all.
void provide_mail(app::Runtime& runtime, const Settings& settings) {
    const auth::MasterKeys* const keys = runtime.resources.find<auth::MasterKeys>();
    auto outgoing = std::make_shared<mail::Outgoing>(runtime.io, runtime.resources.get<mail::Settings>(), keys, may_have_mail);
    const auto mails = std::make_shared<Mails>(settings, outgoing);
    runtime.health.add("recovery", app::Health::Kind::optional, [offered = mails->offered()] { return recovery_probe(offered); });
    if (outgoing->on()) runtime.health.add("mail", app::Health::Kind::optional, [outgoing] { return mail_probe(outgoing); });
    runtime.resources.put(std::make_shared<SignUpPolicy>(settings, outgoing->on()));
    runtime.resources.put(mails);
    runtime.resources.put(std::move(outgoing));
}

// Where clients are told of is theirs to say, so it must not be our own network (SSRF).
http::FetcherOptions outgoing(const Settings& settings) {
    http::FetcherOptions options;
    for (const std::string_view network : ascii::split(settings.outgoing_networks, ','))
        if (const auto text = ascii::trim(network); !text.empty()) options.allow.emplace_back(text);
    return options;
}

void provide(app::Runtime& runtime) {
    if (!runtime.settings.master_key) throw std::invalid_argument("setting MASTER_KEY is required: signing keys are sealed under it");
    const Settings& settings = runtime.resources.get<Settings>();
    runtime.resources.put(std::make_shared<Metadata>(metadata_of(settings)));
    auto keyring = std::make_shared<Keyring>(runtime.resources.get<auth::MasterKeys>());
    auto schedule = std::make_shared<KeySchedule>(*runtime.database, *keyring, settings);
    runtime.health.add("signing-keys", app::Health::Kind::required, [schedule] { return schedule->probe(); });
    provide_mail(runtime, settings);
    runtime.resources.put(std::make_shared<http::Fetcher>(runtime.io, outgoing(settings)));
    auto party = relying_party(settings);
    runtime.health.add("passkeys", app::Health::Kind::optional, [offered = party.has_value()] { return passkeys_probe(offered); });
    if (party) runtime.resources.put(std::make_shared<webauthn::RelyingParty>(*std::move(party)));
    auto own = std::make_shared<OwnTokens>(*keyring, settings);
    app::OwnTokens known{[own](const http::Request& request) { return own->caller_of(request); }};
    auto reads = std::make_shared<Reads>(*runtime.database);
    auto told = std::make_shared<Changes>(runtime.io, runtime.settings.database_url->reveal());
    runtime.resources.put(std::make_shared<ClientLogin>(*reads, *told, settings));
    runtime.resources.put(std::make_shared<GoodTokens>(*reads, *told));
    runtime.resources.put(std::move(told));
    runtime.resources.put(std::make_shared<Proofs>(runtime.resources.get<auth::MasterKeys>(), settings));
    runtime.resources.put(std::make_shared<KeyCheck>(runtime.resources.get<gravity::Client<ApiKeys>>(), *keyring, settings));
    runtime.resources.put(std::move(reads));
    auto passwords = std::make_shared<PasswordPool>(settings);
    if (settings.bootstrap_project) {
        auto bootstrap = std::make_shared<Bootstrap>(*runtime.database, *passwords, settings);
        runtime.health.add("bootstrap", app::Health::Kind::required, [bootstrap] { return bootstrap->probe(); });
        runtime.resources.put(std::move(bootstrap));
    }
    runtime.resources.put(std::move(passwords));
    runtime.resources.put(std::make_shared<http::TrustedProxies>(settings.trusted_proxies, "AUTH_TRUSTED_PROXIES"));
    runtime.resources.put(std::make_shared<Failures>(*runtime.database, settings));
    runtime.resources.put(std::make_shared<LoginBudgets>(runtime.resources.find<redis::Client>(), runtime.resources.get<auth::MasterKeys>(), settings));
    runtime.resources.put(std::make_shared<app::OwnTokens>(std::move(known)));
    runtime.resources.put(std::move(own));
    runtime.resources.put(std::move(schedule));
    runtime.resources.put(std::move(keyring));
    // What apps in browsers call by themselves; whatever knows people by a cookie is not among it.
    runtime.resources.put(std::make_shared<http::AnyOrigin>(http::AnyOrigin{
        "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/oauth2/jwks", "/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke",
        "/oauth2/par", "/oauth2/device_authorization", "/oauth2/register"}));
}

Task<void> keep_keys(app::Runtime& runtime) { return runtime.resources.get<KeySchedule>().run(); }

Task<void> keep_failures(app::Runtime& runtime) { return runtime.resources.get<Failures>().run(); }

Task<void> begin(app::Runtime& runtime) {
    if (Bootstrap* const bootstrap = runtime.resources.find<Bootstrap>()) co_await bootstrap->run();
}

} // namespace

Service assemble(std::uint16_t port) {
    Service service{"auth", port};
    service.settings<Settings>("AUTH_")
        .settings<mail::Settings>("")
        .postgres(auth_migrations())
        .redis(app::Need::optional)
        .calls<ApiKeys>()
        .routes(routes)
        .roots({"/oauth2", "/login", "/account/security", "/api/v1/login-flows", "/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server"})
        .consume(disable_suspended)
        .consume(disable_deactivated)
        .consume(enable_activated)
        .consume(delete_erased)
        .consume(end_revoked)
        .job(forget_ended)
        .job(send_logout)
        .job(send_regain)
        .job(mail::send_mail)
        .schedule("23 * * * *", ForgetEnded{}, {.each_project = true})
        .provision(provide)
        .background(keep_keys)
        .background(keep_failures)
        .background(begin);
    keeps_personal_data(service, {erase_person, nullptr, collect_person});
    return service;
}

} // namespace gravity::issuer
