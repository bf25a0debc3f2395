#pragma once

#include <gravity/log/log.hpp>

namespace gravity::log {

/// Puts another scope in the place of this thread's (`current_scope`), for who changes from one function's stack to another's; null: none. The one it replaces.
const Scope* exchange_thread_scope(const Scope* scope);

} // namespace gravity::log
