#include "api.hpp"

#include "api_keys_api.hpp"
#include "audit_api.hpp"
#include "clones_api.hpp"
#include "deletions_api.hpp"
#include "explanations_api.hpp"
#include "invitations_api.hpp"
#include "leaks_api.hpp"
#include "meters_api.hpp"
#include "openmeter_api.hpp"
#include "organizations_api.hpp"
#include "problems.hpp"
#include "project_invitations_api.hpp"
#include "project_members_api.hpp"
#include "projects_api.hpp"
#include "quotas_api.hpp"
#include "reservations_api.hpp"
#include "usage_api.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::project {
namespace {

// Who takes tokens of several issuers asks each of them, and a token of another one may be as long as a header is let be: no key of ours, and no fault.
constexpr std::size_t longest_token_form = 64 * 1024;

void organization_routes(Router& router) {
    namespace o = organizations;
    namespace m = members;
    auto organizations = router.collection("/api/v1/organizations", "organizations");
    organizations.get<o::list>("", {.summary = "List the organisations one is a member of, newest first"});
    organizations.post<o::create>(
        "", {.summary = "Found an organisation and own it", .problems = {organization_slug_taken, subject_not_usable, project_not_active}});
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

void invitation_routes(Router& router) {
    namespace i = invitations;
    auto invitations = router.collection("/api/v1/organizations/{id}/invitations", "organizations");
    invitations.get<i::list>("", {.summary = "List invitations, newest first", .problems = {role_too_low}});
    invitations.post<i::create>("", {.summary = "Invite somebody by their e-mail address; the token is shown this once",
                                     .problems = {role_too_low, already_invited, too_many_invitations},
                                     .shows_secret = true});
    invitations.get<i::get>("/{invitation}", {.summary = "Read an invitation", .problems = {role_too_low}});
    invitations.del<i::revoke>("/{invitation}", {.summary = "Revoke an invitation", .problems = {role_too_low, invitation_ended}});
    router.collection("/api/v1/organizations/invitations", "organizations")
        .post<i::accept>("/accept", {.summary = "Accept an invitation: by its token, and by whose address it was made for",
                                     .problems = {problems::not_found, subject_not_usable, invitation_ended, other_address, address_not_confirmed,
                                                  already_member, Reply<UserInfo>::dependency_unavailable},
                                     .body_limit = 4 * 1024,
                                     .idempotency = false});
}

void project_invitation_routes(Router& router) {
    namespace i = project_invitations;
    auto invitations = router.collection("/api/v1/projects/{id}/invitations", "projects");
    invitations.get<i::list>("", {.summary = "List invitations to a single project, newest first",
                                  .operation = "list_project",
                                  .problems = {role_too_low},
                                  .scope = "projects:admin"});
    invitations.post<i::create>("", {.summary = "Invite somebody to a single project by their e-mail address; the token is shown this once",
                                     .operation = "create_project",
                                     .problems = {role_too_low, already_invited, too_many_invitations, deletion_pending},
                                     .scope = "projects:admin",
                                     .shows_secret = true});
    invitations.get<i::get>("/{invitation}", {.summary = "Read an invitation to a single project",
                                              .operation = "get_project",
                                              .problems = {role_too_low},
                                              .scope = "projects:admin"});
    invitations.del<i::revoke>("/{invitation}", {.summary = "Revoke an invitation to a single project",
                                                 .operation = "revoke_project",
                                                 .problems = {role_too_low, invitation_ended},
                                                 .scope = "projects:admin"});
    router.collection("/api/v1/projects/invitations", "projects")
        .post<i::accept>("/accept", {.summary = "Accept an invitation to a single project: by its token, and by whose address it was made for",
                                     .operation = "accept_project",
                                     .problems = {problems::not_found, subject_not_usable, invitation_ended, other_address, address_not_confirmed,
                                                  already_member, deletion_pending, Reply<UserInfo>::dependency_unavailable},
                                     .body_limit = 4 * 1024,
                                     .idempotency = false});
}

// For those who sell plans: they need not be members.
void plan_routes(Router& router) {
    namespace p = plans;
    auto organizations = router.collection("/api/v1/organizations", "organizations");
    organizations.put<p::set>("/{id}/plan", {.summary = "Put an organisation on a plan, or on none", .operation = "set_plan", .scope = "organizations:admin"});
    auto plans = router.collection("/api/v1/organizations/plans/{plan}/quotas", "organizations");
    plans.get<p::list>("", {.summary = "List what a plan gives, by meter", .operation = "list_plan", .scope = "organizations:admin"});
    plans.get<p::get>("/{meter}", {.summary = "Read what a plan gives of a meter", .operation = "get_plan", .scope = "organizations:admin"});
    plans.put<p::put>("/{meter}", {.summary = "Set what a plan gives of a meter to each project",
                                   .operation = "put_plan",
                                   .problems = {too_many_meters, project_not_active},
                                   .scope = "organizations:admin"});
    plans.del<p::remove>("/{meter}", {.summary = "Give without a limit", .operation = "remove_plan", .scope = "organizations:admin"});
}

void meter_routes(Router& router) {
    namespace m = meters;
    auto meters = router.collection("/api/v1/meters", "meters");
    meters.get<m::list>("", {.summary = "List meters by slug"});
    meters.post<m::create>(
        "", {.summary = "Make a meter; it counts what comes from now on", .problems = {meter_slug_taken, too_many_meters, project_not_active}});
    meters.get<m::get>("/{slug}", {.summary = "Read a meter"});
    meters.patch<m::update>("/{slug}", {.summary = "Change what is said of a meter"});
    meters.del<m::remove>("/{slug}", {.summary = "Delete a meter and all that it has counted", .problems = {meter_in_plan}});
    meters.get<usage::query>("/{slug}/query", {.summary = "Add up what a meter has counted", .problems = {too_many_windows}});
    auto openmeter = router.surface("meters");
    openmeter.get<project::openmeter::list>("/openmeter/api/v1/meters", {.summary = "List meters, in OpenMeter's words", .operation = "openmeter_list"});
    openmeter.get<project::openmeter::get>("/openmeter/api/v1/meters/{meterIdOrSlug}",
                                           {.summary = "Read a meter, in OpenMeter's words", .operation = "openmeter_get"});
    openmeter.get<project::openmeter::query>(
        "/openmeter/api/v1/meters/{meterIdOrSlug}/query",
        {.summary = "Add up what a meter has counted, in OpenMeter's words", .operation = "openmeter_query", .problems = {too_many_windows}});
    openmeter.post<project::openmeter::query_by_body>("/openmeter/api/v1/meters/{meterIdOrSlug}/query",
                                                      {.summary = "The same by a body, in which a group may have one of several values",
                                                       .operation = "openmeter_query_by_body",
                                                       .problems = {too_many_windows},
                                                       .scope = "meters:read",
                                                       .body_limit = 16 * 1024,
                                                       .idempotency = false});
    openmeter.post<usage::ingest>("/openmeter/api/v1/events", {.summary = "Report usage: CloudEvents, one or many",
                                                               .problems = {events_refused},
                                                               .idempotency = false});
}

void quota_routes(Router& router) {
    namespace q = project::quotas;
    namespace r = project::reservations;
    router.collection("/api/v1/projects/{id}/usage", "projects")
        .get<usage::of_project>("", {.summary = "Add up what a project has used", .operation = "read", .problems = {role_too_low, too_many_windows}});
    auto quotas = router.collection("/api/v1/projects/{id}/quotas", "projects");
    quotas.get<q::list>("", {.summary = "List a project's limits and how far they are used up, by meter"});
    quotas.get<q::get>("/{meter}", {.summary = "Read a project's limit on a meter"});
    quotas.put<q::put>("/{meter}", {.summary = "Give a project a limit of its own, within its plan's",
                                    .problems = {role_too_low, above_the_plan, adds_nothing_up},
                                    .scope = "projects:admin"});
    quotas.del<q::remove>("/{meter}", {.summary = "Go back to the plan's limit", .problems = {role_too_low}, .scope = "projects:admin"});

    auto reservations = router.collection("/api/v1/projects/{id}/quotas/{meter}/reservations", "meters");
    reservations.put<r::put>("/{reservation}", {.summary = "Hold something back of a limit before it is used; the same again is answered alike",
                                                .problems = {quota_exceeded, reservation_differs, reservation_ended, project_not_active, adds_nothing_up}});
    reservations.get<r::get>("/{reservation}", {.summary = "Read a reservation"});
    reservations.post<r::settle>("/{reservation}/settle", {.summary = "Count what has been used of a reservation, and give the rest back",
                                                           .problems = {reservation_ended, more_than_reserved},
                                                           .idempotency = false});
    reservations.del<r::release>("/{reservation}", {.summary = "Give a reservation back, whether it was asked for yet or not",
                                                    .problems = {reservation_ended}});
}

void project_routes(Router& router) {
    namespace p = projects;
    namespace e = environments;
    auto projects = router.collection("/api/v1/projects", "projects");
    projects.get<p::list>("", {.summary = "List the projects in which one has a say, newest first"});
    projects.post<p::create>("", {.summary = "Create a project with its three usual environments",
                                  .problems = {role_too_low, no_such_organization, project_slug_taken}});
    projects.get<p::get>("/{id}", {.summary = "Read a project"});
    projects.patch<p::update>("/{id}", {.summary = "Change a project", .problems = {role_too_low, project_slug_taken, deletion_pending}});
    projects.del<p::remove>("/{id}", {.summary = "Ask for a project's deletion: its keys end at once", .problems = {role_too_low}});
    projects.post<p::suspend>("/{id}/suspend", {.summary = "Have no API key of a project be good", .problems = {role_too_low, deletion_pending}});
    projects.post<p::resume>("/{id}/resume", {.summary = "End a suspension", .problems = {role_too_low, deletion_pending}});
    projects.post<p::transfer>("/{id}/transfer", {.summary = "Give a project to another organisation",
                                                  .problems = {role_too_low, no_such_organization, project_slug_taken, deletion_pending}});
    projects.post<clones::create>("/{id}/clone",
                                  {.summary = "Make another project with the environments, meters, limits and keys of this one, and none of its data",
                                   .operation = "clone",
                                   .problems = {role_too_low, project_slug_taken, deletion_pending, scope_not_yours, too_many_keys},
                                   .idempotency = false});
    projects.post<p::restore>("/{id}/restore", {.summary = "Undo what asked for a project's deletion", .problems = {role_too_low, not_pending, too_late}});

    namespace m = project_members;
    auto members = router.collection("/api/v1/projects/{id}/members", "projects");
    members.get<m::list>("", {.summary = "List who has a say in a single project, those of longest standing first", .operation = "list_project"});
    members.post<m::create>("", {.summary = "Give somebody a say in a single project",
                                 .operation = "create_project",
                                 .problems = {role_too_low, already_member, deletion_pending},
                                 .scope = "projects:admin"});
    members.get<m::get>("/{subject}", {.summary = "Read a project's member", .operation = "get_project"});
    members.patch<m::update>("/{subject}", {.summary = "Change the role of a project's member",
                                            .operation = "update_project",
                                            .problems = {role_too_low, deletion_pending},
                                            .scope = "projects:admin"});
    members.del<m::remove>(
        "/{subject}",
        {.summary = "Remove a project's member, or leave", .operation = "remove_project", .problems = {role_too_low}, .scope = "projects:admin"});

    router.collection("/api/v1/projects/{id}/deletion", "projects")
        .get<deletions::get>("", {.summary = "Read how far a deletion is, and the proof of it", .problems = {role_too_low}, .scope = "projects:admin"});
    router.collection("/api/v1/projects/proof-keys", "projects")
        .get<deletions::proof_keys>(
            "", {.summary = "Public keys that proofs of deletion are checked by", .operation = "list", .open = "public keys are for everybody"});

    auto environments = router.collection("/api/v1/projects/{id}/environments", "projects");
    environments.get<e::list>("", {.summary = "List a project's environments by name"});
    environments.post<e::create>(
        "", {.summary = "Add an environment", .problems = {role_too_low, environment_exists, deletion_pending}, .scope = "projects:admin"});
    environments.get<e::get>("/{name}", {.summary = "Read an environment"});
    environments.patch<e::update>("/{name}", {.summary = "Change what an environment is for", .problems = {role_too_low}, .scope = "projects:admin"});
    environments.post<clones::create_environment>(
        "/{name}/clone", {.summary = "Make another environment with a new key for each that is good in this one; they are shown this once",
                          .operation = "clone",
                          .problems = {role_too_low, environment_exists, project_not_active, scope_not_yours, too_many_keys},
                          .scope = "projects:admin",
                          .shows_secret = true});
    environments.del<e::remove>("/{name}", {.summary = "Delete an environment, and what is left of its API keys",
                                            .problems = {role_too_low, has_live_keys},
                                            .scope = "projects:admin"});
}

void audit_routes(Router& router) {
    auto organizations = router.collection("/api/v1/organizations/{id}/audit", "organizations");
    organizations.get<audit::of_organization>("", {.summary = "List who did what to an organisation and all that is its, newest first",
                                                   .operation = "list_organization",
                                                   .problems = {role_too_low},
                                                   .scope = "organizations:admin"});
    organizations.get<audit::export_of_organization>(
        "/export", {.summary = "The same as a file", .operation = "export_organization", .problems = {role_too_low}, .scope = "organizations:admin"});
    auto projects = router.collection("/api/v1/projects/{id}/audit", "projects");
    projects.get<audit::of_project>("", {.summary = "List who did what to a project's meters and limits, and to the plans it gives, newest first",
                                         .operation = "list_project",
                                         .problems = {role_too_low},
                                         .scope = "projects:admin"});
    projects.get<audit::export_of_project>(
        "/export", {.summary = "The same as a file", .operation = "export_project", .problems = {role_too_low}, .scope = "projects:admin"});
}

void api_key_routes(Router& router) {
    namespace k = api_keys;
    auto keys = router.collection("/api/v1/api-keys", "api-keys");
    keys.get<k::list>("", {.summary = "List API keys of one's projects, newest first"});
    keys.post<k::create>("", {.summary = "Make an API key; it is shown this once",
                              .problems = {role_too_low, scope_not_yours, no_such_environment, project_not_active, already_expired},
                              .shows_secret = true});
    keys.get<k::get>("/{id}", {.summary = "Read what is known of an API key"});
    keys.patch<k::update>(
        "/{id}", {.summary = "Change an API key's name, end, networks or uses", .problems = {role_too_low, scope_not_yours, already_expired}});
    keys.post<k::rotate>("/{id}/rotate", {.summary = "Make a key in the place of another; both are good for a while",
                                          .problems = {role_too_low, scope_not_yours, already_rotated, key_ended, uses_counted},
                                          .shows_secret = true});
    keys.del<k::revoke>("/{id}", {.summary = "Revoke an API key, at once and for good", .problems = {role_too_low}});
    keys.post<explanations::explain>("/{id}/explain", {.summary = "Tell what an API key would be allowed, and by which services",
                                                       .scope = "api-keys:read",
                                                       .idempotency = false});
    keys.post<k::verify>("/verify", {.summary = "Ask who an API key stands for", .scope = "api-keys:verify", .body_limit = 4 * 1024});
    keys.post<k::introspect>("/introspect", {.summary = "Ask who an API key stands for, by the form of RFC 7662",
                                             .scope = "api-keys:verify",
                                             .body_limit = longest_token_form,
                                             .idempotency = false});
    keys.post<k::give_back>("/revoke", {.summary = "Give an API key back, by the form of RFC 7009: 200 whatever it was",
                                        .open = "whoever holds the key may end it",
                                        .body_limit = longest_token_form,
                                        .idempotency = false});
    keys.post<leaks::report>("/report-leak", {.summary = "Report API keys that were found somewhere, and have them revoked",
                                              .operation = "report_leak",
                                              .problems = {signature_wrong},
                                              .open = "whoever has found a key may end it",
                                              .body_limit = 5 * 1024 * 1024,
                                              .idempotency = false});
}

} // namespace

void routes(Router& router) {
    organization_routes(router);
    invitation_routes(router);
    project_invitation_routes(router);
    plan_routes(router);
    project_routes(router);
    api_key_routes(router);
    audit_routes(router);
    meter_routes(router);
    quota_routes(router);
}

} // namespace gravity::project
