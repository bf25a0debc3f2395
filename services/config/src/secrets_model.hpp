#pragma once

#include "releases_model.hpp"

/// Secrets as they are shown, and who was shown them.
namespace gravity::config {

using RevealId = Id<"reveal">;

struct Revealed {
    std::string key;
    std::string value;
    ReleaseNumber release;
};
BOOST_DESCRIBE_STRUCT(Revealed, (), (key, value, release))

struct Reveal {
    RevealId id;
    ConfigSetId set_id;
    std::string key;
    ReleaseNumber release;
    std::string subject;
    Timestamp revealed_at;
};
BOOST_DESCRIBE_STRUCT(Reveal, (), (id, set_id, key, release, subject, revealed_at))

struct ListReveals : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListReveals, (PageQuery), ())

} // namespace gravity::config

GRAVITY_TABLES(config, RevealId, Revealed, Reveal, ListReveals)
