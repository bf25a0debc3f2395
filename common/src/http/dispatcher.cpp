#include "http/challenge.hpp"
#include "http/idempotency.hpp"
#include "http/lazy_body.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/http/any_origin.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/dispatcher.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/http/socket_token.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/redis/error.hpp>
#include <gravity/trace/context.hpp>
#include <gravity/trace/span.hpp>

#include <algorithm>
#include <charconv>

namespace gravity {

pg::Scope Ctx::caller_scope() const {
    if (caller_ == nullptr) throw std::logic_error("an open route must name the scope of its transaction");
    return pg::Scope::caller(*caller_);
}

Task<void> Ctx::run(pg::Scope scope, pg::WorkRef work) {
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

constexpr std::chrono::milliseconds patience{10};

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
    return basic ? "Bearer realm=\"gravity\", Basic realm=\"gravity\", charset=\"UTF-8\"" : bearer_challenge;
}

// A credential in the query has been used: the handler's own parameters are what is left.
void take_key_out(std::string& query) {
    std::string rest;
    for (const auto part : ascii::split(query, '&'))
        if (!part.starts_with("key=")) rest += (rest.empty() ? "" : "&") + std::string(part);
    query = std::move(rest);
}

struct NoParameters {};
BOOST_DESCRIBE_STRUCT(NoParameters, (), ())

// What a route of ours does not ask for is refused, as an unknown member of a body is. At the root of the port the standard's word holds, and pages get
// whatever an advertisement has put behind their address.
bool takes_no_query(const Route& route) {
    if (!route.path.starts_with("/api/") && !route.path.starts_with("/internal/")) return false;
    return std::none_of(route.parameters.begin(), route.parameters.end(), [](const ParameterDoc& parameter) { return parameter.in == "query"; });
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

// A body that is read here is read as it came; taken for plain text, a compressed one would be refused for a wrong reason (RFC 9110 section 15.5.16).
void check_content_coding(const Request& request) {
    const auto coding = request.headers.get("Content-Encoding");
    if (!coding || ascii::iequals(ascii::trim(*coding), "identity")) return;
    throw Refusal(problems::unsupported_media_type, "Send the body without a Content-Encoding").with_header("Accept-Encoding", "identity");
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
    if (!etag || !known || response.status != 200 || !etag_listed(uncoded_etags(*known), *etag, false)) return;
    for (const auto coding : {"gzip", "br"}) { // it keeps the representation it has
        const std::string coded = coded_etag(*etag, coding);
        if (known->find(coded) == std::string_view::npos) continue;
        response.headers.set("ETag", coded);
        response.headers.set("Vary", "Accept-Encoding");
        break;
    }
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

// What a page of any origin may read of an answer beside its body.
void let_any_origin_read(Headers& headers) {
    headers.set("Access-Control-Allow-Origin", "*");
    headers.set("Access-Control-Expose-Headers", "DPoP-Nonce, ETag, Retry-After, WWW-Authenticate");
}

// Whatever field the page wants to send: who asks is known by the fields themselves, for no cookie comes.
void answer_preflight(const Request& request, Headers& headers, const std::vector<Method>& methods) {
    if (!request.headers.has("Access-Control-Request-Method")) return;
    headers.set("Access-Control-Allow-Methods", allow_field(methods));
    if (const auto fields = request.headers.get("Access-Control-Request-Headers")) headers.set("Access-Control-Allow-Headers", *fields);
    headers.set("Access-Control-Max-Age", "3600");
}

// By OpenTelemetry's semantic conventions for HTTP servers.
void describe(trace::Span& span, const Request& request, const Route* route, int status, std::string_view problem) {
    const std::string method(request.method == Method::other ? std::string_view("_OTHER") : to_string(request.method));
    span.rename(route != nullptr ? method + ' ' + route->path : method);
    span.set("http.request.method", method);
    if (route != nullptr) span.set("http.route", route->path);
    span.set("url.path", request.path);
    span.set("http.response.status_code", status);
    span.set("client.address", request.peer_address);
    if (!problem.empty()) span.set("error.type", problem);
    if (status >= 500) span.fail(problem);
}

constexpr std::size_t compress_here = 16 * 1024; // what takes longer is compressed on the CPU pool

// draft-ietf-httpapi-ratelimit-headers: what is left, and of what.
void tell_rate(const RateHint& hint, Headers& headers) {
    headers.set("RateLimit-Policy", "\"route\";q=" + std::to_string(hint.quota) + ";w=" + std::to_string(hint.window_seconds));
    headers.set("RateLimit", "\"route\";r=" + std::to_string(hint.remaining) + ";t=" + std::to_string(hint.reset_seconds));
}

} // namespace

struct Dispatcher::Call {
    const Route* route = nullptr;
    trace::Context trace;
    log::Scope scope;
    std::string_view problem; // slug of a constant
    int status = 0;
    std::optional<RateHint> rate;
    bool any_origin = false; // whose page may read the answer

    Task<void> send(Exchange& exchange, Response response) {
        status = response.status;
        if (any_origin) let_any_origin_read(response.headers);
        if (rate) tell_rate(*rate, response.headers);
        if (response.body.size() >= compress_from) { // small answers, the most of them, go on without a look
            const Request& request = exchange.request();
            if (response.body.size() < compress_here || !request.headers.has("Accept-Encoding")) {
                compress_response(request, response);
            } else {
                std::function<void()> work = [&] { compress_response(request, response); };
                co_await run_blocking(std::move(work));
            }
        }
        co_await exchange.respond(std::move(response));
    }
};

Dispatcher::Dispatcher(const Router& router, DispatcherOptions options) : router_(router), options_(std::move(options)) {}

Task<void> Dispatcher::operator()(Exchange& exchange) const {
    const auto began = Steady::now();
    Call call;
    const Request& request = exchange.request();
    const auto parent = trace::from_headers(request.headers.get("traceparent"), request.headers.joined("tracestate"));
    trace::Span span = parent ? trace::Span("request", trace::Kind::server, *parent) : trace::Span::root("request", trace::Kind::server, options_.sample_ratio);
    call.trace = span.context();
    call.scope.trace_id = call.trace.trace_id_text();
    call.scope.span_id = call.trace.span_id_text();

    std::optional<Refusal> refusal;
    try {
        co_await answer(exchange, call);
    } catch (const Refusal& refused) {
        refusal = refused;
    }
    if (refusal && exchange.responded()) { // of a stream or an endless body: nothing can be said any more
        call.problem = refusal->problem().slug;
    } else if (refusal) {
        call.problem = refusal->problem().slug;
        Response response = problem_response(*refusal, request.path, call.scope.trace_id);
        co_await call.send(exchange, std::move(response));
    }
    if (call.trace.sampled) describe(span, request, call.route, call.status, call.problem);
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
    if (options_.resources != nullptr && request.headers.has("Origin")) {
        const AnyOrigin* const readers = options_.resources->find<AnyOrigin>();
        call.any_origin = readers != nullptr && readers->may_read(request.path);
    }
    const Router::Match match = router_.match(request.method, request.path);
    if (match.route == nullptr) {
        if (match.allowed.empty() && options_.fallback) co_return co_await options_.fallback(exchange);
        if (match.allowed.empty()) throw Refusal(problems::not_found);
        if (request.method != Method::options) throw Refusal(problems::method_not_allowed).with_header("Allow", allow_field(match.allowed));
        Response response;
        response.status = 204;
        response.headers.add("Allow", allow_field(match.allowed));
        if (call.any_origin) answer_preflight(request, response.headers, match.allowed);
        co_return co_await call.send(exchange, std::move(response));
    }
    const Route& route = *match.route;
    call.route = &route;

    if (route.answer.status == 101) take_token_from_protocols(request.headers);
    const std::optional<Caller> caller = co_await authorise(request, route);
    if (caller) call.scope.project = caller->project.to_string();
    if (route.options.keys != AcceptKeys::no && !request.query.empty()) take_key_out(request.query);
    if (options_.rate && route.options.rate.requests > 0) {
        call.rate = options_.rate(request, route, caller ? &*caller : nullptr);
        if (!call.rate->allowed) throw Refusal(problems::rate_limited).with_header("Retry-After", std::to_string(call.rate->reset_seconds));
    }
    std::shared_ptr<Intake> intake;
    if (!route.bodies.empty() && route.body_mode != BodyMode::memory) {
        check_content_type(request, route);
        intake = co_await take_body(exchange, route);
    } else if (!route.bodies.empty()) {
        check_content_type(request, route);
        if (route.bodies.front().content_type != "*/*") check_content_coding(request);
        const bool fits = co_await exchange.read_body(route.options.body_limit);
        if (!fits) throw Refusal(problems::too_large, "The body may have " + std::to_string(route.options.body_limit) + " bytes");
    }

    Input input(request, match.parameters, caller ? &*caller : nullptr, options_.resources);
    if (intake) input.attach(intake);
    if (!request.query.empty() && takes_no_query(route)) {
        NoParameters none;
        input.read_query(meta::mutable_ref(none));
    }
    if (route.live != nullptr) co_return co_await run_live(exchange, call, input);
    Output output(request);
    std::exception_ptr failure;
    try {
        if (route.transaction != nullptr) {
            co_await run_transaction(exchange, call, input, output);
        } else {
            Ctx ctx(request, input.caller(), options_.database, *options_.resources, deadline_of(request, route), trace::format_traceparent(call.trace));
            co_await route.coroutine(ctx, input, output);
            if (output.producer() != nullptr) {
                apply_if_none_match(request, output.response());
                if (output.response().status == 200) co_return co_await send_produced(exchange, call, ctx, output);
            }
        }
    } catch (const Refusal&) {
        throw;
    } catch (const redis::Error& error) {
        log::error(call.scope, "redis failed", {{"route", route.path}, {"kind", redis::to_string(error.kind())}, {"error", error.what()}});
        throw refusal_of(error, request.method);
    } catch (const std::exception& error) {
        if (intake && intake->broken) throw; // the server says what is due
        // Nothing of the cause is shown; the trace id leads to this line.
        log::error(call.scope, "request failed", {{"route", route.path}, {"method", request.method_text}, {"error", error.what()}});
        failure = std::current_exception();
    }
    if (failure) throw Refusal(problems::internal);
    apply_if_none_match(request, output.response());
    co_await call.send(exchange, std::move(output.response()));
}

// Nothing can be answered once the head is out; what fails then is logged, and the server cuts the connection.
Task<void> Dispatcher::send_produced(Exchange& exchange, Call& call, Ctx& ctx, Output& output) const {
    call.status = 200;
    if (exchange.request().method == Method::head) {
        auto writer = co_await exchange.stream(200, output.response().headers, std::nullopt);
        co_return co_await writer->finish();
    }
    LazyBody body(exchange, std::move(output.response()));
    try {
        co_await output.producer()->produce(ctx, body);
        co_await body.finish();
    } catch (const std::exception& error) {
        if (!body.started()) throw;
        call.problem = problems::internal.slug;
        if (!exchange.client_gone()) log::error(call.scope, "a body broke off", {{"route", call.route->path}, {"error", error.what()}});
    }
}

Task<void> Dispatcher::run_live(Exchange& exchange, Call& call, Input& input) const {
    const Request& request = exchange.request();
    const Route& route = *call.route;
    call.status = route.answer.status;
    if (request.method == Method::head) {
        Response response;
        response.headers.add("Content-Type", route.answer.content_type);
        co_return co_await call.send(exchange, std::move(response));
    }
    // No deadline: each transaction has the store's own.
    Ctx ctx(request, input.caller(), options_.database, *options_.resources, {}, trace::format_traceparent(call.trace));
    Live live(exchange, ctx, route, options_.authenticate);
    std::exception_ptr failure;
    try {
        co_await route.live(live, input);
    } catch (const Refusal&) {
        throw;
    } catch (const std::exception& error) {
        if (!exchange.responded()) failure = std::current_exception();
        if (!exchange.client_gone())
            log::error(call.scope, "request failed", {{"route", route.path}, {"method", request.method_text}, {"error", error.what()}});
    }
    if (failure) throw Refusal(problems::internal);
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
    // Only what has waited may have been given up meanwhile: asking costs a system call.
    run.abandoned = [&exchange, since = Steady::now()] { return Steady::now() - since > patience && exchange.client_gone(); };
    if (!safe || call.trace.sampled) run.traceparent = trace::format_traceparent(call.trace); // goes into events, which a read cannot emit, and spans
    // Everything captured lives in frames that wait for this work to end. It may run more than once, so it starts from the request anew.
    std::function<void(Tx&)> work = [&](Tx& tx) {
        const log::ScopeGuard guard(call.scope);
        Input fresh = input;
        Output out(request);
        const std::string_view digest = input.intake() ? std::string_view(input.intake()->digest) : std::string_view();
        std::optional<idempotency::Record> record;
        if (key) {
            record = idempotency::record_of(*key, route.options.shows_secret, request, digest);
            if (auto replayed = idempotency::begin(tx, *record)) {
                output.response() = *std::move(replayed);
                return;
            }
        }
        route.transaction(tx, fresh, out);
        if (record) idempotency::finish(tx, *record, out.response());
        output.response() = std::move(out.response());
    };
    co_await options_.database->run(std::move(run), std::move(work));
}

} // namespace http
} // namespace gravity
