#include <gravity/base/ascii.hpp>
#include <gravity/http/router.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

namespace gravity {

using http::Method;
using http::Route;

namespace {

// What operations of a collection are about: the last noun of its prefix ("/api/v1/products/{id}/variants"), since several may share a scope.
std::string noun_of(std::string_view prefix, std::string_view scope) {
    std::string_view noun = scope;
    if (!prefix.starts_with("/api/v1/")) return std::string(noun); // a foreign standard's path says nothing
    for (const auto segment : ascii::split(prefix, '/'))
        if (!segment.empty() && segment.find('{') == std::string_view::npos) noun = segment;
    return std::string(noun);
}

} // namespace

http::Route& Collection::append(Method method, std::string_view path, std::string_view function, http::RouteOptions options) {
    Route route;
    route.method = method;
    route.path = prefix_ + std::string(path);
    route.tag = scope_;
    std::string noun = noun_of(prefix_, scope_);
    std::replace(noun.begin(), noun.end(), '-', '_');
    route.operation_id = std::string(options.operation.empty() ? function : options.operation) + "_" + noun;
    if (!options.open.empty())
        route.scope.clear();
    else if (!options.scope.empty())
        route.scope = options.scope;
    else
        route.scope = scope_ + (method == Method::get ? ":read" : ":write");
    route.options = std::move(options);
    routes_.push_back(std::move(route));
    return routes_.back();
}

struct Router::Node {
    struct Framed { // a parameter between literal texts of its segment
        std::string prefix, suffix;
        std::unique_ptr<Node> node;
    };
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
    std::vector<Framed> framed; // in the order they were routed
    std::unique_ptr<Node> parameter;
    bool rest = false; // a `{name...}`: what follows belongs to it
    struct Entry {
        const Route* route;
        std::vector<std::string_view> names; // of the parameters on the way, into route->path
    };
    std::map<Method, Entry> methods;
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

Collection Router::collection(std::string_view prefix, std::string_view scope) {
    return Collection(routes_, std::string(prefix), std::string(scope));
}

namespace {

[[noreturn]] void refuse(const Route& route, const std::string& why) {
    throw std::logic_error(std::string(to_string(route.method)) + " " + route.path + ": " + why);
}

} // namespace

void Router::finish() {
    std::set<std::string> operations;
    for (Route& route : routes_) {
        if (!operations.insert(route.operation_id).second)
            throw std::logic_error("two routes would be called " + route.operation_id + ": give one handler another name");
        Node* node = root_.get();
        std::vector<std::string_view> names;
        for (const auto segment : ascii::split(std::string_view(route.path).substr(1), '/')) {
            const auto open = segment.find('{');
            const auto close = segment.find('}');
            if (open != std::string_view::npos && (open > 0 || close + 1 < segment.size())) {
                const auto prefix = segment.substr(0, open);
                const auto suffix = segment.substr(close + 1);
                names.push_back(segment.substr(open + 1, close - open - 1));
                if (names.back().ends_with("...") || suffix.find('{') != std::string_view::npos)
                    refuse(route, "only one plain {name} may stand beside other text");
                auto next =
                    std::find_if(node->framed.begin(), node->framed.end(), [&](const Node::Framed& f) { return f.prefix == prefix && f.suffix == suffix; });
                if (next == node->framed.end())
                    next = node->framed.insert(next, {std::string(prefix), std::string(suffix), std::make_unique<Node>()});
                node = next->node.get();
            } else if (open == 0) {
                auto name = segment.substr(1, segment.size() - 2);
                const bool rest = name.ends_with("...");
                if (rest) name.remove_suffix(3);
                names.push_back(name);
                if (rest && segment.data() + segment.size() != route.path.data() + route.path.size()) refuse(route, "nothing can follow {name...}");
                if (!node->parameter) {
                    node->parameter = std::make_unique<Node>();
                    node->parameter->rest = rest;
                }
                node = node->parameter.get();
                if (node->rest != rest) refuse(route, "{name} and {name...} stand at one place of two paths");
            } else {
                auto& next = node->literal[std::string(segment)];
                if (!next) next = std::make_unique<Node>();
                node = next.get();
            }
        }
        for (const auto& parameter : route.parameters)
            if (parameter.in == "path" && std::find(names.begin(), names.end(), parameter.name) == names.end())
                refuse(route, "there is no {" + std::string(parameter.name) + "} in the path");
        // To OpenAPI two templates that differ in these names only are one path.
        if (!node->methods.empty() && node->methods.begin()->second.names != names)
            refuse(route, "its parameters have other names than in " + node->methods.begin()->second.route->path);
        if (!node->methods.emplace(route.method, Node::Entry{&route, names}).second) refuse(route, "is routed twice");
    }
}

Router::Match Router::match(Method method, std::string_view path) const {
    Match result;
    if (path.empty() || path.front() != '/') return result;

    // Backtracks only between the branches of one segment; the depth is that of the route table.
    struct Walk {
        Match& result;
        Method method;
        std::vector<std::string> values{};

        bool walk(const Node& node, std::string_view rest, bool end) {
            if (end || node.rest) return take(node);
            const auto slash = rest.find('/');
            const auto segment = rest.substr(0, slash);
            const bool last = slash == std::string_view::npos;
            const auto after = last ? std::string_view{} : rest.substr(slash + 1);
            const auto decoded = http::percent_decode(segment);
            if (!decoded) return false;
            if (const auto literal = node.literal.find(*decoded); literal != node.literal.end() && walk(*literal->second, after, last)) return true;
            for (const auto& framed : node.framed) {
                if (decoded->size() <= framed.prefix.size() + framed.suffix.size() || !decoded->starts_with(framed.prefix) ||
                    !decoded->ends_with(framed.suffix))
                    continue;
                values.push_back(decoded->substr(framed.prefix.size(), decoded->size() - framed.prefix.size() - framed.suffix.size()));
                if (walk(*framed.node, after, last)) return true;
                values.pop_back();
            }
            if (!node.parameter || (segment.empty() && !node.parameter->rest)) return false;
            if (node.parameter->rest) {
                const auto whole = http::percent_decode(rest);
                if (!whole) return false;
                values.push_back(*whole);
            } else {
                values.push_back(*decoded);
            }
            if (walk(*node.parameter, after, last)) return true;
            values.pop_back();
            return false;
        }

        bool take(const Node& node) {
            for (const auto& [m, entry] : node.methods)
                if (std::find(result.allowed.begin(), result.allowed.end(), m) == result.allowed.end()) result.allowed.push_back(m);
            auto found = node.methods.find(method);
            if (found == node.methods.end() && method == Method::head) found = node.methods.find(Method::get);
            if (found == node.methods.end()) return false;
            result.route = found->second.route;
            for (std::size_t i = 0; i < values.size(); ++i) result.parameters.emplace_back(found->second.names[i], values[i]);
            return true;
        }
    };
    Walk walk{result, method};
    walk.walk(*root_, path.substr(1), false);
    return result;
}

} // namespace gravity
