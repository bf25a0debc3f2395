#include "base/zone.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/tz.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

namespace gravity {
namespace {

using zone::Stretch;
using zone::Zone;

/// The folder of the system's tzdata; TZDIR is what the C library looks at as well.
const std::string& folder() {
    static const std::string path = [] {
        const char* set = std::getenv("TZDIR");
        return std::string(set != nullptr && *set != '\0' ? set : "/usr/share/zoneinfo");
    }();
    return path;
}

/// The beginning of a file of the folder, at most 256 KiB; empty if it cannot be read.
std::string read_file(std::string_view name) {
    const std::string path = folder() + "/" + std::string(name);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
    std::string bytes;
    if (!file) return bytes;
    bytes.resize(256 * 1024);
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get())); // of a folder nothing is read
    return bytes;
}

/// A name of the database and nothing else in its folder: it begins with a capital (unlike "posix/", "right/",
/// "localtime") and has no dot.
bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 64 || !ascii::is_upper(name[0]) || name == "Factory") return false;
    for (const char c : name) {
        if (!ascii::is_alnum(c) && std::string_view("/_+-").find(c) == std::string_view::npos) return false;
    }
    return name.back() != '/' && name.find("//") == std::string_view::npos;
}

/// The zone of a name, or null. Names from outside come here, so only zones that exist are kept: some 600 at most. They
/// are read once; a new version of the data takes effect when the process starts again.
const Zone* find_zone(std::string_view name) {
    static std::shared_mutex mutex;
    static std::map<std::string, Zone, std::less<>> zones{{"UTC", Zone::utc()}, {"Etc/UTC", Zone::utc()}};
    {
        const std::shared_lock lock(mutex);
        if (const auto it = zones.find(name); it != zones.end()) return &it->second;
    }
    if (!is_name(name)) return nullptr;
    auto parsed = Zone::parse(read_file(name));
    if (!parsed) return nullptr;
    const std::unique_lock lock(mutex);
    return &zones.try_emplace(std::string(name), *std::move(parsed)).first->second;
}

const Zone& zone_of(const TimeZone& zone) {
    const Zone* found = find_zone(zone.view());
    if (found == nullptr)
        throw std::logic_error("time zone without data: " + zone.str()); // parse() has found it before
    return *found;
}

std::int64_t floor_seconds(std::int64_t us) { return us / 1'000'000 - (us % 1'000'000 < 0 ? 1 : 0); }

Timestamp clamp(std::int64_t seconds) {
    if (seconds <= Timestamp::min().unix_seconds()) return Timestamp::min();
    if (seconds > Timestamp::max().unix_seconds()) return Timestamp::max();
    return Timestamp::from_unix_seconds(seconds);
}

struct Resolved {
    tz::Kind kind;
    std::int32_t offset;
};

/// Walks the stretches from two days before, which is farther than any offset reaches, to the first that shows the
/// local second or is past it.
Resolved resolve(std::int64_t local, const Zone& zone) {
    Stretch stretch = zone.at(local - 2 * 86'400);
    while (local - stretch.offset >= stretch.end) stretch = zone.at(stretch.end);
    if (local - stretch.offset < stretch.begin) return {tz::Kind::skipped, stretch.offset_before};
    if (stretch.end == zone::forever) return {tz::Kind::unique, stretch.offset};
    const Stretch next = zone.at(stretch.end);
    return {local - next.offset >= next.begin ? tz::Kind::repeated : tz::Kind::unique, stretch.offset};
}

} // namespace

bool TimeZone::accept(std::string_view in, std::string& out, std::string& why) {
    if (find_zone(in) == nullptr) {
        const bool installed = find_zone("Europe/London") != nullptr;
        why = installed ? "must be the name of an IANA time zone such as Europe/Berlin"
                        : "cannot be checked: no time zone data are installed";
        return false;
    }
    out = in;
    return true;
}

namespace tz {

Segment segment_at(Timestamp at, const TimeZone& zone) {
    const Stretch stretch = zone_of(zone).at(at.unix_seconds());
    return {clamp(stretch.begin), clamp(stretch.end), Duration::seconds(stretch.offset),
            Duration::seconds(stretch.offset_before)};
}

Duration offset_at(Timestamp at, const TimeZone& zone) {
    return Duration::seconds(zone_of(zone).at(at.unix_seconds()).offset);
}

LocalTime to_local(Timestamp at, const TimeZone& zone) {
    return LocalTime::from_count_us(at.unix_us() + offset_at(at, zone).count_us());
}

Kind kind_of(LocalTime local, const TimeZone& zone) {
    return resolve(floor_seconds(local.count_us()), zone_of(zone)).kind;
}

Timestamp to_utc(LocalTime local, const TimeZone& zone) {
    const std::int64_t offset = resolve(floor_seconds(local.count_us()), zone_of(zone)).offset;
    return Timestamp::from_unix_us(local.count_us() - offset * 1'000'000);
}

std::string database_version() {
    constexpr std::string_view mark = "# version ";
    const std::string head = read_file("tzdata.zi");
    if (!head.starts_with(mark)) return "unknown";
    return head.substr(mark.size(), head.find('\n') - mark.size());
}

} // namespace tz
} // namespace gravity
