// Keys that were found where they should not be.
#include "key_text.hpp"
#include "leaks_domain.hpp"
#include "project_fixture.hpp"
#include "report_signature.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <atomic>

namespace gravity::project {
namespace {

// The examples of "Secret scanning partner program" (GitHub Docs), with the keys that belong to them.
struct Example {
    std::string identifier, key, signature, body;
};
const Example examples[] = {
    {"bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c",
     "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n"
     "AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n"
     "-----END PUBLIC KEY-----\n",
     "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==",
     R"([{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}])"},
    {"f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d",
     "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\n"
     "HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n"
     "-----END PUBLIC KEY-----",
     "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY=",
     R"([{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}])"},
};

Json key_list(const std::vector<std::pair<std::string, std::string>>& keys) {
    Json list = Json::array();
    for (const auto& [identifier, pem] : keys) list.push_back(Json::object({{"key_identifier", identifier}, {"key", pem}, {"is_current", true}}));
    return Json::object({{"public_keys", std::move(list)}});
}
Json github_keys() { return key_list({{examples[0].identifier, examples[0].key}, {examples[1].identifier, examples[1].key}}); }

// DER of a number of 32 bytes.
std::string der_number(std::string_view bytes) {
    while (bytes.size() > 1 && bytes[0] == '\0') bytes.remove_prefix(1);
    std::string content = static_cast<unsigned char>(bytes[0]) >= 0x80 ? std::string(1, '\0') : "";
    content += bytes;
    return std::string("\x02") + static_cast<char>(content.size()) + content;
}
std::string der_signature(const std::string& raw) {
    const std::string numbers = der_number(std::string_view(raw).substr(0, 32)) + der_number(std::string_view(raw).substr(32));
    return base64_encode(std::string("\x30") + static_cast<char>(numbers.size()) + numbers);
}
// SubjectPublicKeyInfo of a public key.
std::string pem_of(const auth::PublicKey& key) {
    const Json jwk = Json::parse(key.jwk()).or_throw();
    std::string der = hex_decode("3059301306072a8648ce3d020106082a8648ce3d03010703420004").value();
    for (const std::string name : {"x", "y"}) der += base64url_decode(jwk.find(name)->as_string()).value();
    return "-----BEGIN PUBLIC KEY-----\n" + base64_encode(der) + "\n-----END PUBLIC KEY-----\n";
}

TEST(ReportSignature, IsThatOfGitHubsExamples) {
    const ReportKeys keys = parse_report_keys(github_keys().dump());
    ASSERT_EQ(keys.size(), 2u);
    for (const Example& example : examples) {
        const auth::PublicKey& key = keys.at(example.identifier);
        EXPECT_TRUE(is_signed_by(key, example.body, example.signature));
        EXPECT_FALSE(is_signed_by(key, example.body + "\n", example.signature)) << "of the very bytes";
        EXPECT_FALSE(is_signed_by(key, example.body, &example == &examples[0] ? examples[1].signature : examples[0].signature));
        EXPECT_FALSE(is_signed_by(keys.at(&example == &examples[0] ? examples[1].identifier : examples[0].identifier), example.body, example.signature));
    }
}

TEST(ReportSignature, IsDer) {
    const auth::Signer signer = auth::Signer::generate();
    const std::string good = base64_decode(der_signature(signer.sign("text"))).value();
    ASSERT_TRUE(is_signed_by(signer.public_key(), "text", base64_encode(good)));
    for (std::size_t i = 0; i < good.size(); ++i) {
        EXPECT_FALSE(is_signed_by(signer.public_key(), "text", base64_encode(good.substr(0, i)))) << i;
        std::string other = good;
        other[i] = static_cast<char>(other[i] ^ 1);
        EXPECT_FALSE(is_signed_by(signer.public_key(), "text", base64_encode(other))) << i;
    }
    for (const std::string bad : {"", "!", "AAAA", "MAA=", "MAYCAQACAQA=", "MIGA"}) EXPECT_FALSE(is_signed_by(signer.public_key(), "text", bad)) << bad;
    EXPECT_FALSE(is_signed_by(signer.public_key(), "text", base64_encode(good + std::string(1, '\0')))) << "something behind it";
}

TEST(ReportKeys, AreThoseThatCanBeUsed) {
    for (const std::string bad : {"", "[]", "{}", "<html>", R"({"public_keys":{}})"}) EXPECT_THROW(parse_report_keys(bad), std::invalid_argument) << bad;
    const std::string pem = pem_of(auth::Signer::generate().public_key());
    std::string off_the_curve = pem;
    off_the_curve[100] = off_the_curve[100] == 'A' ? 'B' : 'A';
    const std::string p384 = "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE\n-----END PUBLIC KEY-----\n";
    const std::string half = "-----BEGIN PUBLIC KEY-----", backwards = "-----END PUBLIC KEY-----" + half;
    Json list = key_list({{"good", pem}, {"curve", off_the_curve}, {"p384", p384}, {"none", ""}, {"half", half}, {"backwards", backwards}});
    list["public_keys"].push_back("text");
    list["public_keys"].push_back(Json::object({{"key_identifier", 5}, {"key", pem}}));
    const auto keys = parse_report_keys(list.dump());
    ASSERT_EQ(keys.size(), 1u);
    EXPECT_EQ(keys.begin()->first, "good");
    std::vector<std::pair<std::string, std::string>> many;
    for (int i = 0; i < 101; ++i) many.emplace_back("key " + std::to_string(i), pem);
    EXPECT_EQ(parse_report_keys(key_list(many).dump()).size(), 100u);
}

TEST(FoundTokens, AreReadAsGitHubSendsThem) {
    const auto found = found_tokens("application/json; charset=utf-8", examples[0].body);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].token, "some_token");
    EXPECT_EQ(found[0].type, "some_type");
    EXPECT_EQ(found[0].url, "https://example.com/base-repo-url/");
    EXPECT_EQ(found[0].source, "commit");
    EXPECT_EQ(found_tokens("application/json", "[]").size(), 0u);
    const auto bare = found_tokens("application/json", R"([{"token":"x","url":"","source":null,"more":{"a":[1]}}])");
    EXPECT_EQ(bare[0].type, "");
    EXPECT_EQ(bare[0].url, std::nullopt);
    EXPECT_EQ(found_tokens("application/json", R"([{"token":"x","url":")" + std::string(2001, 'u') + "\"}]")[0].url, std::nullopt);
    const auto lines = found_tokens("text/plain", "one\r\n\n  two \nthree");
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[1].token, "two");
    EXPECT_EQ(lines[2].type, "gravity_api_key");
}

class LeakedKeys : public ProjectApi {
protected:
    explicit LeakedKeys(app::Texts settings = {}) : ProjectApi(std::move(settings)) {}
    testkit::Answer acme = organization(ada), shop = project(ada, acme);

    testkit::Call report(const std::string& body, const std::string& type = "application/json") const {
        return as.anonymous.post("/api/v1/api-keys/report-leak").raw(body, type);
    }
    static std::string found(const std::string& token) {
        return Json::array({Json::object({{"token", token}, {"type", "grv"}, {"url", "https://example.com/it"}, {"source", "commit"}})}).dump();
    }
    bool good(const testkit::Answer& made) { return verify(ada, made.text("/key")).at("/active") == Json(true); }
};

TEST_F(LeakedKeys, AreRevokedAndTheirOwnerIsTold) {
    const auto made = key(ada, shop), other = key(ada, shop);
    event_types();
    const auto answer = report(found(made.text("/key"))).expect(200);
    EXPECT_EQ(answer.json(), Json::array({Json::object({{"token_raw", made.text("/key")}, {"token_type", "grv"}, {"label", "true_positive"}})}));
    EXPECT_FALSE(good(made)) << "at once";
    EXPECT_TRUE(good(other));
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].type, "gravity.project.api_key.leaked");
    EXPECT_EQ(events[0].subject, made.text("/id"));
    EXPECT_EQ(events[0].data.find("url")->as_string(), "https://example.com/it");
    EXPECT_EQ(events[0].data.find("source")->as_string(), "commit");
    EXPECT_EQ(*events[0].data.find("project_id"), shop.at("/id"));
    EXPECT_EQ(*events[0].data.find("verified"), Json(false));
    EXPECT_EQ(*events[0].data.find("name"), Json("Back end"));
    EXPECT_EQ(*events[0].data.find("tell"), Json::array({"ada"}));
    EXPECT_EQ(events[1].type, "gravity.project.api_key.revoked");
    const auto seen = ada.get(made.location()).expect(200).field("/leaked_where", "https://example.com/it");
    EXPECT_EQ(seen.at("/leaked_at"), seen.at("/revoked_at"));
    ada.get(other.location()).expect(200).field("/leaked_at", Json()).field("/leaked_where", Json());
    const auto log = ada.get(acme.location() + "/audit?action=api_key.leaked").expect(200).field("/items/0/target", made.text("/id"));
    log.field("/items/0/details/url", "https://example.com/it").field("/items/0/subject", Json()).field("/items/1", Json());
    log.field("/items/0/address", "127.0.0.1");

    // Told again, by whomever: it is a key of ours, and nothing more happens.
    EXPECT_EQ(report(made.text("/key"), "text/plain").expect(200).at("/0/label"), Json("true_positive"));
    EXPECT_EQ(event_types(), "");
    ada.get(made.location()).expect(200).field("/leaked_where", "https://example.com/it").field("/version", 2);
}

// For whoever sends mail by events: notification has rules that say where in an event its recipients stand.
TEST_F(LeakedKeys, AreToldToWhoMadeThemAndToTheOwners) {
    join(ada, acme, "cleo", "owner");
    join(ada, acme, "ben", "developer");
    join(ada, acme, "dora", "developer");
    const auto made = key(ben, shop);
    const auto told = [&](const testkit::Answer& key) {
        event_types();
        report(found(key.text("/key"))).expect(200);
        return *service.take_events().at(0).data.find("tell");
    };
    EXPECT_EQ(told(made), Json::array({"ben", "ada", "cleo"}));
    const auto left_behind = key(ben, shop);
    ada.del(seat(acme, "ben")).expect(204);
    EXPECT_EQ(told(left_behind), Json::array({"ada", "cleo"})) << "who is no member any more hears of nothing";
    const auto other = organization(ben, "other");
    EXPECT_EQ(told(key(ben, project(ben, other, "theirs"))), Json::array({"ben"}));
}

TEST_F(LeakedKeys, AreWholeKeysOfOurs) {
    const auto made = key(ada, shop);
    const std::string text = made.text("/key");
    std::string wrong = text;
    wrong[45] = wrong[45] == 'a' ? 'b' : 'a';
    std::string forged = text.substr(0, text.size() - 49) + std::string(43, 'A'); // its public id, another secret, and a right check
    std::uint32_t rest = key_text::crc32(forged);
    std::string check(6, '0');
    for (auto digit = check.rbegin(); digit != check.rend(); ++digit, rest /= 62)
        *digit = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[rest % 62];
    forged += check;
    ASSERT_TRUE(key_text::public_id_of(forged));
    const std::string list = wrong + "\n" + forged + "\n" + key_text::fresh("production").text.reveal() + "\n" + text.substr(0, 40) + "\nhello\n";
    const auto answer = report(list, "text/plain").expect(200);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(answer.at("/" + std::to_string(i) + "/label"), Json("false_positive")) << i;
    EXPECT_EQ(answer.at("/5"), Json());
    EXPECT_TRUE(good(made));
    EXPECT_EQ(service.database().admin("select count(*) from audit where action = 'api_key.leaked'"), "0");
}

TEST_F(LeakedKeys, OfManyProjectsAreReportedAtOnce) {
    const auto cousin = service.caller(ProjectId::fresh(), service.all_scopes() + " products:write", "cousin"); // of others who administer
    const auto theirs = cousin.post("/api/v1/api-keys", key_body(project(cousin, organization(cousin)))).expect(201);
    const auto one = key(ada, shop), two = key(ada, project(ada, acme, "blog"));
    event_types();
    const std::string list = two.text("/key") + "\nnothing\n" + theirs.text("/key") + "\n" + one.text("/key") + "\n" + two.text("/key");
    std::atomic<int> told{0};
    at_once(8, [&](int) { told += report(list, "text/plain").expect(200).at("/4/label") == Json("true_positive") ? 1 : 0; });
    EXPECT_EQ(told, 8);
    const auto answer = report(list, "text/plain").expect(200).field("/0/label", "true_positive").field("/1/label", "false_positive");
    answer.field("/2/label", "true_positive").field("/3/label", "true_positive").field("/4/token_raw", two.text("/key"));
    EXPECT_EQ(service.database().admin("select count(*) from api_key where revoked_at is not null and leaked_at is not null"), "3");
    EXPECT_EQ(service.take_events().size(), 6u) << "each was told of once";
    EXPECT_EQ(service.database().admin("select count(distinct project) from audit where action = 'api_key.leaked'"), "2");
}

TEST_F(LeakedKeys, AreReportedInItsForm) {
    for (const std::string bad : {"", "{}", "[", "null", R"("text")"}) report(bad).expect_problem(400, "malformed-request");
    report("[").expect_problem(400, "malformed-request").field("/detail", "The body is not acceptable JSON: not valid JSON near byte 2");
    report("[5]").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/0/token");
    report(R"([{"token":"x"},{"type":"y"}])").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/1/token");
    report(R"([{"token":"x","url":5}])").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/0/url");
    report(R"([{"token":")" + std::string(8193, 'x') + "\"}]").expect_problem(422, "invalid-value");
    report("\xff", "text/plain").expect_problem(400, "malformed-request");
    report(std::string("a\0b", 3), "text/plain").expect_problem(400, "malformed-request");
    report(std::string(8193, 'x'), "text/plain").expect_problem(400, "malformed-request");
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += "x\n";
    report(many, "text/plain").expect(200);
    report(many + "x", "text/plain").expect_problem(413, "too-large");
    Json list = Json::array();
    for (int i = 0; i < 10'001; ++i) list.push_back(Json::object({{"token", "x"}}));
    report(list.dump()).expect_problem(413, "too-large");
    report("token=x", "application/x-www-form-urlencoded").expect_problem(415, "unsupported-media-type");
    report(std::string(5 * 1024 * 1024 + 1, ' ')).expect_problem(413, "too-large");
    EXPECT_EQ(report("[]").expect(200).body(), "[]");
    EXPECT_EQ(report("", "text/plain").expect(200).body(), "[]");
}

struct GitHub {
    testkit::Neighbour github{"github"};
};

class SignedReports : private GitHub, public LeakedKeys {
protected:
    SignedReports() : LeakedKeys({{"PROJECT_LEAK_KEYS_URL", github.url() + at}, {"PROJECT_LEAK_KEYS_ALLOW", "127.0.0.1"}}) {}
    using GitHub::github;
    static constexpr const char* at = "/meta/public_keys/secret_scanning";

    testkit::Answer signed_report(const std::string& body, const std::string& identifier, const std::string& signature, int status = 200) {
        return report(body).header("Github-Public-Key-Identifier", identifier).header("Github-Public-Key-Signature", signature).expect(status);
    }
    bool leaked_and_verified() {
        for (const auto& event : service.take_events())
            if (event.type == "gravity.project.api_key.leaked") return *event.data.find("verified") == Json(true);
        ADD_FAILURE() << "no key was told of";
        return false;
    }
};

TEST_F(SignedReports, AreThoseOfGitHubsExamples) {
    github.on("GET", at, testkit::Reply{.body = github_keys()});
    for (const Example& example : examples) {
        const auto answer = signed_report(example.body, example.identifier, example.signature);
        EXPECT_EQ(answer.json(), Json::parse(R"([{"token_raw":"some_token","token_type":"some_type","label":"false_positive"}])").or_throw());
        signed_report(example.body + " ", example.identifier, example.signature, 403).field("/type", Json(problem_type("signature-wrong")));
        signed_report(example.body, example.identifier, "x", 403);
    }
    EXPECT_EQ(github.calls("GET", at).size(), 1u) << "the list is asked for once";
}

TEST_F(SignedReports, TellWhoseWordItIs) {
    const auth::Signer signer = auth::Signer::generate(), stranger = auth::Signer::generate();
    github.on("GET", at, testkit::Reply{.body = key_list({{"ours", pem_of(signer.public_key())}})});
    const auto made = key(ada, shop), second = key(ada, shop), third = key(ada, shop);
    service.take_events();
    const std::string body = found(made.text("/key"));
    signed_report(body, "ours", der_signature(stranger.sign(body)), 403);
    EXPECT_TRUE(good(made)) << "who says to be GitHub and is not is not listened to";
    signed_report(body, "ours", der_signature(signer.sign(body))).field("/0/label", "true_positive");
    EXPECT_TRUE(leaked_and_verified());
    // By a key that nobody knows it is as if it were not signed: the whole key is there, which is enough.
    const std::string other = found(second.text("/key"));
    signed_report(other, "unknown", der_signature(stranger.sign(other))).field("/0/label", "true_positive");
    EXPECT_FALSE(leaked_and_verified());
    report(found(third.text("/key"))).header("Github-Public-Key-Identifier", "ours").expect(200).field("/0/label", "true_positive");
    EXPECT_FALSE(leaked_and_verified());
    EXPECT_FALSE(good(made) || good(second) || good(third));
    at_once(8, [&](int i) { signed_report("[]", "unknown-" + std::to_string(i), "x"); });
    EXPECT_EQ(github.calls("GET", at).size(), 1u) << "whoever makes names up has nobody asked";
}

// The list cannot be had: keys are revoked all the same.
TEST_F(SignedReports, AreActedOnWithoutTheKeys) {
    github.on("GET", at, testkit::Reply{.status = 500});
    const auto made = key(ada, shop), second = key(ada, shop);
    service.take_events();
    signed_report(found(made.text("/key")), "ours", "x").field("/0/label", "true_positive");
    EXPECT_FALSE(leaked_and_verified());
    EXPECT_FALSE(good(made));
    signed_report(found(second.text("/key")), "ours", "x").field("/0/label", "true_positive");
    EXPECT_EQ(github.calls("GET", at).size(), 1u) << "after a failure it is left alone for a while";
}

TEST_F(SignedReports, WaitForOneQuestionTogether) {
    const auth::Signer signer = auth::Signer::generate();
    github.on("GET", at, testkit::Reply{.body = key_list({{"ours", pem_of(signer.public_key())}}), .held = true});
    std::atomic<int> done{0};
    std::thread letting_go([&] {
        github.wait_for_calls(1);
        github.release();
    });
    at_once(8, [&](int) { done += signed_report("[]", "ours", der_signature(signer.sign("[]"))).status() == 200 ? 1 : 0; });
    letting_go.join();
    EXPECT_EQ(done, 8);
    EXPECT_EQ(github.calls("GET", at).size(), 1u);
}

class GuardedReports : private GitHub, public LeakedKeys {
protected:
    GuardedReports() : LeakedKeys({{"PROJECT_LEAK_KEYS_URL", github.url() + "/keys"}}) {}
    using GitHub::github;
};

// An address that is not public is not called unless it is allowed.
TEST_F(GuardedReports, AskNoOneInside) {
    report("[]").header("Github-Public-Key-Identifier", "ours").header("Github-Public-Key-Signature", "x").expect(200);
    EXPECT_EQ(github.calls().size(), 0u);
}

} // namespace
} // namespace gravity::project
