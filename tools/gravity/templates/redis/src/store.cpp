#include "store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/json/codec.hpp>

namespace gravity::@id@ {
namespace {

std::string key_of(ProjectId project, @Noun@Id id) { return "@service@:" + project.to_string() + ":" + id.to_string(); }

} // namespace

Task<void> put(redis::Client& redis, ProjectId project, @Noun@ made) {
    redis::Command set{"SET", key_of(project, made.id), json::encode(made), "EX", static_cast<int>(made.seconds)};
    co_await redis.command(std::move(set));
}

Task<@Noun@> get(redis::Client& redis, ProjectId project, @Noun@Id id) {
    redis::Command get{"GET", key_of(project, id)};
    const redis::Value found = co_await redis.command(std::move(get));
    if (found.is_nil()) throw Refusal(problems::not_found);
    co_return json::decode<@Noun@>(found.as_text()).or_throw();
}

Task<void> remove(redis::Client& redis, ProjectId project, @Noun@Id id) {
    redis::Command del{"DEL", key_of(project, id)};
    const redis::Value count = co_await redis.command(std::move(del));
    if (count.as_integer() == 0) throw Refusal(problems::not_found);
}

} // namespace gravity::@id@
