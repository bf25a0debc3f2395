// DNS packets against a zone with something in it: whatever comes, the answer is a message within its limit.
#include "dns_zone.hpp"

#include <cstdlib>

using namespace gravity::registry;

namespace {

const Model& catalog() {
    static const Model model = [] {
        Model filled;
        std::int64_t index = 2;
        const auto add = [&](std::string key, auto row) {
            using R = decltype(row);
            filled.load(ChangeOf<R>{std::move(key), std::make_shared<const R>(std::move(row)), index++});
        };
        for (const char* name : {"n1", "n2", "n3", "n4"}) {
            Node node;
            node.name = name;
            node.address = std::string("10.0.0.") + name[1];
            node.meta["rack"] = std::string(300, 'r');
            add(name, node);
            Instance instance;
            instance.node = name;
            instance.id = instance.name = "web";
            instance.tags = {"a.b", "c"};
            instance.port = 80;
            if (name[1] == '2') instance.address = "2001:db8::1";
            if (name[1] == '3') instance.address = "host.example.com";
            add(key_of(name, "web"), instance);
        }
        filled.finish_loading(index);
        return filled;
    }();
    return model;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static dns::Zone zone(catalog(), {.node = "n1"});
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    const auto over_udp = zone.respond(packet, dns::Transport::udp);
    const auto over_tcp = zone.respond(packet, dns::Transport::tcp);
    if (over_udp.has_value() != over_tcp.has_value()) std::abort();
    if (!over_udp) return 0;
    if (over_udp->size() < 12 || over_udp->size() > dns::most_udp_bytes || over_tcp->size() > 65'535) std::abort();
    if (over_udp->substr(0, 2) != packet.substr(0, 2)) std::abort();
    std::string as_question = *over_tcp; // what is written can be read again, compression and all
    as_question[2] = static_cast<char>(as_question[2] & 0x7F);
    const auto parsed = dns::parse_query(packet);
    if (const auto* query = std::get_if<dns::Query>(&parsed)) {
        const auto again = dns::parse_query(as_question);
        const auto* echoed = std::get_if<dns::Query>(&again);
        if (echoed == nullptr || echoed->name != query->name || echoed->type != query->type) std::abort();
    }
    return 0;
}
