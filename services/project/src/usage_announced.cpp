#include "usage_announced.hpp"

#include "meters_store.hpp"
#include "quotas_store.hpp"
#include "usage_recording.hpp"

namespace gravity::project {
namespace {

// What stands in a stream is bounded by nobody but whoever reads it.
template <std::size_t Min>
std::string attribute(std::string_view name, const std::string& value) {
    const auto text = Text<Min, 256>::parse(value);
    if (!text) throw events::Undecodable("its " + std::string(name) + " " + text.why());
    return text->str();
}

UsageEvent usage_event_of(const Received<UsageAnnounced>& e) {
    UsageEvent event;
    event.id = attribute<1>("id", e.id);
    event.source = attribute<1>("source", e.source);
    event.type = e.data.type ? e.data.type->str() : attribute<1>("type", e.type);
    event.subject = e.data.subject ? e.data.subject->str() : attribute<0>("subject", e.subject);
    event.time = e.data.time.value_or(e.time);
    event.data = e.data.data;
    return event;
}

} // namespace

void count_announced(Tx& tx, const Received<UsageAnnounced>& e) {
    UsageEvent event = usage_event_of(e);
    if (tx.all(meters_of_types, std::vector<std::string>{event.type}).empty()) return;
    std::vector<std::vector<UsageEvent>> reports(1);
    reports[0].push_back(std::move(event));
    const std::vector<Recorded> recorded = record_usage(tx, reports, tx.all(plan_of_measured));
    if (recorded[0].refused.empty()) return;
    const Refusal::Fault& fault = recorded[0].refused.front();
    throw events::Undecodable("it is not counted: " + fault.pointer + " " + fault.detail);
}

} // namespace gravity::project
