#pragma once

#include <gravity/trace/span.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace gravity::trace {

/// Ended spans that wait to be exported. Bounded: a full buffer drops the newcomer and counts it. Any thread.
class Buffer {
public:
    explicit Buffer(std::size_t capacity = 2048) : capacity_(capacity) {}

    void push(SpanData span);
    /// The oldest, at most `most`.
    std::vector<SpanData> take(std::size_t most);
    std::size_t size() const;
    /// Dropped so far, with those counted by `count_dropped`.
    std::uint64_t dropped() const;
    void count_dropped(std::size_t spans);

    /// Called once each time the buffer reaches `size` from below, on the thread that pushes, without a lock held.
    /// Null: nobody.
    void on_reaching(std::size_t size, std::function<void()> call);

private:
    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::deque<SpanData> spans_;
    std::uint64_t dropped_ = 0;
    std::size_t mark_ = 0;
    std::shared_ptr<const std::function<void()>> call_;
};

/// Where ended spans of the process go from now on; null (the beginning): nowhere.
void set_buffer(std::shared_ptr<Buffer> buffer);
std::shared_ptr<Buffer> buffer();

} // namespace gravity::trace
