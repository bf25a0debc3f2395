#pragma once

#include "access.hpp"
#include "dns_message.hpp"
#include "model.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// The catalog as a DNS zone: which records a question is answered with. No I/O, no clock.
namespace gravity::registry::dns {

struct ZoneOptions {
    std::string domain = "consul";
    std::string datacenter = "dc1";
    std::string node;          // this daemon's own
    bool only_passing = false; // instances with a warning are left out too
    std::uint32_t ttl = 0;
};

enum class Transport : unsigned char {
    udp,
    tcp
};

/// Names below the domain, with or without the datacenter at their end:
///     [<tag>.]<name>.service   _<name>._<tag>.service   <name>.node   <hex address>.addr   <id or name>.query
/// and the addresses of nodes and instances below in-addr.arpa and ip6.arpa.
class Zone {
public:
    /// Tells what may be seen with the token that a prepared query has of its own, or else, with an empty one, over DNS.
    using AskAccess = std::function<Access(const std::string& query_token)>;
    /// Without `access` everything may be seen.
    Zone(const Model& model, ZoneOptions options, AskAccess access = {});

    /// `client`: who asks, where that is known; a resolver may ask for another.
    Answer answer(const Query& query, const std::optional<Address>& client = {});
    /// The same from bytes to bytes, within what the transport carries. Nothing: silence.
    std::optional<std::string> respond(std::string_view packet, Transport transport, const std::optional<Address>& client = {});

private:
    struct Candidate; // an instance that may be named
    Answer apex(const Query& query) const;
    Answer service(const Query& query, Name labels);
    Answer prepared(const Query& query, const std::string& name, const std::optional<Address>& client);
    Answer of_instances(const Query& query, const std::vector<Candidate>& found, std::uint32_t ttl);
    Answer node(const Query& query, const Name& labels) const;
    Answer address(const Query& query, const Name& labels) const;
    Answer reverse(const Query& query, const Name& lower) const;
    std::vector<Candidate> candidates(const std::string& name, const std::string& tag) const;
    void add_service_records(const Query& query, const std::vector<Candidate>& found, std::uint32_t ttl, Answer& answer) const;
    void add_address_records(const Query& query, const std::vector<Candidate>& found, std::uint32_t ttl, Answer& answer) const;
    bool may_see(const Instance& instance) const;
    bool may_see(const Node& node) const;
    const Node* node_named(const std::string& lower) const;
    Name below(std::initializer_list<std::string_view> labels) const; // then datacenter and domain
    Answer negative(Code code) const;
    Answer or_empty(Answer answer) const;
    Record start_of_authority() const;

    std::optional<std::string> respond_known(const Query& query, const std::string& key);
    void remember(const Query& query, std::string key, const Answer& answer);

    /// What instances of a service are answered with, for as long as nothing has changed about it.
    struct Known {
        std::string service;
        std::int64_t service_index = 0; // at which it was made
        std::int64_t index = 0;         // of the model, at which that was still so
        AnswerPieces pieces;
    };
    static constexpr std::size_t most_known_pieces = 65'536; // some 10 MB

    const Model& model_;
    ZoneOptions options_;
    AskAccess ask_access_;
    Access access_;       // of the question that is being answered
    std::string service_; // whose instances answer it, as it is registered; empty: none
    Name domain_;
    std::mt19937_64 random_;
    std::unordered_map<std::string, Known> known_; // by question, where everything may be seen
    std::size_t known_pieces_ = 0;
};

/// Without EDNS0 a datagram holds few records, so that clients of old that take the first spread over all: three, in the order they have.
/// True if answers were left out.
bool keep_few(Answer& answer);

} // namespace gravity::registry::dns
