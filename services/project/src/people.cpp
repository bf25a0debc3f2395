#include "people.hpp"

#include "audit.hpp"
#include "people_store.hpp"

#include <gravity/base/problem.hpp>

#include <array>

namespace gravity::project {
namespace {

// No law has to be named for an id that tells nobody who it was.
constexpr const char* names_nobody = "GDPR recital 26: once it is erased who the id belonged to, it names nobody";

// What is kept of a person, by the numbers that items_of_person gives.
constexpr std::array<std::string_view, 7> person_sections{"", "memberships", "project_memberships", "invitations", "invited", "api_keys", "audit"};

constexpr int most_person_items = 10'000;
constexpr std::size_t most_person_bytes = 3U << 20; // less than the 4 MiB of an answer

/// Behind what a part goes on.
struct PersonPlace {
    int section = 0;
    std::string id = "00000000-0000-0000-0000-000000000000";
};

PersonPlace person_place_of(const std::string& text) {
    if (text.empty()) return {};
    const bool formed = text.size() > 2 && text[0] >= '1' && text[0] <= '6' && text[1] == ':';
    const auto id = Uuid::parse(formed ? std::string_view(text).substr(2) : std::string_view());
    if (!id) throw Refusal(problems::invalid).with_faults({{"/place", "must be what the part before has named", "query"}});
    return {text[0] - '0', id->to_string()};
}

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
    const auto left_projects = tx.all(leave_projects, subject);
    for (const LeftProject& one : left_projects) {
        tx.emit(ProjectMemberRemoved{one.project_id, one.organization_id, Subject::parse(subject).or_throw()}, one.project_id.to_string());
        record(tx, service_itself(), {.action = "project_member.removed", .organization = one.organization_id, .project = one.project_id, .target = subject});
    }
    const bool invited = tx.exec(delete_invitations_of, subject) > 0, known = tx.one(forget_addresses, subject) > 0;
    erased.method = PersonErasure::kept;
    if (known) erased.method = PersonErasure::anonymised;
    if (invited || !left.empty() || !left_projects.empty()) erased.method = PersonErasure::deleted;
    if (tx.one(count_last_ownerships, subject) > 0)
        erased.kept.push_back({"An id as the last owner of an organisation, which would have none without it", names_nobody, {}});
    if (tx.one(count_deeds, subject) > 0) erased.kept.push_back({"An id as who made API keys or invited others", names_nobody, {}});
    if (known) erased.kept.push_back({"An id as who did what, in the audit log", names_nobody, {}});
    return erased;
}

PersonPart collect_person(Tx& tx, const std::string& subject, const std::string& place) {
    PersonPart part;
    if (place.empty() && tx.one(count_rows_of_person, subject) == 0) return part;
    PersonPlace at = person_place_of(place);
    std::size_t bytes = 0;
    for (const PersonItem& item : tx.all(items_of_person, subject, at.section, at.id, most_person_items + 1)) {
        bytes += item.item.dump().size() + 1;
        if (part.rows == most_person_items || (part.rows > 0 && bytes > most_person_bytes)) {
            part.next = std::to_string(at.section) + ":" + at.id;
            return part;
        }
        const std::string_view section = person_sections.at(static_cast<std::size_t>(item.section));
        if (part.data.find(section) == nullptr) part.data[section] = Json::array();
        part.data[section].push_back(item.item);
        ++part.rows;
        at = {item.section, item.id};
    }
    return part;
}

} // namespace gravity::project
