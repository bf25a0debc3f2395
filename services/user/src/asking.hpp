#pragma once

#include "config.hpp"
#include "privacy_model.hpp"

#include <gravity/app/service.hpp>
#include <gravity/async/task.hpp>
#include <gravity/discovery/catalog.hpp>
#include <gravity/jobs/job.hpp>

#include <set>
#include <string>

/// The platform's own services, which are asked by call: each that is registered under the tag `personal-data` (gravity/app/personal_data.hpp), so one that is
/// added later is asked from then on.
namespace gravity::user {

/// Whom there is to ask: whoever discovery lists, and those that USER_DATA_HOLDERS names. I/O thread only.
class RegisteredHolders {
public:
    RegisteredHolders(boost::asio::io_context& io, const app::PlatformSettings& platform, const Settings& settings);

    /// Throws where discovery cannot be asked: nothing is finished then, for one could be missing.
    Task<std::vector<std::string>> names();

private:
    std::set<std::string> named_;
    discovery::Catalog catalog_;
};

/// Takes a request as far as it can go now: asks those who have not answered, and again within a quarter of an hour where one of them did not.
Task<void> advance_privacy_request(JobCtx& job, AdvancePrivacyRequest what);

} // namespace gravity::user
