#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/type.hpp>
#include <gravity/http/message.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace gravity {
class Ctx;
}

namespace gravity::http {

class BodyWriter; // exchange.hpp

/// Makes a body while it is sent.
struct BodyProducer {
    virtual ~BodyProducer() = default;
    virtual Task<void> produce(Ctx& ctx, BodyWriter& out) = 0;
};

/// Where results write themselves: builds the response and its validators.
class Output {
public:
    explicit Output(const Request& request) : request_(request) {}

    /// A JSON document. A single resource (an object with a `version`) gets its ETag.
    void json(int status, meta::Ref value);
    /// The same with `Location`: where the resource is, or empty for "<path of the collection>/<its id>".
    void created(meta::Ref value, std::string_view location);
    void empty(int status);
    void bytes(int status, std::string_view content_type, std::string body);
    void header(std::string_view name, std::string_view value) { response_.headers.set(name, value); }

    /// The body is made while it is sent (Streamed).
    void produce_by(std::unique_ptr<BodyProducer> producer) { producer_ = std::move(producer); }
    BodyProducer* producer() const { return producer_.get(); } // null: the body is in the response

    const Request& request() const { return request_; }
    Response& response() { return response_; }

private:
    const Request& request_;
    Response response_;
    std::unique_ptr<BodyProducer> producer_;
};

/// Strong entity tag of a version: "\"3\"" (RFC 9110 section 8.8.3).
std::string etag_of(std::int64_t version);
} // namespace gravity::http
