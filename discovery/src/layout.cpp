#include "layout.hpp"

#include <gravity/base/number.hpp>
#include <gravity/http/message.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::registry::layout {
namespace {

template <class R>
struct Prefix;
template <>
struct Prefix<Node> {
    static constexpr std::string_view text = "n/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<Instance> {
    static constexpr std::string_view text = "s/";
    static constexpr bool has_owner = true;
};
template <>
struct Prefix<Check> {
    static constexpr std::string_view text = "c/";
    static constexpr bool has_owner = true;
};
template <>
struct Prefix<KvEntry> {
    static constexpr std::string_view text = "k/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<Tombstone> {
    static constexpr std::string_view text = "kt/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<Setting> {
    static constexpr std::string_view text = "m/";
    static constexpr bool has_owner = false;
};

template <>
struct Prefix<Session> {
    static constexpr std::string_view text = "x/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<LockDelay> {
    static constexpr std::string_view text = "d/";
    static constexpr bool has_owner = false;
};

template <>
struct Prefix<Event> {
    static constexpr std::string_view text = "e/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<PreparedQuery> {
    static constexpr std::string_view text = "q/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<History> {
    static constexpr std::string_view text = "h/";
    static constexpr bool has_owner = true;
};
template <>
struct Prefix<Transition> {
    static constexpr std::string_view text = "ht/";
    static constexpr bool has_owner = true;
};

template <>
struct Prefix<AclToken> {
    static constexpr std::string_view text = "t/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<AclPolicy> {
    static constexpr std::string_view text = "p/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<AclRole> {
    static constexpr std::string_view text = "r/";
    static constexpr bool has_owner = false;
};
template <>
struct Prefix<AclMark> {
    static constexpr std::string_view text = "a/";
    static constexpr bool has_owner = false;
};

template <>
struct Prefix<Coordinate> {
    static constexpr std::string_view text = "o/";
    static constexpr bool has_owner = false;
};

std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == '/')
            text += "%2F";
        else if (c == '%')
            text += "%25";
        else
            text += c;
    }
    return text;
}

template <class R>
std::string stored_key(std::string_view key) {
    std::string text(Prefix<R>::text);
    if constexpr (Prefix<R>::has_owner) {
        const auto end = key.find('\0');
        if (end == std::string_view::npos) return text; // all of them
        text += escaped(key.substr(0, end)) + '/';
        key.remove_prefix(end + 1);
    }
    return text += key;
}

[[noreturn]] void unreadable(std::string_view key, std::string_view why) {
    throw StoreError("the store holds something this release cannot read: " + std::string(key) + ": " + std::string(why));
}

template <class R>
std::string key_in(std::string_view stored) {
    const std::string_view rest = stored.substr(Prefix<R>::text.size());
    if constexpr (Prefix<R>::has_owner) {
        const auto slash = rest.find('/');
        const auto owner = http::percent_decode(rest.substr(0, slash));
        if (slash == std::string_view::npos || !owner) unreadable(stored, "bad key");
        return key_of(*owner, rest.substr(slash + 1));
    } else {
        return std::string(rest);
    }
}

template <class R>
bool read_row(std::string_view stored, std::string_view value, std::optional<Change>& out) {
    if (!stored.starts_with(Prefix<R>::text)) return false;
    std::string key = key_in<R>(stored);
    auto row = json::decode<R>(value);
    if (!row) unreadable(stored, row.why());
    const std::int64_t index = row->modify_index;
    out = ChangeOf<R>{std::move(key), std::make_shared<const R>(*std::move(row)), index};
    return true;
}

template <class... R>
bool read_any(RowKinds<R...>, std::string_view key, std::string_view value, std::optional<Change>& out) {
    return (read_row<R>(key, value, out) || ...);
}

template <class R>
bool removed_row(std::string_view stored, std::int64_t index, std::optional<Change>& out) {
    if (!stored.starts_with(Prefix<R>::text)) return false;
    out = ChangeOf<R>{key_in<R>(stored), nullptr, index};
    return true;
}

template <class... R>
bool removed_any(RowKinds<R...>, std::string_view key, std::int64_t index, std::optional<Change>& out) {
    return (removed_row<R>(key, index, out) || ...);
}

template <class... R>
std::string stored_key_at(RowKinds<R...>, std::size_t kind, std::string_view key) {
    using Function = std::string (*)(std::string_view);
    constexpr Function functions[] = {&stored_key<R>...};
    return functions[kind](key);
}

template <class... R>
std::string_view prefix_at(RowKinds<R...>, std::size_t kind) {
    constexpr std::string_view texts[] = {Prefix<R>::text...};
    return texts[kind];
}

template <class R>
std::string plain_text(R row) {
    row.modify_index = 0;
    if constexpr (requires { row.create_index; }) row.create_index = 0;
    return json::encode(row);
}

} // namespace

std::string stored_key(std::size_t kind, std::string_view key) { return stored_key_at(Rows{}, kind, key); }
std::string_view prefix_of(std::size_t kind) { return prefix_at(Rows{}, kind); }

Write write_of(const Change& change, bool plain) {
    return std::visit(
        [plain]<class R>(const ChangeOf<R>& one) {
            Write write{stored_key<R>(one.key), std::nullopt};
            if (one.after) write.value = plain ? plain_text(*one.after) : json::encode(*one.after);
            return write;
        },
        change);
}

Change removal_of(std::string_view key, std::int64_t index) {
    std::optional<Change> change;
    if (!removed_any(Rows{}, key, index, change)) unreadable(key, "unknown key");
    return *std::move(change);
}

std::vector<Write> writes_of(const std::vector<Change>& changes, std::int64_t index) {
    std::vector<Write> writes;
    writes.reserve(changes.size() + 1);
    for (const Change& change : changes) writes.push_back(write_of(change));
    writes.push_back({std::string(index_key), std::to_string(index)});
    return writes;
}

std::int64_t index_of(std::string_view value) {
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), index);
    if (error != std::errc() || end != value.data() + value.size()) unreadable(index_key, "not a number");
    return index;
}

std::optional<Change> row_of(std::string_view key, std::string_view value) {
    std::optional<Change> row;
    if (key != index_key && !read_any(Rows{}, key, value, row)) unreadable(key, "unknown key");
    return row;
}

std::vector<Transition> transitions(RowReader& store, std::string_view owner, std::size_t limit) {
    std::vector<Transition> found;
    store.each_below(stored_key<Transition>(key_of(owner, "")), [&](std::string_view key, std::string_view value) {
        auto row = json::decode<Transition>(value);
        if (!row) unreadable(key, row.why());
        found.push_back(*std::move(row));
    });
    std::reverse(found.begin(), found.end());
    if (found.size() > limit) found.resize(limit);
    return found;
}

void load(Store& store, Model& model) {
    std::int64_t index = 0;
    store.each([&](std::string_view key, std::string_view value) {
        auto row = row_of(key, value);
        if (!row) {
            index = std::max(index, index_of(value));
            return;
        }
        index = std::max(index, std::visit([](const auto& change) { return change.index; }, *row));
        model.load(*std::move(row));
    });
    model.finish_loading(index);
}

} // namespace gravity::registry::layout
