#include "relying_party.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::issuer {
namespace {

bool is_local(std::string_view host) { return host == "localhost" || host.ends_with(".localhost"); }

bool is_domain(std::string_view host) {
    const std::string_view last = host.substr(host.rfind('.') + 1); // of an IPv4 address a number
    return host.find(':') == std::string_view::npos && !last.empty() && !std::all_of(last.begin(), last.end(), ascii::is_digit);
}

bool is_below(std::string_view host, std::string_view domain) {
    return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

// Browsers offer passkeys to no others (Web Authentication section 5.1.3, secure contexts).
bool may_have_passkeys(const Url& page) { return is_domain(page.host()) && (page.scheme() == "https" || is_local(page.host())); }

[[noreturn]] void refuse(std::string_view setting, std::string_view value, std::string_view why) {
    throw std::invalid_argument("setting " + std::string(setting) + ": " + std::string(value) + " " + std::string(why));
}

std::string rp_id_of(const Settings& settings, const Url& issuer) {
    if (settings.passkey_rp_id.empty()) return std::string(issuer.host());
    const std::string id = settings.passkey_rp_id;
    const auto page = Url::parse("https://" + id + "/");
    if (!page || page->host() != id || !may_have_passkeys(*page) || (id.find('.') == std::string::npos && !is_local(id)))
        refuse("AUTH_PASSKEY_RP_ID", id, "is no domain name in lower case");
    if (!may_have_passkeys(issuer) || !is_below(issuer.host(), id))
        refuse("AUTH_PASSKEY_RP_ID", id, "is not the host of AUTH_PUBLIC_URL, which has to be https, nor a domain above it");
    return id;
}

} // namespace

std::optional<webauthn::RelyingParty> relying_party(const Settings& settings) {
    const Url issuer = Url::parse(settings.public_url.str()).or_throw();
    webauthn::RelyingParty party{rp_id_of(settings, issuer), {std::string(issuer.origin())}};
    const bool possible = may_have_passkeys(issuer);
    if (!possible && !settings.passkey_origins.empty())
        refuse("AUTH_PASSKEY_ORIGINS", settings.passkey_origins, "is of no use: AUTH_PUBLIC_URL is an address, or not https");
    for (const std::string_view item : ascii::split(settings.passkey_origins, ',')) {
        const std::string_view text = ascii::trim(item);
        if (text.empty()) continue;
        const auto page = Url::parse(text);
        if (!page || page->origin() != text || !may_have_passkeys(*page) || !is_below(page->host(), party.id))
            refuse("AUTH_PASSKEY_ORIGINS", text, "is no origin of https within the domain that passkeys are for");
        party.origins.emplace_back(text);
    }
    if (!possible) return std::nullopt;
    return party;
}

} // namespace gravity::issuer
