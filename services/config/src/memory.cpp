#include "memory.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_read = 10s;
constexpr auto longest_read_of_known = 2s; // where there is something to answer instead
constexpr auto away_for = 1s;              // nobody waits for a store that was away a moment ago
constexpr auto between_rounds = 1s;
constexpr auto between_readings = 5ms; // of what has changed: others are read beside it

} // namespace

void forget_remembered(Tx& tx) {
    tx.after_commit([project = tx.project()] { count_committed(project); });
}

bool store_is_away(const Refusal& refusal) {
    const auto slug = refusal.problem().slug;
    return slug == problems::store_unavailable.slug || slug == problems::overloaded.slug || slug == problems::deadline_exceeded.slug;
}

bool Memory::listens() {
    const bool listens = listening_();
    if (listens) last_heard_ = Clock::now();
    return listens;
}

bool Memory::current(const Shelf::Item& item, const Place& place) {
    return listens() && shelf_.unchanged(item, place) && Clock::now() - item.read_at < Shelf::good_for;
}

std::shared_ptr<const Kept> Memory::last_known(const Place& place) {
    const Shelf::Item* item = shelf_.look(place);
    if (item == nullptr || item->at.committed != shelf_.moment(place.project).committed) return nullptr; // whoever changed it was told so
    const auto since = std::max(item->read_at, item->superseded_at.value_or(last_heard_));
    return Clock::now() - since < limits_.stale_for ? item->kept : nullptr;
}

Task<Recalled> Memory::recall(Place place, KeptReading read) {
    if (const Shelf::Item* item = shelf_.find(place, Clock::now()); item != nullptr && current(*item, place)) co_return Recalled{item->kept, false};
    if (Clock::now() < away_until_)
        if (auto known = last_known(place)) co_return Recalled{std::move(known), true};
    std::optional<Refusal> away;
    try {
        std::shared_ptr<const Kept> kept = co_await read_once(place, read);
        co_return Recalled{std::move(kept), false};
    } catch (const Refusal& refusal) {
        if (!store_is_away(refusal)) throw;
        away = refusal;
    }
    away_until_ = Clock::now() + away_for;
    if (auto known = last_known(place)) co_return Recalled{std::move(known), true};
    throw *away;
}

Task<std::shared_ptr<const Kept>> Memory::read_once(Place place, KeptReading read) {
    const Moment at = shelf_.moment(place.project);
    std::function<Task<std::shared_ptr<const Kept>>()> work = [this, place, at, read] { return read_now(place, at, read); };
    std::pair<Place, Moment> flight{std::move(place), at};
    co_return co_await flights_.run(std::move(flight), std::move(work));
}

Task<std::shared_ptr<const Kept>> Memory::read_now(Place place, Moment at, KeptReading read) {
    const auto begun = Clock::now();
    pg::Run run;
    run.scope = pg::Scope::project(place.project);
    run.read_only = true;
    if (last_known(place))
        run.deadline = begun + longest_read_of_known;
    else
        run.deadline = begun + longest_read;
    std::shared_ptr<const Kept> kept;
    std::function<void(Tx&)> work = [&](Tx& tx) { kept = read(tx); };
    co_await database_.run(std::move(run), std::move(work));
    Shelf::Item item{kept, std::move(read), at, begun};
    if (!shelf_.unchanged(item, place)) item.superseded_at = Clock::now();
    shelf_.put(place, std::move(item));
    co_return kept;
}

void Memory::heard(const std::optional<ProjectId>& project) {
    shelf_.heard(project, project ? Clock::now() : last_heard_);
}

Task<void> Memory::refresh() {
    const std::vector<Place> outdated = shelf_.outdated(Clock::now());
    for (const Place& place : outdated) {
        if (Clock::now() < away_until_) co_return;
        const Shelf::Item* item = shelf_.look(place);
        if (item == nullptr || shelf_.unchanged(*item, place)) continue;
        KeptReading read = item->read;
        bool gone = false;
        try {
            co_await read_once(place, std::move(read));
        } catch (const Refusal& refusal) {
            if (store_is_away(refusal))
                away_until_ = Clock::now() + away_for;
            else
                gone = true; // who asks is told why
        } catch (const std::exception& error) {
            log::warn("what is remembered could not be read again", {{"error", error.what()}});
            gone = true;
        }
        if (gone) shelf_.drop(place);
        co_await sleep_for(between_readings);
    }
}

Task<void> Memory::run() {
    for (;;) {
        co_await sleep_for(between_rounds);
        listens();
        co_await refresh();
    }
}

} // namespace gravity::config
