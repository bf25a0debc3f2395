#include "call_graph.hpp"

#include <gravity/base/utf8.hpp>

#include <algorithm>
#include <list>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace gravity::registry {
namespace {

constexpr std::int64_t look_up_remembered_us = 86'400'000'000;
constexpr std::size_t most_user_agent_bytes = 200, most_service_bytes = 512;
constexpr std::string_view platform_product = "gravity-"; // what services of the platform call themselves: "gravity-product-catalog/0.1.0"

} // namespace

struct CallGraph::State {
    State(Clock c, std::size_t m) : clock(std::move(c)), most(m), since_us(clock()) {}

    using Entries = std::list<LookUps>;
    Clock clock;
    std::size_t most;
    std::int64_t since_us;
    std::int64_t left_out = 0;
    Entries quiet; // nobody follows: the last heard of first
    Entries followed;
    std::unordered_map<std::string, Entries::iterator> by_key;
    std::string key; // room that is used again: every look-up asks with one

    const std::string& key_for(const Inquirer& inquirer, std::string_view service) {
        key.assign(inquirer.accessor).push_back('\0');
        key.append(inquirer.user_agent, 0, most_user_agent_bytes).push_back('\0');
        return key.append(service);
    }
    /// Nothing if there is no room.
    std::optional<Entries::iterator> heard(const Inquirer& inquirer, std::string_view service) {
        if (service.size() > most_service_bytes) return std::nullopt;
        const auto found = by_key.find(key_for(inquirer, service));
        if (found == by_key.end()) return begun(inquirer, service);
        const Entries::iterator entry = found->second;
        entry->last_us = clock();
        if (entry->following == 0) quiet.splice(quiet.begin(), quiet, entry);
        return entry;
    }
    std::optional<Entries::iterator> begun(const Inquirer& inquirer, std::string_view service) {
        if (by_key.size() >= most) {
            ++left_out;
            if (quiet.empty()) return std::nullopt;
            by_key.erase(key_for(quiet.back().inquirer, quiet.back().service));
            quiet.pop_back();
        }
        LookUps fresh{inquirer, std::string(service)};
        fresh.inquirer.user_agent.resize(std::min(fresh.inquirer.user_agent.size(), most_user_agent_bytes));
        fresh.first_us = fresh.last_us = clock();
        quiet.push_front(std::move(fresh));
        by_key.emplace(key_for(inquirer, service), quiet.begin());
        return quiet.begin();
    }

    struct Follower {
        std::shared_ptr<State> state;
        Entries::iterator entry; // stays where it is: only quiet ones go
        Follower(std::shared_ptr<State> s, Entries::iterator e) : state(std::move(s)), entry(e) {
            if (entry->following++ == 0) state->followed.splice(state->followed.end(), state->quiet, entry);
        }
        ~Follower() {
            entry->last_us = state->clock();
            if (--entry->following == 0) state->quiet.splice(state->quiet.begin(), state->followed, entry);
        }
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;
    };
};

CallGraph::CallGraph(Clock clock, std::size_t most) : state_(std::make_shared<State>(std::move(clock), most)) {}
CallGraph::~CallGraph() = default;

void CallGraph::note(const Inquirer& inquirer, std::string_view service) {
    if (const auto entry = state_->heard(inquirer, service)) ++(*entry)->asked;
}

std::shared_ptr<const void> CallGraph::follow(const Inquirer& inquirer, std::string_view service) {
    const auto entry = state_->heard(inquirer, service);
    return entry ? std::make_shared<const State::Follower>(state_, *entry) : nullptr;
}

std::vector<LookUps> CallGraph::look_ups() const {
    const std::int64_t oldest = state_->clock() - look_up_remembered_us;
    std::vector<LookUps> all(state_->followed.begin(), state_->followed.end());
    for (const LookUps& one : state_->quiet)
        if (one.last_us > oldest) all.push_back(one);
    return all;
}

std::int64_t CallGraph::since_us() const { return state_->since_us; }
std::int64_t CallGraph::left_out() const { return state_->left_out; }

namespace {

// Bytes of any kind may come.
std::string readable(std::string_view bytes) {
    std::string text;
    while (!bytes.empty()) {
        if (const auto point = utf8::next(bytes))
            utf8::append(text, *point);
        else {
            utf8::append(text, U'\uFFFD');
            bytes.remove_prefix(1);
        }
    }
    return text;
}

// "Prometheus" of "Prometheus/2.42.0 (linux)"; of services of the platform the name of the service.
std::string product_of(std::string_view user_agent) {
    std::string_view product = user_agent.substr(0, user_agent.find_first_of("/ "));
    if (product.starts_with(platform_product)) product.remove_prefix(platform_product.size());
    return std::string(product);
}

bool is_registered(const Model& model, std::string_view service) { return !model.instances_of(service).empty(); }

ServiceCaller caller_from(const Inquirer& inquirer, const Model& model, const Access& access) {
    ServiceCaller caller;
    const AclToken* const token = model.find<AclToken>(inquirer.accessor);
    const bool sees_tokens = access.may(Resource::acl, Grant::read);
    if (sees_tokens && !inquirer.accessor.empty()) caller.token = inquirer.accessor;
    if (!inquirer.user_agent.empty()) caller.user_agent = readable(inquirer.user_agent);
    const std::string product = caller.user_agent ? product_of(*caller.user_agent) : std::string();
    const bool names_service = token != nullptr && token->grants.service_identities.size() == 1;
    if (names_service) {
        caller.name = token->grants.service_identities.front().ServiceName;
        caller.known_by = KnownBy::token;
    } else if (!product.empty()) {
        caller.name = product;
        caller.known_by = KnownBy::user_agent;
    } else if (sees_tokens && token != nullptr && !token->description.empty()) {
        caller.name = token->description;
        caller.known_by = KnownBy::token;
    }
    if (!caller.name) return caller;
    caller.registered = is_registered(model, *caller.name);
    const bool is_service = caller.registered || names_service;
    if (is_service && !access.may(Resource::service, Grant::read, *caller.name)) return {}; // who calls may not be seen either
    return caller;
}

} // namespace

ServiceGraph graph_of(const CallGraph& calls, const Model& model, const GraphWish& wish, const Access& access) {
    ServiceGraph graph;
    graph.since = Timestamp::from_unix_us(calls.since_us());
    graph.left_out_total = calls.left_out();
    std::map<std::pair<std::string, std::string>, ServiceCaller> callers; // by token and agent
    for (const LookUps& one : calls.look_ups()) {
        if (!access.may(Resource::service, Grant::read, one.service) || (wish.service && one.service != *wish.service)) continue;
        const auto [found, fresh] = callers.try_emplace({one.inquirer.accessor, one.inquirer.user_agent});
        if (fresh) found->second = caller_from(one.inquirer, model, access);
        if (wish.caller && found->second.name != wish.caller) continue;
        const Timestamp first = Timestamp::from_unix_us(one.first_us), last = Timestamp::from_unix_us(one.last_us);
        found->second.calls.push_back({readable(one.service), is_registered(model, one.service), one.following, one.asked, first, last});
    }
    for (auto& [key, caller] : callers) {
        if (caller.calls.empty()) continue;
        std::sort(caller.calls.begin(), caller.calls.end(), [](const Callee& a, const Callee& b) { return a.service < b.service; });
        graph.calls_total += static_cast<std::int64_t>(caller.calls.size());
        graph.callers.push_back(std::move(caller));
    }
    graph.callers_total = static_cast<std::int64_t>(graph.callers.size());
    const auto place = [](const ServiceCaller& one) { return std::tuple(!one.name, one.name.value_or(""), one.user_agent.value_or("")); };
    std::stable_sort(graph.callers.begin(), graph.callers.end(), [&](const ServiceCaller& a, const ServiceCaller& b) { return place(a) < place(b); });
    if (graph.callers.size() > wish.limit) graph.callers.resize(wish.limit);
    return graph;
}

} // namespace gravity::registry
