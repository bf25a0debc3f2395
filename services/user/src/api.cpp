#include "api.hpp"

#include "groups_api.hpp"
#include "problems.hpp"
#include "scim_api.hpp"
#include "users_api.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::user {
namespace {

void user_routes(Router& router) {
    namespace u = users;
    const std::vector<Problem> taken = {handle_taken, subject_taken, external_id_taken, contact_taken, verified_by_admin};
    auto users = router.collection("/api/v1/users", "users");
    users.get<u::list>("", {.summary = "List users, newest first; by state, by what their handles begin with, one by handle or e-mail"});
    users.post<u::create>("", {.summary = "Create a user, or invite one", .problems = taken});
    users.get<u::get>("/{id}", {.summary = "Read a user, as they are or as they were"});
    users.patch<u::update>("/{id}", {.summary = "Change a user", .problems = taken});
    users.del<u::erase>("/{id}", {.summary = "Erase a user who was deactivated: for good", .problems = {wrong_state}, .scope = "users:admin"});
    const auto change = [](std::string_view summary) { return http::RouteOptions{.summary = summary, .problems = {wrong_state}, .scope = "users:admin"}; };
    users.post<u::activate>("/{id}/activate", change("Activate who was invited"));
    users.post<u::suspend>("/{id}/suspend", change("Suspend who is active"));
    users.post<u::reactivate>("/{id}/reactivate", change("End a suspension"));
    users.post<u::deactivate>("/{id}/deactivate", change("Deactivate an account"));
    users.post<u::restore>("/{id}/restore", {.summary = "Restore a deactivated account",
                                             .problems = {wrong_state, handle_taken, external_id_taken},
                                             .scope = "users:admin"});
    users.get<u::get_me>("/me", {.summary = "Read what is known of oneself", .problems = {not_a_user}, .scope = "profile"});
    users.patch<u::update_me>("/me", {.summary = "Change one's own profile", .problems = {not_a_user}, .scope = "users:self"});
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
    surface.get<scim::get_group>("/scim/v2/Groups/{id}", options("Read a group"));
    surface.put<scim::replace_group>("/scim/v2/Groups/{id}", options("Replace a group"));
    surface.patch<scim::patch_group>("/scim/v2/Groups/{id}", options("Change a group"));
    surface.del<scim::delete_group>("/scim/v2/Groups/{id}", options("Delete a group"));
    surface.post<scim::search_all>("/scim/v2/.search", options("List users and groups by a message"));
    http::RouteOptions bulk = options("Do many operations, each for itself (section 3.7)");
    bulk.timeout_ms = 60'000;
    surface.post<scim::bulk>("/scim/v2/Bulk", bulk);
    http::RouteOptions me{.summary = "Read oneself (section 3.11)", .problems = {not_a_user}, .scope = "profile", .error_type = "application/scim+json"};
    surface.get<scim::get_me>("/scim/v2/Me", me);
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
    group_routes(router);
    scim_routes(router);
}

} // namespace gravity::user
