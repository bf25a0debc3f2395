#pragma once

#include "links_model.hpp"
#include "oauth.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/web.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Pages that links lead to: what they have in common.
namespace gravity::issuer::recovery {

/// What a page's form sends, or its address says; nothing in it where it is malformed.
oauth::Form form_in(std::string_view text);
std::string text_in(const oauth::Form& form, std::string_view name); // "" if it is left out

/// Somebody who has come by a link. Nothing is used up by it.
struct Followed {
    ProjectId project;
    Bytes hash;
    Link link;
    std::optional<Identity> identity;
};
/// Nothing for a link of another purpose, that was used or has ended, or of an identity that may sign in no more.
Task<std::optional<Followed>> followed_by(Ctx& ctx, std::string token, LinkPurpose purpose);

/// What is said of such a link; that it came is kept for operators.
Web link_gone(Ctx& ctx);
/// Where no mail is sent from here.
Web no_links();

} // namespace gravity::issuer::recovery
