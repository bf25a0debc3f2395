#pragma once

#include "model.hpp"

#include <gravity/app/service.hpp>
#include <gravity/redis/client.hpp>

/// What is kept in Redis, at `@service@:<project>:<id>`. The keys are in store.cpp and nowhere else.
namespace gravity::@id@ {
class Store {
public:
    Store(boost::asio::io_context& io, std::string url) : redis_(io, std::move(url)) {}
    Task<void> put(ProjectId project, @Noun@ made);
    Task<@Noun@> get(ProjectId project, @Noun@Id id); // none: 404
    Task<void> remove(ProjectId project, @Noun@Id id);
    Task<std::optional<std::string>> failure();

private:
    redis::Client redis_;
};
void provision(app::Runtime& runtime); // makes the store at the start, and lets health depend on it
} // namespace gravity::@id@
