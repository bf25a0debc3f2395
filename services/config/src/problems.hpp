#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::config {

inline constexpr Problem set_exists{409, "config-set-exists", "There is a config set of this application, profile and label"};
inline constexpr Problem too_many_sets{409, "too-many-config-sets", "The label has as many config sets as it may"};
inline constexpr Problem value_too_large{413, "value-too-large", "A value, or all of them together, is too large"};
inline constexpr Problem too_many_keys{413, "too-many-keys", "There are more keys than there may be"};
inline constexpr Problem no_such_base{422, "no-such-base", "A draft is based on the release in force"};
inline constexpr Problem stale_draft{412, "stale-draft", "Something else was published since the draft was begun"};
inline constexpr Problem nothing_to_publish{409, "nothing-to-publish", "It would be what is in force already"};
inline constexpr Problem unresolved_reference{422, "unresolved-reference", "A reference names no key, or one that refers back to it"};
inline constexpr Problem secrets_unavailable{503, "secrets-unavailable", "The key that opens secrets is missing, or another"};
inline constexpr Problem not_a_secret{409, "not-a-secret", "The value of the key is no secret"};
inline constexpr Problem no_such_label{404, "no-such-label", "The project has no settings under this label"};

// Feature flags
inline constexpr Problem flag_exists{409, "flag-exists", "There is a flag of this key"};
inline constexpr Problem too_many_flags{409, "too-many-flags", "The project has as many flags as it may"};
inline constexpr Problem prerequisite_circle{422, "prerequisite-circle", "The flag would presuppose itself"};

} // namespace gravity::config
