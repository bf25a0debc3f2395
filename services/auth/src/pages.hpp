#pragma once

#include <gravity/base/problem.hpp>
#include <gravity/http/web.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Pages that people see: no script (but for passkeys, and for answers that are posted), no picture (but for what an app scans), nothing from elsewhere;
/// readable by a screen reader. Pure.
namespace gravity::issuer::pages {

/// What a scope lets a client know, in words; "" for one of a service.
std::string_view explained(std::string_view scope);
/// A field of a form that nobody sees.
std::string hidden(std::string_view name, std::string_view value);

/// A page with the policy that keeps it from anything but its own style and its own form. `form_targets`: where a form's answer may send the browser on to.
/// `script`: the path of one of ours.
Web page(int status, std::string_view title, std::string_view content, const std::vector<std::string>& form_targets = {}, std::string_view script = {});

/// What else than a password there is.
struct OtherWays {
    bool recovery = false;
    bool passkey = false;
    bool sign_up = false;
};
Web login(std::string_view flow, std::string_view client, std::string_view name, std::string_view fault, int status, const std::string& target,
          OtherWays others);
/// `user_code`: of the device that asks, empty for a client that the person came from.
Web consent(std::string_view flow, std::string_view client, const std::vector<std::string>& scopes, const std::string& target, std::string_view user_code);
/// Where a person types what a device shows.
Web device(std::string_view user_code, std::string_view fault, int status);
Web device_answered(bool allowed);
Web sign_out(std::string_view proof, std::string_view client_id, std::string_view redirect, std::string_view state, const std::string& target);
Web signed_out();
/// What cannot go on, and is told here because nobody may be sent elsewhere.
Web fault(int status, std::string_view explanation);
/// The same of what was refused elsewhere, with the headers that belong to it.
Web refused(const Refusal& refusal, std::string_view explanation);

/// A page that says that something does not work also says what to tell whoever is asked for help; others stay as they are.
Web with_trace(Web web, std::string_view trace_id);

/// 303 to another page of ours or the client's.
Web to(std::string location);
/// The same behind a form of ours, which may go on only to where its page said. Where a page has no words for that (redirect_origin), it is a page that goes on
/// by itself.
Web on_from_form(std::string location);

} // namespace gravity::issuer::pages
