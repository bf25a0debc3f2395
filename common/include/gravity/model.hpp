#pragma once

/// Everything a model.hpp needs: value types, descriptions, events. No HTTP, no store.
#include <gravity/base/codes.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/event.hpp>
#include <gravity/base/number.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>
#include <gravity/meta/money.hpp>
#include <gravity/pg/page.hpp>

#include <optional>
#include <string>
#include <vector>
