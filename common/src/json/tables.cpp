// Made here once: the tables that meta/describe.hpp says are elsewhere.
#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>

template const gravity::meta::Type& gravity::meta::type_of<gravity::Json>();
