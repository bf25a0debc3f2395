#include "compression.hpp"
#include "support.hpp"

#include <zstd.h>

/// Answers that the gateway compresses.
namespace gravity::gateway::test {
namespace {

using http::Coding;

CompressionPlan plan(std::string_view fields, Coding wanted = Coding::gzip, http::Method method = http::Method::get, std::string_view status = "200 OK") {
    const std::string bytes = "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) + "\r\n";
    ResponseHead head;
    EXPECT_FALSE(parse_response_head(bytes, method, head));
    return plan_compression(wanted, method, bytes, head);
}
constexpr std::string_view text = "Content-Type: text/html\r\nContent-Length: 5000\r\n";

std::string with(std::string_view fields) { return std::string(text) + std::string(fields); }

TEST(Compression, WhatIsWorthIt) {
    EXPECT_EQ(plan(text).coding, Coding::gzip);
    EXPECT_TRUE(plan(text).varies);
    EXPECT_EQ(plan("Content-Type: application/problem+json\r\nTransfer-Encoding: chunked\r\n", Coding::brotli).coding, Coding::brotli);
    EXPECT_EQ(plan(with(""), Coding::gzip, http::Method::get, "404 Not Found").coding, Coding::gzip);
    const auto left = [](const CompressionPlan& plan) { return plan.coding == Coding::identity && !plan.varies; };
    EXPECT_TRUE(left(plan("Content-Type: text/html\r\nContent-Length: 1023\r\n")));
    EXPECT_TRUE(left(plan("Content-Type: image/png\r\nContent-Length: 5000\r\n")));
    EXPECT_TRUE(left(plan("Content-Length: 5000\r\n")));
    for (const std::string_view field : {"Content-Encoding: br\r\n", "Content-Encoding: identity\r\n", "Cache-Control: max-age=1, no-transform\r\n",
                                         "Content-Range: bytes 0-4999/9000\r\n", "Set-Cookie: a=b\r\n", "Repr-Digest: sha-256=:AA==:\r\n"})
        EXPECT_TRUE(left(plan(with(field)))) << field;
    EXPECT_TRUE(left(plan(text, Coding::gzip, http::Method::get, "206 Partial Content")));
    EXPECT_TRUE(left(plan("Content-Type: text/html\r\n", Coding::gzip, http::Method::get, "304 Not Modified")));
}

TEST(Compression, VaryIsSaidToThoseTooWhoGetItPlain) {
    EXPECT_EQ(plan(text, Coding::identity).coding, Coding::identity);
    EXPECT_TRUE(plan(text, Coding::identity).varies);
    EXPECT_EQ(plan(text, Coding::gzip, http::Method::head).coding, Coding::identity);
    EXPECT_TRUE(plan(text, Coding::gzip, http::Method::head).varies);
    EXPECT_FALSE(plan(with("Vary: Origin, accept-encoding\r\n")).varies);
    EXPECT_FALSE(plan(with("Vary: *\r\n")).varies);
}

TEST(Compression, TheHeadIsOfOtherBytes) {
    EXPECT_EQ(planned_head("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 5\r\nAccept-Ranges: bytes\r\nX: y\r\n\r\n", {Coding::brotli, true}),
              "HTTP/1.1 200 OK\r\nETag: W/\"1\"\r\nX: y\r\nContent-Encoding: br\r\nVary: Accept-Encoding\r\n\r\n");
    EXPECT_EQ(planned_head("HTTP/1.1 200 OK\r\nETag: \"1\"\r\n\r\n", {Coding::identity, true}),
              "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nVary: Accept-Encoding\r\n\r\n");
    EXPECT_EQ(coded_field("ETag", "W/\"1\""), "ETag: W/\"1\"\r\n");
}

ServiceSpec compressed(std::uint16_t port, CacheUse cache = CacheUse::off) {
    ServiceSpec spec = service("a", {"/a"}, {port});
    spec.compress = true;
    spec.cache = cache;
    return spec;
}
std::string get(std::string_view accepts, std::string_view version = "HTTP/1.1") {
    return "GET /a " + std::string(version) + "\r\nHost: h\r\nAccept-Encoding: " + std::string(accepts) + "\r\n\r\n";
}
/// A message whose chunked body may hold anything.
Wire::Message read_coded(Wire& client) {
    Wire::Message message;
    message.head = client.read_until("\r\n\r\n");
    if (!message.has("Transfer-Encoding: chunked")) {
        message.body = client.read_exactly(std::stoul(message.field("Content-Length").value_or("0")));
        return message;
    }
    for (std::size_t size = 1; size != 0;) {
        const std::string line = client.read_until("\r\n");
        if (line.empty()) return {};
        size = std::stoul(line, nullptr, 16);
        message.body += client.read_exactly(size);
        client.read_exactly(2);
    }
    return message;
}

// As far as it goes: what was flushed can be read before the end.
std::string unzstd(std::string_view data) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    std::string text;
    std::array<char, 64 * 1024> block;
    for (bool more = !data.empty(); more;) {
        ZSTD_outBuffer out{block.data(), block.size(), 0};
        if (ZSTD_isError(ZSTD_decompressStream(context.get(), &out, &in))) return "damaged";
        text.append(block.data(), out.pos);
        more = in.pos < in.size || out.pos == out.size;
    }
    return text;
}
bool is_coded(std::string_view data, Coding coding, const std::string& text) {
    return coding == Coding::zstd ? unzstd(data) == text : http::decompress(coding, data, text.size()) == text;
}

std::string long_text() {
    std::string text;
    for (int i = 0; text.size() < 3'000'000; ++i) text += "line " + std::to_string(i) + " of a page\n";
    return text;
}

TEST(Compression, AnswersAreCompressedAsTheClientWants) {
    const std::string page = long_text();
    Instance instance(
        Instance::answering([&](const Wire::Message&) { return Instance::ok(page, "Content-Type: text/plain\r\nETag: \"1\"\r\nAccept-Ranges: bytes\r\n"); }));
    Running running;
    running.publish({compressed(instance.port())});
    auto client = running.client();
    constexpr std::pair<std::string_view, Coding> clients[] = {{"gzip", Coding::gzip},
                                                               {"gzip, br", Coding::brotli},
                                                               {"br;q=0.1, gzip", Coding::gzip},
                                                               {"gzip, deflate, br, zstd", Coding::zstd}};
    for (const auto& [accepts, coding] : clients) {
        client.send(get(accepts));
        const auto answer = read_coded(client);
        EXPECT_EQ(answer.field("Content-Encoding"), http::to_string(coding));
        EXPECT_EQ(answer.field("ETag"), "W/\"1\"");
        EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
        EXPECT_FALSE(answer.field("Content-Length") || answer.field("Accept-Ranges"));
        EXPECT_LT(answer.body.size(), page.size() / 3);
        EXPECT_TRUE(is_coded(answer.body, coding, page)) << accepts;
    }
    client.send(get("identity"));
    const auto plain = client.read_message();
    EXPECT_TRUE(plain.body == page);
    EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
    EXPECT_EQ(plain.field("ETag"), "\"1\"");
    EXPECT_EQ(instance.connections(), 1u) << "kept";
}

TEST(Compression, OnlyWhereARouteAsksForIt) {
    Instance instance(Instance::answering([&](const Wire::Message&) { return Instance::ok(std::string(5000, 'x'), "Content-Type: text/plain\r\n"); }));
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    const auto answer = running.client().ask(get("gzip"));
    EXPECT_EQ(answer.body.size(), 5000u);
    EXPECT_FALSE(answer.field("Vary").has_value());
}

TEST(Compression, ZstdIsReadPieceByPiece) {
    const std::string text = long_text();
    for (const std::size_t step : {1u, 700u, 1'000'000u}) {
        ZstdStream stream;
        std::string packed;
        const std::string part = text.substr(0, step == 1 ? 2000 : text.size());
        for (std::size_t at = 0; at < part.size(); at += step) stream.push(std::string_view(part).substr(at, step), packed);
        stream.flush(packed);
        EXPECT_TRUE(unzstd(packed) == part) << "flushed, in steps of " << step;
        stream.finish(packed);
        EXPECT_TRUE(unzstd(packed) == part) << step;
        EXPECT_LT(packed.size(), part.size() / 2);
        const auto window = ZSTD_getFrameContentSize(packed.data(), packed.size());
        EXPECT_EQ(window, ZSTD_CONTENTSIZE_UNKNOWN) << "it was not known at the beginning";
    }
    ZstdStream nothing;
    std::string empty;
    nothing.push("", empty);
    nothing.finish(empty);
    EXPECT_FALSE(empty.empty()) << "an empty frame";
    EXPECT_EQ(unzstd(empty), "");
}

TEST(Compression, OldClientsReadUntilTheEnd) {
    const std::string page(50'000, 'x');
    Instance instance(Instance::answering([&](const Wire::Message&) { return Instance::ok(page, "Content-Type: text/plain\r\n"); }));
    Running running;
    running.publish({compressed(instance.port())});
    auto client = running.client();
    client.send(get("gzip", "HTTP/1.0"));
    const auto rest = client.read_to_end();
    EXPECT_EQ(rest.end, Wire::End::closed);
    const std::size_t body = rest.bytes.find("\r\n\r\n") + 4;
    EXPECT_EQ(rest.bytes.find("Content-Length"), std::string::npos);
    EXPECT_TRUE(http::decompress(Coding::gzip, rest.bytes.substr(body), page.size()) == page);
}

TEST(Compression, EventsComeOneByOne) {
    std::atomic<bool> seen{false};
    Instance instance([&](Wire& wire) {
        wire.read_message();
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n");
        while (!seen) std::this_thread::yield();
        wire.send("data: second\n\n");
    });
    Running running;
    running.publish({compressed(instance.port())});
    auto client = running.client();
    client.send(get("gzip"));
    EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Encoding: gzip"), std::string::npos);
    const std::string first = client.read_exactly(std::stoul(client.read_until("\r\n"), nullptr, 16));
    EXPECT_TRUE(first.ends_with(std::string_view("\0\0\xff\xff", 4))) << "flushed";
    seen = true;
    std::string all = first;
    client.read_exactly(2);
    for (std::size_t size = 1; size != 0;) {
        const std::string line = client.read_until("\r\n");
        ASSERT_FALSE(line.empty());
        size = std::stoul(line, nullptr, 16);
        all += client.read_exactly(size);
        client.read_exactly(2);
    }
    EXPECT_EQ(http::decompress(Coding::gzip, all, 1000), "data: first\n\ndata: second\n\n");
}

TEST(Compression, HalfAnAnswerNeverLooksWhole) {
    Instance instance([&](Wire& wire) {
        wire.read_message();
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9000\r\n\r\n" + std::string(5000, 'x'));
    });
    Running running;
    running.publish({compressed(instance.port())});
    auto client = running.client();
    client.send(get("gzip"));
    const auto rest = client.read_to_end();
    EXPECT_NE(rest.end, Wire::End::still_open);
    EXPECT_EQ(rest.bytes.find("\r\n0\r\n\r\n"), std::string::npos);
}

TEST(Compression, TheCacheKeepsEachCoding) {
    std::atomic<int> requests{0};
    const std::string page = long_text().substr(0, 200'000);
    Instance instance(Instance::answering([&](const Wire::Message&) {
        ++requests;
        return Instance::ok(page, "Content-Type: text/plain\r\nCache-Control: max-age=60\r\nETag: \"1\"\r\n");
    }));
    Running running;
    running.publish({compressed(instance.port(), CacheUse::shared)});
    auto client = running.client();
    constexpr std::pair<std::string_view, Coding> clients[] = {{"gzip", Coding::gzip}, {"br", Coding::brotli}, {"identity", Coding::identity}};
    for (int round = 0; round < 2; ++round)
        for (const auto& [accepts, coding] : clients) {
            client.send(get(accepts));
            const auto answer = read_coded(client);
            EXPECT_TRUE(http::decompress(coding, answer.body, page.size()) == page) << accepts;
            EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
            if (round == 1) EXPECT_EQ(answer.field("Content-Length"), std::to_string(answer.body.size()));
        }
    EXPECT_EQ(requests, 3);
}

} // namespace
} // namespace gravity::gateway::test
