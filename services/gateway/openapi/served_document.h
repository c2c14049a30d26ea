#pragma once

#include <string_view>

namespace lmsmail::gateway {

// The OpenAPI document of all services, as it was when this binary was built.
std::string_view ServedDocument();

}  // namespace lmsmail::gateway
