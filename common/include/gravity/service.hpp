#pragma once

/// Everything the sources of a service need beside their own field's libraries.
#include <gravity/app/service.hpp>
#include <gravity/http/given.hpp>
#include <gravity/http/router.hpp>
#include <gravity/model.hpp>
#include <gravity/pg/tx.hpp>
