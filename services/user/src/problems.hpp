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

inline constexpr Problem field_not_yours{403, "field-not-yours", "A field of the profile is for others to set"};
inline constexpr Problem breaks_profiles{409, "breaks-profiles", "People have fields that would not be let through any more"};
inline constexpr Problem too_many_schemas{409, "too-many-schemas", "A project has at most 20 profile schemas"};

inline constexpr Problem breaks_values{409, "breaks-values", "Values are set that the definition would not let through"};
inline constexpr Problem too_many_definitions{409, "too-many-definitions", "A project has at most 500 preferences"};
inline constexpr Problem preference_not_yours{403, "preference-not-yours", "A preference is for others to set"};

inline constexpr Problem codes_not_sent{409, "codes-not-sent", "Nothing sends codes here: who administers users changes addresses"};
inline constexpr Problem too_many_changes{429, "too-many-changes", "Codes were asked for too often"};
inline constexpr Problem change_over{409, "change-over", "The change has been made, has ended, or was tried too often"};
inline constexpr Problem wrong_code{422, "wrong-code", "This is not the code that was sent"};
inline constexpr Problem too_many_contacts{409, "too-many-contacts", "Somebody has at most 20 addresses of a kind"};

inline constexpr Problem text_exists{409, "text-exists", "This text is there, for another purpose, language or label"};
inline constexpr Problem no_such_text{422, "no-such-text", "There is no such consent text"};

inline constexpr Problem sign_in_not_fresh{401, "sign-in-not-fresh", "This takes a sign-in of just now"};
inline constexpr Problem request_open{409, "request-open", "There is a request of this kind already"};
inline constexpr Problem too_many_requests{429, "too-many-requests", "This was asked for too often today"};
inline constexpr Problem request_state{409, "request-state", "The request's state does not allow this"};
inline constexpr Problem nothing_to_download{409, "nothing-to-download", "There is nothing to download yet, or any more"};
inline constexpr Problem under_legal_hold{409, "under-legal-hold", "A legal hold keeps this person from being erased"};
inline constexpr Problem erasure_not_possible{409, "erasure-not-possible", "This cannot be done at the moment; please ask whoever runs the service"};
inline constexpr Problem erasure_not_noted{503, "erasure-not-noted", "An erasure cannot be noted outside of the database at the moment"};
inline constexpr Problem not_the_holder{403, "not-the-holder", "These tokens are not those of this holder"};
inline constexpr Problem no_such_task{404, "no-such-task", "This holder was not asked for this request"};
inline constexpr Problem answer_differs{409, "answer-differs", "The holder has answered otherwise before"};
inline constexpr Problem part_missing{409, "part-missing", "The part before this one is missing"};
inline constexpr Problem too_many_parts{409, "too-many-parts", "An export has at most 768 parts in all"};
inline constexpr Problem own_holder_stays{409, "own-holder", "This service is a holder by itself"};
inline constexpr Problem too_many_holders{409, "too-many-holders", "A project has at most 100 data holders"};

inline constexpr Problem merged{409, "merged", "This account was merged into another one"};
inline constexpr Problem merge_not_possible{409, "merge-not-possible", "Something keeps these accounts from being merged"};
inline constexpr Problem merge_outdated{409, "merge-outdated", "The accounts are not as they were when this was proposed"};
inline constexpr Problem merge_state{409, "merge-state", "The merge's state does not allow this"};
inline constexpr Problem undo_conflicts{409, "undo-conflicts", "What has happened since keeps this from being undone"};

inline constexpr Problem scim_client_exists{409, "scim-client-exists", "There is a SCIM client of these tokens"};
inline constexpr Problem too_many_scim_clients{409, "too-many-scim-clients", "A project has at most 500 SCIM clients"};

inline constexpr Problem no_such_user{422, "no-such-user", "There is no such user"};
inline constexpr Problem no_such_member{422, "no-such-member", "There is no such user or group"};
inline constexpr Problem group_full{409, "group-full", "A group has at most 1,000,000 members"};
inline constexpr Problem group_circle{422, "group-circle", "A group would be a member of itself, or more than ten levels deep"};

} // namespace gravity::user
