// User events.
#include "api_access.hpp"
#include "api_output.hpp"
#include "pattern.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/base/uuid.hpp>

namespace gravity::registry::api::routes {
namespace {

void append_event(std::string& out, const Event& event) {
    const auto member = [&](std::string_view name, std::string_view value) {
        out += ",\"" + std::string(name) + "\":";
        append_json_string(out, value);
    };
    out += "{\"ID\":";
    append_json_string(out, event.id);
    member("Name", event.name);
    out += ",\"Payload\":" + (event.payload.size() == 0 ? std::string("null") : '"' + event.payload.to_string() + '"');
    member("NodeFilter", event.node_filter);
    member("ServiceFilter", event.service_filter);
    member("TagFilter", event.tag_filter);
    out += ",\"Version\":1,\"LTime\":" + std::to_string(event.sequence) + '}';
}

// What clients wait with: the two halves of the id (see IDToIndex of the Go client). It does not grow, so they wait for another one.
std::uint64_t index_of(std::string_view id) {
    const auto uuid = Uuid::parse(id);
    if (!uuid) return 1;
    std::uint64_t halves[2]{};
    for (std::size_t i = 0; i < 16; ++i) halves[i / 8] = halves[i / 8] << 8 | uuid->bytes()[i];
    return halves[0] ^ halves[1];
}

template <class Visit>
void each_named(const Model& model, const std::string& name, Visit visit) {
    for (const auto& [key, event] : model.table<Event>())
        if (name.empty() || event->name == name) visit(*event);
}

} // namespace

Plan event_fire(const Context& context, const Call& call) {
    if (call.rest.empty()) throw ApiError(400, "Missing name");
    demand(context.access, Resource::event, Grant::write, call.rest);
    Event event;
    event.id = Uuid::v4().to_string();
    event.name = call.rest;
    event.payload = Bytes(std::string(call.body));
    const std::tuple<const char*, std::string*, const char*> filters[] = {
        {"node", &event.node_filter, "Invalid node filter: "},
        {"service", &event.service_filter, "Invalid service filter: "},
        {"tag", &event.tag_filter, "Invalid tag filter: "},
    };
    for (const auto& [name, filter, problem] : filters) {
        *filter = call.query.get(name);
        if (const std::string why = pattern_fault(*filter); !why.empty()) throw ApiError(400, problem + why);
    }
    if (!event.tag_filter.empty() && event.service_filter.empty()) throw ApiError(400, "Cannot provide tag filter without service filter");
    return WritePlan{FireEvent{event}, [event, model = &context.model](const Reply& reply) -> Answer {
                         if (reply.status != 200) throw ApiError(reply.status, reply.text);
                         Event fired = event;
                         each_named(*model, event.name, [&](const Event& known) {
                             if (known.id == event.id) fired = known;
                         });
                         std::string out;
                         append_event(out, fired);
                         return {200, out};
                     }};
}

Plan event_list(const Context& context, const Call& call) {
    const std::string name = call.query.get("name");
    ReadPlan plan{watch::events, [name, access = context.access](const Model& model) -> Answer {
                      std::string out = "[";
                      Sieve sieve(access);
                      each_named(model, name, [&](const Event& event) {
                          if (!sieve.passes(Resource::event, event.name)) return;
                          if (out.size() > 1) out += ',';
                          append_event(out, event);
                      });
                      return sieve.mark({200, out + ']'});
                  }};
    plan.index = [name, access = context.access](const Model& model) {
        std::uint64_t index = 1;
        each_named(model, name, [&](const Event& event) {
            if (access.may(Resource::event, Grant::read, event.name)) index = index_of(event.id);
        });
        return index;
    };
    return plan;
}

} // namespace gravity::registry::api::routes
