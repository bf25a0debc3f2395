#include "app/internal_routes.hpp"

#include <gravity/app/personal_data.hpp>
#include <gravity/async/coroutine.hpp>

namespace gravity {
namespace {

constexpr std::size_t max_collected = 4U << 20;
constexpr Problem too_much_data{409, "too-much-personal-data", "More is kept of this person than one answer holds"};

struct ErasureRequested {
    static constexpr Event event{"gravity.user.erasure.requested"};
    Uuid id;
    Text<1, 255> subject;
};
BOOST_DESCRIBE_STRUCT(ErasureRequested, (), (id, subject))

struct ErasureCompleted : PersonErased {
    Uuid id; // of the request
};
BOOST_DESCRIBE_STRUCT(ErasureCompleted, (PersonErased), (id))

struct ForRequest {
    Uuid request;
};
BOOST_DESCRIBE_STRUCT(ForRequest, (), (request))

const Sql<void(Uuid, Timestamp)> begin_erasure{"gravity.erasure.begin", R"sql(
    insert into gravity.erasure (project, request, receipt, erased_at) values (gravity.current_project(), $1, 'null', $2) on conflict do nothing)sql"};
const Sql<Json(Uuid)> get_receipt{"gravity.erasure.get",
                                  "select receipt from gravity.erasure where project = gravity.current_project() and request = $1"};
const Sql<void(Uuid, Json)> save_receipt{"gravity.erasure.save",
                                         "update gravity.erasure set receipt = $2 where project = gravity.current_project() and request = $1"};

/// What handlers know of their service.
struct Keeper {
    PersonalData parts;
    std::string completed; // the event's type
};

// Once for each request, however often and on whatever way it is asked for: whoever comes while it is done waits for the row.
PersonErased erase_once(Tx& tx, const Keeper& keeper, const Uuid& request, const std::string& subject) {
    if (tx.exec(begin_erasure, request, tx.now()) == 0) return json::decode<PersonErased>(tx.one(get_receipt, request).dump()).or_throw();
    const PersonErased erased = keeper.parts.erase(tx, subject);
    tx.exec(save_receipt, request, json::to_document(erased));
    ErasureCompleted completed;
    static_cast<PersonErased&>(completed) = erased;
    completed.id = request;
    tx.emit_as(keeper.completed, completed, request.to_string());
    return erased;
}

PersonErased erase_in(Tx& tx, Keeper keeper, Uuid request, std::string subject) { return erase_once(tx, keeper, request, subject); }
PersonCollected collect_in(Tx& tx, Keeper keeper, std::string subject) { return keeper.parts.collect(tx, subject); }

pg::Scope scope_of(const Ctx& ctx, const ProjectId& project) { return pg::Scope::project(project, ctx.caller()->subject); }

Task<PersonErased> erase_person(Ctx& ctx, Path<"id", ProjectId> id, Path<"subject", Text<1, 255>> subject, Params<ForRequest> what) {
    const pg::Scope scope = scope_of(ctx, *id);
    const Keeper keeper = ctx.get<Keeper>();
    const Uuid request = what->request;
    const std::string whom = subject->str();
    co_return co_await ctx.in_scope(scope, erase_in, keeper, request, whom);
}

Task<PersonCollected> collect_person(Ctx& ctx, Path<"id", ProjectId> id, Path<"subject", Text<1, 255>> subject) {
    const pg::Scope scope = scope_of(ctx, *id);
    const Keeper keeper = ctx.get<Keeper>();
    const std::string whom = subject->str();
    PersonCollected collected = co_await ctx.in_scope(scope, collect_in, keeper, whom);
    if (collected.data.dump().size() > max_collected) throw Refusal(too_much_data);
    co_return collected;
}

void add_routes(Router& router) {
    auto people = router.collection("/internal/projects", "people");
    people.get<collect_person>("/{id}/people/{subject}",
                               {.summary = "All that is kept of a person", .problems = {too_much_data}, .scope = "people:read", .timeout_ms = 60'000});
    people.del<erase_person>("/{id}/people/{subject}",
                             {.summary = "Erase what is kept of a person; for one request once", .scope = "people:erase", .timeout_ms = 60'000});
}

events::Handler erasure_handler(Keeper keeper) {
    return {std::string(ErasureRequested::event.type), [keeper = std::move(keeper)](Tx& tx, const Envelope&, const Json& data) {
                ErasureRequested asked;
                meta::Errors errors;
                json::decode(data, meta::mutable_ref(asked), errors, json::Unknown::ignore);
                if (!errors.empty()) throw events::Undecodable(errors.to_string());
                erase_once(tx, keeper, asked.id, asked.subject.str());
            }};
}

} // namespace

void keeps_personal_data(Service& service, PersonalData parts) {
    app::Definition& definition = service.definition();
    const Keeper keeper{parts, app::ServiceName{definition.name}.event_type("erasure.completed")};
    definition.extra_tags.emplace_back("personal-data");
    definition.consumers.push_back(erasure_handler(keeper));
    service.routes(add_routes).provision([keeper](app::Runtime& runtime) { runtime.resources.put(std::make_shared<Keeper>(keeper)); });
}

} // namespace gravity
