#include "etcd_messages.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <charconv>

namespace gravity::registry::etcd {
namespace {

constexpr JsonLimits limits{32, 50'000'000}; // a watch that catches up brings what it missed in one line

std::string base64_text(std::string_view bytes) { return '"' + base64_encode(bytes) + '"'; }
std::string number(std::int64_t value) { return '"' + std::to_string(value) + '"'; }

Json parsed(std::string_view body) {
    auto document = Json::parse(body, limits);
    if (!document) throw Malformed("etcd sent something that is no JSON: " + std::string(document.why()));
    return *std::move(document);
}

// The gateway leaves out what is 0, false or empty, and writes 64-bit numbers as texts.
std::int64_t integer_at(const Json& object, std::string_view name) {
    const Json* value = object.find(name);
    if (value == nullptr) return 0;
    if (value->kind() == Json::Kind::integer) return value->as_integer();
    std::int64_t number = 0;
    const std::string_view text = value->is_string() ? std::string_view(value->as_string()) : std::string_view();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) throw Malformed("etcd sent no number: " + std::string(name));
    return number;
}
bool flag_at(const Json& object, std::string_view name) {
    const Json* value = object.find(name);
    return value != nullptr && value->kind() == Json::Kind::boolean && value->as_bool();
}
std::string text_at(const Json& object, std::string_view name) {
    const Json* value = object.find(name);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
}
std::string bytes_at(const Json& object, std::string_view name) {
    auto bytes = base64_decode(text_at(object, name));
    if (!bytes) throw Malformed("etcd sent no base64: " + std::string(name));
    return *std::move(bytes);
}
const Json::Array& list_at(const Json& object, std::string_view name) {
    static const Json::Array none;
    const Json* value = object.find(name);
    return value != nullptr && value->is_array() ? value->as_array() : none;
}
std::int64_t revision_of(const Json& answer) {
    const Json* header = answer.find("header");
    if (header == nullptr) throw Malformed("etcd sent an answer without a header");
    return integer_at(*header, "revision");
}

Pair pair_of(const Json& kv) { return {bytes_at(kv, "key"), bytes_at(kv, "value"), integer_at(kv, "create_revision"), integer_at(kv, "mod_revision")}; }

std::vector<Pair> pairs_of(const Json& range) {
    std::vector<Pair> pairs;
    for (const Json& kv : list_at(range, "kvs")) pairs.push_back(pair_of(kv));
    return pairs;
}

// An answer that streams stands in "result", or in "error".
Json result_of(std::string_view line) {
    Json document = parsed(line);
    if (const Json* error = document.find("error"); error != nullptr) throw Malformed(error->is_string() ? error->as_string() : text_at(*error, "message"));
    const Json* result = document.find("result");
    return result != nullptr ? *result : document;
}

} // namespace

std::string range_body(std::string_view key, std::string_view end, std::int64_t limit, std::int64_t revision) {
    std::string body = "{\"key\":" + base64_text(key);
    if (!end.empty()) body += ",\"range_end\":" + base64_text(end);
    if (limit != 0) body += ",\"limit\":" + number(limit);
    if (revision != 0) body += ",\"revision\":" + number(revision);
    return body += '}';
}

RangeAnswer range_answer(std::string_view body) {
    const Json answer = parsed(body);
    return {pairs_of(answer), revision_of(answer), flag_at(answer, "more"), text_at(*answer.find("header"), "cluster_id")};
}

std::string txn_body(const shared::Transaction& transaction, std::string_view prefix, const TxnExtras& extras) {
    const auto key_in = [prefix](std::string_view key) { return base64_text(std::string(prefix) + std::string(key)); };
    std::string compares, writes, reads;
    const auto next = [](std::string& list) -> std::string& { return list += list.empty() ? "" : ","; };
    for (const shared::Compare& compare : transaction.compares) {
        next(compares) += "{\"target\":\"MOD\",\"key\":" + key_in(compare.key);
        if (compare.end.empty())
            compares += ",\"result\":\"EQUAL\",\"mod_revision\":" + number(compare.revision) + '}';
        else
            compares += ",\"result\":\"LESS\",\"range_end\":" + key_in(compare.end) + ",\"mod_revision\":" + number(compare.revision + 1) + '}';
    }
    for (const auto& [key, value] : transaction.writes) {
        if (!value) {
            next(writes) += "{\"request_delete_range\":{\"key\":" + key_in(key) + "}}";
            continue;
        }
        next(writes) += "{\"request_put\":{\"key\":" + key_in(key) + ",\"value\":" + base64_text(*value);
        for (const std::string& leased : extras.leased)
            if (leased == key) writes += ",\"lease\":" + number(extras.lease);
        writes += "}}";
    }
    for (const std::string& below : extras.below)
        next(writes) += "{\"request_delete_range\":{\"key\":" + key_in(below) + ",\"range_end\":" + key_in(shared::end_of(below)) + "}}";
    // Never empty: etcd would answer one that reads nothing from whatever its member happens to know.
    for (const std::string& key : extras.read) next(reads) += "{\"request_range\":{\"key\":" + key_in(key) + "}}";
    return "{\"compare\":[" + compares + "],\"success\":[" + writes + "],\"failure\":[" + reads + "]}";
}

TxnAnswer txn_answer(std::string_view body) {
    const Json answer = parsed(body);
    TxnAnswer out;
    out.succeeded = flag_at(answer, "succeeded");
    out.revision = revision_of(answer);
    if (out.succeeded) return out;
    for (const Json& response : list_at(answer, "responses")) {
        const Json* range = response.find("response_range");
        out.read.push_back(range != nullptr ? pairs_of(*range) : std::vector<Pair>());
    }
    return out;
}

std::string lease_body(std::int64_t seconds) { return "{\"TTL\":" + number(seconds) + '}'; }
std::string keepalive_body(std::int64_t lease) { return "{\"ID\":" + number(lease) + '}'; }
LeaseAnswer lease_answer(std::string_view body) {
    const Json answer = result_of(body);
    return {integer_at(answer, "ID"), integer_at(answer, "TTL")};
}

std::string authenticate_body(std::string_view user, std::string_view password) {
    return Json::object({{"name", std::string(user)}, {"password", std::string(password)}}).dump();
}
std::string token_in(std::string_view body) {
    std::string token = text_at(parsed(body), "token");
    if (token.empty()) throw Malformed("etcd sent no token");
    return token;
}

std::string watch_body(std::string_view prefix, std::int64_t from) {
    return "{\"create_request\":{\"key\":" + base64_text(prefix) + ",\"range_end\":" + base64_text(shared::end_of(prefix)) +
           ",\"start_revision\":" + number(from) + "}}";
}

WatchAnswer watch_answer(std::string_view line) {
    const Json answer = result_of(line);
    WatchAnswer out;
    out.canceled = flag_at(answer, "canceled");
    out.compact_revision = integer_at(answer, "compact_revision");
    out.reason = text_at(answer, "cancel_reason");
    for (const Json& event : list_at(answer, "events")) {
        const Json* kv = event.find("kv");
        if (kv == nullptr) throw Malformed("etcd sent an event without a key");
        Pair pair = pair_of(*kv);
        Event one{std::move(pair.key), std::nullopt, pair.create_revision, pair.mod_revision};
        if (text_at(event, "type") != "DELETE") one.value = std::move(pair.value);
        out.events.push_back(std::move(one));
    }
    return out;
}

std::string error_text(std::string_view body) {
    const auto document = Json::parse(body);
    if (!document) return "etcd answered without a reason";
    std::string text = text_at(*document, "error");
    return text.empty() ? text_at(*document, "message") : text;
}

} // namespace gravity::registry::etcd
