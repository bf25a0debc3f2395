#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gravity::gateway {

/// How often something has been asked for lately, about, in a few bits for each of many things (a count-min sketch with ageing, as TinyLFU has it). Never
/// too low but by the ageing. Pure; one thread.
class FrequencySketch {
public:
    /// For about so many things.
    explicit FrequencySketch(std::size_t things) : counts_(std::bit_ceil(std::max<std::size_t>(things, 64)) * rows) {}

    void add(std::uint64_t hash) {
        for (unsigned row = 0; row < rows; ++row)
            if (std::uint8_t& count = at(hash, row); count < most) ++count;
        if (++seen_ < counts_.size() / rows * 10) return;
        for (std::uint8_t& count : counts_) count /= 2; // what was popular once must not stay for ever
        seen_ /= 2;
    }
    unsigned estimate(std::uint64_t hash) {
        unsigned least = most;
        for (unsigned row = 0; row < rows; ++row) least = std::min<unsigned>(least, at(hash, row));
        return least;
    }

private:
    static constexpr unsigned rows = 4, most = 15;
    std::uint8_t& at(std::uint64_t hash, unsigned row) {
        constexpr std::array<std::uint64_t, rows> odd = {0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u, 0x94d049bb133111ebu, 0xd6e8feb86659fd93u};
        const std::size_t width = counts_.size() / rows;
        const std::uint64_t mixed = (hash ^ (hash >> 31)) * odd[row];
        return counts_[row * width + ((mixed >> 32) & (width - 1))];
    }
    std::vector<std::uint8_t> counts_;
    std::size_t seen_ = 0;
};

} // namespace gravity::gateway
