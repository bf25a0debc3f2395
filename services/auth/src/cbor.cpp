#include "cbor.hpp"

#include <gravity/base/utf8.hpp>

#include <cbor.h>
#include <limits>

namespace gravity::issuer::cbor {
namespace {

/// What the library found at the front: one head, with the bytes of a string behind it.
struct Item {
    enum class Kind : unsigned char {
        other, // what is not taken
        integer,
        octets,
        text,
        array,
        map,
        truth,
        nothing
    };
    Kind kind = Kind::other;
    bool negative = false;
    std::uint64_t number = 0; // an integer as it is encoded, a length, or 1 for true
    std::string_view bytes;
};

void found(void* item, Item::Kind kind, std::uint64_t number) {
    static_cast<Item*>(item)->kind = kind;
    static_cast<Item*>(item)->number = number;
}

void found_string(void* item, Item::Kind kind, cbor_data data, std::size_t size) {
    found(item, kind, size);
    if (size > 0) static_cast<Item*>(item)->bytes = {reinterpret_cast<const char*>(data), size};
}

template <class T>
void found_unsigned(void* item, T number) {
    found(item, Item::Kind::integer, number);
}

template <class T>
void found_negative(void* item, T number) {
    found(item, Item::Kind::integer, number);
    static_cast<Item*>(item)->negative = true;
}

cbor_callbacks callbacks_of_items() {
    cbor_callbacks calls = cbor_empty_callbacks; // whatever is not set below is not taken
    calls.uint8 = found_unsigned<std::uint8_t>;
    calls.uint16 = found_unsigned<std::uint16_t>;
    calls.uint32 = found_unsigned<std::uint32_t>;
    calls.uint64 = found_unsigned<std::uint64_t>;
    calls.negint8 = found_negative<std::uint8_t>;
    calls.negint16 = found_negative<std::uint16_t>;
    calls.negint32 = found_negative<std::uint32_t>;
    calls.negint64 = found_negative<std::uint64_t>;
    calls.byte_string = [](void* item, cbor_data data, std::size_t size) { found_string(item, Item::Kind::octets, data, size); };
    calls.string = [](void* item, cbor_data data, std::size_t size) { found_string(item, Item::Kind::text, data, size); };
    calls.array_start = [](void* item, std::size_t size) { found(item, Item::Kind::array, size); };
    calls.map_start = [](void* item, std::size_t size) { found(item, Item::Kind::map, size); };
    calls.boolean = [](void* item, bool value) { found(item, Item::Kind::truth, value ? 1 : 0); };
    calls.null = [](void* item) { found(item, Item::Kind::nothing, 0); };
    return calls;
}

std::size_t shortest_head(const Item& item) {
    if (item.kind == Item::Kind::truth || item.kind == Item::Kind::nothing || item.number < 24) return 1;
    if (item.number <= 0xff) return 2;
    if (item.number <= 0xffff) return 3;
    return item.number <= 0xffff'ffff ? 5 : 9;
}

class Reader {
public:
    explicit Reader(std::string_view& rest) : rest_(rest) {}

    Parsed<Value> value(std::size_t depth) {
        const auto item = next();
        if (!item) return ParseError{item.why()};
        switch (item->kind) {
        case Item::Kind::integer: return integer(*item);
        case Item::Kind::octets: return Value(Value::Octets{std::string(item->bytes)});
        case Item::Kind::text:
            if (!utf8::valid(item->bytes)) return ParseError{"has a text that is not UTF-8"};
            return Value(std::string(item->bytes));
        case Item::Kind::truth: return Value(item->number == 1);
        case Item::Kind::nothing: return Value();
        case Item::Kind::array:
        case Item::Kind::map: break;
        case Item::Kind::other: return ParseError{"has a kind of CBOR that authenticators do not use"};
        }
        if (depth == 0) return ParseError{"is nested too deeply"};
        if (item->number > rest_.size()) return ParseError{"is not whole"}; // each takes a byte at least
        return item->kind == Item::Kind::array ? array(item->number, depth - 1) : map(item->number, depth - 1);
    }

private:
    Parsed<Item> next() {
        static const cbor_callbacks calls = callbacks_of_items();
        if (++values_ > max_values) return ParseError{"has too many values"};
        Item item;
        const auto decoded = cbor_stream_decode(reinterpret_cast<cbor_data>(rest_.data()), rest_.size(), &calls, &item);
        if (decoded.status != CBOR_DECODER_FINISHED || decoded.read > rest_.size()) return ParseError{"is no CBOR, or not whole"};
        if (item.kind != Item::Kind::other && decoded.read - item.bytes.size() != shortest_head(item)) return ParseError{"is not in its shortest form"};
        rest_.remove_prefix(decoded.read);
        return item;
    }

    static Parsed<Value> integer(const Item& item) {
        if (item.number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return ParseError{"has an integer beyond 64 bits"};
        const auto number = static_cast<std::int64_t>(item.number);
        return Value(item.negative ? -1 - number : number);
    }

    Parsed<Value> array(std::uint64_t size, std::size_t depth) {
        Value::Array all;
        for (std::uint64_t i = 0; i < size; ++i) {
            auto one = value(depth);
            if (!one) return one;
            all.push_back(*std::move(one));
        }
        return Value(std::move(all));
    }

    Parsed<Value> map(std::uint64_t size, std::size_t depth) {
        Value::Map all;
        for (std::uint64_t i = 0; i < size; ++i) {
            const auto name = value(0);
            if (!name) return name;
            if (name->integer() == nullptr && name->text() == nullptr) return ParseError{"has a key that is neither integer nor text"};
            const Value::Key key = name->integer() != nullptr ? Value::Key(*name->integer()) : Value::Key(*name->text());
            auto one = value(depth);
            if (!one) return one;
            if (!all.emplace(key, *std::move(one)).second) return ParseError{"has a key twice"};
        }
        return Value(std::move(all));
    }

    std::string_view& rest_;
    std::size_t values_ = 0;
};

} // namespace

const Value* Value::find(const Key& key) const {
    const Map* const all = map();
    if (all == nullptr) return nullptr;
    const auto at = all->find(key);
    return at != all->end() ? &at->second : nullptr;
}

Parsed<Value> take(std::string_view& bytes) { return Reader(bytes).value(max_depth); }

Parsed<Value> read(std::string_view bytes) {
    auto value = take(bytes);
    if (value && !bytes.empty()) return ParseError{"has something behind it"};
    return value;
}

} // namespace gravity::issuer::cbor
