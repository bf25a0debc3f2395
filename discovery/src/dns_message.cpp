#include "dns_message.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <map>
#include <utility>

namespace gravity::registry::dns {
namespace {

constexpr std::size_t header_bytes = 12;
constexpr std::size_t most_name_bytes = 255;
constexpr std::size_t most_label_bytes = 63;
constexpr std::size_t most_offset = 0x3FFF; // that a compression pointer can name

// ---- reading

class Reader {
public:
    explicit Reader(std::string_view packet) : packet_(packet) {}

    bool at_end() const { return at_ == packet_.size(); }
    bool read_bytes(std::size_t count, std::string_view& out) {
        if (packet_.size() - at_ < count) return false;
        out = packet_.substr(at_, count);
        at_ += count;
        return true;
    }
    template <class Number>
    bool read(Number& out) {
        if (packet_.size() - at_ < sizeof(Number)) return false;
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < sizeof(Number); ++i) number = number << 8 | byte(at_ + i);
        out = static_cast<Number>(number);
        at_ += sizeof(Number);
        return true;
    }
    /// A name, whose compression pointers may only point backwards: so it ends, however it is made.
    bool read_name(Name& out) {
        std::size_t from = at_;
        std::size_t lowest = at_; // what a pointer must stay below
        std::size_t size = 1;
        bool jumped = false;
        out.clear();
        for (;;) {
            if (from >= packet_.size()) return false;
            const std::size_t length = byte(from);
            if (length == 0) {
                if (!jumped) at_ = from + 1;
                return true;
            }
            if ((length & 0xC0) == 0xC0) {
                if (from + 1 >= packet_.size()) return false;
                const std::size_t target = (length & 0x3F) << 8 | byte(from + 1);
                if (target >= lowest) return false;
                if (!jumped) at_ = from + 2;
                jumped = true;
                from = lowest = target;
                continue;
            }
            if (length > most_label_bytes || from + 1 + length > packet_.size()) return false;
            size += 1 + length;
            if (size > most_name_bytes) return false;
            out.emplace_back(packet_.substr(from + 1, length));
            from += 1 + length;
        }
    }

private:
    std::size_t byte(std::size_t at) const { return static_cast<unsigned char>(packet_[at]); }
    std::string_view packet_;
    std::size_t at_ = 0;
};

// ---- writing

class Writer {
public:
    std::string& bytes() { return out_; }

    void u8(std::uint8_t number) { out_ += static_cast<char>(number); }
    void u16(std::uint16_t number) {
        u8(static_cast<std::uint8_t>(number >> 8));
        u8(static_cast<std::uint8_t>(number));
    }
    void u32(std::uint32_t number) {
        u16(static_cast<std::uint16_t>(number >> 16));
        u16(static_cast<std::uint16_t>(number));
    }
    void patch16(std::size_t at, std::size_t number) {
        out_[at] = static_cast<char>(number >> 8);
        out_[at + 1] = static_cast<char>(number);
    }
    /// `compressed` false: targets of SRV records (RFC 2782) are written in full.
    void name(const Name& name, bool compressed = true) {
        for (std::size_t i = 0; i < name.size(); ++i) {
            const std::string suffix = key_of(name, i);
            if (compressed) {
                if (const auto known = offsets_.find(suffix); known != offsets_.end()) {
                    u16(static_cast<std::uint16_t>(0xC000U | known->second));
                    return;
                }
            }
            if (out_.size() <= most_offset) offsets_.try_emplace(suffix, out_.size());
            const std::size_t length = std::min(name[i].size(), most_label_bytes);
            u8(static_cast<std::uint8_t>(length));
            out_.append(name[i], 0, length);
        }
        u8(0);
    }
    /// In full, and not to be pointed at.
    void plain_name(const Name& name) {
        for (const std::string& label : name) {
            const std::size_t length = std::min(label.size(), most_label_bytes);
            u8(static_cast<std::uint8_t>(length));
            out_.append(label, 0, length);
        }
        u8(0);
    }
    /// Takes back everything from `size` on.
    void shrink(std::size_t size) {
        out_.resize(size);
        std::erase_if(offsets_, [size](const auto& known) { return known.second >= size; });
    }

private:
    // Letter case counts here, so that a name is echoed as it was asked even where it is compressed.
    static std::string key_of(const Name& name, std::size_t from) {
        std::string key;
        for (std::size_t i = from; i < name.size(); ++i) {
            key += static_cast<char>(std::min(name[i].size(), most_label_bytes));
            key.append(name[i], 0, most_label_bytes);
        }
        return key;
    }
    std::string out_;
    std::map<std::string, std::size_t> offsets_;
};

void write_data(Writer& out, const Record& record) {
    if (const auto* four = std::get_if<Address4>(&record.data)) {
        for (const std::uint8_t byte : four->bytes) out.u8(byte);
    } else if (const auto* six = std::get_if<Address6>(&record.data)) {
        for (const std::uint8_t byte : six->bytes) out.u8(byte);
    } else if (const auto* target = std::get_if<Target>(&record.data)) {
        out.name(target->name);
    } else if (const auto* service = std::get_if<Service>(&record.data)) {
        out.u16(service->priority);
        out.u16(service->weight);
        out.u16(service->port);
        out.name(service->target, false);
    } else if (const auto* text = std::get_if<Text>(&record.data)) {
        std::size_t at = 0;
        do {
            const std::size_t length = std::min<std::size_t>(text->text.size() - at, 255);
            out.u8(static_cast<std::uint8_t>(length));
            out.bytes().append(text->text, at, length);
            at += length;
        } while (at < text->text.size());
    } else if (const auto* authority = std::get_if<Authority>(&record.data)) {
        out.name(authority->server);
        out.name(authority->mailbox);
        for (const std::uint32_t number : {authority->serial, authority->refresh, authority->retry, authority->expire, authority->minimum}) out.u32(number);
    }
}

void write_record(Writer& out, const Record& record) {
    out.name(record.name);
    out.u16(static_cast<std::uint16_t>(record.type));
    out.u16(class_in);
    out.u32(record.ttl);
    const std::size_t length_at = out.bytes().size();
    out.u16(0);
    write_data(out, record);
    out.patch16(length_at, out.bytes().size() - length_at - 2);
}

// How many of them fit.
std::uint16_t write_section(Writer& out, const std::vector<Record>& records, std::size_t limit) {
    std::uint16_t count = 0;
    for (const Record& record : records) {
        const std::size_t before = out.bytes().size();
        write_record(out, record);
        if (out.bytes().size() > limit || count == 0xFFFF) {
            out.shrink(before);
            return count;
        }
        ++count;
    }
    return count;
}

constexpr std::uint16_t bit_response = 0x8000, bit_authoritative = 0x0400, bit_truncated = 0x0200, bit_recursion_desired = 0x0100;

std::uint16_t flags_of(std::uint8_t opcode, bool recursion_desired, Code code) {
    const auto opcode_bits = static_cast<std::uint16_t>((opcode & 0xF) << 11);
    const auto code_bits = static_cast<std::uint16_t>(static_cast<std::uint16_t>(code) & 0xF);
    return static_cast<std::uint16_t>(bit_response | opcode_bits | (recursion_desired ? bit_recursion_desired : 0) | code_bits);
}

constexpr std::size_t plain_option_record_bytes = 11;
constexpr std::uint16_t subnet_option = 8; // RFC 7871
constexpr std::size_t subnet_head_bytes = 4; // family, two lengths
constexpr std::uint16_t family_of_4 = 1, family_of_6 = 2;

std::size_t subnet_address_bytes(const ClientSubnet& subnet) { return (subnet.prefix + 7U) / 8; }
std::size_t option_record_bytes(const Query& query) {
    if (!query.edns) return 0;
    return plain_option_record_bytes + (query.subnet ? 4 + subnet_head_bytes + subnet_address_bytes(*query.subnet) : 0);
}
constexpr std::uint16_t pointer_to_question = 0xC000U | header_bytes;
constexpr std::size_t target_in_service_record = 18; // bytes before it: a pointer as owner, type, class, TTL, length; priority, weight, port

// `of_subnet` false: the answer is good for all subnets.
void write_option_record(Writer& out, const Query& query, Code code, bool of_subnet = false) {
    out.u8(0); // the root
    out.u16(static_cast<std::uint16_t>(Type::opt));
    out.u16(most_udp_bytes);
    out.u8(static_cast<std::uint8_t>(static_cast<std::uint16_t>(code) >> 4));
    out.u8(0); // version
    out.u16(query.dnssec_ok ? 0x8000 : 0);
    out.u16(static_cast<std::uint16_t>(option_record_bytes(query) - plain_option_record_bytes));
    if (!query.subnet) return;
    const std::size_t size = subnet_address_bytes(*query.subnet);
    out.u16(subnet_option);
    out.u16(static_cast<std::uint16_t>(subnet_head_bytes + size));
    out.u16(std::holds_alternative<Address4>(query.subnet->address) ? family_of_4 : family_of_6);
    out.u8(query.subnet->prefix);
    out.u8(of_subnet ? query.subnet->prefix : 0);
    std::visit([&](const auto& address) { out.bytes().append(reinterpret_cast<const char*>(address.bytes.data()), size); }, query.subnet->address);
}

// Nothing if it is none (RFC 7871 section 6): a family of its own invention, a prefix longer than the address, bits behind the prefix.
template <class Bits>
std::optional<ClientSubnet> subnet_of(Bits address, std::uint8_t prefix, std::string_view bytes) {
    ClientSubnet subnet{address, prefix};
    if (prefix > 8 * address.bytes.size() || bytes.size() != subnet_address_bytes(subnet)) return std::nullopt;
    if (prefix % 8 != 0 && (static_cast<unsigned char>(bytes.back()) & (0xFFU >> prefix % 8)) != 0) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    subnet.address = address;
    return subnet;
}

std::optional<ClientSubnet> read_subnet(std::string_view option) {
    Reader in(option);
    std::uint16_t family = 0;
    std::uint8_t prefix = 0, scope = 0; // of answers
    if (!in.read(family) || !in.read(prefix) || !in.read(scope)) return std::nullopt;
    const std::string_view address = option.substr(subnet_head_bytes);
    if (family == family_of_4) return subnet_of(Address4(), prefix, address);
    return family == family_of_6 ? subnet_of(Address6(), prefix, address) : std::nullopt;
}

// False if they are none, or tell what cannot be.
bool read_options(std::string_view options, Query& query) {
    Reader in(options);
    while (!in.at_end()) {
        std::uint16_t code = 0, length = 0;
        std::string_view option;
        if (!in.read(code) || !in.read(length) || !in.read_bytes(length, option)) return false;
        if (code == subnet_option && !(query.subnet = read_subnet(option))) return false;
    }
    return true;
}

} // namespace

Name name_of(std::string_view text) {
    Name name;
    while (!text.empty()) {
        const auto dot = text.find('.');
        if (const auto label = text.substr(0, dot); !label.empty()) name.emplace_back(label);
        if (dot == std::string_view::npos) break;
        text.remove_prefix(dot + 1);
    }
    return name;
}

std::string to_string(const Name& name) {
    std::string text;
    for (const std::string& label : name) text += label + '.';
    return text.empty() ? "." : text;
}

std::size_t wire_size(const Name& name) {
    std::size_t size = 1;
    for (const std::string& label : name) size += 1 + std::min(label.size(), most_label_bytes);
    return size;
}

std::variant<Query, Malformed> parse_query(std::string_view packet) {
    Reader in(packet);
    Query query;
    Malformed bad;
    std::uint16_t flags = 0;
    std::uint16_t counts[4]{};
    if (packet.size() < header_bytes) return bad;
    in.read(query.id);
    in.read(flags);
    for (std::uint16_t& count : counts) in.read(count);
    if ((flags & bit_response) != 0) return bad; // two servers that answer each other's answers would never stop
    query.opcode = bad.opcode = static_cast<std::uint8_t>(flags >> 11 & 0xF);
    query.recursion_desired = bad.recursion_desired = (flags & bit_recursion_desired) != 0;
    bad.id = query.id;
    if (query.opcode != 0) {
        bad.code = Code::not_implemented;
        return bad;
    }
    bad.code = Code::format_error;
    if (counts[0] != 1 || !in.read_name(query.name) || !in.read(query.type) || !in.read(query.class_)) return bad;
    const std::size_t records = std::size_t{counts[1]} + counts[2] + counts[3];
    for (std::size_t i = 0; i < records; ++i) {
        Name owner;
        std::uint16_t type = 0, class_ = 0, length = 0;
        std::uint32_t ttl = 0;
        std::string_view data;
        if (!in.read_name(owner) || !in.read(type) || !in.read(class_) || !in.read(ttl) || !in.read(length) || !in.read_bytes(length, data)) return bad;
        if (type != static_cast<std::uint16_t>(Type::opt)) continue;
        const bool in_additional = i >= std::size_t{counts[1]} + counts[2];
        if (query.edns || !owner.empty() || !in_additional) return bad;
        query.edns = true;
        query.udp_bytes = std::max<std::uint16_t>(class_, plain_udp_bytes);
        query.edns_version = static_cast<std::uint8_t>(ttl >> 16);
        query.dnssec_ok = (ttl & 0x8000) != 0;
        if (query.edns_version == 0 && !read_options(data, query)) return bad;
    }
    return query;
}

namespace {

/// The header, with one question; its flags and the other counts are written when they are known.
void begin(Writer& out, std::uint16_t id) {
    out.u16(id);
    out.u16(0);
    out.u16(1);
    for (int i = 0; i < 3; ++i) out.u16(0);
}

} // namespace

std::string write_answer(const Query& query, const Answer& answer, std::size_t limit, bool truncated) {
    Writer out;
    begin(out, query.id);
    out.name(query.name);
    out.u16(query.type);
    out.u16(query.class_);
    const std::size_t room = limit - option_record_bytes(query);

    const std::uint16_t answers = write_section(out, answer.answers, room);
    const bool all_answers = answers == answer.answers.size();
    const std::uint16_t authority = all_answers ? write_section(out, answer.authority, room) : std::uint16_t{0};
    const bool all = all_answers && authority == answer.authority.size();
    std::uint16_t additional = all ? write_section(out, answer.additional, room) : std::uint16_t{0};
    if (query.edns) {
        write_option_record(out, query, answer.code, answer.of_subnet);
        ++additional;
    }
    std::uint16_t flags = flags_of(query.opcode, query.recursion_desired, answer.code);
    if (answer.authoritative) flags |= bit_authoritative;
    if (truncated || !all) flags |= bit_truncated;
    out.patch16(2, flags);
    out.patch16(6, answers);
    out.patch16(8, authority);
    out.patch16(10, additional);
    return std::move(out.bytes());
}

std::optional<AnswerPieces> AnswerPieces::of(const Query& query, const Answer& answer) {
    if (answer.code != Code::ok || !answer.authoritative || !answer.authority.empty()) return std::nullopt;
    const auto is_address = [](const Record& record) { return record.type == Type::a || record.type == Type::aaaa; };
    // From its type on.
    const auto rest_of = [](const Record& record) {
        Writer out;
        out.u16(static_cast<std::uint16_t>(record.type));
        out.u16(class_in);
        out.u32(record.ttl);
        out.u16(0);
        const std::size_t begin = out.bytes().size();
        if (const auto* service = std::get_if<Service>(&record.data)) {
            out.u16(service->priority);
            out.u16(service->weight);
            out.u16(service->port);
            out.plain_name(service->target);
        } else {
            write_data(out, record);
        }
        out.patch16(begin - 2, out.bytes().size() - begin);
        return std::move(out.bytes());
    };
    AnswerPieces made;
    std::map<Name, std::size_t> targets;
    for (const Record& record : answer.answers) {
        const auto* service = std::get_if<Service>(&record.data);
        if (record.name != query.name || (service == nullptr && !is_address(record))) return std::nullopt;
        Writer owner;
        owner.u16(pointer_to_question);
        Piece piece;
        piece.record = owner.bytes() + rest_of(record);
        if (service != nullptr) piece.target = targets.try_emplace(service->target, targets.size()).first->second;
        made.pieces_.push_back(std::move(piece));
    }
    std::map<std::size_t, std::string> additional;
    for (const Record& record : answer.additional) {
        const auto target = targets.find(record.name);
        if (target == targets.end() || !is_address(record) || !additional.try_emplace(target->second, rest_of(record)).second) return std::nullopt;
    }
    if (!targets.empty())
        for (Piece& piece : made.pieces_)
            if (const auto found = additional.find(piece.target); found != additional.end()) piece.additional = found->second;
    made.told_.resize(targets.size());
    return made;
}

std::string AnswerPieces::write(const Query& query, std::size_t limit, std::size_t most_answers, std::mt19937_64& random) {
    const std::size_t room = std::min(limit, most_offset) - option_record_bytes(query);
    const std::size_t wanted = std::min(most_answers, pieces_.size());
    Writer out;
    out.bytes().reserve(plain_udp_bytes);
    begin(out, query.id);
    out.plain_name(query.name);
    out.u16(query.type);
    out.u16(query.class_);
    std::size_t answers = 0;
    for (; answers < wanted; ++answers) {
        std::swap(pieces_[answers], pieces_[answers + random() % (pieces_.size() - answers)]);
        Piece& piece = pieces_[answers];
        if (out.bytes().size() + piece.record.size() > room) break;
        piece.written_at = out.bytes().size();
        out.bytes() += piece.record;
    }
    const bool all = answers == pieces_.size();
    std::size_t additional = 0;
    ++answers_;
    for (std::size_t i = 0; i < answers && answers == wanted; ++i) {
        const Piece& piece = pieces_[i];
        if (piece.additional.empty() || std::exchange(told_[piece.target], answers_) == answers_) continue;
        if (out.bytes().size() + sizeof(std::uint16_t) + piece.additional.size() > room) break;
        out.u16(static_cast<std::uint16_t>(0xC000U | (piece.written_at + target_in_service_record)));
        out.bytes() += piece.additional;
        ++additional;
    }
    if (query.edns) {
        write_option_record(out, query, Code::ok);
        ++additional;
    }
    out.patch16(2, static_cast<std::size_t>(flags_of(query.opcode, query.recursion_desired, Code::ok) | bit_authoritative | (all ? 0 : bit_truncated)));
    out.patch16(6, answers);
    out.patch16(10, additional);
    return std::move(out.bytes());
}

std::optional<std::string> write_refusal(const Malformed& packet) {
    if (!packet.code) return std::nullopt;
    Writer out;
    out.u16(packet.id);
    out.u16(flags_of(packet.opcode, packet.recursion_desired, *packet.code));
    for (int i = 0; i < 4; ++i) out.u16(0);
    return std::move(out.bytes());
}

std::optional<Address> parse_address(std::string_view text) {
    const std::string terminated(text);
    if (terminated.find('\0') != std::string::npos) return std::nullopt;
    Address4 four;
    if (::inet_pton(AF_INET, terminated.c_str(), four.bytes.data()) == 1) return four;
    Address6 six;
    if (::inet_pton(AF_INET6, terminated.c_str(), six.bytes.data()) == 1) return six;
    return std::nullopt;
}

Address unmapped(const Address& address) {
    constexpr std::array<std::uint8_t, 12> mark{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    const auto* six = std::get_if<Address6>(&address);
    if (six == nullptr || !std::equal(mark.begin(), mark.end(), six->bytes.begin())) return address;
    Address4 four;
    std::copy(six->bytes.begin() + mark.size(), six->bytes.end(), four.bytes.begin());
    return four;
}

} // namespace gravity::registry::dns
