#include "api.hpp"

#include "domain.hpp"
#include "problems.hpp"
#include "store.hpp"

#include <gravity/service.hpp>

namespace gravity::@id@ {
namespace {
Created<@Noun@> create(Tx& tx, Body<@Noun@Edit> in) {
    @Noun@ made = tx.one(insert_@noun@, tx.new_id<@Noun@Id>(), *in);
    tx.emit(@Noun@Created{made.id});
    return made;
}

Page<@Noun@> list(Tx& tx, Params<PageQuery> query) { return tx.page(list_@nouns@, *query); }
@Noun@ get(Tx& tx, Path<"id", @Noun@Id> id) { return tx.one(get_@noun@, *id); }

@Noun@ update(Tx& tx, Path<"id", @Noun@Id> id, Patch<@Noun@Edit> patch, IfMatch expected) {
    @Noun@ found = expected.check(tx.one(lock_@noun@, *id));
    static_cast<@Noun@Edit&>(found) = patch.apply(found);
    return tx.one(save_@noun@, found);
}

NoContent remove(Tx& tx, Path<"id", @Noun@Id> id, IfMatch expected) {
    check_deletable(expected.check(tx.one(lock_@noun@, *id)));
    tx.exec(delete_@noun@, *id);
    return {};
}
} // namespace

void routes(Router& router) {
    auto @nouns@ = router.collection("/api/v1/@collection@", "@collection@");
    @nouns@.get<list>("", {.summary = "List @words@, newest first"});
    @nouns@.post<create>("", {.summary = "Create a @word@", .problems = {name_taken}});
    @nouns@.get<get>("/{id}", {.summary = "Read a @word@"});
    @nouns@.patch<update>("/{id}", {.summary = "Change a @word@", .problems = {name_taken}});
    @nouns@.del<remove>("/{id}", {.summary = "Delete a @word@ that is not locked", .problems = {is_locked}});
}
} // namespace gravity::@id@
