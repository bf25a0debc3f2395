// Transactions.
#include "api_access.hpp"
#include "api_input.hpp"
#include "api_output.hpp"

#include <gravity/base/encoding.hpp>

namespace gravity::registry::api::routes {
namespace {

constexpr std::size_t max_operations = 128;
constexpr std::size_t max_value_bytes = 512 * 1024;

using Verb = KeyOperation::Verb;
constexpr std::pair<std::string_view, Verb> key_verbs[] = {
    {"set", Verb::set},
    {"cas", Verb::cas},
    {"lock", Verb::lock},
    {"unlock", Verb::unlock},
    {"get", Verb::get},
    {"get-or-empty", Verb::get_or_empty},
    {"get-tree", Verb::get_tree},
    {"check-index", Verb::check_index},
    {"check-session", Verb::check_session},
    {"check-not-exists", Verb::check_not_exists},
    {"delete", Verb::delete_},
    {"delete-tree", Verb::delete_tree},
    {"delete-cas", Verb::delete_cas},
};
constexpr std::pair<std::string_view, RowVerb> row_verbs[] = {
    {"get", RowVerb::get},
    {"set", RowVerb::set},
    {"cas", RowVerb::cas},
    {"delete", RowVerb::delete_},
    {"delete-cas", RowVerb::delete_cas},
};

template <class V, std::size_t N>
V verb_from(const std::optional<std::string>& text, const std::pair<std::string_view, V> (&verbs)[N], const std::string& kind) {
    for (const auto& [name, verb] : verbs)
        if (text == name) return verb;
    throw ApiError(400, "unknown " + kind + " verb \"" + text.value_or("") + '"');
}

std::uint64_t number(const std::optional<GoUnsigned>& value) { return value ? value->value() : 0; }

Operation operation_from(const KeyOperationIn& in) {
    KeyOperation operation;
    operation.verb = verb_from(in.Verb, key_verbs, "KV");
    operation.key = in.Key.value_or("");
    const bool whole_tree = operation.verb == Verb::get_tree || operation.verb == Verb::delete_tree;
    if (operation.key.empty() && !whole_tree) throw ApiError(400, "Must provide key");
    const auto value = base64_decode(in.Value.value_or(""));
    if (!value) throw ApiError(400, "failed to decode value of key \"" + operation.key + "\": not base64");
    if (value->size() > max_value_bytes)
        throw ApiError(413, "Value for key \"" + operation.key + "\" is too large (" + std::to_string(value->size()) + " > " +
                                std::to_string(max_value_bytes) + " bytes)");
    operation.value = *value;
    operation.flags = number(in.Flags);
    operation.index = number(in.Index);
    operation.session = in.Session.value_or("");
    return operation;
}

Operation operation_from(const NodeOperationIn& in, const Model& model) {
    RowOperation<Node> operation;
    operation.verb = verb_from(in.Verb, row_verbs, "Node");
    const NodeRowIn row = in.Node.value_or(NodeRowIn());
    operation.index = number(row.ModifyIndex);
    Node& node = operation.row;
    node.name = row.Node.value_or("");
    node.id = row.ID.value_or("");
    if (node.name.empty() && !node.id.empty() && operation.verb == RowVerb::get)
        for (const auto& [name, known] : model.table<Node>())
            if (known->id == node.id) node.name = name;
    if (node.name.empty()) throw ApiError(400, "Must provide node (Node)");
    node.address = row.Address.value_or("");
    node.tagged_addresses = row.TaggedAddresses;
    check_meta(row.Meta, "Node");
    node.meta = row.Meta;
    return operation;
}

bool writes(RowVerb verb) { return verb == RowVerb::set || verb == RowVerb::cas; }

Operation operation_from(const ServiceOperationIn& in) {
    RowOperation<Instance> operation;
    operation.verb = verb_from(in.Verb, row_verbs, "Service");
    const ServiceRowIn row = in.Service.value_or(ServiceRowIn());
    const std::string node = in.Node.value_or("");
    operation.index = number(row.ModifyIndex);
    if (node.empty()) throw ApiError(400, "Must provide node (Node)");
    if (writes(operation.verb)) {
        operation.row = instance_from(row, node);
    } else {
        operation.row.node = node;
        operation.row.id = row.ID.value_or("");
    }
    return operation;
}

Operation operation_from(const CheckOperationIn& in) {
    RowOperation<Check> operation;
    operation.verb = verb_from(in.Verb, row_verbs, "Check");
    const CheckRowIn row = in.Check.value_or(CheckRowIn());
    const std::string node = row.Node.value_or("");
    operation.index = number(row.ModifyIndex);
    if (node.empty()) throw ApiError(400, "Must provide node (Node)");
    if (writes(operation.verb)) {
        operation.row = check_from(row, node);
    } else {
        operation.row.node = node;
        operation.row.id = row.CheckID.value_or("");
    }
    return operation;
}

Transact command_from(std::string_view body, const Model& model) {
    const auto document = Json::parse(with_large_integers_quoted(body));
    if (!document) throw ApiError(400, "Failed to parse body: " + document.why());
    if (!document->is_array()) throw ApiError(400, "Failed to parse body: must be an array of operations");
    if (document->size() > max_operations)
        throw ApiError(413, "Transaction contains too many operations (" + std::to_string(document->size()) + " > " +
                                std::to_string(max_operations) + ")");
    Transact command;
    for (const Json& item : document->as_array()) {
        OperationIn in;
        decode_document(item, meta::mutable_ref(in));
        if (in.KV)
            command.operations.push_back(operation_from(*in.KV));
        else if (in.Node)
            command.operations.push_back(operation_from(*in.Node, model));
        else if (in.Service)
            command.operations.push_back(operation_from(*in.Service));
        else if (in.Check)
            command.operations.push_back(operation_from(*in.Check));
        else
            throw ApiError(400, "no operation specified");
    }
    return command;
}

// Without tags null, where lists have an empty array: Consul's transactions do not mend what they read.
std::string check_text(const CheckOut& check) {
    Json document = json::to_document(check);
    if (check.ServiceTags.empty()) document["ServiceTags"] = Json();
    return document.dump();
}

// What changes something, or could tell something by failing, is asked for before; what is read is left out of the answer.

void demand_operation(const KeyOperation& operation, const Context& context, const Transact&) {
    switch (operation.verb) {
    case Verb::get:
    case Verb::get_or_empty:
    case Verb::get_tree: return;
    case Verb::check_index:
    case Verb::check_session: return demand(context.access, Resource::key, Grant::read, operation.key);
    case Verb::delete_tree: return demand_all(context.access, Resource::key, Grant::write, operation.key);
    default: return demand(context.access, Resource::key, Grant::write, operation.key);
    }
}

void demand_operation(const RowOperation<Node>& operation, const Context& context, const Transact&) {
    if (operation.verb != RowVerb::get) demand(context.access, Resource::node, Grant::write, operation.row.name);
}

void demand_operation(const RowOperation<Instance>& operation, const Context& context, const Transact&) {
    if (operation.verb == RowVerb::get) return;
    if (writes(operation.verb)) demand(context.access, Resource::service, Grant::write, operation.row.name);
    const Instance* known = context.model.find<Instance>(key_of(operation.row.node, operation.row.id));
    if (known != nullptr) demand(context.access, Resource::service, Grant::write, known->name);
}

void demand_operation(const RowOperation<Check>& operation, const Context& context, const Transact& all) {
    if (operation.verb == RowVerb::get) return;
    Check check = operation.row;
    const Instance* owner = context.model.find<Instance>(key_of(check.node, check.service_id));
    for (const Operation& other : all.operations) { // its service may come with it
        const auto* one = std::get_if<RowOperation<Instance>>(&other);
        if (one != nullptr && writes(one->verb) && one->row.node == check.node && one->row.id == check.service_id) owner = &one->row;
    }
    if (owner != nullptr) check.service_name = owner->name;
    if (writes(operation.verb)) demand_write(context.access, check);
    const Check* known = context.model.find<Check>(key_of(check.node, check.id));
    if (known != nullptr) demand_write(context.access, *known);
}

std::vector<OperationError> denials(const Transact& command, const Context& context) {
    std::vector<OperationError> errors;
    for (std::size_t i = 0; i < command.operations.size(); ++i) {
        try {
            std::visit([&](const auto& operation) { demand_operation(operation, context, command); }, command.operations[i]);
        } catch (const ApiError& error) {
            errors.push_back({i, error.what()});
        }
    }
    return errors;
}

bool may_see(const OperationResult& result, Sieve& sieve) {
    if (const auto* key = std::get_if<KeyResult>(&result)) return sieve.passes(Resource::key, key->key);
    if (const auto* node = std::get_if<Row<Node>>(&result)) return sieve.node((*node)->name);
    if (const auto* instance = std::get_if<Row<Instance>>(&result)) return sieve.service((*instance)->name);
    return sieve.check(*std::get<Row<Check>>(result));
}

std::string result_text(const OperationResult& result, const Context& context) {
    std::string out;
    if (const auto* key = std::get_if<KeyResult>(&result)) {
        out = "{\"KV\":";
        append_key(out, key->key, *key->entry, key->with_value);
    } else if (const auto* node = std::get_if<Row<Node>>(&result)) {
        out = "{\"Node\":" + json::encode(node_out(**node, context.agent));
    } else if (const auto* instance = std::get_if<Row<Instance>>(&result)) {
        out = "{\"Service\":" + json::encode(service_out(**instance));
    } else {
        out = "{\"Check\":" + check_text(check_out(*std::get<Row<Check>>(result), context.model));
    }
    return out + '}';
}

Answer answer_of(const Reply& reply, const Context& context) {
    if (reply.status != 200 && reply.status != 409) throw ApiError(reply.status, reply.text);
    std::string results;
    Sieve sieve(context.access);
    for (const OperationResult& result : reply.results)
        if (may_see(result, sieve)) results += (results.empty() ? "" : ",") + result_text(result, context);
    Json errors = Json::array();
    for (const OperationError& error : reply.errors)
        errors.push_back(Json::object({{"OpIndex", static_cast<std::int64_t>(error.operation)}, {"What", error.what}}));
    return sieve.mark({reply.status, "{\"Results\":" + (reply.errors.empty() ? '[' + results + ']' : "null") +
                                         ",\"Errors\":" + (reply.errors.empty() ? "null" : errors.dump()) + '}'});
}

} // namespace

Plan transact(const Context& context, const Call& call) {
    Transact command = command_from(call.body, context.model);
    if (Reply refused{409, "", false, {}, denials(command, context)}; !refused.errors.empty()) return answer_of(refused, context);
    return WritePlan{std::move(command), [context](const Reply& reply) { return answer_of(reply, context); }};
}

} // namespace gravity::registry::api::routes
