#include "visit.hpp"

#include "problems.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>

namespace gravity::product_catalog::storefront {

void check_key(const Settings& settings, const Caller& caller) {
    if (!settings.public_keys && caller.subject.starts_with("access_key:")) throw Refusal(problems::unauthenticated, "Access keys are switched off");
}

Visit visit_of(const http::Request& request, const Settings& settings, const MaybeCaller& caller) {
    // The gateway names the host that the client asked for; elsewhere it is in Host.
    const auto forwarded = request.headers.get("X-Forwarded-Host");
    const std::string_view host = forwarded ? *forwarded : request.headers.get("Host").value_or("");
    const auto of_host = settings.public_hosts ? settings.public_hosts->project_of(host) : std::nullopt;

    Visit visit;
    std::string_view by = "key";
    if (caller) {
        check_key(settings, *caller.value);
        visit.project = caller->project;
    } else if (of_host) {
        visit.project = *of_host;
        by = "host";
    } else if (settings.public_project) {
        visit.project = *settings.public_project;
        by = "setting";
    } else {
        throw Refusal(no_public_catalogue);
    }
    log::debug("public catalogue", {{"project", visit.project}, {"by", by}, {"host", host}, {"path", request.path}});

    const bool own_host = of_host && *of_host == visit.project;
    if (!own_host && settings.public_base_url) {
        visit.shop.base_url = settings.public_base_url->str();
        while (visit.shop.base_url.ends_with('/')) visit.shop.base_url.pop_back();
    } else {
        const auto scheme = request.headers.get("X-Forwarded-Proto");
        visit.shared = own_host;
        visit.shop.base_url = (scheme ? *scheme == "https" : request.secure) ? "https://" : "http://";
        visit.shop.base_url += host_name(host).empty() ? "localhost" : ascii::lower(host);
    }
    visit.shop.name = settings.shop_name ? settings.shop_name->str() : "";
    visit.shop.default_lang = settings.langs.base().str();
    visit.channel = settings.public_channel ? settings.public_channel->str() : "";
    visit.languages = settings.langs;
    visit.priced = settings.pricing_project == visit.project;
    visit.media_base = settings.media_base_url ? settings.media_base_url->str() : "";
    while (visit.media_base.ends_with('/')) visit.media_base.pop_back();
    return visit;
}

} // namespace gravity::product_catalog::storefront
