#pragma once

#include <gravity/testkit/conformance.hpp>
#include <gravity/testkit/openapi_check.hpp>
#include <gravity/testkit/sample.hpp>

#include <optional>
#include <set>

namespace gravity::testkit {

/// A request of the suite.
struct Probe {
    std::string method;
    std::string target;
    std::string token{};
    std::optional<std::string> body{};
    std::string content_type{};
    std::vector<std::pair<std::string, std::string>> headers{};
};

std::string name_of(const http::Route& route); // "GET /api/v1/products/{id}"
bool is_api(const http::Route& route);         // the platform's own conventions hold
std::vector<std::string_view> segments_of(std::string_view path);
bool is_parameter(std::string_view segment);                          // wholly: "{id}"
std::string filled(std::string_view segment, std::string_view text); // "{id}" and "part-{n}.xml" with a text for the parameter

/// What every rule needs: the service, callers, samples, and a way to send that looks at each answer with the eyes of those rules that hold for
/// all answers.
class Bench {
public:
    Bench(RunningService& service, const ConformanceOptions& options);

    const Router& router() const { return service_.router(); }
    RunningService& service() { return service_; }
    Sampler& sampler() { return sampler_; }
    const OpenApiCheck& description() const { return description_; }
    const Client& owner() const { return owner_; }
    const Client& stranger() const { return stranger_; }
    std::string owner_scopes() const { return service_.all_scopes(); }
    std::string token(const Json& claims) const { return service_.token(claims.dump()); }
    Json claims(ProjectId project, std::string_view scopes) const;
    std::uint16_t port() const { return options_.through == 0 ? service_.port() : options_.through; }

    /// True if `rule` is to be tried on `route`; counts it. While it runs, faults are `fail`ed under its name.
    bool begin(std::string_view rule, const http::Route& route);
    void fail(std::string detail);
    void fail(std::string_view rule, std::string_view route, std::string detail);
    void unreached(std::string why);
    ConformanceReport take() { return std::move(report_); }

    /// Sends, and checks what holds for every answer. `route` null: none is meant to match.
    Answer send(const http::Route* route, const Probe& probe);
    /// An answer's status, and its problem's slug where given ("" any); else a fault of the running rule.
    bool expect(const Answer& answer, int status, std::string_view slug, std::string_view what);

    /// A request of `route` that should succeed: rows exist, the body is valid. Nothing (and said once) if that cannot be made.
    std::optional<Probe> good(const http::Route& route, const Client& who, bool fresh = true);
    /// The path of `route` with rows of `who`.
    std::optional<std::string> path_for(const http::Route& route, const Client& who, bool fresh);
    /// Makes a row, or a job, by the POST of a collection at a concrete path.
    std::optional<Answer> create(const http::Route& post, const std::string& path, const Client& who);
    std::optional<Json> body_for(const http::Route& route, const Client& who);
    void put_body(Probe& probe, const http::Route& route, const Json& body) const;
    /// A body whose shape no table tells: as the options do, else empty.
    void put_raw(Probe& probe, const http::Route& route) const;
    bool guesses_body(const http::Route& route) const {
        return !route.bodies.empty() && json_body(route) == nullptr && !options_.raws.contains(name_of(route));
    }

    /// Whether the options make the rows of this route: then they are what it shows.
    bool told(const http::Route& route) const { return options_.paths.contains(name_of(route)) || options_.paths.contains(route.path); }
    const http::Route* route_at(http::Method method, std::string_view path_template) const;
    /// The POST that answers 201 or 202 on a path template.
    const http::Route* creator_of(std::string_view path_template) const;
    const meta::Type* parameter_type(const http::Route& route, std::string_view name) const;
    const meta::Type* query_type(const http::Route& route) const;
    const http::BodyDoc* json_body(const http::Route& route) const;

private:
    std::optional<std::string> segment_for(const http::Route& route, std::string_view parameter, const std::string& before_template, const std::string& before,
                                           const Client& who, std::vector<Json>& made);
    bool wanted(std::string_view rule) const;
    bool excepted(std::string_view rule, std::string_view route) const;
    void check_any_answer(const http::Route* route, const Probe& probe, const Answer& answer, std::string_view trace);
    void check_problem(const Answer& answer, std::string_view trace, std::string_view route);

    RunningService& service_;
    const ConformanceOptions& options_;
    Sampler sampler_;
    OpenApiCheck description_;
    Client owner_, stranger_;
    ConformanceReport report_;
    std::string rule_, route_; // running
    std::set<std::string> said_;
    std::map<std::string, std::string> shared_paths_;
};

/// The rules, each a function over one route.
struct Rule {
    std::string_view name;
    std::string_view says;
    bool (*applies)(Bench&, const http::Route&);
    void (*run)(Bench&, const http::Route&);
};
std::span<const Rule> credential_rules();
std::span<const Rule> input_rules();
std::span<const Rule> resource_rules();

} // namespace gravity::testkit
