// Made here once: the tables that meta/describe.hpp says are elsewhere.
#include <gravity/meta/describe.hpp>
#include <gravity/pg/page.hpp>

template const gravity::meta::Type& gravity::meta::type_of<gravity::PageQuery>();
