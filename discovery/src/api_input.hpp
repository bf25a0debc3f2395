#pragma once

#include "api.hpp"
#include "go_duration.hpp"
#include "go_unsigned.hpp"

#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>

/// Bodies as Consul's clients send them. The members are the names on the wire.
namespace gravity::registry::api {

struct AddressIn {
    std::optional<std::string> Address;
    std::optional<int> Port;
};
BOOST_DESCRIBE_STRUCT(AddressIn, (), (Address, Port))

struct WeightsIn {
    std::optional<int> Passing, Warning;
};
BOOST_DESCRIBE_STRUCT(WeightsIn, (), (Passing, Warning))

/// A check of the agent's API, alone or within a service.
struct AgentCheckIn {
    std::optional<std::string> ID, CheckID, Name, Notes, ServiceID, Status, HTTP, Method, Body, TCP;
    std::map<std::string, std::vector<std::string>, std::less<>> Header;
    std::optional<bool> TLSSkipVerify;
    std::optional<GoDuration> TTL, Interval, Timeout, DeregisterCriticalServiceAfter;
    std::optional<int> SuccessBeforePassing, FailuresBeforeWarning, FailuresBeforeCritical, OutputMaxSize;
    std::optional<std::string> GRPC, UDP, H2PING, AliasNode, AliasService, TLSServerName;
    std::optional<bool> GRPCUseTLS, H2PingUseTLS, TCPUseTLS, DisableRedirects;
    std::vector<std::string> Args, ScriptArgs;                          // a program; the second is the older name
    std::optional<std::string> Script, DockerContainerID, OSService; // refused
};
BOOST_DESCRIBE_STRUCT(AgentCheckIn, (),
                      (ID, CheckID, Name, Notes, ServiceID, Status, HTTP, Method, Body, TCP, Header, TLSSkipVerify, TTL, Interval, Timeout,
                       DeregisterCriticalServiceAfter, SuccessBeforePassing, FailuresBeforeWarning, FailuresBeforeCritical, OutputMaxSize, Args,
                       ScriptArgs, GRPC, GRPCUseTLS, UDP, H2PING, H2PingUseTLS, TCPUseTLS, TLSServerName, DisableRedirects, AliasNode, AliasService,
                       Script, DockerContainerID, OSService))

struct AgentServiceIn {
    std::optional<std::string> ID, Name, Address;
    std::vector<std::string> Tags;
    std::map<std::string, AddressIn, std::less<>> TaggedAddresses;
    Texts Meta;
    std::optional<int> Port;
    std::optional<WeightsIn> Weights;
    std::optional<bool> EnableTagOverride;
    std::optional<AgentCheckIn> Check;
    std::vector<AgentCheckIn> Checks;
    std::optional<std::string> SocketPath;
    std::optional<registry::Locality> Locality;
    std::optional<GoDuration> LeaseTTL; // Gravity's: not registered again within it, gone
};
BOOST_DESCRIBE_STRUCT(AgentServiceIn, (),
                      (ID, Name, Address, Tags, TaggedAddresses, Meta, Port, Weights, EnableTagOverride, Check, Checks, SocketPath, Locality, LeaseTTL))

struct CheckUpdateIn {
    std::optional<std::string> Status, Output;
};
BOOST_DESCRIBE_STRUCT(CheckUpdateIn, (), (Status, Output))

struct CatalogServiceIn {
    std::optional<std::string> ID, Service, Address;
    std::vector<std::string> Tags;
    std::map<std::string, AddressIn, std::less<>> TaggedAddresses;
    Texts Meta;
    std::optional<int> Port;
    std::optional<WeightsIn> Weights;
    std::optional<bool> EnableTagOverride;
    std::optional<std::string> SocketPath;
    std::optional<registry::Locality> Locality;
    std::optional<GoDuration> LeaseTTL;
};
BOOST_DESCRIBE_STRUCT(CatalogServiceIn, (),
                      (ID, Service, Address, Tags, TaggedAddresses, Meta, Port, Weights, EnableTagOverride, SocketPath, Locality, LeaseTTL))

/// Kept to be shown: checks of the catalog are executed by whoever registered them.
struct CheckDefinitionIn {
    std::optional<std::string> HTTP, TCP, UDP, GRPC, H2PING, Method, Body, TLSServerName;
    std::map<std::string, std::vector<std::string>, std::less<>> Header;
    std::optional<bool> TLSSkipVerify, DisableRedirects;
    std::optional<GoDuration> Interval, IntervalDuration, Timeout, TimeoutDuration;
    std::optional<GoDuration> DeregisterCriticalServiceAfter, DeregisterCriticalServiceAfterDuration;
};
BOOST_DESCRIBE_STRUCT(CheckDefinitionIn, (),
                      (HTTP, TCP, UDP, GRPC, H2PING, Method, Body, TLSServerName, Header, TLSSkipVerify, DisableRedirects, Interval, IntervalDuration,
                       Timeout, TimeoutDuration, DeregisterCriticalServiceAfter, DeregisterCriticalServiceAfterDuration))

struct CatalogCheckIn {
    std::optional<std::string> Node, CheckID, Name, Notes, Output, Status, ServiceID;
    std::optional<CheckDefinitionIn> Definition;
};
BOOST_DESCRIBE_STRUCT(CatalogCheckIn, (), (Node, CheckID, Name, Notes, Output, Status, ServiceID, Definition))

struct CatalogRegisterIn {
    std::optional<std::string> ID, Node, Address, Datacenter;
    Texts TaggedAddresses, NodeMeta;
    std::optional<CatalogServiceIn> Service;
    std::optional<CatalogCheckIn> Check;
    std::vector<CatalogCheckIn> Checks;
    std::optional<bool> SkipNodeUpdate;
};
BOOST_DESCRIBE_STRUCT(CatalogRegisterIn, (),
                      (ID, Node, Address, Datacenter, TaggedAddresses, NodeMeta, Service, Check, Checks, SkipNodeUpdate))

struct CatalogDeregisterIn {
    std::optional<std::string> Node, ServiceID, CheckID, Datacenter;
};
BOOST_DESCRIBE_STRUCT(CatalogDeregisterIn, (), (Node, ServiceID, CheckID, Datacenter))

struct ServiceCheckIn {
    std::optional<std::string> ID;
};
BOOST_DESCRIBE_STRUCT(ServiceCheckIn, (), (ID))

struct SessionIn {
    std::optional<std::string> Name, Node, Behavior, TTL;
    std::optional<GoDuration> LockDelay;
    std::optional<std::vector<std::string>> Checks, NodeChecks; // Checks: the name before Consul 1.7
    std::optional<std::vector<ServiceCheckIn>> ServiceChecks;
};
BOOST_DESCRIBE_STRUCT(SessionIn, (), (Name, Node, Behavior, TTL, LockDelay, Checks, NodeChecks, ServiceChecks))

// Operations of a transaction: one of the four is set.

struct KeyOperationIn {
    std::optional<std::string> Verb, Key, Value, Session; // Value in base64
    std::optional<GoUnsigned> Flags, Index;
};
BOOST_DESCRIBE_STRUCT(KeyOperationIn, (), (Verb, Key, Value, Session, Flags, Index))

struct NodeRowIn {
    std::optional<std::string> ID, Node, Address;
    Texts TaggedAddresses, Meta;
    std::optional<GoUnsigned> ModifyIndex;
};
BOOST_DESCRIBE_STRUCT(NodeRowIn, (), (ID, Node, Address, TaggedAddresses, Meta, ModifyIndex))
struct NodeOperationIn {
    std::optional<std::string> Verb;
    std::optional<NodeRowIn> Node;
};
BOOST_DESCRIBE_STRUCT(NodeOperationIn, (), (Verb, Node))

struct ServiceRowIn : CatalogServiceIn {
    std::optional<GoUnsigned> ModifyIndex;
};
BOOST_DESCRIBE_STRUCT(ServiceRowIn, (CatalogServiceIn), (ModifyIndex))
struct ServiceOperationIn {
    std::optional<std::string> Verb, Node;
    std::optional<ServiceRowIn> Service;
};
BOOST_DESCRIBE_STRUCT(ServiceOperationIn, (), (Verb, Node, Service))

struct CheckRowIn : CatalogCheckIn {
    std::optional<GoUnsigned> ModifyIndex;
};
BOOST_DESCRIBE_STRUCT(CheckRowIn, (CatalogCheckIn), (ModifyIndex))
struct CheckOperationIn {
    std::optional<std::string> Verb;
    std::optional<CheckRowIn> Check;
};
BOOST_DESCRIBE_STRUCT(CheckOperationIn, (), (Verb, Check))

struct OperationIn {
    std::optional<KeyOperationIn> KV;
    std::optional<NodeOperationIn> Node;
    std::optional<ServiceOperationIn> Service;
    std::optional<CheckOperationIn> Check;
};
BOOST_DESCRIBE_STRUCT(OperationIn, (), (KV, Node, Service, Check))

/// As Go reads JSON: names match without case and underscores, null is absent, a length of time may be a number of nanoseconds.
Json as_go_reads(const Json& in, const meta::Type& type);

/// Throws ApiError 400 with the field named.
void decode_body(std::string_view body, meta::MutableRef out);
void decode_document(const Json& document, meta::MutableRef out);
/// The text with each integer that needs more than 63 bits as a string, so that it can be parsed; GoUnsigned takes both.
std::string with_large_integers_quoted(std::string_view json_text);
template <class T>
T decode_body(std::string_view body) {
    T value{};
    decode_body(body, meta::mutable_ref(value));
    return value;
}

Status status_from(const std::string& text, const std::string& problem); // ApiError 400 with `problem`
/// Checks what is common to all instances; the bounds on metadata are Consul's, so that what is accepted here is accepted there.
Instance instance_from(const AgentServiceIn& in, const std::string& node);
Instance instance_from(const CatalogServiceIn& in, const std::string& node);
Check check_from(const AgentCheckIn& in, const std::string& node, Scripts scripts = Scripts::none);
Check check_from(const CatalogCheckIn& in, const std::string& node);
/// An instance with its checks, but for the node itself.
Register registration_from(const AgentServiceIn& in, const std::string& node, Scripts scripts);
void check_meta(const Texts& meta, const std::string& what);

} // namespace gravity::registry::api

GRAVITY_TABLES(registry::api, AddressIn, WeightsIn, AgentCheckIn, AgentServiceIn, CheckUpdateIn, CatalogServiceIn, CheckDefinitionIn, CatalogCheckIn,
               CatalogRegisterIn, CatalogDeregisterIn, ServiceCheckIn, SessionIn, KeyOperationIn, NodeRowIn, NodeOperationIn, ServiceRowIn, ServiceOperationIn,
               CheckRowIn, CheckOperationIn, OperationIn)
