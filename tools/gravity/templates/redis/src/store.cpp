#include "store.hpp"

#include <gravity/json/codec.hpp>

namespace gravity::@id@ {
namespace {
std::string key_of(ProjectId project, @Noun@Id id) { return "@service@:" + project.to_string() + ":" + id.to_string(); }
} // namespace
Task<void> Store::put(ProjectId project, @Noun@ made) {
    redis::Command set{"SET", key_of(project, made.id), json::encode(made), "EX", static_cast<int>(made.seconds)};
    co_await redis_.command(std::move(set));
}
Task<@Noun@> Store::get(ProjectId project, @Noun@Id id) {
    redis::Command get{"GET", key_of(project, id)};
    const redis::Value found = co_await redis_.command(std::move(get));
    if (found.is_nil()) throw Refusal(problems::not_found);
    co_return json::decode<@Noun@>(found.as_text()).or_throw();
}
Task<void> Store::remove(ProjectId project, @Noun@Id id) {
    redis::Command del{"DEL", key_of(project, id)};
    const redis::Value count = co_await redis_.command(std::move(del));
    if (count.as_integer() == 0) throw Refusal(problems::not_found);
}
Task<std::optional<std::string>> Store::failure() {
    if (redis_.connected()) co_return std::nullopt;
    co_return redis_.last_error();
}

void provision(app::Runtime& runtime) {
    if (!runtime.settings.redis_url) throw std::invalid_argument("setting REDIS_URL is required");
    auto store = std::make_shared<Store>(runtime.io, runtime.settings.redis_url->reveal());
    runtime.resources.put(store);
    runtime.health.add("redis", app::Health::Kind::required, [store] { return store->failure(); });
}
} // namespace gravity::@id@
