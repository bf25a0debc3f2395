// The command line of every daemon, and the life of its process.
#include "app/platform.hpp"

#include <gravity/app/app.hpp>
#include <gravity/app/version.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/json/json.hpp>
#include <gravity/log/init.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <csignal>
#include <cstdio>
#include <istream>
#include <stdexcept>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace gravity {
namespace {

using app::SettingInfo;

struct CommandLine {
    bool help = false, version = false, print_config = false, json = false, health = false, openapi = false;
    std::string config;
    app::Texts flags;
};

CommandLine parse_command_line(int argc, char** argv) {
    CommandLine line;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word(argv[i]);
        if (word == "--help" || word == "-h") {
            line.help = true;
        } else if (word == "--version") {
            line.version = true;
        } else if (word == "--print-config") {
            line.print_config = true;
        } else if (word == "--json") {
            line.json = true;
        } else if (word == "--health") {
            line.health = true;
        } else if (word == "--openapi") {
            line.openapi = true;
        } else if (word.starts_with("--")) {
            const auto equals = word.find('=');
            std::string name(word.substr(2, equals == std::string_view::npos ? equals : equals - 2));
            std::string value;
            if (equals != std::string_view::npos)
                value = word.substr(equals + 1);
            else if (i + 1 < argc)
                value = argv[++i];
            else
                throw std::invalid_argument(std::string(word) + " needs a value");
            for (char& c : name) c = c == '-' ? '_' : ascii::upper(c);
            if (name == "CONFIG")
                line.config = value;
            else
                line.flags[name] = value;
        } else {
            throw std::invalid_argument("unexpected argument '" + std::string(word) + "'; see --help");
        }
    }
    return line;
}

app::Texts environment() {
    app::Texts texts;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view pair(*entry);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos) texts.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return texts;
}

// What the structs cannot know: the port is each service's own, and only some need a database.
std::vector<SettingInfo> settings_of(const app::Definition& definition, const std::vector<app::SettingsSection>& sections) {
    auto settings = app::describe_settings(sections);
    for (SettingInfo& setting : settings) {
        if (setting.name == "PORT") setting.default_text = std::to_string(definition.port);
        if (setting.name == "DATABASE_URL") setting.required = definition.uses_postgres;
        if (setting.name == "REDIS_URL") setting.required = definition.redis == app::Need::required;
        if (setting.name == "MASTER_KEY") setting.required = definition.access_keys == KeySecrets::sealed;
    }
    return settings;
}

void print_help(const app::Definition& definition, const std::vector<SettingInfo>& settings) {
    std::printf("gravity-%s %s\n\nUsage: gravity-%s [--config FILE] [--SETTING VALUE ...]\n"
                "       --help  --version  --print-config [--json]  --health  --openapi\n\n"
                "Settings (environment variable; the flag is the name in lower case with hyphens; flags win over the environment, which wins over the file):\n",
                definition.name.c_str(), GRAVITY_VERSION, definition.name.c_str());
    for (const SettingInfo& setting : settings) {
        std::string note = setting.type;
        if (setting.required) note += ", required";
        if (setting.default_text && !setting.default_text->empty()) note += ", default " + *setting.default_text;
        std::printf("  %-28s %s (%s)\n", setting.name.c_str(), setting.doc.c_str(), note.c_str());
    }
}

void print_config(const app::Definition& definition, const std::vector<SettingInfo>& settings, bool as_json) {
    if (!as_json) {
        for (const SettingInfo& setting : settings) std::printf("%s=%s\n", setting.name.c_str(), setting.value.c_str());
        return;
    }
    Json document = Json::object({{"service", definition.name}, {"version", GRAVITY_VERSION}});
    Json& list = document["settings"];
    list = Json::array();
    for (const SettingInfo& setting : settings) {
        Json entry = Json::object({{"name", setting.name},
                                   {"type", setting.type},
                                   {"required", setting.required},
                                   {"secret", setting.secret},
                                   {"doc", setting.doc},
                                   {"value", setting.value}});
        entry["default"] = setting.default_text ? Json(*setting.default_text) : Json();
        list.push_back(std::move(entry));
    }
    std::printf("%s\n", document.dump().c_str());
}

// Asks this service's own /health/ready: the health check of a container, without curl in its image.
int ask_health(const app::PlatformSettings& settings) {
    namespace asio = boost::asio;
    try {
        asio::io_context io;
        asio::generic::stream_protocol::socket socket(io);
        std::string address = settings.listen_address;
        constexpr std::string_view unix_scheme = "unix://";
        if (address == "0.0.0.0") address = "127.0.0.1";
        if (address == "::") address = "::1";
        if (address.starts_with(unix_scheme))
            socket.connect(asio::local::stream_protocol::endpoint(address.substr(unix_scheme.size())));
        else
            socket.connect(asio::ip::tcp::endpoint(asio::ip::make_address(address), static_cast<std::uint16_t>(static_cast<int>(settings.port))));
        const timeval limit{5, 0}; // a daemon that hangs is not healthy
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        asio::write(socket, asio::buffer(std::string_view("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")));
        asio::streambuf answer;
        asio::read_until(socket, answer, "\r\n");
        std::istream in(&answer);
        std::string protocol;
        int status = 0;
        in >> protocol >> status;
        return status == 200 ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}

int serve(app::Definition definition, const app::PlatformSettings& settings) {
    std::signal(SIGPIPE, SIG_IGN);
    log::init({.service = definition.name,
               .level = log::level_from(meta::enum_name(settings.log_level)).value_or(log::Level::info),
               .sink = {}});
    int code = 1;
    {
        app::App app(std::move(definition), settings);
        boost::asio::io_context signal_io; // a thread of its own: a second signal must be heard even if the service hangs
        boost::asio::signal_set signals(signal_io, SIGTERM, SIGINT);
        int received = 0;
        std::function<void(const boost::system::error_code&, int)> on_signal = [&](const boost::system::error_code& error, int) {
            if (error) return;
            if (++received > 1) ::_exit(1);
            app.stop();
            signals.async_wait(on_signal);
        };
        signals.async_wait(on_signal);
        try {
            app.start();
        } catch (const std::exception& error) {
            log::critical("cannot start", {{"reason", error.what()}});
            log::shutdown();
            std::fprintf(stderr, "%s\n", error.what());
            return 1;
        }
        std::thread listener([&] { signal_io.run(); });
        code = app.run();
        signal_io.stop();
        listener.join();
    }
    log::shutdown();
    return code;
}

} // namespace

std::string_view app::version() { return GRAVITY_VERSION; }

int Service::run(int argc, char** argv) {
    app::PlatformSettings settings;
    settings.port = definition_.port;
    std::vector<app::SettingsSection> sections{{"", meta::mutable_ref(settings)}};
    sections.insert(sections.end(), definition_.settings.begin(), definition_.settings.end());
    try {
        const CommandLine line = parse_command_line(argc, argv);
        if (line.version) {
            std::printf("gravity-%s %s\n", definition_.name.c_str(), GRAVITY_VERSION);
            return 0;
        }
        if (line.openapi) {
            std::printf("%s\n", app::openapi_of(definition_).c_str());
            return 0;
        }
        if (line.help) {
            print_help(definition_, settings_of(definition_, sections));
            return 0;
        }
        const app::Texts file = line.config.empty() ? app::Texts{} : app::read_settings_file(line.config);
        app::load_settings(sections, file, environment(), line.flags);
        if ((settings.clock_offset_seconds != 0 || settings.clock_factor != 1) && !settings.gravity_test_mode)
            throw std::invalid_argument("CLOCK_OFFSET_SECONDS and CLOCK_FACTOR need GRAVITY_TEST_MODE=true");
        if (settings.gravity_test_mode) clock::configure(settings.clock_offset_seconds, settings.clock_factor);
        if (line.print_config) {
            print_config(definition_, settings_of(definition_, sections), line.json);
            return 0;
        }
        app::require_settings(sections);
        if (definition_.uses_postgres && !settings.database_url) throw std::invalid_argument("setting DATABASE_URL is required");
        app::check_platform_settings(definition_, settings);
        if (line.health) return ask_health(settings);
    } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "gravity-%s: %s\n", definition_.name.c_str(), error.what());
        return 2;
    }
    return serve(std::move(definition_), settings);
}

} // namespace gravity
