#include "people.hpp"

#include "departures.hpp"
#include "identities_store.hpp"
#include "people_store.hpp"

#include <gravity/base/problem.hpp>

#include <array>
#include <string_view>

namespace gravity::issuer {
namespace {

// What there may be any number of, in the order in which it is shown.
struct PersonSection {
    std::string_view name;
    const Sql<PersonItem(IdentityId, std::string, int)>& items;
};
const std::array<PersonSection, 5>& person_sections() {
    static const std::array<PersonSection, 5> all{{{"sessions", sessions_to_show},
                                                   {"applications", applications_to_show},
                                                   {"devices", devices_to_show},
                                                   {"refusals", refusals_to_show},
                                                   {"kept_signed_in", families_to_show}}};
    return all;
}

constexpr int most_person_items = 10'000;
constexpr std::size_t most_person_bytes = 3U << 20; // less than the 4 MiB of an answer

/// Behind what a part goes on.
struct PersonPlace {
    std::size_t section = 0;
    std::string id{}; // "": at the beginning of the section
};

PersonPlace person_place_of(const std::string& text) {
    if (text.empty()) return {};
    const bool formed = text.size() >= 2 && text[0] >= '0' && text[0] < '5' && text[1] == ':';
    const std::string id = formed ? text.substr(2) : "";
    if (!formed || (!id.empty() && !Uuid::parse(id)))
        throw Refusal(problems::invalid).with_faults({{"/place", "must be what the part before has named", "query"}});
    return {static_cast<std::size_t>(text[0] - '0'), id};
}

} // namespace

// Whoever signs in at this moment holds the identity's row, or finds none.
PersonErased erase_person(Tx& tx, const std::string& subject) {
    const auto id = IdentityId::parse(subject);
    if (!id || !tx.maybe(lock_identity, *id)) return {};
    const std::int64_t rows = tx.one(count_rows_of_identity, *id);
    erase_identity(tx, *id);
    return {rows, PersonErasure::deleted, {}};
}

PersonPart collect_person(Tx& tx, const std::string& subject, const std::string& place) {
    PersonPart part;
    PersonPlace at = person_place_of(place);
    const auto id = IdentityId::parse(subject);
    if (!id || !tx.maybe(get_identity, *id)) return part;
    if (place.empty()) {
        part.data = tx.one(export_identity, *id);
        part.rows = tx.one(count_rows_of_identity, *id) - tx.one(count_items_of_identity, *id); // also of what is not shown
        for (const PersonSection& section : person_sections()) part.data[section.name] = Json::array();
    }
    std::size_t bytes = part.data.dump().size();
    int items = 0;
    for (; at.section < person_sections().size(); ++at.section, at.id.clear()) {
        const PersonSection& section = person_sections()[at.section];
        const std::string behind = at.id.empty() ? "00000000-0000-0000-0000-000000000000" : at.id;
        for (PersonItem& item : tx.all(section.items, *id, behind, most_person_items - items + 1)) {
            bytes += item.item.dump().size() + 1;
            if (items == most_person_items || (items > 0 && bytes > most_person_bytes)) {
                part.next = std::to_string(at.section) + ":" + at.id;
                return part;
            }
            if (part.data.find(section.name) == nullptr) part.data[section.name] = Json::array();
            part.data[section.name].push_back(std::move(item.item));
            at.id = std::move(item.id);
            ++items;
            ++part.rows;
        }
    }
    return part;
}

} // namespace gravity::issuer
