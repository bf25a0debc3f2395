#include "consul_config.hpp"

#include "api_input.hpp"
#include "consul_hcl.hpp"
#include "hcl.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace gravity::registry::consul {

void refuse(const std::string& key, const std::string& why) { throw ConfigError(key + ": " + why); }

namespace {

// Keys that say something about gossip, Raft, the mesh, the web interface or the paid product, or that are kept by other means here (TLS by the
// gateway, figures by /metrics, logs by whoever starts the daemon). They are taken, with one line in the log.
constexpr std::string_view without_effect[] = {
    "acl_datacenter",
    "acl_default_policy",
    "advertise_addr_ipv4",
    "advertise_addr_ipv6",
    "advertise_addr_wan",
    "advertise_addr_wan_ipv4",
    "advertise_addr_wan_ipv6",
    "advertise_reconnect_timeout",
    "audit",
    "auto_config",
    "auto_encrypt",
    "auto_reload_config",
    "autopilot",
    "bootstrap",
    "bootstrap_expect",
    "ca_file",
    "ca_path",
    "cert_file",
    "check_update_interval",
    "cloud",
    "config_entries",
    "connect",
    "default_intention_policy",
    "default_query_time",
    "disable_anonymous_signature",
    "disable_coordinates",
    "disable_host_node_id",
    "disable_http_unprintable_char_filter",
    "disable_keyring_file",
    "disable_remote_exec",
    "disable_update_check",
    "discard_check_output",
    "discovery_max_stale",
    "enable_agent_tls_for_checks",
    "enable_central_service_config",
    "enable_debug",
    "enable_syslog",
    "encrypt",
    "encrypt_verify_incoming",
    "encrypt_verify_outgoing",
    "experiments",
    "gossip_lan",
    "gossip_wan",
    "key_file",
    "leave_on_terminate",
    "license_path",
    "limits",
    "locality",
    "log_file",
    "log_json",
    "log_rotate_bytes",
    "log_rotate_duration",
    "log_rotate_max_files",
    "max_query_time",
    "non_voting_server",
    "partition",
    "peering",
    "performance",
    "primary_datacenter",
    "primary_gateways",
    "primary_gateways_interval",
    "protocol",
    "raft_boltdb",
    "raft_logstore",
    "raft_protocol",
    "raft_snapshot_interval",
    "raft_snapshot_threshold",
    "raft_trailing_logs",
    "read_replica",
    "reconnect_timeout",
    "reconnect_timeout_wan",
    "rejoin_after_leave",
    "reporting",
    "retry_interval",
    "retry_interval_wan",
    "retry_join",
    "retry_join_wan",
    "retry_max",
    "retry_max_wan",
    "rpc",
    "segment",
    "segments",
    "serf_allowed_cidrs_lan",
    "serf_allowed_cidrs_wan",
    "serf_lan",
    "serf_wan",
    "server",
    "server_name",
    "server_rejoin_age_max",
    "session_ttl_min",
    "skip_leave_on_interrupt",
    "start_join",
    "start_join_wan",
    "syslog_facility",
    "tagged_addresses",
    "telemetry",
    "tls",
    "tls_cipher_suites",
    "tls_min_version",
    "tls_prefer_server_cipher_suites",
    "translate_wan_addrs",
    "ui",
    "ui_config",
    "ui_content_path",
    "ui_dir",
    "use_streaming_backend",
    "verify_incoming",
    "verify_incoming_https",
    "verify_incoming_rpc",
    "verify_outgoing",
    "verify_server_hostname",
    "version",
    "xds",
};
static_assert(std::is_sorted(std::begin(without_effect), std::end(without_effect)));

const std::string& text_of(const Json& value, const std::string& key) {
    if (!value.is_string()) refuse(key, "must be a text");
    return value.as_string();
}

bool truth_of(const Json& value, const std::string& key) {
    if (value.kind() != Json::Kind::boolean) refuse(key, "must be true or false");
    return value.as_bool();
}

std::int64_t number_of(const Json& value, const std::string& key) {
    if (value.kind() != Json::Kind::integer) refuse(key, "must be a number");
    return value.as_integer();
}

const Json::Object& object_of(const Json& value, const std::string& key) {
    if (!value.is_object()) refuse(key, "must be an object");
    return value.as_object();
}

bool is_empty(const Json& value) {
    if (value.is_null()) return true;
    if (value.is_string()) return value.as_string().empty();
    if (value.is_array()) return value.size() == 0;
    if (value.is_object()) return value.as_object().empty();
    return false;
}

// One address out of a list with spaces; templates would have to be executed.
std::string address_of(const Json& value, const std::string& key) {
    const std::string& text = text_of(value, key);
    if (text.find("{{") != std::string::npos) refuse(key, "templates are not executed here; write the address");
    return text.substr(0, text.find(' '));
}

bool is_wildcard(const std::string& address) { return address.empty() || address == "0.0.0.0" || address == "::" || address == "[::]"; }

std::int64_t seconds_of(const Json& value, const std::string& key) {
    const auto length = GoDuration::parse(text_of(value, key));
    if (!length) refuse(key, "must be a length of time such as \"10s\"");
    return length->us() / 1'000'000;
}

class Translator {
public:
    explicit Translator(bool dev) : dev_(dev) {}

    void take(const std::string& key, const Json& value) {
        if (value.is_null()) return;
        if (key == "node_name") {
            set("discovery-node-name", text_of(value, key));
        } else if (key == "node_id") {
            if (!is_empty(value)) set("discovery-node-id", text_of(value, key));
        } else if (key == "node_meta") {
            for (const auto& [name, text] : object_of(value, key)) out.node_meta[name] = text_of(text, "node_meta." + name);
        } else if (key == "datacenter") {
            set("discovery-datacenter", ascii::lower(text_of(value, key)));
        } else if (key == "domain" || key == "alt_domain") {
            take_domain(key, text_of(value, key));
        } else if (key == "data_dir") {
            set("discovery-data-dir", text_of(value, key));
        } else if (key == "client_addr") {
            client_ = address_of(value, key);
        } else if (key == "bind_addr") {
            bind_ = address_of(value, key);
        } else if (key == "advertise_addr") {
            advertise_ = address_of(value, key);
        } else if (key == "addresses") {
            for (const auto& [name, address] : object_of(value, key)) take_address(name, address);
        } else if (key == "ports") {
            for (const auto& [name, port] : object_of(value, key)) take_port(name, port);
        } else if (key == "log_level") {
            take_log_level(ascii::lower(text_of(value, key)));
        } else if (key == "pid_file") {
            if (!is_empty(value)) out.pid_file = text_of(value, key);
        } else if (key == "enable_script_checks") {
            if (truth_of(value, key)) out.scripts = Scripts::all;
        } else if (key == "enable_local_script_checks") {
            if (truth_of(value, key) && out.scripts == Scripts::none) out.scripts = Scripts::configured;
        } else if (key == "dns_config") {
            for (const auto& [name, part] : object_of(value, key)) take_dns(name, part);
        } else if (key == "acl") {
            take_acl(value);
        } else if (key == "services" || key == "checks") {
            if (!value.is_array()) refuse(key, "must be a list");
        } else if (key == "recursors") {
            take_recursors(value);
        } else if (key == "recursor" || key == "watches" || key == "http_config" || key == "unix_sockets") {
            // They would change what is answered, to whom, or what is done: silence would be a lie.
            if (!is_empty(value)) refuse(key, "is not supported here");
        } else if (std::binary_search(std::begin(without_effect), std::end(without_effect), std::string_view(key))) {
            if (!is_empty(value)) out.remarks.push_back(key);
        } else {
            refuse(key, "there is no such configuration key");
        }
    }

    Translation finish() {
        if (!out.flags.contains("discovery-data-dir") && !dev_) refuse("data_dir", "cannot be empty");
        const std::string http = http_address_.value_or(client_);
        const bool by_socket = http.starts_with("unix://");
        if (http_port_ < 0 && !by_socket) refuse("ports.http", "cannot be switched off: this daemon tells its health there");
        set("listen-address", http);
        set("port", std::to_string(std::max<std::int64_t>(http_port_, 0)));
        set("discovery-dns-address", dns_address_.value_or(by_socket && client_.starts_with("unix://") ? "127.0.0.1" : client_));
        set("discovery-dns-port", std::to_string(std::max<std::int64_t>(dns_port_, 0)));
        if (!is_wildcard(advertise_))
            set("advertise-address", advertise_);
        else if (!is_wildcard(bind_))
            set("advertise-address", bind_);
        set("deregister-delay-seconds", "0");
        if (out.scripts != Scripts::none) set("discovery-script-checks", std::string(meta::enum_name(out.scripts)));
        return std::move(out);
    }

    Translation out;

private:
    void set(const std::string& flag, const std::string& value) { out.flags[flag] = value; }

    void take_domain(const std::string& key, std::string text) {
        while (text.ends_with('.')) text.pop_back();
        if (key == "alt_domain" && !text.empty()) refuse(key, "is not supported here");
        if (key == "domain") set("discovery-dns-domain", text);
    }

    void take_address(const std::string& name, const Json& value) {
        const std::string key = "addresses." + name;
        if (name != "http" && name != "dns" && name != "https" && name != "grpc" && name != "grpc_tls") refuse(key, "there is no such listener");
        if (is_empty(value)) return;
        const std::string address = address_of(value, key);
        if (name == "http")
            http_address_ = address;
        else if (name == "dns")
            dns_address_ = address;
        else
            out.remarks.push_back(key);
    }

    void take_port(const std::string& name, const Json& value) {
        constexpr std::string_view others[] = {"expose_max_port", "expose_min_port", "grpc", "grpc_tls", "https", "proxy_max_port",
                                               "proxy_min_port", "serf_lan", "serf_wan", "sidecar_max_port", "sidecar_min_port"};
        const std::string key = "ports." + name;
        const std::int64_t port = number_of(value, key);
        if (port < -1 || port > 65'535) refuse(key, "must be between -1 and 65535");
        if (name == "http")
            http_port_ = port == 0 ? http_port_ : port;
        else if (name == "dns")
            dns_port_ = port == 0 ? dns_port_ : port;
        else if (name == "server")
            out.server_port = port > 0 ? static_cast<int>(port) : out.server_port;
        else if (std::find(std::begin(others), std::end(others), name) == std::end(others))
            refuse(key, "there is no such port");
        else if (port > 0)
            out.remarks.push_back(key);
    }

    void take_log_level(const std::string& level) {
        const std::string_view known[] = {"trace", "debug", "info", "warn", "error"};
        const std::string name = level == "err" ? "error" : level == "warning" ? "warn"
                                                                               : level;
        if (std::find(std::begin(known), std::end(known), name) == std::end(known)) refuse("log_level", "must be trace, debug, info, warn or error");
        set("log-level", name);
    }

    void take_recursors(const Json& value) {
        if (!value.is_array()) refuse("recursors", "must be a list");
        std::string list;
        for (const Json& one : value.as_array()) list += (list.empty() ? "" : ",") + address_of(one, "recursors");
        if (!list.empty()) set("discovery-dns-recursors", list);
    }

    void take_dns(const std::string& name, const Json& value) {
        // Of answers that this daemon gives anyway, or never gives.
        constexpr std::string_view others[] = {"a_record_limit", "allow_stale", "cache_max_age", "disable_compression", "enable_additional_node_meta_txt",
                                               "enable_truncate", "max_stale", "node_ttl", "prefer_namespace", "recursor_strategy",
                                               "recursor_timeout", "soa", "udp_answer_limit", "use_cache"};
        const std::string key = "dns_config." + name;
        if (name == "only_passing") {
            set("discovery-dns-only-passing", truth_of(value, key) ? "true" : "false");
        } else if (name == "service_ttl") {
            for (const auto& [service, ttl] : object_of(value, key)) {
                if (service == "*")
                    set("discovery-dns-ttl-seconds", std::to_string(seconds_of(ttl, key + ".*")));
                else
                    out.remarks.push_back(key + "." + service);
            }
        } else if (std::find(std::begin(others), std::end(others), name) != std::end(others)) {
            out.remarks.push_back(key);
        } else {
            refuse(key, "there is no such configuration key");
        }
    }

    // Of agents that ask servers, of tokens that agents themselves use, and of replicas: there is one daemon, which needs none.
    void take_acl(const Json& value) {
        constexpr std::string_view others[] = {"disabled_ttl", "down_policy", "enable_token_persistence", "enable_token_replication", "msp_disable_bootstrap",
                                               "policy_ttl", "role_ttl", "token_ttl"};
        const Json* enabled = value.is_object() ? value.find("enabled") : nullptr;
        const bool in_force = enabled != nullptr && truth_of(*enabled, "acl.enabled");
        if (in_force) {
            set("discovery-acl-enabled", "true");
            set("discovery-acl-default-policy", "allow"); // Consul's own
        }
        for (const auto& [name, part] : object_of(value, "acl")) {
            const std::string key = "acl." + name;
            if (name == "enabled" || is_empty(part)) continue;
            if (name == "default_policy") {
                if (in_force) set("discovery-acl-default-policy", text_of(part, key));
            } else if (name == "enable_key_list_policy") {
                if (truth_of(part, key) && in_force) set("discovery-acl-key-list-policy", "true");
            } else if (name == "tokens") {
                for (const auto& [kind, token] : object_of(part, key)) take_token(kind, token, in_force);
            } else if (std::find(std::begin(others), std::end(others), name) != std::end(others)) {
                out.remarks.push_back(key);
            } else {
                refuse(key, "there is no such configuration key");
            }
        }
    }

    void take_token(const std::string& kind, const Json& token, bool in_force) {
        constexpr std::string_view others[] = {"agent", "agent_master", "agent_recovery", "config_file_service_registration",
                                               "managed_service_provider", "replication"};
        const std::string key = "acl.tokens." + kind;
        const bool management = kind == "initial_management" || kind == "master";
        if (is_empty(token)) return;
        if (management || kind == "default" || kind == "dns") {
            const std::string& secret = text_of(token, key);
            if (in_force) set(management ? "discovery-acl-initial-management" : "discovery-acl-" + kind + "-token", secret);
        } else if (std::find(std::begin(others), std::end(others), kind) != std::end(others)) {
            out.remarks.push_back(key);
        } else {
            refuse(key, "there is no such token");
        }
    }

    bool dev_;
    std::string client_ = "127.0.0.1", bind_, advertise_;
    std::optional<std::string> http_address_, dns_address_;
    std::int64_t http_port_ = 8500, dns_port_ = 8600;
};

std::string contents_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad()) refuse(path, "cannot be read");
    return text;
}

// One alone may stand where a list is wanted: a block of HCL, of which there are no others, is an object.
Json list_of(const Json& value) { return value.is_object() ? Json::array({value}) : value; }

Json with_list_of_checks(Json service) {
    if (const Json* checks = service.is_object() ? service.find("checks") : nullptr) service["checks"] = list_of(*checks);
    return service;
}

void add_items(Json& into, const std::string& name, const Json& value) {
    Json& list = into[name];
    if (!list.is_array()) list = Json::array();
    for (const Json& item : value.as_array()) list.push_back(name == "services" ? with_list_of_checks(item) : item);
}

} // namespace

void merge(Json& into, const Json& from, const std::string& where) {
    if (!from.is_object()) refuse(where, "must be an object");
    for (const auto& [name, value] : from.as_object()) {
        const bool is_one = name == "service" || name == "check", is_list = name == "services" || name == "checks";
        const Json items = is_one && !value.is_array() ? Json::array({value}) : list_of(value);
        if ((is_one || is_list) && items.is_array()) {
            add_items(into, is_one ? name + 's' : name, items);
            continue;
        }
        Json& place = into[name];
        if (place.is_object() && value.is_object()) {
            for (const auto& [key, part] : value.as_object()) place[key] = part;
        } else if (place.is_array() && value.is_array()) {
            for (const Json& item : value.as_array()) place.push_back(item);
        } else {
            place = value;
        }
    }
}

Json parse_file(std::string_view text, const std::string& path, Format format) {
    if (ascii::trim(text).empty()) return Json::object();
    if (format == Format::hcl || (format == Format::by_name && path.ends_with(".hcl"))) {
        try {
            return document_of_hcl(text);
        } catch (const hcl::Error& error) {
            refuse(path, error.what());
        }
    }
    auto document = Json::parse(text);
    if (!document) refuse(path, std::string(document.why()));
    return *std::move(document);
}

Json read_configuration(const CommandLine& line) {
    Json whole = Json::object();
    for (const std::string& path : line.files) merge(whole, parse_file(contents_of(path), path, line.format), path);
    merge(whole, line.overrides, "the command line");
    for (const Json& fragment : line.fragments) merge(whole, fragment, "-hcl");
    return whole;
}

Translation translate(const Json& configuration, bool dev) {
    Translator translator(dev);
    for (const auto& [key, value] : object_of(configuration, "the configuration")) translator.take(key, value);
    return translator.finish();
}

Configure registrations(const Json& configuration, const std::string& node, Scripts scripts) {
    Configure wanted;
    wanted.node = node;
    const auto each = [&](const std::string& list, const auto& visit) {
        const Json* items = configuration.find(list);
        if (items == nullptr || items->is_null()) return;
        for (const Json& item : items->as_array()) {
            try {
                visit(item);
            } catch (const api::ApiError& error) {
                throw ConfigError(list + ": " + error.what());
            }
        }
    };
    const Scripts allowed = scripts == Scripts::none ? Scripts::none : Scripts::configured; // so marked, they run in either mode
    each("services", [&](const Json& item) {
        api::AgentServiceIn in;
        api::decode_document(item, meta::mutable_ref(in));
        wanted.services.push_back(api::registration_from(in, node, allowed));
    });
    each("checks", [&](const Json& item) {
        api::AgentCheckIn in;
        api::decode_document(item, meta::mutable_ref(in));
        Check check = api::check_from(in, node, allowed);
        if (check.id.empty()) throw api::ApiError(400, "Missing check name");
        wanted.checks.push_back(std::move(check));
    });
    return wanted;
}

} // namespace gravity::registry::consul
