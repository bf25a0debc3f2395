#include "shelf.hpp"

#include <array>
#include <atomic>
#include <iterator>
#include <utility>

namespace gravity::config {
namespace {

constexpr std::size_t change_counters = 1024;
constexpr std::size_t bytes_of_place = 512; // nodes and pointers

// A transaction does not know for whom it is run: one for the process, as all that remembers in it may be told at once.
std::array<std::atomic<std::uint64_t>, change_counters> committed_changes;

// The last bytes of an id are random.
std::size_t counter_of(const ProjectId& project) {
    const auto bytes = project.uuid().bytes();
    return (std::size_t{bytes[14]} << 8 | bytes[15]) % change_counters;
}

} // namespace

void count_committed(const ProjectId& project) { ++committed_changes[counter_of(project)]; }

Shelf::Shelf(std::size_t most_bytes) : most_bytes_(most_bytes), heard_(change_counters) {}

Moment Shelf::moment(const ProjectId& project) const {
    const std::size_t counter = counter_of(project);
    return {committed_changes[counter], heard_[counter]};
}

const Shelf::Item* Shelf::find(const Place& place, Clock::time_point now) {
    const auto found = places_.find(place);
    if (found == places_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    found->second->item.wanted_at = now;
    return &found->second->item;
}

const Shelf::Item* Shelf::look(const Place& place) const {
    const auto found = places_.find(place);
    return found == places_.end() ? nullptr : &found->second->item;
}

void Shelf::put(const Place& place, Item item) {
    const std::size_t bytes = item.kept->bytes() + 2 * place.what.size() + bytes_of_place;
    const auto found = places_.find(place);
    if (found != places_.end()) {
        Stored& stored = *found->second;
        if (stored.item.read_at > item.read_at) return;
        item.wanted_at = stored.item.wanted_at; // who reads it again does not ask for it
        bytes_ -= stored.bytes;
        taken_[place.project] -= stored.bytes;
        stored.item = std::move(item);
        stored.bytes = bytes;
    } else {
        item.wanted_at = item.read_at;
        order_.push_front({place, std::move(item), bytes});
        places_[place] = order_.begin();
    }
    bytes_ += bytes;
    taken_[place.project] += bytes;
    if (bytes > most_bytes_) drop(place);
    make_room();
}

// While there is too much of all together, one project at least takes more than its share.
void Shelf::make_room() {
    while (bytes_ > most_bytes_) {
        const std::size_t share = most_bytes_ / taken_.size();
        auto goes = std::prev(order_.end());
        while (taken_.at(goes->place.project) <= share) --goes;
        erase(goes);
    }
}

void Shelf::drop(const Place& place) {
    if (const auto found = places_.find(place); found != places_.end()) erase(found->second);
}

void Shelf::erase(Order::iterator stored) {
    bytes_ -= stored->bytes;
    const auto taken = taken_.find(stored->place.project);
    taken->second -= stored->bytes;
    if (taken->second == 0) taken_.erase(taken);
    places_.erase(stored->place);
    order_.erase(stored);
}

void Shelf::heard(const std::optional<ProjectId>& project, Clock::time_point since) {
    if (project)
        ++heard_[counter_of(*project)];
    else
        for (std::uint64_t& counter : heard_) ++counter;
    for (Stored& stored : order_)
        if ((!project || stored.place.project == *project) && !stored.item.superseded_at) stored.item.superseded_at = since;
}

std::vector<Place> Shelf::outdated(Clock::time_point now) {
    std::vector<Place> outdated;
    for (auto at = order_.begin(); at != order_.end();) {
        const auto stored = at++;
        if (unchanged(stored->item, stored->place)) continue;
        if (now - stored->item.wanted_at > wanted_for)
            erase(stored);
        else
            outdated.push_back(stored->place);
    }
    return outdated;
}

} // namespace gravity::config
