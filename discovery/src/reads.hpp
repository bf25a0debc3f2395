#pragma once

#include "model.hpp"

#include <boost/mp11/algorithm.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>

namespace gravity::registry {

/// Number of a kind of rows: what `Change::index()` is for a change of it.
template <class R>
inline constexpr std::size_t kind_of = boost::mp11::mp_find<Change, ChangeOf<R>>::value;
inline constexpr std::size_t kinds = std::variant_size_v<Change>;

/// What commands have read of the model, and so must still be true when their changes are committed to a store that others write too.
struct Reads {
    struct Kind {
        std::map<std::string, std::int64_t, std::less<>> rows; // key -> index of the last change to the row; 0: it was not there
        std::set<std::string, std::less<>> prefixes;           // all rows below were read (and stand in `rows`): there may be no others
        bool all = false;                                      // found by something else than its key: nothing of this kind may have changed
    };
    std::array<Kind, kinds> of;
    bool holders = false; // which keys are held by which session
};

} // namespace gravity::registry
