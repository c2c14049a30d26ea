#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// The school that the suite sends mail for. PreferenceService stores it; every other service reads
// it from there.
namespace lmsmail::school {

// See the proto's School.
struct School {
  std::string display_name = "LMS";
  std::string url = "http://127.0.0.1:8080";
  std::string postal_address = {};
  std::string language_code = "en";  // BCP 47
  std::string time_zone = "UTC";     // IANA
  std::string logo_url = {};
  std::string color = {};
  std::string reply_to = {};
  std::string support_address = {};
  bool reports_after_leaving = true;
  absl::Time update_time = absl::UnixEpoch();
  std::int64_t revision = 1;  // counted by the service that stores it

  bool operator==(const School&) const = default;
};

// Where the school's settings come from. Thread-safe.
class SchoolSource {
 public:
  virtual ~SchoolSource() = default;

  virtual absl::StatusOr<School> Get() = 0;
};

}  // namespace lmsmail::school
