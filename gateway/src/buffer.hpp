#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::gateway {

/// The buffers of one core's connections: blocks of one size that are used again and again. One thread.
class Slab {
public:
    static constexpr std::size_t block_bytes = 16 * 1024;
    using Block = std::unique_ptr<char[]>;

    Block take() {
        if (free_.empty()) return Block(new char[block_bytes]); // not make_unique: that would clear them
        Block block = std::move(free_.back());
        free_.pop_back();
        least_free_ = std::min(least_free_, free_.size());
        return block;
    }
    void give(Block block) {
        if (free_.size() < most_kept) free_.push_back(std::move(block));
    }
    /// Gives back to the system's allocator what nobody has needed since the last time.
    void trim() {
        free_.resize(free_.size() - std::min(least_free_, free_.size()));
        free_.shrink_to_fit();
        least_free_ = free_.size();
    }
    std::size_t free() const { return free_.size(); }

private:
    static constexpr std::size_t most_kept = 1024;
    std::vector<Block> free_;
    std::size_t least_free_ = 0; // since the last trim
};

/// Received bytes that wait to be dealt with. Holds memory only while it has some, or is about to receive. What `view` shows stays in its place
/// until `space` or `grow` is called.
class Buffer {
public:
    explicit Buffer(Slab& slab) : slab_(&slab) {}
    ~Buffer() { release(); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    struct Space {
        char* data;
        std::size_t size;
    };
    /// Room to receive into, at the end; none (size 0) if it is full. `may_move`: what is held may be moved to the front first.
    Space space(bool may_move = true) {
        if (!block_) {
            block_ = slab_->take();
            capacity_ = Slab::block_bytes;
        }
        if (begin_ == end_ && may_move) begin_ = end_ = 0;
        if (end_ == capacity_ && begin_ != 0 && may_move) {
            std::memmove(block_.get(), block_.get() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        return {block_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t received) {
        assert(end_ + received <= capacity_);
        end_ += received;
    }
    void consume(std::size_t done) {
        assert(done <= size());
        begin_ += done;
    }
    std::string_view view() const { return {block_.get() + begin_, end_ - begin_}; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }

    /// Makes it as large as the largest head: a block of its own, given back at the next release.
    void grow(std::size_t capacity) {
        if (capacity <= capacity_) return;
        Slab::Block larger(new char[capacity]);
        const std::size_t held = size();
        if (held != 0) std::memcpy(larger.get(), block_.get() + begin_, held);
        release();
        block_ = std::move(larger);
        capacity_ = capacity;
        end_ = held;
    }
    /// Gives the memory back; what it held is gone.
    void release() {
        if (block_ && capacity_ == Slab::block_bytes) slab_->give(std::move(block_));
        block_.reset();
        begin_ = end_ = capacity_ = 0;
    }

private:
    Slab* slab_;
    Slab::Block block_;
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

} // namespace gravity::gateway
