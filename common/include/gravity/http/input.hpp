#pragma once

#include <gravity/base/caller.hpp>
#include <gravity/http/message.hpp>
#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity {
class Resources;
}

namespace gravity::http {

struct Intake;

/// What extractors read from: a request whose route, caller and body are known. Faults are collected, so that a caller is told all of them.
class Input {
public:
    Input(const Request& request, std::vector<std::pair<std::string_view, std::string>> path_parameters, const Caller* caller,
          const Resources* resources = nullptr)
        : request_(request), path_parameters_(std::move(path_parameters)), caller_(caller), resources_(resources) {}

    const Request& request() const { return request_; }
    const Caller* caller() const { return caller_; } // null on an open route without credentials
    const Resources* resources() const { return resources_; } // of the service; null in tests of extractors

    /// The body of a route that does not keep it in memory (http/upload.hpp); null for others.
    const std::shared_ptr<Intake>& intake() const { return intake_; }
    void attach(std::shared_ptr<Intake> intake) { intake_ = std::move(intake); }

    /// A `{name}` of the path. One that its type does not take names no resource: 404 at once.
    void read_path(std::string_view name, meta::MutableRef out) const;
    /// The query string into a described struct. Lists take `a=1&a=2` and `a=1,2`; a map field `attr` takes `attr.color=red`.
    void read_query(meta::MutableRef out);
    /// The JSON body into a described value.
    void read_body(meta::MutableRef out);
    /// The JSON body as it is (merge patch).
    Json body_document();

    /// Throws what was collected, if anything.
    void refuse_faults() const;

private:
    const Request& request_;
    std::vector<std::pair<std::string_view, std::string>> path_parameters_;
    const Caller* caller_;
    const Resources* resources_;
    std::shared_ptr<Intake> intake_;
    meta::Errors query_faults_;
    meta::Errors body_faults_;
};

} // namespace gravity::http
