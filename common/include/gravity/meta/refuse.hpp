#pragma once

#include <gravity/base/problem.hpp>
#include <gravity/meta/errors.hpp>

namespace gravity {

/// Throws a Refusal with everything that was found wrong, each with its pointer; returns if nothing was.
void refuse_if_any(const meta::Errors& errors, const Problem& problem = problems::invalid);

} // namespace gravity
