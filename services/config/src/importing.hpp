#pragma once

#include "drafting.hpp"
#include "imports_model.hpp"
#include "secrets.hpp"

/// What becomes of a draft by a file.
namespace gravity::config {

/// The items of a draft after a file, of which `***` stands for a secret that the draft has already, so that what was exported can be imported again. Secrets
/// that a file does not name stay: they are seldom in files. Pure.
/// Refused: `***` for what is no secret of the draft. Values that are encrypted stay so.
Items with_file(const Items& before, const Items& file, ImportMode mode);

/// Takes a file over into the draft of its config set, which is made where there is none; publishes nothing. What is encrypted in it becomes secrets.
Imported import_into_draft(Tx& tx, const Actor& by, const ImportFile& in, const Vault& vault);

} // namespace gravity::config
