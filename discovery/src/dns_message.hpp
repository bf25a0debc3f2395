#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The DNS message format (RFC 1035), with EDNS0 (RFC 6891): bytes to a question, records to bytes. Pure.
namespace gravity::registry::dns {

/// The labels of a name, without the root; any bytes.
using Name = std::vector<std::string>;

/// Without a dot at its end. Throws nothing: for texts of ours; labels longer than 63 bytes are cut when they are written.
Name name_of(std::string_view text);
/// With a dot at its end, for logs and tests.
std::string to_string(const Name& name);
/// Bytes of the name on the wire, uncompressed; a name may have 255.
std::size_t wire_size(const Name& name);

enum class Type : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    ptr = 12,
    txt = 16,
    aaaa = 28,
    srv = 33,
    opt = 41,
    any = 255
};

/// RFC 1035 section 4.1.1 and, from 16 on, with the upper bits of EDNS0.
enum class Code : std::uint16_t {
    ok = 0,
    format_error = 1,
    server_failure = 2,
    name_error = 3,
    not_implemented = 4,
    refused = 5,
    bad_version = 16
};

inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t class_any = 255;
inline constexpr std::size_t plain_udp_bytes = 512;
inline constexpr std::size_t most_udp_bytes = 4096; // beyond it datagrams are fragmented and lost

struct Address4 {
    std::array<std::uint8_t, 4> bytes{};
    friend auto operator<=>(const Address4&, const Address4&) = default;
};
struct Address6 {
    std::array<std::uint8_t, 16> bytes{};
    friend auto operator<=>(const Address6&, const Address6&) = default;
};
using Address = std::variant<Address4, Address6>;
/// A dotted or colon-separated address; nothing for a host name.
std::optional<Address> parse_address(std::string_view text);
/// One of IPv4 in the form of IPv6, as sockets for both show it, as one of IPv4; others as they are.
Address unmapped(const Address& address);

/// For whom a resolver asks (RFC 7871): his address, or the front part of it.
struct ClientSubnet {
    Address address; // zeros behind the prefix
    std::uint8_t prefix = 0; // bits
};

/// What a client asks. Any type and class number may come.
struct Query {
    std::uint16_t id = 0;
    std::uint8_t opcode = 0;
    bool recursion_desired = false;
    Name name; // in the client's letter case, which is echoed
    std::uint16_t type = 0;
    std::uint16_t class_ = 0;
    bool edns = false;
    std::uint8_t edns_version = 0;
    bool dnssec_ok = false; // echoed, as RFC 3225 asks
    std::uint16_t udp_bytes = plain_udp_bytes; // that the client can take in one datagram
    std::optional<ClientSubnet> subnet{};
};

/// A packet that is no question. With a code it is answered by that code alone; without it with silence: an answer, or less than a header.
struct Malformed {
    std::uint16_t id = 0;
    std::uint8_t opcode = 0;
    bool recursion_desired = false;
    std::optional<Code> code;
};

std::variant<Query, Malformed> parse_query(std::string_view packet);

/// NS, CNAME or PTR, as the record's type says.
struct Target {
    Name name;
};
struct Service {
    std::uint16_t priority = 1;
    std::uint16_t weight = 1;
    std::uint16_t port = 0;
    Name target;
};
struct Text {
    std::string text; // split into strings of 255 bytes
};
struct Authority {
    Name server;
    Name mailbox;
    std::uint32_t serial = 0;
    std::uint32_t refresh = 3600;
    std::uint32_t retry = 600;
    std::uint32_t expire = 86'400;
    std::uint32_t minimum = 0; // for how long a negative answer may be kept (RFC 2308)
};

struct Record {
    Name name;
    Type type = Type::a;
    std::uint32_t ttl = 0;
    std::variant<Address4, Address6, Target, Service, Text, Authority> data;
};

struct Answer {
    Code code = Code::ok;
    bool authoritative = true;
    bool of_subnet = false; // another client subnet may get another one
    std::vector<Record> answers;
    std::vector<Record> authority;
    std::vector<Record> additional;
};

/// The answer's bytes, at most `limit` of them. What does not fit is left out from the end: additional records silently, because they are a
/// courtesy (RFC 2181 section 9), answers and authority with the truncation bit, upon which a client asks again over TCP. `truncated` says that
/// answers were left out before.
std::string write_answer(const Query& query, const Answer& answer, std::size_t limit, bool truncated = false);
/// An answer that many ask for, as pieces of bytes: put together in another order each time, it is what write_answer() would make of the records in that
/// order. Of SRV records and addresses only.
class AnswerPieces {
public:
    /// Nothing if there are other records in it. `query`: whose answer it is.
    static std::optional<AnswerPieces> of(const Query& query, const Answer& answer);

    /// At most so many answers, in an order drawn at random; for a question with the same name, whatever its letter case.
    std::string write(const Query& query, std::size_t limit, std::size_t most_answers, std::mt19937_64& random);
    std::size_t size() const { return pieces_.size(); }

private:
    struct Piece {
        std::string record;         // its owner is the question's name
        std::string additional;     // what follows the owner of its additional record, which is the target; empty: there is none
        std::size_t target = 0;     // equal for equal targets
        std::size_t written_at = 0; // in the answer that is being written
    };
    std::vector<Piece> pieces_;
    std::vector<std::uint64_t> told_; // by target: the last answer that has its additional record
    std::uint64_t answers_ = 0;       // written so far
};

/// An answer without a question, for a packet that has none. Nothing if silence is the answer.
std::optional<std::string> write_refusal(const Malformed& packet);

} // namespace gravity::registry::dns
