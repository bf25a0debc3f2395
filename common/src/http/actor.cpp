#include <gravity/http/actor.hpp>
#include <gravity/http/resources.hpp>

#include <stdexcept>

namespace gravity::http {
namespace {

std::string client_address(const Request& request, const TrustedProxies& proxies) {
    const auto from = proxies.origin(request);
    return from ? from->str() : std::string();
}

} // namespace

Actor nobody(const Request& request, const TrustedProxies& proxies) {
    Actor actor;
    actor.address = client_address(request, proxies);
    return actor;
}

Actor Extractor<Actor>::read(Input& in) {
    Actor actor;
    static_cast<Caller&>(actor) = Extractor<Caller>::read(in);
    if (in.resources() == nullptr) throw std::logic_error("the service was given no resources");
    actor.address = client_address(in.request(), in.resources()->get<TrustedProxies>());
    return actor;
}

} // namespace gravity::http
