#pragma once

/// Everything the declaration of handlers needs: what they take and what they answer. Their definitions need no more than that and
/// their store; those that are coroutines http/ctx.hpp and async/coroutine.hpp as well, the table of routes http/router.hpp.
#include <gravity/http/given.hpp>
#include <gravity/http/result.hpp>
#include <gravity/model.hpp>
#include <gravity/pg/tx.hpp>
