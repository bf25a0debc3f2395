#pragma once

#include "effective.hpp"
#include "memory.hpp"
#include "watching.hpp"

/// What is in force, as it is remembered.
namespace gravity::config {

/// Bytes that were made of it.
struct KnownAnswer {
    std::string content_type;
    std::string text;
    std::string etag; // quoted
};

/// What is in force for a selection under a label, whoever asks, and answers that have been made of it.
class KnownSettings final : public Kept {
public:
    explicit KnownSettings(View view);
    const View& view() const { return view_; }
    std::size_t bytes() const override { return bytes_; }

    /// Null if there is none of this name.
    const KnownAnswer* answer(const std::string& name) const;
    /// Keeps it if there is room: as much as the settings themselves take. I/O thread.
    void keep(std::string name, const KnownAnswer& answer) const;

private:
    View view_;
    std::size_t bytes_ = 0;
    mutable std::size_t room_ = 0;
    mutable std::map<std::string, KnownAnswer, std::less<>> answers_;
};

struct RecalledSettings {
    std::shared_ptr<const KnownSettings> settings;
    bool stale = false;
};

/// From memory, or read. Refuses with 404 a label that the project does not have, unless it is the default one. `vault` outlives the memory.
Task<RecalledSettings> recall_settings(Memory& memory, Watched watched, LabelName default_label, const Vault& vault);

/// The last that is known of it, for who finds PostgreSQL away; null where nothing is that may be told.
std::shared_ptr<const KnownSettings> last_known_settings(Memory& memory, const Watched& watched);

} // namespace gravity::config
