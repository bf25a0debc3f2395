// Keys and values.
#include "api_access.hpp"
#include "api_output.hpp"

#include <gravity/base/encoding.hpp>

#include <string>

namespace gravity::registry::api::routes {
namespace {

std::string key_in(const Call& call, bool may_be_empty) {
    if (call.rest.starts_with('/')) throw ApiError(400, "Invalid key. Key must not begin with a '/'");
    if (call.rest.empty() && !may_be_empty) throw ApiError(400, "Missing key name");
    return call.rest;
}

Answer absent() { return {404, "", "text/plain; charset=utf-8"}; }

Answer list_entries(const Model& model, const std::string& prefix, const Access& access) {
    std::string out = "[";
    Sieve sieve(access);
    each_with_prefix<KvEntry>(model, prefix, [&](const std::string& key, const KvEntry& entry) {
        if (!sieve.passes(Resource::key, key)) return;
        if (out.size() > 1) out += ',';
        append_key(out, key, entry);
    });
    return sieve.mark(out.size() == 1 ? absent() : Answer{200, out + ']'});
}

// Up to the separator each name once: a folder at a time.
Answer list_keys(const Model& model, const std::string& prefix, const std::string& separator, const Access& access) {
    std::string out = "[";
    Sieve sieve(access);
    std::string last;
    each_with_prefix<KvEntry>(model, prefix, [&](const std::string& key, const KvEntry&) {
        if (!sieve.passes(Resource::key, key)) return;
        const auto end = separator.empty() ? std::string::npos : key.find(separator, prefix.size());
        const std::string shown = end == std::string::npos ? key : key.substr(0, end + separator.size());
        if (shown == last && out.size() > 1) return;
        if (out.size() > 1) out += ',';
        append_json_string(out, shown);
        last = shown;
    });
    return sieve.mark(out.size() == 1 ? absent() : Answer{200, out + ']'});
}

Answer done_or_error(const Reply& reply) {
    if (reply.status != 200) throw ApiError(reply.status, reply.text);
    return {200, reply.done ? "true" : "false"};
}

void refuse_together(const Query& query, std::initializer_list<std::string_view> names) {
    std::string found;
    int count = 0;
    for (const auto name : names) {
        if (!query.has(name)) continue;
        ++count;
        found += (found.empty() ? "" : ", ") + std::string(name);
    }
    if (count > 1) throw ApiError(400, "Conflicting flags: " + found);
}

} // namespace

Plan kv_get(const Context& context, const Call& call) {
    refuse_together(call.query, {"keys", "recurse"});
    const bool keys = call.query.has("keys");
    const bool recurse = call.query.has("recurse");
    const std::string key = key_in(call, keys || recurse);
    const Access& access = context.access;
    if (keys || recurse) {
        if (context.acl != nullptr && context.acl->key_list_policy()) demand(access, Resource::key, Grant::list, key);
    } else {
        demand(access, Resource::key, Grant::read, key);
    }
    if (keys) {
        const std::string separator = call.query.get("separator");
        return ReadPlan{watch::kv(key), [key, access, separator](const Model& model) { return list_keys(model, key, separator, access); }};
    }
    if (recurse) return ReadPlan{watch::kv(key), [key, access](const Model& model) { return list_entries(model, key, access); }};
    const bool raw = call.query.has("raw");
    return ReadPlan{watch::kv(key), [key, raw](const Model& model) -> Answer {
                        const KvEntry* entry = model.find<KvEntry>(key);
                        if (entry == nullptr) return absent();
                        if (raw) return {200, std::string(entry->value.view()), "application/octet-stream"};
                        std::string out = "[";
                        append_key(out, key, *entry);
                        return {200, out + ']'};
                    }};
}

Plan kv_put(const Context& context, const Call& call) {
    refuse_together(call.query, {"cas", "acquire", "release"});
    PutKey command;
    command.key = key_in(call, false);
    demand(context.access, Resource::key, Grant::write, command.key);
    command.flags = call.query.number("flags").value_or(0);
    command.cas = call.query.number("cas");
    command.value = call.body;
    for (const auto& [name, step] : {std::pair("acquire", LockStep::acquire), std::pair("release", LockStep::release)}) {
        if (!call.query.has(name)) continue;
        command.lock = step;
        command.session = call.query.get(name);
        if (command.session.empty()) throw ApiError(400, "missing session");
    }
    return WritePlan{std::move(command), done_or_error};
}

Plan kv_delete(const Context& context, const Call& call) {
    refuse_together(call.query, {"recurse", "cas"});
    const bool tree = call.query.has("recurse");
    const std::string key = key_in(call, tree);
    if (tree) {
        demand_all(context.access, Resource::key, Grant::write, key);
        return WritePlan{DeleteTree{key}, done_or_error};
    }
    demand(context.access, Resource::key, Grant::write, key);
    return WritePlan{DeleteKey{key, call.query.number("cas")}, done_or_error};
}

} // namespace gravity::registry::api::routes
