#include "api.hpp"

#include "api_keys_api.hpp"
#include "organizations_api.hpp"
#include "problems.hpp"
#include "projects_api.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::project {
namespace {

void organization_routes(Router& router) {
    namespace o = organizations;
    namespace m = members;
    auto organizations = router.collection("/api/v1/organizations", "organizations");
    organizations.get<o::list>("", {.summary = "List the organisations one is a member of, newest first"});
    organizations.post<o::create>("", {.summary = "Found an organisation and own it", .problems = {organization_slug_taken, subject_not_usable}});
    organizations.get<o::get>("/{id}", {.summary = "Read an organisation"});
    organizations.patch<o::update>("/{id}", {.summary = "Change an organisation", .problems = {role_too_low, organization_slug_taken}});
    organizations.del<o::remove>("/{id}", {.summary = "Delete an organisation that has no projects", .problems = {role_too_low, has_projects}});

    auto members = router.collection("/api/v1/organizations/{id}/members", "organizations");
    members.get<m::list>("", {.summary = "List members, those of longest standing first"});
    members.post<m::create>("", {.summary = "Add a member", .problems = {role_too_low, already_member}});
    members.get<m::get>("/{subject}", {.summary = "Read a member"});
    members.patch<m::update>("/{subject}", {.summary = "Change a member's role", .problems = {role_too_low, last_owner}});
    members.del<m::remove>("/{subject}", {.summary = "Remove a member, or leave", .problems = {role_too_low, last_owner}});
}

void project_routes(Router& router) {
    namespace p = projects;
    namespace e = environments;
    auto projects = router.collection("/api/v1/projects", "projects");
    projects.get<p::list>("", {.summary = "List the projects of one's organisations, newest first"});
    projects.post<p::create>("", {.summary = "Create a project with its three usual environments",
                                  .problems = {role_too_low, no_such_organization, project_slug_taken}});
    projects.get<p::get>("/{id}", {.summary = "Read a project"});
    projects.patch<p::update>("/{id}", {.summary = "Change a project", .problems = {role_too_low, project_slug_taken}});
    projects.del<p::remove>("/{id}", {.summary = "Ask for a project's deletion: its keys end at once", .problems = {role_too_low}});
    projects.post<p::suspend>("/{id}/suspend", {.summary = "Have no API key of a project be good", .problems = {role_too_low, deletion_pending}});
    projects.post<p::resume>("/{id}/resume", {.summary = "End a suspension", .problems = {role_too_low, deletion_pending}});
    projects.post<p::restore>("/{id}/restore", {.summary = "Undo what asked for a project's deletion", .problems = {role_too_low, not_pending, too_late}});

    auto environments = router.collection("/api/v1/projects/{id}/environments", "projects");
    environments.get<e::list>("", {.summary = "List a project's environments by name"});
    environments.post<e::create>("", {.summary = "Add an environment", .problems = {role_too_low, environment_exists}, .scope = "projects:admin"});
    environments.get<e::get>("/{name}", {.summary = "Read an environment"});
    environments.patch<e::update>("/{name}", {.summary = "Change what an environment is for", .problems = {role_too_low}, .scope = "projects:admin"});
    environments.del<e::remove>("/{name}", {.summary = "Delete an environment, and what is left of its API keys",
                                            .problems = {role_too_low, has_live_keys},
                                            .scope = "projects:admin"});
}

void api_key_routes(Router& router) {
    namespace k = api_keys;
    auto keys = router.collection("/api/v1/api-keys", "api-keys");
    keys.get<k::list>("", {.summary = "List API keys of one's projects, newest first"});
    keys.post<k::create>("", {.summary = "Make an API key; it is shown this once",
                              .problems = {role_too_low, scope_not_yours, no_such_environment, project_not_active, already_expired},
                              .shows_secret = true});
    keys.get<k::get>("/{id}", {.summary = "Read what is known of an API key"});
    keys.patch<k::update>("/{id}", {.summary = "Change an API key's name or end", .problems = {role_too_low, scope_not_yours, already_expired}});
    keys.post<k::rotate>("/{id}/rotate", {.summary = "Make a key in the place of another; both are good for a while",
                                          .problems = {role_too_low, scope_not_yours, already_rotated, key_ended},
                                          .shows_secret = true});
    keys.del<k::revoke>("/{id}", {.summary = "Revoke an API key, at once and for good", .problems = {role_too_low}});
    keys.post<k::verify>("/verify", {.summary = "Ask who an API key stands for", .scope = "api-keys:verify", .body_limit = 4 * 1024});
    keys.post<k::introspect>("/introspect", {.summary = "Ask who an API key stands for, by the form of RFC 7662",
                                             .scope = "api-keys:verify",
                                             .body_limit = 4 * 1024,
                                             .idempotency = false});
    keys.post<k::give_back>("/revoke", {.summary = "Give an API key back, by the form of RFC 7009: 200 whatever it was",
                                        .open = "whoever holds the key may end it",
                                        .body_limit = 4 * 1024,
                                        .idempotency = false});
}

} // namespace

void routes(Router& router) {
    organization_routes(router);
    project_routes(router);
    api_key_routes(router);
}

} // namespace gravity::project
