#include "people.hpp"

#include "departures.hpp"
#include "identities_store.hpp"
#include "people_store.hpp"

namespace gravity::issuer {

// Whoever signs in at this moment holds the identity's row, or finds none.
PersonErased erase_person(Tx& tx, const std::string& subject) {
    const auto id = IdentityId::parse(subject);
    if (!id || !tx.maybe(lock_identity, *id)) return {};
    const std::int64_t rows = tx.one(count_rows_of_identity, *id);
    erase_identity(tx, *id);
    return {rows, PersonErasure::deleted, {}};
}

PersonCollected collect_person(Tx& tx, const std::string& subject) {
    const auto id = IdentityId::parse(subject);
    if (!id || !tx.maybe(get_identity, *id)) return {};
    return {tx.one(count_rows_of_identity, *id), tx.one(export_identity, *id)};
}

} // namespace gravity::issuer
