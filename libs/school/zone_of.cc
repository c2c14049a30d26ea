#include "libs/school/zone_of.h"

#include "libs/status/status_macros.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::school {

absl::StatusOr<absl::TimeZone> ZoneOf(SchoolSource& source) {
  LMSMAIL_ASSIGN_OR_RETURN(const School school, source.Get());
  return time_zone::Load(school.time_zone);
}

}  // namespace lmsmail::school
