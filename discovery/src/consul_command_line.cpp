#include "consul_config.hpp"
#include "consul_hcl.hpp"
#include "hcl.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>

// Consul's flags, as words of its configuration: what a flag says overrides what the files say.
namespace gravity::registry::consul {
namespace {

// A flag and the place of what it says in a configuration.
struct Flag {
    std::string_view name, key;
    enum class Kind : unsigned char {
        text,
        number,
        truth,
        list,
        pair
    } kind = Kind::text;
};
constexpr Flag flags[] = {
    {"advertise", "advertise_addr"},
    {"advertise-wan", "advertise_addr_wan"},
    {"allow-write-http-from", "http_config.allow_write_http_from", Flag::Kind::list},
    {"alt-domain", "alt_domain"},
    {"bind", "bind_addr"},
    {"bootstrap", "bootstrap", Flag::Kind::truth},
    {"bootstrap-expect", "bootstrap_expect", Flag::Kind::number},
    {"client", "client_addr"},
    {"data-dir", "data_dir"},
    {"datacenter", "datacenter"},
    {"disable-host-node-id", "disable_host_node_id", Flag::Kind::truth},
    {"disable-keyring-file", "disable_keyring_file", Flag::Kind::truth},
    {"dns-port", "ports.dns", Flag::Kind::number},
    {"domain", "domain"},
    {"enable-local-script-checks", "enable_local_script_checks", Flag::Kind::truth},
    {"enable-script-checks", "enable_script_checks", Flag::Kind::truth},
    {"encrypt", "encrypt"},
    {"grpc-port", "ports.grpc", Flag::Kind::number},
    {"grpc-tls-port", "ports.grpc_tls", Flag::Kind::number},
    {"http-port", "ports.http", Flag::Kind::number},
    {"https-port", "ports.https", Flag::Kind::number},
    {"join", "start_join", Flag::Kind::list},
    {"join-wan", "start_join_wan", Flag::Kind::list},
    {"log-file", "log_file"},
    {"log-json", "log_json", Flag::Kind::truth},
    {"log-level", "log_level"},
    {"log-rotate-bytes", "log_rotate_bytes", Flag::Kind::number},
    {"log-rotate-duration", "log_rotate_duration"},
    {"log-rotate-max-files", "log_rotate_max_files", Flag::Kind::number},
    {"node", "node_name"},
    {"node-id", "node_id"},
    {"node-meta", "node_meta", Flag::Kind::pair},
    {"non-voting-server", "non_voting_server", Flag::Kind::truth},
    {"pid-file", "pid_file"},
    {"primary-gateway", "primary_gateways", Flag::Kind::list},
    {"protocol", "protocol", Flag::Kind::number},
    {"raft-protocol", "raft_protocol", Flag::Kind::number},
    {"read-replica", "read_replica", Flag::Kind::truth},
    {"recursor", "recursors", Flag::Kind::list},
    {"rejoin", "rejoin_after_leave", Flag::Kind::truth},
    {"retry-interval", "retry_interval"},
    {"retry-interval-wan", "retry_interval_wan"},
    {"retry-join", "retry_join", Flag::Kind::list},
    {"retry-join-wan", "retry_join_wan", Flag::Kind::list},
    {"retry-max", "retry_max", Flag::Kind::number},
    {"retry-max-wan", "retry_max_wan", Flag::Kind::number},
    {"segment", "segment"},
    {"serf-lan-bind", "serf_lan"},
    {"serf-lan-port", "ports.serf_lan", Flag::Kind::number},
    {"serf-wan-bind", "serf_wan"},
    {"serf-wan-port", "ports.serf_wan", Flag::Kind::number},
    {"server", "server", Flag::Kind::truth},
    {"server-port", "ports.server", Flag::Kind::number},
    {"syslog", "enable_syslog", Flag::Kind::truth},
    {"ui", "ui", Flag::Kind::truth},
    {"ui-content-path", "ui_content_path"},
    {"ui-dir", "ui_dir"},
};

// "a.b" of an object, made if it is not there.
Json& place_of(Json& document, std::string_view key) {
    const auto dot = key.find('.');
    if (dot == std::string_view::npos) return document[std::string(key)];
    Json& outer = document[std::string(key.substr(0, dot))];
    if (!outer.is_object()) outer = Json::object();
    return outer[std::string(key.substr(dot + 1))];
}

void apply_flag(Json& overrides, const Flag& flag, const std::string& word, const std::string& value) {
    Json& place = place_of(overrides, flag.key);
    switch (flag.kind) {
    case Flag::Kind::text: place = value; break;
    case Flag::Kind::number: {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc() || end != value.data() + value.size()) refuse(word, "\"" + value + "\" is not a number");
        place = number;
        break;
    }
    case Flag::Kind::truth:
        if (value != "true" && value != "false" && value != "1" && value != "0") refuse(word, "\"" + value + "\" is neither true nor false");
        place = value == "true" || value == "1";
        break;
    case Flag::Kind::list:
        if (!place.is_array()) place = Json::array();
        place.push_back(value);
        break;
    case Flag::Kind::pair: {
        const auto colon = value.find(':');
        if (colon == std::string::npos) refuse(word, "\"" + value + "\" is not key:value");
        if (!place.is_object()) place = Json::object();
        place[value.substr(0, colon)] = value.substr(colon + 1);
    }
    }
}

// The files of a folder, by their names; where it is not said what they are written in, those whose name says it.
void add_folder(CommandLine& line, const std::string& folder) {
    std::error_code error;
    std::set<std::string> sorted;
    for (auto entry = std::filesystem::directory_iterator(folder, error); !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string extension = entry->path().extension();
        if (entry->is_regular_file() && (line.format != Format::by_name || extension == ".json" || extension == ".hcl")) sorted.insert(entry->path().string());
    }
    if (error) refuse(folder, error.message());
    line.files.insert(line.files.end(), sorted.begin(), sorted.end());
}

struct Place {
    std::string path;
    bool is_folder; // it must be one
};

void add_files(CommandLine& line, const std::vector<Place>& places) {
    for (const Place& place : places) {
        if (place.is_folder || std::filesystem::is_directory(place.path))
            add_folder(line, place.path);
        else
            line.files.push_back(place.path);
    }
}

Format format_of(const std::string& word, const std::string& value) {
    if (value != "json" && value != "hcl") refuse(word, "must be json or hcl");
    return value == "hcl" ? Format::hcl : Format::json;
}

Json fragment_of(const std::string& word, const std::string& text) {
    try {
        return document_of_hcl(text);
    } catch (const hcl::Error& error) {
        refuse(word, error.what());
    }
}

} // namespace

Validation parse_validate_line(const std::vector<std::string>& arguments) {
    Validation validation;
    std::vector<Place> places;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (!word.starts_with('-')) {
            places.push_back({word, false});
            continue;
        }
        const std::string name = word.substr(word.starts_with("--") ? 2 : 1);
        constexpr std::string_view format = "config-format";
        if (name == "quiet")
            validation.quiet = true;
        else if (name == format && i + 1 < arguments.size())
            validation.line.format = format_of(word, arguments[++i]);
        else if (name.starts_with(format) && name[format.size()] == '=')
            validation.line.format = format_of(word, name.substr(format.size() + 1));
        else
            refuse(word, name == format ? "needs a value" : "there is no such flag");
    }
    if (places.empty()) refuse("validate", "name at least one file or folder");
    add_files(validation.line, places);
    return validation;
}

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
    CommandLine line;
    std::vector<Place> places;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word.size() < 2 || word[0] != '-') refuse(word, "is not a flag; see consul agent in docs/discovery.md");
        std::string name = word.substr(word.starts_with("--") ? 2 : 1);
        std::optional<std::string> value;
        if (const auto equals = name.find('='); equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
        }
        const auto flag = std::find_if(std::begin(flags), std::end(flags), [&](const Flag& one) { return one.name == name; });
        const bool is_truth = name == "dev" || (flag != std::end(flags) && flag->kind == Flag::Kind::truth);
        const bool is_known = is_truth || flag != std::end(flags) || name == "config-file" || name == "config-dir" || name == "config-format" || name == "hcl";
        if (!is_known) refuse(word, "there is no such flag");
        if (!value) {
            if (is_truth)
                value = "true"; // as Go reads flags: a truth takes no next word
            else if (i + 1 < arguments.size())
                value = arguments[++i];
            else
                refuse(word, "needs a value");
        }
        if (name == "dev")
            line.dev = *value == "true" || *value == "1";
        else if (name == "config-file" || name == "config-dir")
            places.push_back({*value, name == "config-dir"});
        else if (name == "config-format")
            line.format = format_of(word, *value);
        else if (name == "hcl")
            line.fragments.push_back(fragment_of(word, *value));
        else
            apply_flag(line.overrides, *flag, word, *value);
    }
    add_files(line, places);
    return line;
}

} // namespace gravity::registry::consul
