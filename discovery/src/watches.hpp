#pragma once

#include "deltas.hpp"

#include <gravity/async/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gravity {
class EventStream;
}

namespace gravity::registry {

/// Delta watch: who follows services by Server-Sent Events gets the instances that changed and no others. I/O thread only.
///
/// The id of an event is `<store>-<index>`: everything up to that index has been told. Of several events of one commit only the last has an id, so that
/// a connection that breaks between them is resumed before the first.
class Watches {
public:
    /// `store`: names the store that the indexes are of, for as long as it lives.
    Watches(const Model& model, std::string store);
    ~Watches();

    /// To be called when the model has taken a batch.
    void on_changes(const std::vector<Change>& changes);
    /// What was missed or is there now, then what comes, until the stream ends. `access`: with access rules those of who follows; it ends when the rules
    /// change, so that who comes back is asked again, and gets the whole list.
    Task<void> follow(EventStream& stream, std::set<std::string> services, bool passing, std::optional<Access> access = {});
    std::size_t followers() const;

private:
    struct Follower;
    struct State;
    std::shared_ptr<State> state_; // a handler that is destroyed late still leaves its place
};

} // namespace gravity::registry
