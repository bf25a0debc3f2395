#include "redis/sentinel_machine.hpp"

#include <algorithm>
#include <charconv>

namespace gravity::redis {

namespace {

constexpr std::size_t max_sentinels =
    64; // learnt ones stop here: a list that grows for ever would slow each search down

std::optional<Endpoint> address(std::string_view host, std::string_view port) {
    Endpoint out;
    out.host = host;
    auto [stop, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (failed != std::errc() || stop != port.data() + port.size() || out.port == 0 || host.empty())
        return std::nullopt;
    return out;
}

} // namespace

void SentinelMachine::begin() {
    position_ = 0;
    why_ = "no Sentinel is known";
}

std::optional<Endpoint> SentinelMachine::ask() const {
    if (position_ >= sentinels_.size()) return std::nullopt;
    return sentinels_[position_];
}

std::vector<Command> SentinelMachine::questions() const {
    return {Command{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master_}, Command{"SENTINEL", "SENTINELS", master_}};
}

void SentinelMachine::failed(const std::string& why) {
    why_ = "Sentinel " + why;
    ++position_;
}

std::optional<Endpoint> SentinelMachine::answered(const std::vector<Value>& replies) {
    const Endpoint asked = sentinels_.at(position_);
    auto go_on = [&](const std::string& why) -> std::optional<Endpoint> {
        failed(asked.to_string() + ": " + why);
        return std::nullopt;
    };
    if (replies.size() != 2) return go_on("two answers expected");
    const Value& found = replies[0];
    if (found.is_nil()) return go_on("knows no master '" + master_ + "'");
    if (found.is_error()) return go_on(found.text);
    if (found.kind != ValueKind::array || found.elements.size() != 2) return go_on("not an address");
    auto master = address(found.elements[0].text, found.elements[1].text);
    if (!master) return go_on("not an address");
    std::rotate(sentinels_.begin(), sentinels_.begin() + static_cast<std::ptrdiff_t>(position_),
                sentinels_.begin() + static_cast<std::ptrdiff_t>(position_) + 1);
    position_ = 0;
    learn(replies[1]);
    return master;
}

/// Each of the others is a flat list of names and values.
void SentinelMachine::learn(const Value& others) {
    for (const Value& other : others.elements) {
        std::string_view host;
        std::string_view port;
        for (std::size_t i = 0; i + 1 < other.elements.size(); i += 2) {
            if (other.elements[i].text == "ip") host = other.elements[i + 1].text;
            if (other.elements[i].text == "port") port = other.elements[i + 1].text;
        }
        auto found = address(host, port);
        if (!found || sentinels_.size() >= max_sentinels) continue;
        if (std::find(sentinels_.begin(), sentinels_.end(), *found) == sentinels_.end())
            sentinels_.push_back(std::move(*found));
    }
}

std::optional<Endpoint> switched_master(std::string_view payload, std::string_view master) {
    std::vector<std::string_view> words;
    while (words.size() < 6) {
        auto space = payload.find(' ');
        words.push_back(payload.substr(0, space));
        if (space == std::string_view::npos) break;
        payload.remove_prefix(space + 1);
    }
    if (words.size() != 5 || words[0] != master) return std::nullopt;
    return address(words[3], words[4]);
}

} // namespace gravity::redis
