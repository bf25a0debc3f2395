// The services and checks that stand in this daemon's configuration: what no longer stands there goes.
#include "commands_detail.hpp"

#include <gravity/json/json.hpp>

#include <set>
#include <utility>

namespace gravity::registry::detail {
namespace {

constexpr const char* setting_name = "configured";
enum class Kind : unsigned char {
    service,
    check
};
using Names = std::set<std::pair<Kind, std::string>>;

Names names_in(const Setting* setting) {
    Names names;
    if (setting == nullptr) return names;
    const Json lists = Json::parse(setting->value).or_throw(); // ours
    for (const auto& [list, kind] : {std::pair("services", Kind::service), std::pair("checks", Kind::check)})
        for (const Json& id : lists.find(list)->as_array()) names.emplace(kind, id.as_string());
    return names;
}

std::string text_of(const Names& names) {
    Json services = Json::array(), checks = Json::array();
    for (const auto& [kind, id] : names) (kind == Kind::service ? services : checks).push_back(id);
    return Json::object({{"services", services}, {"checks", checks}}).dump();
}

} // namespace

Reply run(const Configure& command, View& view, std::int64_t now_us) {
    const Row<Node> node = view.find<Node>(command.node);
    if (!node) return {400, "Missing node registration", false};
    Names wanted;
    for (Register service : command.services) {
        service.node = *node;
        service.replace_checks = true;
        wanted.emplace(Kind::service, service.instance->id);
        if (Reply reply = run(service, view, now_us); reply.status != 200) return reply;
    }
    for (const Check& check : command.checks) {
        Register one;
        one.node = *node;
        one.checks.push_back(check);
        wanted.emplace(Kind::check, check.id);
        if (Reply reply = run(one, view, now_us); reply.status != 200) return reply;
    }
    const Row<Setting> before = view.find<Setting>(setting_name);
    for (const auto& [kind, id] : names_in(before.get())) {
        if (wanted.contains({kind, id})) continue;
        run(kind == Kind::service ? Deregister{command.node, id, ""} : Deregister{command.node, "", id}, view, now_us);
    }
    return run(PutSetting{setting_name, text_of(wanted)}, view, now_us);
}

} // namespace gravity::registry::detail
