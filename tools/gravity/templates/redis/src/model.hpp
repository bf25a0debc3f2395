#pragma once

#include <gravity/model.hpp>

/// What a @word@ is. It is forgotten after its time.
namespace gravity::@id@ {
using @Noun@Id = Id<"@noun@">;
struct New@Noun@ {
    Text<1, 200> name;
    Bounded<int, 1, 86'400> seconds{3600};
};
BOOST_DESCRIBE_STRUCT(New@Noun@, (), (name, seconds))

struct @Noun@ : New@Noun@ {
    @Noun@Id id;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(@Noun@, (New@Noun@), (id, expires_at))
} // namespace gravity::@id@
