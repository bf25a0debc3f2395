#include "api.hpp"

#include "audit_api.hpp"
#include "cipher.hpp"
#include "cipher_api.hpp"
#include "effective_api.hpp"
#include "flags_api.hpp"
#include "git_api.hpp"
#include "imports_api.hpp"
#include "instances_api.hpp"
#include "ofrep_api.hpp"
#include "preview_api.hpp"
#include "problems.hpp"
#include "releases_api.hpp"
#include "rollouts_api.hpp"
#include "schemas_api.hpp"
#include "secrets_api.hpp"
#include "sets_api.hpp"
#include "sets_of_many_api.hpp"
#include "spring_api.hpp"
#include "spring_key_api.hpp"
#include "tags_api.hpp"
#include "watch_api.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::config {
namespace {

constexpr std::size_t most_queued = 16 * 1024 * 1024; // of one watcher; what is in force may be that large, and a second frame waits for the first
constexpr std::size_t largest_import = 16 * 1024 * 1024;
constexpr std::size_t largest_change = 4 * 1024 * 1024; // bytes of JSON; what comes of it may be half of that

void set_routes(Router& router) {
    auto configs = router.collection("/api/v1/configs", "configs");
    configs.get<sets::list>("", {.summary = "List config sets, newest first"});
    configs.post<sets::create>("", {.summary = "Make a config set: an application in a profile under a label", .problems = {set_exists, too_many_sets}});
    configs.get<effective::get>("/effective", {.summary = "What is in force for a process, and where each value comes from",
                                               .operation = "effective",
                                               .problems = {no_such_label, secrets_unavailable},
                                               .timeout_ms = 75'000});
    configs.post<instances::acknowledge>("/acknowledgements", {.summary = "What became of a version, from an instance that has no WebSocket",
                                                               .operation = "acknowledge",
                                                               .problems = {no_such_version},
                                                               .scope = "configs:read"});
    configs.ws<watches::socket>("/watch",
                                {.summary = "Hear of changes, by WebSocket: it begins with {\"hello\": {application, profiles, label, instance, have}}",
                                 .operation = "watch"},
                                {.heartbeat_ms = 20'000,
                                 .max_queued_bytes = most_queued,
                                 .max_message_bytes = 16 * 1024,
                                 .subprotocols = {"gravity.config.v1"}});
    configs.stream<watches::events>("/watch/events", {.summary = "Hear of changes, by Server-Sent Events", .operation = "watch_events"},
                                    {.max_queued_bytes = most_queued});
    configs.get<sets::get>("/{id}", {.summary = "Read a config set"});
    configs.patch<sets::update>("/{id}", {.summary = "Change what holds for a config set", .scope = "configs:admin"});

    configs.get<instances::list>("/{id}/instances", {.summary = "Who is told of a config set, and what they run", .operation = "list_instances"});
    configs.get<instances::summarize>("/{id}/instances/summary",
                                      {.summary = "How many instances run what is in force, and how many do not", .operation = "summarize_instances"});

    configs.get<drafts::get>("/{id}/draft", {.summary = "Read what is to be published next", .operation = "get_draft", .scope = "configs:write"});
    configs.patch<drafts::update>("/{id}/draft", {.summary = "Change what is to be published next",
                                                  .operation = "update_draft",
                                                  .problems = {no_such_base, value_too_large, too_many_keys, secrets_unavailable},
                                                  .body_limit = largest_change});
    configs.get<drafts::merge>("/{id}/draft/merge",
                               {.summary = "What becomes of the draft on top of what is published now", .operation = "merge_draft", .scope = "configs:write"});
    configs.post<drafts::approve>("/{id}/draft/approve", {.summary = "Approve what is to be published next",
                                                          .operation = "approve_draft",
                                                          .problems = {own_draft, problems::stale_version},
                                                          .scope = "configs:admin"});
    configs.post<drafts::validate>("/{id}/draft/validate",
                                   {.summary = "What would be wrong if the draft were published", .operation = "validate_draft", .scope = "configs:read"});
    configs.post<drafts::dry_run>("/{id}/draft/dry-run", {.summary = "Whose settings would change, and which keys, if the draft were published",
                                                          .operation = "dry_run_draft",
                                                          .scope = "configs:read"});
}

void file_routes(Router& router) {
    auto configs = router.collection("/api/v1/configs", "configs");
    configs.post<imports::import_file>("/import", {.summary = "Take a file of settings over into a draft; nothing is published",
                                                   .operation = "import_file",
                                                   .problems = {set_exists, too_many_sets, value_too_large, too_many_keys, no_such_base, stale_draft,
                                                                problems::stale_version, secrets_unavailable},
                                                   .scope = "configs:admin",
                                                   .body_limit = largest_change});
    configs.post<imports::import_sets>("/import-all", {.summary = "Take many config sets over into drafts, all or none; nothing is published",
                                                       .operation = "import_sets",
                                                       .problems = {set_exists, too_many_sets, value_too_large, too_many_keys, secrets_unavailable},
                                                       .scope = "configs:admin",
                                                       .body_limit = largest_import});
    configs.get<imports::export_sets>("/export-all", {.summary = "All config sets in one document that can be imported again; of secrets `***`",
                                                      .operation = "export_sets",
                                                      .scope = "configs:admin"});
    configs.get<imports::export_file>("/{id}/export", {.summary = "What is in force, or a release, as a file; of secrets `***`",
                                                       .operation = "export_file",
                                                       .problems = {no_variable_name},
                                                       .scope = "configs:admin"});
}

void git_routes(Router& router) {
    auto sources = router.collection("/api/v1/config/git-sources", "configs");
    sources.get<git_sources::list>("", {.summary = "List git repositories that settings come from, newest first",
                                        .operation = "list_git_sources",
                                        .scope = "configs:admin"});
    sources.post<git_sources::create>("", {.summary = "Name a git repository that settings come from",
                                           .operation = "create_git_source",
                                           .problems = {too_many_git_sources, secrets_unavailable},
                                           .scope = "configs:admin"});
    sources.get<git_sources::get>("/{id}", {.summary = "Read a git source, and what became of its last pull",
                                            .operation = "get_git_source",
                                            .scope = "configs:admin"});
    sources.patch<git_sources::update>("/{id}", {.summary = "Change what is taken of a git source, and how often",
                                                 .operation = "update_git_source",
                                                 .scope = "configs:admin"});
    sources.put<git_sources::put_credentials>("/{id}/credentials", {.summary = "Set what a git source signs in with; it is not shown again",
                                                                    .operation = "put_git_credentials",
                                                                    .problems = {secrets_unavailable},
                                                                    .scope = "configs:admin"});
    sources.del<git_sources::remove>("/{id}", {.summary = "Delete a git source; what came from it stays",
                                               .operation = "delete_git_source",
                                               .scope = "configs:admin"});
    sources.post<git_sources::pull>("/{id}/pull", {.summary = "Fill drafts with the files of a git source; nothing is published",
                                                   .operation = "pull_git_source",
                                                   .scope = "configs:admin"});

    auto hooks = router.surface("configs");
    hooks.post<git_sources::pushed>("/spring/monitor", {.summary = "Spring Cloud Config Monitor: what a git server calls when something was pushed",
                                                        .operation = "spring_monitor",
                                                        .scope = "configs:write",
                                                        .keys = AcceptKeys::secret,
                                                        .body_limit = largest_change,
                                                        .idempotency = false});
}

void schema_routes(Router& router) {
    auto collection = router.collection("/api/v1/config-schemas", "config-schemas");
    collection.get<schemas::list>("", {.summary = "List schemas, newest first", .operation = "list_schemas"});
    collection.post<schemas::create>("", {.summary = "Make a schema that settings have to hold",
                                          .operation = "create_schema",
                                          .problems = {schema_exists, too_many_schemas, schema_violation}});
    collection.get<schemas::get>("/{id}", {.summary = "Read a schema", .operation = "get_schema"});
    collection.patch<schemas::update>("/{id}", {.summary = "Change a schema", .operation = "update_schema", .problems = {schema_violation}});
    collection.del<schemas::remove>("/{id}", {.summary = "Delete a schema", .operation = "delete_schema"});
}

void secret_routes(Router& router) {
    auto configs = router.collection("/api/v1/configs/{id}", "configs");
    configs.post<secrets::reveal>("/keys/{key}/reveal", {.summary = "Show the secret that is in force; who was shown it is kept",
                                                         .operation = "reveal",
                                                         .problems = {not_a_secret, secrets_unavailable},
                                                         .scope = "configs:admin",
                                                         .shows_secret = true});
    configs.get<secrets::list>("/reveals", {.summary = "Who was shown secrets, newest first", .operation = "list_reveals", .scope = "configs:admin"});
}

void release_routes(Router& router) {
    auto releases = router.collection("/api/v1/configs/{id}/releases", "configs");
    releases.get<releases::list>("", {.summary = "List releases, newest first", .operation = "list_releases"});
    releases.post<releases::create>("", {.summary = "Publish the draft",
                                         .operation = "publish",
                                         .problems = {stale_draft, nothing_to_publish, unresolved_reference, schema_violation, too_many_keys,
                                                      rollout_unfinished, nothing_in_force, review_required},
                                         .scope = "configs:admin"});
    releases.get<releases::get>("/{number}", {.summary = "Read a release; each key tells since which one it has its value", .operation = "get_release"});
    releases.get<releases::diff>("/{number}/diff", {.summary = "What differs between two releases, as a JSON Patch", .operation = "diff_releases"});
    releases.post<releases::revert>("/{number}/revert", {.summary = "Publish a release's items again",
                                                         .operation = "revert",
                                                         .problems = {nothing_to_publish, unresolved_reference, schema_violation, too_many_keys,
                                                                      rollout_unfinished},
                                                         .scope = "configs:admin"});
}

void tag_routes(Router& router) {
    auto names = router.collection("/api/v1/configs/{id}/tags", "configs");
    names.get<tags::list>("", {.summary = "List the names of releases", .operation = "list_tags"});
    names.post<tags::create>("", {.summary = "Name a release", .operation = "create_tag", .problems = {tag_exists, too_many_tags}, .scope = "configs:admin"});
    names.get<tags::get>("/{tag}", {.summary = "Read which release a name is of", .operation = "get_tag"});
    names.del<tags::remove>("/{tag}", {.summary = "Remove the name of a release", .operation = "delete_tag", .scope = "configs:admin"});
}

void rollout_routes(Router& router) {
    auto by_steps = router.collection("/api/v1/configs/{id}/rollouts", "configs");
    by_steps.get<rollouts::list>("", {.summary = "List rollouts, newest first", .operation = "list_rollouts"});
    by_steps.get<rollouts::get>("/{rollout}", {.summary = "Read a rollout", .operation = "get_rollout"});
    by_steps.post<rollouts::pause>("/{rollout}/pause", {.summary = "Keep a rollout at its step",
                                                        .operation = "pause_rollout",
                                                        .problems = {rollout_ended},
                                                        .scope = "configs:admin"});
    by_steps.post<rollouts::resume>("/{rollout}/resume", {.summary = "Let a rollout go on; its step bakes anew",
                                                          .operation = "resume_rollout",
                                                          .problems = {rollout_ended},
                                                          .scope = "configs:admin"});
    by_steps.post<rollouts::abort>("/{rollout}/abort", {.summary = "Take the release of a rollout back",
                                                        .operation = "abort_rollout",
                                                        .problems = {rollout_ended},
                                                        .scope = "configs:admin"});
}

void audit_routes(Router& router) {
    auto log = router.collection("/api/v1/config/audit", "configs");
    log.get<audit::list>("", {.summary = "List who did what, and from where, newest first", .operation = "list_audit", .scope = "configs:admin"});
    log.get<audit::export_log>("/export", {.summary = "The same as a file", .operation = "export_audit", .scope = "configs:admin"});
}

void spring_routes(Router& router) {
    auto spring = router.surface("configs");
    const std::vector<Problem> problems{no_such_label, secrets_unavailable};
    spring.get<spring::file>("/spring/{file}", {.summary = "An application's settings as {application}-{profiles}.yml, .yaml, .json or .properties",
                                                .operation = "spring_file",
                                                .keys = AcceptKeys::secret});
    spring.get<spring::environment_or_file>("/spring/{application}/{profiles}",
                                            {.summary = "Spring Cloud Config: an application's property sources; or /spring/{label}/{file}",
                                             .operation = "spring_environment",
                                             .problems = problems,
                                             .keys = AcceptKeys::secret});
    spring.get<spring::labelled>("/spring/{application}/{profiles}/{label}",
                                 {.summary = "Spring Cloud Config: an application's property sources under a label",
                                  .operation = "spring_labelled_environment",
                                  .problems = problems,
                                  .keys = AcceptKeys::secret});
    spring.get<spring::plain_file>("/spring/{application}/{profiles}/{label}/{path...}",
                                   {.summary = "Spring Cloud Config: the value of a key as a plain file",
                                    .operation = "spring_plain_file",
                                    .problems = problems,
                                    .keys = AcceptKeys::secret});
}

void cipher_routes(Router& router) {
    auto spring = router.surface("configs");
    constexpr std::size_t largest_text = 3 * longest_cipher_text; // percent-encoded, or as a cipher
    spring.post<ciphers::encrypt>("/spring/encrypt", {.summary = "Spring Cloud Config: encrypt a text, for values that begin with {cipher}",
                                                      .operation = "spring_encrypt",
                                                      .problems = {secrets_unavailable, value_too_large},
                                                      .scope = "configs:write",
                                                      .keys = AcceptKeys::secret,
                                                      .body_limit = largest_text,
                                                      .idempotency = false});
    spring.post<ciphers::decrypt>("/spring/decrypt", {.summary = "Spring Cloud Config: decrypt what was encrypted for this project",
                                                      .operation = "spring_decrypt",
                                                      .problems = {secrets_unavailable, not_a_cipher},
                                                      .scope = "configs:secrets",
                                                      .keys = AcceptKeys::secret,
                                                      .body_limit = largest_text,
                                                      .idempotency = false});
    spring.post<ciphers::encrypt_for>("/spring/encrypt/{application}/{profiles}",
                                      {.summary = "Spring Cloud Config: the same, with names that choose no other key",
                                       .operation = "spring_encrypt_for",
                                       .problems = {secrets_unavailable, value_too_large},
                                       .scope = "configs:write",
                                       .keys = AcceptKeys::secret,
                                       .body_limit = largest_text,
                                       .idempotency = false});
    spring.post<ciphers::decrypt_for>("/spring/decrypt/{application}/{profiles}",
                                      {.summary = "Spring Cloud Config: the same, with names that choose no other key",
                                       .operation = "spring_decrypt_for",
                                       .problems = {secrets_unavailable, not_a_cipher},
                                       .scope = "configs:secrets",
                                       .keys = AcceptKeys::secret,
                                       .body_limit = largest_text,
                                       .idempotency = false});
    spring.get<ciphers::status>("/spring/encrypt/status", {.summary = "Spring Cloud Config: whether there is a key to encrypt with",
                                                           .operation = "spring_encrypt_status",
                                                           .problems = {secrets_unavailable},
                                                           .keys = AcceptKeys::secret});

    auto keys = router.collection("/api/v1/config/spring-key", "configs");
    keys.get<spring_key::get>("", {.summary = "Read what is known of the key of a Spring server",
                                   .operation = "get_spring_key",
                                   .problems = {problems::not_found},
                                   .scope = "configs:admin"});
    keys.put<spring_key::put>("", {.summary = "Set the key of the Spring server whose ciphers are taken over; it is not shown again",
                                   .operation = "put_spring_key",
                                   .problems = {secrets_unavailable},
                                   .scope = "configs:admin"});
    keys.del<spring_key::remove>("", {.summary = "Forget the key of a Spring server; what it opened stays",
                                      .operation = "delete_spring_key",
                                      .problems = {problems::not_found},
                                      .scope = "configs:admin"});
}

void flag_routes(Router& router) {
    auto collection = router.collection("/api/v1/feature-flags", "feature-flags");
    collection.get<flags::list>("", {.summary = "List flags, newest first", .operation = "list_flags"});
    collection.post<flags::create>("", {.summary = "Make a flag", .operation = "create_flag", .problems = {flag_exists, too_many_flags, prerequisite_circle}});
    collection.get<flags::get>("/{id}", {.summary = "Read a flag", .operation = "get_flag"});
    collection.patch<flags::update>("/{id}", {.summary = "Change a flag", .operation = "update_flag", .problems = {prerequisite_circle}});
    collection.del<flags::remove>("/{id}", {.summary = "Delete a flag", .operation = "delete_flag"});

    auto surface = router.surface("feature-flags");
    constexpr std::size_t largest_context = 64 * 1024;
    surface.post<ofrep::evaluate_all>("/ofrep/v1/evaluate/flags", {.summary = "OFREP: what all flags are for a context",
                                                                   .operation = "ofrep_evaluate_all",
                                                                   .scope = "feature-flags:read",
                                                                   .keys = AcceptKeys::secret,
                                                                   .error_type = "application/json",
                                                                   .body_limit = largest_context,
                                                                   .idempotency = false});
    surface.post<ofrep::evaluate>("/ofrep/v1/evaluate/flags/{key}", {.summary = "OFREP: what a flag is for a context",
                                                                     .operation = "ofrep_evaluate",
                                                                     .scope = "feature-flags:read",
                                                                     .keys = AcceptKeys::secret,
                                                                     .error_type = "application/json",
                                                                     .body_limit = largest_context,
                                                                     .idempotency = false});
}

} // namespace

void routes(Router& router) {
    set_routes(router);
    file_routes(router);
    git_routes(router);
    release_routes(router);
    rollout_routes(router);
    tag_routes(router);
    secret_routes(router);
    schema_routes(router);
    audit_routes(router);
    spring_routes(router);
    cipher_routes(router);
    flag_routes(router);
}

} // namespace gravity::config
