#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

namespace gravity::http {

/// Paths whose answers pages of any origin may read, as the Fetch standard has it (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol): for endpoints of a
/// standard that apps in browsers call. Put into the resources while the service provides; the dispatcher answers preflights and adds the fields to all
/// that it answers there, refusals too. What is answered before it (a request that cannot be read or is too large, a service that starts) has none: to a page
/// that is a network error. Never for what looks at cookies: such a page's requests come without them, and may be anybody's. Immutable; any thread.
class AnyOrigin {
public:
    AnyOrigin(std::initializer_list<std::string> paths) : paths_(paths) {}
    bool may_read(std::string_view path) const { return paths_.contains(path); }

private:
    std::set<std::string, std::less<>> paths_;
};

} // namespace gravity::http
