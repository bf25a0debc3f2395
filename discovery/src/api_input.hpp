#pragma once

#include "api.hpp"
#include "go_duration.hpp"

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
    std::optional<Json> Args, Script, ScriptArgs, DockerContainerID, GRPC, UDP, H2PING, AliasNode, AliasService, OSService; // refused
};
BOOST_DESCRIBE_STRUCT(AgentCheckIn, (),
                      (ID, CheckID, Name, Notes, ServiceID, Status, HTTP, Method, Body, TCP, Header, TLSSkipVerify, TTL, Interval, Timeout,
                       DeregisterCriticalServiceAfter, SuccessBeforePassing, FailuresBeforeWarning, FailuresBeforeCritical, OutputMaxSize, Args,
                       Script, ScriptArgs, DockerContainerID, GRPC, UDP, H2PING, AliasNode, AliasService, OSService))

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
    std::optional<GoDuration> LeaseTTL; // Gravity's: not registered again within it, gone
};
BOOST_DESCRIBE_STRUCT(AgentServiceIn, (),
                      (ID, Name, Address, Tags, TaggedAddresses, Meta, Port, Weights, EnableTagOverride, Check, Checks, LeaseTTL))

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
    std::optional<GoDuration> LeaseTTL;
};
BOOST_DESCRIBE_STRUCT(CatalogServiceIn, (), (ID, Service, Address, Tags, TaggedAddresses, Meta, Port, Weights, EnableTagOverride, LeaseTTL))

/// Kept to be shown: checks of the catalog are executed by whoever registered them.
struct CheckDefinitionIn {
    std::optional<std::string> HTTP, TCP, Method, Body;
    std::map<std::string, std::vector<std::string>, std::less<>> Header;
    std::optional<bool> TLSSkipVerify;
    std::optional<GoDuration> Interval, IntervalDuration, Timeout, TimeoutDuration;
    std::optional<GoDuration> DeregisterCriticalServiceAfter, DeregisterCriticalServiceAfterDuration;
};
BOOST_DESCRIBE_STRUCT(CheckDefinitionIn, (),
                      (HTTP, TCP, Method, Body, Header, TLSSkipVerify, Interval, IntervalDuration, Timeout, TimeoutDuration,
                       DeregisterCriticalServiceAfter, DeregisterCriticalServiceAfterDuration))

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

/// As Go reads JSON: names match without case and underscores, null is absent, a length of time may be a number of nanoseconds.
Json as_go_reads(const Json& in, const meta::Type& type);

/// Throws ApiError 400 with the field named.
void decode_body(std::string_view body, meta::MutableRef out);
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
Check check_from(const AgentCheckIn& in, const std::string& node);
Check check_from(const CatalogCheckIn& in, const std::string& node);
void check_meta(const Texts& meta, const std::string& what);

} // namespace gravity::registry::api
