#pragma once

#include "tags_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of tags, by name. Their text is in tags_store.cpp and nowhere else.
namespace gravity::config {

/// Nothing where the set has as many as it may.
extern const Sql<Tag(Tag, int)> insert_tag;
extern const Sql<Tag(ConfigSetId, TagName)> get_tag, delete_tag;
extern const Sql<Tag(ListTags, ConfigSetId)> list_tags;

} // namespace gravity::config
