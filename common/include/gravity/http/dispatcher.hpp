#pragma once

#include <gravity/http/ctx.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/http/router.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace gravity::http {

/// One answered request, for metrics, access log and spans.
struct Observation {
    const Request& request;
    const Route* route; // null: none matched
    int status;
    std::chrono::steady_clock::duration duration;
    std::string_view trace_id;
    std::string_view problem; // slug, if it was refused
};

/// Whether a caller may have this request too, and how much is left to him.
struct RateHint {
    bool allowed = true;
    std::uint64_t quota = 0;
    std::int64_t window_seconds = 0;
    std::uint64_t remaining = 0;
    std::int64_t reset_seconds = 0; // until the next one is allowed, or all of them again
};

struct DispatcherOptions {
    pg::Database* database = nullptr; // needed by transaction handlers
    const Resources* resources = nullptr;
    /// The caller of a request, or nothing without credentials. Throws Refusal{unauthenticated} for bad ones. Null: no route needs any.
    std::function<Task<std::optional<Caller>>(const Request&, const Route&)> authenticate;
    std::function<void(const Observation&)> observe;
    /// Counts a request of a route that has a rate; null: none has.
    std::function<RateHint(const Request&, const Route&, const Caller*)> rate;
    double sample_ratio = 0; // of the traces that begin here
    /// Asked before anything but the fixed paths; throws to refuse (a service that is still starting).
    std::function<void(const Request&)> gate;
    /// Answers what neither a fixed path nor a route does: foreign surfaces with rules of their own.
    std::function<Task<void>(Exchange&)> fallback;
    /// Paths answered before the route table: health, metrics, documents.
    std::map<std::string, std::function<Task<Response>(const Request&)>, std::less<>> fixed;
};

/// The pipeline between the server and the handlers, the same for every service:
/// trace, route (404, 405), caller and scope (401, 403), rate (429), content type (415), body (413), decode and validate (400, 422), idempotency,
/// handler, validators (304), content coding, answer; every refusal ends as one problem document.
class Dispatcher {
public:
    Dispatcher(const Router& router, DispatcherOptions options);
    Task<void> operator()(Exchange& exchange) const;

private:
    struct Call;
    Task<void> answer(Exchange& exchange, Call& call) const;
    Task<void> send_produced(Exchange& exchange, Call& call, Ctx& ctx, Output& output) const;
    Task<void> run_live(Exchange& exchange, Call& call, Input& input) const;
    Task<void> run_transaction(Exchange& exchange, Call& call, Input& input, Output& output) const;
    Task<std::optional<Caller>> authorise(const Request& request, const Route& route) const;

    const Router& router_;
    DispatcherOptions options_;
};

} // namespace gravity::http
