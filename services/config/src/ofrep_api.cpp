#include "ofrep_api.hpp"

#include "flags_domain.hpp"
#include "flags_store.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/conditional.hpp>

namespace gravity::config::ofrep {
namespace {

Json failure(std::string_view code, std::string_view details) { return Json::object({{"errorCode", code}, {"errorDetails", details}}); }
Json failure_of(std::string_view key, std::string_view code, std::string_view details) {
    Json document = failure(code, details);
    document["key"] = key;
    return document;
}

/// The context of a request, or what is wrong with it.
struct Asked {
    Json context = Json::object();
    std::optional<Json> fault{};
};

Asked context_of(const RawBody& body) {
    const auto document = Json::parse(body.bytes);
    if (!document) return {{}, failure("PARSE_ERROR", document.why())};
    const Json* context = document->find("context");
    if (context == nullptr || !context->is_object()) return {{}, failure("INVALID_CONTEXT", "The body must have a context, which is an object")};
    const Json* key = context->find("targetingKey");
    if (key != nullptr && !key->is_string()) return {{}, failure("INVALID_CONTEXT", "targetingKey must be a text")};
    return {*context, {}};
}

Flags read_flags(Tx& tx) {
    Flags flags;
    for (Flag& flag : tx.all(all_flags)) flags.emplace(flag.key.str(), std::move(flag));
    return flags;
}

/// A flag as the protocol shows it, and whether that is a failure.
struct Shown {
    Json document;
    bool failed = false;
};

Shown show(const Flag& flag, const Decision& decision) {
    const auto* decided = std::get_if<Decided>(&decision);
    if (decided == nullptr) return {failure_of(flag.key.view(), "TARGETING_KEY_MISSING", "The flag is split by targetingKey"), true};
    return {Json::object({{"key", flag.key.view()},
                          {"reason", to_string(decided->reason)},
                          {"variant", decided->variant},
                          {"value", decided->value},
                          {"metadata", Json::object({{"version", flag.version.value()}})}})};
}

} // namespace

Evaluated evaluate(Tx& tx, Path<"key", std::string> key, RawBody body) {
    Asked asked = context_of(body);
    if (asked.fault) {
        (*asked.fault)["key"] = *key;
        return {400, *std::move(asked.fault)};
    }
    const Flags flags = read_flags(tx);
    const auto flag = flags.find(*key);
    if (flag == flags.end()) return {404, failure_of(*key, "FLAG_NOT_FOUND", "There is no such flag")};
    Decider decider(flags, asked.context, tx.now());
    Shown shown = show(flag->second, decider.decide(flag->second));
    return {shown.failed ? 400 : 200, std::move(shown.document)};
}

Evaluated evaluate_all(Tx& tx, RawBody body, Header<"If-None-Match"> known) {
    Asked asked = context_of(body);
    if (asked.fault) return {400, *std::move(asked.fault)};
    const Flags flags = read_flags(tx);
    Decider decider(flags, asked.context, tx.now());
    Json list = Json::array();
    for (const auto& [key, flag] : flags) list.push_back(show(flag, decider.decide(flag)).document);
    Evaluated evaluated{200, Json::object({{"flags", std::move(list)}})};
    evaluated.etag = '"' + hex_encode(sha256(evaluated.document.dump())).substr(0, 32) + '"';
    if (known && http::etag_listed(http::uncoded_etags(*known), evaluated.etag, false)) evaluated.status = 304;
    return evaluated;
}

} // namespace gravity::config::ofrep
