#include "known_flags.hpp"

#include "flags_store.hpp"

#include <gravity/async/coroutine.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::size_t bytes_of_flag = 1'000;
constexpr std::size_t bytes_of_answer = 300;
constexpr std::size_t largest_known_body = 4 * 1024;
constexpr std::size_t least_room_for_answers = 64 * 1024;
constexpr std::size_t answers_for_each_byte = 16; // of the flags
constexpr std::size_t light_conditions = 64 * 1024; // bytes of JSON

std::string flag_json(std::string_view text) { return Json(text).dump(); }

/// Clients whose language has integers ask for one or for a number with a point, and take nothing else: all variants of a flag are the same.
std::string json_of_variant(const Flag& flag, const Json& value) {
    const auto has_point = [](const auto& variant) { return variant.second.kind() == Json::Kind::number; };
    const bool with_point = value.kind() == Json::Kind::integer && std::any_of(flag.variants.begin(), flag.variants.end(), has_point);
    return flag.type == FlagType::number && with_point ? value.dump() + ".0" : value.dump();
}

} // namespace

KnownFlags::KnownFlags(Flags flags) : flags_(std::move(flags)) {
    std::size_t conditions = 0, content = 0;
    for (const auto& [key, flag] : flags_) {
        content += bytes_of_flag;
        for (const auto& [variant, value] : flag.variants) {
            std::string fragment = "\"value\":" + json_of_variant(flag, value) + ",\"variant\":" + flag_json(variant);
            content += 3 * fragment.size();
            fragments_[key].emplace(variant, std::move(fragment));
        }
        for (const FlagRule& rule : flag.rules) {
            conditions += bytes_of_answer + (rule.when ? rule.when->dump().size() : 0);
            if (rule.from) changes_.push_back(*rule.from);
            if (rule.until) changes_.push_back(*rule.until);
        }
    }
    std::sort(changes_.begin(), changes_.end());
    heavy_ = conditions > light_conditions;
    content += 4 * conditions;
    room_ = least_room_for_answers + answers_for_each_byte * std::min(content, std::size_t{256} * 1024);
    bytes_ = content + room_;
}

// As JSON with its members in their order.
bool KnownFlags::append(std::string& text, const Flag& flag, const Decision& decision) const {
    const auto* decided = std::get_if<Decided>(&decision);
    if (decided == nullptr) {
        text += R"({"errorCode":"TARGETING_KEY_MISSING","errorDetails":"The flag is split by targetingKey","key":)" + flag_json(flag.key.view()) + "}";
        return true;
    }
    text += "{\"key\":";
    text += flag_json(flag.key.view());
    text += ",\"metadata\":{\"version\":";
    text += std::to_string(flag.version.value());
    text += "},\"reason\":\"";
    text += to_string(decided->reason);
    text += "\",";
    text += fragments_.at(flag.key.str()).at(decided->variant);
    text += '}';
    return false;
}

Timestamp KnownFlags::next_change(Timestamp now) const {
    const auto next = std::upper_bound(changes_.begin(), changes_.end(), now);
    return next == changes_.end() ? Timestamp::max() : *next;
}

const FlagAnswers* KnownFlags::answers(const std::string& body, Timestamp now) const {
    const auto found = answered_.find(body);
    return found != answered_.end() && now < found->second.until ? &found->second.answers : nullptr;
}

// Room is made by forgetting all: contexts that are asked for again are few, or there are too many of them.
void KnownFlags::keep(const std::string& body, FlagAnswers answers, Timestamp now) const {
    const std::size_t bytes = body.size() + answers.text.size() + bytes_of_answer;
    if (body.size() > largest_known_body || bytes > room_) return;
    if (taken_ + bytes > room_) {
        answered_.clear();
        taken_ = 0;
    }
    taken_ += bytes;
    answered_.insert_or_assign(body, Answered{std::move(answers), next_change(now)});
}

Task<RecalledFlags> recall_flags(Memory& memory, ProjectId project) {
    KeptReading read = [](Tx& tx) -> std::shared_ptr<const Kept> {
        Flags flags;
        for (Flag& flag : tx.all(all_flags)) flags.emplace(flag.key.str(), std::move(flag));
        return std::make_shared<const KnownFlags>(std::move(flags));
    };
    Place place{project, "flags"};
    Recalled recalled = co_await memory.recall(std::move(place), std::move(read));
    co_return RecalledFlags{std::static_pointer_cast<const KnownFlags>(recalled.kept), recalled.stale};
}

} // namespace gravity::config
