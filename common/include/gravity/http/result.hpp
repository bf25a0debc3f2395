#pragma once

#include <gravity/http/output.hpp>
#include <gravity/http/route.hpp>
#include <gravity/pg/page.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

/// What handlers return. Each result carries its statuses and headers, and says so in OpenAPI.
namespace gravity {

namespace http {
template <class R>
struct Result;
} // namespace http

/// 201 with Location and ETag.
template <class T>
struct Created {
    T value;
    std::string location{}; // empty: the request's path and the `id` of the value
    Created(T v) : value(std::move(v)) {}
    Created(T v, std::string at) : value(std::move(v)), location(std::move(at)) {}
};

/// 202: the work goes on; the value tells where to look.
template <class T>
struct Accepted {
    T value;
    Accepted(T v) : value(std::move(v)) {}
};

/// 204.
struct NoContent {};

/// Bytes of any type. A GET of them understands ranges (RFC 9110 section 14).
struct Download {
    std::string content_type;
    std::string bytes;
    std::string file_name{}; // empty: shown, else offered for saving under this name (RFC 6266)
    int status = 200;
    std::string etag{}; // quoted; empty: none
};

/// A body made piece by piece while it is sent, by a coroutine that waits where the client is slow: exports, site maps, feeds.
///
///     Task<void> write_rows(Ctx& ctx, http::BodyWriter& out, Filter filter) { ... co_await out.write(piece); ... }
///     Task<Streamed> export_rows(Ctx&, Params<Filter> filter) { co_return Streamed("text/csv", "rows.csv").by(write_rows, *filter); }
///
/// What it throws before the first 32 KiB are written is answered as a problem; afterwards the connection is cut, so that a part never looks
/// like the whole. Pieces are gathered and, where the client takes it, compressed.
class Streamed {
public:
    explicit Streamed(std::string content_type, std::string file_name = {}) : content_type_(std::move(content_type)), file_name_(std::move(file_name)) {}

    /// A coroutine function `Task<void>(Ctx&, http::BodyWriter&, args...)`; the arguments are kept.
    template <class F, class... A>
    Streamed&& by(F function, A... arguments) && {
        struct Producer final : http::BodyProducer {
            Producer(F call, A... with) : function(call), arguments(std::move(with)...) {}
            Task<std::void_t<F>> produce(Ctx& ctx, http::BodyWriter& out) override { // a Task<void>, of which nothing need be known here
                return std::apply([&](const A&... with) { return function(ctx, out, with...); }, arguments);
            }
            F function;
            std::tuple<A...> arguments;
        };
        producer_ = std::make_unique<Producer>(function, std::move(arguments)...);
        return std::move(*this);
    }
    /// A quoted entity tag: a client that has it already gets 304 and nothing is made.
    Streamed&& etag(std::string tag) && {
        etag_ = std::move(tag);
        return std::move(*this);
    }

private:
    friend struct http::Result<Streamed>;
    std::string content_type_, file_name_, etag_;
    std::unique_ptr<http::BodyProducer> producer_;
};

/// 301, 302, 303, 307 or 308.
struct Redirect {
    std::string location;
    int status = 303;
};

namespace http {

void write_download(Output& out, Download&& download);
void offer_as(Output& out, std::string_view file_name); // RFC 6266

template <class R>
struct Result { // T: 200 with its JSON
    static void write(Output& out, R&& value) { out.json(200, meta::ref(value)); }
    static void describe(Route& route) {
        const meta::Type& type = meta::type_of<R>();
        route.answer = {200, "OK", "application/json", &type};
        if constexpr (requires(const R& r) { r.version; }) route.answer.etag = true;
    }
};

template <class T>
struct Result<Created<T>> {
    static void write(Output& out, Created<T>&& created) { out.created(meta::ref(created.value), created.location); }
    static void describe(Route& route) {
        route.answer = {201, "Created", "application/json", &meta::type_of<T>()};
        route.answer.location = true;
        if constexpr (requires(const T& r) { r.version; }) route.answer.etag = true;
    }
};

template <class T>
struct Result<Accepted<T>> {
    static void write(Output& out, Accepted<T>&& accepted) { out.json(202, meta::ref(accepted.value)); }
    static void describe(Route& route) { route.answer = {202, "Accepted", "application/json", &meta::type_of<T>()}; }
};

template <>
struct Result<NoContent> {
    static void write(Output& out, NoContent&&) { out.empty(204); }
    static void describe(Route& route) { route.answer = {204, "No Content"}; }
};

template <>
struct Result<Download> {
    static void write(Output& out, Download&& download) { write_download(out, std::move(download)); }
    static void describe(Route& route) { route.answer = {200, "OK", "*/*"}; }
};

template <>
struct Result<Streamed> {
    static void write(Output& out, Streamed&& streamed) {
        out.bytes(200, streamed.content_type_, {});
        offer_as(out, streamed.file_name_);
        if (!streamed.etag_.empty()) out.header("ETag", streamed.etag_);
        out.produce_by(std::move(streamed.producer_));
    }
    static void describe(Route& route) { route.answer = {200, "OK", "*/*"}; }
};

template <>
struct Result<Redirect> {
    static void write(Output& out, Redirect&& redirect) {
        out.empty(redirect.status);
        out.header("Location", redirect.location);
    }
    static void describe(Route& route) {
        route.answer = {303, "See Other"};
        route.answer.location = true;
    }
};

} // namespace http
} // namespace gravity
