#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::user {

inline constexpr Problem handle_taken{409, "handle-taken", "Somebody has this handle, or one that looks like it"};
inline constexpr Problem subject_taken{409, "subject-taken", "Another user is the subject of these tokens"};
inline constexpr Problem external_id_taken{409, "external-id-taken", "Another user has this external id"};
inline constexpr Problem contact_taken{409, "contact-taken", "Another user has proved that an address or number is theirs"};
inline constexpr Problem not_a_user{404, "not-a-user", "The token's subject is no user"};
inline constexpr Problem wrong_state{409, "wrong-state", "The account's state does not allow this"};
inline constexpr Problem verified_by_admin{403, "verified-by-admin", "Only who administers users says that an address is verified"};

inline constexpr Problem no_such_member{422, "no-such-member", "There is no such user or group"};
inline constexpr Problem group_full{409, "group-full", "A group has at most 10,000 members"};
inline constexpr Problem group_circle{422, "group-circle", "A group would be a member of itself, or more than ten levels deep"};

} // namespace gravity::user
