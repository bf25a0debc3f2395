#include <gravity/app/health.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>

namespace gravity::app {

void Health::add(std::string name, Kind kind, Probe probe) { entries_.push_back({std::move(name), kind, std::move(probe)}); }

Task<void> Health::run_probes() {
    for (Entry& entry : entries_) {
        std::optional<std::string> failure;
        try {
            failure = co_await entry.probe();
        } catch (const std::exception& error) {
            failure = error.what();
        }
        entry.failure = std::move(failure);
        entry.at = now();
    }
}

bool Health::ready() const { return reason().empty(); }

std::string Health::reason() const {
    if (!blocked_.empty()) return blocked_;
    for (const Entry& entry : entries_)
        if (entry.kind == Kind::required && entry.failure) return entry.name + ": " + *entry.failure;
    return {};
}

std::string Health::document(std::string_view service, std::string_view version) const {
    const std::string why = reason();
    const bool warn = std::any_of(entries_.begin(), entries_.end(), [](const Entry& e) { return e.failure.has_value(); });
    Json document = Json::object();
    document["status"] = !why.empty() ? "fail" : warn ? "warn"
                                                      : "pass";
    document["serviceId"] = service;
    document["releaseId"] = version;
    if (!why.empty()) document["output"] = why;
    Json& checks = document["checks"];
    checks = Json::object();
    for (const Entry& entry : entries_) {
        Json check = Json::object();
        check["status"] = !entry.failure ? "pass" : entry.kind == Kind::required ? "fail"
                                                                                 : "warn";
        if (entry.failure) check["output"] = *entry.failure;
        if (entry.at.is_set()) check["time"] = entry.at.to_string();
        checks[entry.name] = Json::array({std::move(check)});
    }
    return document.dump();
}

} // namespace gravity::app
