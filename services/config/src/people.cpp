#include "people.hpp"

#include "people_store.hpp"

#include <gravity/handlers.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gravity::config {
namespace {

// With a message of 500 characters each, written in JSON at its longest, a part is 3.2 of the 4 MiB that it may be.
constexpr std::int64_t most_in_a_part = 1'000;
constexpr std::string_view kinds[] = {"approvals", "audit", "drafts", "git_sources", "releases", "rollouts",
                                      "schemas", "secrets_shown", "sets", "spring_keys", "tags"};

} // namespace

PersonErased erase_person(Tx& tx, const std::string& subject) {
    const std::int64_t rows = tx.one(count_rows_of_author, subject);
    if (rows == 0) return {};
    const bool known = tx.one(forget_addresses, subject) > 0;
    return {rows,
            known ? PersonErasure::anonymised : PersonErasure::kept,
            {{"An id as who wrote settings, who was shown a secret and who did what in the audit log: what was published or written down does not change",
              "GDPR recital 26: once it is erased who the id belonged to, it names nobody",
              {}}}};
}

PersonPart collect_person(Tx& tx, const std::string& subject, const std::string& place) {
    const bool known = std::any_of(std::begin(kinds), std::end(kinds), [&](std::string_view kind) { return place.starts_with(std::string(kind) + "/"); });
    if (!place.empty() && !known) throw Refusal(problems::invalid).with_faults({{"/place", "must be what the part before has named", "query"}});
    std::vector<Written> written = tx.all(list_written, subject, place, most_in_a_part + 1);
    PersonPart part;
    if (written.empty()) return part;
    if (written.size() > static_cast<std::size_t>(most_in_a_part)) {
        written.pop_back();
        part.next = written.back().place;
    }
    for (const std::string_view kind : kinds) part.data[kind] = Json::array();
    for (Written& one : written) part.data[one.kind].push_back(std::move(one.item));
    part.rows = static_cast<std::int64_t>(written.size());
    return part;
}

} // namespace gravity::config
