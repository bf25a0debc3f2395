// The conformance suite must be able to fail: each of its rules is broken once, and must be reported.
#include "bookshelf.hpp"

#include <gravity/testkit/conformance.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <algorithm>
#include <set>

namespace gravity {
namespace {

INSTANTIATE_CONFORMANCE(Bookshelf, bookshelf::service())
INSTANTIATE_CONFORMANCE(BookshelfWithKeys, bookshelf::service().access_keys())

// ---- conventions that the pipeline keeps: spoilt on the way back, by a server in front

using testkit::Reply;
using Spoil = std::function<void(const http::Request&, Reply&)>;

class Front {
public:
    Front(std::uint16_t port, Spoil spoil) {
        server_.otherwise([port, spoil = std::move(spoil)](const http::Request& request) { return forward(port, spoil, request); });
    }
    std::uint16_t port() const { return server_.port(); }

private:
    static bool hop_by_hop(std::string_view name) {
        return http::iequals(name, "Content-Length") || http::iequals(name, "Connection") || http::iequals(name, "Host") || http::iequals(name, "Date");
    }
    static testkit::Reply forward(std::uint16_t port, const Spoil& spoil, const http::Request& request) {
        // HEAD goes on as GET: this server takes the body away again, and says its length.
        testkit::Call call(port, request.method == http::Method::head ? "GET" : request.method_text,
                           request.path + (request.query.empty() ? "" : "?" + request.query), "");
        if (!request.body.empty()) call.raw(request.body, "");
        for (const auto& field : request.headers.entries())
            if (!hop_by_hop(field.name)) call.header(field.name, field.value);
        const testkit::Answer answer = call.send();
        testkit::Reply reply{.status = answer.status(), .bytes = answer.body()};
        for (const auto& field : answer.headers().entries())
            if (!hop_by_hop(field.name)) reply.headers.add(field.name, field.value);
        spoil(request, reply);
        return reply;
    }
    testkit::Neighbour server_;
};

void replace(std::string& text, std::string_view what, std::string_view by) {
    if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
}

// From one status to another.
Spoil restatus(int from, int to) {
    return [from, to](const http::Request&, Reply& reply) {
        if (reply.status == from) reply.status = to;
    };
}
Spoil without(int status, std::string header) {
    return [status, header](const http::Request&, Reply& reply) {
        if (reply.status == status) reply.headers.remove(header);
    };
}
Spoil rewrite(int status, std::string what, std::string by) {
    return [status, what, by](const http::Request&, Reply& reply) {
        if (reply.status == status) replace(reply.bytes, what, by);
    };
}

struct Broken {
    std::string rule;
    Spoil spoil;
};

std::vector<Broken> broken() {
    return {
        {"no-token", without(401, "WWW-Authenticate")},
        {"bad-token",
         [](const http::Request&, Reply& reply) {
             if (reply.status == 401) reply.headers.set("WWW-Authenticate", "Bearer realm=\"here\"");
         }},
        {"scope", without(403, "WWW-Authenticate")},
        {"project", restatus(403, 401)},
        {"method",
         [](const http::Request&, Reply& reply) {
             if (reply.headers.has("Allow")) reply.headers.set("Allow", "GET");
         }},
        {"valid", restatus(201, 400)},
        {"body-syntax", restatus(400, 422)},
        {"body-shape", rewrite(400, "\"errors\"", "\"faults\"")},
        {"body-value", rewrite(422, "\"pointer\":\"/", "\"pointer\":\"/elsewhere/")},
        {"body-media-type",
         [](const http::Request&, Reply& reply) {
             reply.headers.remove("Accept");
             reply.headers.remove("Accept-Patch");
         }},
        {"body-size", restatus(413, 400)},
        {"query-unknown", rewrite(400, "no_such_parameter\",\"detail", "limit\",\"detail")},
        {"query-value", restatus(422, 400)},
        {"request-timeout", restatus(400, 200)},
        {"path-absent", restatus(404, 403)},
        {"path-malformed", restatus(404, 400)},
        {"isolation", restatus(404, 403)},
        {"cursor", restatus(400, 200)},
        {"etag", restatus(304, 200)},
        {"if-match", restatus(412, 409)},
        {"idempotency",
         [](const http::Request&, Reply& reply) { reply.headers.remove("Idempotency-Replayed"); }},
        {"idempotency-running", restatus(409, 503)},
        {"head",
         [](const http::Request& request, Reply& reply) {
             if (request.method == http::Method::head) reply.headers.remove("ETag");
         }},
        {"surface", restatus(200, 403)},
        {"sample", restatus(201, 422)},
        {"server-error", restatus(400, 500)},
        {"problem", rewrite(401, "\"trace_id\":\"", "\"trace_id\":\"0")},
        {"description",
         [](const http::Request&, Reply& reply) { replace(reply.bytes, "\"title\":\"", "\"heading\":\""); }},
    };
}

// Broken by a service, below.
const std::set<std::string> by_handlers{"list-isolation", "idempotency-honoured", "table-isolation"};

TEST(ConformanceOfConformance, EveryRuleIsBrokenSomewhere) {
    std::set<std::string> covered = by_handlers;
    for (const auto& each : broken()) covered.insert(each.rule);
    for (const auto& rule : testkit::conformance_rules()) EXPECT_TRUE(covered.contains(std::string(rule.name))) << rule.name << " has no test that breaks it";
}

TEST(ConformanceOfConformance, WhatIsSpoiltIsReportedByItsRule) {
    testkit::RunningService service(bookshelf::service());
    std::uint32_t seed = 0;
    for (const auto& [rule, spoil] : broken()) {
        const Front front(service.port(), spoil);
        testkit::ConformanceOptions options;
        options.seed = ++seed; // other rows than those that are there
        // Held against every answer: something must ask.
        options.only = rule == "server-error" || rule == "sample" || rule == "problem" || rule == "description"
                           ? std::vector<std::string>{rule, "no-token", "body-syntax", "valid"}
                           : std::vector<std::string>{rule};
        options.through = front.port();
        const auto report = testkit::conformance(service, options);
        EXPECT_TRUE(std::any_of(report.violations.begin(), report.violations.end(), [&, &wanted = rule](const auto& v) { return v.rule == wanted; }))
            << rule << " was broken and nobody noticed, in " << report.requests << " requests";
    }
}

TEST(ConformanceOfConformance, TheFrontItselfBreaksNothing) {
    testkit::RunningService service(bookshelf::service());
    const Front front(service.port(), [](const http::Request&, Reply&) {});
    testkit::ConformanceOptions options;
    options.through = front.port();
    for (const auto& violation : testkit::conformance(service, options).violations) ADD_FAILURE() << violation.to_string();
}

TEST(ConformanceOfConformance, TheSameSeedAsksTheSame) {
    testkit::RunningService one(bookshelf::service()), other(bookshelf::service());
    const auto first = testkit::conformance(one), second = testkit::conformance(other);
    EXPECT_EQ(first.requests, second.requests);
    EXPECT_EQ(first.checks, second.checks);
}

TEST(ConformanceOfConformance, AnExceptionIsKept) {
    testkit::RunningService service(bookshelf::service());
    const Front front(service.port(), without(401, "WWW-Authenticate"));
    testkit::ConformanceOptions options;
    options.only = {"no-token"};
    options.through = front.port();
    options.except("GET /api/v1/books", "no-token", "a test").except("POST /api/v1/books", "*", "a test");
    const auto report = testkit::conformance(service, options);
    EXPECT_EQ(report.violations.size(), 5u); // each other route: those of one book, and the removal of a project that every service has
    for (const auto& violation : report.violations)
        EXPECT_TRUE(violation.route.find("/api/v1/books/{id}") != std::string::npos || violation.route == "DELETE /internal/projects/{id}") << violation.route;
}

// ---- what a service's author can get wrong

namespace sloppy {

using bookshelf::Book;
using bookshelf::BookId;
using bookshelf::insert_book;
using bookshelf::NewBook;

struct NewLoose {
    Text<1, 100> title;
};
BOOST_DESCRIBE_STRUCT(NewLoose, (), (title))
struct Loose : NewLoose {
    BookId id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(Loose, (NewLoose), (id, version))
struct Plain {
    BookId id;
    Text<1, 100> title;
};
BOOST_DESCRIBE_STRUCT(Plain, (), (id, title))

const Sql<Loose(BookId, NewLoose)> insert_loose{"sloppy.insert", "insert into loose (id, title) values ($1, $2) returning *"};
const Sql<Loose(BookId)> get_loose{"sloppy.get", "select * from loose where id = $1"};
const Sql<Loose(PageQuery)> list_loose{"sloppy.list", "select * from loose where $page(id desc)"};
const Sql<Loose(BookId)> touch_loose{"sloppy.touch", "update loose set version = version + 1 where id = $1 returning *"};

constexpr pg::Migration migrations[] = {bookshelf::migrations[0], {"0002_forgotten", "create table forgotten (id uuid primary key, project uuid)"}};

// A table that is not isolated, and keys that are not honoured.
Created<Loose> create_loose(Tx& tx, Body<NewLoose> in) { return tx.one(insert_loose, tx.new_id<BookId>(), *in); }
Page<Loose> list_all(Tx& tx, Params<PageQuery> query) { return tx.page(list_loose, *query); }
Loose read_loose(Tx& tx, Path<"id", BookId> id) { return tx.one(get_loose, *id); }
// Takes If-Match and does not look at it.
Loose touch(Tx& tx, Path<"id", BookId> id, IfMatch) { return tx.one(touch_loose, *id); }
Loose burst(Tx&, Path<"id", BookId>) { throw std::runtime_error("not caught"); }
Loose gone(Tx&, Path<"id", BookId>) { throw Refusal(Problem{410, "gone", "It is gone"}); }
Loose picky(Tx&, Path<"id", BookId>, Body<NewLoose>) { throw Refusal(problems::malformed); }
NoContent remove_whatever(Tx&, Path<"id", BookId>) { return {}; } // whether it is there or not

Created<Plain> create_plain(Tx& tx, Body<NewLoose> in) {
    const Loose made = tx.one(insert_loose, tx.new_id<BookId>(), *in);
    return Plain{made.id, made.title};
}
Plain read_plain(Tx& tx, Path<"id", BookId> id) {
    const Loose found = tx.one(get_loose, *id);
    return Plain{found.id, found.title};
}
Created<Plain> never(Tx&, Body<NewLoose>) { throw Refusal(problems::conflict); }
Plain read_never(Tx& tx, Path<"id", BookId> id) { return read_plain(tx, id); }

void routes(Router& router) {
    auto loose = router.collection("/api/v1/loose", "loose");
    loose.post<create_loose>("", {.idempotency = false});
    loose.get<list_all>("");
    loose.get<read_loose>("/{id}");
    loose.del<remove_whatever>("/{id}");
    loose.post<touch>("/{id}/touch");
    loose.post<burst>("/{id}/burst");
    loose.post<gone>("/{id}/gone");
    loose.post<picky>("/{id}/picky");
    auto plain = router.collection("/api/v1/plain", "plain");
    plain.post<create_plain>("");
    plain.get<read_plain>("/{id}");
    auto never_made = router.collection("/api/v1/never", "never");
    never_made.post<never>("");
    never_made.get<read_never>("/{id}");
}

} // namespace sloppy

TEST(ConformanceOfConformance, WhatAnAuthorGetsWrongIsReportedWithItsRoute) {
    testkit::RunningService service(Service{"sloppy", 0}.postgres(sloppy::migrations).routes(sloppy::routes));
    std::set<std::string> found;
    for (const auto& violation : testkit::conformance(service).violations) found.insert(violation.rule + " " + violation.route);
    for (const std::string expected : {"isolation GET /api/v1/loose/{id}", "list-isolation GET /api/v1/loose", "isolation POST /api/v1/loose/{id}/touch",
                                       "if-match POST /api/v1/loose/{id}/touch", "idempotency-honoured POST /api/v1/loose",
                                       "server-error POST /api/v1/loose/{id}/burst", "description POST /api/v1/loose/{id}/gone",
                                       "valid POST /api/v1/loose/{id}/picky", "path-absent DELETE /api/v1/loose/{id}", "isolation DELETE /api/v1/loose/{id}",
                                       "etag GET /api/v1/plain/{id}", "sample POST /api/v1/never", "table-isolation GET every table"})
        EXPECT_TRUE(found.contains(expected)) << expected << " was not reported";
    // And nothing that is right: the pipeline in front of these handlers keeps its rules.
    for (const std::string& violation : found)
        for (const std::string rule : {"no-token", "bad-token", "scope", "method", "body-syntax", "body-shape", "body-media-type", "query-value", "problem"})
            EXPECT_FALSE(violation.starts_with(rule + " ")) << violation;
}

TEST(ConformanceOfConformance, OptionsTellWhatTablesCannot) {
    testkit::RunningService service(bookshelf::service());
    testkit::ConformanceOptions options;
    options.only = {"valid", "sample"};
    int mended = 0, found = 0;
    options.body("POST /api/v1/books", [&](const testkit::Client&, Json body) {
        ++mended;
        body["note"] = "mended";
        return body;
    });
    options.path("/api/v1/books/{id}", [&](const testkit::Client& who) {
        ++found;
        return who.post("/api/v1/books", {{"title", Uuid::v4().to_string()}, {"pages", 1}}).expect(201).location();
    });
    EXPECT_TRUE(testkit::conformance(service, options).violations.empty());
    EXPECT_GT(mended, 0);
    EXPECT_GT(found, 0);
    const testkit::Callers as(service);
    EXPECT_NE(as.owner.get("/api/v1/books?limit=200").expect(200).body().find("mended"), std::string::npos);
}

} // namespace
} // namespace gravity
