#pragma once

#include <gravity/meta/describe.hpp>
#include <gravity/testkit/openapi_check.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gravity::testkit {

/// Holds what a service believes of a neighbour against the neighbour's committed openapi.json: services share no headers, only these words.
class Contract {
public:
    /// std::runtime_error if the file is not there or no JSON.
    static Contract from_file(const std::string& path);
    explicit Contract(Json document) : producer_(std::move(document)) {}

    /// What is wrong with reading the answer of an operation as `consumer`: a member that is not described, may be absent though it is required
    /// here, is of another kind or format, or has values that this struct would refuse. Empty: whatever the neighbour may send can be read.
    std::vector<std::string> answer(std::string_view method, std::string_view path, const meta::Type& consumer, int status = 200) const;
    /// The other way: what is wrong with sending `consumer` as the body: a member that is not known there, one that is wanted and may lack here,
    /// values that would be refused.
    std::vector<std::string> request(std::string_view method, std::string_view path, const meta::Type& consumer) const;

    template <class T>
    std::vector<std::string> reads(std::string_view method, std::string_view path, int status = 200) const {
        return answer(method, path, meta::type_of<T>(), status);
    }
    template <class T>
    std::vector<std::string> sends(std::string_view method, std::string_view path) const {
        return request(method, path, meta::type_of<T>());
    }

private:
    OpenApiCheck producer_;
};

} // namespace gravity::testkit
