#include "app/internal_routes.hpp"

#include <gravity/app/personal_data.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace gravity {
namespace {

constexpr std::size_t max_collected = 4U << 20, max_former = 200, max_place = 500;
constexpr Problem too_much_data{409, "too-much-personal-data", "More is kept of this person than one answer holds"};

using Sub = Text<1, 255>;

/// An account that was merged into somebody's: what is known by it is theirs too.
struct FormerAccount {
    Sub subject;
};
BOOST_DESCRIBE_STRUCT(FormerAccount, (), (subject))

struct ErasureRequested {
    static constexpr Event event{"gravity.user.erasure.requested"};
    Uuid id;
    Sub subject;
    std::vector<FormerAccount> former;
};
BOOST_DESCRIBE_STRUCT(ErasureRequested, (), (id, subject, former))

struct ErasureCompleted : PersonErased {
    Uuid id; // of the request
};
BOOST_DESCRIBE_STRUCT(ErasureCompleted, (PersonErased), (id))

struct OfAccounts {
    std::vector<Text<1, 1400>> former; // accounts that were merged into this one, each in base64url: a list is split at its commas, and a `sub` may have some
};
BOOST_DESCRIBE_STRUCT(OfAccounts, (), (former))
struct FromPlace : OfAccounts {
    std::optional<Text<1, 1000>> place; // as the part before has named it
};
BOOST_DESCRIBE_STRUCT(FromPlace, (OfAccounts), (place))
struct ForRequest : OfAccounts {
    Uuid request;
};
BOOST_DESCRIBE_STRUCT(ForRequest, (OfAccounts), (request))

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

using Subjects = std::vector<std::string>; // of one person, the present one first

Subjects subjects_of(const Sub& present, const OfAccounts& more) {
    if (more.former.size() > max_former) throw Refusal(problems::invalid).with_faults({{"/former", "must have at most 200 items", "query"}});
    Subjects all{present.str()};
    for (const auto& one : more.former) {
        const auto subject = Sub::parse(base64url_decode(one.view()).value_or(""));
        if (!subject) throw Refusal(problems::invalid).with_faults({{"/former", "must be subjects in base64url", "query"}});
        all.push_back(subject->str());
    }
    return all;
}

// How much of a person goes that way, for a receipt over several accounts.
int reach(PersonErasure method) {
    switch (method) {
    case PersonErasure::deleted: return 4;
    case PersonErasure::shredded: return 3;
    case PersonErasure::anonymised: return 2;
    case PersonErasure::kept: return 1;
    case PersonErasure::nothing: break;
    }
    return 0;
}

PersonErased erase_all(Tx& tx, const Keeper& keeper, const Subjects& subjects) {
    PersonErased all;
    for (const std::string& subject : subjects) {
        const PersonErased one = keeper.parts.erase(tx, subject);
        all.rows += one.rows;
        if (reach(one.method) > reach(all.method)) all.method = one.method;
        for (const PersonKept& kept : one.kept) {
            const auto same = [&](const PersonKept& known) { return known.what == kept.what && known.law == kept.law && known.until == kept.until; };
            if (std::none_of(all.kept.begin(), all.kept.end(), same)) all.kept.push_back(kept);
        }
    }
    return all;
}

// Once for each request, however often and on whatever way it is asked for: whoever comes while it is done waits for the row.
PersonErased erase_once(Tx& tx, const Keeper& keeper, const Uuid& request, const Subjects& subjects) {
    if (tx.exec(begin_erasure, request, tx.now()) == 0) return json::decode<PersonErased>(tx.one(get_receipt, request).dump()).or_throw();
    const PersonErased erased = erase_all(tx, keeper, subjects);
    tx.exec(save_receipt, request, json::to_document(erased));
    ErasureCompleted completed;
    static_cast<PersonErased&>(completed) = erased;
    completed.id = request;
    tx.emit_as(keeper.completed, completed, request.to_string());
    return erased;
}

PersonErased erase_in(Tx& tx, Keeper keeper, Uuid request, Subjects subjects) { return erase_once(tx, keeper, request, subjects); }

/// Where a part begins: with which of the accounts, and with what of it.
struct PartPlace {
    std::size_t account = 0;
    std::string inside; // empty: from its beginning
};

std::string part_place_text(const PartPlace& place) {
    if (place.inside.size() > max_place) throw std::logic_error("the place of a part has more than 500 characters");
    return base64url_encode(std::to_string(place.account) + ":" + place.inside);
}

[[noreturn]] void refuse_place() { throw Refusal(problems::invalid).with_faults({{"/place", "must be what the part before has named", "query"}}); }

PartPlace part_place_of(const FromPlace& from, std::size_t accounts) {
    if (!from.place) return {};
    const std::string text = base64url_decode(from.place->view()).value_or("");
    PartPlace place;
    const auto colon = text.find(':');
    const auto [end, error] = std::from_chars(text.data(), text.data() + std::min(colon, text.size()), place.account);
    if (colon == std::string::npos || error != std::errc{} || end != text.data() + colon || place.account >= accounts) refuse_place();
    place.inside = text.substr(colon + 1);
    return place;
}

PersonPart collected_part(Tx& tx, const Keeper& keeper, const std::string& subject, const std::string& place) {
    if (keeper.parts.collect_part != nullptr) return keeper.parts.collect_part(tx, subject, place);
    if (!place.empty()) refuse_place(); // it has but one
    PersonPart all;
    static_cast<PersonCollected&>(all) = keeper.parts.collect(tx, subject);
    return all;
}

// Of several accounts a list, of as many as there is room for.
PersonPart collect_in(Tx& tx, Keeper keeper, Subjects subjects, PartPlace at) {
    if (subjects.size() == 1) {
        PersonPart one = collected_part(tx, keeper, subjects.front(), at.inside);
        if (one.next) one.next = part_place_text({0, *std::move(one.next)});
        return one;
    }
    PersonPart all;
    all.data = Json::array();
    std::size_t bytes = 2;
    for (; at.account < subjects.size(); ++at.account, at.inside.clear()) {
        PersonPart one = collected_part(tx, keeper, subjects[at.account], at.inside);
        const std::size_t more = one.data.dump().size() + 1;
        if (all.data.size() > 0 && bytes + more > max_collected) {
            all.next = part_place_text(at);
            return all;
        }
        bytes += more;
        all.rows += one.rows;
        if (one.rows > 0) all.data.push_back(std::move(one.data));
        if (one.next) {
            all.next = part_place_text({at.account, *std::move(one.next)});
            return all;
        }
    }
    return all;
}

pg::Scope scope_of(const Ctx& ctx, const ProjectId& project) { return pg::Scope::project(project, ctx.caller()->subject); }

Task<PersonErased> erase_person(Ctx& ctx, Path<"id", ProjectId> id, Path<"subject", Sub> subject, Params<ForRequest> what) {
    const pg::Scope scope = scope_of(ctx, *id);
    const Keeper keeper = ctx.get<Keeper>();
    const Uuid request = what->request;
    const Subjects whom = subjects_of(*subject, *what);
    co_return co_await ctx.in_scope(scope, erase_in, keeper, request, whom);
}

Task<PersonPart> collect_person(Ctx& ctx, Path<"id", ProjectId> id, Path<"subject", Sub> subject, Params<FromPlace> more) {
    const pg::Scope scope = scope_of(ctx, *id);
    const Keeper keeper = ctx.get<Keeper>();
    const Subjects whom = subjects_of(*subject, *more);
    const PartPlace from = part_place_of(*more, whom.size());
    PersonPart collected = co_await ctx.in_scope(scope, collect_in, keeper, whom, from);
    if (collected.data.dump().size() > max_collected) throw Refusal(too_much_data);
    co_return collected;
}

void add_routes(Router& router) {
    auto people = router.collection("/internal/projects", "people");
    people.get<collect_person>("/{id}/people/{subject}",
                               {.summary = "All that is kept of a person, or as much of it as one answer holds",
                                .problems = {too_much_data},
                                .scope = "people:collect",
                                .timeout_ms = 60'000});
    people.del<erase_person>("/{id}/people/{subject}",
                             {.summary = "Erase what is kept of a person; for one request once", .scope = "people:erase", .timeout_ms = 60'000});
}

events::Handler erasure_handler(Keeper keeper) {
    return {std::string(ErasureRequested::event.type), [keeper = std::move(keeper)](Tx& tx, const Envelope&, const Json& data) {
                ErasureRequested asked;
                meta::Errors errors;
                json::decode(data, meta::mutable_ref(asked), errors, json::Unknown::ignore);
                if (!errors.empty()) throw events::Undecodable(errors.to_string());
                Subjects subjects{asked.subject.str()};
                for (const FormerAccount& account : asked.former) subjects.push_back(account.subject.str());
                erase_once(tx, keeper, asked.id, subjects);
            }};
}

} // namespace

void keeps_personal_data(Service& service, PersonalData parts) {
    if (parts.erase == nullptr || (parts.collect == nullptr && parts.collect_part == nullptr))
        throw std::logic_error("who keeps data of people can erase and collect it");
    app::Definition& definition = service.definition();
    const Keeper keeper{parts, app::ServiceName{definition.name}.event_type("erasure.completed")};
    definition.extra_tags.emplace_back("personal-data");
    definition.consumers.push_back(erasure_handler(keeper));
    service.routes(add_routes).provision([keeper](app::Runtime& runtime) { runtime.resources.put(std::make_shared<Keeper>(keeper)); });
}

} // namespace gravity
