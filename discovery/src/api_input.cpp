#include "api_input.hpp"

#include "api_input_detail.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <tuple>

namespace gravity::registry::api {
namespace {

constexpr std::size_t max_name_bytes = 512;

bool same_name(std::string_view a, std::string_view b) {
    std::size_t j = 0;
    for (const char c : a) {
        if (c == '_') continue;
        if (j == b.size() || ascii::lower(c) != ascii::lower(b[j])) return false;
        ++j;
    }
    return j == b.size();
}

void check_name(const std::string& name, const std::string& what) {
    if (name.size() > max_name_bytes) throw ApiError(400, what + " is longer than " + std::to_string(max_name_bytes) + " bytes");
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

Check check_from(const AgentCheckIn& in, const std::string& node, Scripts scripts) {
    Check check;
    check.node = node;
    check.name = text_or(in.Name);
    check.id = text_or(in.CheckID, text_or(in.ID, check.name));
    check_name(check.id, "Check ID");
    check_name(check.name, "Check name");
    check.notes = text_or(in.Notes);
    check.service_id = text_or(in.ServiceID);
    check.run_here = true;
    check.definition = definition_from(in, node, scripts);
    if (check.definition.type == CheckType::alias) check.status = Status::passing; // until it is looked at, in the same commit
    if (const std::string status = text_or(in.Status); !status.empty()) check.status = status_from(status, "Bad check status");
    return check;
}

Register registration_from(const AgentServiceIn& in, const std::string& node, Scripts scripts) {
    Register registration;
    registration.instance = instance_from(in, node);
    registration.replace_same_address = true;
    const Instance& instance = *registration.instance;
    std::vector<AgentCheckIn> checks;
    if (in.Check) checks.push_back(*in.Check);
    checks.insert(checks.end(), in.Checks.begin(), in.Checks.end());
    for (std::size_t i = 0; i < checks.size(); ++i) {
        Check check = check_from(checks[i], node, scripts);
        check.service_id = instance.id;
        check.service_name = instance.name;
        if (check.name.empty()) check.name = "Service '" + instance.name + "' check";
        if (text_or(checks[i].CheckID, text_or(checks[i].ID)).empty())
            check.id = "service:" + instance.id + (checks.size() > 1 ? ":" + std::to_string(i + 1) : "");
        registration.checks.push_back(std::move(check));
    }
    return registration;
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
        const std::tuple<const std::optional<std::string>*, CheckType> kinds[] = {{&given.HTTP, CheckType::http},
                                                                                  {&given.TCP, CheckType::tcp},
                                                                                  {&given.UDP, CheckType::udp},
                                                                                  {&given.GRPC, CheckType::grpc},
                                                                                  {&given.H2PING, CheckType::h2ping}};
        for (const auto& [target, type] : kinds) {
            if (text_or(*target).empty() || !definition.target.empty()) continue;
            definition.type = type;
            definition.target = **target;
        }
        definition.method = text_or(given.Method);
        definition.header = given.Header;
        definition.body = text_or(given.Body);
        definition.tls_skip_verify = given.TLSSkipVerify.value_or(false);
        if (given.DisableRedirects.value_or(false)) definition.disable_redirects = true;
        if (!text_or(given.TLSServerName).empty()) definition.tls_server_name = given.TLSServerName;
        definition.interval_us = us_or(given.Interval, us_or(given.IntervalDuration));
        definition.timeout_us = us_or(given.Timeout, us_or(given.TimeoutDuration));
        definition.deregister_after_us = us_or(given.DeregisterCriticalServiceAfter, us_or(given.DeregisterCriticalServiceAfterDuration));
    }
    return check;
}

} // namespace gravity::registry::api
