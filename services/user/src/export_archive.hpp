#pragma once

#include "privacy_model.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/exchange.hpp>

/// An export as it is downloaded: a ZIP archive with a JSON file for each holder (of this service, and of whoever answered in parts, several), `manifest.json`
/// with the SHA-256 of each, and `index.html` for people. One file at a time is in memory.
namespace gravity::user {

Task<void> write_export(Ctx& ctx, http::BodyWriter& out, PrivacyRequest request);

} // namespace gravity::user
