#pragma once

#include "items.hpp"
#include "sets_model.hpp"

#include <gravity/base/parsed.hpp>
#include <gravity/model.hpp>

#include <memory>
#include <vector>

/// What watchers and this service say to one another, `gravity.config.v1`: pure.
namespace gravity::config {

/// A release that is in force.
struct SetRelease {
    ConfigSetId set_id;
    ReleaseNumber number;
};
using Releases = std::vector<SetRelease>;

/// What is in force at one moment, references resolved.
struct Snapshot {
    std::int64_t version = 0;
    Items items;
    std::shared_ptr<const Releases> releases{}; // that it is made of
};

/// The first message of a client.
struct Hello {
    Text<1, 650> application;
    Text<1, 650> profiles = "default";
    std::optional<LabelName> label;
    std::optional<Text<1, 200>> instance;
    std::optional<Bounded<std::int64_t, 0, INT64_MAX>> have; // the version it has
};
BOOST_DESCRIBE_STRUCT(Hello, (), (application, profiles, label, instance, have))

enum class AckStatus {
    applied,
    failed
};
BOOST_DESCRIBE_ENUM(AckStatus, applied, failed)

/// What an instance says of a failure, mostly the message of an exception. Nothing of its form may keep the failure itself from being heard: of a longer text
/// the first 1,000 characters are kept, and control characters but ends of lines and tabs become blanks.
class FailureDetail : public TextValue<FailureDetail> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<FailureDetail>({.doc = "Why it failed; the first 1,000 characters are kept", .example = "\"no such host\""});
    }
};

/// Every later message.
struct Ack {
    Bounded<std::int64_t, 0, INT64_MAX> ack;
    Default<AckStatus::applied> status;
    std::optional<FailureDetail> detail;
};
BOOST_DESCRIBE_STRUCT(Ack, (), (ack, status, detail))

Parsed<Hello> parse_hello(std::string_view message);
Parsed<Ack> parse_ack(std::string_view message);

/// `{"version": 7, "items": {...}}`
Json snapshot_document(const Snapshot& snapshot);
/// `{"version": 8, "changed": {...}, "removed": [...]}`
Json change_document(const Snapshot& from, const Snapshot& to);

/// How much a client has not acknowledged yet. Further frames wait while it is too much; what is said then is one change over all of them.
class Window {
public:
    static constexpr std::size_t most_frames = 8;
    static constexpr std::size_t most_bytes = 256 * 1024;

    bool open() const { return frames_.size() < most_frames && bytes_ < most_bytes; }
    void sent(std::int64_t version, std::size_t bytes);
    /// Everything up to this version.
    void acknowledged(std::int64_t version);

private:
    struct Frame {
        std::int64_t version;
        std::size_t bytes;
    };
    std::vector<Frame> frames_; // a deque would take half a KiB of each watcher
    std::size_t bytes_ = 0;
};

} // namespace gravity::config

GRAVITY_TABLES(config, Hello, AckStatus, FailureDetail, Ack)
