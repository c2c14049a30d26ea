#pragma once

#include <string_view>

#include "libs/config/schema.h"
#include "services/dispatch/storage/limit_store.h"

namespace lmsmail::dispatch {

// The keys "rate_per_second" and "burst" of `what`: "the transport".
void DeclareRate(config::Group keys, std::string_view what, RateRule& rule);

}  // namespace lmsmail::dispatch
