// Keys and values.
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

Answer list_entries(const Model& model, const std::string& prefix) {
    std::string out = "[";
    each_with_prefix<KvEntry>(model, prefix, [&](const std::string& key, const KvEntry& entry) {
        if (out.size() > 1) out += ',';
        append_key(out, key, entry);
    });
    return out.size() == 1 ? absent() : Answer{200, out + ']'};
}

// Up to the separator each name once: a folder at a time.
Answer list_keys(const Model& model, const std::string& prefix, const std::string& separator) {
    std::string out = "[";
    std::string last;
    each_with_prefix<KvEntry>(model, prefix, [&](const std::string& key, const KvEntry&) {
        const auto end = separator.empty() ? std::string::npos : key.find(separator, prefix.size());
        const std::string shown = end == std::string::npos ? key : key.substr(0, end + separator.size());
        if (shown == last && out.size() > 1) return;
        if (out.size() > 1) out += ',';
        append_json_string(out, shown);
        last = shown;
    });
    return out.size() == 1 ? absent() : Answer{200, out + ']'};
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

Plan kv_get(const Context&, const Call& call) {
    refuse_together(call.query, {"keys", "recurse"});
    const bool keys = call.query.has("keys");
    const bool recurse = call.query.has("recurse");
    const std::string key = key_in(call, keys || recurse);
    if (keys)
        return ReadPlan{watch::kv(key), [key, separator = call.query.get("separator")](const Model& model) { return list_keys(model, key, separator); }};
    if (recurse) return ReadPlan{watch::kv(key), [key](const Model& model) { return list_entries(model, key); }};
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

Plan kv_put(const Context&, const Call& call) {
    refuse_together(call.query, {"cas", "acquire", "release"});
    PutKey command;
    command.key = key_in(call, false);
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

Plan kv_delete(const Context&, const Call& call) {
    refuse_together(call.query, {"recurse", "cas"});
    if (call.query.has("recurse")) return WritePlan{DeleteTree{key_in(call, true)}, done_or_error};
    return WritePlan{DeleteKey{key_in(call, false), call.query.number("cas")}, done_or_error};
}

} // namespace gravity::registry::api::routes
