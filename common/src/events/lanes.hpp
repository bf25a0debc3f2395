#pragma once

#include <gravity/resilience/deadline.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace gravity::events {

/// Who may be handled when: one at a time of each subject and in order, subjects side by side. While the first of a subject waits for its next
/// attempt the later ones wait behind it. No clock, no I/O.
template <class Item>
class Lanes {
public:
    using Moment = resilience::Moment;

    void add(std::string lane, Item item) {
        Lane& to = lanes_[std::move(lane)];
        to.items.push_back(std::move(item));
        ++size_;
    }

    struct Ready {
        std::string lane;
        Item* item; // stays until done() or drop()
    };
    /// The next one that may run; it runs from now on.
    std::optional<Ready> take(Moment now) {
        for (auto& [name, lane] : lanes_) {
            if (lane.running || lane.not_before > now) continue;
            lane.running = true;
            return Ready{name, &lane.items.front()};
        }
        return std::nullopt;
    }
    void done(const std::string& name) {
        const auto found = lanes_.find(name);
        found->second.items.pop_front();
        found->second.running = false;
        found->second.not_before = Moment::min();
        --size_;
        if (found->second.items.empty()) lanes_.erase(found);
    }
    void retry(const std::string& name, Moment at) {
        Lane& lane = lanes_.at(name);
        lane.running = false;
        lane.not_before = at;
    }
    /// When the next one that waits for its attempt may run; nothing if none does.
    std::optional<Moment> next() const {
        std::optional<Moment> soonest;
        for (const auto& [name, lane] : lanes_)
            if (!lane.running && (!soonest || lane.not_before < *soonest)) soonest = lane.not_before;
        return soonest;
    }
    std::size_t size() const { return size_; }
    bool any_running() const {
        for (const auto& [name, lane] : lanes_)
            if (lane.running) return true;
        return false;
    }
    /// Forgets what is not running.
    void clear_waiting() {
        for (auto lane = lanes_.begin(); lane != lanes_.end();) {
            auto& items = lane->second.items;
            const std::size_t keep = lane->second.running ? 1 : 0;
            size_ -= items.size() - keep;
            while (items.size() > keep) items.pop_back();
            lane = items.empty() ? lanes_.erase(lane) : std::next(lane);
        }
    }

private:
    struct Lane {
        std::deque<Item> items;
        Moment not_before = Moment::min();
        bool running = false;
    };
    std::map<std::string, Lane> lanes_;
    std::size_t size_ = 0;
};

} // namespace gravity::events
