#pragma once

#include <gravity/model.hpp>
#include <gravity/pg/tx.hpp>

#include <string>

/// Statements over all that tells of one person. Their text is in people_store.cpp and nowhere else.
namespace gravity::config {

/// Something that somebody wrote, did or was shown.
struct Written {
    std::string kind;  // "releases"
    std::string place; // among all of theirs: "releases/<set>/0000000007"
    Json item;
};
BOOST_DESCRIBE_STRUCT(Written, (), (kind, place, item))

extern const Sql<std::int64_t(std::string)> count_rows_of_author;
/// Behind a place, so many at most.
extern const Sql<Written(std::string, std::string, std::int64_t)> list_written;
/// From where they did what they did; of how many entries.
extern const Sql<std::int64_t(std::string)> forget_addresses;

} // namespace gravity::config
