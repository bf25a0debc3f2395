#pragma once

#include <gravity/base/problem.hpp>
#include <gravity/http/message.hpp>
#include <gravity/meta/errors.hpp>

namespace gravity::http {

/// The answer to a refusal: application/problem+json (RFC 9457) with `instance` and `trace_id`, and the refusal's own headers.
Response problem_response(const Refusal& refusal, std::string_view instance, std::string_view trace_id);

/// Faults of an input as one refusal: 400 if its shape is wrong, else 422. `in` as in Refusal::Fault.
Refusal refusal_of(const meta::Errors& errors, std::string_view in = {});

} // namespace gravity::http
