#pragma once

#include <gravity/http/ctx.hpp>
#include <gravity/http/web.hpp>

namespace gravity::issuer::pages {

/// A page for a person, whatever happens: one that says that something does not work has the trace on it (with_trace), and where what is behind it cannot be
/// reached at the moment (503), or has changed meanwhile (409), a page says so, with the fields of that refusal. Any other refusal is thrown on.
Task<Web> told(Ctx& ctx, Task<Web> page);

} // namespace gravity::issuer::pages
