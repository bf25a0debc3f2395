#include "conformance/bench.hpp"

#include <gravity/app/app.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/meta/text.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::testkit {

using http::Method;
using http::Route;

std::string name_of(const Route& route) { return std::string(http::to_string(route.method)) + " " + route.path; }

bool is_api(const Route& route) { return route.path.starts_with("/api/") || route.path.starts_with("/internal/"); }

std::vector<std::string_view> segments_of(std::string_view path) { return ascii::split(path.substr(1), '/'); }

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

std::string filled(std::string_view segment, std::string_view text) {
    const auto open = segment.find('{'), close = segment.find('}');
    if (open == std::string_view::npos || close == std::string_view::npos) return std::string(segment);
    return std::string(segment.substr(0, open)) + std::string(text) + std::string(segment.substr(close + 1));
}

namespace {

std::string described_path(const Route& route) {
    std::string path = route.path;
    if (const auto rest = path.find("...}"); rest != std::string::npos) path.erase(rest, 3);
    return path;
}

std::string_view parameter_name(std::string_view segment) {
    const auto open = segment.find('{');
    auto name = segment.substr(open + 1, segment.find('}') - open - 1);
    if (name.ends_with("...")) name.remove_suffix(3);
    return name;
}

// What the platform's own routes are by design, in every service that has them.
bool excepted_by_design(std::string_view rule, std::string_view route) {
    // The purge of a project, and what is kept of a person: asked for across projects, of any id, as often as one likes.
    const bool of_any = route.ends_with("/internal/projects/{id}") || route.ends_with("/internal/projects/{id}/people/{subject}");
    return of_any && (rule == "isolation" || rule == "path-absent");
}

bool makes_access_key(const Route& route) { return route.method == Method::post && route.path.ends_with("/access-keys"); }

std::string clip(std::string text) { return text.size() > 600 ? text.substr(0, 600) + "..." : text; }

} // namespace

Bench::Bench(RunningService& service, const ConformanceOptions& options)
    : service_(service), options_(options), sampler_(options.seed), description_(Json()) {
    const std::string scopes = service.all_scopes();
    owner_ = Client(port(), token(claims(service.project(), scopes)));
    stranger_ = Client(port(), token(claims(ProjectId::fresh(), scopes)));
    description_ = OpenApiCheck(Client(port(), "").get("/openapi.json").send().json());
}

Json Bench::claims(ProjectId project, std::string_view scopes) const {
    const auto seconds = now().unix_seconds();
    return Json::object({{"iss", "test"},
                         {"aud", "gravity"},
                         {"sub", "conformance"},
                         {"project", project.to_string()},
                         {"scope", scopes},
                         {"iat", seconds},
                         {"exp", seconds + 3600},
                         {"jti", Uuid::v4().to_string()}});
}

bool Bench::wanted(std::string_view rule) const {
    return options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), rule) != options_.only.end();
}

bool Bench::excepted(std::string_view rule, std::string_view route) const {
    return excepted_by_design(rule, route) || options_.exceptions.contains({std::string(route), std::string(rule)}) ||
           options_.exceptions.contains({std::string(route), "*"});
}

bool Bench::begin(std::string_view rule, const Route& route) {
    if (!wanted(rule)) return false;
    const std::string name = name_of(route);
    if (excepted(rule, name)) return false;
    rule_ = rule;
    route_ = name;
    ++report_.checks[rule_];
    return true;
}

void Bench::fail(std::string detail) { fail(rule_, route_, std::move(detail)); }

void Bench::fail(std::string_view rule, std::string_view route, std::string detail) {
    if (!wanted(rule) || excepted(rule, route)) return;
    report_.violations.push_back({std::string(rule), std::string(route), clip(std::move(detail))});
}

void Bench::unreached(std::string why) {
    if (said_.insert(route_ + why).second) report_.unreached.push_back("[" + rule_ + "] " + route_ + ": " + clip(std::move(why)));
}

Answer Bench::send(const Route* route, const Probe& probe) {
    ++report_.requests;
    Call call(port(), probe.method, probe.target, probe.token);
    if (probe.body) call.raw(*probe.body, probe.content_type);
    const std::string trace = [&] {
        std::string id = Uuid::v4().to_string();
        id.erase(std::remove(id.begin(), id.end(), '-'), id.end());
        return id;
    }();
    call.header("traceparent", "00-" + trace + "-b7ad6b7169203331-00");
    for (const auto& [name, value] : probe.headers) call.header(name, value);
    Answer answer = call.send();
    check_any_answer(route, probe, answer, trace);
    return answer;
}

void Bench::check_any_answer(const Route* route, const Probe& probe, const Answer& answer, std::string_view trace) {
    const std::string where = route == nullptr ? probe.method + " " + probe.target : name_of(*route);
    const std::string what = probe.method + " " + probe.target + (probe.body ? " with " + clip(*probe.body) : "") + " answered " +
                             std::to_string(answer.status()) + " " + clip(answer.body());
    if (answer.status() >= 500) fail("server-error", where, what);
    if (answer.status() >= 400 && probe.method != "HEAD" && (route == nullptr || is_api(*route))) check_problem(answer, trace, where);
    if (route == nullptr) return;
    http::Response response{answer.status(), answer.headers(), answer.body()};
    for (const auto& fault : description_.answer(probe.method, described_path(*route), response)) fail("description", where, fault + ": " + what);
}

void Bench::check_problem(const Answer& answer, std::string_view trace, std::string_view route) {
    const auto wrong = [&](const std::string& why) { fail("problem", route, why + ": " + std::to_string(answer.status()) + " " + answer.body()); };
    if (answer.header("Content-Type") != "application/problem+json") return wrong("the media type is " + answer.header("Content-Type"));
    if (!answer.text("/type").starts_with("urn:gravity:problem:")) wrong("`type` is no problem of the platform");
    if (answer.text("/title").empty()) wrong("`title` is missing");
    if (answer.at("/status") != Json(answer.status())) wrong("`status` is not the answer's");
    if (answer.text("/instance").empty()) wrong("`instance` is missing");
    if (answer.text("/trace_id") != trace) wrong("`trace_id` is not the request's");
    const Json errors = answer.at("/errors");
    if (!errors.is_null() && !errors.is_array()) return wrong("`errors` is no list");
    if (!errors.is_array()) return;
    for (const Json& error : errors.as_array()) {
        const Json* pointer = error.find("pointer");
        const Json* detail = error.find("detail");
        if (pointer == nullptr || !pointer->is_string() || !(pointer->as_string().empty() || pointer->as_string().starts_with('/')))
            wrong("an error has no pointer");
        if (detail == nullptr || !detail->is_string() || detail->as_string().empty()) wrong("an error has no detail");
    }
}

bool Bench::expect(const Answer& answer, int status, std::string_view slug, std::string_view what) {
    if (answer.status() == status && (slug.empty() || answer.text("/type") == problem_type(slug))) return true;
    fail(std::string(what) + ": expected " + std::to_string(status) + (slug.empty() ? "" : " " + std::string(slug)) + ", got " +
         std::to_string(answer.status()) + " " + answer.body());
    return false;
}

const Route* Bench::route_at(Method method, std::string_view path_template) const {
    for (const Route& route : router().routes())
        if (route.method == method && route.path == path_template) return &route;
    return nullptr;
}

const Route* Bench::creator_of(std::string_view path_template) const {
    const Route* post = route_at(Method::post, path_template);
    return post != nullptr && (post->answer.status == 201 || post->answer.status == 202) ? post : nullptr;
}

const meta::Type* Bench::parameter_type(const Route& route, std::string_view name) const {
    for (const auto& parameter : route.parameters)
        if (parameter.in == "path" && parameter.name == name) return parameter.type;
    return nullptr;
}

const meta::Type* Bench::query_type(const Route& route) const {
    for (const auto& parameter : route.parameters)
        if (parameter.in == "query" && parameter.name.empty()) return parameter.type;
    return nullptr;
}

const http::BodyDoc* Bench::json_body(const Route& route) const {
    for (const auto& body : route.bodies)
        if (body.type != nullptr) return &body;
    return nullptr;
}

std::optional<Json> Bench::body_for(const Route& route, const Client& who) {
    const http::BodyDoc* const body = json_body(route);
    if (body == nullptr) return std::nullopt;
    try {
        Json made = body->merge_patch ? sampler_.merge_patch(*body->type)
                                      : sampler_.value(*body->type, sampler_.chance(2) ? Sampler::Fullness::required : Sampler::Fullness::mixed);
        if (makes_access_key(route)) { // a key can do no more than who makes it, and a publishable one reads
            for (const Route& other : router().routes())
                if (other.scope.ends_with(":read")) made["scopes"] = Json::array({other.scope});
            made.as_object().erase("expires_at");
        }
        const auto mend = options_.bodies.find(name_of(route));
        if (mend != options_.bodies.end()) made = mend->second(who, std::move(made));
        return made;
    } catch (const std::exception& error) {
        if (said_.insert("body " + name_of(route)).second) fail("sample", name_of(route), error.what());
        return std::nullopt;
    }
}

void Bench::put_body(Probe& probe, const Route& route, const Json& body) const {
    probe.body = body.dump();
    probe.content_type = json_body(route)->content_type;
}

void Bench::put_raw(Probe& probe, const Route& route) const {
    if (route.bodies.empty()) return;
    const auto known = options_.raws.find(name_of(route));
    const std::string_view described = route.bodies.front().content_type;
    probe.body = known == options_.raws.end() ? "" : known->second.first;
    probe.content_type = known != options_.raws.end() ? known->second.second : described == "*/*" ? "application/octet-stream"
                                                                                                  : std::string(described);
}

std::optional<Answer> Bench::create(const Route& post, const std::string& path, const Client& who) {
    Probe probe{.method = "POST", .target = path, .token = who.token()};
    if (json_body(post) == nullptr) {
        put_raw(probe, post);
    } else {
        const auto body = body_for(post, who);
        if (!body) return std::nullopt;
        put_body(probe, post, *body);
    }
    Answer answer = send(&post, probe);
    if (answer.status() == post.answer.status) return answer;
    if (said_.insert("create " + name_of(post)).second)
        fail("sample", name_of(post),
             "a body made from the type tables was refused, so no row can be made; mend it by ConformanceOptions::body: " + probe.body.value_or("") +
                 " answered " + std::to_string(answer.status()) + " " + answer.body());
    return std::nullopt;
}

// A value for one `{parameter}`: the id of a row made for it, else a member of that name of a row on the way, else of a row of an outer collection.
std::optional<std::string> Bench::segment_for(const Route& route, std::string_view parameter, const std::string& before_template, const std::string& before,
                                              const Client& who, std::vector<Json>& made) {
    const auto text_of = [](const Json& value) { return value.is_string() ? value.as_string() : value.dump(); };
    if (const Route* const post = creator_of(before_template)) {
        const auto row = create(*post, before, who);
        if (!row) return std::nullopt;
        made.push_back(row->json());
        const std::string location = row->location();
        if (location.starts_with(before + "/")) return location.substr(before.size() + 1);
        if (const Json* id = made.back().find("id")) return text_of(*id);
    }
    const std::string whole = before_template + "/{" + std::string(parameter) + "}";
    const meta::Type* const type = parameter_type(route, parameter);
    if (const Route* const put = route_at(Method::put, whole); put != nullptr && type != nullptr) { // the caller chooses the name
        Probe probe{.method = "PUT", .target = before + "/" + http::percent_encode(sampler_.text(*type)), .token = who.token()};
        if (const auto body = body_for(*put, who)) put_body(probe, *put, *body);
        if (send(put, probe).status() / 100 == 2) return probe.target.substr(before.size() + 1);
        return std::nullopt;
    }
    if (made.empty()) {
        const Route* nearest = nullptr;
        for (const Route& candidate : router().routes())
            if (before_template.starts_with(candidate.path) && candidate.path.find('{') == std::string::npos && creator_of(candidate.path) == &candidate &&
                (nearest == nullptr || candidate.path.size() > nearest->path.size()))
                nearest = &candidate;
        if (nearest != nullptr)
            if (const auto row = create(*nearest, nearest->path, who)) made.push_back(row->json());
    }
    for (auto row = made.rbegin(); row != made.rend(); ++row)
        if (const Json* member = row->find(parameter); member != nullptr && (member->is_string() || member->kind() == Json::Kind::integer))
            return http::percent_encode(text_of(*member));
    return std::nullopt;
}

std::optional<std::string> Bench::path_for(const Route& route, const Client& who, bool fresh) {
    for (const auto& key : {name_of(route), route.path})
        if (const auto find = options_.paths.find(key); find != options_.paths.end()) return find->second(who);
    if (route.path.find('{') == std::string::npos) return route.path;
    const std::string nobodys = "/internal/projects/" + Uuid::v7().to_string(); // none that anybody here has
    if (route.path == "/internal/projects/{id}") return nobodys;
    if (route.path == "/internal/projects/{id}/people/{subject}") return nobodys + "/people/" + Uuid::v4().to_string();
    const std::string shared = who.token() + route.path;
    if (const auto known = shared_paths_.find(shared); !fresh && known != shared_paths_.end()) return known->second;

    std::string before_template, before;
    std::vector<Json> made;
    for (const auto segment : segments_of(route.path)) {
        std::optional<std::string> text(segment);
        if (is_parameter(segment)) {
            text = segment_for(route, parameter_name(segment), before_template, before, who, made);
        } else if (segment.find('{') != std::string_view::npos) { // "part-{n}.xml": whether there is such a part, nobody knows
            const meta::Type* const type = parameter_type(route, parameter_name(segment));
            text = filled(segment, type == nullptr ? "1" : http::percent_encode(sampler_.text(*type)));
        }
        if (!text) {
            if (!is_api(route)) {
                unreached("no path can be made for it");
                return std::nullopt;
            }
            if (said_.insert("path " + route.path).second)
                fail("sample", name_of(route), "no row can be made for " + std::string(segment) + ": tell by ConformanceOptions::path, or except the route");
            return std::nullopt;
        }
        before_template += "/" + std::string(segment);
        before += "/" + *text;
    }
    shared_paths_[shared] = before;
    return before;
}

std::optional<Probe> Bench::good(const Route& route, const Client& who, bool fresh) {
    const auto path = path_for(route, who, fresh);
    if (!path) return std::nullopt;
    Probe probe{.method = std::string(http::to_string(route.method)), .target = *path, .token = who.token()};
    if (!route.bodies.empty() && json_body(route) != nullptr) {
        const auto body = body_for(route, who);
        if (!body) return std::nullopt;
        put_body(probe, route, *body);
    } else {
        put_raw(probe, route);
    }
    if (const meta::Type* const query = query_type(route)) { // what cannot be left out
        const auto fields = query->object->fields();
        const auto& required = meta::required_fields_cached(*query);
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (required[i] && probe.target.find(std::string(fields[i].name) + "=") == std::string::npos)
                probe.target += (probe.target.find('?') == std::string::npos ? "?" : "&") + std::string(fields[i].name) + "=" +
                                http::percent_encode(sampler_.text(fields[i].type()));
    }
    return probe;
}

} // namespace gravity::testkit
