#pragma once

#include <gravity/pg/tx.hpp>

#include <optional>
#include <string>
#include <vector>

/// The relay's side of the outbox: every call in a transaction of Scope::system, as holder of the lease.
namespace gravity::events {

/// An event ready to be sent.
struct Outgoing {
    std::int64_t epoch = 0;
    std::int64_t sequence = 0;
    std::string id;
    std::string type;
    std::string project;
    std::string document; // CloudEvents 1.0, JSON
};
BOOST_DESCRIBE_STRUCT(Outgoing, (), (epoch, sequence, id, type, project, document))

struct Backlog {
    std::int64_t count = 0; // at most 10,001
    std::optional<Timestamp> oldest;
};
BOOST_DESCRIBE_STRUCT(Backlog, (), (count, oldest))

/// A place in the producer's stream: entry `<epoch>-<sequence>`.
struct Place {
    std::int64_t epoch = 0;
    std::int64_t sequence = 0;
    friend bool operator==(const Place&, const Place&) = default;
};
BOOST_DESCRIBE_STRUCT(Place, (), (epoch, sequence))

class Lease {
public:
    explicit Lease(std::string name) : name_(std::move(name)) {}
    /// The new token, or nothing if somebody else holds it; then the holder is told that it is wanted.
    std::optional<std::int64_t> take(Tx& tx, Uuid holder, Duration length) const;
    /// False: it is another's now, and this transaction must leave nothing.
    bool renew(Tx& tx, std::int64_t token, Duration length) const;
    /// True if somebody has asked for it meanwhile.
    bool give_back(Tx& tx, std::int64_t token) const;

private:
    std::string name_;
};

/// Numbers what has no number, then the oldest unpublished events in order.
std::vector<Outgoing> next_batch(Tx& tx, const std::string& source, std::int64_t limit);
void mark_published(Tx& tx, const Place& first, std::int64_t last);
/// The stream ends at `top`: what was published behind it is to be published again. How many events that is; cheap if it is none.
std::int64_t publish_again_after(Tx& tx, const Place& top);
/// The numbers of this database are taken in the stream by other events: starts over in an epoch above `above`.
void begin_epoch(Tx& tx, std::int64_t above);
Backlog backlog(Tx& tx);

} // namespace gravity::events
