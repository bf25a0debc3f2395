#include "ofrep_api.hpp"

#include "known_flags.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/conditional.hpp>

namespace gravity::config::ofrep {
namespace {

Json failure(std::string_view code, std::string_view details) { return Json::object({{"errorCode", code}, {"errorDetails", details}}); }
std::string failure_of(std::string_view key, Json document) {
    document["key"] = key;
    return document.dump();
}

/// The context of a request, or what is wrong with it.
struct AskedContext {
    Json context = Json::object();
    std::optional<Json> fault{};
};

AskedContext context_of(const RawBody& body) {
    const auto document = Json::parse(body.bytes);
    if (!document) return {{}, failure("PARSE_ERROR", document.why())};
    const Json* context = document->find("context");
    if (context == nullptr || !context->is_object()) return {{}, failure("INVALID_CONTEXT", "The body must have a context, which is an object")};
    const Json* key = context->find("targetingKey");
    if (key != nullptr && !key->is_string() && !key->is_null()) return {{}, failure("INVALID_CONTEXT", "targetingKey must be a text")};
    return {*context, {}};
}

using KnownFlagsPtr = std::shared_ptr<const KnownFlags>;

Evaluated decide_one(const KnownFlagsPtr& known, const std::string& key, const Json& context, Timestamp now) {
    const auto flag = known->flags().find(key);
    if (flag == known->flags().end()) return {404, failure_of(key, failure("FLAG_NOT_FOUND", "There is no such flag"))};
    Decider decider(known->flags(), context, now);
    Evaluated evaluated;
    if (known->append(evaluated.text, flag->second, decider.decide(flag->second))) evaluated.status = 400;
    return evaluated;
}

FlagAnswers decide_all(const KnownFlagsPtr& known, const Json& context, Timestamp now) {
    Decider decider(known->flags(), context, now);
    FlagAnswers answers{"{\"flags\":[", {}};
    for (const auto& [key, flag] : known->flags()) {
        if (answers.text.back() != '[') answers.text += ',';
        known->append(answers.text, flag, decider.decide(flag));
    }
    answers.text += "]}";
    answers.etag = '"' + hex_encode(sha256(answers.text)).substr(0, 32) + '"';
    return answers;
}

MaybeStale<Evaluated> answer_of(const FlagAnswers& answers, const std::optional<std::string>& has, bool stale) {
    Evaluated evaluated{200, {}, answers.etag};
    if (has && http::etag_listed(http::uncoded_etags(*has), answers.etag, false))
        evaluated.status = 304;
    else
        evaluated.text = answers.text;
    return {std::move(evaluated), stale};
}

} // namespace

Task<MaybeStale<Evaluated>> evaluate(Ctx&, Caller caller, Path<"key", std::string> key, RawBody body, Given<Memory> memory) {
    AskedContext asked = context_of(body);
    if (asked.fault) co_return MaybeStale<Evaluated>{Evaluated{400, failure_of(*key, *std::move(asked.fault)), {}}};
    const RecalledFlags recalled = co_await recall_flags(*memory, caller.project);
    Evaluated evaluated;
    if (recalled.flags->heavy())
        evaluated = co_await blocking(decide_one, recalled.flags, *key, asked.context, now());
    else
        evaluated = decide_one(recalled.flags, *key, asked.context, now());
    co_return MaybeStale<Evaluated>{std::move(evaluated), recalled.stale};
}

Task<MaybeStale<Evaluated>> evaluate_all(Ctx&, Caller caller, RawBody body, Header<"If-None-Match"> has, Given<Memory> memory) {
    const RecalledFlags recalled = co_await recall_flags(*memory, caller.project);
    const Timestamp at = now();
    if (const FlagAnswers* known = recalled.flags->answers(body.bytes, at)) co_return answer_of(*known, has.value, recalled.stale);
    AskedContext asked = context_of(body);
    if (asked.fault) co_return MaybeStale<Evaluated>{Evaluated{400, asked.fault->dump(), {}}};
    FlagAnswers answers;
    if (recalled.flags->heavy())
        answers = co_await blocking(decide_all, recalled.flags, std::move(asked.context), at);
    else
        answers = decide_all(recalled.flags, asked.context, at);
    MaybeStale<Evaluated> answer = answer_of(answers, has.value, recalled.stale);
    recalled.flags->keep(body.bytes, std::move(answers), at);
    co_return answer;
}

} // namespace gravity::config::ofrep
