#pragma once

#include "api.hpp"
#include "filter.hpp"
#include "nearness.hpp"

#include <gravity/json/codec.hpp>
#include <gravity/meta/describe.hpp>

/// Answers as Consul's clients read them. The members are the names on the wire.
namespace gravity::registry::api {

struct WeightsOut {
    int Passing = 1, Warning = 1;
};
BOOST_DESCRIBE_STRUCT(WeightsOut, (), (Passing, Warning))

struct AddressOut {
    std::string Address;
    int Port = 0;
};
BOOST_DESCRIBE_STRUCT(AddressOut, (), (Address, Port))
using AddressesOut = std::map<std::string, AddressOut, std::less<>>;

struct NodeOut {
    std::string ID, Node, Address, Datacenter;
    Texts TaggedAddresses, Meta;
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(NodeOut, (), (ID, Node, Address, Datacenter, TaggedAddresses, Meta, CreateIndex, ModifyIndex))

struct ServiceOut {
    std::string ID, Service;
    std::vector<std::string> Tags;
    std::string Address;
    AddressesOut TaggedAddresses;
    Texts Meta;
    int Port = 0;
    WeightsOut Weights;
    bool EnableTagOverride = false;
    std::optional<std::string> SocketPath;
    std::optional<registry::Locality> Locality;
    Texts Proxy, Connect; // as ServiceProxy below
    std::optional<std::string> LeaseTTL;
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(ServiceOut, (),
                      (ID, Service, Tags, Address, TaggedAddresses, Meta, Port, Weights, EnableTagOverride, SocketPath, Locality, Proxy, Connect,
                       LeaseTTL, CreateIndex, ModifyIndex))

struct AgentServiceOut {
    std::string ID, Service;
    std::vector<std::string> Tags;
    Texts Meta;
    int Port = 0;
    std::string Address;
    AddressesOut TaggedAddresses;
    WeightsOut Weights;
    bool EnableTagOverride = false;
    std::optional<std::string> SocketPath;
    std::optional<registry::Locality> Locality;
    std::optional<std::string> LeaseTTL;
    std::string Datacenter;
    std::optional<std::string> ContentHash;
};
BOOST_DESCRIBE_STRUCT(AgentServiceOut, (),
                      (ID, Service, Tags, Meta, Port, Address, TaggedAddresses, Weights, EnableTagOverride, SocketPath, Locality, LeaseTTL, Datacenter,
                       ContentHash))

struct ServiceNodeOut {
    std::string ID, Node, Address, Datacenter;
    Texts TaggedAddresses, NodeMeta;
    std::string ServiceID, ServiceName;
    std::vector<std::string> ServiceTags;
    std::string ServiceAddress;
    AddressesOut ServiceTaggedAddresses;
    Texts ServiceMeta;
    int ServicePort = 0;
    WeightsOut ServiceWeights;
    bool ServiceEnableTagOverride = false;
    std::optional<std::string> ServiceSocketPath;
    std::optional<registry::Locality> ServiceLocality;
    Texts ServiceProxy, ServiceConnect; // of a mesh, which there is none of: empty, as Consul has them then
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(ServiceNodeOut, (),
                      (ID, Node, Address, Datacenter, TaggedAddresses, NodeMeta, ServiceID, ServiceName, ServiceTags, ServiceAddress,
                       ServiceTaggedAddresses, ServiceMeta, ServicePort, ServiceWeights, ServiceEnableTagOverride, ServiceSocketPath, ServiceLocality,
                       ServiceProxy, ServiceConnect, CreateIndex, ModifyIndex))

struct DefinitionOut { // only what is set, as Consul
    std::optional<std::string> HTTP, TCP, UDP, GRPC, H2PING, Method, Body, TLSServerName, AliasNode, AliasService;
    std::optional<std::string> Interval, Timeout, DeregisterCriticalServiceAfter;
    std::optional<std::vector<std::string>> ScriptArgs;
    std::optional<std::map<std::string, std::vector<std::string>, std::less<>>> Header;
    std::optional<bool> TLSSkipVerify, DisableRedirects, TCPUseTLS, GRPCUseTLS, H2PingUseTLS;
};
BOOST_DESCRIBE_STRUCT(DefinitionOut, (),
                      (HTTP, TCP, UDP, GRPC, GRPCUseTLS, H2PING, H2PingUseTLS, TCPUseTLS, ScriptArgs, AliasNode, AliasService, Method, Body, Header,
                       DisableRedirects, TLSServerName, TLSSkipVerify, Interval, Timeout, DeregisterCriticalServiceAfter))

struct CheckOut {
    std::string Node, CheckID, Name;
    registry::Status Status = registry::Status::critical;
    std::string Notes, Output, ServiceID, ServiceName;
    std::vector<std::string> ServiceTags;
    std::string Type, Interval, Timeout;
    int ExposedPort = 0;
    DefinitionOut Definition;
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(CheckOut, (),
                      (Node, CheckID, Name, Status, Notes, Output, ServiceID, ServiceName, ServiceTags, Type, Interval, Timeout, ExposedPort,
                       Definition, CreateIndex, ModifyIndex))

struct ServiceEntryOut {
    NodeOut Node;
    ServiceOut Service;
    std::vector<CheckOut> Checks;
};
BOOST_DESCRIBE_STRUCT(ServiceEntryOut, (), (Node, Service, Checks))

struct ServiceCheckOut {
    std::string ID, Namespace;
};
BOOST_DESCRIBE_STRUCT(ServiceCheckOut, (), (ID, Namespace))

struct SessionOut {
    std::string ID, Name, Node;
    std::int64_t LockDelay = 0; // nanoseconds
    SessionBehavior Behavior = SessionBehavior::release;
    std::string TTL;
    std::vector<std::string> NodeChecks;
    std::optional<std::vector<ServiceCheckOut>> ServiceChecks;
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(SessionOut, (),
                      (ID, Name, Node, LockDelay, Behavior, TTL, NodeChecks, ServiceChecks, CreateIndex, ModifyIndex))

NodeOut node_out(const Node& node, const Agent& agent);
ServiceOut service_out(const Instance& instance);
AgentServiceOut agent_service_out(const Instance& instance, const Agent& agent);
ServiceNodeOut service_node_out(const Instance& instance, const Node& node, const Agent& agent);
CheckOut check_out(const Check& check, const Model& model);
/// With the checks of the node and its own.
ServiceEntryOut service_entry_out(const Instance& instance, const Node& node, const Model& model, const Agent& agent);
SessionOut session_out(const Session& session);
/// A key as an object; `with_value` false: its value is null, as in the answer of a transaction that wrote it.
/// ApiError unless the command was taken.
void throw_refusal(const Reply& reply);
/// The answer of commands that say no more than that they were taken.
Answer true_or_error(const Reply& reply);

void append_key(std::string& out, std::string_view key, const KvEntry& entry, bool with_value = true);

template <class T>
Answer answer_json(const T& value) {
    return {200, json::encode(value)};
}

/// `?near=` of a request.
NearWish near_of(const Context& context, const Call& call);

Filter filter_of(const Query& query, const meta::Type& item);
/// The `filter` of a query on items of this type; ApiError 400 if it is none.
template <class Item>
Filter filter_of(const Query& query) {
    return filter_of(query, meta::type_of<Item>());
}
template <class Item>
bool passes(const Item& item, const Filter& filter) {
    return filter.is_empty() || filter.matches(json::to_document(item));
}

/// A JSON array written item by item: lists may be longer than a described one.
class ListWriter {
public:
    template <class T>
    void add(const T& item) {
        text_ += text_.size() == 1 ? "" : ",";
        json::encode(meta::ref(item), text_);
    }
    /// Only if it passes.
    template <class T>
    void add(const T& item, const Filter& filter) {
        if (passes(item, filter)) add(item);
    }
    std::string finish() && { return std::move(text_ += ']'); }

private:
    std::string text_ = "[";
};

/// A JSON object written member by member.
class ObjectWriter {
public:
    template <class T>
    void add(std::string_view name, const T& member) {
        begin(name);
        json::encode(meta::ref(member), text_);
    }
    void add_raw(std::string_view name, std::string_view json_text) {
        begin(name);
        text_ += json_text;
    }
    std::string finish() && { return std::move(text_ += '}'); }

private:
    void begin(std::string_view name);
    std::string text_ = "{";
};

/// Calls `visit(key, row)` for the rows whose key begins with `prefix`.
template <class R, class Visit>
void each_with_prefix(const Model& model, std::string_view prefix, Visit visit) {
    const Table<R>& table = model.table<R>();
    for (auto row = table.lower_bound(prefix); row != table.end() && row->first.starts_with(prefix); ++row) visit(row->first, *row->second);
}

/// True if the instance has every one of the tags.
bool has_tags(const Instance& instance, const std::vector<std::string>& wanted);
/// The `node-meta=key:value` filters of a query.
std::vector<std::pair<std::string, std::string>> node_meta_of(const Query& query);
bool has_meta(const Node& node, const std::vector<std::pair<std::string, std::string>>& wanted);

} // namespace gravity::registry::api

GRAVITY_TABLES(registry::api, WeightsOut, AddressOut, NodeOut, ServiceOut, AgentServiceOut, ServiceNodeOut, DefinitionOut, CheckOut, ServiceEntryOut,
               ServiceCheckOut, SessionOut)
