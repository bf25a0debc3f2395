#pragma once

#include "model.hpp"

#include <gravity/pg/tx.hpp>

/// The statements of this service, by name. Their text is in store.cpp and nowhere else.
namespace gravity::@id@ {
extern const Sql<@Noun@(@Noun@Id, @Noun@Edit)> insert_@noun@;
extern const Sql<@Noun@(@Noun@Id)> get_@noun@, lock_@noun@;
extern const Sql<@Noun@(PageQuery)> list_@nouns@;
extern const Sql<@Noun@(@Noun@)> save_@noun@;
extern const Sql<void(@Noun@Id)> delete_@noun@;
} // namespace gravity::@id@
