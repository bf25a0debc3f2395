#pragma once

#include <gravity/model.hpp>

/// What a @word@ is, and what is said about it.
namespace gravity::@id@ {
using @Noun@Id = Id<"@noun@">;

struct @Noun@Edit {
    Text<1, 200> name;
    Default<false> locked;
};
BOOST_DESCRIBE_STRUCT(@Noun@Edit, (), (name, locked))

struct @Noun@ : @Noun@Edit {
    @Noun@Id id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(@Noun@, (@Noun@Edit), (id, version))

struct @Noun@Created {
    static constexpr Event event{"gravity.@id@.@noun@.created"};
    @Noun@Id id;
};
BOOST_DESCRIBE_STRUCT(@Noun@Created, (), (id))
} // namespace gravity::@id@
