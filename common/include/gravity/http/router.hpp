#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/extract.hpp>
#include <gravity/http/live.hpp>
#include <gravity/http/result.hpp>
#include <gravity/http/upload.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gravity {

namespace http {

template <auto Fn>
constexpr std::string_view function_name() { // "... [with auto Fn = gravity::{anonymous}::publish_one; ..."
    std::string_view text = __PRETTY_FUNCTION__;
    const auto begin = text.find("Fn = ") + 5;
    text = text.substr(begin, text.find_first_of(";]", begin) - begin);
    const auto colon = text.rfind("::");
    if (colon != std::string_view::npos) text = text.substr(colon + 2);
    return text.starts_with('&') ? text.substr(1) : text;
}

template <class T>
struct TaskValue;
template <class T>
struct TaskValue<Task<T>> {
    using type = T;
};

/// Turns a handler's signature into an entry of the route table: documentation and one thunk. All else is non-template code.
template <auto Fn, class Signature = decltype(Fn)>
struct Thunk;

template <auto Fn, class R, class... A>
struct Thunk<Fn, R (*)(Tx&, A...)> {
    static_assert(!std::is_same_v<R, Streamed>, "a body made while it is sent waits for the client: take Ctx&, not a transaction");
    static_assert(!(... || std::is_same_v<A, Upload>), "an upload waits for the client: take SpooledBody or Form, not Upload");
    static void describe(Route& route) {
        (Extractor<A>::describe(route), ...);
        Result<R>::describe(route);
        route.transaction = &run;
    }
    static void run(Tx& tx, Input& in, Output& out) {
        std::tuple<A...> arguments{Extractor<A>::read(in)...}; // braces: read in order
        in.refuse_faults();
        std::apply([&](A&... a) { Result<R>::write(out, Fn(tx, std::move(a)...)); }, arguments);
    }
};

template <auto Fn, class R, class... A>
struct Thunk<Fn, R (*)(Ctx&, A...)> {
    using Value = typename TaskValue<R>::type;
    using Done = Task<std::void_t<R>>; // Task<void>, which only a table with coroutines in it has to know (coroutine.hpp)
    static void describe(Route& route) {
        (Extractor<A>::describe(route), ...);
        Result<Value>::describe(route);
        route.coroutine = &run;
    }
    static Done run(Ctx& ctx, Input& in, Output& out) { return call(ctx, in, out, std::index_sequence_for<A...>{}); }

private:
    template <std::size_t... I>
    static Done call(Ctx& ctx, Input& in, Output& out, std::index_sequence<I...>) {
        std::tuple<A...> arguments{Extractor<A>::read(in)...};
        in.refuse_faults();
        Task<Value> task = Fn(ctx, std::move(std::get<I>(arguments))...);
        Value value = co_await std::move(task);
        Result<Value>::write(out, std::move(value));
    }
};

// For the life of a connection: the arguments are read before it begins, so what is wrong with them is still answered as a problem.
template <class Subject, class... A>
struct LiveCall {
    static std::function<Task<void>(Subject&)> make(Task<void> (*handler)(Subject&, A...), Input& in) {
        std::tuple<A...> read{Extractor<A>::read(in)...};
        in.refuse_faults();
        auto arguments = std::make_shared<std::tuple<A...>>(std::move(read));
        return [handler, arguments](Subject& subject) {
            return std::apply([&](A&... a) { return handler(subject, std::move(a)...); }, *arguments);
        };
    }
};

template <auto Fn, class... A>
struct Thunk<Fn, Task<void> (*)(gravity::EventStream&, A...)> {
    static void describe(Route& route) {
        (Extractor<A>::describe(route), ...);
        route.parameters.push_back({"header", "Last-Event-ID", &meta::type_of<std::string>(), false, "The last event seen before the connection was lost"});
        route.answer = {200, "Server-Sent Events, for as long as the connection lives", "text/event-stream"};
        route.live = &run;
    }
    static Task<std::void_t<A...>> run(Live& live, Input& in) {
        auto handler = LiveCall<gravity::EventStream, A...>::make(Fn, in);
        co_await live.events(std::move(handler));
    }
};

template <auto Fn, class... A>
struct Thunk<Fn, Task<void> (*)(gravity::WebSocket&, A...)> {
    static void describe(Route& route) {
        (Extractor<A>::describe(route), ...);
        route.answer = {101, "Switching Protocols: a WebSocket (RFC 6455)"};
        route.live = &run;
    }
    static Task<std::void_t<A...>> run(Live& live, Input& in) {
        auto handler = LiveCall<gravity::WebSocket, A...>::make(Fn, in);
        co_await live.socket(std::move(handler));
    }
};

} // namespace http

/// The routes of one collection: paths below its prefix, scopes `<scope>:read` and `<scope>:write`.
class Collection {
public:
    Collection(std::vector<http::Route>& routes, std::string prefix, std::string scope)
        : routes_(routes), prefix_(std::move(prefix)), scope_(std::move(scope)) {}

    template <auto Fn>
    void get(std::string_view path, http::RouteOptions options = {}) {
        add<Fn>(http::Method::get, path, std::move(options));
    }
    template <auto Fn>
    void post(std::string_view path, http::RouteOptions options = {}) {
        add<Fn>(http::Method::post, path, std::move(options));
    }
    template <auto Fn>
    void put(std::string_view path, http::RouteOptions options = {}) {
        add<Fn>(http::Method::put, path, std::move(options));
    }
    template <auto Fn>
    void patch(std::string_view path, http::RouteOptions options = {}) {
        add<Fn>(http::Method::patch, path, std::move(options));
    }
    template <auto Fn>
    void del(std::string_view path, http::RouteOptions options = {}) {
        add<Fn>(http::Method::delete_, path, std::move(options));
    }

    /// Server-Sent Events, by a handler `Task<void>(EventStream&, ...)`.
    template <auto Fn>
    void stream(std::string_view path, http::RouteOptions options = {}, http::LiveOptions live = {}) {
        add<Fn>(http::Method::get, path, std::move(options)).live_options = std::move(live);
    }
    /// A WebSocket, by a handler `Task<void>(WebSocket&, ...)`.
    template <auto Fn>
    void ws(std::string_view path, http::RouteOptions options = {}, http::LiveOptions live = {}) {
        add<Fn>(http::Method::get, path, std::move(options)).live_options = std::move(live);
    }

private:
    template <auto Fn>
    http::Route& add(http::Method method, std::string_view path, http::RouteOptions options) {
        http::Route& route = append(method, path, http::function_name<Fn>(), std::move(options));
        http::Thunk<Fn>::describe(route);
        return route;
    }
    http::Route& append(http::Method method, std::string_view path, std::string_view function, http::RouteOptions options);

    std::vector<http::Route>& routes_;
    std::string prefix_;
    std::string scope_;
};

/// The route table of a service, filled by its `routes(Router&)`.
class Router {
public:
    Router();
    ~Router();
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    /// Routes below `prefix` ("/api/v1/products"), with the noun of their scopes ("products").
    Collection collection(std::string_view prefix, std::string_view scope);
    /// Routes of a foreign standard at the root of the port.
    Collection surface(std::string_view scope) { return collection("", scope); }

    /// To be called once, when all routes are there. Throws std::logic_error for what could only fail later: two routes on one method and
    /// path, or of one name; a handler's Path<"x"> without {x}; one path under two sets of parameter names; a {rest...} that is not the end.
    void finish();
    const std::vector<http::Route>& routes() const { return routes_; }

    struct Match {
        const http::Route* route = nullptr;
        std::vector<std::pair<std::string_view, std::string>> parameters; // decoded
        std::vector<http::Method> allowed;                                // of the path; empty: there is no such path
    };
    /// HEAD finds GET. A literal segment wins over one that frames its parameter ("sitemap-{part}.xml"), and that over a `{parameter}`;
    /// `{name...}` takes the rest of the path.
    Match match(http::Method method, std::string_view path) const;

private:
    struct Node;
    std::vector<http::Route> routes_;
    std::unique_ptr<Node> root_;
};

} // namespace gravity
