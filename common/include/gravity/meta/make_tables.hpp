#pragma once

#include <gravity/meta/describe.hpp>

/// For the one source of a module that makes the tables which its headers list by GRAVITY_TABLES; before those headers.
#undef GRAVITY_TABLE_IS_ELSEWHERE
#define GRAVITY_TABLE_IS_ELSEWHERE
