#include "scim_list.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <array>

namespace gravity::user::scim {
namespace {

constexpr std::size_t id_bytes = 16, check_bytes = 8;

// What a cursor belongs to: another list's is refused. It keeps nothing from anybody, so that it is no signature.
std::string check_of(Tx& tx, const ResourceType& type, const ListRequest& request, std::string_view id) {
    const std::string text = tx.project().to_string() + " " + std::string(type.name) + " " + request.filter_text + " ";
    return sha256(text + std::string(id)).substr(0, check_bytes);
}

std::string cursor_behind(Tx& tx, const ResourceType& type, const ListRequest& request, const Uuid& id) {
    const std::string bytes(id.bytes().begin(), id.bytes().end());
    return base64url_encode(bytes + check_of(tx, type, request, bytes));
}

Uuid place_of(Tx& tx, const ResourceType& type, const ListRequest& request) {
    const auto bytes = base64url_decode(*request.cursor);
    if (!bytes || bytes->size() != id_bytes + check_bytes || bytes->substr(id_bytes) != check_of(tx, type, request, bytes->substr(0, id_bytes)))
        throw Refused(400, "invalidCursor", "The cursor is not one of this list");
    std::array<std::uint8_t, id_bytes> id{};
    std::copy_n(bytes->begin(), id_bytes, id.begin());
    return Uuid(id);
}

Web answered(Tx& tx, const Call& call, const ResourceType& type, ListRequest request, ListPage page) {
    if (!request.cursor) {
        Listed listed = page(tx, call, request);
        return answer(200, list_response(listed.total, request.start, std::move(listed.resources)));
    }
    request.search.by_cursor = true;
    if (!request.cursor->empty()) request.search.after = place_of(tx, type, request);
    Listed listed = page(tx, call, request);
    Json out = list_response(listed.total, 1, std::move(listed.resources));
    out.as_object().erase("startIndex");
    if (listed.next) out["nextCursor"] = cursor_behind(tx, type, request, *listed.next);
    return answer(200, out);
}

} // namespace

Web list_of(Tx& tx, const Call& call, const ResourceType& type, ListPage page) { return answered(tx, call, type, list_request(call), page); }
Web search_of(Tx& tx, const Call& call, const ResourceType& type, ListPage page) {
    return answered(tx, call, type, search_request(document_of(call), call.mode == ScimMode::entra), page);
}

} // namespace gravity::user::scim
