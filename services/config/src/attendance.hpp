#pragma once

#include "instances_store.hpp"

#include <gravity/app/service.hpp>
#include <gravity/async/task.hpp>

#include <map>
#include <set>
#include <vector>

/// Who runs what, on its way to the store.
namespace gravity::config {

/// An instance, and what it asks for.
struct Presence {
    ProjectId project;
    LabelName label;
    InstanceName name;
    std::vector<std::string> applications;
    std::vector<std::string> profiles;
};

/// What an instance was given, or says of it.
struct Mark {
    std::int64_t version = 0;
    InstanceStatus status{};
    std::string detail;
    std::shared_ptr<const Releases> releases; // that the version is made of
};

/// Writes the marks of instances, in the running transaction.
void save_marks(Tx& tx, const std::vector<std::pair<Presence, Mark>>& marks);

/// Gathers marks and writes them every second, so that a publication that a thousand instances acknowledge costs a few statements. What has not been written
/// when the process is killed is lost, until the instance is heard of again. I/O thread only; the database outlives it.
class Attendance {
public:
    static constexpr std::size_t most = 50'000; // marks between two writes; of more nothing is kept
    static constexpr std::size_t most_of_one = 8;

    explicit Attendance(pg::Database& database) : database_(database) {}

    void note(const Presence& who, Mark mark);
    /// Writes what has been noted since the last time. Where the store is away it is noted again.
    Task<void> write();
    /// For the life of the process.
    Task<void> run();

private:
    friend class Attending;
    struct Noted {
        Presence who;
        std::vector<Mark> marks; // the oldest first
    };
    using Place = std::pair<std::string, std::string>; // label and name
    using NotedOf = std::map<Place, Noted>;

    Task<void> write_of(ProjectId project, NotedOf& noted);
    Task<void> write_seen();

    pg::Database& database_;
    std::map<ProjectId, NotedOf> noted_;
    std::size_t count_ = 0;
    using Present = std::set<const Presence*>;
    std::shared_ptr<Present> present_ = std::make_shared<Present>(); // whose connection is open; one may be closed after the end of this
};

/// While it is there its instance is seen, every 15 seconds.
class Attending {
public:
    Attending(Attendance& attendance, Presence who) : attendance_(attendance), present_(attendance.present_), who_(std::move(who)) {
        present_->insert(&who_);
    }
    ~Attending() { present_->erase(&who_); }
    Attending(const Attending&) = delete;
    Attending& operator=(const Attending&) = delete;

    const std::string& name() const { return who_.name.str(); }
    void note(Mark mark) const { attendance_.note(who_, std::move(mark)); }

private:
    Attendance& attendance_;
    std::shared_ptr<Attendance::Present> present_;
    Presence who_;
};

} // namespace gravity::config
