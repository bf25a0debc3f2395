// The program as others start it: by the name `consul`, with Consul's command line and files.
#include <gravity/http/message.hpp>
#include <gravity/testkit/client.hpp>
#include <gravity/testkit/daemon.hpp>
#include <gravity/testkit/loop.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gravity::registry {
namespace {

class Consul : public ::testing::Test {
protected:
    Consul() {
        char name[] = "/tmp/gravity-as-consul-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        folder = name;
        std::filesystem::create_symlink(GRAVITY_DISCOVERY, folder + "/consul");
    }
    ~Consul() override {
        if (pid > 0) end(SIGKILL);
        std::filesystem::remove_all(folder);
    }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(folder + "/" + name) << text;
        return folder + "/" + name;
    }
    void start(std::vector<std::string> words) {
        const std::string program = folder + "/consul", log = folder + "/log", temporary = "TMPDIR=" + folder;
        words.insert(words.begin(), program);
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        pid = ::fork();
        if (pid == 0) {
            const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::putenv(const_cast<char*>(temporary.c_str()));
            ::execv(program.c_str(), arguments.data());
            ::_exit(127);
        }
    }
    std::string log() const {
        std::ifstream file(folder + "/log");
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    int wait() {
        int status = 0;
        ::waitpid(pid, &status, 0);
        pid = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    int end(int signal) {
        ::kill(pid, signal);
        return wait();
    }
    int run(std::vector<std::string> words) {
        start(std::move(words));
        return wait();
    }
    static bool answers(const testkit::Client& client, const std::string& target) {
        try {
            return client.get(target).send().status() == 200;
        } catch (const std::runtime_error&) {
            return false; // it does not listen yet
        }
    }
    std::size_t temporary_folders() const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            if (entry.path().filename().string().starts_with("gravity-discovery-dev")) ++count;
        return count;
    }

    std::string folder;
    pid_t pid = -1;
};

TEST_F(Consul, TellsItsVersionAndRefusesWhatItIsNot) {
    EXPECT_EQ(run({"version", "-format=json"}), 0);
    EXPECT_EQ(Json::parse(log()).or_throw().find("Version")->as_string(), "1.22.0");
    EXPECT_EQ(run({"version"}), 0);
    EXPECT_TRUE(log().starts_with("Consul v1.22.0"));
    EXPECT_EQ(run({"kv", "get", "x"}), 1);
    EXPECT_EQ(log(), "consul: \"kv\" is not a command of this consul; there are agent, validate and version\n");
    const std::string good = write("c.hcl", "data_dir = \"/d\"\nservice { name = \"web\" }"), bad = write("bad.hcl", "service { port = 80 }");
    EXPECT_EQ(run({"validate", good}), 0);
    EXPECT_EQ(log(), "Configuration is valid!\n");
    EXPECT_EQ(run({"validate", good, bad}), 1);
    EXPECT_EQ(log(), "consul: services: Missing service name\n");
    EXPECT_EQ(run({"agent", "-dev", "-config-file", write("c.json", R"({"ports":{"htp":1}})")}), 1);
    EXPECT_EQ(log(), "consul: ports.htp: there is no such port\n");
    EXPECT_EQ(run({"agent"}), 1);
    EXPECT_EQ(log(), "consul: data_dir: cannot be empty\n");
    EXPECT_EQ(run({"agent", "-dev", "-config-file", write("c.json", R"({"check":{"name":"x","args":["true"],"interval":"1s"}})")}), 1);
    EXPECT_NE(log().find("scripts are disabled"), std::string::npos);
}

TEST_F(Consul, ServesWhatItsConfigurationSaysAndReadsItAnew) {
    const std::string port = std::to_string(testkit::free_port());
    const std::string file = write("c.json", R"({"node_name":"n1","node_meta":{"a":"b,c"},"datacenter":"dc7","ports":{"dns":-1,"http":)" + port +
                                                 R"(},"enable_local_script_checks":true,"connect":{"enabled":true},
        "service":{"name":"web","port":80,"check":{"args":["sh","-c","echo seen"],"interval":"1s"}}})");
    start({"agent", "-dev", "--config-file=" + file, "-pid-file", folder + "/pid", "-log-level=info"});
    const testkit::Client client(static_cast<std::uint16_t>(std::stoi(port)), "");
    testkit::until([&] { return answers(client, "/v1/agent/service/web"); });
    client.get("/v1/agent/self").expect(200).field("/Config/NodeName", "n1").field("/Config/Datacenter", "dc7");
    client.get("/v1/catalog/nodes").expect(200).field("/0/Meta/a", "b,c");
    testkit::until([&] { return client.get("/v1/agent/checks").send().text("/service:web/Output") == "seen\n"; });
    EXPECT_EQ(std::stoi([&] {
                  std::ifstream pid_file(folder + "/pid");
                  return std::string(std::istreambuf_iterator<char>(pid_file), {});
              }()),
              pid);
    EXPECT_NE(log().find("\"keys\":\"connect\""), std::string::npos);

    write("c.json", R"({"service":{"name":"db"}})");
    client.call("PUT", "/v1/agent/reload").expect(200);
    client.get("/v1/agent/service/web").expect(404);
    client.get("/v1/agent/service/db").expect(200);
    write("c.json", "{");
    client.call("PUT", "/v1/agent/reload").expect(500);
    client.get("/v1/agent/service/db").expect(200);
    write("c.json", R"({"service":{"name":"api"}})");
    ::kill(pid, SIGHUP);
    testkit::until([&] { return answers(client, "/v1/agent/service/api"); });

    EXPECT_EQ(temporary_folders(), 1u);
    client.call("PUT", "/v1/agent/leave").expect(200);
    EXPECT_EQ(wait(), 0);
    EXPECT_EQ(temporary_folders(), 0u);
    EXPECT_FALSE(std::filesystem::exists(folder + "/pid"));
}

TEST_F(Consul, ReadsHcl) {
    const std::string port = std::to_string(testkit::free_port());
    const std::string file = write("c.hcl", "node_name = \"n1\"\nports { dns = -1 }\nservice { name = \"web\"  port = 80 }\nservice { name = \"db\" }");
    start({"agent", "-dev", "-config-file", file, "-hcl", "ports { http = " + port + " server = 9300 }"});
    const testkit::Client client(static_cast<std::uint16_t>(std::stoi(port)), "");
    testkit::until([&] { return answers(client, "/v1/agent/service/db"); });
    client.get("/v1/agent/service/web").expect(200).field("/Port", 80);
    EXPECT_EQ(client.get("/v1/status/leader").expect(200).body(), "\"127.0.0.1:9300\"");
    EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(Consul, ListensAtAUnixSocket) {
    const std::string path = folder + "/s";
    start({"agent", "-data-dir", folder + "/data", "-dns-port=-1", "-config-file",
           write("c.json", R"({"addresses":{"http":"unix://)" + path + R"("},"ports":{"http":-1}})")});
    std::string answer;
    testkit::until([&] {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        path.copy(to.sun_path, sizeof to.sun_path - 1);
        const std::string_view request = "GET /v1/status/leader HTTP/1.0\r\n\r\n";
        answer.clear();
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
            ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
            char block[4096];
            for (ssize_t n = 0; (n = ::recv(fd, block, sizeof block, 0)) > 0;) answer.append(block, static_cast<std::size_t>(n));
        }
        ::close(fd);
        return answer.starts_with("HTTP/1.1 200");
    });
    EXPECT_EQ(end(SIGINT), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

} // namespace
} // namespace gravity::registry
