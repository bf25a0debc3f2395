// Keys and values.
#include "api.hpp"

#include <gravity/base/encoding.hpp>

#include <string>

namespace gravity::registry::api::routes {
namespace {

std::string key_in(const Call& call, bool may_be_empty) {
    if (call.rest.starts_with('/')) throw ApiError(400, "Invalid key. Key must not begin with a '/'");
    if (call.rest.empty() && !may_be_empty) throw ApiError(400, "Missing key name");
    return call.rest;
}

void append_entry(std::string& out, const std::string& key, const KvEntry& entry) {
    out += "{\"LockIndex\":" + std::to_string(entry.lock_index) + ",\"Key\":";
    append_json_string(out, key);
    out += ",\"Flags\":" + std::to_string(static_cast<std::uint64_t>(entry.flags)) + ",\"Value\":";
    if (entry.value.size() == 0)
        out += "null"; // as Consul writes an empty value
    else
        out += '"' + base64_encode(entry.value.view()) + '"';
    out += ",\"CreateIndex\":" + std::to_string(entry.create_index) + ",\"ModifyIndex\":" + std::to_string(entry.modify_index) + '}';
}

Answer absent() { return {404, "", "text/plain; charset=utf-8"}; }

template <class Visit>
void each_below(const Model& model, const std::string& prefix, Visit visit) {
    const auto& table = model.table<KvEntry>();
    for (auto row = table.lower_bound(prefix); row != table.end() && row->first.starts_with(prefix); ++row) visit(row->first, *row->second);
}

Answer list_entries(const Model& model, const std::string& prefix) {
    std::string out = "[";
    each_below(model, prefix, [&](const std::string& key, const KvEntry& entry) {
        if (out.size() > 1) out += ',';
        append_entry(out, key, entry);
    });
    return out.size() == 1 ? absent() : Answer{200, out + ']'};
}

// Up to the separator each name once: a folder at a time.
Answer list_keys(const Model& model, const std::string& prefix, const std::string& separator) {
    std::string out = "[";
    std::string last;
    each_below(model, prefix, [&](const std::string& key, const KvEntry&) {
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
                        append_entry(out, key, *entry);
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
    command.session = call.query.get("acquire");
    command.acquire = call.query.has("acquire");
    // No session exists, so none can hold the key.
    if (call.query.has("release")) return Answer{200, "false"};
    return WritePlan{std::move(command), done_or_error};
}

Plan kv_delete(const Context&, const Call& call) {
    refuse_together(call.query, {"recurse", "cas"});
    if (call.query.has("recurse")) return WritePlan{DeleteTree{key_in(call, true)}, done_or_error};
    DeleteKey command{key_in(call, false), call.query.number("cas")};
    if (command.cas == std::uint64_t{0}) throw ApiError(400, "Invalid cas index: 0 is only for creating a key");
    return WritePlan{std::move(command), done_or_error};
}

} // namespace gravity::registry::api::routes
