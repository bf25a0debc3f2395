#pragma once

#include <gravity/base/caller.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gravity {
class Tx;
}

/// What is kept in memory, and when it stopped to be so: pure but for the changes in this process.
namespace gravity::config {

/// Something that is kept. Immutable, but for what is made of it.
struct Kept {
    virtual ~Kept() = default;
    /// About what it takes, with all that may be made of it.
    virtual std::size_t bytes() const = 0;
};
using KeptReading = std::function<std::shared_ptr<const Kept>(Tx&)>;

/// Whose it is, and what.
struct Place {
    ProjectId project;
    std::string what;
    auto operator<=>(const Place&) const = default;
};

/// A moment between changes of a project. What was read at one is good as long as there is no other.
struct Moment {
    std::uint64_t committed = 0; // changes in this process
    std::uint64_t heard = 0;     // changes that PostgreSQL told of
    auto operator<=>(const Moment&) const = default;
};

/// One more change in this process. Any thread.
void count_committed(const ProjectId& project);

/// Bounded in bytes: what was asked for least recently goes first, of a project that takes more than its equal share. One thread.
class Shelf {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds good_for{10};   // after which it is read again, heard or not
    static constexpr std::chrono::hours wanted_for{24};   // what nobody has asked for for as long is not read again when it has changed

    struct Item {
        std::shared_ptr<const Kept> kept;
        KeptReading read; // how it is read again
        Moment at;
        Clock::time_point read_at{};
        Clock::time_point wanted_at{};
        std::optional<Clock::time_point> superseded_at{}; // since when there is, or may be, another
    };

    explicit Shelf(std::size_t most_bytes);

    Moment moment(const ProjectId& project) const;
    /// Null where there is none. Somebody has asked for it.
    const Item* find(const Place& place, Clock::time_point now);
    /// The same of nobody's asking.
    const Item* look(const Place& place) const;
    /// No change of its project has come since it was read.
    bool unchanged(const Item& item, const Place& place) const { return item.at == moment(place.project); }
    /// Takes the place of what is there, unless that was read later. What is larger than all there may be is not kept. When it was asked for is known here.
    void put(const Place& place, Item item);
    void drop(const Place& place);
    /// A change that PostgreSQL told of; without a project there may have been any, since `since`.
    void heard(const std::optional<ProjectId>& project, Clock::time_point since);
    /// What has changed since it was read, if somebody still wants it; else it goes.
    std::vector<Place> outdated(Clock::time_point now);
    std::size_t bytes() const { return bytes_; }

private:
    struct Stored {
        Place place;
        Item item;
        std::size_t bytes = 0;
    };
    using Order = std::list<Stored>; // asked for most recently first

    void erase(Order::iterator stored);
    void make_room();

    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    Order order_;
    std::map<Place, Order::iterator> places_;
    std::map<ProjectId, std::size_t> taken_; // bytes of each project
    std::vector<std::uint64_t> heard_; // by hash of the project: two of one hash forget a little more than they need
};

} // namespace gravity::config
