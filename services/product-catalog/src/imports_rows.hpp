#pragma once

#include "config.hpp"
#include "imports_store.hpp"

#include <gravity/service.hpp>

#include <exception>
#include <vector>

/// The rows of an import and what they make of products and variants.
namespace gravity::product_catalog {

/// Why a row is bad; leaves the transaction, which is thereby rolled back with everything that the rows had done.
struct BadRowFound : std::exception {
    explicit BadRowFound(RowFailed failed) : row(std::move(failed)) {}
    RowFailed row;
};

enum class Writing {
    together, // what neighbouring rows say about one product in a few statements; whichever row is bad, the one named may be another
    one_by_one
};

/// The product of each row. Either way the rows are good or there is one that is not.
std::vector<RowDone> apply_rows(Tx& tx, Settings& settings, const Import& import, const std::vector<ImportRow>& rows, Writing writing);

} // namespace gravity::product_catalog
