#include <gravity/testkit/events.hpp>

#include <gtest/gtest.h>

#include <iterator>

namespace gravity::testkit {

std::vector<EmittedEvent> Events::take_of(std::string_view type) {
    auto fresh = service_.take_events();
    std::move(fresh.begin(), fresh.end(), std::back_inserter(pending_));
    std::vector<EmittedEvent> taken, left;
    for (auto& event : pending_) (event.type == type ? taken : left).push_back(std::move(event));
    pending_ = std::move(left);
    return taken;
}

bool Events::decode(const EmittedEvent& event, meta::MutableRef out) {
    meta::Errors errors;
    json::decode(event.data, out, errors);
    if (errors.empty()) return true;
    ADD_FAILURE() << event.type << " does not fit its struct: " << errors.to_string() << " in " << event.data.dump();
    return false;
}

std::string Events::pending() {
    take_of("");
    std::string types;
    for (const auto& event : pending_) {
        const auto service = event.type.find('.');
        const auto noun = service == std::string::npos ? service : event.type.find('.', service + 1);
        types += (types.empty() ? "" : " ") + (noun == std::string::npos ? event.type : event.type.substr(noun + 1));
    }
    return types;
}

void Events::forget() {
    take_of("");
    pending_.clear();
}

} // namespace gravity::testkit
