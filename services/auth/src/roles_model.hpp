#pragma once

#include "clients_model.hpp"
#include "identities_model.hpp"

/// Coarse roles: bundles of scopes by name, which a token tells as `roles` and `scope`.
namespace gravity::issuer {

using RoleId = Id<"role">;
using MemberId = Id<"role-member">; // of a client or an identity: ids of the two never meet

/// Who may have a role.
enum class MemberKind {
    client,
    identity
};
BOOST_DESCRIBE_ENUM(MemberKind, client, identity)

/// What `roles` in a token says: letters, digits and . _ : - within.
class RoleName : public TextValue<RoleName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<RoleName>(
            {.pattern = "^[A-Za-z0-9][A-Za-z0-9._:-]*$", .doc = "Name of a role", .example = "\"catalogue-editor\"", .min = 1, .max = 64});
    }
};

struct RoleEdit {
    RoleName name;
    std::optional<Text<1, 500>> description;
    std::vector<ScopeName> scopes;
    std::vector<RoleId> parents;
};
BOOST_DESCRIBE_STRUCT(RoleEdit, (), (name, description, scopes, parents))
void check(const RoleEdit& role, meta::Errors& errors);

struct Role : RoleEdit {
    RoleId id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Role, (RoleEdit), (id, version, created_at, updated_at))

struct ListRoles : PageQuery {
    std::optional<RoleName> name;
    std::optional<MemberId> member;
};
BOOST_DESCRIBE_STRUCT(ListRoles, (PageQuery), (name, member))

struct RoleMember {
    MemberKind kind{};
    MemberId member_id;
    Timestamp granted_at;
};
BOOST_DESCRIBE_STRUCT(RoleMember, (), (kind, member_id, granted_at))

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::RoleEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"scopes", "What it lets its members do, beside what its parents do; nothing that who gives it may not"},
        {"parents", "Roles that it has all scopes of; no role inherits from itself"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::ListRoles> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"member", "Those granted to this client or identity itself"}};
};

GRAVITY_TABLES(issuer, RoleId, MemberId, RoleName, RoleEdit, Role, ListRoles, RoleMember)
