#pragma once

#include <gravity/json/json.hpp>
#include <gravity/model.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// A service's half of what people may ask of all that keep data of theirs: to have it (GDPR articles 15 and 20) or to have it erased (article 17). It
/// writes two functions and names them in its assembly:
///
///     PersonErased erase_person(Tx& tx, const std::string& subject);
///     PersonCollected collect_person(Tx& tx, const std::string& subject);
///     keeps_personal_data(service, {erase_person, collect_person});
///
/// From then on it is registered under the tag `personal-data`, by which `user` finds whom to ask; it answers `GET` and `DELETE` of
/// `/internal/projects/{id}/people/{subject}` and the event `gravity.user.erasure.requested`, and announces `gravity.<service>.erasure.completed`. The manifest
/// lists both events.
namespace gravity {

class Service;
class Tx;

enum class PersonErasure {
    deleted,
    anonymised,
    shredded, // the key is gone that it was encrypted with
    kept,     // all of it, and `kept` says why
    nothing   // there was none
};
BOOST_DESCRIBE_ENUM(PersonErasure, deleted, anonymised, shredded, kept, nothing)

/// What stays, and by which law.
struct PersonKept {
    std::string what; // 1 to 500 characters, for the person to read
    std::string law;
    std::optional<Date> until;
};
BOOST_DESCRIBE_STRUCT(PersonKept, (), (what, law, until))

/// What became of a person's data: the receipt that a certificate of their erasure shows.
struct PersonErased {
    std::int64_t rows = 0; // that there were
    PersonErasure method = PersonErasure::nothing;
    std::vector<PersonKept> kept;
};
BOOST_DESCRIBE_STRUCT(PersonErased, (), (rows, method, kept))

/// All that is kept of a person and is theirs to see: no secrets, nothing of others. At most 4 MiB as text.
struct PersonCollected {
    std::int64_t rows = 0;
    Json data = Json::object();
};
BOOST_DESCRIBE_STRUCT(PersonCollected, (), (rows, data))

/// A part of it, where all of it is more.
struct PersonPart : PersonCollected {
    std::optional<std::string> next; // where the next one begins, at most 500 characters; nothing: this is the last
};
BOOST_DESCRIBE_STRUCT(PersonPart, (PersonCollected), (next))

/// Each in a transaction of the person's project, for one of their accounts. `subject` is the `sub` of their tokens, 1 to 255 characters, and may be nobody's:
/// then there is nothing. They may be called for one person again and at the same time.
struct PersonalData {
    PersonErased (*erase)(Tx& tx, const std::string& subject);
    PersonCollected (*collect)(Tx& tx, const std::string& subject);
    /// Instead of `collect`, which may be null then, of a service that may keep more than 4 MiB: a part of at most so much, from the place that the one before
    /// has named, or from the beginning (""); a place that it cannot have named it refuses. At most 256 parts are asked for.
    PersonPart (*collect_part)(Tx& tx, const std::string& subject, const std::string& place) = nullptr;
};

/// Makes the service one that keeps data of people. It has to have PostgreSQL.
void keeps_personal_data(Service& service, PersonalData parts);

} // namespace gravity
