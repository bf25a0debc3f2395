#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/http/extract.hpp>
#include <gravity/http/form.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// Bodies that are not kept in memory, as parameters of handlers. `.body_limit` of the route bounds each.
namespace gravity {

namespace http {

/// Where such a body is on its way to the handler.
struct Intake {
    Exchange* exchange = nullptr; // streamed: the handler reads it
    std::uint64_t limit = 0;
    std::uint64_t received = 0;
    bool broken = false;          // it broke off, and the server knows what to answer
    Sha256 hash;
    std::string sha256;           // hexadecimal, once all is here
    std::optional<SpooledFile> file;
    http::Form form;
    std::string digest;           // of what was sent, for idempotency keys: a form sent again has another boundary
};

/// Takes the body as the route wants it; for one that is streamed, nothing yet. Refuses with 400, 413 or 415.
Task<std::shared_ptr<Intake>> take_body(Exchange& exchange, const Route& route);

} // namespace http

/// The body as it comes, for coroutine handlers: `while (!(piece = co_await upload.read()).empty()) ...`. Hashed while it flows.
class Upload {
public:
    Upload() = default;
    explicit Upload(std::shared_ptr<http::Intake> intake, std::string content_type) : intake_(std::move(intake)), content_type_(std::move(content_type)) {}

    /// The next piece, at most 64 KiB; empty at the end. Refuses with 413 beyond the route's limit.
    Task<std::string> read();
    /// What the client says it is: not to be believed.
    const std::string& content_type() const { return content_type_; }
    std::uint64_t received() const { return intake_->received; }
    /// SHA-256 in hexadecimal; empty before the end.
    const std::string& sha256() const { return intake_->sha256; }

private:
    std::shared_ptr<http::Intake> intake_;
    std::string content_type_;
};

/// The whole body in a file without a name, gone with the request: for handlers that hold a transaction, which must not wait for a client.
class SpooledBody {
public:
    SpooledBody() = default;
    explicit SpooledBody(std::shared_ptr<const http::Intake> intake, std::string content_type)
        : intake_(std::move(intake)), content_type_(std::move(content_type)) {}

    const std::string& content_type() const { return content_type_; }
    std::uint64_t size() const { return intake_->file->size(); }
    const std::string& sha256() const { return intake_->sha256; }
    /// Up to `most` bytes from `offset`; empty at the end.
    std::string read(std::uint64_t offset, std::size_t most) const { return intake_->file->read(offset, most); }

private:
    std::shared_ptr<const http::Intake> intake_;
    std::string content_type_;
};

/// A multipart/form-data body: fields in memory, files in files without names, hashed and their types sniffed.
class Form {
public:
    Form() = default;
    explicit Form(std::shared_ptr<const http::Intake> intake) : intake_(std::move(intake)) {}

    const std::vector<http::FormField>& fields() const { return intake_->form.fields; }
    const std::vector<http::FormFile>& files() const { return intake_->form.files; }
    /// The first of the name; null if there is none.
    const std::string* find(std::string_view field) const;
    /// The first file of the name; refuses with 422 if there is none.
    const http::FormFile& file(std::string_view name) const;

private:
    std::shared_ptr<const http::Intake> intake_;
};

namespace http {

template <>
struct Extractor<Upload> {
    static constexpr bool coroutines_only = true;
    static Upload read(Input& in) { return Upload(in.intake(), std::string(in.request().headers.get("Content-Type").value_or(""))); }
    static void describe(Route& route) {
        route.bodies.push_back({"*/*", nullptr});
        route.body_mode = BodyMode::streamed;
    }
};

template <>
struct Extractor<SpooledBody> {
    static SpooledBody read(Input& in) { return SpooledBody(in.intake(), std::string(in.request().headers.get("Content-Type").value_or(""))); }
    static void describe(Route& route) {
        route.bodies.push_back({"*/*", nullptr});
        route.body_mode = BodyMode::spooled;
    }
};

template <>
struct Extractor<gravity::Form> {
    static gravity::Form read(Input& in) { return gravity::Form(in.intake()); }
    static void describe(Route& route) {
        route.bodies.push_back({"multipart/form-data", nullptr});
        route.body_mode = BodyMode::form;
    }
};

} // namespace http
} // namespace gravity
