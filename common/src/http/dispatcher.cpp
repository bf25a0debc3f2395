#include <gravity/http/dispatcher.hpp>

#include "http/idempotency.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/redis/error.hpp>
#include <gravity/trace/context.hpp>

#include <charconv>

namespace gravity {

pg::Scope Ctx::caller_scope() const {
    if (caller_ == nullptr) throw std::logic_error("an open route must name the scope of its transaction");
    return pg::Scope::caller(*caller_);
}

Task<void> Ctx::run(pg::Scope scope, const std::function<void(Tx&)>& work) {
    if (database_ == nullptr) throw std::logic_error("the service has no database");
    pg::Run how;
    how.scope = std::move(scope);
    how.deadline = deadline_;
    how.traceparent = traceparent_;
    std::function<void(Tx&)> copy = work;
    co_await database_->run(std::move(how), std::move(copy));
}

namespace http {
namespace {

using Steady = std::chrono::steady_clock;

Steady::time_point deadline_of(const Request& request, const Route& route) {
    auto allowed = std::chrono::milliseconds(route.options.timeout_ms);
    if (const auto field = request.headers.get("X-Request-Timeout-Ms")) {
        std::int64_t asked = 0;
        const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), asked);
        if (error != std::errc{} || end != field->data() + field->size() || asked <= 0)
            throw Refusal(problems::malformed, "X-Request-Timeout-Ms must be a positive number of milliseconds");
        allowed = std::min(allowed, std::chrono::milliseconds(asked));
    }
    return Steady::now() + allowed;
}

// Clients of a standard wait for the challenge before they send a password; a page that calls the API must not make the browser ask for one.
std::string_view challenge_of(const Route& route) {
    const bool basic = route.options.keys != AcceptKeys::no && !route.path.starts_with("/api/");
    return basic ? "Bearer, Basic realm=\"gravity\", charset=\"UTF-8\"" : "Bearer";
}

// A credential in the query has been used: the handler's own parameters are what is left.
void take_key_out(std::string& query) {
    std::string rest;
    for (const auto part : ascii::split(query, '&'))
        if (!part.starts_with("key=")) rest += (rest.empty() ? "" : "&") + std::string(part);
    query = std::move(rest);
}

std::string_view media_type(std::string_view content_type) { return ascii::trim(content_type.substr(0, content_type.find(';'))); }

void check_content_type(const Request& request, const Route& route) {
    const auto sent = media_type(request.headers.get("Content-Type").value_or(""));
    for (const BodyDoc& body : route.bodies)
        if (body.content_type == "*/*" || ascii::iequals(body.content_type, sent)) return;
    Refusal refusal(problems::unsupported_media_type, "Send " + std::string(route.bodies.front().content_type));
    // RFC 9110 section 12.5.1 lets a response tell what would have been accepted; for PATCH it has a field of its own (RFC 5789).
    refusal.with_header(route.method == Method::patch ? "Accept-Patch" : "Accept", std::string(route.bodies.front().content_type));
    throw refusal;
}

std::optional<std::string> idempotency_key(const Request& request, const Route& route) {
    if (!route.honours_idempotency_key()) return std::nullopt;
    const auto field = request.headers.get("Idempotency-Key");
    if (!field) return std::nullopt;
    if (field->empty() || field->size() > idempotency::max_key_bytes || !utf8::valid(*field))
        throw Refusal(problems::malformed, "Idempotency-Key must have 1 to 255 bytes of UTF-8");
    return std::string(*field);
}

// RFC 9110 section 13.1.2: a reader that has this version already gets no body.
void apply_if_none_match(const Request& request, Response& response) {
    if (request.method != Method::get && request.method != Method::head) return;
    const auto etag = response.headers.get("ETag");
    const auto known = request.headers.get("If-None-Match");
    if (!etag || !known || response.status != 200 || !etag_listed(*known, *etag, false)) return;
    response.status = 304;
    response.body.clear();
    response.headers.remove("Content-Type");
}

// A lost Redis is a lost store, not a fault of the program. Where the command may have had its effect, saying "it failed" would invite a second one.
Refusal refusal_of(const redis::Error& error, Method method) {
    using redis::ErrorKind;
    const bool lost = error.kind() == ErrorKind::timeout || error.kind() == ErrorKind::connection_lost || error.kind() == ErrorKind::unavailable ||
                      error.kind() == ErrorKind::closed;
    const bool reads = method == Method::get || method == Method::head;
    if (lost) return Refusal(error.maybe_executed() && !reads ? problems::outcome_unknown : problems::store_unavailable).with_header("Retry-After", "2");
    if (error.kind() == ErrorKind::overloaded) return Refusal(problems::overloaded).with_header("Retry-After", "1");
    return Refusal(problems::internal);
}

std::string allow_field(const std::vector<Method>& methods) {
    std::string allow;
    for (const Method method : methods) {
        allow += (allow.empty() ? "" : ", ") + std::string(to_string(method));
        if (method == Method::get) allow += ", HEAD";
    }
    return allow + ", OPTIONS";
}

} // namespace

struct Dispatcher::Call {
    const Route* route = nullptr;
    trace::Context trace;
    log::Scope scope;
    std::string_view problem; // slug of a constant
    int status = 0;

    Task<void> send(Exchange& exchange, Response response) {
        status = response.status;
        co_await exchange.respond(std::move(response));
    }
};

Dispatcher::Dispatcher(const Router& router, DispatcherOptions options) : router_(router), options_(std::move(options)) {}

Task<void> Dispatcher::operator()(Exchange& exchange) const {
    const auto began = Steady::now();
    Call call;
    const Request& request = exchange.request();
    const auto parent = trace::from_headers(request.headers.get("traceparent"), request.headers.joined("tracestate"));
    call.trace = parent ? trace::child_of(*parent) : trace::new_trace(options_.sample_ratio);
    call.scope.trace_id = call.trace.trace_id_text();
    call.scope.span_id = call.trace.span_id_text();

    std::optional<Refusal> refusal;
    try {
        co_await answer(exchange, call);
    } catch (const Refusal& refused) {
        refusal = refused;
    }
    if (refusal) {
        call.problem = refusal->problem().slug;
        Response response = problem_response(*refusal, request.path, call.scope.trace_id);
        co_await call.send(exchange, std::move(response));
    }
    if (options_.observe) options_.observe({request, call.route, call.status, Steady::now() - began, call.scope.trace_id, call.problem});
}

Task<std::optional<Caller>> Dispatcher::authorise(const Request& request, const Route& route) const {
    std::optional<Caller> caller;
    if (options_.authenticate) caller = co_await options_.authenticate(request, route);
    if (route.scope.empty()) co_return caller;
    if (!caller) throw Refusal(problems::unauthenticated).with_header("WWW-Authenticate", std::string(challenge_of(route)));
    if (!caller->may(route.scope)) {
        Refusal refusal(problems::forbidden, "The token lacks the scope " + route.scope);
        refusal.with_header("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"" + route.scope + "\""); // RFC 6750 section 3.1
        throw refusal;
    }
    if (!caller->project.is_set()) throw Refusal(problems::forbidden, "The token names no project");
    co_return caller;
}

Task<void> Dispatcher::answer(Exchange& exchange, Call& call) const {
    Request& request = exchange.request();
    if (const auto fixed = options_.fixed.find(request.path); fixed != options_.fixed.end()) {
        if (request.method != Method::get && request.method != Method::head)
            throw Refusal(problems::method_not_allowed).with_header("Allow", "GET, HEAD");
        Response response = co_await fixed->second(request);
        co_return co_await call.send(exchange, std::move(response));
    }

    if (options_.gate) options_.gate(request);
    const Router::Match match = router_.match(request.method, request.path);
    if (match.route == nullptr) {
        if (match.allowed.empty() && options_.fallback) co_return co_await options_.fallback(exchange);
        if (match.allowed.empty()) throw Refusal(problems::not_found);
        if (request.method != Method::options) throw Refusal(problems::method_not_allowed).with_header("Allow", allow_field(match.allowed));
        Response response;
        response.status = 204;
        response.headers.add("Allow", allow_field(match.allowed));
        co_return co_await call.send(exchange, std::move(response));
    }
    const Route& route = *match.route;
    call.route = &route;

    const std::optional<Caller> caller = co_await authorise(request, route);
    if (caller) call.scope.project = caller->project.to_string();
    if (route.options.keys != AcceptKeys::no && !request.query.empty()) take_key_out(request.query);
    if (!route.bodies.empty()) {
        check_content_type(request, route);
        const bool fits = co_await exchange.read_body(route.options.body_limit);
        if (!fits) throw Refusal(problems::too_large, "The body may have " + std::to_string(route.options.body_limit) + " bytes");
    }

    Input input(request, match.parameters, caller ? &*caller : nullptr, options_.resources);
    Output output(request);
    std::exception_ptr failure;
    try {
        if (route.transaction != nullptr) {
            co_await run_transaction(exchange, call, input, output);
        } else {
            Ctx ctx(request, input.caller(), options_.database, *options_.resources, deadline_of(request, route), trace::format_traceparent(trace::child_of(call.trace)));
            co_await route.coroutine(ctx, input, output);
        }
    } catch (const Refusal&) {
        throw;
    } catch (const redis::Error& error) {
        log::error(call.scope, "redis failed", {{"route", route.path}, {"kind", redis::to_string(error.kind())}, {"error", error.what()}});
        throw refusal_of(error, request.method);
    } catch (const std::exception& error) {
        // Nothing of the cause is shown; the trace id leads to this line.
        log::error(call.scope, "request failed", {{"route", route.path}, {"method", request.method_text}, {"error", error.what()}});
        failure = std::current_exception();
    }
    if (failure) throw Refusal(problems::internal);
    apply_if_none_match(request, output.response());
    co_await call.send(exchange, std::move(output.response()));
}

Task<void> Dispatcher::run_transaction(Exchange& exchange, Call& call, Input& input, Output& output) const {
    const Request& request = exchange.request();
    const Route& route = *call.route;
    if (options_.database == nullptr) throw std::logic_error("the service has no database");
    const auto key = idempotency_key(request, route);
    const bool safe = request.method == Method::get || request.method == Method::head;

    pg::Run run;
    if (input.caller() != nullptr) run.scope = pg::Scope::caller(*input.caller());
    run.read_only = safe;
    run.serializable = route.options.serializable;
    run.deadline = deadline_of(request, route);
    run.abandoned = [&exchange] { return exchange.client_gone(); };
    run.traceparent = trace::format_traceparent(trace::child_of(call.trace));
    // Everything captured lives in frames that wait for this work to end. It may run more than once, so it starts from the request anew.
    std::function<void(Tx&)> work = [&](Tx& tx) {
        const log::ScopeGuard guard(call.scope);
        Input fresh = input;
        Output out(request);
        const std::string fingerprint = key ? idempotency::fingerprint(request) : std::string();
        if (key) {
            if (auto replayed = idempotency::begin(tx, *key, fingerprint)) {
                output.response() = *std::move(replayed);
                return;
            }
        }
        route.transaction(tx, fresh, out);
        if (key) idempotency::finish(tx, *key, fingerprint, out.response());
        output.response() = std::move(out.response());
    };
    co_await options_.database->run(std::move(run), std::move(work));
}

} // namespace http
} // namespace gravity
