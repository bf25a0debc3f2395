#pragma once

#include <gravity/model.hpp>

/// What is asked and what is answered. Nothing is kept.
namespace gravity::@id@ {

struct New@Noun@ {
    Text<1, 200> name;
};
BOOST_DESCRIBE_STRUCT(New@Noun@, (), (name))

struct @Noun@ : New@Noun@ {
    Slug slug;
};
BOOST_DESCRIBE_STRUCT(@Noun@, (New@Noun@), (slug))

} // namespace gravity::@id@
