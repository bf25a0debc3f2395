#include "api_input.hpp"

#include "probe.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/url.hpp>
#include <gravity/http/wire.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::registry::api {
namespace {

constexpr std::size_t max_name_bytes = 512;
constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t shortest_reap_us = 60 * second_us;
constexpr std::int64_t shortest_interval_us = second_us;
constexpr std::int64_t default_timeout_us = 10 * second_us;

bool same_name(std::string_view a, std::string_view b) {
    std::size_t j = 0;
    for (const char c : a) {
        if (c == '_') continue;
        if (j == b.size() || ascii::lower(c) != ascii::lower(b[j])) return false;
        ++j;
    }
    return j == b.size();
}

std::string text_or(const std::optional<std::string>& text, std::string_view otherwise = {}) {
    return text && !text->empty() ? *text : std::string(otherwise);
}

std::int64_t us_or(const std::optional<GoDuration>& duration, std::int64_t otherwise = 0) { return duration ? duration->us() : otherwise; }

void check_name(const std::string& name, const std::string& what) {
    if (name.size() > max_name_bytes) throw ApiError(400, what + " is longer than " + std::to_string(max_name_bytes) + " bytes");
}

int bounded(const std::optional<int>& value, int otherwise, int least, int most, const std::string& what) {
    const int number = value.value_or(otherwise);
    if (number < least || number > most)
        throw ApiError(400, "Invalid " + what + ": must be between " + std::to_string(least) + " and " + std::to_string(most));
    return number;
}

template <class In>
Instance instance_of(const In& in, const std::string& node, const std::string& name) {
    Instance instance;
    instance.node = node;
    instance.name = name;
    instance.id = text_or(in.ID, name);
    check_name(instance.name, "Service name");
    check_name(instance.id, "Service ID");
    instance.tags = in.Tags;
    instance.address = text_or(in.Address);
    check_name(instance.address, "Service address");
    if (instance.address == "0.0.0.0" || instance.address == "::" || instance.address == "[::]") throw ApiError(400, "Invalid service address");
    for (const auto& [tag, address] : in.TaggedAddresses)
        instance.tagged_addresses[tag] = {text_or(address.Address), bounded(address.Port, 0, 0, 65535, "tagged address port")};
    check_meta(in.Meta, "Service");
    instance.meta = in.Meta;
    instance.port = bounded(in.Port, 0, 0, 65535, "service port");
    // A Go client that sets no weights sends zeros to the catalog.
    if (in.Weights && (in.Weights->Passing.value_or(0) != 0 || in.Weights->Warning.value_or(0) != 0)) {
        instance.weight_passing = bounded(in.Weights->Passing, 1, 1, 65535, "service weight Passing");
        instance.weight_warning = bounded(in.Weights->Warning, 1, 0, 65535, "service weight Warning");
    }
    instance.enable_tag_override = in.EnableTagOverride.value_or(false);
    if (in.SocketPath && !in.SocketPath->empty()) instance.socket_path = in.SocketPath;
    instance.locality = in.Locality;
    instance.lease_us = us_or(in.LeaseTTL);
    if (instance.lease_us != 0 && instance.lease_us < second_us) throw ApiError(400, "Invalid LeaseTTL: must be at least 1s");
    return instance;
}

void refuse_other_types(const AgentCheckIn& in) {
    const auto given = [](const std::optional<Json>& value) {
        if (!value || value->is_null()) return false;
        return !(value->is_string() && value->as_string().empty()) && !(value->is_array() && value->size() == 0);
    };
    if (given(in.Args) || given(in.Script) || given(in.ScriptArgs) || given(in.DockerContainerID))
        throw ApiError(400, "Invalid check: scripts are disabled on this agent");
    const std::pair<const std::optional<Json>*, const char*> others[] = {
        {&in.GRPC, "GRPC"},
        {&in.UDP, "UDP"},
        {&in.H2PING, "H2PING"},
        {&in.AliasNode, "AliasNode"},
        {&in.AliasService, "AliasService"},
        {&in.OSService, "OSService"},
    };
    for (const auto& [value, name] : others)
        if (given(*value)) throw ApiError(400, std::string("Invalid check: ") + name + " checks are not supported by this agent");
}

CheckDefinition definition_of(const AgentCheckIn& in) {
    refuse_other_types(in);
    const std::string http = text_or(in.HTTP);
    const std::string tcp = text_or(in.TCP);
    CheckDefinition definition;
    definition.ttl_us = us_or(in.TTL);
    definition.interval_us = us_or(in.Interval);
    if (!http.empty() && !tcp.empty()) throw ApiError(400, "Invalid check: HTTP and TCP cannot both be specified");
    const bool probed = !http.empty() || !tcp.empty();
    if (probed && definition.ttl_us != 0) throw ApiError(400, "Invalid check: TTL cannot be specified with HTTP or TCP");
    if (definition.interval_us != 0 && definition.ttl_us != 0) throw ApiError(400, "Invalid check: Interval and TTL cannot both be specified");
    if (probed && definition.interval_us == 0) throw ApiError(400, "Invalid check: Interval must be > 0 for HTTP and TCP checks");
    if (!probed && definition.ttl_us == 0) throw ApiError(400, "Invalid check: TTL must be > 0 for TTL checks");
    definition.type = !http.empty() ? CheckType::http : !tcp.empty() ? CheckType::tcp
                                                                     : CheckType::ttl;
    if (probed) {
        definition.interval_us = std::max(definition.interval_us, shortest_interval_us);
        definition.timeout_us = us_or(in.Timeout) != 0 ? us_or(in.Timeout) : default_timeout_us;
    }
    if (definition.type == CheckType::http) {
        if (!http::parse_url(http)) throw ApiError(400, "Invalid check: HTTP is not an absolute http or https URL");
        definition.target = http;
        definition.method = text_or(in.Method, "GET");
        definition.header = in.Header;
        definition.body = text_or(in.Body);
        definition.tls_skip_verify = in.TLSSkipVerify.value_or(false);
        if (!http::is_token(definition.method)) throw ApiError(400, "Invalid check: Method is not an HTTP method");
        for (const auto& [name, values] : definition.header)
            for (const std::string& value : values)
                if (!http::is_token(name) || !http::is_field_value(value)) throw ApiError(400, "Invalid check: Header is not an HTTP field");
    } else if (definition.type == CheckType::tcp) {
        if (!split_address(tcp)) throw ApiError(400, "Invalid check: TCP is not host:port");
        definition.target = tcp;
    }
    definition.success_before_passing = bounded(in.SuccessBeforePassing, 0, 0, 1'000'000, "check SuccessBeforePassing");
    definition.failures_before_critical = bounded(in.FailuresBeforeCritical, 0, 0, 1'000'000, "check FailuresBeforeCritical");
    definition.failures_before_warning = bounded(in.FailuresBeforeWarning, 0, 0, 1'000'000, "check FailuresBeforeWarning");
    if (definition.failures_before_warning > definition.failures_before_critical)
        throw ApiError(400, "Invalid check: FailuresBeforeWarning can't be higher than FailuresBeforeCritical");
    definition.output_max_size = bounded(in.OutputMaxSize, 4096, 1, 1'048'576, "check OutputMaxSize");
    // As Consul: shorter is taken for the shortest, not refused.
    if (const std::int64_t after = us_or(in.DeregisterCriticalServiceAfter); after != 0)
        definition.deregister_after_us = std::max(after, shortest_reap_us);
    return definition;
}

} // namespace

Json as_go_reads(const Json& in, const meta::Type& type) {
    switch (type.kind) {
    case meta::Kind::optional: return as_go_reads(in, type.optional->element());
    case meta::Kind::text:
        if (type.format == GoDuration::format && in.kind() == Json::Kind::integer) return std::to_string(in.as_integer()) + "ns";
        if (type.format == GoUnsigned::format && in.kind() == Json::Kind::integer) return std::to_string(in.as_integer());
        return in;
    case meta::Kind::list: {
        if (!in.is_array()) return in;
        Json out = Json::array();
        for (const Json& item : in.as_array()) out.push_back(as_go_reads(item, type.list->element()));
        return out;
    }
    case meta::Kind::map: {
        if (!in.is_object()) return in;
        Json out = Json::object();
        for (const auto& [name, member] : in.as_object())
            if (!member.is_null()) out[name] = as_go_reads(member, type.map->element());
        return out;
    }
    case meta::Kind::object: {
        if (!in.is_object()) return in;
        Json out = Json::object();
        for (const auto& [name, member] : in.as_object()) {
            if (member.is_null()) continue;
            for (const meta::Field& field : type.object->fields()) {
                // The exact name wins over one that only resembles it.
                if (same_name(name, field.name) && (name == field.name || in.find(field.name) == nullptr))
                    out[field.name] = as_go_reads(member, field.type());
            }
        }
        return out;
    }
    default: return in;
    }
}

void decode_body(std::string_view body, meta::MutableRef out) {
    const auto document = Json::parse(body);
    if (!document) throw ApiError(400, "Request decode failed: " + document.why());
    decode_document(*document, out);
}

void decode_document(const Json& document, meta::MutableRef out) {
    if (!document.is_object()) throw ApiError(400, "Request decode failed: must be an object");
    const Json tidy = as_go_reads(document, *out.type);
    meta::Errors errors;
    json::decode(tidy, out, errors, json::Unknown::ignore);
    if (!errors.empty()) throw ApiError(400, "Request decode failed: " + errors.to_string());
}

std::string with_large_integers_quoted(std::string_view json_text) {
    constexpr std::size_t digits_of_63_bits = 19;
    std::string out;
    out.reserve(json_text.size());
    bool in_string = false;
    for (std::size_t i = 0; i < json_text.size();) {
        const char c = json_text[i];
        if (in_string || !ascii::is_digit(c)) {
            if (in_string && c == '\\' && i + 1 < json_text.size()) out += json_text[i++];
            if (c == '"') in_string = !in_string;
            out += json_text[i++];
            continue;
        }
        std::size_t end = i;
        while (end < json_text.size() && (ascii::is_digit(json_text[end]) || std::string_view(".eE+-").find(json_text[end]) != std::string_view::npos)) ++end;
        const std::string_view number = json_text.substr(i, end - i);
        const bool plain = std::all_of(number.begin(), number.end(), ascii::is_digit) && (i == 0 || json_text[i - 1] != '-');
        const bool large = plain && number.size() >= digits_of_63_bits;
        if (large) out += '"';
        out += number;
        if (large) out += '"';
        i = end;
    }
    return out;
}

Status status_from(const std::string& text, const std::string& problem) {
    if (text == "passing") return Status::passing;
    if (text == "warning") return Status::warning;
    if (text == "critical") return Status::critical;
    throw ApiError(400, problem);
}

void check_meta(const Texts& meta, const std::string& what) {
    const auto refuse = [&](const std::string& why) { throw ApiError(400, "Invalid " + what + " Meta: " + why); };
    if (meta.size() > 64) refuse("cannot contain more than 64 key/value pairs");
    for (const auto& [key, value] : meta) {
        const bool plain = std::all_of(key.begin(), key.end(), [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
        if (key.empty() || !plain) refuse("Key \"" + key + "\" contains invalid characters");
        if (key.size() > 128) refuse("Key is too long (limit: 128 characters)");
        if (value.size() > 512) refuse("Value of \"" + key + "\" is too long (limit: 512 characters)");
    }
}

Instance instance_from(const AgentServiceIn& in, const std::string& node) {
    const std::string name = text_or(in.Name);
    if (name.empty()) throw ApiError(400, "Missing service name");
    return instance_of(in, node, name);
}

Instance instance_from(const CatalogServiceIn& in, const std::string& node) {
    const std::string name = text_or(in.Service);
    if (name.empty()) throw ApiError(400, "Must provide service name (Service.Service)");
    return instance_of(in, node, name);
}

Check check_from(const AgentCheckIn& in, const std::string& node) {
    Check check;
    check.node = node;
    check.name = text_or(in.Name);
    check.id = text_or(in.CheckID, text_or(in.ID, check.name));
    check_name(check.id, "Check ID");
    check_name(check.name, "Check name");
    check.notes = text_or(in.Notes);
    check.service_id = text_or(in.ServiceID);
    check.run_here = true;
    if (const std::string status = text_or(in.Status); !status.empty()) check.status = status_from(status, "Bad check status");
    check.definition = definition_of(in);
    return check;
}

Check check_from(const CatalogCheckIn& in, const std::string& node) {
    Check check;
    check.node = node;
    check.name = text_or(in.Name);
    check.id = text_or(in.CheckID, check.name);
    if (check.id.empty()) throw ApiError(400, "Must provide CheckID or Name of the check");
    check_name(check.id, "Check ID");
    check_name(check.name, "Check name");
    check.notes = text_or(in.Notes);
    check.output = text_or(in.Output);
    check.service_id = text_or(in.ServiceID);
    if (const std::string status = text_or(in.Status); !status.empty()) check.status = status_from(status, "Bad check status");
    if (in.Definition) {
        const CheckDefinitionIn& given = *in.Definition;
        CheckDefinition& definition = check.definition;
        definition.type = !text_or(given.HTTP).empty() ? CheckType::http : !text_or(given.TCP).empty() ? CheckType::tcp
                                                                                                       : CheckType::none;
        definition.target = text_or(given.HTTP, text_or(given.TCP));
        definition.method = text_or(given.Method);
        definition.header = given.Header;
        definition.body = text_or(given.Body);
        definition.tls_skip_verify = given.TLSSkipVerify.value_or(false);
        definition.interval_us = us_or(given.Interval, us_or(given.IntervalDuration));
        definition.timeout_us = us_or(given.Timeout, us_or(given.TimeoutDuration));
        definition.deregister_after_us = us_or(given.DeregisterCriticalServiceAfter, us_or(given.DeregisterCriticalServiceAfterDuration));
    }
    return check;
}

} // namespace gravity::registry::api
