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
    EXPECT_EQ(fault([] { parse_command_line({"-hcl", "\nx = y"}); }), "-hcl: line 2: \"y\" is neither a number nor true or false; texts stand in quotes");
    EXPECT_EQ(fault([] { parse_command_line({"-config-format=toml"}); }), "-config-format=toml: must be json or hcl");
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
    EXPECT_EQ(reading(folder.write("x.hcl", "a = 1\nb {")), folder.path + "/x.hcl: line 2: it ends too early");
    EXPECT_NE(reading(folder.path + "/none").find("cannot be read"), std::string::npos);
}

constexpr const char* in_hcl = R"(
# as the documentation of Consul writes them
datacenter = "dc7"
data_dir   = "/opt/consul" // where
ports { http = 1500  dns = -1 }
node_meta = { rack = "7", "a.b" = "c" }
performance { raft_multiplier = 1.5 }
enable_script_checks = true
retry_join = ["10.0.0.1", "10.0.0.2",]
service {
  name = "web"
  port = 80
  check { http = "http://localhost/health"  interval = "10s" }
}
service {
  name = "db"
  checks { tcp = "localhost:5432"  interval = "10s"  notes = <<-EOT
      Is it
        there?
      EOT
  }
}
services { name = "cache" }
check { id = "mem"  args = ["/bin/check", "-m"]  interval = "1m" }
)";

TEST(ConsulConfiguration, InHclSaysTheSame) {
    const Json document = parse_file(in_hcl, "a.hcl");
    EXPECT_EQ(document, json(R"({"datacenter":"dc7","data_dir":"/opt/consul","ports":{"http":1500,"dns":-1},"node_meta":{"rack":"7","a.b":"c"},
        "performance":{"raft_multiplier":1.5},"enable_script_checks":true,"retry_join":["10.0.0.1","10.0.0.2"],
        "service":[{"name":"web","port":80,"check":{"http":"http://localhost/health","interval":"10s"}},
                   {"name":"db","checks":{"tcp":"localhost:5432","interval":"10s","notes":"Is it\n  there?\n"}}],
        "services":{"name":"cache"},"check":{"id":"mem","args":["/bin/check","-m"],"interval":"1m"}})"));
    EXPECT_EQ(parse_file(in_hcl, "any name", Format::hcl), document);
    EXPECT_NE(fault([] { parse_file(in_hcl, "a.json"); }), "");
    Json whole = Json::object();
    merge(whole, document, "a.hcl");
    EXPECT_EQ(*whole.at_pointer("/services/2/name"), Json("cache"));
    EXPECT_EQ(*whole.at_pointer("/services/1/checks/0/tcp"), Json("localhost:5432"));
    const auto said = translate(whole, false);
    EXPECT_EQ(said.flags.at("port"), "1500");
    EXPECT_EQ(said.node_meta.at("a.b"), "c");
    const Configure wanted = registrations(whole, "n", said.scripts);
    ASSERT_EQ(wanted.services.size(), 3u);
    EXPECT_EQ(wanted.services[1].checks.at(0).notes, "Is it\n  there?\n");
    ASSERT_EQ(wanted.checks.size(), 1u);
    EXPECT_EQ(wanted.checks[0].definition.args, (std::vector<std::string>{"/bin/check", "-m"}));
}

TEST(ConsulConfiguration, WhatIsWrongInHclIsNamedWithItsLine) {
    const auto faulty = [](std::string_view text) { return fault([&] { parse_file(text, "c.hcl"); }); };
    EXPECT_EQ(faulty("\n\nlog_level = INFO"), "c.hcl: line 3: \"INFO\" is neither a number nor true or false; texts stand in quotes");
    EXPECT_EQ(faulty("port = 010"), "c.hcl: line 1: \"010\" is neither a number nor true or false; texts stand in quotes"); // octal to some
    EXPECT_EQ(faulty("port = 1e999"), "c.hcl: line 1: \"1e999\" is neither a number nor true or false; texts stand in quotes");
    EXPECT_EQ(faulty("a = <<E\nx\n"), "c.hcl: line 1: the here-document has no end");
    EXPECT_EQ(faulty("a = <<\nx\n"), "c.hcl: line 2: a here-document needs a word behind <<");
    EXPECT_EQ(faulty("a = <x"), "c.hcl: line 1: unexpected character");
    EXPECT_EQ(faulty("a = \"\xff\""), "c.hcl: it is not UTF-8");
    EXPECT_EQ(faulty("a = \"x"), "c.hcl: line 1: the text has no closing quote");
    EXPECT_EQ(faulty(std::string_view("a = \"\0\"", 7)), "c.hcl: it has a null character");
    EXPECT_EQ(faulty("a = \"\\u0000\""), "c.hcl: line 1: no such character");
    EXPECT_EQ(faulty(std::string((4 << 20) + 1, ' ') + "a = 1"), "c.hcl: it has more than 4194304 bytes");
    std::string deep;
    for (int i = 0; i < 20; ++i) deep += "a { ";
    EXPECT_EQ(faulty(deep), "c.hcl: line 1: it is nested too deeply");
    // Of what is given twice the last one counts; a list is not made longer by it.
    EXPECT_EQ(parse_file("a = 1 a = 2 b {} b {} b = 3 b {} c = [1] c {}", "c.hcl"), json(R"({"a":2,"b":{},"c":{}})"));
    EXPECT_EQ(parse_file("", "c.hcl"), Json::object());
    EXPECT_EQ(parse_file(R"({"a": null, "b": [{"c": -0.5}]})", "c.hcl"), json(R"({"a":null,"b":[{"c":-0.5}]})")); // JSON reads the same
}

TEST(ConsulCommandLine, TakesHclInPiecesAndFilesOfAnyName) {
    const ConfigFolder folder;
    folder.write("a.conf", "node_name = \"a\"\nports { http = 1 }");
    const auto line = parse_command_line({"-config-dir", folder.path, "-config-format=hcl", "-hcl", "ports { http = 3 dns = -1 }", "-http-port=2"});
    const Json whole = read_configuration(line); // pieces come last, whatever the order of the words
    EXPECT_EQ(*whole.at_pointer("/node_name"), Json("a"));
    EXPECT_EQ(*whole.at_pointer("/ports"), json(R"({"dns":-1,"http":3})"));
    EXPECT_TRUE(parse_command_line({"-config-dir", folder.path}).files.empty()); // its name does not say what it is
}

TEST(ConsulCommandLine, OfValidateNamesFilesWithoutAFlag) {
    const ConfigFolder folder;
    folder.write("a.hcl", "");
    const auto read = [](const std::vector<std::string>& words) { return parse_validate_line(words); };
    EXPECT_EQ(read({"-quiet", folder.path}).line.files, std::vector<std::string>{folder.path + "/a.hcl"});
    EXPECT_TRUE(read({"-quiet", folder.path}).quiet);
    EXPECT_EQ(read({"x", "-config-format", "hcl"}).line.format, Format::hcl);
    EXPECT_EQ(read({"x", "--config-format=json"}).line.format, Format::json);
    EXPECT_EQ(fault([&] { read({}); }), "validate: name at least one file or folder");
    EXPECT_EQ(fault([&] { read({"-config-format"}); }), "-config-format: needs a value");
    EXPECT_EQ(fault([&] { read({"-dev", "x"}); }), "-dev: there is no such flag");
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
    EXPECT_EQ(said.server_port, 8300);
    EXPECT_EQ(translate(json(R"({"ports":{"server":9300}})"), true).server_port, 9300);
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

TEST(ConsulConfiguration, RecursorsAreAList) {
    EXPECT_EQ(translate(json(R"({"recursors":["10.0.0.2","[fd00::2]:5353"]})"), true).flags.at("discovery-dns-recursors"), "10.0.0.2,[fd00::2]:5353");
    EXPECT_FALSE(translate(json(R"({"recursors":[]})"), true).flags.contains("discovery-dns-recursors"));
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
    EXPECT_EQ(fault_of(R"({"recursors":"8.8.8.8"})"), "recursors: must be a list");
    EXPECT_NE(fault_of(R"({"recursors":["{{ GetPrivateIP }}"]})").find("templates"), std::string::npos);
    EXPECT_EQ(fault_of(R"({"node_name":7})"), "node_name: must be a text");
    EXPECT_EQ(fault_of(R"({"enable_script_checks":"yes"})"), "enable_script_checks: must be true or false");
    EXPECT_EQ(fault_of(R"({"log_level":"loud"})"), "log_level: must be trace, debug, info, warn or error");
    EXPECT_EQ(fault_of(R"({"dns_config":{"nonsense":1}})"), "dns_config.nonsense: there is no such configuration key");
    EXPECT_NE(fault_of(R"({"dns_config":{"service_ttl":{"*":"soon"}}})").find("length of time"), std::string::npos);
    EXPECT_EQ(fault_of(R"({"services":7})"), "services: must be a list");
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

TEST(ConsulApi, AServerIsNamedAsServersNameEachOther) {
    World world;
    EXPECT_EQ(world.get("/v1/status/leader").body, "\"10.0.0.1:8300\"");
    EXPECT_EQ(world.get("/v1/status/peers").body, "[\"10.0.0.1:8300\"]");
    EXPECT_EQ(world.get("/v1/operator/raft/configuration").at("/Servers/0/Address"), Json("10.0.0.1:8300"));
    EXPECT_EQ(world.get("/v1/agent/members").at("/0/Tags/port"), Json("8300"));
    world.agent.server_port = 9300;
    world.agent.address = "fd00::1";
    EXPECT_EQ(world.get("/v1/status/leader").body, "\"[fd00::1]:9300\"");
}

TEST(ConsulApi, WhatAnOperatorAsksOfTheProcess) {
    World world;
    const auto figures = world.get("/v1/agent/metrics?format=prometheus");
    EXPECT_NE(figures.body.find("# TYPE consul_state_nodes gauge\nconsul_state_nodes{datacenter=\"dc1\"} 0"), std::string::npos) << figures.body;
    EXPECT_NE(figures.body.find("\nconsul_runtime_alloc_bytes "), std::string::npos) << figures.body;
    EXPECT_EQ(world.get("/v1/agent/monitor?loglevel=DEBUG&logjson").status, 200);
    EXPECT_EQ(world.get("/v1/agent/monitor?loglevel=loud").body, "Unknown log level: loud");
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
