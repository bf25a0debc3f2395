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
inline constexpr Problem schema_violation{422, "schema-violation", "What would be in force does not hold a schema"};
inline constexpr Problem schema_exists{409, "config-schema-exists", "There is a schema of this application, profile and label"};
inline constexpr Problem too_many_schemas{409, "too-many-config-schemas", "The project has as many schemas as it may"};
inline constexpr Problem no_such_version{422, "no-such-version", "The version is none of what is in force for this application, these profiles and this label"};
inline constexpr Problem secrets_unavailable{503, "secrets-unavailable", "The key that opens secrets is missing, or another"};
inline constexpr Problem not_a_cipher{400, "not-a-cipher", "The text is no cipher of this project that the master key opens"};
inline constexpr Problem not_a_secret{409, "not-a-secret", "The value of the key is no secret"};
inline constexpr Problem no_such_label{404, "no-such-label", "The project has no settings under this label"};

inline constexpr Problem rollout_unfinished{409, "rollout-unfinished", "A release of the set is still being rolled out"};
inline constexpr Problem rollout_ended{409, "rollout-ended", "The rollout is at its end, or not in the state for this"};
inline constexpr Problem nothing_in_force{409, "nothing-in-force", "A first release is for everybody: there is nothing that others could keep"};

inline constexpr Problem review_required{409, "review-required", "The draft is to be approved by somebody who has not changed it"};
inline constexpr Problem own_draft{403, "own-draft", "Who has changed a draft does not approve it"};
inline constexpr Problem tag_exists{409, "tag-exists", "There is a tag of this name"};
inline constexpr Problem too_many_tags{409, "too-many-tags", "The set has as many tags as it may"};

inline constexpr Problem no_variable_name{409, "no-variable-name", "A key cannot be an environment variable, or two would be the same one"};
inline constexpr Problem too_many_git_sources{409, "too-many-git-sources", "The project has as many git sources as it may"};

// Feature flags
inline constexpr Problem flag_exists{409, "flag-exists", "There is a flag of this key"};
inline constexpr Problem too_many_flags{409, "too-many-flags", "The project has as many flags as it may"};
inline constexpr Problem prerequisite_circle{422, "prerequisite-circle", "The flag would presuppose itself"};

} // namespace gravity::config
