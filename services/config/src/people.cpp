#include "people.hpp"

#include "people_store.hpp"

namespace gravity::config {

PersonErased erase_person(Tx& tx, const std::string& subject) {
    const std::int64_t rows = tx.one(count_rows_of_author, subject);
    if (rows == 0) return {};
    return {rows,
            PersonErasure::kept,
            {{"An id as who wrote settings and who was shown a secret: what was published does not change",
              "GDPR recital 26: once it is erased who the id belonged to, it names nobody",
              {}}}};
}

PersonCollected collect_person(Tx& tx, const std::string& subject) {
    const std::int64_t rows = tx.one(count_rows_of_author, subject);
    if (rows == 0) return {};
    return {rows, tx.one(export_author, subject)};
}

} // namespace gravity::config
