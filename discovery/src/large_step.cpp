#include "large_step.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace gravity::registry::shared {
namespace {

constexpr std::size_t number_bytes = 4;
constexpr std::uint32_t removed = 0xFFFFFFFF; // in place of the value's size

[[noreturn]] void unreadable(std::string_view what) { throw StoreError("a large step cannot be read: " + std::string(what)); }

void append(std::string& bytes, std::uint32_t number) {
    for (std::size_t i = 0; i < number_bytes; ++i) bytes += static_cast<char>(number >> (8 * i));
}

std::uint32_t take_number(std::string_view& bytes) {
    if (bytes.size() < number_bytes) unreadable("a piece ends too early");
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < number_bytes; ++i) number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    bytes.remove_prefix(number_bytes);
    return number;
}

std::string take(std::string_view& bytes, std::size_t size) {
    if (bytes.size() < size) unreadable("a piece ends too early");
    std::string taken(bytes.substr(0, size));
    bytes.remove_prefix(size);
    return taken;
}

} // namespace

std::string LargeStep::text() const {
    std::string text = owner;
    for (const std::uint64_t value : {number, std::uint64_t{pieces}, std::uint64_t{piece}, std::uint64_t{row}}) text += ' ' + std::to_string(value);
    return text;
}

std::string LargeStep::place() const { return std::string(piece_prefix) + owner + '/' + std::to_string(number) + '/'; }
std::string LargeStep::key_of(std::size_t which) const { return place() + std::to_string(which); }

LargeStep large_step_in(std::string_view text) {
    LargeStep step;
    const auto space = text.find(' ');
    step.owner = text.substr(0, space);
    std::array<std::uint64_t, 4> numbers{};
    const char* at = space == std::string_view::npos ? text.data() + text.size() : text.data() + space;
    const char* const end = text.data() + text.size();
    for (std::uint64_t& number : numbers) {
        if (at == end || *at != ' ') unreadable(text);
        const auto [next, error] = std::from_chars(at + 1, end, number);
        if (error != std::errc()) unreadable(text);
        at = next;
    }
    step.number = numbers[0];
    step.pieces = numbers[1];
    step.piece = numbers[2];
    step.row = numbers[3];
    if (step.owner.empty() || at != end || (step.is_settled() && step.piece >= step.pieces)) unreadable(text);
    return step;
}

std::vector<std::string> pieces_of(const std::map<std::string, std::optional<std::string>>& writes, std::size_t bytes) {
    std::vector<std::string> pieces;
    for (const auto& [key, value] : writes) {
        std::string one;
        append(one, static_cast<std::uint32_t>(key.size()));
        append(one, value ? static_cast<std::uint32_t>(value->size()) : removed);
        one += key;
        if (value) one += *value;
        if (pieces.empty() || pieces.back().size() + one.size() > bytes) pieces.emplace_back();
        pieces.back() += one;
    }
    return pieces;
}

std::vector<Write> writes_in(std::string_view piece) {
    std::vector<Write> writes;
    while (!piece.empty()) {
        const std::uint32_t key_bytes = take_number(piece), value_bytes = take_number(piece);
        Write write{take(piece, key_bytes), std::nullopt};
        if (value_bytes != removed) write.value = take(piece, value_bytes);
        writes.push_back(std::move(write));
    }
    if (writes.empty()) unreadable("a piece is empty");
    return writes;
}

} // namespace gravity::registry::shared
