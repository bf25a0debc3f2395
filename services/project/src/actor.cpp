#include "actor.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/resources.hpp>

namespace gravity::project {

TrustedProxies::TrustedProxies(std::string_view list) {
    for (const auto part : ascii::split(list, ',')) {
        const auto text = ascii::trim(part);
        if (text.empty()) continue;
        const auto network = Network::parse(text);
        if (!network) throw std::invalid_argument("setting PROJECT_TRUSTED_PROXIES: " + std::string(text) + " " + network.why());
        networks_.push_back(*network);
    }
}

std::string TrustedProxies::origin(const http::Request& request) const {
    auto from = Network::parse(request.peer_address);
    if (!from) return {};
    const std::string forwarded = request.headers.joined("X-Forwarded-For");
    std::string_view rest = forwarded;
    while (!rest.empty() && any_contains(networks_, *from)) {
        const auto comma = rest.rfind(',');
        const std::string_view last = ascii::trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
        auto before = last.find('/') == std::string_view::npos ? Network::parse(last) : Parsed<Network>(ParseError{"no address"});
        if (!before) break;
        from = std::move(before);
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
    }
    return std::string(from->address());
}

Actor nobody(const http::Request& request, const TrustedProxies& proxies) {
    Actor actor;
    actor.address = proxies.origin(request);
    return actor;
}

Actor service_itself() {
    Actor actor;
    actor.subject = "service:project";
    return actor;
}

} // namespace gravity::project

namespace gravity::http {

project::Actor Extractor<project::Actor>::read(Input& in) {
    project::Actor actor;
    static_cast<Caller&>(actor) = Extractor<Caller>::read(in);
    if (in.resources() == nullptr) throw std::logic_error("the service was given no resources");
    actor.address = in.resources()->get<project::TrustedProxies>().origin(in.request());
    return actor;
}

} // namespace gravity::http
