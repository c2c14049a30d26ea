#pragma once

#include "libs/time_zone/time_zone.h"

// Gone when all services use time_zone::Load.
namespace lmsmail::cron {

inline absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name) {
  return time_zone::Load(name);
}

}  // namespace lmsmail::cron
