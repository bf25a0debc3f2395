#pragma once

#include <gravity/base/number.hpp>
#include <gravity/base/text.hpp>

#include <boost/describe/class.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gravity {

/// The parameters every list takes; derive a list's own from it. `cursor` is what the page before answered, opaque to clients.
struct PageQuery {
    Bounded<int, 1, 200> limit{50};
    std::optional<Text<1, 1000>> cursor;
};
BOOST_DESCRIBE_STRUCT(PageQuery, (), (limit, cursor))

/// One page of a list in keyset order; `next_cursor` is absent on the last.
template <class T>
struct Page {
    std::vector<T> items;
    std::optional<std::string> next_cursor;
    BOOST_DESCRIBE_CLASS(Page, (), (items, next_cursor), (), ())
};

} // namespace gravity
