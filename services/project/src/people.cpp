#include "people.hpp"

#include "audit.hpp"
#include "people_store.hpp"

namespace gravity::project {
namespace {

// No law has to be named for an id that tells nobody who it was.
constexpr const char* names_nobody = "GDPR recital 26: once it is erased who the id belonged to, it names nobody";

} // namespace

PersonErased erase_person(Tx& tx, const std::string& subject) {
    PersonErased erased;
    erased.rows = tx.one(count_rows_of_person, subject);
    if (erased.rows == 0) return erased;
    const auto left = tx.all(leave_organizations, subject);
    for (const OrganizationId& one : left) {
        tx.emit(MemberRemoved{one, Subject::parse(subject).or_throw()}, one.to_string());
        record(tx, service_itself(), {.action = "member.removed", .organization = one, .target = subject});
    }
    const bool invited = tx.exec(delete_invitations_of, subject) > 0, known = tx.one(forget_addresses, subject) > 0;
    erased.method = invited || !left.empty() ? PersonErasure::deleted : known ? PersonErasure::anonymised
                                                                              : PersonErasure::kept;
    if (tx.one(count_last_ownerships, subject) > 0)
        erased.kept.push_back({"An id as the last owner of an organisation, which would have none without it", names_nobody, {}});
    if (tx.one(count_deeds, subject) > 0) erased.kept.push_back({"An id as who made API keys or invited others", names_nobody, {}});
    if (known) erased.kept.push_back({"An id as who did what, in the audit log", names_nobody, {}});
    return erased;
}

PersonCollected collect_person(Tx& tx, const std::string& subject) {
    const std::int64_t rows = tx.one(count_rows_of_person, subject);
    if (rows == 0) return {};
    return {rows, tx.one(export_person, subject)};
}

} // namespace gravity::project
