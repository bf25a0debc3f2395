#pragma once

#include "tags_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of tags.
namespace gravity::config::tags {

Created<Tag> create(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Body<NewTag> in);
Page<Tag> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListTags> query);
Tag get(Tx& tx, Path<"id", ConfigSetId> id, Path<"tag", TagName> tag);
NoContent remove(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"tag", TagName> tag, IfMatch expected);

} // namespace gravity::config::tags
