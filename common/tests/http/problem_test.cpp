#include <gravity/http/problem.hpp>
#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

namespace gravity::http {
namespace {

TEST(ProblemResponse, IsAProblemDocument) {
    Refusal refusal = Refusal(Problem{409, "sku-taken", "Another product has this SKU"}, "\"mug\" is taken")
                          .with("sku", "mug")
                          .with("left", 3);
    refusal.with_header("Retry-After", "1");
    const Response response = problem_response(refusal, "/api/v1/products", "0123");
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
    EXPECT_EQ(response.headers.get("Retry-After"), "1");
    EXPECT_EQ(Json::parse(response.body).or_throw(),
              Json::parse(R"({"type": "urn:gravity:problem:sku-taken", "title": "Another product has this SKU",
        "status": 409, "detail": "\"mug\" is taken", "instance": "/api/v1/products", "trace_id": "0123", "sku": "mug", "left": 3})")
                  .or_throw());
}

TEST(ProblemResponse, LeavesOutWhatIsNotKnown) {
    const Response response = problem_response(Refusal(problems::internal), "/x", "");
    const Json body = Json::parse(response.body).or_throw();
    for (const auto name : {"detail", "trace_id", "errors"}) EXPECT_EQ(body.find(name), nullptr) << name;
}

TEST(ProblemResponse, IsValidJsonWhateverCameIn) {
    const Response response = problem_response(Refusal(problems::not_found, "bad \xff\"\n"), "/\xc3(", "");
    EXPECT_TRUE(Json::parse(response.body)) << response.body;
}

TEST(RefusalOf, TellsEveryFaultAndWhetherTheShapeIsWrong) {
    meta::Errors errors;
    errors.reject("limit", "must be between 1 and 200");
    const Refusal value = refusal_of(errors, "query");
    EXPECT_EQ(value.problem().status, 422);
    ASSERT_EQ(value.faults().size(), 1u);
    EXPECT_EQ(value.faults()[0].in, "query");
    errors.add(meta::Errors::Fault::shape, "is not a known field");
    const Refusal shape = refusal_of(errors);
    EXPECT_EQ(shape.problem().status, 400);
    const Json body = Json::parse(problem_response(shape, "/", "").body).or_throw();
    EXPECT_EQ(
        body.find("errors")->dump(),
        R"([{"detail":"must be between 1 and 200","pointer":"/limit"},{"detail":"is not a known field","pointer":""}])");
}

} // namespace
} // namespace gravity::http
