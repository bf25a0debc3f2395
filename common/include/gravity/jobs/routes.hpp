#pragma once

#include <gravity/http/router.hpp>
#include <gravity/jobs/job.hpp>

/// The resource of one kind of job, below a collection of the service: where `Accepted<Job>` sends its reader.
namespace gravity::jobs {

template <class P>
Job get_job(Tx& tx, Path<"id", JobId> id) {
    return find(tx, P::job, *id);
}
template <class P>
Job cancel_job(Tx& tx, Path<"id", JobId> id) {
    return cancel(tx, P::job, *id);
}

/// `jobs::routes<ImportProducts>(products, "/imports")` makes GET <prefix>/imports/{id} and POST <prefix>/imports/{id}/cancel.
template <class P>
void routes(Collection& collection, const std::string& path) {
    static const std::string kind = [] {
        std::string name(P::job.name);
        for (char& c : name) c = c == '-' ? '_' : c;
        return name;
    }();
    static const std::string get = "get_" + kind, cancel = "cancel_" + kind;
    collection.get<get_job<P>>(path + "/{id}", {.summary = "Read how far a job is", .operation = get});
    collection.post<cancel_job<P>>(path + "/{id}/cancel", {.summary = "Cancel a job; a running one stops at its next step", .operation = cancel});
}

} // namespace gravity::jobs
