#pragma once

#include <gravity/http/message.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// The few paths of the data ports that are the gateway's own: /health/live, /health/ready, /openapi.json, /docs and what lies below it. Any thread.
class OwnPages {
public:
    /// `docs`: a folder with Swagger UI's files, or empty.
    OwnPages(std::string version, std::string openapi, std::string docs = {})
        : version_(std::move(version)), docs_(std::move(docs)), openapi_(std::move(openapi)) {}

    /// An empty reason: ready.
    void set_ready(std::string reason);
    void set_openapi(std::string document);
    /// The answer, if the path is one of ours; 405 with Allow for another method than GET and HEAD.
    std::optional<http::Response> answer(http::Method method, std::string_view path) const;

private:
    std::optional<http::Response> docs_page(std::string_view path) const;
    http::Response health(bool ready, std::string_view reason) const;
    std::string version_;
    std::string docs_;
    mutable std::mutex mutex_;
    std::string openapi_;
    std::string blocked_ = "starting";
};

} // namespace gravity::gateway
