// Consul's command line and files: what becomes of them, and what stops the start.
#include "consul_config.hpp"
#include "world.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace gravity::registry::test {
namespace {

using namespace consul;

class ConfigFolder {
public:
    ConfigFolder() {
        char name[] = "/tmp/gravity-consul-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        path = name;
    }
    ~ConfigFolder() { std::filesystem::remove_all(path); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path + "/" + name) << text;
        return path + "/" + name;
    }
    std::string path;
};

Json json(std::string_view text) { return Json::parse(text).or_throw(); }

std::string fault(const std::function<void()>& work) {
    try {
        work();
        return {};
    } catch (const ConfigError& error) {
        return error.what();
    }
}
std::string fault_of(std::string_view text) {
    return fault([&] { translate(json(text), true); });
}

TEST(ConsulCommandLine, IsReadAsGoReadsFlags) {
    const auto line = parse_command_line({"-dev", "-node", "n1", "--datacenter=dc9", "-client=0.0.0.0", "-server", "-bootstrap-expect=1", "-http-port", "18500",
                                          "-node-meta", "rack:7", "-node-meta=zone:a:b", "-retry-join", "10.0.0.1", "-ui=false"});
    EXPECT_TRUE(line.dev);
    EXPECT_EQ(line.overrides, json(R"({"node_name":"n1","datacenter":"dc9","client_addr":"0.0.0.0","server":true,"bootstrap_expect":1,"ports":{"http":18500},
                                       "node_meta":{"rack":"7","zone":"a:b"},"retry_join":["10.0.0.1"],"ui":false})"));
}

TEST(ConsulCommandLine, WhatIsWrongIsNamed) {
    EXPECT_EQ(fault([] { parse_command_line({"-nonsense"}); }), "-nonsense: there is no such flag");
    EXPECT_EQ(fault([] { parse_command_line({"-node"}); }), "-node: needs a value");
    EXPECT_EQ(fault([] { parse_command_line({"-http-port=x"}); }), "-http-port=x: \"x\" is not a number");
    EXPECT_EQ(fault([] { parse_command_line({"-server=maybe"}); }), "-server=maybe: \"maybe\" is neither true nor false");
    EXPECT_EQ(fault([] { parse_command_line({"-node-meta=x"}); }), "-node-meta=x: \"x\" is not key:value");
    EXPECT_NE(fault([] { parse_command_line({"stray"}); }).find("is not a flag"), std::string::npos);
    EXPECT_NE(fault([] { parse_command_line({"-hcl", "x = 1"}); }).find("HCL"), std::string::npos);
    EXPECT_NE(fault([] { parse_command_line({"-config-format=hcl"}); }).find("HCL"), std::string::npos);
    EXPECT_NE(fault([] { parse_command_line({"-config-dir=/nowhere/at/all"}); }).find("/nowhere/at/all"), std::string::npos);
}

TEST(ConsulConfiguration, OfSeveralFilesTheLastWordCountsAndListsGrow) {
    const ConfigFolder folder;
    folder.write("b.json", R"({"node_name":"b","ports":{"dns":1},"services":[{"name":"two"}],"service":{"name":"three"}})");
    folder.write("a.json", R"({"node_name":"a","ports":{"http":2},"service":{"name":"one"},"retry_join":["x"]})");
    folder.write("ignored.txt", "{");
    const std::string empty = folder.write("empty", "\n");
    const auto line = parse_command_line({"-config-dir", folder.path, "-config-file=" + empty, "-http-port=3"});
    ASSERT_EQ(line.files.size(), 3u);
    const Json whole = read_configuration(line);
    EXPECT_EQ(*whole.at_pointer("/node_name"), Json("b"));
    EXPECT_EQ(*whole.at_pointer("/ports"), json(R"({"dns":1,"http":3})"));
    EXPECT_EQ(*whole.at_pointer("/services"), json(R"([{"name":"one"},{"name":"three"},{"name":"two"}])"));
    const std::string broken = folder.write("broken.json", "{");
    EXPECT_EQ(fault([&] { read_configuration(parse_command_line({"-config-file", broken})); }).substr(0, broken.size() + 2), broken + ": ");
    const auto reading = [](const std::string& file) { return fault([&] { read_configuration(parse_command_line({"-config-file", file})); }); };
    EXPECT_NE(reading(folder.write("l.json", "[]")).find("must be an object"), std::string::npos);
    EXPECT_NE(reading(folder.write("x.hcl", "a = 1")).find("HCL"), std::string::npos);
    EXPECT_NE(reading(folder.path + "/none").find("cannot be read"), std::string::npos);
}

TEST(ConsulConfiguration, BecomesSettings) {
    const auto said = translate(json(R"({"node_name":"n1","node_id":"11111111-1111-4111-8111-111111111111","node_meta":{"a":"b,c"},"datacenter":"DC7",
        "data_dir":"/d","client_addr":"0.0.0.0 ::","bind_addr":"10.0.0.5","ports":{"http":1500,"dns":-1,"https":1501,"grpc":-1},
        "log_level":"ERR","pid_file":"/p",
        "enable_local_script_checks":true,"domain":"corp.","dns_config":{"only_passing":true,"service_ttl":{"*":"30s"},"allow_stale":true},
        "performance":{"raft_multiplier":1},"connect":{"enabled":true},"segments":null,"retry_join":[],"server":true,"acl":{"enabled":false,"tokens":{}}})"),
                                false);
    const std::map<std::string, std::string> wanted = {{"advertise-address", "10.0.0.5"},
                                                       {"deregister-delay-seconds", "0"},
                                                       {"discovery-data-dir", "/d"},
                                                       {"discovery-datacenter", "dc7"},
                                                       {"discovery-dns-address", "0.0.0.0"},
                                                       {"discovery-dns-domain", "corp"},
                                                       {"discovery-dns-only-passing", "true"},
                                                       {"discovery-dns-port", "0"},
                                                       {"discovery-dns-ttl-seconds", "30"},
                                                       {"discovery-node-id", "11111111-1111-4111-8111-111111111111"},
                                                       {"discovery-node-name", "n1"},
                                                       {"discovery-script-checks", "configured"},
                                                       {"listen-address", "0.0.0.0"},
                                                       {"log-level", "error"},
                                                       {"port", "1500"}};
    EXPECT_EQ(said.flags, wanted);
    EXPECT_EQ(said.node_meta.at("a"), "b,c");
    EXPECT_EQ(said.pid_file, "/p");
    EXPECT_EQ(said.remarks, (std::vector<std::string>{"connect", "dns_config.allow_stale", "performance", "ports.https", "server"}));
}

TEST(ConsulConfiguration, AccessRulesBecomeSettings) {
    const auto flags = translate(json(R"({"acl":{"enabled":true,"enable_key_list_policy":true,"down_policy":"extend-cache",
        "tokens":{"master":"m","default":"d","dns":"n","agent":"a"}}})"),
                                 true);
    EXPECT_EQ(flags.flags.at("discovery-acl-enabled"), "true");
    EXPECT_EQ(flags.flags.at("discovery-acl-default-policy"), "allow");
    EXPECT_EQ(flags.flags.at("discovery-acl-key-list-policy"), "true");
    EXPECT_EQ(flags.flags.at("discovery-acl-initial-management"), "m");
    EXPECT_EQ(flags.flags.at("discovery-acl-default-token"), "d");
    EXPECT_EQ(flags.flags.at("discovery-acl-dns-token"), "n");
    EXPECT_EQ(flags.remarks, (std::vector<std::string>{"acl.down_policy", "acl.tokens.agent"}));
    EXPECT_EQ(translate(json(R"({"acl":{"enabled":true,"default_policy":"deny"}})"), true).flags.at("discovery-acl-default-policy"), "deny");
    EXPECT_FALSE(translate(json(R"({"acl":{"tokens":{"master":"m"}}})"), true).flags.contains("discovery-acl-initial-management"));
    EXPECT_EQ(fault_of(R"({"acl":{"enable":true}})"), "acl.enable: there is no such configuration key");
    EXPECT_EQ(fault_of(R"({"acl":{"tokens":{"root":"x"}}})"), "acl.tokens.root: there is no such token");
    EXPECT_EQ(fault_of(R"({"acl":{"enabled":"yes"}})"), "acl.enabled: must be true or false");
}

TEST(ConsulConfiguration, AUnixSocketTakesThePlaceOfThePort) {
    const auto said = translate(json(R"({"addresses":{"http":"unix:///run/c.sock"},"ports":{"http":-1}})"), true);
    EXPECT_EQ(said.flags.at("listen-address"), "unix:///run/c.sock");
    EXPECT_EQ(said.flags.at("discovery-dns-address"), "127.0.0.1");
    EXPECT_EQ(translate(json(R"({"client_addr":"unix:///run/c.sock"})"), true).flags.at("discovery-dns-address"), "127.0.0.1");
}

TEST(ConsulConfiguration, WhatItDoesNotKnowOrCannotDoStopsTheStart) {
    EXPECT_EQ(fault_of(R"({"node_nam":"x"})"), "node_nam: there is no such configuration key");
    EXPECT_EQ(fault_of(R"({"ports":{"htp":1}})"), "ports.htp: there is no such port");
    EXPECT_EQ(fault_of(R"({"ports":{"http":70000}})"), "ports.http: must be between -1 and 65535");
    EXPECT_EQ(fault_of(R"({"ports":{"http":"8500"}})"), "ports.http: must be a number");
    EXPECT_EQ(fault_of(R"({"ports":[]})"), "ports: must be an object");
    EXPECT_NE(fault_of(R"({"ports":{"http":-1}})"), "");
    EXPECT_EQ(fault_of(R"({"addresses":{"ftp":"x"}})"), "addresses.ftp: there is no such listener");
    EXPECT_NE(fault_of(R"({"bind_addr":"{{ GetPrivateIP }}"})").find("templates"), std::string::npos);
    EXPECT_EQ(fault_of(R"({"recursors":["8.8.8.8"]})"), "recursors: is not supported here");
    EXPECT_EQ(fault_of(R"({"recursors":[]})"), "");
    EXPECT_EQ(fault_of(R"({"node_name":7})"), "node_name: must be a text");
    EXPECT_EQ(fault_of(R"({"enable_script_checks":"yes"})"), "enable_script_checks: must be true or false");
    EXPECT_EQ(fault_of(R"({"log_level":"loud"})"), "log_level: must be trace, debug, info, warn or error");
    EXPECT_EQ(fault_of(R"({"dns_config":{"nonsense":1}})"), "dns_config.nonsense: there is no such configuration key");
    EXPECT_NE(fault_of(R"({"dns_config":{"service_ttl":{"*":"soon"}}})").find("length of time"), std::string::npos);
    EXPECT_EQ(fault_of(R"({"services":{}})"), "services: must be a list");
    EXPECT_EQ(fault([] { translate(Json::object(), false); }), "data_dir: cannot be empty");
}

struct ConfiguredWorld : World {
    ConfiguredWorld() {
        Node node;
        node.name = agent.node;
        node.address = agent.address;
        Register self;
        self.node = node;
        run(self);
    }
    Reply configure(std::string_view text, Scripts scripts = Scripts::none) { return run(registrations(json(text), agent.node, scripts)); }
};

TEST(ConsulConfiguration, RegistersItsServicesAndChecksAndTakesBackWhatIsGone) {
    ConfiguredWorld world;
    EXPECT_EQ(world.configure(R"({"services":[{"name":"web","id":"w1","port":80,"tags":["a"],"checks":[{"tcp":"127.0.0.1:80","interval":"10s"},{"ttl":"5s"}]}],
                                  "checks":[{"id":"disk","name":"Disk","ttl":"1m","status":"passing"}]})")
                  .status,
              200);
    EXPECT_EQ(world.get("/v1/agent/services").at("/w1/Port"), Json(80));
    EXPECT_EQ(world.get("/v1/agent/checks").json().size(), 3u);
    EXPECT_EQ(world.get("/v1/agent/checks").at("/service:w1:2/Type"), Json("ttl"));
    world.register_web("by-api", 1);
    world.put("/v1/agent/check/pass/disk?note=fine");
    EXPECT_EQ(world.configure(R"({"services":[{"name":"db"}],"checks":[{"id":"disk","name":"Disk","ttl":"2m"}]})").status, 200);
    EXPECT_EQ(world.get("/v1/agent/services").at("/w1"), Json());
    EXPECT_EQ(world.get("/v1/agent/services").at("/by-api/Service"), Json("web")); // not the configuration's
    EXPECT_EQ(world.get("/v1/agent/services").at("/db/Service"), Json("db"));
    EXPECT_EQ(world.get("/v1/agent/checks").at("/disk/Output"), Json("fine"));
    const auto index = world.model.index();
    world.configure(R"({"services":[{"name":"db"}],"checks":[{"id":"disk","name":"Disk","ttl":"2m"}]})");
    EXPECT_EQ(world.model.index(), index); // the same again writes nothing
    world.configure("{}");
    EXPECT_EQ(world.get("/v1/agent/checks").json().size(), 0u);
}

TEST(ConsulConfiguration, ItsScriptsRunWhereTheyAreAllowed) {
    ConfiguredWorld world;
    constexpr const char* script = R"({"checks":[{"name":"s","args":["true"],"interval":"10s"}]})";
    EXPECT_NE(fault([&] { world.configure(script); }).find("scripts are disabled"), std::string::npos);
    EXPECT_EQ(world.configure(script, Scripts::configured).status, 200);
    EXPECT_TRUE(world.model.find<Check>(key_of("node1", "s"))->definition.configured.value_or(false));
    EXPECT_NE(fault([&] { world.configure(R"({"checks":[{"ttl":"1s"}]})"); }), "");
    EXPECT_NE(fault([&] { world.configure(R"({"services":[{"port":1}]})"); }).find("services: "), std::string::npos);
    EXPECT_EQ(world.configure(R"({"checks":[{"name":"x","ttl":"1s","service_id":"none"}]})").status, 400);
}

TEST(ConsulApi, WhatAnOperatorAsksOfTheProcess) {
    World world;
    EXPECT_GT(world.get("/v1/agent/host").at("/Memory/total").as_integer(), 0);
    EXPECT_GT(world.get("/v1/agent/host").at("/CollectionTime").as_integer(), 0);
    EXPECT_EQ(world.put("/v1/agent/reload").status, 200); // there is nothing to read anew
    EXPECT_EQ(world.put("/v1/agent/leave").status, 501);
    bool left = false;
    auto control = std::make_shared<api::Control>();
    control->leave = [&] { left = true; };
    control->reload = []() -> Configure { throw ConfigError("a.json: is broken"); };
    world.agent.control = control;
    EXPECT_EQ(world.put("/v1/agent/leave").status, 200);
    EXPECT_TRUE(left);
    EXPECT_EQ(world.put("/v1/agent/reload").status, 500);
    EXPECT_EQ(world.put("/v1/agent/force-leave/node1").status, 200);
    EXPECT_EQ(world.put("/v1/agent/force-leave/other").status, 404);
}

} // namespace
} // namespace gravity::registry::test
