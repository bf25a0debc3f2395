// DNS without sockets: the message format by hand-made packets, and which records a question gets.
#include "dns_client.hpp"
#include "dns_zone.hpp"
#include "world.hpp"

#include <algorithm>

namespace gravity::registry::dns {
namespace {

using namespace test;
using registry::test::World;

Query query_of(const std::string& name, Type type) { return std::get<Query>(parse_query(question(name, type))); }

/// A zone over a world of services.
struct ZoneWorld : World {
    Zone zone{model, {.datacenter = "dc1", .node = "node1"}};

    void service(const std::string& node, const std::string& address, const std::string& more, const std::string& status = "passing") {
        const std::string body = "{\"Node\":\"" + node + "\",\"Address\":\"" + address + "\",\"Service\":{" + more + "},\"Check\":{\"CheckID\":\"c-" +
                                 node + "\",\"Status\":\"" + status + "\"}}";
        const Answered answer = put("/v1/catalog/register", body);
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
    Answer ask(const std::string& name, Type type) { return zone.answer(query_of(name, type)); }
    /// What the answers say, sorted: addresses in hex, targets, texts.
    std::vector<std::string> say(const std::string& name, Type type) {
        std::vector<std::string> lines;
        for (const Record& record : ask(name, type).answers) lines.push_back(line(record));
        std::sort(lines.begin(), lines.end());
        return lines;
    }
    static std::string line(const Record& record) {
        std::string text;
        if (const auto* four = std::get_if<Address4>(&record.data))
            for (const auto byte : four->bytes) text += (text.empty() ? "" : ".") + std::to_string(byte);
        else if (const auto* six = std::get_if<Address6>(&record.data))
            text = "v6:" + std::to_string(six->bytes[15]);
        else if (const auto* target = std::get_if<Target>(&record.data))
            text = to_string(target->name);
        else if (const auto* service = std::get_if<Service>(&record.data))
            text = std::to_string(service->weight) + ' ' + std::to_string(service->port) + ' ' + to_string(service->target);
        else if (const auto* words = std::get_if<Text>(&record.data))
            text = words->text;
        else
            text = "soa " + to_string(std::get<Authority>(record.data).server);
        return text;
    }
};

using Lines = std::vector<std::string>;

TEST(DnsMessage, AQuestionIsReadAndEchoed) {
    const auto parsed = parse_query(question("WeB.service.consul", Type::srv, 1232));
    const auto& query = std::get<Query>(parsed);
    EXPECT_EQ(query.id, 0xABCD);
    EXPECT_TRUE(query.recursion_desired);
    EXPECT_EQ(to_string(query.name), "WeB.service.consul.");
    EXPECT_EQ(query.type, 33);
    EXPECT_TRUE(query.edns);
    EXPECT_EQ(query.udp_bytes, 1232);
    const std::string reply = write_answer(query, {}, 512);
    EXPECT_EQ(number(reply, 0), 0xABCDu);
    EXPECT_EQ(number(reply, 2), 0x8500u); // response, authoritative, recursion desired
    EXPECT_EQ(reply.substr(12, 20), wire(name_of("WeB.service.consul")));
    EXPECT_EQ(number(reply, 10), 1u); // EDNS0 is answered by EDNS0
    EXPECT_EQ(std::get<Query>(parse_query(question("a", Type::a, 100))).udp_bytes, 512); // RFC 6891 section 6.2.3
}

TEST(DnsMessage, WhatIsNoQuestionIsRefusedOrMetWithSilence) {
    const auto code_of = [](const std::string& packet) -> std::optional<Code> { return std::get<Malformed>(parse_query(packet)).code; };
    const std::string good = question("a.b", Type::a);
    EXPECT_EQ(code_of(""), std::nullopt);
    EXPECT_EQ(code_of(good.substr(0, 11)), std::nullopt);
    EXPECT_EQ(code_of(question("a.b", Type::a, 0, 0x8100)), std::nullopt); // an answer
    EXPECT_EQ(code_of(question("a.b", Type::a, 0, 0x2100)), Code::not_implemented); // NOTIFY
    for (std::size_t size = 12; size < good.size(); ++size) EXPECT_EQ(code_of(good.substr(0, size)), Code::format_error) << size;
    const std::string head = good.substr(0, 12), tail = u16(1) + u16(1);
    const std::pair<const char*, std::string> names[] = {
        {"a pointer to itself", "\xC0\x0C"},
        {"a pointer forwards", std::string("\xC0\x20") + std::string(40, '\0')},
        {"a label of 64 bytes", '@' + std::string(64, 'x') + '\0'},
        {"a name of 256 bytes", [] {
             std::string name;
             for (int i = 0; i < 4; ++i) name += '?' + std::string(63, 'x');
             return name + '\0';
         }()},
    };
    for (const auto& [what, name] : names) EXPECT_EQ(code_of(head + name + tail), Code::format_error) << what;
    std::string two = good;
    two[5] = 2; // questions
    EXPECT_EQ(code_of(two), Code::format_error);
    std::string two_options = question("a.b", Type::a, 512);
    two_options[11] = 2;
    EXPECT_EQ(code_of(two_options + two_options.substr(two_options.size() - 11)), Code::format_error);
    const auto refusal = write_refusal(std::get<Malformed>(parse_query(two)));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->size(), 12u);
    EXPECT_EQ(number(*refusal, 2) & 0x800F, 0x8001u);
    EXPECT_FALSE(write_refusal(Malformed{}));
}

// A question with EDNS0 and this data of its option record.
std::string with_options(const std::string& options) {
    std::string packet = question("a.b", Type::a, 1232);
    packet.resize(packet.size() - 2);
    return packet + u16(options.size()) + options;
}
std::string subnet_option_of(std::size_t family, int prefix, const std::string& address) {
    const std::string data = u16(family) + static_cast<char>(prefix) + '\0' + address;
    return u16(8) + u16(data.size()) + data;
}

TEST(DnsMessage, AClientSubnetIsReadAndEchoed) {
    const std::string cookie = u16(10) + u16(8) + "12345678", ours = subnet_option_of(1, 23, {"\x0A\x00\x06", 3});
    Query query = std::get<Query>(parse_query(with_options(cookie + ours)));
    ASSERT_TRUE(query.subnet);
    EXPECT_EQ(query.subnet->prefix, 23);
    EXPECT_EQ(query.subnet->address, *parse_address("10.0.6.0"));
    Answer answer;
    const auto end_of_reply = [&] {
        const std::string reply = write_answer(query, answer, 512);
        return reply.substr(reply.size() - ours.size() - 2);
    };
    EXPECT_EQ(end_of_reply(), u16(ours.size()) + ours); // good for all subnets; no cookie is echoed
    answer.of_subnet = true;
    std::string scoped = ours;
    scoped[7] = 23;
    EXPECT_EQ(end_of_reply(), u16(ours.size()) + scoped);
    query = std::get<Query>(parse_query(with_options(subnet_option_of(2, 128, std::string(15, '\0') + '\1'))));
    EXPECT_EQ(query.subnet->address, *parse_address("::1"));
    query = std::get<Query>(parse_query(with_options(subnet_option_of(1, 0, "")))); // who does not want to be told
    EXPECT_EQ(query.subnet->address, *parse_address("0.0.0.0"));
    EXPECT_FALSE(std::get<Query>(parse_query(with_options(cookie))).subnet);
    const std::pair<const char*, std::string> faults[] = {
        {"a family that there is not", subnet_option_of(3, 8, "x")},
        {"a prefix longer than the address", subnet_option_of(1, 33, "12345")},
        {"less of it than the prefix", subnet_option_of(1, 24, "12")},
        {"more of it than the prefix", subnet_option_of(1, 8, "12")},
        {"bits behind the prefix", subnet_option_of(1, 23, {"\x0A\x00\x07", 3})},
        {"no head", u16(8) + u16(3) + "123"},
        {"an option that is longer than all of them", u16(10) + u16(9) + "12345678"},
        {"half an option", "123"},
    };
    for (const auto& [what, options] : faults) {
        const auto parsed = parse_query(with_options(options));
        const auto* malformed = std::get_if<Malformed>(&parsed);
        ASSERT_NE(malformed, nullptr) << what;
        EXPECT_EQ(malformed->code, Code::format_error) << what;
    }
}

TEST(DnsMessage, NamesAreCompressedButForTargetsOfServices) {
    const Query query = query_of("web.service.consul", Type::srv);
    Answer answer;
    const Name target = name_of("0a000001.addr.dc1.consul");
    answer.answers.push_back({query.name, Type::srv, 0, Service{1, 1, 80, target}});
    answer.additional.push_back({target, Type::a, 0, Address4{{10, 0, 0, 1}}});
    const std::string reply = write_answer(query, answer, 512);
    const std::size_t at = 12 + 20 + 4;
    EXPECT_EQ(number(reply, at), 0xC00Cu);                             // the question's name
    EXPECT_EQ(reply.substr(at + 18, wire(target).size()), wire(target)); // RFC 2782: not compressed
    EXPECT_EQ(number(reply, at + 18 + wire(target).size()) & 0xC000, 0xC000u);
    EXPECT_EQ(number(reply, 2) & 0x0200, 0u);
}

TEST(DnsMessage, WhatDoesNotFitIsLeftOutAndAnswersAreMissed) {
    const Query query = query_of("web.service.consul", Type::a);
    Answer answer;
    for (std::uint8_t i = 0; i < 100; ++i) answer.answers.push_back({query.name, Type::a, 0, Address4{{10, 0, 0, i}}});
    const std::string reply = write_answer(query, answer, 512);
    EXPECT_LE(reply.size(), 512u);
    EXPECT_EQ(number(reply, 2) & 0x0200, 0x0200u);
    EXPECT_EQ(number(reply, 6), (512u - 36) / 16);
    const std::string whole = write_answer(query, answer, 65'535);
    EXPECT_EQ(number(whole, 6), 100u);
    EXPECT_EQ(number(whole, 2) & 0x0200, 0u);
    // Additional records are a courtesy: without them nothing is missed.
    Answer courtesy;
    courtesy.additional = answer.answers;
    const std::string cut = write_answer(query, courtesy, 100);
    EXPECT_EQ(number(cut, 10), 4u);
    EXPECT_EQ(number(cut, 2) & 0x0200, 0u);
}

TEST(DnsMessage, LongTextsAreSplit) {
    const Query query = query_of("n", Type::txt);
    Answer answer;
    answer.answers.push_back({query.name, Type::txt, 0, Text{std::string(300, 'x')}});
    answer.answers.push_back({query.name, Type::txt, 0, Text{""}});
    const std::string reply = write_answer(query, answer, 65'535);
    const std::size_t data = 12 + 3 + 4 + 10 + 2;
    EXPECT_EQ(number(reply, data - 2), 302u);
    EXPECT_EQ(static_cast<unsigned char>(reply[data]), 255);
    EXPECT_EQ(static_cast<unsigned char>(reply[data + 256]), 45);
    EXPECT_EQ(number(reply, data + 302 + 10), 1u); // an empty text is one empty string
}

TEST(DnsZone, AServiceIsFoundByItsNamesAndTags) {
    ZoneWorld world;
    world.service("n1", "10.0.0.1", R"("ID":"w1","Service":"web","Port":80,"Tags":["Blue","v1.2"])");
    const std::string green = R"("ID":"w2","Service":"web","Port":81,"Address":"192.168.1.2","Tags":["green"],"Weights":{"Passing":5,"Warning":2})";
    world.service("n2", "10.0.0.2", green, "warning");
    world.service("n3", "10.0.0.3", R"("ID":"w3","Service":"web","Port":82)", "critical");
    EXPECT_EQ(world.say("web.service.consul", Type::a), (Lines{"10.0.0.1", "192.168.1.2"}));
    EXPECT_EQ(world.say("WEB.Service.DC1.Consul", Type::a), (Lines{"10.0.0.1", "192.168.1.2"}));
    EXPECT_EQ(world.say("web.service.dc1.dc.consul", Type::any), (Lines{"10.0.0.1", "192.168.1.2"}));
    EXPECT_EQ(world.say("blue.web.service.consul", Type::a), Lines{"10.0.0.1"});
    EXPECT_EQ(world.say("v1.2.web.service.consul", Type::a), Lines{"10.0.0.1"});
    EXPECT_EQ(world.say("web.service.consul", Type::srv), (Lines{"1 80 n1.node.dc1.consul.", "2 81 c0a80102.addr.dc1.consul."}));
    EXPECT_EQ(world.say("_web._tcp.service.consul", Type::srv).size(), 2u);
    EXPECT_EQ(world.say("_web._green.service.consul", Type::srv), Lines{"2 81 c0a80102.addr.dc1.consul."});
    const Answer described = world.ask("web.service.consul", Type::srv);
    ASSERT_EQ(described.additional.size(), 2u);
    for (const Record& record : described.additional) EXPECT_EQ(record.type, Type::a);
    EXPECT_TRUE(described.authoritative);
    Zone strict(world.model, {.node = "node1", .only_passing = true});
    EXPECT_EQ(strict.answer(query_of("web.service.consul", Type::a)).answers.size(), 1u);
}

TEST(DnsZone, AServiceRegisteredInUpperCaseIsFoundToo) {
    ZoneWorld world;
    world.service("Big.Node", "10.0.0.1", R"("Service":"Web")");
    EXPECT_EQ(world.say("web.service.consul", Type::a), Lines{"10.0.0.1"});
    EXPECT_EQ(world.say("big.node.node.consul", Type::a), Lines{"10.0.0.1"});
}

TEST(DnsZone, NegativeAnswersSayWhy) {
    ZoneWorld world;
    world.service("n1", "10.0.0.1", R"("Service":"web")");
    world.service("n2", "10.0.0.2", R"("Service":"sick")", "critical");
    const std::tuple<const char*, Type, Code> cases[] = {
        {"web.service.consul", Type::aaaa, Code::ok},
        {"web.service.consul", Type::txt, Code::ok},
        {"n1.node.consul", Type::srv, Code::ok},
        {"consul", Type::a, Code::ok},
        {"none.service.consul", Type::a, Code::name_error},
        {"sick.service.consul", Type::a, Code::name_error},
        {"red.web.service.consul", Type::a, Code::name_error},
        {"web.service.dc2.consul", Type::a, Code::name_error},
        {"none.node.consul", Type::a, Code::name_error},
        {"xyz.addr.consul", Type::a, Code::name_error},
        {"service.consul", Type::a, Code::name_error},
        {"web.elsewhere.consul", Type::a, Code::name_error},
        {"9.9.9.9.in-addr.arpa", Type::ptr, Code::name_error},
        {"9.9.in-addr.arpa", Type::ptr, Code::name_error},
    };
    for (const auto& [name, type, code] : cases) {
        const Answer answer = world.ask(name, type);
        EXPECT_EQ(answer.code, code) << name;
        EXPECT_TRUE(answer.answers.empty()) << name;
        ASSERT_EQ(answer.authority.size(), 1u) << name;
        EXPECT_EQ(answer.authority[0].type, Type::soa) << name;
    }
    const Answer foreign = world.ask("example.com", Type::a);
    EXPECT_EQ(foreign.code, Code::refused);
    EXPECT_FALSE(foreign.authoritative);
    Query odd = query_of("web.service.consul", Type::a);
    odd.class_ = 3; // CHAOS
    EXPECT_EQ(world.zone.answer(odd).code, Code::refused);
    odd.class_ = class_in;
    odd.edns = true;
    odd.edns_version = 1;
    EXPECT_EQ(world.zone.answer(odd).code, Code::bad_version);
    const std::string reply = write_answer(odd, world.zone.answer(odd), 512);
    EXPECT_EQ(number(reply, 2) & 0xF, 0u);                        // the code needs EDNS0's upper bits
    EXPECT_EQ(static_cast<unsigned char>(reply[reply.size() - 6]), 1);
}

TEST(DnsZone, NodesAddressesAndTheirNames) {
    ZoneWorld world;
    world.put("/v1/catalog/register", R"({"Node":"n1","Address":"10.0.0.1","NodeMeta":{"rack":"7","rfc1035-note":"plain"}})");
    world.put("/v1/catalog/register", R"({"Node":"six","Address":"2001:db8::5","Service":{"Service":"v6","Address":"2001:db8::6","Port":6}})");
    world.put("/v1/catalog/register", R"({"Node":"named","Address":"host.example.com","Service":{"Service":"ext","Port":9}})");
    EXPECT_EQ(world.say("n1.node.consul", Type::a), Lines{"10.0.0.1"});
    EXPECT_EQ(world.say("n1.node.dc1.consul", Type::txt), (Lines{"plain", "rack=7"}));
    EXPECT_EQ(world.say("n1.node.consul", Type::any), (Lines{"10.0.0.1", "plain", "rack=7"}));
    EXPECT_EQ(world.say("six.node.consul", Type::aaaa), Lines{"v6:5"});
    EXPECT_EQ(world.say("v6.service.consul", Type::aaaa), Lines{"v6:6"});
    EXPECT_EQ(world.say("v6.service.consul", Type::srv), Lines{"1 6 20010db8000000000000000000000006.addr.dc1.consul."});
    EXPECT_EQ(world.say("20010db8000000000000000000000006.addr.consul", Type::aaaa), Lines{"v6:6"});
    EXPECT_EQ(world.say("0a000001.addr.dc1.consul", Type::a), Lines{"10.0.0.1"});
    EXPECT_EQ(world.say("named.node.consul", Type::a), Lines{"host.example.com."});
    EXPECT_EQ(world.say("ext.service.consul", Type::a), Lines{"host.example.com."});
    EXPECT_EQ(world.ask("ext.service.consul", Type::srv).additional.at(0).type, Type::cname);
    EXPECT_EQ(world.say("1.0.0.10.in-addr.arpa", Type::ptr), Lines{"n1.node.dc1.consul."});
    EXPECT_EQ(world.say("6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", Type::ptr), Lines{"v6.service.dc1.consul."});
}

TEST(DnsZone, ANodeWithoutAnAddressHasNoRecords) {
    ZoneWorld world;
    world.put("/v1/catalog/register", R"({"Node":"bare","SkipNodeUpdate":true,"Service":{"Service":"s","Port":1}})");
    EXPECT_EQ(world.say("bare.node.consul", Type::a), Lines{});
    EXPECT_EQ(world.say("s.service.consul", Type::a), Lines{});
    EXPECT_EQ(world.say("s.service.consul", Type::srv).size(), 1u);
    EXPECT_TRUE(world.ask("s.service.consul", Type::srv).additional.empty());
}

TEST(DnsZone, TheApexTellsItsServers) {
    ZoneWorld world;
    world.put("/v1/catalog/register", R"({"Node":"node1","Address":"10.0.0.1","Service":{"Service":"consul","Port":8300}})");
    EXPECT_EQ(world.say("consul", Type::soa), Lines{"soa ns.consul."});
    EXPECT_EQ(world.say("consul", Type::ns), Lines{"node1.node.dc1.consul."});
    EXPECT_EQ(world.ask("consul", Type::ns).additional.size(), 1u);
    EXPECT_EQ(world.say("consul", Type::any).size(), 2u);
    EXPECT_EQ(world.say("ns.consul", Type::a), Lines{"10.0.0.1"});
}

TEST(DnsZone, AnswersAreShuffledAndFewWithoutEdns) {
    ZoneWorld world;
    for (int i = 1; i <= 8; ++i) {
        const std::string id = std::to_string(i);
        world.service("n" + id, "10.0.0." + id, R"("Service":"web","Port":80)");
    }
    std::set<std::string> first;
    for (int i = 0; i < 2000 && first.size() < 8; ++i) first.insert(ZoneWorld::line(world.ask("web.service.consul", Type::a).answers.front()));
    EXPECT_EQ(first.size(), 8u);
    const auto plain = world.zone.respond(question("web.service.consul", Type::srv), Transport::udp);
    EXPECT_EQ(number(*plain, 6), 3u);
    EXPECT_EQ(number(*plain, 10), 3u); // the addresses of those three
    EXPECT_EQ(number(*plain, 2) & 0x0200, 0x0200u);
    const auto edns = world.zone.respond(question("web.service.consul", Type::a, 4096), Transport::udp);
    EXPECT_EQ(number(*edns, 6), 8u);
    const auto tcp = world.zone.respond(question("web.service.consul", Type::srv), Transport::tcp);
    EXPECT_EQ(number(*tcp, 6), 8u);
    EXPECT_EQ(number(*tcp, 2) & 0x0200, 0u);
    EXPECT_FALSE(world.zone.respond("short", Transport::udp));
}

TEST(DnsZone, WhatIsKnownIsAnsweredAsItWasAtFirst) {
    ZoneWorld world;
    world.service("n1", "10.0.0.1", R"("Service":"web","Port":80,"Tags":["blue"])");
    for (const std::size_t edns : {0u, 512u, 4096u}) {
        for (const Type type : {Type::a, Type::srv, Type::aaaa, Type::txt, Type::any}) {
            for (const std::string name : {"web.service.consul", "blue.web.service.consul", "_web._tcp.service.dc1.consul"}) {
                Zone fresh(world.model, {.datacenter = "dc1", .node = "node1"});
                const std::string asked = question(name, type, edns);
                const auto first = fresh.respond(asked, Transport::udp);
                EXPECT_EQ(fresh.respond(asked, Transport::udp), first) << name;
                EXPECT_EQ(fresh.respond(asked, Transport::tcp), first) << name; // one instance is not many for any of them
            }
        }
    }
    std::string other = question("WEB.service.consul", Type::srv);
    other[0] = 'x'; // its id
    world.zone.respond(question("web.service.consul", Type::srv), Transport::udp);
    const auto reply = world.zone.respond(other, Transport::udp);
    EXPECT_EQ(reply->front(), 'x');
    EXPECT_NE(reply->find("\x03WEB"), std::string::npos); // in the letter case of this question
}

TEST(DnsZone, WhatIsKnownIsShuffledAndCutAsAnyAnswer) {
    ZoneWorld world;
    for (int i = 1; i <= 40; ++i) {
        const std::string id = std::to_string(i);
        world.service("n" + id, "10.0.0." + id, R"("Service":"web","Port":)" + std::string(id));
    }
    const auto port_of_first = [](const std::string& reply) { return number(reply, 12 + 24 + 16); }; // behind the question: pointer, 10 bytes, priority, weight
    std::set<std::size_t> first;
    for (int i = 0; i < 5000 && first.size() < 40; ++i) {
        const auto reply = world.zone.respond(question("web.service.consul", Type::srv), Transport::udp);
        EXPECT_EQ(number(*reply, 6), 3u);
        EXPECT_EQ(number(*reply, 10), 3u);
        EXPECT_EQ(number(*reply, 2) & 0x0200, 0x0200u);
        first.insert(port_of_first(*reply));
    }
    EXPECT_EQ(first.size(), 40u);
    for (int i = 0; i < 2; ++i) {
        const auto all = world.zone.respond(question("web.service.consul", Type::a, 4096), Transport::udp);
        EXPECT_EQ(number(*all, 6), 40u);
        EXPECT_EQ(number(*all, 2) & 0x0200, 0u);
        const auto some = world.zone.respond(question("web.service.consul", Type::srv, 600), Transport::udp);
        EXPECT_LE(some->size(), 600u);
        EXPECT_GT(number(*some, 6), 8u);
        EXPECT_EQ(number(*some, 2) & 0x0200, 0x0200u);
        EXPECT_EQ(number(*some, 10), 1u); // answers were left out, so nothing but the option record
    }
}

TEST(DnsZone, InstancesThatShareATargetAreKnownWithOneAddress) {
    ZoneWorld world;
    world.register_web("a", 80);
    world.register_web("b", 81);
    for (int i = 0; i < 8; ++i) {
        const auto reply = world.zone.respond(question("web.service.consul", Type::srv), Transport::udp);
        EXPECT_EQ(number(*reply, 6), 2u);
        EXPECT_EQ(number(*reply, 10), 1u);
        EXPECT_EQ(reply->substr(reply->size() - 4), std::string("\x0A\x00\x00\x01", 4));
    }
}

TEST(DnsZone, WhatIsKnownIsForgottenWithTheFirstChange) {
    ZoneWorld world;
    const auto ask = [&] { return *world.zone.respond(question("web.service.consul", Type::a), Transport::udp); };
    const auto address = [&] { return ask().substr(ask().size() - 4); };
    world.service("n1", "10.0.0.1", R"("ID":"w","Service":"web","Port":80)");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(address(), std::string("\x0A\x00\x00\x01", 4));
    world.service("n9", "10.0.0.9", R"("Service":"other","Port":80)");
    EXPECT_EQ(address(), std::string("\x0A\x00\x00\x01", 4));
    world.put("/v1/catalog/register", R"({"Node":"n1","Address":"10.0.0.2"})"); // the node's
    for (int i = 0; i < 2; ++i) EXPECT_EQ(address(), std::string("\x0A\x00\x00\x02", 4));
    world.service("n1", "10.0.0.2", R"("ID":"w","Service":"web","Port":80)", "critical");
    EXPECT_EQ(number(ask(), 2) & 0xF, 3u);
    world.service("n1", "10.0.0.2", R"("ID":"w","Service":"web","Port":80)");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(number(ask(), 6), 1u);
    world.put("/v1/catalog/register", R"({"Node":"n1","Address":"10.0.0.2","Check":{"CheckID":"node","Status":"critical"}})");
    EXPECT_EQ(number(ask(), 2) & 0xF, 3u);
    world.put("/v1/catalog/deregister", R"({"Node":"n1"})");
    EXPECT_EQ(number(ask(), 2) & 0xF, 3u);
}

TEST(DnsZone, WhatIsKnownIsShownOnlyToWhoMaySeeEverything) {
    ZoneWorld world;
    world.service("n1", "10.0.0.1", R"("Service":"web","Port":80)");
    bool everything = true;
    Zone zone(world.model, {.datacenter = "dc1", .node = "node1"},
              [&](const std::string&) { return everything ? Access() : Access::by_rules(std::make_shared<const Rules>(), false, "nobody"); });
    const auto code = [&] { return number(*zone.respond(question("web.service.consul", Type::a), Transport::udp), 2) & 0xF; };
    EXPECT_EQ(code(), 0u);
    EXPECT_EQ(code(), 0u);
    everything = false;
    EXPECT_EQ(code(), 3u);
    everything = true;
    EXPECT_EQ(code(), 0u);
}

TEST(DnsZone, InstancesThatShareAnAddressAreOneAnswer) {
    ZoneWorld world;
    world.register_web("a", 80);
    world.register_web("b", 81);
    EXPECT_EQ(world.say("web.service.consul", Type::a), Lines{"10.0.0.1"});
    EXPECT_EQ(world.say("web.service.consul", Type::srv).size(), 2u);
}

} // namespace
} // namespace gravity::registry::dns
