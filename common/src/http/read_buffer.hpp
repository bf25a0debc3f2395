#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace gravity::http {

/// Bytes received and not yet used: one block, grown on demand, given back while a connection idles.
class ReadBuffer {
public:
    std::string_view view() const { return {block_.get() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }
    bool allocated() const { return block_ != nullptr; }
    std::size_t size() const { return end_ - begin_; }

    void consume(std::size_t n) {
        begin_ += n;
        if (begin_ == end_) begin_ = end_ = 0;
    }
    /// Where the next bytes go: at least `least` of them fit.
    char* room(std::size_t least) {
        if (capacity_ - end_ < least) {
            const std::size_t used = size();
            if (capacity_ - used >= least && begin_ >= used) {
                std::memcpy(block_.get(), block_.get() + begin_, used);
            } else {
                const std::size_t capacity = std::max({initial, capacity_ * 2, used + least});
                std::unique_ptr<char[]> block(new char[capacity]); // not make_unique: it would clear what is about to be read
                if (used != 0) std::memcpy(block.get(), block_.get() + begin_, used);
                block_ = std::move(block);
                capacity_ = capacity;
            }
            begin_ = 0;
            end_ = used;
        }
        return block_.get() + end_;
    }
    std::size_t room_size() const { return capacity_ - end_; }
    void commit(std::size_t n) { end_ += n; }
    void release() {
        block_.reset();
        capacity_ = begin_ = end_ = 0;
    }

private:
    static constexpr std::size_t initial = 4096;
    std::unique_ptr<char[]> block_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace gravity::http
