// All config sets as one document that goes out and comes back.
#include "config_fixture.hpp"
#include "config_migrations.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <map>
#include <thread>

namespace gravity::config {
namespace {

class SetsOfMany : public ConfigApi {
protected:
    SetsOfMany() : ConfigApi({{"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {}

    Json exported(const testkit::Client& who, const std::string& query = "") { return who.get(configs + "/export-all" + query).expect(200).json(); }
    testkit::Call import(const testkit::Client& who, const Json& document) { return who.post(configs + "/import-all", testkit::Members(document)); }
    static Json one(const std::string& application, const Json& items) { return Json::object({{"application", application}, {"items", items}}); }
    static Json all(Json::Array sets) { return Json::object({{"sets", Json(std::move(sets))}}); }
    /// "label application profile" of each, with its items.
    static std::map<std::string, std::string> by_place(const Json& document) {
        std::map<std::string, std::string> found;
        for (const Json& set : document.find("sets")->as_array())
            found[set.find("label")->as_string() + " " + set.find("application")->as_string() + " " + set.find("profile")->as_string()] =
                set.find("items")->dump();
        return found;
    }
};

TEST_F(SetsOfMany, GoOutAndComeBack) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"url", "http://${host:x}/"}, {"hosts", Json::array({"a", "b"})}}));
    as.owner.patch(shop + "/draft", {{"secrets", Json::object({{"db.password", "hunter2"}})}}).expect(200);
    publish(as.owner, shop);
    published(as.owner, "shop", "dev", Json::object({{"port", 1}}), "next/one");
    set(as.owner, "till"); // nothing was published of it
    const Json document = exported(as.owner);
    const std::map<std::string, std::string> expected = {
        {"main shop default", R"({"db.password":"***","hosts[0]":"a","hosts[1]":"b","url":"http://${host:x}/"})"},
        {"next/one shop dev", R"({"port":1})"}};
    EXPECT_EQ(by_place(document), expected);

    // Into another project: the secret is not there.
    const auto imported = import(as.stranger, document).expect(200);
    const Json sets = imported.at("/sets");
    ASSERT_EQ(sets.size(), 2u);
    EXPECT_EQ(imported.body().find("hunter2"), std::string::npos);
    int missing = 0;
    for (const Json& each : sets.as_array()) {
        EXPECT_EQ(*each.find("created"), Json(true));
        for (const Json& key : each.find("missing_secrets")->as_array()) missing += key.as_string() == "db.password" ? 1 : 100;
    }
    EXPECT_EQ(missing, 1);
    EXPECT_EQ(exported(as.stranger).dump(), R"({"sets":[]})") << "nothing is published by it";
    const auto drafts = by_place(exported(as.stranger, "?state=drafts"));
    EXPECT_EQ(drafts.at("main shop default"), R"({"hosts[0]":"a","hosts[1]":"b","url":"http://${host:x}/"})");
    EXPECT_EQ(drafts.at("next/one shop dev"), R"({"port":1})");

    // Where they came from nothing changes, and the secret stays.
    const Json again = import(as.owner, document).expect(200).at("/sets");
    for (const Json& each : again.as_array())
        EXPECT_EQ(each.find("changed")->as_integer() + each.find("added")->as_integer() + each.find("removed")->as_integer(), 0);
    as.owner.post(shop + "/releases", testkit::Members(Json::object())).expect_problem(409, "nothing-to-publish");
}

TEST_F(SetsOfMany, AreTakenWhollyOrNotAtAll) {
    const Json::Array sets = {one("good", Json::object({{"a", 1}})), one("bad", Json::object({{"a..b", 1}}))};
    const auto refused = import(as.owner, all(sets)).expect(422);
    EXPECT_TRUE(refused.text("/errors/0/pointer").starts_with("/sets/1/")) << refused.body();
    as.owner.get(configs).expect(200).field("/items", Json::array());
    import(as.owner, all({one("shop", Json::object()), one("till", Json::object()), one("shop", Json::object())}))
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/sets/2");
    import(as.owner, all({})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/sets");
    import(as.owner, all({one("shop", Json::array())})).expect(422);
    import(as.owner, all({one("shop", Json::object({{"a", "{cipher}00"}}))})).expect(422);
    const auto list = import(as.owner, all({one("shop", Json::object({{"a", Json::array({"***"})}}))})).expect(422);
    EXPECT_TRUE(list.text("/errors/0/pointer").starts_with("/sets/0/items/a")) << list.body();
    as.reader.get(configs + "/export-all").expect_problem(403, "forbidden");
    as.reader.post(configs + "/import-all", testkit::Members(all({one("shop", Json::object())}))).expect_problem(403, "forbidden");
    as.owner.get(configs).expect(200).field("/items", Json::array());
}

TEST_F(SetsOfMany, AreAsManyAsThereAre) {
    Json::Array sets;
    for (int i = 0; i < 45; ++i) sets.push_back(one("app-" + std::to_string(i), Json::object({{"number", i}})));
    import(as.owner, all(sets)).expect(200);
    EXPECT_EQ(by_place(exported(as.owner, "?state=drafts")).size(), 45u) << "more than a page";
    EXPECT_EQ(by_place(exported(as.owner, "?state=drafts&application=app-7")).at("main app-7 default"), R"({"number":7})");
    as.owner.get(configs + "/export-all?state=none").expect_problem(422, "invalid-value");
    Json replacing = all({one("app-7", Json::object({{"other", 1}}))});
    replacing["mode"] = "replace";
    import(as.owner, replacing).expect(200).field("/sets/0/removed", 1).field("/sets/0/created", false);
    EXPECT_EQ(by_place(exported(as.owner, "?state=drafts&application=app-7")).at("main app-7 default"), R"({"other":1})");
    for (int i = 45; i <= 1'000; ++i) sets.push_back(one("app-" + std::to_string(i), Json::object()));
    import(as.owner, all(sets)).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/sets");
}

// The same drafts from both sides, in another order: nobody waits for ever.
TEST_F(SetsOfMany, AreImportedAtOnce) {
    Json::Array there, back;
    for (int i = 0; i < 20; ++i) there.push_back(one("app-" + std::to_string(i), Json::object({{"from", "there"}})));
    for (int i = 20; i-- > 0;) back.push_back(one("app-" + std::to_string(i), Json::object({{"from", "back"}})));
    import(as.owner, all(there)).expect(200);
    at_once(4, [&](int i) { import(as.owner, all(i % 2 == 0 ? there : back)).expect(200); });
    std::map<std::string, int> from;
    for (const auto& [place, items] : by_place(exported(as.owner, "?state=drafts"))) ++from[items];
    EXPECT_EQ(from.size(), 1u) << "each is wholly before or after another";
}

/// A store that goes away in the middle.
struct StoreThatGoes {
    testkit::TestDatabase database{config_migrations()};
    testkit::FaultProxy proxy{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(database.url().substr(database.url().rfind(':') + 1)))};
};
class SetsOfManyBrokenOff : private StoreThatGoes, public ConfigApi {
protected:
    SetsOfManyBrokenOff() : ConfigApi({{"DATABASE_URL", proxy.in_front_of(database.url())}, {"MIGRATION_DATABASE_URL", database.owner_url()}}) {}
    using StoreThatGoes::proxy;
};

TEST_F(SetsOfManyBrokenOff, DoNotLookWhole) {
    namespace asio = boost::asio;
    constexpr int count = 60; // much more than the kernel keeps for who does not read
    for (int i = 0; i < count; ++i)
        draft(as.owner, set(as.owner, "app" + std::to_string(i)).location(), Json::object({{"text", std::string(200'000, 'x')}}));
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.open(asio::ip::tcp::v4());
    socket.set_option(asio::socket_base::receive_buffer_size(4'096));
    socket.connect({asio::ip::address_v4::loopback(), service.port()});
    const std::string head = "GET " + configs + "/export-all?state=drafts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + as.owner.token() + "\r\n\r\n";
    asio::write(socket, asio::buffer(head));
    std::string text;
    char bytes[65'536];
    text.append(bytes, socket.read_some(asio::buffer(bytes)));
    std::this_thread::sleep_for(std::chrono::milliseconds(500)); // it waits for its reader
    proxy.refuse();
    proxy.cut();
    boost::system::error_code error;
    while (!error) {
        const std::size_t read = socket.read_some(asio::buffer(bytes), error);
        text.append(bytes, read);
    }
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200 ")) << text.substr(0, 100);
    EXPECT_EQ(text.find("\r\n0\r\n"), std::string::npos) << "the end of a body (RFC 9112 section 7.1)";
    EXPECT_LT(text.size(), std::size_t{count} * 200'000);
    proxy.pass();
    testkit::until([&] { return as.owner.get(configs).send().status() == 200; });
    EXPECT_EQ(as.owner.get(configs + "/export-all?state=drafts").expect(200).at("/sets").size(), std::size_t{count});
}

} // namespace
} // namespace gravity::config
