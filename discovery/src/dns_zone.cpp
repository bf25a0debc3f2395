#include "dns_zone.hpp"

#include "addresses.hpp"
#include "go_duration.hpp"
#include "nearness.hpp"
#include "queries.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <set>

namespace gravity::registry::dns {
namespace {

constexpr std::size_t few = 3;

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = ascii::lower(c);
    return lower;
}

bool same_but_for_case(std::string_view a, std::string_view lower) {
    return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) { return ascii::lower(x) == y; });
}

bool ends_with(const Name& name, const Name& suffix) {
    return name.size() >= suffix.size() && std::equal(suffix.rbegin(), suffix.rend(), name.rbegin());
}

std::string joined(Name::const_iterator from, Name::const_iterator to) {
    std::string text;
    for (auto label = from; label != to; ++label) text += (label == from ? "" : ".") + *label;
    return text;
}

bool wants(const Query& query, Type type) {
    return query.type == static_cast<std::uint16_t>(type) || query.type == static_cast<std::uint16_t>(Type::any);
}

// The address's record of the owner; nothing if it is a host name.
std::optional<Record> address_record(const Name& owner, std::string_view address, std::uint32_t ttl) {
    const auto parsed = parse_address(address);
    if (!parsed) return std::nullopt;
    if (const auto* four = std::get_if<Address4>(&*parsed)) return Record{owner, Type::a, ttl, *four};
    return Record{owner, Type::aaaa, ttl, std::get<Address6>(*parsed)};
}

std::string hex_of(const Address& address) {
    return std::visit([](const auto& one) { return hex_encode({reinterpret_cast<const char*>(one.bytes.data()), one.bytes.size()}); }, address);
}

// The address that a name below in-addr.arpa or ip6.arpa stands for.
std::optional<Address> reversed(const Name& lower) {
    if (lower.size() == 6 && lower[4] == "in-addr") return parse_address(lower[3] + '.' + lower[2] + '.' + lower[1] + '.' + lower[0]);
    if (lower.size() != 34 || lower[32] != "ip6") return std::nullopt;
    std::string digits;
    for (std::size_t i = 32; i-- > 0;) digits += lower[i];
    const auto bytes = digits.size() == 32 ? hex_decode(digits) : std::nullopt;
    if (!bytes) return std::nullopt;
    Address6 address;
    std::copy(bytes->begin(), bytes->end(), address.bytes.begin());
    return address;
}

std::uint64_t seed() {
    std::uint64_t random = 0;
    fill_random(&random, sizeof random);
    return random;
}

} // namespace

struct Zone::Candidate {
    const Instance* instance;
    const Node* node;
    bool warning;
    const std::string& address() const { return address_of(*instance, node); }
};

Zone::Zone(const Model& model, ZoneOptions options, AskAccess access)
    : model_(model), options_(std::move(options)), ask_access_(std::move(access)), domain_(name_of(lowered(options_.domain))), random_(seed()) {}

bool Zone::may_see(const Node& node) const { return access_.may(Resource::node, Grant::read, node.name); }

bool Zone::may_see(const Instance& instance) const {
    return access_.may(Resource::node, Grant::read, instance.node) && access_.may(Resource::service, Grant::read, instance.name);
}

Name Zone::below(std::initializer_list<std::string_view> labels) const {
    Name name;
    for (const std::string_view label : labels) {
        const Name parts = name_of(label);
        name.insert(name.end(), parts.begin(), parts.end());
    }
    name.push_back(options_.datacenter);
    name.insert(name.end(), domain_.begin(), domain_.end());
    return name;
}

Record Zone::start_of_authority() const {
    Authority authority;
    authority.server = domain_;
    authority.server.insert(authority.server.begin(), "ns");
    authority.mailbox = domain_;
    authority.mailbox.insert(authority.mailbox.begin(), "hostmaster");
    authority.serial = static_cast<std::uint32_t>(model_.index());
    return {domain_, Type::soa, 0, authority};
}

Answer Zone::negative(Code code) const {
    Answer answer;
    answer.code = code;
    answer.authority.push_back(start_of_authority());
    return answer;
}

Answer Zone::or_empty(Answer answer) const { return answer.answers.empty() ? negative(Code::ok) : answer; }

Answer Zone::answer(const Query& query, const std::optional<Address>& client) {
    service_.clear();
    if (ask_access_) access_ = ask_access_({});
    Answer refused;
    refused.authoritative = false;
    refused.code = Code::refused;
    if (query.edns_version != 0) {
        refused.code = Code::bad_version;
        return refused;
    }
    if (query.class_ != class_in && query.class_ != class_any) return refused;
    Name labels;
    for (const std::string& label : query.name) labels.push_back(lowered(label));
    if (!labels.empty() && labels.back() == "arpa") return reverse(query, labels);
    if (!ends_with(labels, domain_)) return refused;
    labels.resize(labels.size() - domain_.size());
    if (labels.empty()) return apex(query);
    if (labels.size() == 1 && labels[0] == "ns") return node(query, {lowered(options_.node)});

    const auto is_kind = [](const std::string& label) { return label == "service" || label == "node" || label == "addr" || label == "query"; };
    if (!is_kind(labels.back())) {
        if (labels.back() == "dc") labels.pop_back();
        const bool here = labels.size() >= 2 && is_kind(labels[labels.size() - 2]) && labels.back() == lowered(options_.datacenter);
        if (!here) return negative(Code::name_error);
        labels.pop_back();
    }
    const std::string kind = labels.back();
    labels.pop_back();
    if (labels.empty()) return negative(Code::name_error);
    if (kind == "service") return service(query, std::move(labels));
    if (kind == "query") return prepared(query, joined(labels.begin(), labels.end()), client);
    return kind == "node" ? node(query, labels) : address(query, labels);
}

Answer Zone::apex(const Query& query) const {
    Answer answer;
    if (wants(query, Type::soa)) answer.answers.push_back(start_of_authority());
    if (!wants(query, Type::ns)) return or_empty(std::move(answer));
    for (const std::string& key : model_.instances_of("consul")) { // the servers are a service of their own catalog
        const Instance* server = model_.find<Instance>(key);
        if (!may_see(*server)) continue;
        const Node* on = model_.find<Node>(server->node);
        const Name name = below({on->name, "node"});
        answer.answers.push_back({query.name, Type::ns, options_.ttl, Target{name}});
        if (const auto record = address_record(name, on->address, options_.ttl)) answer.additional.push_back(*record);
    }
    return or_empty(std::move(answer));
}

std::vector<Zone::Candidate> Zone::candidates(const std::string& name, const std::string& tag) const {
    const std::set<std::string>* keys = &model_.instances_of(name);
    if (keys->empty()) // registered with other letter case than it is asked for
        for (const auto& [other, its_keys] : model_.services())
            if (same_but_for_case(other, name)) keys = &its_keys;
    std::vector<Candidate> found;
    for (const std::string& key : *keys) {
        const Instance* instance = model_.find<Instance>(key);
        if (!may_see(*instance)) continue;
        const auto& tags = instance->tags;
        if (!tag.empty() && std::none_of(tags.begin(), tags.end(), [&](const std::string& one) { return same_but_for_case(one, tag); })) continue;
        Status worst = Status::passing;
        for (const std::string_view owner : {std::string_view(), std::string_view(instance->id)})
            for (const std::string& check : model_.checks_of(instance->node, owner)) worst = std::max(worst, model_.find<Check>(check)->status);
        if (worst == Status::critical || (worst == Status::warning && options_.only_passing)) continue;
        found.push_back({instance, model_.find<Node>(instance->node), worst == Status::warning});
    }
    return found;
}

Answer Zone::service(const Query& query, Name labels) {
    std::string name = labels.back();
    std::string tag = joined(labels.begin(), labels.end() - 1);
    if (labels.size() == 2 && labels[0].starts_with('_') && labels[1].starts_with('_')) { // RFC 2782
        name = labels[0].substr(1);
        tag = labels[1] == "_tcp" ? std::string() : labels[1].substr(1);
    }
    if (!model_.instances_of(name).empty()) service_ = name;
    std::vector<Candidate> found = candidates(name, tag);
    std::shuffle(found.begin(), found.end(), random_);
    return of_instances(query, found, options_.ttl);
}

Answer Zone::prepared(const Query& query, const std::string& name, const std::optional<Address>& client) {
    const auto definition = resolve_query(model_, name);
    if (!definition) return negative(Code::name_error);
    if (const std::string token = definition->Token.value_or(""); ask_access_ && !token.empty()) access_ = ask_access_(token);
    std::vector<Candidate> found;
    for (const QueryHit& hit : run_query(model_, *definition))
        if (may_see(*hit.instance)) found.push_back({hit.instance, hit.node, hit.warning});
    std::shuffle(found.begin(), found.end(), random_);
    NearWish near{definition->Service ? definition->Service->Near.value_or("") : std::string(), options_.node, client};
    if (query.subnet) near.client = query.subnet->address;
    Nearness(model_, near).order_own_first(found, [](const Candidate& one) -> const std::string& { return one.node->name; });
    std::uint32_t ttl = options_.ttl;
    if (definition->DNS)
        if (const auto own = GoDuration::parse(definition->DNS->TTL.value_or(""))) ttl = static_cast<std::uint32_t>(own->us() / 1'000'000);
    Answer answer = of_instances(query, found, ttl);
    answer.of_subnet = near.node == near_client;
    return answer;
}

Answer Zone::of_instances(const Query& query, const std::vector<Candidate>& found, std::uint32_t ttl) {
    if (found.empty()) return negative(Code::name_error);
    Answer answer;
    if (query.type == static_cast<std::uint16_t>(Type::srv))
        add_service_records(query, found, ttl, answer);
    else
        add_address_records(query, found, ttl, answer);
    return or_empty(std::move(answer));
}

void Zone::add_service_records(const Query& query, const std::vector<Candidate>& found, std::uint32_t ttl, Answer& answer) const {
    std::set<std::string> described; // targets with an additional record
    for (const Candidate& candidate : found) {
        const Instance& instance = *candidate.instance;
        Service data;
        data.weight = static_cast<std::uint16_t>(candidate.warning ? instance.weight_warning : instance.weight_passing);
        data.port = static_cast<std::uint16_t>(instance.port);
        const auto own = instance.address.empty() ? std::nullopt : parse_address(instance.address);
        if (own)
            data.target = below({hex_of(*own), "addr"});
        else if (!instance.address.empty())
            data.target = name_of(instance.address);
        else
            data.target = below({candidate.node->name, "node"});
        const bool ours = own || instance.address.empty();
        if (ours && described.insert(to_string(data.target)).second) {
            if (auto record = address_record(data.target, candidate.address(), ttl))
                answer.additional.push_back(*std::move(record));
            else if (!candidate.address().empty())
                answer.additional.push_back({data.target, Type::cname, ttl, Target{name_of(candidate.address())}});
        }
        answer.answers.push_back({query.name, Type::srv, ttl, std::move(data)});
    }
}

void Zone::add_address_records(const Query& query, const std::vector<Candidate>& found, std::uint32_t ttl, Answer& answer) const {
    std::set<std::string> told; // several instances may share an address
    const std::string* host = nullptr;
    bool numeric = false;
    for (const Candidate& candidate : found) {
        if (candidate.address().empty()) continue; // a node may have none
        auto record = address_record(query.name, candidate.address(), ttl);
        if (!record) {
            host = &candidate.address();
            continue;
        }
        numeric = true;
        if (wants(query, record->type) && told.insert(candidate.address()).second) answer.answers.push_back(*std::move(record));
    }
    // A name with a CNAME has nothing else (RFC 1034 section 3.6.2), so a host name is told only where there is no address.
    const bool asked = wants(query, Type::a) || wants(query, Type::aaaa) || wants(query, Type::cname);
    if (!numeric && host != nullptr && asked) answer.answers.push_back({query.name, Type::cname, ttl, Target{name_of(*host)}});
}

const Node* Zone::node_named(const std::string& lower) const {
    if (const Node* node = model_.find<Node>(lower)) return node;
    for (const auto& [name, node] : model_.table<Node>())
        if (same_but_for_case(name, lower)) return node.get();
    return nullptr;
}

Answer Zone::node(const Query& query, const Name& labels) const {
    const Node* found = node_named(joined(labels.begin(), labels.end()));
    if (found == nullptr || !may_see(*found)) return negative(Code::name_error);
    Answer answer;
    if (auto record = address_record(query.name, found->address, options_.ttl)) {
        if (wants(query, record->type)) answer.answers.push_back(*std::move(record));
    } else if (!found->address.empty() && (wants(query, Type::a) || wants(query, Type::aaaa) || wants(query, Type::cname))) {
        answer.answers.push_back({query.name, Type::cname, options_.ttl, Target{name_of(found->address)}});
    }
    if (wants(query, Type::txt)) // RFC 1464; a value whose name begins with "rfc1035-" stands for itself, as in Consul
        for (const auto& [key, value] : found->meta)
            answer.answers.push_back({query.name, Type::txt, options_.ttl, Text{lowered(key).starts_with("rfc1035-") ? value : key + '=' + value}});
    return or_empty(std::move(answer));
}

Answer Zone::address(const Query& query, const Name& labels) const {
    const auto bytes = labels.size() == 1 ? hex_decode(labels[0]) : std::nullopt;
    Answer answer;
    if (bytes && bytes->size() == 4) {
        Address4 four;
        std::copy(bytes->begin(), bytes->end(), four.bytes.begin());
        if (wants(query, Type::a)) answer.answers.push_back({query.name, Type::a, options_.ttl, four});
    } else if (bytes && bytes->size() == 16) {
        Address6 six;
        std::copy(bytes->begin(), bytes->end(), six.bytes.begin());
        if (wants(query, Type::aaaa)) answer.answers.push_back({query.name, Type::aaaa, options_.ttl, six});
    } else {
        return negative(Code::name_error);
    }
    return or_empty(std::move(answer));
}

Answer Zone::reverse(const Query& query, const Name& lower) const {
    const auto wanted = reversed(lower);
    std::set<Name> names;
    if (wanted) {
        const auto is_it = [&](const std::string& address) { return !address.empty() && parse_address(address) == wanted; };
        for (const auto& [name, node] : model_.table<Node>())
            if (is_it(node->address) && may_see(*node)) names.insert(below({name, "node"}));
        for (const auto& [key, instance] : model_.table<Instance>())
            if (is_it(instance->address) && may_see(*instance)) names.insert(below({instance->name, "service"}));
    }
    if (names.empty()) return negative(Code::name_error);
    Answer answer;
    if (wants(query, Type::ptr))
        for (const Name& name : names) answer.answers.push_back({query.name, Type::ptr, options_.ttl, Target{name}});
    return or_empty(std::move(answer));
}

bool keep_few(Answer& answer) {
    if (answer.answers.size() <= few) return false;
    answer.answers.resize(few);
    std::erase_if(answer.additional, [&](const Record& record) {
        return std::none_of(answer.answers.begin(), answer.answers.end(), [&](const Record& kept) {
            const auto* service = std::get_if<Service>(&kept.data);
            return service != nullptr && service->target == record.name;
        });
    });
    return true;
}

namespace {

// The same for every letter case and id. A label may hold any byte, so each is written with its length.
std::string key_of(const Query& query) {
    std::string key;
    for (const std::string& label : query.name) {
        key += static_cast<char>(label.size());
        for (const char c : label) key += ascii::lower(c);
    }
    key += static_cast<char>(query.type >> 8);
    key += static_cast<char>(query.type);
    return key;
}

} // namespace

std::optional<std::string> Zone::respond_known(const Query& query, const std::string& key) {
    const auto found = known_.find(key);
    if (found == known_.end()) return std::nullopt;
    if (ask_access_ && !ask_access_({}).may_everything()) return std::nullopt;
    Known& known = found->second;
    if (known.index != model_.index()) {
        // Everything shown changes the service's index: instances, their nodes, checks of both.
        if (model_.index_of(watch::service(known.service)) != known.service_index) {
            known_pieces_ -= known.pieces.size();
            known_.erase(found);
            return std::nullopt;
        }
        known.index = model_.index();
    }
    return known.pieces.write(query, std::min<std::size_t>(query.udp_bytes, most_udp_bytes), query.edns ? known.pieces.size() : few, random_);
}

void Zone::remember(const Query& query, std::string key, const Answer& answer) {
    if (service_.empty() || !access_.may_everything()) return;
    auto pieces = AnswerPieces::of(query, answer);
    if (!pieces || pieces->size() > most_known_pieces) return;
    if (known_pieces_ + pieces->size() > most_known_pieces) {
        known_.clear(); // names of one's own invention must not fill the memory
        known_pieces_ = 0;
    }
    known_pieces_ += pieces->size();
    known_.insert_or_assign(std::move(key), Known{service_, model_.index_of(watch::service(service_)), model_.index(), *std::move(pieces)});
}

std::optional<std::string> Zone::respond(std::string_view packet, Transport transport, const std::optional<Address>& client) {
    const auto parsed = parse_query(packet);
    if (const auto* malformed = std::get_if<Malformed>(&parsed)) return write_refusal(*malformed);
    const Query& query = std::get<Query>(parsed);
    const bool may_be_known = transport == Transport::udp && query.class_ == class_in && query.edns_version == 0;
    std::string key;
    if (may_be_known) {
        key = key_of(query);
        if (auto reply = respond_known(query, key)) return reply;
    }
    Answer found = answer(query, client);
    if (may_be_known) remember(query, std::move(key), found);
    if (transport == Transport::tcp) return write_answer(query, found, 65'535);
    const bool truncated = !query.edns && keep_few(found);
    return write_answer(query, found, std::min<std::size_t>(query.udp_bytes, most_udp_bytes), truncated);
}

} // namespace gravity::registry::dns
