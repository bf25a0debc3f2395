#pragma once

#include "model.hpp"

/// The rules: pure functions. A refusal is thrown.
namespace gravity::@id@ {
void check_deletable(const @Noun@& found);
}
