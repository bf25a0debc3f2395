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
    OwnPages(std::string version, std::string_view openapi, std::string docs = {});

    /// An empty reason: ready.
    void set_ready(std::string reason);
    /// It is kept as gzip: the description of a whole platform is megabytes, and hardly anybody reads it.
    void set_openapi(std::string_view document);
    /// Whether a path, in normal form, is one of ours.
    static bool owns(std::string_view path);
    /// The answer to a path that is ours; 405 with Allow for another method than GET and HEAD. Nothing for a page of /docs that there is not.
    std::optional<http::Response> answer(http::Method method, std::string_view path, std::string_view accept_encoding = {}) const;

private:
    std::optional<http::Response> docs_page(std::string_view path) const;
    http::Response description(std::string_view accept_encoding) const;
    http::Response health(bool ready, std::string_view reason) const;
    std::string version_;
    std::string docs_;
    mutable std::mutex mutex_;
    std::string openapi_;           // gzip
    std::size_t openapi_bytes_ = 0; // of its text
    std::string blocked_ = "starting";
};

} // namespace gravity::gateway
