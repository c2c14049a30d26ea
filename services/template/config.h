#pragma once

#include <cstdint>

#include "libs/config/schema.h"

namespace lmsmail::templates {

// The keys of this service. service::BaseConfig has those of every service.
struct Config {
  std::int32_t cached_templates = 256;

  void Declare(config::Schema& schema);
};

}  // namespace lmsmail::templates
