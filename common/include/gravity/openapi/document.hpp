#pragma once

#include <gravity/http/router.hpp>
#include <gravity/json/json.hpp>

#include <string>

/// The service's own description, made from the same tables that parse and validate its requests.
namespace gravity::openapi {

/// What the route table does not know.
struct Info {
    std::string title;
    std::string version;
    std::string description{};   // CommonMark; may be empty
    std::string licence = "MIT"; // SPDX identifier
};

/// OpenAPI 3.1.0 with schemas of JSON Schema 2020-12. Pure: the same routes in the same order give the same document,
/// byte for byte.
///
/// Statuses: what the pipeline can answer on a route is documented from its signature (a body brings 413 and 415,
/// If-Match 412, a
/// `{parameter}` 404 ...), and what its handler refuses from `RouteOptions::problems`. A handler that can answer 404 on
/// a path without a parameter names `problems::not_found` there.
///
/// Schemas: an object is a component under its C++ name without namespaces (`Page<Product>` is "ProductPage"). In a
/// request unknown members are refused, members with a default may lack and optional ones be null; in an answer
/// everything but an empty optional is there. Where these two differ in what is required and a struct is used both
/// ways, the request's is called "<Name>Input"; merge patches have
/// "<Name>Patch". Two types of one name are told apart by a number, in the order of the routes.
///
/// A parameter's map field `attr` (`attr.color=red`) has no form in OpenAPI 3.1: it is told in words and by
/// `x-gravity-query-maps`. A DeepObject (`attr[color]=red`) has: `style: deepObject`.
///
/// Throws std::logic_error for a query field or parameter without a text form, which Input could not read either: a
/// service makes its document at start, so such a mistake does not outlive its first run.
Json document(const Router& router, const Info& info);

} // namespace gravity::openapi
