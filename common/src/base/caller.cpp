#include <gravity/base/caller.hpp>
#include <gravity/base/scope.hpp>

namespace gravity {

bool Caller::may(std::string_view scope) const { return scope_allows(scopes, scope); }

} // namespace gravity
