#include "conformance/bench.hpp"
#include "http/idempotency.hpp"

#include <gravity/base/ascii.hpp>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include <algorithm>

namespace gravity::testkit {
namespace {

using http::Method;
using http::Route;
using meta::Kind;

bool has_parameters(Bench&, const Route& route) { return is_api(route) && route.path.find('{') != std::string::npos; }
bool is_get(Bench&, const Route& route) { return is_api(route) && route.method == Method::get; }
bool honours_keys(Bench&, const Route& route) { return is_api(route) && route.honours_idempotency_key(); }

bool has_header(const Route& route, std::string_view name) {
    return std::any_of(route.parameters.begin(), route.parameters.end(), [&](const auto& p) { return p.in == "header" && ascii::iequals(p.name, name); });
}
bool guards_changes(Bench&, const Route& route) { return is_api(route) && has_header(route, "If-Match"); }

const meta::Field* member_of(const meta::Type* type, std::string_view name) {
    if (type == nullptr || type->kind != Kind::object) return nullptr;
    for (const auto& field : type->object->fields())
        if (field.name == name) return &field;
    return nullptr;
}

bool is_list(Bench& bench, const Route& route) {
    return is_get(bench, route) && member_of(route.answer.type, "items") != nullptr && member_of(bench.query_type(route), "cursor") != nullptr;
}

// One resource by its id: the path is that of a collection that has a POST, and a parameter.
bool is_single(Bench& bench, const Route& route) {
    const auto slash = route.path.rfind('/');
    const Route* const post = bench.creator_of(route.path.substr(0, slash));
    return is_get(bench, route) && is_parameter(std::string_view(route.path).substr(slash + 1)) && post != nullptr &&
           post->answer.status == 201; // 202: a job, polled
}
bool is_single_or_tagged(Bench& bench, const Route& route) { return is_single(bench, route) || (is_get(bench, route) && route.answer.etag); }

// The path with the nth parameter's text replaced.
std::string with_segment(const Route& route, const std::string& path, std::size_t index, const std::string& text) {
    const auto wanted = segments_of(route.path);
    const auto query = path.find('?');
    const auto given = segments_of(std::string_view(path).substr(0, query));
    std::string out;
    for (std::size_t i = 0; i < wanted.size() && i < given.size(); ++i) out += "/" + (i == index ? http::percent_encode(text) : std::string(given[i]));
    return query == std::string::npos ? out : out + path.substr(query);
}

struct Parameter {
    std::size_t index;
    const meta::Type* type;
};
std::vector<Parameter> parameters_of(Bench& bench, const Route& route) {
    std::vector<Parameter> found;
    const auto segments = segments_of(route.path);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (!is_parameter(segments[i]) || segments[i].ends_with("...}")) continue;
        if (const meta::Type* type = bench.parameter_type(route, segments[i].substr(1, segments[i].size() - 2))) found.push_back({i, type});
    }
    return found;
}

bool creates_by_name(Bench& bench, const Route& route) { // PUT on a name the caller chooses: an absent one is made
    const auto slash = route.path.rfind('/');
    return route.method == Method::put && is_parameter(std::string_view(route.path).substr(slash + 1)) &&
           bench.creator_of(route.path.substr(0, slash)) == nullptr;
}

void path_absent(Bench& bench, const Route& route) {
    const auto parameters = parameters_of(bench, route);
    for (const Parameter& parameter : parameters) {
        if (creates_by_name(bench, route) && parameter.index == parameters.back().index) continue;
        const auto probe = bench.good(route, bench.owner());
        if (!probe) return;
        Probe absent = *probe;
        absent.target = with_segment(route, probe->target, parameter.index, bench.sampler().text(*parameter.type));
        bench.expect(bench.send(&route, absent), 404, "", "a well-formed " + std::string(segments_of(route.path)[parameter.index]) + " of nothing");
    }
}

void path_malformed(Bench& bench, const Route& route) {
    for (const Parameter& parameter : parameters_of(bench, route)) {
        const std::string refused = bench.sampler().refused_text(*parameter.type);
        if (refused.empty()) continue;
        const auto probe = bench.good(route, bench.owner(), false);
        if (!probe) return;
        Probe malformed = *probe;
        malformed.target = with_segment(route, probe->target, parameter.index, refused);
        bench.expect(bench.send(&route, malformed), 404, "not-found", std::string(segments_of(route.path)[parameter.index]) + " as \"" + refused + "\"");
    }
}

// What GET shows of the row a path names, to see whether it was changed; empty where there is no such route.
std::string shown(Bench& bench, const Route& route, const std::string& path) {
    const auto segments = segments_of(route.path);
    const auto given = segments_of(std::string_view(path).substr(0, path.find('?')));
    std::string path_template, concrete;
    const Route* reader = nullptr;
    std::string reader_path;
    for (std::size_t i = 0; i < segments.size() && i < given.size(); ++i) {
        path_template += "/" + std::string(segments[i]);
        concrete += "/" + std::string(given[i]);
        if (!is_parameter(segments[i])) continue;
        if (const Route* get = bench.route_at(Method::get, path_template)) {
            reader = get;
            reader_path = concrete;
        }
    }
    if (reader == nullptr) return {};
    const Answer answer = bench.send(reader, {.method = "GET", .target = reader_path, .token = bench.owner().token()});
    return std::to_string(answer.status()) + " " + answer.etag() + " " + answer.body();
}

void isolation(Bench& bench, const Route& route) {
    if (creates_by_name(bench, route)) return; // a name of theirs, not ours
    const auto probe = bench.good(route, bench.owner());
    if (!probe) return;
    const std::string before = shown(bench, route, probe->target);
    Probe theirs = *probe;
    theirs.token = bench.stranger().token();
    bench.expect(bench.send(&route, theirs), 404, "", "a row of another project");
    if (shown(bench, route, probe->target) != before) bench.fail("another project's request changed the row");
}

std::vector<Json> items_of(const Answer& answer) {
    const Json items = answer.at("/items");
    return items.is_array() ? items.as_array() : std::vector<Json>{};
}

std::string id_of(const Json& item) {
    const Json* id = item.find("id");
    return id != nullptr ? id->dump() : item.dump();
}

void list_isolation(Bench& bench, const Route& route) {
    const auto probe = bench.good(route, bench.owner());
    if (!probe) return;
    const Route* const post = bench.creator_of(route.path);
    if (post != nullptr && !bench.told(route)) bench.create(*post, probe->target.substr(0, probe->target.find('?')), bench.owner());
    const auto ours = items_of(bench.send(&route, *probe));
    if (ours.empty()) return bench.unreached("the list is empty, so nothing could leak");
    Probe theirs = *probe;
    theirs.token = bench.stranger().token();
    const Answer answer = bench.send(&route, theirs);
    if (answer.status() == 404 && route.path.find('{') != std::string::npos) return; // the outer row is not theirs
    for (const Json& item : items_of(answer))
        if (std::any_of(ours.begin(), ours.end(), [&](const Json& own) { return id_of(own) == id_of(item); }))
            return bench.fail("the list of another project shows " + item.dump());
}

// Two rows, so that there is a second page.
std::string first_cursor(Bench& bench, const Route& route, const Client& who, Probe& first) {
    const auto probe = bench.good(route, who);
    if (!probe) return {};
    const std::string path = probe->target.substr(0, probe->target.find('?'));
    if (const Route* post = bench.creator_of(route.path); post != nullptr && !bench.told(route))
        for (int i = 0; i < 2; ++i) bench.create(*post, path, who);
    first = *probe;
    first.target += (first.target.find('?') == std::string::npos ? "?limit=1" : "&limit=1");
    return bench.send(&route, first).text("/next_cursor");
}

void cursor(Bench& bench, const Route& route) {
    Probe first;
    const auto refuse = [&](const std::string& text, std::string_view what) {
        Probe bad = first;
        bad.target += "&cursor=" + http::percent_encode(text);
        bench.expect(bench.send(&route, bad), 400, "invalid-cursor", what);
    };
    const std::string ours = first_cursor(bench, route, bench.owner(), first);
    if (first.method.empty()) return;
    refuse("made-up", "a made-up cursor");
    refuse("AQ", "a cursor of one byte");
    if (ours.empty()) return bench.unreached("there is no second page, so no cursor of the service was tried");
    Probe next = first;
    next.target += "&cursor=" + ours;
    const Answer second = bench.send(&route, next);
    if (second.status() != 200 || items_of(second).size() != 1)
        bench.fail("its own cursor is answered " + std::to_string(second.status()) + " " + second.body());
    for (const std::size_t at : {std::size_t{0}, ours.size() / 2, ours.size() - 2}) { // version, authentication, position
        std::string edited = ours;
        edited[at] = edited[at] == 'A' ? 'B' : 'A';
        refuse(edited, "an edited cursor");
    }
    refuse(ours.substr(0, ours.size() / 2), "half a cursor");
    Probe of_stranger;
    const std::string theirs = first_cursor(bench, route, bench.stranger(), of_stranger);
    if (!theirs.empty() && route.path.find('{') == std::string::npos) refuse(theirs, "a cursor of another project");
}

void etag(Bench& bench, const Route& route) {
    if (!route.answer.etag) return bench.fail("a single resource has no ETag: its answer has no `version`");
    const auto probe = bench.good(route, bench.owner());
    if (!probe) return;
    const Answer plain = bench.send(&route, *probe);
    if (plain.status() != 200) return bench.fail("sample", name_of(route), "the row cannot be read: " + std::to_string(plain.status()) + " " + plain.body());
    const std::string tag = plain.etag();
    if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return bench.fail("the ETag is " + (tag.empty() ? "missing" : tag));
    for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
        Probe again = *probe;
        again.headers.emplace_back("If-None-Match", known);
        const Answer answer = bench.send(&route, again);
        if (bench.expect(answer, 304, "", "If-None-Match: " + known) && (answer.etag() != tag || !answer.body().empty()))
            bench.fail("the 304 has the ETag \"" + answer.etag() + "\" and " + std::to_string(answer.body().size()) + " bytes of body");
    }
    Probe other = *probe;
    other.headers.emplace_back("If-None-Match", "\"other\"");
    bench.expect(bench.send(&route, other), 200, "", "If-None-Match of another version");
}

void if_match(Bench& bench, const Route& route) {
    const auto probe = bench.good(route, bench.owner());
    if (!probe) return;
    const std::string before = shown(bench, route, probe->target);
    for (const std::string stale : {"\"999999\"", "\"0\"", "W/\"1\""}) {
        Probe late = *probe;
        late.headers.emplace_back("If-Match", stale);
        const Answer answer = bench.send(&route, late);
        if (!bench.expect(answer, 412, "stale-version", "If-Match: " + stale)) continue;
        if (answer.etag().empty()) bench.fail("the 412 does not tell the present ETag");
    }
    if (shown(bench, route, probe->target) != before) bench.fail("a request with a stale If-Match changed the row");
    for (const bool any : {false, true}) {
        const auto fresh = bench.good(route, bench.owner());
        if (!fresh) return;
        const std::string now_shown = shown(bench, route, fresh->target);
        const auto begin = now_shown.find('"');
        if (!any && (begin == std::string::npos || begin > 5)) continue;
        Probe present = *fresh;
        present.headers.emplace_back("If-Match", any ? "*" : now_shown.substr(begin, now_shown.find('"', begin + 1) - begin + 1));
        const Answer answer = bench.send(&route, present);
        if (answer.status() == 412) bench.fail("If-Match of the present version is refused: " + present.headers.back().second + " answered " + answer.body());
    }
}

bool creates(Bench&, const Route& route) {
    return is_api(route) && route.method == Method::post && (route.answer.status == 201 || route.answer.status == 202);
}

void keys_honoured(Bench& bench, const Route& route) {
    if (!route.honours_idempotency_key()) bench.fail("a POST that creates does not honour Idempotency-Key");
}

void idempotency(Bench& bench, const Route& route) {
    auto probe = bench.good(route, bench.owner());
    if (!probe) return;
    const std::string key = "conformance-" + bench.sampler().text(meta::type_of<Text<10, 20>>());
    probe->headers.emplace_back("Idempotency-Key", key);
    const Answer first = bench.send(&route, *probe);
    if (first.status() / 100 != 2)
        return bench.unreached("its success is not seen, so there is nothing to replay: " + std::to_string(first.status()) + " " + first.text("/type"));
    const Answer again = bench.send(&route, *probe);
    if (again.status() != first.status() || again.body() != first.body() || again.location() != first.location() || again.etag() != first.etag())
        bench.fail("the same key and request are answered " + std::to_string(again.status()) + " " + again.body() + " after " +
                   std::to_string(first.status()) + " " + first.body());
    if (again.header("Idempotency-Replayed") != "true") bench.fail("the replay does not say Idempotency-Replayed: true");

    auto other = bench.good(route, bench.owner());
    for (int i = 0; other && i < 8 && other->target == probe->target && other->body == probe->body; ++i) other = bench.good(route, bench.owner());
    if (other && (other->target != probe->target || other->body != probe->body)) {
        other->headers.emplace_back("Idempotency-Key", key);
        bench.expect(bench.send(&route, *other), 422, "idempotency-key-reused", "the same key with another request");
    }

    auto theirs = bench.good(route, bench.stranger());
    if (!theirs) return;
    theirs->headers.emplace_back("Idempotency-Key", key);
    const Answer answer = bench.send(&route, *theirs);
    if (answer.status() / 100 != 2 || !answer.header("Idempotency-Replayed").empty())
        bench.fail("the key of one project is that of another: " + std::to_string(answer.status()) + " " + answer.body());
    for (const std::string& bad : {std::string(256, 'k'), std::string("\xff")}) {
        auto refused = bench.good(route, bench.owner());
        if (!refused) return;
        refused->headers.emplace_back("Idempotency-Key", bad);
        bench.expect(bench.send(&route, *refused), 400, "malformed-request", bad.size() > 1 ? "a key of 256 bytes" : "a key that is not UTF-8");
    }
}

// Another request holds the key: the lock that it would hold is taken here (src/http/idempotency.cpp), so nothing is left to timing.
void idempotency_running(Bench& bench, const Route& route) {
    auto probe = bench.good(route, bench.owner());
    if (!probe) return;
    const std::string key = "running-" + bench.sampler().text(meta::type_of<Text<10, 20>>());
    probe->headers.emplace_back("Idempotency-Key", key);
    {
        pqxx::connection connection(bench.service().database().admin_url());
        pqxx::nontransaction direct(connection);
        const std::string name = http::idempotency::record_of(key, route.options.shows_secret, {}).name;
        const std::string held = "(hashtextextended(" + direct.quote(bench.service().project().to_string() + " conformance " + name) + ", 1))";
        direct.exec("select pg_advisory_lock" + held);
        const Answer answer = bench.send(&route, *probe);
        if (bench.expect(answer, 409, "request-running", "a key that is in use") && answer.header("Retry-After").empty())
            bench.fail("the 409 of a key that is in use has no Retry-After");
        direct.exec("select pg_advisory_unlock" + held); // the end of the connection would be noticed later
    }
    const Answer answer = bench.send(&route, *probe);
    if (answer.text("/type") == problem_type("request-running")) bench.fail("the key is still in use after its request has ended");
}

void head(Bench& bench, const Route& route) {
    auto probe = bench.good(route, bench.owner());
    if (!probe) return;
    Probe without_body = *probe;
    without_body.method = "HEAD";
    Answer get = bench.send(&route, *probe);
    Answer answer = bench.send(&route, without_body);
    for (int i = 0; i < 20; ++i) { // what changed meanwhile (a job goes on beside) says nothing
        Answer after = bench.send(&route, *probe);
        if (after.body() == get.body()) break;
        get = std::move(after);
        answer = bench.send(&route, without_body);
    }
    if (answer.status() != get.status()) return bench.fail("HEAD answers " + std::to_string(answer.status()) + ", GET " + std::to_string(get.status()));
    for (const std::string name : {"Content-Type", "ETag", "Location", "Content-Length", "Cache-Control"}) {
        if (name == "Content-Length" && answer.header(name).empty()) continue; // not known before the content is made (RFC 9110 section 9.3.2)
        if (answer.header(name) != get.header(name)) bench.fail("HEAD has " + name + " \"" + answer.header(name) + "\", GET \"" + get.header(name) + "\"");
    }
}

constexpr Rule rules[] = {
    {"path-absent", "a well-formed id of nothing is a 404", &has_parameters, &path_absent},
    {"path-malformed", "a malformed id is a 404", &has_parameters, &path_malformed},
    {"isolation", "a row of another project is a 404, and stays as it was", &has_parameters, &isolation},
    {"list-isolation", "a list shows no row of another project", &is_list, &list_isolation},
    {"cursor", "a cursor that is edited, made up or another project's is a 400", &is_list, &cursor},
    {"etag", "a single resource has an ETag; If-None-Match is answered 304", &is_single_or_tagged, &etag},
    {"if-match", "a stale If-Match is a 412 that changes nothing", &guards_changes, &if_match},
    {"idempotency-honoured", "a POST that creates honours Idempotency-Key", &creates, &keys_honoured},
    {"idempotency", "the same key and request are answered as before, another request 422; keys belong to their project", &honours_keys, &idempotency},
    {"idempotency-running", "a key in use is a 409 with Retry-After", &honours_keys, &idempotency_running},
    {"head", "HEAD is GET without the body", &is_get, &head},
};

} // namespace

std::span<const Rule> resource_rules() { return rules; }

} // namespace gravity::testkit
