#include <gravity/trace/buffer.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gravity::trace {
namespace {

struct Installed {
    std::mutex mutex;
    std::shared_ptr<Buffer> buffer;
};
/// Never destroyed: spans of other static objects may end later.
Installed& installed() {
    static Installed& instance = *new Installed;
    return instance;
}

} // namespace

void Buffer::push(SpanData span) {
    std::shared_ptr<const std::function<void()>> call;
    {
        const std::lock_guard lock(mutex_);
        if (spans_.size() >= capacity_) {
            ++dropped_;
            return;
        }
        spans_.push_back(std::move(span));
        if (spans_.size() == mark_) call = call_;
    }
    if (call) (*call)();
}

std::vector<SpanData> Buffer::take(std::size_t most) {
    const std::lock_guard lock(mutex_);
    const auto end = spans_.begin() + static_cast<std::ptrdiff_t>(std::min(most, spans_.size()));
    std::vector<SpanData> out(std::make_move_iterator(spans_.begin()), std::make_move_iterator(end));
    spans_.erase(spans_.begin(), end);
    return out;
}

std::size_t Buffer::size() const {
    const std::lock_guard lock(mutex_);
    return spans_.size();
}

std::uint64_t Buffer::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

void Buffer::count_dropped(std::size_t spans) {
    const std::lock_guard lock(mutex_);
    dropped_ += spans;
}

void Buffer::on_reaching(std::size_t size, std::function<void()> call) {
    auto shared = call ? std::make_shared<const std::function<void()>>(std::move(call)) : nullptr;
    const std::lock_guard lock(mutex_);
    mark_ = size;
    call_ = std::move(shared);
}

void set_buffer(std::shared_ptr<Buffer> buffer) {
    const std::lock_guard lock(installed().mutex);
    installed().buffer.swap(buffer); // what was there is let go after the lock
}

std::shared_ptr<Buffer> buffer() {
    const std::lock_guard lock(installed().mutex);
    return installed().buffer;
}

} // namespace gravity::trace
