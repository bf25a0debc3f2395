#pragma once

#include "flags_domain.hpp"
#include "memory.hpp"

/// Feature flags, as they are remembered.
namespace gravity::config {

/// What all flags are for a context, in the form of OFREP.
struct FlagAnswers {
    std::string text;
    std::string etag; // quoted
};

/// All flags of a project, and what they were for contexts that have been asked about.
class KnownFlags final : public Kept {
public:
    explicit KnownFlags(Flags flags);
    const Flags& flags() const { return flags_; }
    std::size_t bytes() const override { return bytes_; }
    /// Deciding them may take so long that the I/O thread is not to do it.
    bool heavy() const { return heavy_; }

    /// A flag as OFREP shows it, and whether that is a failure (it is split by a targetingKey that the context lacks).
    bool append(std::string& text, const Flag& flag, const Decision& decision) const;

    /// What they were for the context in this body, while none of them changes with the time; null where it is not known. I/O thread, as what follows.
    const FlagAnswers* answers(const std::string& body, Timestamp now) const;
    void keep(const std::string& body, FlagAnswers answers, Timestamp now) const;

private:
    struct Answered {
        FlagAnswers answers;
        Timestamp until;
    };
    /// When one of them changes next.
    Timestamp next_change(Timestamp now) const;

    Flags flags_;
    std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> fragments_; // "value":...,"variant":"..." by flag and variant
    std::vector<Timestamp> changes_;                                                                // with the time, in order
    std::size_t bytes_ = 0;
    std::size_t room_ = 0;
    bool heavy_ = false;
    mutable std::map<std::string, Answered, std::less<>> answered_; // by body
    mutable std::size_t taken_ = 0;
};

struct RecalledFlags {
    std::shared_ptr<const KnownFlags> flags;
    bool stale = false;
};

/// From memory, or read.
Task<RecalledFlags> recall_flags(Memory& memory, ProjectId project);

} // namespace gravity::config
