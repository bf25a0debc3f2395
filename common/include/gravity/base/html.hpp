#pragma once

#include <string>
#include <string_view>

namespace gravity {

/// Text made fit for HTML: for element content and for attribute values in either kind of quotes (HTML Living Standard section 13.3), not for scripts, styles
/// and addresses. Bytes that are no UTF-8 stay as they are. Any thread.
std::string html_escape(std::string_view text);

} // namespace gravity
