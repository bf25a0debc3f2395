#include "changes.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gravity::issuer {
namespace {

// As the triggers of migration 0030 name them, in the order of Changing.
const std::vector<std::string> change_channels{"auth_clients", "auth_tokens"};

std::atomic<std::uint64_t> committed_changes[2];

std::size_t place(Changing what) { return static_cast<std::size_t>(what); }

} // namespace

void changes(Tx& tx, Changing what) {
    tx.after_commit([what] { ++committed_changes[place(what)]; });
}

Changes::Changes(boost::asio::io_context& io, std::string url) : listener_(io, std::move(url), change_channels, std::bind_front(&Changes::heard, this)) {}

std::optional<Moment> Changes::now(Changing what) {
    if (!std::exchange(started_, true)) listener_.start();
    if (!listener_.connected()) return std::nullopt;
    return Moment{committed_changes[place(what)], heard_[place(what)]};
}

// Of an empty channel it is not known what was missed.
void Changes::heard(const pg::Notification& notification) {
    for (std::size_t i = 0; i < change_channels.size(); ++i)
        if (notification.channel.empty() || notification.channel == change_channels[i]) ++heard_[i];
}

} // namespace gravity::issuer
