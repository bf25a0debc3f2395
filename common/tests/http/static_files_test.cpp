#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/http/static_files.hpp>

#include <filesystem>
#include <fstream>
#include <random>
#include <sys/stat.h>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;
namespace fs = std::filesystem;

namespace {

struct StaticFilesTest : ::testing::Test {
    fs::path base, root;
    std::unique_ptr<StaticFiles> files;
    Running running;
    std::unique_ptr<RawClient> client;

    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "gravity-files-XXXXXX").string();
        base = ::mkdtemp(name.data());
        root = base / "root";
        fs::create_directories(root / "sub");
        write(base / "secret.txt", "secret");
        write(root / "a.txt", "0123456789");
        write(root / "index.html", "<p>index");
        write(root / "sub" / "index.html", "<p>sub");
        write(root / "sub" / "sp ace.js", "js");
        write(root / ".hidden", "hidden");
        write(root / "app.js", std::string(5000, 'j'));
        write(root / "app.js.gz", compress(Coding::gzip, std::string(5000, 'j')));
        fs::create_symlink(base / "secret.txt", root / "link.txt");
        fs::create_directory_symlink(base, root / "up");
        ::mkfifo((root / "fifo").c_str(), 0600);
        files = std::make_unique<StaticFiles>(root.string());
        client = std::make_unique<RawClient>(running.serve([this](Exchange& exchange) -> Task<void> {
            const std::string path = exchange.request().path;
            const bool served = co_await files->serve(exchange, path);
            if (served) co_return;
            Response absent = text("absent", 404);
            co_await exchange.respond(std::move(absent));
        }));
    }
    void TearDown() override { fs::remove_all(base); }
    static void write(const fs::path& path, const std::string& data) { std::ofstream(path, std::ios::binary) << data; }
    RawClient::Answer get(const std::string& path, const std::string& fields = "") {
        return client->ask("GET " + path + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
    }
    static std::string field(const RawClient::Answer& answer, const std::string& name) {
        const std::size_t at = answer.head.find("\r\n" + name + ": ");
        if (at == std::string::npos) return "";
        const std::size_t from = at + name.size() + 4;
        return answer.head.substr(from, answer.head.find("\r\n", from) - from);
    }
};

} // namespace

TEST_F(StaticFilesTest, ServesFiles) {
    const auto plain = get("/a.txt");
    EXPECT_EQ(plain.status, 200);
    EXPECT_EQ(plain.body, "0123456789");
    EXPECT_EQ(field(plain, "Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(field(plain, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(field(plain, "Cache-Control"), "no-cache");
    EXPECT_EQ(get("/").body, "<p>index");
    EXPECT_EQ(get("/sub/").body, "<p>sub");
    EXPECT_EQ(get("/sub/sp%20ace.js").body, "js");
    ASSERT_TRUE(client->send("HEAD /a.txt HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(field(client->read_response(true), "Content-Length"), "10");
    EXPECT_EQ(client->ask("POST /a.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status, 404);
    EXPECT_THROW(StaticFiles("/no/such/folder"), std::system_error);
}

TEST_F(StaticFilesTest, NothingOutsideIsReached) {
    for (const char* path : {"/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/sub/..%2f..%2fsecret.txt",
                             "/link.txt", "/up/secret.txt", "/.hidden", "/%2ehidden", "/a.txt%00", "/a.txt/", "/sub", "/fifo", "/nothing",
                             "/sub//index.html", "/./a.txt", "/%zz", "/..%5csecret.txt", "/a.txt/../a.txt"})
        EXPECT_EQ(get(path).status, 404) << path;
}

TEST_F(StaticFilesTest, Conditions) {
    const auto first = get("/a.txt");
    const std::string etag = field(first, "ETag"), modified = field(first, "Last-Modified");
    const auto same = client->ask("GET /a.txt HTTP/1.1\r\nHost: h\r\nIf-None-Match: " + etag + "\r\n\r\n");
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(field(same, "ETag"), etag);
    EXPECT_EQ(get("/a.txt", "If-Modified-Since: " + modified + "\r\n").status, 304);
    EXPECT_EQ(get("/a.txt", "If-Match: \"other\"\r\n").status, 412);
    write(root / "a.txt", "changed and longer");
    EXPECT_EQ(get("/a.txt", "If-None-Match: " + etag + "\r\n").body, "changed and longer");
}

TEST_F(StaticFilesTest, Ranges) {
    const auto part = get("/a.txt", "Range: bytes=2-4\r\n");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "234");
    EXPECT_EQ(field(part, "Content-Range"), "bytes 2-4/10");
    EXPECT_EQ(get("/a.txt", "Range: bytes=-3\r\n").body, "789");
    const auto none = get("/a.txt", "Range: bytes=10-\r\n");
    EXPECT_EQ(none.status, 416);
    EXPECT_EQ(field(none, "Content-Range"), "bytes */10");
    const auto two = get("/a.txt", "Range: bytes=0-1,8-\r\n");
    EXPECT_EQ(two.status, 206);
    const std::string boundary = field(two, "Content-Type").substr(std::string("multipart/byteranges; boundary=").size());
    const std::string type = "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ";
    EXPECT_EQ(two.body, "\r\n--" + boundary + type + "0-1/10\r\n\r\n01\r\n--" + boundary + type + "8-9/10\r\n\r\n89\r\n--" + boundary + "--\r\n");
    EXPECT_EQ(get("/a.txt", "Range: bytes=2-4\r\nIf-Range: \"other\"\r\n").body, "0123456789");
    EXPECT_EQ(get("/a.txt", "Range: bytes=2-4\r\nIf-Range: " + field(part, "ETag") + "\r\n").body, "234");
}

TEST_F(StaticFilesTest, Precompressed) {
    const auto packed = get("/app.js", "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(field(packed, "Content-Encoding"), "gzip");
    EXPECT_EQ(field(packed, "Vary"), "Accept-Encoding");
    EXPECT_EQ(field(packed, "Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(decompress(Coding::gzip, packed.body, 10'000), std::string(5000, 'j'));
    const auto plain = get("/app.js");
    EXPECT_EQ(plain.body, std::string(5000, 'j'));
    EXPECT_EQ(field(plain, "Vary"), "Accept-Encoding");
    EXPECT_NE(field(plain, "ETag"), field(packed, "ETag")); // other bytes, another tag
    EXPECT_EQ(field(get("/app.js", "Accept-Encoding: gzip;q=0\r\n"), "Content-Encoding"), "");
    fs::last_write_time(root / "app.js.gz", fs::last_write_time(root / "app.js") - std::chrono::hours(1)); // forgotten to be made anew
    EXPECT_EQ(field(get("/app.js", "Accept-Encoding: gzip\r\n"), "Content-Encoding"), "");
}

TEST_F(StaticFilesTest, LargeFiles) {
    std::mt19937 random(5);
    std::string data(3'000'000, '\0');
    for (char& c : data) c = static_cast<char>(random());
    write(root / "large.bin", data);
    EXPECT_EQ(get("/large.bin").body, data);
    EXPECT_EQ(get("/large.bin", "Range: bytes=1000000-2500000\r\n").body, data.substr(1'000'000, 1'500'001));
}
