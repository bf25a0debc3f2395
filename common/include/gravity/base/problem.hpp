#pragma once

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity {

/// One kind of refusal, as callers see it (RFC 9457): constants of a service's problems.hpp. `slug` is stable; the `type` URI is made from it.
struct Problem {
    int status;
    std::string_view slug;  // "sku-taken"
    std::string_view title; // one short sentence, the same for every occurrence
};

/// Thrown by a handler, a domain rule or an extractor to answer with a problem document. What it carries is shown to the caller.
class Refusal : public std::exception {
public:
    struct Member { // an extension member (RFC 9457 section 3.2), already JSON
        std::string name;
        std::string json;
    };
    struct Fault { // one entry of `errors`
        std::string pointer; // RFC 6901, in the body or, with `in`, among those parameters
        std::string detail;
        std::string in{};    // "query", "path", "header"; empty for the body
    };

    explicit Refusal(const Problem& problem, std::string detail = {}) : problem_(problem), detail_(std::move(detail)) {}

    /// Adds an extension member with a text value.
    Refusal& with(std::string_view name, std::string_view text) &;
    Refusal& with(std::string_view name, std::int64_t number) &;
    template <class V>
    Refusal&& with(std::string_view name, V value) && {
        with(name, value);
        return std::move(*this);
    }
    Refusal& with_faults(std::vector<Fault> faults) &;
    Refusal&& with_faults(std::vector<Fault> faults) && { return std::move(with_faults(std::move(faults))); }
    /// A response header that belongs to this refusal, e.g. Retry-After.
    Refusal& with_header(std::string name, std::string value) &;
    Refusal&& with_header(std::string name, std::string value) && { return std::move(with_header(std::move(name), std::move(value))); }

    const Problem& problem() const noexcept { return problem_; }
    const std::string& detail() const noexcept { return detail_; }
    const std::vector<Member>& members() const noexcept { return members_; }
    const std::vector<Fault>& faults() const noexcept { return faults_; }
    const std::vector<std::pair<std::string, std::string>>& headers() const noexcept { return headers_; }
    const char* what() const noexcept override { return detail_.empty() ? problem_.title.data() : detail_.c_str(); }

private:
    Problem problem_;
    std::string detail_;
    std::vector<Member> members_;
    std::vector<Fault> faults_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

/// The `type` member: "urn:gravity:problem:sku-taken". A URN, because a name must not depend on anybody's web server.
std::string problem_type(std::string_view slug);

/// The refusals every service shares; conventions of the platform, so their slugs never change.
namespace problems {
inline constexpr Problem malformed{400, "malformed-request", "The request is malformed"};
inline constexpr Problem invalid_cursor{400, "invalid-cursor", "The cursor does not belong to this list"};
inline constexpr Problem unauthenticated{401, "unauthenticated", "Credentials are missing or not valid"};
inline constexpr Problem forbidden{403, "forbidden", "The credentials do not allow this"};
inline constexpr Problem not_found{404, "not-found", "There is no such resource"};
inline constexpr Problem method_not_allowed{405, "method-not-allowed", "The resource does not have this method"};
inline constexpr Problem not_acceptable{406, "not-acceptable", "No representation fits the Accept field"};
inline constexpr Problem conflict{409, "conflict", "The request conflicts with the present state"};
inline constexpr Problem request_running{409, "request-running", "A request with this idempotency key is still running"};
inline constexpr Problem stale_version{412, "stale-version", "The resource has changed since it was read"};
inline constexpr Problem too_large{413, "too-large", "The request body is too large"};
inline constexpr Problem unsupported_media_type{415, "unsupported-media-type", "The content type is not accepted here"};
inline constexpr Problem invalid{422, "invalid-value", "A value is not acceptable"};
inline constexpr Problem key_reused{422, "idempotency-key-reused", "The idempotency key was used for another request"};
inline constexpr Problem rate_limited{429, "rate-limited", "Too many requests"};
inline constexpr Problem internal{500, "internal", "An internal error"};
inline constexpr Problem integrity_violation{500, "integrity-violation", "Stored data is damaged"};
inline constexpr Problem store_unavailable{503, "store-unavailable", "The store cannot be reached at the moment"};
inline constexpr Problem overloaded{503, "overloaded", "Too much work is waiting"};
inline constexpr Problem outcome_unknown{503, "outcome-unknown", "The connection was lost while committing; look before trying again"};
inline constexpr Problem deadline_exceeded{504, "deadline-exceeded", "The deadline of the request has passed"};
} // namespace problems

} // namespace gravity
