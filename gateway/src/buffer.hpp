#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace gravity::gateway {

/// The buffers of one core's connections: blocks of one size that are used again and again. They come from the system itself, by the megabyte: elsewhere they
/// would leave holes between the small things that an idle connection keeps, of which no page can be given back. One thread; outlives whoever has a block.
class Slab {
public:
    static constexpr std::size_t block_bytes = 16 * 1024;

    Slab() = default;
    ~Slab();
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;

    char* take() {
        if (free_.empty()) return take_cold();
        char* const block = free_.back();
        free_.pop_back();
        least_free_ = std::min(least_free_, free_.size());
        unpoison(block);
        return block;
    }
    void give(char* block) {
        poison(block);
        if (free_.size() < most_kept) free_.push_back(block);
        else cool(block);
    }
    /// Gives back to the system what nobody has needed since the last time.
    void trim();
    std::size_t free() const { return free_.size(); }
    std::size_t taken() const { return chunks_.size() * blocks_in_chunk - free_.size() - cold_.size(); }

private:
    static constexpr std::size_t most_kept = 1024, blocks_in_chunk = 64;

    char* take_cold();
    void cool(char* block);
    // What nobody has is not to be touched, which the address sanitizer sees to.
    static void poison(char* block);
    static void unpoison(char* block);

    std::vector<char*> chunks_;
    std::vector<char*> free_; // the last used first
    std::vector<char*> cold_; // without memory until they are used
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
        if (block_ == nullptr) {
            block_ = slab_->take();
            capacity_ = Slab::block_bytes;
        }
        if (begin_ == end_ && may_move) begin_ = end_ = 0;
        if (end_ == capacity_ && begin_ != 0 && may_move) {
            std::memmove(block_, block_ + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        return {block_ + end_, capacity_ - end_};
    }
    void commit(std::size_t received) {
        assert(end_ + received <= capacity_);
        end_ += received;
    }
    void consume(std::size_t done) {
        assert(done <= size());
        begin_ += done;
    }
    std::string_view view() const { return {block_ + begin_, end_ - begin_}; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }

    /// Makes it as large as the largest head: a block of its own, given back at the next release.
    void grow(std::size_t capacity) {
        if (capacity <= capacity_) return;
        char* const larger = new char[capacity];
        const std::size_t held = size();
        if (held != 0) std::memcpy(larger, block_ + begin_, held);
        release();
        block_ = larger;
        capacity_ = capacity;
        end_ = held;
    }
    /// Gives the memory back; what it held is gone.
    void release() {
        if (capacity_ == Slab::block_bytes) slab_->give(block_);
        else delete[] block_;
        block_ = nullptr;
        begin_ = end_ = capacity_ = 0;
    }

private:
    Slab* slab_;
    char* block_ = nullptr; // of the slab, or a larger one
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

} // namespace gravity::gateway
