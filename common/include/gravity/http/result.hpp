#pragma once

#include <gravity/http/output.hpp>
#include <gravity/http/route.hpp>
#include <gravity/pg/page.hpp>

#include <string>
#include <utility>

/// What handlers return. Each result carries its statuses and headers, and says so in OpenAPI.
namespace gravity {

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

/// Bytes of any type.
struct Download {
    std::string content_type;
    std::string bytes;
    std::string file_name{}; // empty: shown, else offered for saving under this name (RFC 6266)
    int status = 200;
};

/// 301, 302, 303, 307 or 308.
struct Redirect {
    std::string location;
    int status = 303;
};

namespace http {

void write_download(Output& out, Download&& download);

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
