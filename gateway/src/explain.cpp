#include "explain.hpp"

#include "balancer.hpp"
#include "path.hpp"
#include "redirect.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::gateway {
namespace {

/// As it would come over the wire, so that it is read as that would be.
std::string head_of(const ExplainRequest& request) {
    std::string head = request.method.value_or("GET") + " " + request.target + " HTTP/1.1\r\n";
    bool host = false;
    for (const auto& [name, value] : request.headers) {
        host |= ascii::iequals(name, "Host");
        head.append(name).append(": ").append(value).append("\r\n");
    }
    if (!host) head += "Host: localhost\r\n";
    return head += "\r\n";
}

Explanation refused(Explanation so_far, int status, std::string_view slug, std::string_view detail) {
    so_far.outcome = "refused";
    so_far.status = status;
    so_far.problem = std::string(slug);
    if (!detail.empty()) so_far.detail = std::string(detail);
    return so_far;
}

boost::asio::ip::address address_of(const ExplainRequest& request) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(request.client.value_or("127.0.0.1"), error);
    if (error) throw Refusal(problems::invalid, "client is no address");
    return address;
}

std::optional<ClientCertificate> certificate_of(const ExplainRequest& request) {
    if (!request.client_certificate_names && !request.client_certificate_thumbprint) return std::nullopt;
    return ClientCertificate{"", request.client_certificate_names.value_or(std::vector<std::string>()), request.client_certificate_thumbprint.value_or(""), ""};
}

void add_instances(const Cluster& cluster, Choices& choices, Explanation& result) {
    const auto now = std::chrono::steady_clock::now();
    result.service = cluster.name;
    for (const auto& endpoint : cluster.endpoints) {
        const InstanceSpec& spec = endpoint->spec();
        result.instances.push_back({spec.id, spec.address, spec.port, endpoint->may_try(now), std::string(endpoint->figures(now).breaker),
                                    std::string(to_string(endpoint->held())), endpoint->load(now)});
    }
    if (const Use use = pick(cluster, nullptr, choices, now)) result.instance = use.endpoint()->spec().id;
}

} // namespace

Explanation explain(const ExplainRequest& request, const Snapshot& snapshot, Gate& gate, const OwnPages& pages) {
    Explanation result;
    const std::string bytes = head_of(request);
    http::HeadScanner scanner;
    RequestHead head;
    if (scanner.scan(bytes, head_limits) == http::HeadScanner::Result::refused)
        return refused(std::move(result), scanner.refusal().status, scanner.refusal().slug, scanner.refusal().detail);
    if (scanner.length() != bytes.size()) return refused(std::move(result), 400, "malformed-request", "The request is more than one.");
    if (const auto refusal = parse_request_head(bytes, head)) return refused(std::move(result), refusal.status, refusal.slug, refusal.detail);
    std::string path;
    if (const auto why = normalise_path(head.path.in(bytes), path); !why.empty()) return refused(std::move(result), 400, "malformed-request", why);
    result.path = path;
    if (const auto own = OwnPages::owns(path) ? pages.answer(head.method, path, "gzip") : std::nullopt) {
        result.outcome = "answered here";
        result.status = own->status;
        return result;
    }
    for (auto& weighed : snapshot.explain({path, head.host(bytes), head.method_text.in(bytes), head.query.in(bytes), &head, bytes})) {
        const Route& route = *weighed.route;
        result.weighed.push_back({route.label(), std::string(to_string(route.kind())), route.prefix,
                                  weighed.why_not.empty() ? std::nullopt : std::optional(std::move(weighed.why_not))});
    }
    Admission admission;
    const auto now = std::chrono::steady_clock::now();
    const auto address = address_of(request);
    const auto certificate = certificate_of(request);
    const auto denied = gate.admit(snapshot, bytes, head, path, Peer(address, certificate ? &*certificate : nullptr), now, admission, Count::no);
    if (admission.route) result.route = admission.route->label();
    for (const std::string_view line : ascii::split(admission.extra_lines, '\n'))
        if (!line.empty()) result.answer_fields.emplace_back(ascii::trim(line));
    if (denied) return refused(std::move(result), denied->problem().status, denied->problem().slug, denied->detail());
    if (admission.awaits_key) {
        result.outcome = "waits";
        result.detail = "The API key is exchanged first";
        return result;
    }
    const Route& route = *admission.route;
    if (admission.preflight) {
        result.outcome = "answered here";
        result.status = 204;
        return result;
    }
    if (route.rule && route.rule->redirect) {
        result.outcome = "redirected";
        result.status = route.rule->redirect->status;
        result.location = redirect_location(*route.rule->redirect, route.prefix, false, head.host(bytes), path, head.query.in(bytes));
        return result;
    }
    Choices choices(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    const Cluster* cluster = route.cluster;
    if (!cluster) {
        const Backend* backend = choose(route, route.document->sticky ? admission.caller : choices.next());
        if (!backend) return refused(std::move(result), 500, "no-backend", "The route leads nowhere");
        cluster = backend->cluster;
    }
    result.upstream_path = std::string(admission.upstream_path);
    result.timeout_ms = route.timeout_ms;
    add_instances(*cluster, choices, result);
    if (!result.instance) return refused(std::move(result), 503, "no-instance", "No instance of the service takes requests at the moment");
    result.outcome = "passed on";
    return result;
}

} // namespace gravity::gateway
