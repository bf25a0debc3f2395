#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::project {

// Organisations and members
inline constexpr Problem role_too_low{403, "role-too-low", "Your role does not allow this"};
inline constexpr Problem subject_not_usable{403, "subject-not-usable", "The subject of the token cannot be a member"};
inline constexpr Problem organization_slug_taken{409, "organization-slug-taken", "Another organisation has this slug"};
inline constexpr Problem has_projects{409, "has-projects", "The organisation has projects"};
inline constexpr Problem already_member{409, "already-member", "They are a member already"};
inline constexpr Problem last_owner{409, "last-owner", "An organisation has an owner at all times"};

// Projects and environments
inline constexpr Problem no_such_organization{422, "no-such-organization", "There is no such organisation"};
inline constexpr Problem project_slug_taken{409, "project-slug-taken", "Another project of the organisation has this slug"};
inline constexpr Problem deletion_pending{409, "deletion-pending", "The project is to be deleted"};
inline constexpr Problem not_pending{409, "not-pending", "Nobody has asked for the project's deletion"};
inline constexpr Problem too_late{409, "too-late", "The days to undo the deletion have passed"};
inline constexpr Problem environment_exists{409, "environment-exists", "The project has an environment of this name"};
inline constexpr Problem has_live_keys{409, "has-live-keys", "The environment has API keys that are good"};

// API keys
inline constexpr Problem scope_not_yours{403, "scope-not-yours", "Nobody grants what they may not do themselves"};
inline constexpr Problem no_such_environment{422, "no-such-environment", "There is no such project, or it has no such environment"};
inline constexpr Problem project_not_active{409, "project-not-active", "The project is suspended, or to be deleted"};
inline constexpr Problem already_expired{422, "already-expired", "The key would have expired already"};
inline constexpr Problem already_rotated{409, "already-rotated", "Another key has taken this one's place"};
inline constexpr Problem uses_counted{422, "uses-counted",
                                      "A key whose uses are counted has no time in which another is good beside it: `grace_seconds` must be 0"};
inline constexpr Problem key_ended{409, "key-ended", "The key was revoked or has expired"};
inline constexpr Problem too_many_keys{409, "too-many-keys", "More than 200 keys are good: make the new one without keys"};
inline constexpr Problem signature_wrong{403, "signature-wrong", "The signature is not that of the report"};

// Invitations
inline constexpr Problem already_invited{409, "already-invited", "Somebody of this address is invited already"};
inline constexpr Problem too_many_invitations{409, "too-many-invitations", "There may be 500 open invitations"};
inline constexpr Problem invitation_ended{409, "invitation-ended", "The invitation was accepted or revoked, or has expired"};
inline constexpr Problem other_address{403, "other-address", "Somebody else was invited"};
inline constexpr Problem address_not_confirmed{403, "address-not-confirmed",
                                               "Nothing tells a confirmed e-mail address of yours: sign in with the scopes openid and email"};

// Meters, usage and limits
inline constexpr Problem meter_slug_taken{409, "meter-slug-taken", "Another meter has this slug"};
inline constexpr Problem too_many_meters{409, "too-many-meters", "There may be 500 meters"};
inline constexpr Problem meter_in_plan{409, "meter-in-plan", "The organisation's plan has a limit on this meter"};
inline constexpr Problem adds_nothing_up{422, "adds-nothing-up", "A meter that adds nothing up can have no limit: only `sum` and `count` do"};
inline constexpr Problem events_refused{422, "events-refused", "Some of the events were not counted"};
inline constexpr Problem too_many_windows{422, "too-many-windows", "The answer would have more than 10000 windows"};
inline constexpr Problem above_the_plan{403, "above-the-plan", "The plan gives less"};
inline constexpr Problem quota_exceeded{409, "quota-exceeded", "What is left of the limit does not do"}; // no 429: asking again does not help
inline constexpr Problem reservation_differs{409, "reservation-differs", "Something else was reserved under this id"};
inline constexpr Problem reservation_ended{409, "reservation-ended", "The reservation was settled or released, or has expired"};
inline constexpr Problem more_than_reserved{422, "more-than-reserved", "Less than that was reserved"};

} // namespace gravity::project
