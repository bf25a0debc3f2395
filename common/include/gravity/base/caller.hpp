#pragma once

#include <gravity/base/uuid.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gravity {

/// Who sent a request, as its verified token says. A value; what a handler may ask.
struct Caller {
    std::string subject;             // `sub`: a user, a client or "api_key:<id>"
    ProjectId project;               // every row read or written belongs to it
    std::vector<std::string> scopes; // "products:write"
    std::vector<std::string> roles;
    std::string session;             // `sid`, may be empty
    std::string actor;               // `act.sub`: who acts for the subject, may be empty
    std::int64_t expires_at = 0;     // when the proof of all this ends, Unix seconds; 0: it does not

    /// `<collection>:admin` implies `:write`, which implies `:read`.
    bool may(std::string_view scope) const;
};

} // namespace gravity
