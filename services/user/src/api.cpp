#include "api.hpp"

#include "consents_api.hpp"
#include "contact_changes_api.hpp"
#include "groups_api.hpp"
#include "merges_api.hpp"
#include "preferences_api.hpp"
#include "privacy_api.hpp"
#include "problems.hpp"
#include "profile_schemas_api.hpp"
#include "scim_api.hpp"
#include "scim_clients_api.hpp"
#include "users_api.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::user {
namespace {

void user_routes(Router& router) {
    namespace u = users;
    const std::vector<Problem> taken = {handle_taken, subject_taken, external_id_taken, contact_taken, verified_by_admin, field_not_yours, merged};
    auto users = router.collection("/api/v1/users", "users");
    users.get<u::list>("", {.summary = "List users, newest first, by name the nearest; by state, group, what handles begin with, one by handle or e-mail"});
    users.post<u::create>("", {.summary = "Create a user, or invite one", .problems = taken});
    users.get<u::get>("/{id}", {.summary = "Read a user, as they are or as they were"});
    users.patch<u::update>("/{id}", {.summary = "Change a user", .problems = taken});
    users.del<u::erase>("/{id}", {.summary = "Erase a user who was deactivated: for good",
                                  .problems = {wrong_state, under_legal_hold, merged, erasure_not_noted},
                                  .scope = "users:admin"});
    const auto change = [](std::string_view summary) {
        return http::RouteOptions{.summary = summary, .problems = {wrong_state, merged}, .scope = "users:admin"};
    };
    users.post<u::activate>("/{id}/activate", change("Activate who was invited"));
    users.post<u::suspend>("/{id}/suspend", change("Suspend who is active"));
    users.post<u::reactivate>("/{id}/reactivate", change("End a suspension"));
    users.post<u::deactivate>("/{id}/deactivate", change("Deactivate an account"));
    users.post<u::restore>("/{id}/restore", {.summary = "Restore a deactivated account",
                                             .problems = {wrong_state, handle_taken, external_id_taken, merged},
                                             .scope = "users:admin"});
    users.get<u::get_activity>("/{id}/activity", {.summary = "Read when somebody signed in last", .operation = "get_user_activity"});
    users.get<u::list_external_ids>("/{id}/external-ids", {.summary = "List what directories call somebody, each by the SCIM client that says so",
                                                           .operation = "list_user_external_ids"});
    users.get<u::get_vcard>("/{id}/vcard", {.summary = "Download a user as vCard 4.0 (RFC 6350)"});
    users.get<u::get_own_vcard>("/me/vcard", {.summary = "Download oneself as vCard 4.0", .problems = {not_a_user}, .scope = "profile"});
    users.get<u::get_me>("/me", {.summary = "Read what is known of oneself", .problems = {not_a_user}, .scope = "profile"});
    users.patch<u::update_me>("/me", {.summary = "Change one's own profile", .problems = {not_a_user, field_not_yours}, .scope = "users:self"});
}

// Custom fields of profiles. A change reads the fields of everybody who has some.
void profile_schema_routes(Router& router) {
    namespace s = profile_schemas;
    auto schemas = router.collection("/api/v1/profile-schemas", "profile-schemas");
    schemas.get<s::list>("", {.summary = "List the schemas of custom fields, by name", .operation = "list_profile_schemas", .scope = "users:admin"});
    schemas.get<s::get>("/{name}", {.summary = "Read a schema of custom fields", .operation = "get_profile_schema", .scope = "users:admin"});
    schemas.put<s::put>("/{name}", {.summary = "Say what custom fields of a name have to be; what would break somebody's is refused with how many there are",
                                    .operation = "put_profile_schema",
                                    .problems = {breaks_profiles, too_many_schemas},
                                    .scope = "users:admin",
                                    .timeout_ms = 60'000});
    schemas.del<s::remove>("/{name}", {.summary = "Take away a schema that nobody has fields of",
                                       .operation = "delete_profile_schema",
                                       .problems = {breaks_profiles},
                                       .scope = "users:admin",
                                       .timeout_ms = 60'000});
}

void preference_routes(Router& router) {
    namespace d = definitions;
    auto keys = router.collection("/api/v1/preference-definitions", "preference-definitions");
    keys.get<d::list>("", {.summary = "List preferences, by key", .operation = "list_preference_definitions", .scope = "users:admin"});
    keys.get<d::get>("/{key}", {.summary = "Read what a preference is", .operation = "get_preference_definition", .scope = "users:admin"});
    keys.put<d::put>("/{key}", {.summary = "Say what a preference is; what would break a value is refused with how many there are",
                                .operation = "put_preference_definition",
                                .problems = {breaks_values, too_many_definitions},
                                .scope = "users:admin",
                                .timeout_ms = 60'000});
    keys.del<d::remove>("/{key}", {.summary = "Take away a preference, and every value of it",
                                   .operation = "delete_preference_definition",
                                   .scope = "users:admin",
                                   .timeout_ms = 60'000});
    namespace p = preferences;
    auto users = router.collection("/api/v1/users", "users");
    users.get<p::get>("/{id}/preferences", {.summary = "What somebody prefers, and the layer each value is from", .operation = "get_preferences"});
    users.patch<p::update>("/{id}/preferences", {.summary = "Set preferences of somebody; null falls back to the next layer",
                                                 .operation = "update_preferences",
                                                 .problems = {merged}});
    users.get<p::get_own>("/me/preferences", {.summary = "What one prefers oneself",
                                              .operation = "get_own_preferences",
                                              .problems = {not_a_user},
                                              .scope = "profile"});
    users.patch<p::update_own>("/me/preferences", {.summary = "Set one's own preferences",
                                                   .operation = "update_own_preferences",
                                                   .problems = {not_a_user, preference_not_yours},
                                                   .scope = "users:self"});
    auto groups = router.collection("/api/v1/user-groups", "user-groups");
    groups.get<p::get_of_group>("/{id}/preferences", {.summary = "Read the preferences that a group sets", .operation = "get_group_preferences"});
    groups.patch<p::update_of_group>("/{id}/preferences", {.summary = "Set preferences for all in a group", .operation = "update_group_preferences"});
    auto project = router.collection("/api/v1/user", "user");
    project.get<p::get_of_project>("/preferences", {.summary = "Read the preferences that the project sets",
                                                    .operation = "get_project_preferences",
                                                    .scope = "users:admin"});
    project.patch<p::update_of_project>("/preferences", {.summary = "Set preferences for everybody",
                                                         .operation = "update_project_preferences",
                                                         .scope = "users:admin"});
}

void contact_routes(Router& router) {
    namespace c = contact_changes;
    auto users = router.collection("/api/v1/users", "users");
    const auto options = [](std::string_view summary, std::string_view operation, std::vector<Problem> problems) {
        problems.push_back(not_a_user);
        return http::RouteOptions{.summary = summary, .operation = operation, .problems = std::move(problems), .scope = "users:self"};
    };
    const std::vector<Problem> begins = {codes_not_sent, too_many_changes}, confirms = {wrong_code, change_over, contact_taken, too_many_contacts};
    users.post<c::change_email>("/me/email-changes", options("Have a code sent to a new e-mail address of one's own", "change_email", begins));
    users.get<c::get_email_change>("/me/email-changes/{change}", options("Read a change of one's e-mail address", "get_email_change", {}));
    users.del<c::cancel_email_change>("/me/email-changes/{change}", options("Give up a change of one's e-mail address", "cancel_email_change", {}));
    users.post<c::confirm_email>("/me/email-changes/{change}/confirm", options("Show the code: the address is one's own, and verified",
                                                                               "confirm_email", confirms));
    users.post<c::change_phone>("/me/phone-changes", options("Have a code sent to a new phone number of one's own", "change_phone", begins));
    users.get<c::get_phone_change>("/me/phone-changes/{change}", options("Read a change of one's phone number", "get_phone_change", {}));
    users.del<c::cancel_phone_change>("/me/phone-changes/{change}", options("Give up a change of one's phone number", "cancel_phone_change", {}));
    users.post<c::confirm_phone>("/me/phone-changes/{change}/confirm", options("Show the code: the number is one's own, and verified",
                                                                               "confirm_phone", confirms));
}

void consent_routes(Router& router) {
    namespace t = consent_texts;
    auto texts = router.collection("/api/v1/consent-texts", "consent-texts");
    texts.get<t::list>("", {.summary = "List the texts that are agreed to, newest first", .operation = "list_consent_texts", .scope = "profile"});
    texts.post<t::create>("", {.summary = "Keep a text that is to be agreed to, by its hash",
                               .operation = "create_consent_text",
                               .problems = {text_exists},
                               .scope = "consents:admin"});
    texts.get<t::get>("/{sha256}", {.summary = "Read a text word for word", .operation = "get_consent_text", .scope = "profile"});
    namespace c = consents;
    auto consents = router.collection("/api/v1/consents", "consents");
    consents.get<c::list>("", {.summary = "List consents, newest first; of somebody, for a purpose, those that hold", .operation = "list_consents"});
    consents.get<c::get>("/{id}", {.summary = "Read a consent with its evidence", .operation = "get_consent"});
    consents.post<c::give>("", {.summary = "Agree to a text", .operation = "give_consent", .problems = {not_a_user, no_such_text}, .scope = "users:self"});
    consents.del<c::withdraw>("/{id}", {.summary = "Take back one's own consent",
                                        .operation = "withdraw_consent",
                                        .problems = {not_a_user},
                                        .scope = "users:self"});
    consents.post<c::withdraw_with>("/{id}/withdraw", {.summary = "Take back one's own consent, with how",
                                                       .operation = "withdraw_consent_with",
                                                       .problems = {not_a_user},
                                                       .scope = "users:self"});
    auto users = router.collection("/api/v1/users", "users");
    users.get<c::list_own>("/me/consents", {.summary = "List what one agreed to oneself",
                                            .operation = "list_own_consents",
                                            .problems = {not_a_user},
                                            .scope = "profile"});
    users.get<c::get_own>("/me/consents/{id}", {.summary = "Read what one agreed to",
                                                .operation = "get_own_consent",
                                                .problems = {not_a_user},
                                                .scope = "profile"});
    users.post<c::record>("/{id}/consents", {.summary = "Keep what somebody agreed to elsewhere: on paper, by telephone",
                                             .operation = "record_consent",
                                             .problems = {no_such_text, merged},
                                             .scope = "consents:admin"});
}

void privacy_routes(Router& router) {
    namespace p = privacy;
    constexpr std::string_view administer = "privacy-requests:admin";
    auto users = router.collection("/api/v1/users", "users");
    users.post<p::ask>("/me/privacy-requests", {.summary = "Ask for one's data, or to be erased, after a sign-in of just now",
                                                .operation = "ask_for_privacy",
                                                .problems = {not_a_user, sign_in_not_fresh, request_open, erasure_not_possible, too_many_requests},
                                                .scope = "users:self"});
    users.get<p::list_own>("/me/privacy-requests", {.summary = "List what one asked for",
                                                    .operation = "list_own_privacy_requests",
                                                    .problems = {not_a_user},
                                                    .scope = "profile"});
    users.get<p::get_own>("/me/privacy-requests/{id}", {.summary = "Read how far what one asked for is",
                                                        .operation = "get_own_privacy_request",
                                                        .problems = {not_a_user},
                                                        .scope = "profile"});
    users.post<p::cancel_own>("/me/privacy-requests/{id}/cancel", {.summary = "Call off what one asked for",
                                                                   .operation = "cancel_own_privacy_request",
                                                                   .problems = {not_a_user, request_state},
                                                                   .scope = "users:self"});
    users.get<p::download_own>("/me/privacy-requests/{id}/download", {.summary = "Download one's data as ZIP, after a sign-in of just now",
                                                                      .operation = "download_own_export",
                                                                      .problems = {not_a_user, sign_in_not_fresh, nothing_to_download},
                                                                      .scope = "users:self",
                                                                      .timeout_ms = 600'000});

    auto requests = router.collection("/api/v1/privacy-requests", "privacy-requests");
    requests.get<p::list>("", {.summary = "List privacy requests, newest first", .operation = "list_privacy_requests", .scope = administer});
    requests.post<p::create>("", {.summary = "Take in a privacy request of somebody, to be approved once it is known who asks",
                                  .operation = "create_privacy_request",
                                  .problems = {no_such_user, request_open, under_legal_hold},
                                  .scope = administer});
    requests.get<p::certificate_keys>("/certificate-keys", {.summary = "The keys that certificates are verified with (JWK Set)",
                                                            .operation = "certificate_keys",
                                                            .scope = "profile"});
    requests.get<p::get>("/{id}", {.summary = "Read a privacy request", .operation = "get_privacy_request", .scope = administer});
    requests.post<p::approve>("/{id}/approve", {.summary = "Say that it is known who asks, or try again what a hold blocked",
                                                .operation = "approve_privacy_request",
                                                .problems = {request_state, under_legal_hold},
                                                .scope = administer});
    requests.post<p::cancel>("/{id}/cancel", {.summary = "Call off a privacy request",
                                              .operation = "cancel_privacy_request",
                                              .problems = {request_state},
                                              .scope = administer});
    requests.post<p::extend>("/{id}/extend", {.summary = "Extend the deadline by two months, once",
                                              .operation = "extend_privacy_request",
                                              .problems = {request_state},
                                              .scope = administer});
    requests.get<p::download>("/{id}/download", {.summary = "Download an export as ZIP",
                                                 .operation = "download_export",
                                                 .problems = {nothing_to_download},
                                                 .scope = administer,
                                                 .timeout_ms = 600'000});
    requests.get<p::certificate>("/{id}/certificate", {.summary = "Read the certificate of an erasure", .operation = "get_certificate", .scope = administer});

    namespace d = data_holders;
    auto holders = router.collection("/api/v1/data-holders", "data-holders");
    holders.get<d::list>("", {.summary = "List who keeps data of people", .operation = "list_data_holders", .scope = administer});
    holders.get<d::get>("/{service}", {.summary = "Read who keeps data of people", .operation = "get_data_holder", .scope = administer});
    holders.put<d::put>("/{service}", {.summary = "Have a service asked from now on",
                                       .operation = "put_data_holder",
                                       .problems = {own_holder_stays, too_many_holders},
                                       .scope = administer});
    holders.del<d::remove>("/{service}", {.summary = "Have a service not asked any more", .operation = "delete_data_holder", .scope = administer});
    holders.get<d::list_tasks>("/{service}/tasks", {.summary = "For the holder: what it has to answer",
                                                    .operation = "list_holder_tasks",
                                                    .problems = {not_the_holder},
                                                    .scope = "privacy-requests:read"});
    holders.put<d::answer>("/{service}/tasks/{request}", {.summary = "For the holder: its answer; the same again changes nothing",
                                                          .operation = "answer_holder_task",
                                                          .problems = {not_the_holder, no_such_task, answer_differs, request_state},
                                                          .scope = "privacy-requests:write",
                                                          .body_limit = 4 << 20});
    holders.put<d::answer_part>("/{service}/tasks/{request}/parts/{part}",
                                {.summary = "For the holder: a part of its answer to an export, before the answer itself; the same again changes nothing",
                                 .operation = "answer_holder_task_part",
                                 .problems = {not_the_holder, no_such_task, answer_differs, request_state, part_missing, too_many_parts},
                                 .scope = "privacy-requests:write",
                                 .body_limit = 4 << 20});
    namespace h = legal_holds;
    auto holds = router.collection("/api/v1/legal-holds", "legal-holds");
    holds.get<h::list>("", {.summary = "List legal holds, newest first", .operation = "list_legal_holds", .scope = administer});
    holds.post<h::create>(
        "", {.summary = "Keep somebody from being erased", .operation = "create_legal_hold", .problems = {no_such_user}, .scope = administer});
    holds.get<h::get>("/{id}", {.summary = "Read a legal hold", .operation = "get_legal_hold", .scope = administer});
    holds.del<h::lift>("/{id}", {.summary = "Lift a legal hold; erasures that it blocked go on", .operation = "lift_legal_hold", .scope = administer});
}

// Shown first, then done: what is confirmed is what was shown.
void merge_routes(Router& router) {
    namespace m = user_merges;
    constexpr std::string_view administer = "users:admin";
    auto merges = router.collection("/api/v1/user-merges", "user-merges");
    merges.get<m::list>("", {.summary = "List merges, newest first; of somebody, by state", .operation = "list_user_merges", .scope = administer});
    merges.post<m::propose>("", {.summary = "Propose a merge of two accounts: what would move, and what would be lost; it is forgotten after a day",
                                 .operation = "propose_user_merge",
                                 .problems = {no_such_user, merged, merge_not_possible},
                                 .scope = administer});
    merges.get<m::get>("/{id}", {.summary = "Read a merge", .operation = "get_user_merge", .scope = administer});
    merges.post<m::confirm>("/{id}/confirm", {.summary = "Merge two accounts as it was proposed",
                                              .operation = "confirm_user_merge",
                                              .problems = {merged, merge_not_possible, merge_outdated, merge_state, handle_taken, external_id_taken},
                                              .scope = administer});
    merges.post<m::undo>("/{id}/undo", {.summary = "Undo a merge, within 30 days",
                                        .operation = "undo_user_merge",
                                        .problems = {merge_state, undo_conflicts, contact_taken, handle_taken, external_id_taken},
                                        .scope = administer});
}

void group_routes(Router& router) {
    namespace g = user_groups;
    auto groups = router.collection("/api/v1/user-groups", "user-groups");
    groups.get<g::list>("", {.summary = "List groups, newest first; those that somebody is a member of, directly"});
    groups.post<g::create>("", {.summary = "Create a group"});
    groups.get<g::get>("/{id}", {.summary = "Read a group"});
    groups.patch<g::update>("/{id}", {.summary = "Change a group"});
    groups.del<g::remove>("/{id}", {.summary = "Delete a group; its members stay"});
    groups.get<g::list_members>("/{id}/members", {.summary = "List the users and groups in a group, by id"});
    groups.put<g::add_member>("/{id}/members/{member}", {.summary = "Put a user or a group into a group", .problems = {group_circle, group_full}});
    groups.del<g::remove_member>("/{id}/members/{member}", {.summary = "Take a member out of a group"});
}

void scim_client_routes(Router& router) {
    namespace c = scim_clients;
    constexpr std::string_view administer = "users:admin";
    auto clients = router.collection("/api/v1/user", "user");
    clients.get<c::list>("/scim-clients", {.summary = "List directories of which more is known than their tokens, newest first",
                                           .operation = "list_scim_clients",
                                           .scope = administer});
    clients.post<c::create>("/scim-clients", {.summary = "Say how exact a directory has to be, and what its DELETE comes to",
                                              .operation = "create_scim_client",
                                              .problems = {scim_client_exists, too_many_scim_clients},
                                              .scope = administer});
    clients.get<c::get>("/scim-clients/{id}", {.summary = "Read a SCIM client", .operation = "get_scim_client", .scope = administer});
    clients.patch<c::update>("/scim-clients/{id}", {.summary = "Change a SCIM client",
                                                    .operation = "update_scim_client",
                                                    .problems = {scim_client_exists},
                                                    .scope = administer});
    clients.del<c::remove>("/scim-clients/{id}", {.summary = "Forget a SCIM client and its external ids; who has its tokens is a directory like any other",
                                                  .operation = "delete_scim_client",
                                                  .scope = administer});
}

// A directory that asks by POST only looks; whoever provisions has the one scope of the standard's table.
void scim_routes(Router& router) {
    const auto options = [](std::string_view summary) {
        http::RouteOptions one{.summary = summary, .scope = "scim:write", .keys = AcceptKeys::secret, .error_type = "application/scim+json"};
        one.idempotency = false;
        return one;
    };
    const auto naming = [&](std::string_view summary) { // what can meet somebody else's name
        http::RouteOptions one = options(summary);
        one.problems = {handle_taken, external_id_taken};
        return one;
    };
    auto surface = router.surface("scim");
    surface.get<scim::list_users>("/scim/v2/Users", options("List users (RFC 7644 section 3.4.2)"));
    surface.post<scim::create_user>("/scim/v2/Users", naming("Create a user (section 3.3)"));
    surface.post<scim::search_users>("/scim/v2/Users/.search", options("List users by a message (section 3.4.3)"));
    surface.get<scim::get_user>("/scim/v2/Users/{id}", options("Read a user"));
    surface.put<scim::replace_user>("/scim/v2/Users/{id}", naming("Replace a user (section 3.5.1)"));
    surface.patch<scim::patch_user>("/scim/v2/Users/{id}", naming("Change a user (section 3.5.2)"));
    surface.del<scim::delete_user>("/scim/v2/Users/{id}", options("Deactivate a user, who is then not there for directories (section 3.6)"));
    surface.get<scim::list_groups>("/scim/v2/Groups", options("List groups"));
    surface.post<scim::create_group>("/scim/v2/Groups", options("Create a group"));
    surface.post<scim::search_groups>("/scim/v2/Groups/.search", options("List groups by a message"));
    surface.get<scim::get_group>("/scim/v2/Groups/{id}", options("Read a group, with 10,000 members at most: `Link` says where the next ones are"));
    surface.put<scim::replace_group>("/scim/v2/Groups/{id}", options("Replace a group of at most 10,000 members"));
    surface.patch<scim::patch_group>("/scim/v2/Groups/{id}",
                                     options("Change a group; 204 where it has more than 1,000 members and no `attributes` are asked for"));
    surface.del<scim::delete_group>("/scim/v2/Groups/{id}", options("Delete a group"));
    surface.post<scim::search_all>("/scim/v2/.search", options("List users and groups by a message"));
    http::RouteOptions bulk = options("Do many operations, each for itself (section 3.7)");
    bulk.timeout_ms = 60'000;
    surface.post<scim::bulk>("/scim/v2/Bulk", bulk);
    http::RouteOptions me{.summary = "Read oneself (section 3.11)", .problems = {not_a_user}, .scope = "profile", .error_type = "application/scim+json"};
    surface.get<scim::get_me>("/scim/v2/Me", me);
    const auto own = [](std::string_view summary, std::vector<Problem> problems) {
        problems.push_back(not_a_user);
        http::RouteOptions one{.summary = summary, .problems = std::move(problems), .scope = "users:self", .error_type = "application/scim+json"};
        one.idempotency = false;
        return one;
    };
    surface.put<scim::replace_me>("/scim/v2/Me", own("Replace of oneself what is one's own to change", {}));
    surface.patch<scim::patch_me>("/scim/v2/Me", own("Change of oneself what is one's own to change", {}));
    surface.del<scim::delete_me>("/scim/v2/Me", own("Ask to be erased, after a sign-in of just now; `Location` says where that is followed",
                                                    {sign_in_not_fresh, request_open, erasure_not_possible, too_many_requests}));
    surface.get<scim::provider_config>("/scim/v2/ServiceProviderConfig", options("What of SCIM is there (section 4)"));
    surface.get<scim::list_types>("/scim/v2/ResourceTypes", options("List the types of resources"));
    surface.get<scim::get_type>("/scim/v2/ResourceTypes/{name}", options("Read a type of resources"));
    surface.get<scim::list_schemas>("/scim/v2/Schemas", options("List schemas (RFC 7643 section 7)"));
    surface.get<scim::get_schema>("/scim/v2/Schemas/{urn}", options("Read a schema"));
    surface.get<scim::nothing_here>("/scim/v2/{rest...}", options("What is not there, as SCIM says so; 404"));
}

} // namespace

void routes(Router& router) {
    user_routes(router);
    profile_schema_routes(router);
    preference_routes(router);
    contact_routes(router);
    consent_routes(router);
    privacy_routes(router);
    merge_routes(router);
    group_routes(router);
    scim_client_routes(router);
    scim_routes(router);
}

} // namespace gravity::user
