#pragma once

#include "scim_resource.hpp"

/// PATCH (RFC 7644 section 3.5.2): all operations or none, on a document. Pure.
namespace gravity::user::scim {

/// `resource` as its schema has it (clean_resource), with the operations of a PatchOp message applied. Throws Refused.
///
/// - `add` to a multi-valued attribute appends what is not there yet; a second `primary` takes it from the first.
/// - A filter that lets nothing through is `noTarget` for `add` and `replace` and no change for `remove`; in mode `entra` an item is made that
///   it would let through.
/// - What is not told of a complex value stays; what is told to be null goes. In modes `entra` and `okta` an empty text is null, and an address whose value
///   goes is none any more.
/// - `remove` with a `value` takes away those items and never all (what Entra ID sends for members).
/// - What is read-only is `mutability`; in mode `okta` it is passed over where it stands among other members of a value.
Json patched(const ResourceType& type, Json resource, const Json& message, Mode mode);

} // namespace gravity::user::scim
