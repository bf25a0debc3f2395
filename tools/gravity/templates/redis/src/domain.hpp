#pragma once

#include "model.hpp"

/// The rules: pure functions of values and a reading of the clock. A refusal is thrown.
namespace gravity::@id@ {
@Noun@ make(New@Noun@ in, @Noun@Id id, Timestamp now);
}
