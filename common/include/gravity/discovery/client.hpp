#pragma once

#include <gravity/async/coroutine.hpp>
#include <gravity/discovery/neighbours.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/extract.hpp>
#include <gravity/http/result.hpp>
#include <gravity/json/codec.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

/// Calls to other services by their contract: a struct that the caller writes, with only what it uses.
///
///     struct Inventory {
///         static constexpr discovery::Neighbour neighbour{.service = "inventory", .port = 8104};
///         static constexpr Call<Stock(Path<"id", ProductId>)> stock{http::Method::get, "/api/v1/stock/{id}"};
///         static constexpr Call<Created<Hold>(Body<NewHold>)> hold{http::Method::post, "/api/v1/holds"};
///     };
///     // main.cpp: .calls<Inventory>()     a coroutine handler:
///     const auto stock = co_await ctx.get<Client<Inventory>>().call(ctx, Inventory::stock, id);
///     if (stock.absent()) ...   // a value, not an exception: the service works without it
namespace gravity {

/// What a neighbour answered.
template <class T>
class Reply {
public:
    explicit operator bool() const { return value_.has_value(); }
    const T& operator*() const { return *value_; }
    const T* operator->() const { return &*value_; }

    /// No answer was to be had: nobody is there, it fails, or the deadline has passed. `maybe_executed`: it may have acted all the same.
    bool absent() const { return status_ == 0; }
    bool maybe_executed() const { return maybe_executed_; }
    int status() const { return status_; }                      // 0: absent
    /// The slug of the problem it answered with; empty if it did not.
    const std::string& problem() const { return problem_; }
    const std::string& why() const { return why_; }
    /// The value, or 503 where the request cannot be answered without.
    T or_unavailable() && {
        if (value_) return std::move(*value_);
        throw Refusal(dependency_unavailable, why_).with_header("Retry-After", "1");
    }

    static constexpr Problem dependency_unavailable{503, "dependency-unavailable", "A service this one needs did not answer"};

private:
    template <class C>
    friend class Client;
    std::optional<T> value_;
    int status_ = 0;
    bool maybe_executed_ = false;
    std::string problem_, why_;
};

/// One operation of a contract; its arguments are those a handler would take: Path, Params, Body.
template <class Signature>
struct Call;
template <class R, class... A>
struct Call<R(A...)> {
    http::Method method = http::Method::get;
    std::string_view path;
    std::chrono::milliseconds attempt_timeout{5'000};
};

/// For whom a call is made: a request (its deadline, trace and user), or nobody (jobs, consumers).
struct CallFor {
    CallFor() = default;
    CallFor(const Ctx& ctx);
    std::chrono::steady_clock::time_point deadline{};
    std::string traceparent{};
    std::string user_token{};
    /// Makes a POST repeatable: the same key for the same intent. Without it a POST is sent once.
    std::string idempotency_key{};
};

namespace discovery {

void fill_path(std::string& target, std::string_view name, meta::Ref value);
void append_query(std::string& target, meta::Ref parameters);
/// "urn:gravity:problem:sku-taken" and its detail, of an answer that is a problem document.
void read_problem(const http::Response& response, std::string& slug, std::string& detail);
/// One clause if the document is not what the contract says.
std::string read_answer(const http::Response& response, meta::MutableRef out);
Outgoing outgoing_of(const CallFor& origin, http::Method method, std::string_view path, std::chrono::milliseconds attempt_timeout);

template <class X>
struct Writer;
template <FixedText Name, class T>
struct Writer<Path<Name, T>> {
    using Value = T;
    static void write(Outgoing& out, const T& value) { fill_path(out.target, Name.view(), meta::ref(value)); }
};
template <class T>
struct Writer<Params<T>> {
    using Value = T;
    static void write(Outgoing& out, const T& value) { append_query(out.target, meta::ref(value)); }
};
template <class T>
struct Writer<Body<T>> {
    using Value = T;
    static void write(Outgoing& out, const T& value) {
        out.body = json::encode(value);
        out.content_type = "application/json";
    }
};

template <class R>
struct Plain {
    using type = R;
};
template <class T>
struct Plain<Created<T>> {
    using type = T;
};
template <class T>
struct Plain<Accepted<T>> {
    using type = T;
};

} // namespace discovery

template <class Contract>
class Client {
public:
    explicit Client(discovery::Neighbours& neighbours) : neighbours_(neighbours) {}

    template <class R, class... A>
    Task<Reply<typename discovery::Plain<R>::type>> call(CallFor origin, Call<R(A...)> what, typename discovery::Writer<A>::Value... values) {
        discovery::Outgoing out = discovery::outgoing_of(origin, what.method, what.path, what.attempt_timeout);
        (discovery::Writer<A>::write(out, values), ...);
        auto incoming = co_await neighbours_.send(Contract::neighbour, std::move(out));
        Reply<typename discovery::Plain<R>::type> reply;
        reply.maybe_executed_ = incoming.maybe_executed;
        reply.why_ = std::move(incoming.absence);
        if (!incoming.response) co_return reply;
        reply.status_ = incoming.response->status;
        if (reply.status_ / 100 != 2) {
            discovery::read_problem(*incoming.response, reply.problem_, reply.why_);
            co_return reply;
        }
        reply.value_.emplace();
        if constexpr (!std::is_same_v<R, NoContent>) {
            reply.why_ = discovery::read_answer(*incoming.response, meta::mutable_ref(*reply.value_));
            if (!reply.why_.empty()) reply.value_.reset();
        }
        co_return reply;
    }

private:
    discovery::Neighbours& neighbours_;
};

} // namespace gravity
