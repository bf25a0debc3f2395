#include "conformance/bench.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/meta/text.hpp>

#include <algorithm>
#include <limits>

namespace gravity::testkit {
namespace {

using http::Route;
using meta::Kind;

bool has_json_body(Bench& bench, const Route& route) { return is_api(route) && bench.json_body(route) != nullptr; }
bool has_body(Bench&, const Route& route) { return is_api(route) && !route.bodies.empty(); }
bool has_query(Bench& bench, const Route& route) { return is_api(route) && bench.query_type(route) != nullptr; }
bool any_api(Bench&, const Route& route) { return is_api(route); }

const meta::Type& inner(const meta::Type& type) { return type.kind == Kind::optional ? inner(type.optional->element()) : type; }

// A request of the route on rows that exist, to which any refused body may be given: nothing changes.
std::optional<Probe> base(Bench& bench, const Route& route) { return bench.good(route, bench.owner(), false); }

void with_bytes(Bench& bench, const Route& route, Probe probe, std::string bytes, std::string_view what) {
    probe.body = std::move(bytes);
    bench.expect(bench.send(&route, probe), 400, "malformed-request", what);
}

// The first member's name of the route's body, or one of the suite's: a member is needed, known or not.
std::string some_member(Bench& bench, const Route& route) {
    const meta::Type& type = inner(*bench.json_body(route)->type);
    return type.kind == Kind::object && !type.object->fields().empty() ? std::string(type.object->fields().front().name) : "member";
}

void body_syntax(Bench& bench, const Route& route) {
    const auto probe = base(bench, route);
    if (!probe) return;
    const std::string good = *probe->body;
    const std::string member = some_member(bench, route);
    with_bytes(bench, route, *probe, "", "an empty body");
    with_bytes(bench, route, *probe, good.substr(0, good.size() - 1), "a truncated body");
    with_bytes(bench, route, *probe, good + good, "two documents");
    with_bytes(bench, route, *probe, "nonsense", "a body that is not JSON");
    with_bytes(bench, route, *probe, "{\"" + member + "\":\"\xff\xfe\"}", "invalid UTF-8");
    with_bytes(bench, route, *probe, "{\"" + member + "\":\"\\ud800\"}", "half a surrogate pair");
    with_bytes(bench, route, *probe, "{\"" + member + "\":\"a\\u0000b\"}", "a NUL in a text");
    with_bytes(bench, route, *probe, "{\"" + member + "\":1,\"" + member + "\":1}", "a member given twice");
    with_bytes(bench, route, *probe, "{\"" + member + "\":1e999}", "a number beyond every double");
    with_bytes(bench, route, *probe, "{\"" + member + "\":" + std::string(400, '9') + "}", "an integer of four hundred digits");
    with_bytes(bench, route, *probe, "{\"" + member + "\":NaN}", "NaN");
    const std::size_t deep = std::min<std::size_t>(20'000, route.options.body_limit / 2 - 16);
    with_bytes(bench, route, *probe, "{\"" + member + "\":" + std::string(deep, '[') + std::string(deep, ']') + "}", "arrays in arrays");
}

bool points_at(const Answer& answer, const std::string& pointer) {
    const Json errors = answer.at("/errors");
    if (!errors.is_array()) return false;
    return std::any_of(errors.as_array().begin(), errors.as_array().end(), [&](const Json& error) {
        const Json* found = error.find("pointer");
        return found != nullptr && *found == Json(pointer);
    });
}

void spoiled_bodies(Bench& bench, const Route& route, int status, std::string_view slug) {
    const auto probe = base(bench, route);
    if (!probe) return;
    const http::BodyDoc& described = *bench.json_body(route);
    Json valid;
    try {
        valid = described.merge_patch ? bench.sampler().value(inner(*described.type), Sampler::Fullness::everything)
                                      : bench.sampler().value(*described.type, Sampler::Fullness::everything);
    } catch (const std::exception& error) {
        return bench.fail("sample", name_of(route), error.what());
    }
    for (const SpoiledInput& bad : spoil(*described.type, valid, described.merge_patch, bench.sampler())) {
        if (bad.status != status) continue;
        Probe spoiled = *probe;
        spoiled.body = bad.document.dump();
        const Answer answer = bench.send(&route, spoiled);
        if (bench.expect(answer, status, slug, bad.what) && !points_at(answer, bad.pointer))
            bench.fail(bad.what + ": no error points at \"" + bad.pointer + "\": " + answer.body());
    }
}

void body_shape(Bench& bench, const Route& route) { spoiled_bodies(bench, route, 400, "malformed-request"); }
void body_value(Bench& bench, const Route& route) { spoiled_bodies(bench, route, 422, "invalid-value"); }

void body_media_type(Bench& bench, const Route& route) {
    if (route.bodies.front().content_type == "*/*") return;
    const auto probe = base(bench, route);
    if (!probe) return;
    for (const std::string type : {"text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp", ""}) {
        Probe other = *probe;
        other.content_type = type;
        const std::string what = type.empty() ? "a body without a media type" : "a body of " + type;
        const Answer answer = bench.send(&route, other);
        if (!bench.expect(answer, 415, "unsupported-media-type", what)) continue;
        const std::string field = route.method == http::Method::patch ? "Accept-Patch" : "Accept";
        if (answer.header(field).empty()) bench.fail(what + ": " + field + " does not tell what is taken");
    }
    Probe with_parameter = *probe;
    with_parameter.content_type += "; charset=utf-8";
    if (bench.send(&route, with_parameter).status() == 415) bench.fail("a parameter of the media type is refused");
}

void body_size(Bench& bench, const Route& route) {
    if (route.options.body_limit > (16u << 20))
        return bench.unreached("the limit of " + std::to_string(route.options.body_limit) + " bytes is too large to try");
    const auto probe = base(bench, route);
    if (!probe) return;
    Probe large = *probe;
    large.body = std::string(route.options.body_limit + 1, ' ');
    bench.expect(bench.send(&route, large), 413, "too-large", "a body of one byte more than the limit");
}

// Whatever the types take is not malformed, and is answered as described; a rule of the service may still refuse it.
void valid(Bench& bench, const Route& route) {
    const int times = route.bodies.empty() && bench.query_type(route) == nullptr ? 1 : 6;
    for (int i = 0; i < times; ++i) {
        auto probe = bench.good(route, bench.owner());
        if (!probe) return;
        if (const meta::Type* const query = bench.query_type(route); query != nullptr && i != 0)
            for (const auto& field : query->object->fields()) {
                if (field.name == "cursor" || field.type().kind == Kind::map || !bench.sampler().chance(2)) continue;
                if (probe->target.find(std::string(field.name) + "=") != std::string::npos) continue;
                probe->target += (probe->target.find('?') == std::string::npos ? "?" : "&") + std::string(field.name) + "=" +
                                 http::percent_encode(bench.sampler().text(field.type()));
            }
        const Answer answer = bench.send(&route, *probe);
        if ((answer.status() == 400 || answer.status() == 415) && !bench.guesses_body(route))
            bench.fail("a request made from the type tables is refused as malformed: " + probe->target + " " + probe->body.value_or("") + " answered " +
                       std::to_string(answer.status()) + " " + answer.body());
        if (i == 0 && answer.status() / 100 != 2 && answer.status() / 100 != 3)
            bench.unreached("its success is not seen: " + std::to_string(answer.status()) + " " + answer.text("/type"));
    }
}

std::string with_parameter(const std::string& target, std::string_view name, std::string_view value) {
    return target + (target.find('?') == std::string::npos ? "?" : "&") + std::string(name) + "=" + http::percent_encode(value);
}

void query_unknown(Bench& bench, const Route& route) {
    if (route.body_mode != http::BodyMode::memory && bench.guesses_body(route)) return bench.unreached("a body that is right comes before the query");
    auto probe = base(bench, route);
    if (!probe) return;
    probe->target = with_parameter(probe->target, "no_such_parameter", "1");
    const Answer answer = bench.send(&route, *probe);
    if (bench.expect(answer, 400, "malformed-request", "an unknown query parameter") && !points_at(answer, "/no_such_parameter"))
        bench.fail("no error points at the unknown query parameter: " + answer.body());
    probe = base(bench, route);
    probe->target += (probe->target.find('?') == std::string::npos ? "?" : "&") + std::string("a=%zz");
    bench.expect(bench.send(&route, *probe), 400, "malformed-request", "a malformed escape in the query");
}

void query_value(Bench& bench, const Route& route) {
    const auto probe = base(bench, route);
    if (!probe) return;
    const auto refuse = [&](const meta::Field& field, const std::string& text) {
        if (probe->target.find(std::string(field.name) + "=") != std::string::npos) return; // required ones are there already
        Probe bad = *probe;
        bad.target = with_parameter(bad.target, field.name, text);
        const Answer answer = bench.send(&route, bad);
        const std::string what = std::string(field.name) + "=" + text;
        if (bench.expect(answer, 422, "invalid-value", what) && !points_at(answer, "/" + std::string(field.name)))
            bench.fail(what + ": no error points at it: " + answer.body());
    };
    for (const meta::Field& field : bench.query_type(route)->object->fields()) {
        if (field.type().kind == Kind::map || field.name == "cursor") continue;
        const meta::Type& type = inner(field.type().kind == Kind::list ? field.type().list->element() : field.type());
        const std::string refused = bench.sampler().refused_text(type);
        if (!refused.empty()) refuse(field, refused);
        if (type.kind == Kind::integer && type.min > std::numeric_limits<std::int64_t>::min()) refuse(field, std::to_string(type.min - 1));
        if (type.kind == Kind::integer && type.max < std::numeric_limits<std::int64_t>::max()) refuse(field, std::to_string(type.max + 1));
        if (type.kind == Kind::integer) refuse(field, "99999999999999999999");
        if (field.type().kind != Kind::list && probe->target.find(std::string(field.name) + "=") == std::string::npos) {
            const std::string taken = bench.sampler().text(type);
            Probe twice = *probe;
            twice.target = with_parameter(with_parameter(twice.target, field.name, taken), field.name, taken);
            bench.expect(bench.send(&route, twice), 400, "malformed-request", std::string(field.name) + " given twice");
        }
    }
}

void request_timeout(Bench& bench, const Route& route) {
    for (const std::string text : {"soon", "0", "-1", "1.5", ""}) {
        auto probe = base(bench, route);
        if (!probe) return;
        probe->headers.emplace_back("X-Request-Timeout-Ms", text);
        bench.expect(bench.send(&route, *probe), 400, "malformed-request", "X-Request-Timeout-Ms: " + text);
    }
}

bool every(Bench&, const Route&) { return true; }

constexpr Rule rules[] = {
    {"valid", "what the types take is not malformed, and every answer is one of those described", &every, &valid},
    {"body-syntax", "a body that is no JSON text of ours is a 400", &has_json_body, &body_syntax},
    {"body-shape", "unknown, missing and mistyped members are a 400 that points at them", &has_json_body, &body_shape},
    {"body-value", "values out of bounds are a 422 that points at them", &has_json_body, &body_value},
    {"body-media-type", "another media type is a 415 that tells the right one", &has_body, &body_media_type},
    {"body-size", "a body over the route's limit is a 413", &has_body, &body_size},
    {"query-unknown", "an unknown or malformed query parameter is a 400", &any_api, &query_unknown},
    {"query-value", "a query parameter out of bounds is a 422 that points at it; one given twice a 400", &has_query, &query_value},
    {"request-timeout", "a malformed X-Request-Timeout-Ms is a 400", &any_api, &request_timeout},
};

} // namespace

std::span<const Rule> input_rules() { return rules; }

} // namespace gravity::testkit
