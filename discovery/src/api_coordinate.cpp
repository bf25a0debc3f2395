// Coordinates of nodes: measured by whoever measures, kept and shown here. A single server has nobody to measure with.
#include "api_access.hpp"
#include "api_input.hpp"
#include "api_output.hpp"

namespace gravity::registry::api::routes {
namespace {

struct CoordIn {
    std::vector<double> Vec;
    std::optional<double> Error, Adjustment, Height;
};
BOOST_DESCRIBE_STRUCT(CoordIn, (), (Vec, Error, Adjustment, Height))

struct CoordinateIn {
    std::optional<std::string> Node, Segment;
    std::optional<CoordIn> Coord;
};
BOOST_DESCRIBE_STRUCT(CoordinateIn, (), (Node, Segment, Coord))

struct CoordOut {
    std::vector<double> Vec;
    double Error = 0, Adjustment = 0, Height = 0;
};
BOOST_DESCRIBE_STRUCT(CoordOut, (), (Vec, Error, Adjustment, Height))

struct CoordinateOut {
    std::string Node, Segment;
    CoordOut Coord;
};
BOOST_DESCRIBE_STRUCT(CoordinateOut, (), (Node, Segment, Coord))

CoordinateOut coordinate_out(const Coordinate& coordinate) {
    return {coordinate.node, {}, {coordinate.vec, coordinate.error, coordinate.adjustment, coordinate.height}};
}

Coordinate coordinate_from(const CoordinateIn& in) {
    Coordinate coordinate;
    coordinate.node = in.Node.value_or("");
    if (coordinate.node.empty()) throw ApiError(400, "Missing node name");
    if (!in.Segment.value_or("").empty()) throw ApiError(400, "Network segments are not supported by this server");
    if (!in.Coord) throw ApiError(400, "Missing coordinate");
    coordinate.vec = in.Coord->Vec;
    coordinate.error = in.Coord->Error.value_or(0);
    coordinate.adjustment = in.Coord->Adjustment.value_or(0);
    coordinate.height = in.Coord->Height.value_or(0);
    if (coordinate.vec.size() != coordinate_dimensions) throw ApiError(400, "rejected bad coordinate: incompatible dimensionality");
    return coordinate;
}

} // namespace

Plan coordinate_datacenters(const Context& context, const Call&) {
    const Json nowhere = Json::array({0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0});
    const Json coordinate = Json::object({{"Vec", nowhere}, {"Error", 1.5}, {"Adjustment", 0.0}, {"Height", 1e-05}});
    const Json own = Json::object({{"Node", context.agent.node + '.' + context.agent.datacenter}, {"Segment", ""}, {"Coord", coordinate}});
    return Answer{200, Json::array({Json::object({{"Datacenter", context.agent.datacenter}, {"AreaID", "wan"}, {"Coordinates", Json::array({own})}})}).dump()};
}

Plan coordinate_nodes(const Context& context, const Call&) {
    return ReadPlan{watch::coordinates, [access = context.access](const Model& model) -> Answer {
                        ListWriter list;
                        Sieve sieve(access);
                        for (const auto& [node, coordinate] : model.table<Coordinate>())
                            if (sieve.node(node)) list.add(coordinate_out(*coordinate));
                        return sieve.mark({200, std::move(list).finish()});
                    }};
}

Plan coordinate_node(const Context& context, const Call& call) {
    if (call.rest.empty()) throw ApiError(400, "Missing node name");
    demand(context.access, Resource::node, Grant::read, call.rest);
    return ReadPlan{watch::coordinates, [node = call.rest](const Model& model) -> Answer {
                        const Coordinate* coordinate = model.find<Coordinate>(node);
                        if (coordinate == nullptr) throw ApiError(404, "No coordinate is known for node \"" + node + '"');
                        ListWriter list;
                        list.add(coordinate_out(*coordinate));
                        return {200, std::move(list).finish()};
                    }};
}

Plan coordinate_update(const Context& context, const Call& call) {
    PutCoordinate command{coordinate_from(decode_body<CoordinateIn>(call.body))};
    demand(context.access, Resource::node, Grant::write, command.coordinate.node);
    return WritePlan{std::move(command), [](const Reply& reply) -> Answer {
                         if (reply.status != 200) throw ApiError(reply.status, reply.text);
                         return {};
                     }};
}

} // namespace gravity::registry::api::routes
