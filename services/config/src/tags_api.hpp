#pragma once

#include "tags_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of tags.
namespace gravity::config::tags {

Created<Tag> create(Tx& tx, Caller caller, Path<"id", ConfigSetId> id, Body<NewTag> in);
Page<Tag> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListTags> query);
Tag get(Tx& tx, Path<"id", ConfigSetId> id, Path<"tag", TagName> tag);
NoContent remove(Tx& tx, Path<"id", ConfigSetId> id, Path<"tag", TagName> tag, IfMatch expected);

} // namespace gravity::config::tags
