// Bodies in and out that do not fit in memory, and those that are made smaller, through a whole service.
#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace gravity {
namespace {

struct Got {
    std::int64_t bytes;
    std::string sha256;
    std::string type;
    std::string detail;
};
BOOST_DESCRIBE_STRUCT(Got, (), (bytes, sha256, type, detail))

Task<Got> flow(Ctx&, Upload upload) {
    std::string piece = co_await upload.read();
    std::size_t largest = 0;
    while (!piece.empty()) {
        largest = std::max(largest, piece.size());
        piece = co_await upload.read();
    }
    const std::string again = co_await upload.read(); // the end stays the end
    Got got{static_cast<std::int64_t>(upload.received()), upload.sha256(), upload.content_type(), largest <= 65536 && again.empty() ? "in pieces" : "wrong"};
    co_return got;
}
Task<Got> refuse_early(Ctx&, Upload upload) {
    const std::string piece = co_await upload.read();
    throw Refusal(problems::conflict, "not this one");
}
Created<Got> keep(Tx& tx, SpooledBody body) {
    static const Sql<std::int64_t()> one{"bodies.one", "select 1"};
    tx.one(one);
    Got got{static_cast<std::int64_t>(body.size()), body.sha256(), body.content_type(), body.read(body.size() - std::min<std::uint64_t>(body.size(), 3), 10)};
    return Created<Got>(got, "/kept");
}
Got form_of(const Form& form) {
    const auto& file = form.file("picture");
    const auto* note = form.find("note");
    return {static_cast<std::int64_t>(file.content.size()), file.sha256, file.sniffed_type, file.filename + "|" + (note ? *note : "none")};
}
Created<Got> fill_in(Tx&, Form form) { return Created<Got>(form_of(form), "/form"); }
Task<Got> fill_in_again(Ctx&, Form form) { co_return form_of(form); }

struct Rows {
    Bounded<int, 0, 1'000'000> rows{10};
    std::optional<bool> fail;
    std::optional<bool> tagged;
};
BOOST_DESCRIBE_STRUCT(Rows, (), (rows, fail, tagged))

std::string row(int i) { return std::to_string(i) + ",a row of some length to be compressed\n"; }
Task<void> write_rows(Ctx&, http::BodyWriter& out, Rows what) {
    for (int i = 0; i < what.rows; ++i) {
        const std::string line = row(i);
        co_await out.write(line);
    }
    if (what.fail.value_or(false)) throw Refusal(problems::conflict, "after all rows");
}
Task<Streamed> export_rows(Ctx&, Params<Rows> what) {
    Streamed streamed("text/csv", "rows.csv");
    if (what->tagged.value_or(false)) std::move(streamed).etag("\"rows-1\""); // in place: assigned to itself it would be empty
    co_return std::move(streamed).by(write_rows, *what);
}
std::string expected_rows(int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += row(i);
    return all;
}

struct Doc {
    std::string text;
    Version version;
};
BOOST_DESCRIBE_STRUCT(Doc, (), (text, version))
struct Length {
    Bounded<int, 0, 10'000'000> length{10};
};
BOOST_DESCRIBE_STRUCT(Length, (), (length))
Task<Doc> document(Ctx&, Params<Length> query) { co_return Doc{std::string(static_cast<std::size_t>(query->length.value()), 'd'), Version(7)}; }
Task<Doc> change(Ctx&, IfMatch expected) { co_return expected.check(Doc{std::string(2000, 'd'), Version(7)}); }
Task<Download> picture(Ctx&) { co_return Download{"image/png", "0123456789", "", 200, "\"p1\""}; }

void routes(Router& router) {
    auto all = router.collection("/api/v1/bodies", "bodies");
    all.post<flow>("/flow", {.body_limit = 300'000});
    all.post<refuse_early>("/refused", {.body_limit = 100 << 20});
    all.post<keep>("/kept", {.body_limit = 300'000});
    all.post<fill_in>("/form", {.body_limit = 300'000});
    all.post<fill_in_again>("/form-again", {.body_limit = 300'000});
    all.get<export_rows>("/rows", {.problems = {problems::conflict}});
    all.get<document>("/document");
    all.put<change>("/document");
    all.get<picture>("/picture");
}

struct Bodies : testing::Test, protected testkit::Callers {
    Bodies() : Callers(service()) {}
    static testkit::RunningService& service() {
        static testkit::RunningService running(Service{"bodies", 0}.postgres({}).routes(routes));
        return running;
    }
    testkit::Call send(const std::string& path, std::string bytes, std::string type = "application/octet-stream") {
        return owner.post("/api/v1/bodies" + path).raw(std::move(bytes), std::move(type));
    }
    std::string sum(const std::string& bytes) { return hex_encode(sha256(bytes)); }
    std::string authorised(const std::string& method, const std::string& path, const std::string& more) {
        return method + " /api/v1/bodies" + path + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + owner.token() + "\r\n" + more + "\r\n";
    }
};

std::string form(std::string file, std::string filename = "cat.png", std::string boundary = "b0undary") {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--" + boundary +
           "\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"" + filename + "\"\r\nContent-Type: text/html\r\n\r\n" + file + "\r\n--" +
           boundary + "--\r\n";
}
const std::string form_type = "multipart/form-data; boundary=b0undary";

TEST_F(Bodies, AnUploadThatFindsNoRoomIsToComeAgain) {
    const char* const before = std::getenv("TMPDIR");
    const std::string kept = before != nullptr ? before : "";
    ::setenv("TMPDIR", "/nonexistent/folder", 1);
    send("/kept", "some bytes").expect_problem(503, "store-unavailable").expect_header("Retry-After", "5");
    owner.post("/api/v1/bodies/form").raw(form("a picture"), form_type).expect_problem(503, "store-unavailable");
    if (before != nullptr) ::setenv("TMPDIR", kept.c_str(), 1);
    else ::unsetenv("TMPDIR");
    send("/kept", "some bytes").expect(201).field("/bytes", 10);
}

TEST_F(Bodies, AnUploadFlowsThroughItsHandler) {
    for (const std::size_t size : {0u, 1u, 65536u, 65537u, 300'000u}) {
        const std::string bytes(size, 'u');
        send("/flow", bytes, "video/mp4")
            .expect(200)
            .field("/bytes", static_cast<std::int64_t>(size))
            .field("/sha256", sum(bytes))
            .field("/type", "video/mp4")
            .field("/detail", "in pieces");
    }
}

TEST_F(Bodies, AnUploadThatIsTooLargeIsRefusedHoweverItComes) {
    send("/flow", std::string(300'001, 'u')).expect_problem(413, "too-large");
    send("/kept", std::string(300'001, 'u')).expect_problem(413, "too-large");
    send("/form", form(std::string(300'001, 'u')), form_type).expect_problem(413, "too-large");
    for (const std::string path : {"/flow", "/kept"}) { // without telling its length
        http::test::RawClient raw(service().port());
        raw.send(authorised("POST", path, "Transfer-Encoding: chunked\r\n"));
        for (int i = 0; i < 5; ++i) raw.send("11170\r\n" + std::string(70'000, 'u') + "\r\n");
        EXPECT_EQ(raw.read_response().status, 413) << path;
    }
}

TEST_F(Bodies, AnUploadThatBreaksOffIsNoFaultOfTheProgram) {
    for (const std::string path : {"/flow", "/kept"}) {
        http::test::RawClient raw(service().port());
        raw.send(authorised("POST", path, "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\nnot a chunk\r\n");
        const auto answer = raw.read_response();
        EXPECT_EQ(answer.status, 400) << path;
        EXPECT_NE(answer.body.find("malformed"), std::string::npos);
    }
    http::test::RawClient cut(service().port());
    cut.send(authorised("POST", "/flow", "Content-Length: 1000\r\n") + "only this");
    cut.half_close();
    cut.read_to_end();
    send("/flow", "fine").expect(200);
}

TEST_F(Bodies, AHandlerMayRefuseBeforeTheEnd) {
    send("/refused", std::string(1 << 20, 'u')).expect_problem(409, "conflict");
    send("/refused", "short").expect_problem(409, "conflict");
}

TEST_F(Bodies, ATransactionGetsItsBodyInAFile) {
    const std::string bytes = std::string(200'000, 'k') + "end";
    send("/kept", bytes, "text/plain").expect(201).field("/bytes", 200'003).field("/sha256", sum(bytes)).field("/detail", "end").field("/type", "text/plain");
    send("/kept", "", "text/plain").expect(201).field("/bytes", 0);
}

TEST_F(Bodies, AnIdempotencyKeyCoversABodyThatIsNotInMemory) {
    const auto key = Uuid::v4().to_string();
    send("/kept", "one").key(key).expect(201);
    send("/kept", "one").key(key).expect(201).expect_header("Idempotency-Replayed", "true");
    send("/kept", "two").key(key).expect_problem(422, "idempotency-key-reused");
    const auto other = Uuid::v4().to_string();
    send("/form", form("a"), form_type).key(other).expect(201);
    // The same form under another boundary, as clients send it.
    send("/form", form("a", "cat.png", "other"), "multipart/form-data; boundary=other").key(other).expect(201).expect_header("Idempotency-Replayed", "true");
    send("/form", form("b"), form_type).key(other).expect_problem(422, "idempotency-key-reused");
}

TEST_F(Bodies, AFormIsSpooledHashedAndSniffed) {
    const std::string png = "\x89PNG\r\n\x1a\n" + std::string(100'000, 'p');
    send("/form", form(png), form_type)
        .expect(201)
        .field("/bytes", 100'008)
        .field("/sha256", sum(png))
        .field("/type", "image/png")
        .field("/detail", "cat.png|hello");
    send("/form-again", form("plain words", "../../etc/passwd"), form_type).expect(200).field("/type", "text/plain").field("/detail", "passwd|hello");
}

TEST_F(Bodies, AFormThatIsNoneIsRefused) {
    send("/form", "{}", "application/json").expect_problem(415, "unsupported-media-type");
    send("/form", form("x"), "multipart/form-data").expect_problem(415, "unsupported-media-type");
    send("/form", form("x").substr(0, 60), form_type).expect_problem(400, "malformed-request");
    send("/form", "--b0undary\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--b0undary--\r\n", form_type)
        .expect_problem(422, "invalid-value");
}

TEST_F(Bodies, AStreamedAnswerArrivesWhole) {
    for (const int rows : {0, 1, 10, 5'000, 50'000}) {
        const auto answer = owner.get("/api/v1/bodies/rows?rows=" + std::to_string(rows)).expect(200);
        EXPECT_EQ(answer.body(), expected_rows(rows)) << rows;
        answer.expect_header("Content-Disposition", "attachment; filename*=UTF-8''rows.csv").expect_header("Content-Type", "text/csv");
        EXPECT_EQ(answer.header("Content-Length").empty(), rows > 1000);
    }
}

TEST_F(Bodies, AStreamedAnswerIsCompressedAsItGoes) {
    for (const int rows : {100, 50'000}) {
        const auto answer = owner.get("/api/v1/bodies/rows?tagged=true&rows=" + std::to_string(rows)).header("Accept-Encoding", "gzip").expect(200);
        answer.expect_header("Content-Encoding", "gzip").expect_header("Vary", "Accept-Encoding").expect_header("ETag", "\"rows-1-gzip\"");
        EXPECT_EQ(http::decompress(http::Coding::gzip, answer.body(), 100 << 20), expected_rows(rows)) << rows;
        EXPECT_LT(answer.body().size(), expected_rows(rows).size() / 2);
    }
}

TEST_F(Bodies, AStreamedAnswerThatFailsNeverLooksWhole) {
    owner.get("/api/v1/bodies/rows?rows=10&fail=true").expect_problem(409, "conflict"); // nothing was sent yet
    http::test::RawClient raw(service().port());
    raw.send(authorised("GET", "/rows?rows=50000&fail=true", ""));
    const auto all = raw.read_to_end();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->substr(0, 12), "HTTP/1.1 200");
    EXPECT_FALSE(all->ends_with("0\r\n\r\n"));
}

TEST_F(Bodies, AStreamedAnswerIsNotMadeForNothing) {
    owner.get("/api/v1/bodies/rows?tagged=true&rows=1000000&fail=true").header("If-None-Match", "\"rows-1-gzip\"").expect(304);
    http::test::RawClient raw(service().port());
    raw.send(authorised("HEAD", "/rows?rows=1000000", ""));
    const auto answer = raw.read_response(true);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.has("Content-Type: text/csv"));
    raw.send(authorised("GET", "/rows?rows=1", "Connection: close\r\n")); // the connection goes on
    EXPECT_NE(raw.read_to_end()->find("0,a row"), std::string::npos);
}

TEST_F(Bodies, AClientThatGoesAwayEndsTheMakingOfItsAnswer) {
    {
        http::test::RawClient raw(service().port());
        raw.send(authorised("GET", "/rows?rows=1000000", ""));
        raw.read_until("\r\n\r\n");
        raw.reset();
    }
    owner.get("/api/v1/bodies/rows?rows=1").expect(200);
}

TEST_F(Bodies, AnswersAreCompressedForThoseWhoTakeIt) {
    for (const int length : {5'000, 1'000'000}) { // here and on the pool
        const auto url = "/api/v1/bodies/document?length=" + std::to_string(length);
        const auto plain = owner.get(url).expect(200).expect_header("Vary", "Accept-Encoding").expect_header("ETag", "\"7\"");
        const auto packed = owner.get(url).header("Accept-Encoding", "br;q=0.5, gzip").expect(200).expect_header("Content-Encoding", "gzip");
        packed.expect_header("ETag", "\"7-gzip\"").expect_header("Vary", "Accept-Encoding");
        EXPECT_EQ(http::decompress(http::Coding::gzip, packed.body(), 2'000'000), plain.body());
        owner.get(url).header("Accept-Encoding", "br").expect(200).expect_header("Content-Encoding", "br").expect_header("ETag", "\"7-br\"");
        owner.get(url).header("Accept-Encoding", "identity").expect(200).expect_header("Content-Encoding", "");
    }
    owner.get("/api/v1/bodies/document?length=10")
        .header("Accept-Encoding", "gzip")
        .expect(200)
        .expect_header("Content-Encoding", "")
        .expect_header("Vary", "");
}

TEST_F(Bodies, TheTagOfACompressedAnswerIsAsGoodAsTheOther) {
    const auto url = "/api/v1/bodies/document?length=5000";
    owner.get(url).header("Accept-Encoding", "gzip").header("If-None-Match", "\"7-gzip\"").expect(304).expect_header("ETag", "\"7-gzip\"");
    owner.get(url).header("If-None-Match", "\"7\"").expect(304).expect_header("ETag", "\"7\"");
    owner.get(url).header("If-None-Match", "\"6-gzip\", \"8\"").expect(200);
    const auto put = [this](const std::string& tag) { return owner.call("PUT", "/api/v1/bodies/document").if_match(tag); };
    put("\"7-gzip\"").expect(200);
    put("\"7-br\"").expect(200);
    put("\"7\"").expect(200);
    put("\"6-gzip\"").expect_problem(412, "stale-version");
    put("W/\"7-gzip\"").expect_problem(412, "stale-version"); // a weak tag never matches strongly
}

TEST_F(Bodies, APartOfADownloadCanBeHad) {
    const auto get = [this](const std::string& range) { return owner.get("/api/v1/bodies/picture").header("Range", range); };
    owner.get("/api/v1/bodies/picture").expect(200).expect_header("Accept-Ranges", "bytes").expect_header("ETag", "\"p1\"");
    const auto part = get("bytes=2-4").expect(206).expect_header("Content-Range", "bytes 2-4/10");
    EXPECT_EQ(part.body(), "234");
    EXPECT_EQ(get("bytes=-3").expect(206).body(), "789");
    EXPECT_EQ(get("bytes=8-").expect(206).body(), "89");
    EXPECT_EQ(get("bytes=0-1,4-5").expect(200).body(), "0123456789");
    EXPECT_EQ(get("lines=1-2").expect(200).body(), "0123456789");
    get("bytes=10-").expect_problem(416, "range-not-satisfiable").expect_header("Content-Range", "bytes */10");
    EXPECT_EQ(get("bytes=2-4").header("If-Range", "\"p1\"").expect(206).body(), "234");
    EXPECT_EQ(get("bytes=2-4").header("If-Range", "\"p0\"").expect(200).body(), "0123456789");
}

TEST_F(Bodies, AreInTheDocument) {
    const auto document = anonymous.get("/openapi.json").expect(200);
    document.field("/paths/~1api~1v1~1bodies~1form/post/requestBody/content/multipart~1form-data/schema/type", "object");
    EXPECT_TRUE(document.at("/paths/~1api~1v1~1bodies~1flow/post/requestBody/content/*~1*").is_object());
}

} // namespace
} // namespace gravity
